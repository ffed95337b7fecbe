"""`SynapseModel` as a value, and every message about what it cannot be."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from spikegram.kernels.build import build_synapse
from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.neurons import NeuronModel
from spikegram.parameters import WEIGHT
from spikegram.plasticity import SynapseModel
from spikegram.units import CURRENT, DIMENSIONLESS, VOLTAGE

EQUATIONS = """w : weight
               dx/dt = -x/tau : 1 (event-driven)
               ds/dt = -s/tau : weight (clock-driven)
               both = x + 1 : 1
               hops : integer
               I_post = s : weight (summed)"""
RICH = SynapseModel(
    EQUATIONS, on_pre="x += 1; target_post += w*both", on_post="w = clip(w + x*step, 0*step, w_max); hops += 1",
    parameters=dict(tau=("20*ms", "trace"), step="0.1*weight", w_max="2*weight"), init=dict(x=0.5),
    bounds=dict(w=(0, "w_max")), order=("post", "pre"), name="rich", source="Somebody 1999",
)  # fmt: skip
PRE, POST = {"v": VOLTAGE}, {"v": VOLTAGE, "I": CURRENT}
PLAIN = dict(equations="w : 1", on_pre="v_post += w*volt")


# -- a value -----------------------------------------------------------------------------------------------------------


def test_what_a_model_knows() -> None:
    assert RICH.variables == ("w", "x", "s", "hops")
    assert [e.name for e in RICH.summed] == ["I_post"]
    assert [e.name for e in RICH.flagged("event-driven")] == ["x"]
    assert [e.name for e in RICH.flagged("clock-driven")] == ["s"]
    assert RICH.order == ("post", "pre") and RICH.reference == "Somebody 1999"
    assert RICH.uses_target and SynapseModel().uses_target
    assert SynapseModel(**PLAIN, parameters=dict(a="1*weight")).uses_target
    assert not SynapseModel(**PLAIN).uses_target
    assert RICH.parameters["step"].dims == WEIGHT
    bound = RICH.bind("I", CURRENT)
    assert bound.dims("x") == DIMENSIONLESS and bound.dims("w") == tuple(map(float, CURRENT))
    with pytest.raises(ValueError, match="synapse model 'rich': no variable 'q'; expected one of w, x, s, hops"):
        RICH.dims("q")


def test_a_model_called_is_a_new_model() -> None:
    slow = RICH(tau=50, w_max=3, name="slow", order=("pre", "post"), method="euler", init=dict(x=1))
    assert slow.parameters["tau"].value == 0.05 and slow.parameters["tau"].meaning == "trace"
    assert slow.parameters["w_max"] == RICH.parameters["w_max"]._replace(value=3.0)
    assert (slow.name, slow.order, slow.method, dict(slow.init)) == ("slow", ("pre", "post"), "euler", {"x": 1})
    assert RICH.parameters["tau"].value == 0.02 and RICH.order == ("post", "pre")
    with pytest.raises(ValueError, match="synapse model 'rich': no parameter 'tua'; expected one of tau, step, w_max"):
        RICH(tua=3)


def test_equal_models_are_one() -> None:
    again = RICH(tau=20)
    assert again == RICH and hash(again) == hash(RICH) and RICH != RICH(tau=19) and RICH != "rich"
    assert pickle.loads(pickle.dumps(RICH)) == RICH
    assert repr(RICH) == "SynapseModel('rich': tau=20 ms, step=0.1 weight, w_max=2 weight)"
    assert RICH.table().splitlines()[0] == "tau             20 ms  trace"


def test_a_bound_model_has_the_target_and_its_unit() -> None:
    bound = RICH.bind("I", CURRENT)
    assert not bound.uses_target
    assert bound.on_pre == "x += 1; I_post += w*both"
    assert bound.parameters["w_max"].value == pytest.approx(2e-9, rel=1e-15)
    assert bound.parameters["w_max"].dims == tuple(CURRENT)
    assert [e.unit for e in bound.lines][0] == "amp**1" and bound.bounds == RICH.bounds
    assert bound.bind("I", CURRENT) == bound


@pytest.mark.parametrize(("unit", "power"), [("weight", 1), ("weight/second", 1), ("1/weight", -1), ("weight**2", 2)])
def test_a_unit_made_of_the_weight(unit: str, power: int) -> None:
    bound = SynapseModel(f"w : weight\na : {unit}").bind("v", VOLTAGE)
    seconds = -1 if "second" in unit else 0
    expected = [power * d for d in VOLTAGE]
    expected[2] += seconds
    assert bound.dims("a") == tuple(map(float, expected))


def test_a_value_of_the_weight_scales_with_its_edge_unit() -> None:
    for dims, scale in ((CURRENT, 1e-9), (VOLTAGE, 1e-3), (DIMENSIONLESS, 1.0)):
        assert RICH.bind("x", dims).parameters["step"].value == pytest.approx(0.1 * scale, rel=1e-15)


def eq(lines: str, **others: object) -> dict:
    return dict(equations=f"w : 1\n{lines}", **others)


# -- told when the model is made ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (eq("dx/dt = -x/second : 1"), ValueError, r"say \(event-driven\) or \(clock-driven\)"),
        (eq("dx/dt = -x/second : 1 (unless refractory)"), ValueError, "say|belongs to cells"),
        (eq("x : 1 (input)"), ValueError, "this flag belongs to cells"),
        (eq("g = w : 1 (summed)"), ValueError, "a summed variable is one of the target, such"),
        (eq("x : vlot"), ValueError, "in 'x : vlot': .*unknown unit 'vlot'"),
        (eq("x : mV"), ValueError, "unit 'mV': expected a unit without a factor"),
        (eq("weight : 1"), ValueError, "'weight' is the pseudo-unit of the weight; call"),
        (eq("j : 1"), ValueError, "the name 'j' is reserved: it is the number of the target neuron"),
        (eq("i : 1"), ValueError, "the name 'i' is reserved"),
        (eq("a : 1", parameters=dict(a=1)), ValueError, "'a' is both a parameter and a line"),
        (eq("x = q : 1"), ValueError, "in 'x = q : 1': unknown name 'q'"),
        (dict(on_pre="v_post = w*volt"), ValueError, r"a spike may only add to a variable of the target"),
        (dict(on_pre="v_post *= w"), ValueError, "a spike may only add to a variable of the target neuron"),
        (dict(on_pre="v_pre += w*volt"), ValueError, "a synapse cannot change a variable of its presynaptic neuron"),
        (dict(on_pre="q += 1"), ValueError, r"on_pre line 'q \+= 1': 'q' is no variable of the synapse \(w\)"),
        (dict(on_pre="W = 1"), ValueError, r"on_pre: 'W' is no variable \(w\), and nothing reads it"),
        (dict(on_post="W = 1"), ValueError, "on_post: 'W' is no variable"),
        (dict(on_pre="w = q"), ValueError, "in 'w = q': unknown name 'q'"),
        (dict(on_pre="a = 2", parameters=dict(a=1)), ValueError, "'a' is a parameter; a variable that changes"),
        (dict(on_pre="w"), ValueError, "cannot read the on_pre line 'w'"),
        (dict(on_post=None), TypeError, "on_post: expected a text, got None"),
        (dict(equations=3), TypeError, "equations: expected a text, got 3"),
        (dict(order=("pre", "pre")), ValueError, r"order: expected \('pre', 'post'\) or .*, got \('pre', 'pre'\)"),
        (dict(method="banana"), ValueError, "method: expected one of exact, exponential_euler, euler, .*got 'banana'"),
        (dict(init=dict(q=1)), ValueError, r"init or bounds: 'q' is no variable \(w\)"),
        (dict(bounds=dict(q=(0, 1))), ValueError, r"init or bounds: 'q' is no variable \(w\)"),
    ],
)  # fmt: skip
def test_refused_when_made(change: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        SynapseModel(**{**PLAIN, "name": "bad", **change})
    assert str(caught.value).startswith("synapse model 'bad': ")


def test_code_in_a_model_is_refused_and_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for code in (
        f"open('{trap}', 'w')",
        f"__import__('pathlib').Path('{trap}').touch()",
        "w.__class__",
        "(lambda: w)()",
    ):
        for change in (
            dict(equations=f"w = {code} : 1"),
            dict(equations=f"w : {code}"),
            dict(on_pre=f"w = {code}"),
            dict(on_pre=f"v_post += {code}"),
            dict(on_post=code),
            dict(parameters=dict(a=code)),
            dict(parameters=dict(a=f"{code}*weight")),
        ):
            with pytest.raises(ValueError, match="^synapse model 'synapse': "):
                SynapseModel(**{**PLAIN, **change})
    assert not trap.exists()


# -- told when it is used between two cells ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(on_pre="v_post += w"), "on_pre.*unit error in|unit error in the on_pre line 'v_post"),
        (dict(on_post="w += 1*mV"), "unit error in"),
        (dict(on_pre="u_post += w"), "'u_post \\+= w': the target cell has no variable 'u'; expected one of I_post"),
        (dict(on_pre="w = u_pre"), "in 'w = u_pre': the presynaptic cell has no variable 'u'; expected one of"),
        (eq("u_post = w : 1 (summed)"), "the target (cell )?has no variable 'u'"),
        (eq("v_post = w : 1 (summed)"), "unit error in 'v_post = w : 1 \\(summed\\)': expected volt"),
        (eq("dx/dt = -x/volt : 1 (event-driven)"), "unit error in 'dx/dt"),
        (
            eq("dx/dt = -x**2/second : 1 (event-driven)"),
            r"method 'exact' does not hold.*needs a linear equation of its own; make it \(clock-driven\)",
        ),
        (eq("dx/dt = t/second**2 : 1 (event-driven)"), r"dx/dt, which depends on 't'; .*\(clock-driven\)"),
        (eq("dx/dt = v_post/volt/second : 1 (event-driven)"), "dx/dt, which depends on 'v_post'"),
        (
            eq("\n".join(f"d{a}/dt = ({b} - {a})/second : 1 (event-driven)" for a, b in ("xy", "yz", "zw"))),
            r"it follows '[yz]', which does not decay by itself; make them \(clock-driven\) with method='rk4'",
        ),
        (eq("b : boolean", on_pre="b = w"), "in 'b = w': 'b' is boolean, expected a condition"),
        (dict(on_pre="w = where(w, 1, 2)"), "expected a condition such as 'v > v_th', got 'w'"),
        (eq("x = rand() : 1"), r"rand\(\) is not allowed"),
        (eq("dx/dt = (rand() - x)/second : 1 (clock-driven)", method="euler"), r"rand\(\) is not allowed"),
        (eq("a = b : 1\nb = a : 1"), "the definition of 'a' refers to itself"),
    ],
)  # fmt: skip
def test_refused_between_cells(change: dict, message: str) -> None:
    model = SynapseModel(**{**PLAIN, "name": "bad", **change})
    with pytest.raises(ValueError, match=message) as caught:
        build_synapse(model, PRE, POST)
    assert str(caught.value).startswith("synapse model 'bad': ")


# -- what the equations mean -------------------------------------------------------------------------------------------

CELL = NeuronModel("dv/dt = -v/(10*ms) : volt", threshold="v > 1*volt", reset="v = 0*volt")


def run(model: SynapseModel, duration: float = 20) -> dict[str, float]:
    """Values in SI after spikes that arrive at 1.1, 4.1 and 9.1 ms."""
    net = Network(dt=0.1)
    source = net.population(1, SpikeArray([[1.0, 4.0, 9.0]]))
    target = net.population(1, CELL)
    projection = net.project(source, target, OneToOne(), weight=0.5, synapse=model, delay=0.1)
    net.run(duration, backend="reference")
    return {name: float(value[0]) for name, value in projection.values.items()}


DECAY = "w : 1\ndx/dt = -x/tau_x : 1 ({0})\ndy/dt = (x - y)/tau_y : 1 ({0})"


@pytest.mark.parametrize("tau_y", [5.0, 5.0 * (1 + 1e-12), 5.0001, 3.0, 50.0])
def test_a_trace_that_follows_a_trace_for_equal_time_constants_too(tau_y: float) -> None:
    taus = dict(tau_x="5*ms", tau_y=f"{tau_y!r}*ms")
    driven = SynapseModel(DECAY.format("event-driven"), "x += 1; v_post += w*y*volt", parameters=taus)
    a, b = 1 / 5.0, 1 / tau_y
    ages = np.array([8.0, 5.0])  # at the last spike, of the two before it
    slope = ages * np.exp(-a * ages) if abs(a - b) < 1e-6 else (np.exp(-a * ages) - np.exp(-b * ages)) / (b - a)
    assert run(driven)["y"] == pytest.approx(np.sum(slope) / tau_y, rel=1e-5 if 0 < abs(a - b) < 1e-6 else 1e-10)
    assert run(driven)["x"] == pytest.approx(1 + np.exp(-8 / 5) + np.exp(-5 / 5), rel=1e-12)


def test_a_long_silence_does_not_overflow() -> None:
    taus = dict(tau_x="0.001*ms", tau_y="10*second")
    found = run(SynapseModel(DECAY.format("event-driven"), "x += 1; v_post += w*y*volt", parameters=taus))
    assert found["x"] == 1.0 and 0 < found["y"] < 1e-6
    turned = run(
        SynapseModel(
            DECAY.format("event-driven"),
            "x += 1; v_post += w*y*volt",
            parameters=dict(tau_x="10*second", tau_y="0.001*ms"),
        )
    )
    assert turned["y"] == pytest.approx(turned["x"] - 1, rel=1e-3)


def test_clock_driven_variables_arrive_where_event_driven_ones_do() -> None:
    taus = dict(tau_x="5*ms", tau_y="5*ms")
    exact = run(SynapseModel(DECAY.format("clock-driven"), "x += 1; v_post += w*y*volt", parameters=taus))
    driven = run(SynapseModel(DECAY.format("event-driven"), "x += 1; v_post += w*y*volt", parameters=taus))
    # one is at the end of the run, the other at the last spike: bring it to the end, 19.9 - 9.1 ms later
    age = 19.9 - 9.1
    x, y = driven["x"] * np.exp(-age / 5), (driven["y"] + driven["x"] * age / 5) * np.exp(-age / 5)
    assert exact["x"] == pytest.approx(x, rel=1e-10)
    assert exact["y"] == pytest.approx(y, rel=1e-10)
    rk4 = run(SynapseModel(DECAY.format("clock-driven"), "x += 1; v_post += w*y*volt", parameters=taus, method="rk4"))
    assert rk4["y"] == pytest.approx(y, rel=1e-6)


def test_a_constant_drive_and_no_decay() -> None:
    model = SynapseModel(
        "w : 1\ndx/dt = (3 - x)/(5*ms) : 1 (event-driven)\ndc/dt = 2*Hz : 1 (event-driven)", "v_post += w*x*c*volt"
    )
    found = run(model)
    assert found["x"] == pytest.approx(3 * (1 - np.exp(-9.1 / 5)), rel=1e-12)
    assert found["c"] == pytest.approx(2 * 9.1e-3, rel=1e-12)


def test_time_constant_per_synapse() -> None:
    model = SynapseModel(
        "w : 1\ntau : second\ndx/dt = -x/tau : 1 (event-driven)", "x += 1; v_post += w*volt", init=dict(tau="5*ms")
    )
    assert run(model)["x"] == pytest.approx(1 + np.exp(-8 / 5) + np.exp(-5 / 5), rel=1e-12)


def test_integers_booleans_and_temporaries() -> None:
    model = SynapseModel(
        "w : 1\nn : integer\nodd : boolean\nmany = n >= 3 : boolean",
        "n += 1.7; odd = not odd; gain = 2*w; big = gain > 0.9\n"
        "v_post += where(big and many, gain, 0)*volt; w += int(big)",
    )
    assert run(model) == {"w": 3.5, "n": 3.0, "odd": 1.0}  # n: 0 + 1.7 -> 1 -> 2 -> 3, cut as whole numbers are


@pytest.mark.parametrize("limits", [(0, "w_high"), (0,), "w_max", (None, 1)])
def test_bounds_must_be_two_numbers_or_parameters(limits: object) -> None:
    with pytest.raises(ValueError, match=r"bounds\['w'\]: expected \(lowest, highest\)"):
        SynapseModel("w : weight", bounds=dict(w=limits), parameters=dict(w_max="1*weight"))
