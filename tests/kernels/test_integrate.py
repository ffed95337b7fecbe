"""Update statements of every method against Brian 2's own run of one neuron, with and without refractoriness."""

import subprocess
import sys

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import NeuronModel

TEXT = "dv/dt = (30*mV - v - u)/tau : volt (unless refractory)\ndu/dt = (0.2*v - u)/tau_u : volt"
METHODS = ["exact", "exponential_euler", "euler", "rk2", "rk4", "heun"]


def models() -> dict[str, NeuronModel]:
    base = NeuronModel(
        TEXT, threshold="v > 15*mV", reset="v = 0*mV; u += 2*mV", refractory="3*ms",
        parameters=dict(tau="10*ms", tau_u="40*ms"),
    )  # fmt: skip
    return {m: base(method=m, name=m) for m in METHODS}


def brian_trace(method: str, steps: int) -> np.ndarray:
    b = pytest.importorskip("brian2")
    clock = b.Clock(dt=0.1 * b.ms)
    group = b.NeuronGroup(
        1, TEXT, threshold="v > 15*mV", reset="v = 0*mV; u += 2*mV", refractory=3 * b.ms, method=method, clock=clock,
        namespace=dict(tau=10 * b.ms, tau_u=40 * b.ms), codeobj_class=b.codegen.runtime.numpy_rt.NumpyCodeObject,
    )  # fmt: skip
    trace = b.StateMonitor(
        group, ["v", "u"], record=True, clock=clock, codeobj_class=b.codegen.runtime.numpy_rt.NumpyCodeObject
    )
    b.Network(group, trace).run(steps * 0.1 * b.ms, namespace={})
    return np.stack([trace.v[0] / b.mV, trace.u[0] / b.mV], 1)


@pytest.fixture(scope="module")
def ours() -> dict[str, np.ndarray]:
    net = Network(dt=0.1)
    for name, model in models().items():
        net.record(net.population(1, model, name=name), ["v", "u"])
    result = net.run(60, backend="reference")
    return {n: np.concatenate([result[n].v, result[n].u], 1) for n in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_same_steps_as_brian2(method: str, ours: dict[str, np.ndarray]) -> None:
    # Brian 2's closed form of a coupled system does not end; its fourth-order method is as good as exact here
    expected = brian_trace("rk4" if method == "exact" else method, 600)
    assert expected[:, 0].max() > 14 and (np.diff(expected[:, 0]) < -10).sum() >= 3  # it spiked
    np.testing.assert_allclose(ours[method], expected, rtol=0, atol=1e-7 if method == "exact" else 1e-10)


def test_noise_has_the_variance_of_an_ornstein_uhlenbeck_process() -> None:
    noisy = NeuronModel(
        "dx/dt = -x/tau + sigma*(2/tau)**0.5*xi : 1", method="euler", parameters=dict(tau="5*ms", sigma=2.0)
    )
    net = Network(dt=0.1, seed=3)
    p = net.population(4000, noisy)
    net.run(50, backend="reference")
    x = p.get("x")
    a = 1 - 0.1 / 5
    variance = 4 * (2 * 0.1 / 5) / (1 - a**2)  # of the Euler recursion, exactly
    assert abs(x.mean()) < 5 * 2 / np.sqrt(4000)
    assert x.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / 4000))


def test_step_longer_than_a_time_constant_is_refused() -> None:
    fast = NeuronModel("dv/dt = -v/tau : 1", method="euler", parameters=dict(tau="0.05*ms"), name="fast")
    net = Network(dt=0.1)
    net.population(1, fast)
    with pytest.raises(ValueError, match="model 'fast'.*time constant of 0.05 ms.*dt <= 0.05"):
        net.run(1, backend="reference")


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
