"""`NeuronModel` as a value, and every message about what it cannot be."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import NeuronModel
from spikegram.units import CURRENT, DIMENSIONLESS, TIME, VOLTAGE

EQUATIONS = """dv/dt = (v_rest - v + R*I + u)/tau : volt (unless refractory)   # the membrane
               du/dt = -u/tau_u : volt
               rate = exp(v/u_0)*Hz : Hz
               I : amp (input)
               bias : amp (constant)"""
PARAMETERS = dict(
    tau=("20*ms", "membrane time constant"), tau_u="5*ms", R="100*Mohm", v_rest="-70*mV", v_th="-50*mV", t_ref="2*ms",
    u_0="1*volt",
)  # fmt: skip
CELL = NeuronModel(
    EQUATIONS, threshold="v > v_th", reset="v = v_rest; u += 1*mV", refractory="t_ref", parameters=PARAMETERS,
    init=dict(v="v_rest + 5*mV*rand()"), name="cell A", source="Somebody 1999, eq. 3", description="an example",
)  # fmt: skip
LEAKY = dict(equations="dv/dt = -v/tau : volt", parameters=dict(tau="5*ms"))
SPIKING = dict(LEAKY, threshold="v > 5*mV", reset="v = 0*mV")


def dims(d: tuple) -> tuple:
    return tuple(map(float, d))


# -- a value -----------------------------------------------------------------------------------------------------------


def test_what_a_model_knows() -> None:
    assert CELL.states == ("v", "u", "bias")
    assert CELL.inputs == ("I",)
    assert CELL.subexpressions == ("rate",)
    assert [CELL.dims(n) for n in ("v", "I", "tau")] == [dims(VOLTAGE), dims(CURRENT), dims(TIME)]
    assert CELL.reference == "Somebody 1999, eq. 3"
    assert CELL.method == "exact"
    with pytest.raises(ValueError, match="model 'cell A': no variable 'V'; expected one of tau, tau_u, .*bias"):
        CELL.dims("V")


def test_a_model_called_is_a_new_model() -> None:
    fast = CELL(tau=10, v_th="-55*mV", name="fast")
    assert fast.parameters["tau"].value == 0.01 and fast.parameters["tau"].meaning == "membrane time constant"
    assert fast.parameters["v_th"].value == -0.055
    assert fast.name == "fast" and fast.reference == CELL.reference
    assert CELL.parameters["tau"].value == 0.02 and CELL.name == "cell A"
    assert fast != CELL and CELL(name="cell A") == CELL
    other = CELL(method="rk4", refractory=3, init=dict(v=-65))
    assert (other.method, other.refractory, dict(other.init)) == ("rk4", "0.003*second", {"v": -65})
    with pytest.raises(ValueError, match="model 'cell A': no parameter 'tua'; expected one of tau, tau_u"):
        CELL(tua=3)
    with pytest.raises(ValueError, match="model 'cell A': parameter tau: expected a value in second"):
        CELL(tau="3*mV")


def test_equal_models_are_one() -> None:
    again = NeuronModel(
        EQUATIONS, "v > v_th", "v = v_rest; u += 1*mV", "t_ref", "exact", PARAMETERS, dict(v="v_rest + 5*mV*rand()"),
        "", "cell A", "Somebody 1999, eq. 3", "an example",
    )  # fmt: skip
    assert again == CELL and hash(again) == hash(CELL) and len({again, CELL}) == 1
    assert CELL != CELL(tau=19) and CELL != "cell A"
    assert pickle.loads(pickle.dumps(CELL)) == CELL


def test_a_model_in_words() -> None:
    assert repr(CELL(name="x")).startswith("NeuronModel('x': tau=20 ms, tau_u=5 ms, R=100 MOhm, v_rest=-70 mV")
    assert CELL.table().splitlines()[0] == "tau              20 ms  membrane time constant"
    assert len(CELL.table().splitlines()) == 7


def test_parameters_and_init_cannot_be_changed() -> None:
    for mapping in (CELL.parameters, CELL.init):
        with pytest.raises(TypeError):
            mapping["tau"] = 3


def test_source_is_readable_code() -> None:
    numba, numpy = CELL.source("numba"), CELL.source("reference")
    assert "@_njit" in numba and "_next_v = _where(not_refractory, _new_v, v)" in numba
    assert "_njit" not in numpy and "_next_v = _np.where(not_refractory, _new_v, v)" in numpy
    assert all("tau = _np.asarray(_p['tau'], dtype=_np.float64)" in text and '"""' in text for text in (numba, numpy))
    with pytest.raises(ValueError, match="target: expected one of numba, reference, got 'fortran'"):
        CELL.source("fortran")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        (None, ""),
        (False, ""),
        (5, "0.005*second"),
        (0, "0.0*second"),
        ("5*ms", "5*ms"),
        (" v > 0*mV ", "v > 0*mV"),
    ],
)
def test_forms_of_the_refractory_period(given: object, kept: str) -> None:
    assert NeuronModel(**SPIKING, refractory=given).refractory == kept


# -- told when the model is made ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (dict(equations="dv/dt = -v/tau"), ValueError, "the line 'dv/dt = -v/tau' has no unit"),
        (
            dict(equations="dv/dt = -v/tua : volt"),
            ValueError,
            "in 'dv/dt = -v/tua : volt': unknown name 'tua'; expected a unit",
        ),
        (dict(equations="dv/dt = -v/tau : vlot"), ValueError, "in 'dv/dt = -v/tau : vlot': .*unknown unit 'vlot'"),
        (
            dict(equations="dv/dt = -v/tau : mV"),
            ValueError,
            "in 'dv/dt = -v/tau : mV': unit 'mV': expected a unit without",
        ),
        (dict(equations="tau : second"), ValueError, "'tau' is both a parameter and a line of the equations"),
        (dict(equations="dv/dt = -v/tau : volt (event-driven)"), ValueError, r"\(event-driven\) belongs to synapses"),
        (dict(equations="dv/dt = -v/tau : volt (clock-driven)"), ValueError, r"\(clock-driven\) belongs to synapses"),
        (dict(equations="v = 1*volt : volt (summed)"), ValueError, r"\(summed\) belongs to synapses"),
        (
            dict(equations="dv/dt = -v/tau : volt (unless refractory)"),
            ValueError,
            "asks for a refractory period, but none",
        ),
        (dict(equations="v = xi*mV : volt"), ValueError, "unknown name 'xi'"),
        (dict(equations=["dv/dt = -v/tau : volt"]), TypeError, "equations: expected a text, got"),
        (dict(threshold=5), TypeError, "threshold: expected a text, got 5"),
        (dict(reset=None), TypeError, "reset: expected a text, got None"),
        (dict(update=3), TypeError, "update: expected a text, got 3"),
        (dict(name=3), TypeError, "name: expected a text, got 3"),
        (dict(parameters=[("tau", 3)]), TypeError, "parameters must be a dict, got list"),
        (dict(method="rk45"), ValueError, "method: expected one of exact, exponential_euler, euler, .*got 'rk45'"),
        (
            dict(reset=""),
            ValueError,
            "the threshold 'v > 5\\*mV' needs a reset; write reset='pass' if a spike is to change",
        ),
        (dict(threshold=""), ValueError, "reset and refractory need a threshold, such as threshold='v > v_th'"),
        (dict(threshold="v > v_th"), ValueError, "in 'threshold = v > v_th': unknown name 'v_th'"),
        (dict(threshold="v = 5*mV"), ValueError, "'v = 5\\*mV' is not a valid expression"),
        (dict(reset="v == 0*mV"), ValueError, "cannot read the reset line 'v == 0\\*mV'"),
        (dict(reset="V = 0*mV"), ValueError, r"reset: 'V' is no variable \(v\), and nothing reads it"),
        (dict(reset="V += 1*mV"), ValueError, r"reset line 'V \+= 1\*mV': 'V' is no state variable \(v\)"),
        (dict(reset="v = u"), ValueError, "in 'v = u': unknown name 'u'"),
        (
            dict(reset="tau = 3*ms"),
            ValueError,
            "'tau' is a parameter; a variable that changes is declared in equations",
        ),
        (dict(reset="v = xi*mV"), ValueError, "unknown name 'xi'"),
        (dict(refractory="t_ref"), ValueError, "in 'refractory = t_ref': unknown name 't_ref'"),
        (dict(refractory="2*"), ValueError, "in 'refractory = 2\\*': '2\\*' is not a valid expression"),
        (dict(refractory=-1), ValueError, "refractory: expected a time >= 0, got -1"),
        (dict(refractory=float("inf")), ValueError, "refractory: expected a time >= 0, got inf"),
        (dict(refractory=[1, 2]), ValueError, r"refractory: expected a time >= 0, got \[1, 2\]"),
        (dict(refractory=True), TypeError, "refractory: expected a number"),
        (dict(update="v = v/2"), ValueError, "give dx/dt equations or an update rule, not both"),
        (dict(init=dict(u=3)), ValueError, r"init: 'u' is no state variable \(v\)"),
        (dict(init=dict(v="v_0")), ValueError, "in 'init v = v_0': unknown name 'v_0'"),
    ],
)
def test_refused_when_made(change: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        NeuronModel(**{**SPIKING, "name": "bad", **change})
    assert str(caught.value).startswith("model ")
    assert "name" in change or "'bad'" in str(caught.value)


def test_update_rules_that_are_refused_when_made() -> None:
    lines = "v : volt\nI : volt (input)\nc : 1 (constant)\ns = 2*v : volt"
    for update, message in {
        "I = 0*volt": "'I' is an input or a subexpression and cannot be assigned",
        "s = 0*volt": "'s' is an input or a subexpression and cannot be assigned",
        "c = 2": "'c' is declared constant",
        "v = w": "in 'v = w': unknown name 'w'",
        "w = v; v = w; x = v": r"update: 'x' is no variable \(v, c\), and nothing reads it",
        "x += v; v = x": r"update line 'x \+= v': 'x' is no state variable \(v, c\)",
    }.items():
        with pytest.raises(ValueError, match=f"^model 'cell': .*{message}"):
            NeuronModel(lines, update=update)


def test_code_in_a_model_is_refused_and_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for code in (
        f"open('{trap}', 'w')",
        f"__import__('pathlib').Path('{trap}').touch()",
        "v.__class__",
        "(lambda: v)()",
    ):
        for change in (
            dict(equations=f"dv/dt = {code} : volt"),
            dict(equations=f"dv/dt = -v/tau : {code}"),
            dict(threshold=code),
            dict(reset=f"v = {code}"),
            dict(reset=code),
            dict(refractory=code),
            dict(init=dict(v=code)),
            dict(parameters=dict(tau=code)),
            dict(equations="v : volt", update=f"v = {code}"),
        ):
            with pytest.raises(ValueError, match="^model 'cell': "):
                NeuronModel(**{**SPIKING, **change})
    assert not trap.exists()


# -- told when the model is checked or first used ----------------------------------------------------------------------


def eq(equations: str, **others: str) -> dict:
    return dict(equations=equations, **others)


def chain(rule: str, count: int) -> dict:
    lines = [f"a{k + 1} = {rule.format(f'a{k}')} : 1" for k in range(count)]
    return eq("\n".join(["dv/dt = -v/tau : volt", "a0 : 1", *lines]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (eq("dv/dt = -v : volt"), "unit error in 'dv/dt = -v : volt': expected .*second.*, the right.* in volt"),
        (eq("dv/dt = (I - v)/tau : volt\nI : amp"), "unit error in 'dv/dt = .*inconsistent units"),
        (eq("dv/dt = -v/tau : volt\nI = 2*v : amp"), "unit error in 'I = 2\\*v : amp': expected amp, .*in volt"),
        (eq("dv/dt = exp(v)*volt/tau : volt"), "unit error in 'dv/dt"),
        (eq("dv/dt = where(v > 0*mV, 1*mV, 3*ms)/tau : volt"), "unit error .*same units as argument number 2"),
        (eq("dv/dt = clip(v, 0, 1)/tau : volt"), "unit error .*same units as argument number 1"),
        (eq("dv/dt = a : volt\na = b : volt\nb = a : volt"), "the definition of 'a' refers to itself"),
        (eq("dv/dt = where(v, 1, 2)*volt/tau : volt"), "in 'where.*': expected a condition such as .*, got 'v'"),
        (eq("dv/dt = int(v/mV and True)*volt/tau : volt"), "expected a condition such as .*, got 'v / mV'"),
        (eq("dv/dt = -v/tau : volt\nb = 2 : boolean"), "in 'b = 2 : boolean': expected a condition"),
        (eq("dv/dt = sqrt(-v/v)*volt/tau : volt"), "is not a real number"),
        (eq("dv/dt = -v/tau*rand() : volt"), r"rand\(\) is not allowed"),
        (dict(threshold="v"), "threshold = 'v': expected a condition such as 'v > v_th'"),
        (dict(threshold="v + 5*mV"), "threshold = .*: expected a condition"),
        (dict(threshold="v > 5"), "unit error in 'threshold = v > 5': Comparison of expressions with different units"),
        (dict(reset="v = 0"), "unit error in the reset line 'v = 0': v is in volt, the right-hand side in no unit"),
        (dict(reset="v += 2*ms"), "reset: unit error in 'v \\+= 2\\*ms'"),
        (dict(reset="w = 2*ms; v = w"), "unit error in the reset line 'v = w': v is in volt, .* in second"),
        (dict(refractory="3"), "unit error in 'refractory = 3': expected second, the right-hand side is in no unit"),
        (dict(refractory="3*mV"), "unit error in 'refractory = 3\\*mV': expected second"),
        (dict(refractory="v*second/volt"), "refractory = .*must be constant in a run .* but 'v' changes"),
        (eq("dv/dt = -v**2/(tau*volt) : volt"), "method 'exact' does not hold: .*could not be separated"),
        (eq("dv/dt = (t/ms*mV - v)/tau : volt"), "method 'exact' does not hold for dv/dt, which depends on 't'"),
        (eq("dv/dt = -v*g/tau : volt\ng : 1"), "method 'exact' does not hold for dv/dt: a coefficient holds 'g'"),
        (
            eq("dv/dt = -v*int(not_refractory)/tau : volt", refractory="2*ms"),
            r"coefficient holds 'not_refractory'.*write \(unless refractory\)",
        ),
        (eq("dv/dt = -v/tau + xi*mV/tau**0.5 : volt"), r"'exact' does not hold for equations with noise \(xi\)"),
        (
            eq("dv/dt = -v/tau + xi*mV/tau**0.5 : volt", method="rk4"),
            "method 'rk4' does not hold .*stochastic.*for noise use 'euler', or 'milstein'",
        ),
        (eq("dv/dt = -v/tau + xi*v/tau**0.5 : volt", method="euler"), "'euler' does not hold .*multiplicative"),
        (eq("dv/dt = -v**2/(tau*volt) : volt", method="exponential_euler"), "'exponential_euler' does not hold"),
        (
            chain("sin({0}) + cos({0})", 30),
            "'a11' is too large: written out it has 6141 operations",
        ),
        (
            chain("sin({0})", 900),
            "nested too deeply when written out",
        ),
    ],
)  # fmt: skip
def test_refused_when_checked(change: dict, message: str) -> None:
    model = NeuronModel(**{**SPIKING, "name": "bad", **change})
    for use in (model.check, lambda: Network().population(1, model)):
        with pytest.raises(ValueError, match=message) as caught:
            use()
        assert str(caught.value).startswith("model 'bad': ")


def test_update_rules_that_are_refused_when_checked() -> None:
    for update, message in {
        "v = R": "unit error in the update line 'v = R': v is in volt, the right-hand side in ohm",
        "x = R*nA; v = x + 1*ms": "update: unit error in 'v = x \\+ 1\\*ms'",
        "v = where(v, 1*mV, 2*mV)": "expected a condition such as 'v > v_th', got 'v'",
        "b = v; v = 2*mV": "in 'b = v': 'b' is boolean, expected a condition|unit error in the update line 'b = v'",
        "v = mV*(" + " + ".join(["rand()"] * 33) + ")": "more than 32 random numbers in one step",
    }.items():
        model = NeuronModel("v : volt\nb : boolean", update=update, parameters=dict(R="1*Mohm"))
        with pytest.raises(ValueError, match=f"^model 'cell': .*{message}"):
            model.check()


def test_a_checked_model_is_itself() -> None:
    assert CELL.check() is CELL


# -- what a method and a step can serve --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "heun", "milstein"])
def test_a_step_longer_than_the_time_constant_is_refused(method: str) -> None:
    model = NeuronModel(**LEAKY, method=method, name="quick")(tau=0.05)
    net = Network(dt=0.1)
    net.population(1, model, name="p")
    message = (
        f"population 'p': method '{method}' cannot serve dt = 0.1 ms: 'v' of model 'quick' has a time constant of 0.05"
    )
    with pytest.raises(ValueError, match=message):
        net.run(1, backend="reference")


def test_a_step_may_be_as_long_as_the_time_constant() -> None:
    net = Network(dt=0.1)
    p = net.population(1, NeuronModel(**LEAKY, method="euler")(tau=0.1), init=dict(v=8))
    net.run(0.1, backend="reference")
    assert abs(p.get("v")[0]) < 1e-15  # v + dt*(-v/tau)


@pytest.mark.parametrize("method", ["exact", "exponential_euler"])
def test_methods_that_serve_any_step(method: str) -> None:
    net = Network(dt=0.1)
    p = net.population(1, NeuronModel(**LEAKY, method=method)(tau=0.05), init=dict(v=8))
    net.run(0.1, backend="reference")
    assert p.get("v")[0] == pytest.approx(8 * np.exp(-2), rel=1e-14)


def test_the_shortest_time_constant_of_a_population_decides() -> None:
    net = Network(dt=0.1)
    rate = dict(equations="dv/dt = k*v : volt\nk = -1/tau : Hz", parameters=dict(tau="5*ms"))
    net.population(3, NeuronModel(**rate, method="rk4"), parameters=dict(tau=[1, 0.04, 2]))
    with pytest.raises(
        ValueError, match="'v' of model 'cell' has a time constant of 0.04 ms; expected dt <= 0.04 ms or method"
    ):
        net.run(1, backend="reference")


@pytest.mark.parametrize("method", ["exact", "euler"])
def test_a_time_constant_of_zero_is_told(method: str) -> None:
    net = Network(dt=0.1)
    net.population(1, NeuronModel(**LEAKY, method=method)(tau=0), name="p")
    with pytest.raises(
        ValueError, match=r"population 'p' \(model 'cell'\): a constant of the update .* is not finite.* tau = 0 ms"
    ):
        net.run(1, backend="reference")


def test_a_constant_guarded_by_where_may_be_infinite_on_the_other_side() -> None:
    net = Network(dt=0.1)
    guarded = NeuronModel("dx/dt = where(tau > 0*ms, 1/tau, 2*Hz) : 1", parameters=dict(tau="0*ms"), method="euler")
    p = net.population(1, guarded)
    net.run(0.5, backend="reference")
    assert p.get("x")[0] == pytest.approx(1e-3, rel=1e-12)


def test_a_refractory_period_between_two_steps_is_refused() -> None:
    net = Network(dt=0.1)
    net.population(1, NeuronModel(**SPIKING, refractory="3.03*ms"), name="p")
    with pytest.raises(
        ValueError, match="population 'p': refractory period: 3.03 ms is not a multiple of the time step"
    ):
        net.run(1, backend="reference")


def test_a_model_needs_neither_equations_nor_spikes() -> None:
    for model in (NeuronModel(), NeuronModel("x : 1"), NeuronModel("x : 1", "x > 1", "pass", 0)):
        net = Network()
        net.population(2, model.check())
        net.run(1, backend="reference")
    assert NeuronModel("x : 1").dims("x") == DIMENSIONLESS
