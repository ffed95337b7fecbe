"""Cells are recognised by what they compute: parameters, factors of weights, counts of refractory steps."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.hardware.pynn_cells import CellForm, NotHeldError, recognise_cell
from spikegram.neurons import NeuronModel

PARAMETERS = dict(
    tau_m="20*ms", tau_e="5*ms", tau_i="10*ms", R="40*Mohm", E_L="-60*mV", v_th="-50*mV", v_reset="-58*mV", t_ref="5*ms"
)
LIF = """
    dv/dt = (E_L - v + R*(I_e - I_i))/tau_m : volt (unless refractory)
    dI_e/dt = -I_e/tau_e : amp
    dI_i/dt = -I_i/tau_i : amp
"""
CUBA = """
    leak = E_L - v : volt
    dv/dt = (leak + g)/tau_m : volt (unless refractory)
    dg/dt = -g/tau_e : volt
"""
COBA = """
    dv/dt = (E_L - v + g_e*(0*mV - v) + g_i*(-80*mV - v))/tau_m : volt (unless refractory)
    dg_e/dt = -g_e/tau_e : 1
    dg_i/dt = -g_i/tau_i : 1
"""
STEP = """
    I_E = I_E + in_E*g0
    I_I = I_I + in_I*tau_i/dt*(1 - exp(-dt/tau_i))
    v_inf = E_L + R*(I_E - I_I)
    v = where(not_refractory, v_inf - (v_inf - v)*exp(-dt/tau_m), v)
    I_E = I_E*exp(-dt/tau_e)
    I_I *= exp(-dt/tau_i)
"""
STEP_STATES = "v : volt\nI_E : amp\nI_I : amp\nin_E : amp (input)\nin_I : amp (input)"


def model(equations: str, **changes: object) -> NeuronModel:
    fields = dict(
        threshold="v > v_th",
        reset="v = v_reset",
        refractory="t_ref",
        parameters=PARAMETERS,
        name="cell",
        method="euler",
    )
    return NeuronModel(equations, **{**fields, **changes})


def form(cell: NeuronModel, dt: float = 1e-4, fixed: dict | None = None, **values: object) -> CellForm:
    known = {n: p.value for n, p in cell.parameters.items()}
    return recognise_cell(cell, {**known, **values}, dt, fixed or {})


def reasons(cell: NeuronModel, dt: float = 1e-4, **values: object) -> list[str]:
    with pytest.raises(NotHeldError) as caught:
        form(cell, dt, **values)
    return caught.value.reasons


def test_current_based() -> None:
    found = form(model(LIF))
    assert found.cell == "IF_curr_exp" and not found.same_step and found.membrane == "v"
    expected = dict(tau_m=20, cm=0.5, v_rest=-60, i_offset=0, v_thresh=-50, v_reset=-58, tau_refrac=4.9)
    assert found.parameters == pytest.approx(expected, rel=1e-12)
    assert found.receptors["I_e"].scale == pytest.approx(1e9)  # 1 A is 1e9 nA, and excites
    assert found.receptors["I_i"].scale == pytest.approx(-1e9)  # subtracted here, so a positive weight inhibits
    assert (found.receptors["I_e"].tau, found.receptors["I_i"].tau) == pytest.approx((5, 10))
    assert found.notes == ("the threshold is passed at v > v_th here, at v >= v_thresh there",)
    assert form(model(LIF, threshold="v_th <= v")).notes == ()


def test_names_do_not_matter() -> None:
    text = LIF.replace("I_e", "u").replace("I_i", "n").replace("dv/", "dx/").replace("- v", "- x")
    found = form(model(text, threshold="x - v_th > 0*mV", reset="x = v_reset"))
    assert found.membrane == "x" and set(found.receptors) == {"u", "n"}
    assert found.parameters == pytest.approx(form(model(LIF)).parameters)


def test_drive_in_volt_gets_a_capacitance() -> None:
    found = form(model(CUBA))
    assert found.parameters["cm"] == pytest.approx(20)  # tau_m/(1 MOhm)
    assert found.receptors["g"].scale == pytest.approx(1e3)  # 1 mV becomes 1 nA


def test_conductances() -> None:
    found = form(model(COBA))
    assert found.cell == "IF_cond_exp"
    assert found.parameters["cm"] == pytest.approx(20)
    assert found.receptors["g_e"].scale == pytest.approx(1.0)  # in units of the leak, 1 uS
    assert found.receptors["g_e"].reversal == pytest.approx(0, abs=1e-12)
    assert found.receptors["g_i"].reversal == pytest.approx(-80)
    assert any("'euler' here" in note for note in found.notes)


@pytest.mark.parametrize("dt", [1e-3, 1e-4])
def test_step_of_spynnaker(dt: float) -> None:
    g0 = 5e-3 / dt * (1 - np.exp(-dt / 5e-3))
    cell = model(STEP_STATES, update=STEP, refractory="t_ref + dt", parameters={**PARAMETERS, "g0": g0})
    found = form(cell, dt)
    assert found.same_step and found.cell == "IF_curr_exp"
    expected = dict(tau_m=20, cm=0.5, v_rest=-60, i_offset=0, v_thresh=-50, v_reset=-58, tau_refrac=5)
    assert found.parameters == pytest.approx(expected, rel=1e-9)
    assert found.receptors["in_E"].scale == pytest.approx(1e9, rel=1e-9)
    assert found.receptors["in_I"].scale == pytest.approx(-1e9, rel=1e-9)
    assert found.receptors["in_E"].tau == pytest.approx(5, rel=1e-9)
    # a rule that adds the weight itself: the same cell, with larger weights on SpiNNaker's scale
    plain = form(model(STEP_STATES, update=STEP, parameters={**PARAMETERS, "g0": 1.0}, refractory="t_ref"), dt)
    assert plain.receptors["in_E"].scale == pytest.approx(1e9 / g0, rel=1e-9)
    assert plain.receptors["in_I"].scale == pytest.approx(-1e9, rel=1e-9)
    assert plain.parameters["cm"] == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize(
    ("refractory", "steps"),
    [("", 0), ("0*ms", 0), ("dt", 0), ("2*dt", 1), ("t_ref", 49), ("t_ref + dt", 50)],
)
def test_refractory_steps(refractory: str, steps: int) -> None:
    equations = LIF if refractory else LIF.replace("(unless refractory)", "")
    assert form(model(equations, refractory=refractory)).parameters["tau_refrac"] == pytest.approx(steps * 0.1)


def test_one_value_per_neuron() -> None:
    R, tau = np.array([4e7, 8e7]), np.array([0.02, 0.01])
    found = form(model(LIF), R=R, tau_m=tau, v_th=np.array([-0.05, -0.04]))
    np.testing.assert_allclose(found.parameters["cm"], [0.5, 0.125])
    np.testing.assert_allclose(found.parameters["v_thresh"], [-50, -40])
    np.testing.assert_allclose(found.receptors["I_e"].scale, 1e9)


def test_constant_currents() -> None:
    equations = LIF.replace("I_e - I_i", "I_e - I_i + i_0 + I_ext") + "I_ext : amp (input)\n i_0 : amp"
    found = form(model(equations), fixed={"i_0": np.full(2, 2e-10)})
    assert found.currents["I_ext"] == pytest.approx(1e9)
    # without a parameter v_rest all constants are one resting potential: -60 mV + 40 MOhm * 0.2 nA
    np.testing.assert_allclose(found.parameters["v_rest"], -52)
    named = model(equations.replace("E_L", "v_rest"), parameters={**PARAMETERS, "v_rest": "-60*mV"})
    found = form(named, fixed={"i_0": np.full(2, 2e-10)})
    np.testing.assert_allclose(found.parameters["v_rest"], -60)
    np.testing.assert_allclose(found.parameters["i_offset"], 0.2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(reset="v = v_reset; I_e += 1*nA"), "a spike changes 'I_e'"),
        (dict(reset="v -= 10*mV"), "'v' is set to an expression of"),
        (dict(reset="I_e = 0*nA"), "a spike does not set 'v'"),
        (dict(refractory="v > -55*mV"), "a duration is expected"),
        (dict(refractory="5.05*ms"), "no multiple of the step"),
        (dict(threshold="v > v_th and I_e > 1*nA"), "expected v > v_th"),
        (dict(threshold="v > v_th + R*I_e"), "one membrane potential"),
        (dict(threshold="rand() < 0.5"), "threshold"),
        (dict(threshold="", reset="", refractory=""), "never spikes"),
    ],
)
def test_spike_that_the_target_does_not_have(changes: dict, words: str) -> None:
    equations = LIF if changes.get("refractory", "x") else LIF.replace("(unless refractory)", "")
    assert any(words in reason for reason in reasons(model(equations, **changes)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("E_L - v +", "E_L - v + exp(v/(1*mV))*mV +", "inside exp"),
        ("E_L - v +", "E_L - v - v**2/mV +", "v*v has no place"),
        ("E_L - v +", "E_L + v +", "no leak"),
        ("-I_e/tau_e", "(I_i - I_e)/tau_e", "dI_e/dt: expected a plain exponential decay"),
        ("-I_e/tau_e", "I_e/tau_e", "tau > 0"),
        ("amp\n    dI_i", "amp\n    dx/dt = -x/tau_e : 1\n    dI_i", "'x' has no place"),
        ("R*(I_e", "R*sin(t/ms)*(I_e", "'t' has no fixed value"),
        ("R*(I_e", "R*I_i*I_e/nA + R*(I_e", "I_e*I_i has no place"),
        ("volt (unless refractory)", "volt", "moves on while refractory"),
        (": amp\n    dI_i", ": amp (unless refractory)\n    dI_i", "'I_e' stands still while refractory"),
    ],
)
def test_equations_that_the_target_does_not_have(old: str, new: str, words: str) -> None:
    assert old in LIF
    assert any(words in reason for reason in reasons(model(LIF.replace(old, new))))


def test_membrane_without_unit() -> None:
    text = "dv/dt = -v/tau_m : 1"
    cell = model(text, threshold="v > 1", reset="v = 0", refractory="")
    assert reasons(cell) == ["'v' is in no unit (1); a membrane potential in volt is expected"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("not_refractory, v_inf", "True, v_inf", "'v' moves on while refractory"),
        ("I_E = I_E*exp", "I_E = where(not_refractory, I_E, 0*nA)*exp", "'I_E' depends on refractoriness"),
        ("v_inf - (v_inf - v)*exp(-dt/tau_m)", "v_inf", "does not relax exponentially"),
        ("I_E = I_E*exp(-dt/tau_e)", "I_E = 0*nA", "no exponentially decaying current"),
        ("R*(I_E - I_I)", "R*(I_E - I_I + in_E)", "'in_E' does not act"),
    ],
)
def test_update_rules_that_the_target_does_not_have(old: str, new: str, words: str) -> None:
    assert old in STEP
    cell = model(STEP_STATES, update=STEP.replace(old, new), parameters={**PARAMETERS, "g0": 0.9})
    assert any(words in reason for reason in reasons(cell, 1e-3))


def test_several_reasons_at_once() -> None:
    found = reasons(
        model(LIF.replace("-I_e/tau_e", "I_e/tau_e"), reset="v = v_reset; I_i = 0*nA", refractory="5.05*ms")
    )
    assert len(found) == 3
