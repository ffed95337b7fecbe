"""Update statements of every method, and everything that the language has, against Brian 2's own run of two neurons."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sympy as sp

from spikegram.kernels.build import build_neuron
from spikegram.kernels.expressions import EXPREL, symbol
from spikegram.kernels.integrate import closed_form
from spikegram.kernels.random import normal
from spikegram.language import METHODS
from spikegram.networks import Network
from spikegram.neurons import NeuronModel
from spikegram.units import edge_unit

TOLERANCE = 1e-12  # of the largest value; rounding only
STEPS, DT = 500, 0.1  # 50 ms
PARAMETERS = dict(
    tau="10*ms", tau_w="30*ms", E="-60*mV", v_th="-50*mV", v_reset="-65*mV", t_ref="3*ms", drive="22*mV", jump="2*mV",
    t0="3*ms", k=2.0,
)  # fmt: skip
HELD = {
    "free": ("", ""),
    "duration": (" (unless refractory)", "t_ref"),
    "condition": (" (unless refractory)", "v < -64*mV and t - lastspike < 4*ms"),
}
LEAK = "dv/dt = (10*mV - v)/tau : volt\n"


def cell(
    equations: str, threshold: str = "", reset: str = "", refractory: str = "", method: str = "euler"
) -> NeuronModel:
    return NeuronModel(equations, threshold, reset, refractory, method, PARAMETERS)


def integrated(method: str, held: str) -> tuple[NeuronModel, dict]:
    """A cell in which one variable stands still while refractory, and one follows it."""
    flag, refractory = HELD[held]
    # Brian 2's closed form of a system that is coupled both ways does not end
    follows = "-w" if method == "exact" else "0.2*(v - E) - w"
    equations = f"dv/dt = (E - v + drive - w)/tau : volt{flag}\ndw/dt = ({follows})/tau_w : volt"
    return cell(equations, "v > v_th", "v = v_reset; w += jump", refractory, method), dict(v="-60*mV + 2*mV*i")


CASES = {f"{method}, {held}": integrated(method, held) for method in METHODS for held in HELD} | {
    "comments": (cell("dv/dt = (10*mV # drive; here\n  - v)/ tau : volt # the end"), {}),
    "int of a condition": (cell(LEAK.replace("10*mV", "10*mV*int(t > 5*ms)")), {}),
    "powers": (cell(LEAK.replace("- v", "- v + v**2/(1*mV)/100 - (v/volt)**3*volt + sqrt(v*v)/7")), {}),
    "numbers": (cell(LEAK.replace("10*mV", "1e-2*volt + 2.5E+1*uvolt")), {}),
    "constants": (cell(LEAK.replace("10*mV", "10*mV*sin(2*pi*50*Hz*t)*e")), {}),
    "onset": (cell("I = exp(-(t-t0)/tau)*int(t>t0)*mV : volt\ndv/dt = (I - v)/tau : volt"), {}),
    "clip": (cell(LEAK.replace("10*mV", "clip(v, -inf*mV, 3*mV) + clip(v, 1*mV, 2*mV) + 4*mV")), {}),
    "timestep": (cell(LEAK.replace("10*mV", "timestep(t, 3*dt)*0.1*mV")), {}),
    "modulo": (cell(LEAK.replace("10*mV", "10*mV*int((t % (4*ms)) < 2*ms)")), {}),
    "functions": (
        cell(
            "dv/dt = (mV*(log(2+v/mV) + log10(10+v/mV) + expm1(v/volt) + log1p(v/volt) + tanh(v/mV) + floor(v/mV)"
            " + ceil(v/mV) + arctan(v/mV) + exprel(v/volt) + abs(v/mV - 3) + sign(v - 2*mV))/9 - v)/tau : volt"
        ),
        {},
    ),
    "named expressions": (cell("y = z*2 : volt\nz = v + 1*mV : volt\ndv/dt = (9*mV - y)/tau : volt", method="rk4"), {}),
    "boolean variable": (cell(LEAK + "b1 : boolean", "v > 5*mV and not b1", "b1 = True; v = 0*mV"), {}),
    "boolean that turns": (cell(LEAK + "b1 : boolean", "v > 5*mV", "b1 = not b1; v = 0*mV + int(b1)*mV"), {}),
    "boolean of a condition": (cell(LEAK + "b1 : boolean", "v > 5*mV", "b1 = v > 6*mV or b1; v -= 4*mV"), {}),
    "boolean expression": (cell(LEAK + "hot = v > 5*mV : boolean", "hot", "v = 1*mV"), {}),
    "boolean in an equation": (cell("dv/dt = (9*mV*int(cold) + mV - v)/tau : volt\ncold = v < 5*mV : boolean"), {}),
    "integer": (cell(LEAK + "n : integer", "v > 5*mV", "n += 1; v = n/2*mV"), {}),
    "integer is cut": (cell(LEAK + "n : integer", "v > 5*mV", "n = n + 1.7; v = 0*mV"), {}),
    "whole division": (cell(LEAK, "v > 5*mV", "v = (7//2)*mV + (-7//2)*0.1*mV + (7 % 3)*0.1*mV + v % (2*mV)"), {}),
    "temporary in a reset": (cell(LEAK, "v > 5*mV", "old = v; v = old/3"), {}),
    "and, or, not": (cell(LEAK, "(v > 5*mV and (t > 30*ms or v > 7*mV)) and not (v > 9*mV) and True", "v = 0*mV"), {}),
    "time since the spike": (cell(LEAK, "v > 5*mV", "v = 0*mV", "v > 2*mV or t - lastspike < 3*ms"), {}),
    "not_refractory": (
        cell("dv/dt = int(not_refractory)*(4*mV - v)/tau : volt", "v > 1*mV", "v = 0*mV", "2*ms", "exponential_euler"),
        {},
    ),
    "per neuron": (
        cell("dx/dt = (1 - x**p)/ta : 1\nta : second (constant)\np : 1 (shared)", method="rk4"),
        dict(ta="5*ms + i*ms", p=2),
    ),
    "conductances": (
        cell(
            "dv/dt = (g*(E - v) + I - gl*v)/C : volt\ndg/dt = -g/tau : siemens\nI : amp (constant)\n"
            "C : farad (constant)\ngl : siemens (shared, constant)",
            method="exponential_euler",
        ),
        dict(g="1*nS + i*nS", I="10*pA", C="100*pF", gl="10*nS"),
    ),
    "densities": (
        cell(
            "dv/dt = (1*msiemens/cm**2*(E - v) + J)/(1*uF/cm**2) : volt\nJ : amp/metre**2",
            method="exponential_euler",
        ),
        dict(J="1*uA/cm**2"),
    ),
    "rates": (cell("dv/dt = r*mV - v/tau : volt\ndr/dt = -r/tau : Hz"), dict(r="100*Hz")),
    "function of what stands still": (
        cell("dv/dt = (clip(u, 1*mV, 2*mV)*k + u**2/mV + u - v)/tau : volt\nu : volt", method="exact"),
        dict(u="2*mV + i*mV"),
    ),
    "names of the generated code": (
        cell(
            "dn/dt = (1-n)/tau : 1\ndm/dt = (n-m)/tau : 1\ndj/dt = -j/tau + m/tau : 1\n"
            "dv_new/dt = -v_new/tau + j/tau : 1\n"
            "dv/dt = (v_new-v)/tau : 1\ndk0/dt = -k0/tau : 1\ndlast/dt = (k0-last)/tau : 1\nu0 : 1\nhit = u0 : 1",
            method="rk4",
        ),
        dict(k0=2),
    ),
    "names that meet": (
        cell(
            "da/dt = -a/tau + b_c/tau : 1\ndb_c/dt = -b_c/tau : 1\nda_b/dt = -a_b/tau + 3*c/tau : 1\nc : 1",
            method="exact",
        ),
        dict(b_c=1, c=2),
    ),
}  # fmt: skip


def variables(model: NeuronModel) -> list[str]:
    return [n for n in model.states if n != "p"]


@pytest.fixture(scope="module")
def ours() -> Any:
    net = Network(dt=DT)
    for name, (model, init) in CASES.items():
        p = net.population(2, model, name=name, init=init)
        net.record(p, variables(model))
        if model.threshold:
            net.record(p, "spikes")
    return net.run(STEPS * DT, backend="reference")


def spike_list(monitor: Any) -> list[tuple[int, int]]:
    steps = np.rint(np.asarray(monitor.t) / 1e-4).astype(int)
    return sorted(zip(steps.tolist(), np.asarray(monitor.i).tolist(), strict=True))


@pytest.fixture(scope="module")
def brians() -> dict[str, tuple[dict[str, np.ndarray], list]]:
    import brian2 as b

    logging.getLogger("brian2").setLevel(logging.ERROR)
    before, b.prefs.codegen.target = b.prefs.codegen.target, "numpy"
    net, monitors = b.Network(), {}
    shared = NeuronModel(parameters=PARAMETERS).parameters
    namespace = {n: b.Quantity(p.value, dim=b.get_or_create_dimension(p.dims)) for n, p in shared.items()}
    for name, (model, init) in CASES.items():
        group = b.NeuronGroup(
            2, "\n".join(e.text() for e in model.lines), threshold=model.threshold or None, reset=model.reset or None,
            refractory=model.refractory or False, method=model.method, dt=DT * b.ms,
            namespace=namespace,
        )  # fmt: skip
        for n, value in init.items():
            setattr(group, n, value)
        trace = b.StateMonitor(group, variables(model), record=True)
        spikes = b.SpikeMonitor(group) if model.threshold else None
        monitors[name] = trace, spikes
        net.add(group, trace, *([] if spikes is None else [spikes]))
    net.run(STEPS * DT * b.ms)
    b.prefs.codegen.target = before
    return {
        name: (
            {n: np.array(getattr(trace, f"{n}_"), dtype=float).T for n in variables(CASES[name][0])},
            [] if s is None else spike_list(s),
        )
        for name, (trace, s) in monitors.items()
    }  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_as_in_brian2(name: str, ours: Any, brians: dict) -> None:
    model, found = CASES[name][0], ours[name]
    traces, spikes = brians[name]
    for n in variables(model):
        here = found.trace(n).values * edge_unit(model.dims(n))[1]
        scale = np.abs(traces[n]).max()
        assert np.isfinite(here).all() and here.shape == (STEPS, 2)
        np.testing.assert_allclose(here, traces[n], rtol=0, atol=TOLERANCE * scale, err_msg=n)
    if model.threshold:
        assert sorted(zip(found.spikes.steps.tolist(), found.spikes.ids.tolist(), strict=True)) == spikes
        assert len(spikes) >= 2
    assert max(np.ptp(traces[n]) for n in variables(model)) > 0  # something happens


def test_the_held_variable_is_held(brians: dict) -> None:
    """The comparison says something only where there are spikes, and a variable that follows the held one."""
    for method in METHODS:
        counts = [len(brians[f"{method}, {held}"][1]) for held in HELD]
        assert counts[0] > counts[1] >= 3
        v = brians[f"{method}, duration"][0]["v"][:, 0]
        assert np.sum(v == -0.065) >= 30  # 3 ms after each spike


def test_abbreviations_that_brian2_does_not_have() -> None:
    model = NeuronModel("dv/dt = (I*5*kOhm + 25*uV - v)/tau : volt\nI : amp", parameters=dict(tau="5*ms"))
    for method in ("exact", "rk4"):
        assert one(model(method=method), 1000, I="2*uA")["v"] == pytest.approx(10.025, rel=1e-8)


# -- what Brian 2 cannot show ------------------------------------------------------------------------------------------


def one(model: NeuronModel, steps: int = 1, **init: Any) -> dict[str, float]:
    net = Network(dt=DT)
    p = net.population(1, model, init=init)
    net.run(steps * DT, backend="reference")
    return {n: float(p.get(n)[0]) for n in model.states}


def test_exact_step_of_a_system_coupled_both_ways() -> None:
    turning = NeuronModel("dx/dt = omega*y : 1\ndy/dt = -omega*x : 1", parameters=dict(omega="40*Hz"))
    found, angle = one(turning, 70, x=1), 40 * 7e-3
    assert found["x"] == pytest.approx(np.cos(angle), rel=1e-13)
    assert found["y"] == pytest.approx(-np.sin(angle), rel=1e-13)


@pytest.mark.parametrize("tau_s", ["10*ms", "10.0000001*ms", "4*ms"])
def test_exact_step_of_equal_time_constants(tau_s: str) -> None:
    psp = NeuronModel("dv/dt = (s - v)/tau : 1\nds/dt = -s/tau_s : 1", parameters=dict(tau="10*ms", tau_s=tau_s))
    rk4 = psp(method="rk4")
    assert one(psp, 50, s=3)["v"] == pytest.approx(one(rk4, 50, s=3)["v"], rel=1e-8)
    if tau_s == "10*ms":
        assert one(psp, 50, s=3)["v"] == pytest.approx(3 * 0.5 * np.exp(-0.5), rel=1e-12)


def test_exact_step_without_decay() -> None:
    assert one(NeuronModel("dx/dt = 3*Hz : 1"), 20)["x"] == pytest.approx(6e-3, rel=1e-12)
    assert one(NeuronModel("dx/dt = y/second : 1\ny : 1"), 20, y=3)["x"] == pytest.approx(6e-3, rel=1e-12)


def test_entries_that_are_zero_cost_nothing() -> None:
    chain = NeuronModel("da/dt = -a/tau : 1\ndb/dt = (a - b)/tau : 1", parameters=dict(tau="5*ms"))
    (p,) = build_neuron(chain).propagators
    assert [[n for n in row if n] for row in p.names] == [["_P_a_a"], ["_P_b_a", "_P_b_b"]]
    assert p.matrix[0][1:] == (0, 0, 0) and p.matrix[0][0] == -1 / symbol("tau")


def test_columns_are_what_stands_still_in_a_step() -> None:
    model = NeuronModel(
        "dv/dt = (k*u**2 + k*u + 3*u - v + 2)/tau : 1\nu : 1", parameters=dict(tau="5*ms", k=2.0)
    )  # fmt: skip
    (p,) = build_neuron(model).propagators
    tau, k = symbol("tau"), symbol("k")
    assert dict(zip(p.names[0], p.matrix[0], strict=True)) == {
        "_P_v_v": -1 / tau, "_P_v_u": k / tau + 3 / tau, "_P_v_input2": k / tau, "_P_v_1": 2 / tau,
    }  # fmt: skip


# -- closed form of synaptic variables ---------------------------------------------------------------------------------

A, B, T = symbol("a"), symbol("b"), symbol("t_s")


def value(expr: sp.Expr, **numbers: float) -> float:
    expr = expr.subs({symbol(n): x for n, x in numbers.items()})
    return float(expr.replace(EXPREL, lambda z: sp.Integer(1) if z == 0 else (sp.exp(z) - 1) / z))


@pytest.mark.parametrize(("a", "b"), [(-2.0, -5.0), (-5.0, -2.0), (-3.0, -3.0), (-1.0, 0.5), (0.0, -2.0), (0.0, 0.0)])
def test_closed_form_solves_the_equations(a: float, b: float) -> None:
    from scipy.linalg import expm

    rows = [[A, sp.Integer(3), sp.Integer(2), sp.Integer(4)], [sp.Integer(0), B, sp.Integer(0), sp.Integer(0)]]
    x, y = closed_form(["x", "y"], [symbol("u")], rows, T, "test")
    exact = expm(0.7 * np.array([[a, 3, 2, 4], [0, b, 0, 0], [0] * 4, [0] * 4])) @ [1.5, -0.5, 0.25, 1.0]
    numbers = dict(a=a, b=b, t_s=0.7, x=1.5, y=-0.5, u=0.25)
    assert [x.name, y.name] == ["_new_x", "_new_y"]
    assert value(x.expr, **numbers) == pytest.approx(exact[0], rel=1e-12)
    assert value(y.expr, **numbers) == pytest.approx(exact[1], rel=1e-12)


def test_closed_form_refuses_what_it_does_not_hold_for() -> None:
    rows = [[A, B, sp.Integer(0)], [B, A, sp.Integer(0)]]
    with pytest.raises(
        ValueError, match="test: method 'exact' does not hold for dx/dt: it follows 'y', which does not decay"
    ):
        closed_form(["x", "y"], [], rows, T, "test")


# -- noise -------------------------------------------------------------------------------------------------------------


def test_stages_of_equations_with_large_powers() -> None:
    """Equations that may be written may be put into themselves, which here has 200,000 terms."""
    factors = "*".join(f"(x + {n})**3" for n in range(1, 6))
    model = NeuronModel(f"dx/dt = -x*{factors}/(120**3*second) : 1", method="rk2", name="large")
    net = Network(dt=10)
    cells = net.population(1, model, init=dict(x=0.01))
    net.run(100, backend="reference")
    # between its slopes at the start and at 0
    rates = np.array([1.0, np.prod([1 + 0.01 / n for n in range(1, 6)]) ** 3])
    low, high = 0.01 * np.exp(-0.1 * rates[::-1])
    assert low < cells.get("x")[0] < high


def test_noise_has_the_variance_of_an_ornstein_uhlenbeck_process() -> None:
    noisy = NeuronModel(
        "dx/dt = (mu - x)/tau + sigma*(2/tau)**0.5*xi : 1",
        method="euler",
        parameters=dict(tau="5*ms", sigma=2.0, mu=3.0),
    )
    net = Network(dt=0.1, seed=3)
    p = net.population(4000, noisy)
    net.run(50, backend="reference")
    x = p.get("x")
    a = 1 - 0.1 / 5
    variance = 4 * (2 * 0.1 / 5) / (1 - a**2)  # of the Euler recursion, exactly
    assert abs(x.mean() - 3) < 5 * 2 / np.sqrt(4000)
    assert x.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / 4000))
    before = x.copy()
    net.run(5, backend="reference")  # one time constant later
    expected = a**50
    assert np.corrcoef(before, p.get("x"))[0, 1] == pytest.approx(expected, abs=5 * (1 - expected**2) / np.sqrt(4000))


def test_each_noise_is_a_stream_of_its_own_and_the_same_everywhere_in_a_step() -> None:
    model = NeuronModel(
        "dx/dt = xi_a*Hz**0.5 : 1\ndy/dt = xi_b*Hz**0.5 : 1\ndz/dt = (xi_a + xi_b)*Hz**0.5 : 1", method="euler"
    )
    net = Network(dt=0.1, seed=11)
    p = net.population(500, model)
    net.run(2, backend="reference")
    x, y, z = (p.get(n) for n in "xyz")
    np.testing.assert_allclose(x + y, z, atol=1e-15)
    assert abs(np.corrcoef(x, y)[0, 1]) < 5 / np.sqrt(500)
    draws = sum(normal(11, 0, np.arange(500), step) for step in range(20))
    assert any(np.allclose(trace, 0.01 * draws, rtol=1e-12) for trace in (x, y))  # sqrt(0.1 ms) = 0.01


@pytest.mark.parametrize("method", ["milstein", "heun"])
def test_multiplied_noise_follows_geometric_brownian_motion(method: str) -> None:
    """Brian 2 reads equations with multiplied noise as Stratonovich's: log x is a sum of the noise alone."""
    model = NeuronModel("dx/dt = s*x*xi : 1", method=method, parameters=dict(s="5*Hz**0.5"))
    net = Network(dt=0.1, seed=2)
    p = net.population(3000, model, init=dict(x=1))
    net.run(20, backend="reference")
    growth, spread = np.log(p.get("x")), 5 * np.sqrt(0.02)
    assert growth.std() == pytest.approx(spread, rel=5 / np.sqrt(2 * 3000))
    assert growth.mean() == pytest.approx(0, abs=5 * spread / np.sqrt(3000))


def test_reading_equations_leaves_the_program_as_it_was() -> None:
    code = """
import logging, sys, warnings
before = sys.excepthook, warnings.showwarning
from spikegram.neurons import NeuronModel
NeuronModel("dv/dt = -v/tau : 1", parameters=dict(tau="1*ms")).check()
assert "brian2" in sys.modules
assert (sys.excepthook, warnings.showwarning) == before
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
