"""Programs of models: refractory selects, hoisting, subexpressions, refusals."""

import math

import pytest
import sympy as sp

from spikegram.kernels.build import build_neuron, build_synapse
from spikegram.kernels.expressions import TRUNC, symbol
from spikegram.networks import Network
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel
from spikegram.units import VOLTAGE

ADAPTING = NeuronModel(
    "dv/dt = (v_rest - v - R*w)/tau : volt (unless refractory)\ndw/dt = (a*(v - v_rest) - w)/tau_w : amp\n"
    "dq/dt = -q/tau : 1",
    threshold="v > -50*mV", reset="v = v_rest; w += b", refractory=2,
    parameters=dict(tau="20*ms", tau_w="100*ms", R="100*Mohm", a="1*nS", b="10*pA", v_rest="-60*mV"), name="adapting",
)  # fmt: skip


def test_what_depends_on_the_held_variable_has_two_systems_and_the_rest_one() -> None:
    p = build_neuron(ADAPTING)
    by_name = {a.name: a.expr for a in p.update}
    free = {s: "not_refractory" in {x.name for x in by_name[p.new[s]].free_symbols} for s in ("v", "w", "q")}
    assert free == {"v": True, "w": True, "q": False}
    assert len(p.propagators) == 2
    assert p.gated == {"v"} and p.refractory == "duration"


def test_subexpressions_are_written_out_and_may_not_turn_in_circles() -> None:
    chain = NeuronModel(
        "dv/dt = b/tau : 1\nb = c + 1 : 1\nc = v*k : 1", parameters=dict(tau="1*ms", k=2.0), method="euler"
    )
    names = {s.name for a in build_neuron(chain).update for s in a.expr.free_symbols}
    assert not {"b", "c"} & names and "v" in names
    with pytest.raises(ValueError, match=r"refers to itself|depend|cycl|recurs"):
        build_neuron(NeuronModel("dv/dt = b/tau : 1\nb = c + 1 : 1\nc = b + v : 1", parameters=dict(tau="1*ms")))


def test_duration_must_be_constant() -> None:
    with pytest.raises(ValueError, match="refractory"):
        build_neuron(NeuronModel("v : 1\nr : second", threshold="v > 1", reset="v = 0", refractory="r"))


def test_condition_may_use_the_state() -> None:
    p = build_neuron(NeuronModel("v : 1", threshold="v > 1", reset="pass", refractory="v > 0.5"))
    assert p.refractory == "condition" and p.reset == ()


def test_synapse_sees_the_variables_of_both_cells_only() -> None:
    with pytest.raises(ValueError, match="synapse model 'synapse'.*'u_post'|has no variable 'u'"):
        build_synapse(SynapseModel("w : 1", on_pre="v_post += u_post"), {}, {"v": VOLTAGE})
    with pytest.raises(ValueError, match="unit error.*v_post \\+= w|v_post"):
        build_synapse(SynapseModel("w : 1", on_pre="v_post += w"), {}, {"v": VOLTAGE})


# -- an update rule, computed by the generated NumPy code and by Python from the same text ----------------------------


def python_step(update: str, values: dict[str, float]) -> dict[str, float]:
    """Run the assignments of a rule of ours as Python, which reads them the same way."""
    scope = dict(
        where=lambda c, a, b: a if c else b, clip=lambda x, a, b: min(max(x, a), b), exp=math.exp, int=int, abs=abs
    )
    exec(update, scope, values)
    return values


RULES = {
    "order": "a = a + b; b = a*2; a += b",
    "swap": "tmp = a; a = b; b = tmp",
    "temporary twice": "x = a; x += b; a = x; x = a*b; b = x - 1",
    "flag": "hot = a > 0.5 and not b > 2\na = where(hot, a - 1, a + 0.3)\nb += int(hot) + hot*0.25",
    "flag turns": "hot = a > 0.5; hot = not hot; b = where(hot, 1, 2); hot = b*2; a = hot",
    "constants": "a = exp(-k/3)*a + (1 - exp(-k/3))*b*k; b = exp(-k/3)*b",
    "same name as a line below": "a = clip(a*k + b, 0, 3); b **= 2; b /= 3; a -= b",
    "brackets over lines": "a = where(a > b,\n          clip(a, 0, 1),\n          b)\nb = abs(a - b)",
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("start", [(0.2, 0.7), (1.5, 0.4), (-1.0, 2.5)])
def test_an_update_rule_does_what_it_says(name: str, start: tuple[float, float]) -> None:
    model = NeuronModel("a : 1\nb : 1", update=RULES[name], parameters=dict(k=1.3), init=dict(a=start[0], b=start[1]))
    net = Network(dt=0.1)
    p = net.population(1, model)
    expected = dict(a=start[0], b=start[1], k=1.3)
    for _ in range(4):
        net.run(0.1, backend="reference")
        expected = python_step(RULES[name], expected)
        assert p.get("a")[0] == pytest.approx(expected["a"], rel=1e-13)
        assert p.get("b")[0] == pytest.approx(expected["b"], rel=1e-13)


def test_what_is_constant_is_computed_before_the_run() -> None:
    p = build_neuron(NeuronModel("a : 1\nb : 1", update=RULES["constants"], parameters=dict(k=1.3)))
    assert not any(a.expr.has(sp.exp) for a in p.update)
    assert {s.name for a in p.constants for s in a.expr.free_symbols} == {"k"}


def test_costly_parts_occur_once() -> None:
    gate = "(0.1/mV*(v + 40*mV)/(1 - exp(-(v + 40*mV)/(10*mV))) + 4*exp(-(v + 65*mV)/(18*mV)))"
    p = build_neuron(
        NeuronModel(f"dv/dt = -{gate}*v/ms : volt\ndm/dt = {gate}*(1 - m)/ms : 1", method="exponential_euler")
    )
    inside = [e for a in p.update for e in a.expr.atoms(sp.exp) if e.free_symbols == {symbol("v")}]
    assert len(inside) == len(set(inside)) <= 4


def test_each_kind_of_variable() -> None:
    p = build_neuron(
        NeuronModel(
            "n : integer\nb : boolean\nx : 1", threshold="b", reset="n += x; b = x > 1; x = b", refractory=0,
        )
    )  # fmt: skip
    reset = dict(p.reset)
    assert reset["n"] == TRUNC(symbol("n") + symbol("x"))
    assert reset["b"] == sp.Piecewise((1, symbol("x") > 1), (0, True))
    assert reset["x"] == sp.Piecewise((1, sp.Ne(symbol("b"), 0)), (0, True))
    assert p.threshold == sp.Ne(symbol("b"), 0)
    assert p.refractory == "duration" and p.refractory_expr == 0


def test_draws_of_the_update_and_of_the_reset_are_told_apart() -> None:
    p = build_neuron(
        NeuronModel("x : 1", threshold="x > rand()", reset="x = randn() + rand()", update="x += randn()*rand()")
    )
    assert sorted(p.update_randoms.values()) == ["rand", "rand", "randn"]
    assert sorted(p.reset_randoms.values()) == ["rand", "randn"]
    assert {s.name for s in p.threshold.free_symbols} & set(p.update_randoms)


def test_a_vector_parameter_changes_no_statement() -> None:
    one, other = build_neuron(ADAPTING), build_neuron(ADAPTING, frozenset({"tau"}))
    assert one.update == other.update and other.vectors == {"tau"}


def test_rates_of_explicit_methods_only() -> None:
    lines = dict(equations="dv/dt = -v*g : 1\ng = 2/tau : Hz\ndw/dt = -w*v/tau : 1", parameters=dict(tau="3*ms"))
    assert build_neuron(NeuronModel(**lines, method="euler")).rates == (("v", -2 / symbol("tau")),)
    assert build_neuron(NeuronModel(**lines, method="exponential_euler")).rates == ()
