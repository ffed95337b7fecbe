"""Layers of synapses: those of a network, closed forms of Tsodyks and Markram, gradients, errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from spikegram.bridges.torch import Chain, SpikingLayer, SynapseLayer
from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.neurons import BellecALIF, NeuronModel
from spikegram.plasticity import (
    STDP,
    Gliotransmission,
    Static,
    SynapseModel,
    TsodyksMarkram,
    TsodyksMarkramDepression,
)
from spikegram.units import DIMENSIONLESS, TIME

ALL = ("U", "tau_d", "tau_f")  # with which the compiled kernel is that of `test_every_layer.py`
CLOCKED = SynapseModel(
    "w : weight\ndx/dt = (1 - x)/tau_d : 1 (clock-driven)\ndu/dt = -u*(1 + u)/tau_f : 1 (clock-driven)\ncap : 1",
    on_pre="before = u\nu += U*(1 - u)\ntarget_post += w*clip(u*x, 0, cap)\n"
    "target_post += where(x > 0.5, w*before, 0)\nx -= u*x",
    parameters=dict(U=0.2, tau_d="200*ms", tau_f="600*ms"), init=dict(x=1, cap=0.4), method="rk4", name="clocked",
)  # fmt: skip
TRAIN = np.random.default_rng(5).random((120, 3)) < [0.03, 0.1, 0.4]


def network(synapse: SynapseModel, spikes: np.ndarray, unit: str, dt: float) -> np.ndarray:
    """What arrives in each step at a variable that is emptied in each step, in edge units."""
    cell = NeuronModel(f"g : {unit}", update="g = 0*g", name="emptied")
    net = Network(dt=dt)
    source = net.population(spikes.shape[1], SpikeArray([(dt * np.flatnonzero(s)).tolist() for s in spikes.T]))
    cells = net.population(spikes.shape[1], cell, name="cells")
    given = dict(weight=1) if "w" in synapse.variables else {}
    target = dict(target="g") if synapse.uses_target else {}
    net.project(source, cells, OneToOne(), delay=dt, synapse=synapse, **given, **target)
    net.record(cells, "g")
    g = net.run(dt * (len(spikes) + 2), backend="reference")["cells"].g
    return g[1:]  # recorded at the start of the step after


MODELS = {
    "facilitation and depression": (TsodyksMarkram, "amp"),
    "depression": (TsodyksMarkramDepression, "siemens"),
    "static": (Static, "volt"),
    "its own target": (
        SynapseModel(**{**Gliotransmission._fields(), "on_pre": Gliotransmission.on_pre.replace("G_A_post", "g_post")}),
        "mmolar",
    ),
    "clock-driven": (CLOCKED, "1"),
    "clock-driven, not at rest": (CLOCKED(init=dict(x=0.3, u=0.5, cap=0.1)), "1"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_network_sends_the_same(name: str) -> None:
    model, unit = MODELS[name]
    layer = SynapseLayer(model, 3, unit=unit, backend="torch", dt=0.5)
    arriving = np.vstack([np.zeros((1, 3)), TRAIN])  # one step after the spike
    y, _ = layer(torch.from_numpy(arriving))
    expected = network(model, TRAIN, unit, 0.5)
    assert expected.max() > 0.05
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_compiled_passes_are_those_of_pytorch(name: str) -> None:
    check_kernel(*MODELS[name])


def test_compiled_passes_of_clock_driven_synapses() -> None:
    check_kernel(CLOCKED, "1")


def check_kernel(model: SynapseModel, unit: str) -> None:
    """With graded spikes, values per synapse, gradients of all parameters, input, and state before."""
    bound = model.bind("target", DIMENSIONLESS)
    names = [*model.parameters, *(["w"] if "w" in model.variables else [])]
    names = [n for n in names if bound.dims(n) in (DIMENSIONLESS, TIME)]
    one = {n: model.parameters[n].value * torch.tensor([0.9, 1, 1.1]) for n in names[:1] if n in model.parameters}
    results = []
    for backend in ("numba", "torch"):
        torch.manual_seed(4)
        layer = SynapseLayer(
            model, 3, unit=unit, learn=names, backend=backend, dtype=torch.float64,
            parameters=one,
        )  # fmt: skip
        x = (torch.rand(70, 2, 3, dtype=torch.float64) < 0.2) * torch.rand(70, 2, 3, dtype=torch.float64)
        x.requires_grad_()
        start = layer.State(*(0.9 * t for t in layer.init_state(2, dtype=torch.float64)))
        start = layer.State(*(t.detach().requires_grad_() for t in start))
        y, end = layer(x, start)
        ((y * torch.randn_like(y)).sum() + sum((t * t).sum() for t in end)).backward()
        results.append([y, *end, x.grad, *(t.grad for t in start), *(p.grad for p in layer.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10 * max(1e-3, float(b.detach().abs().max())))


# closed forms
def steady(T: float, U: torch.Tensor, tau_d: torch.Tensor, tau_f: torch.Tensor) -> torch.Tensor:
    """u* x* of spikes every T ms."""
    u = U / (1 - (1 - U) * torch.exp(-T / tau_f))
    return u * (1 - torch.exp(-T / tau_d)) / (1 - (1 - u) * torch.exp(-T / tau_d))


@pytest.mark.parametrize(
    ("U", "tau_d", "tau_f", "published"),
    [
        (0.5, 800.0, 1e-2, (0.1051, 0.0571, 0.0241)),
        (0.15, 130.0, 530.0, (0.3524, 0.2746, 0.1385)),
        (0.2, 200.0, 600.0, (0.3169, 0.2066, 0.0940)),
    ],
)
def test_regular_trains_settle_at_the_closed_form(U, tau_d, tau_f, published) -> None:
    """At 10, 20 and 50 Hz; the gradients of what is sent then are those of the formula."""
    for T, expected in zip((100, 50, 20), published, strict=True):
        layer = SynapseLayer(
            TsodyksMarkram(U=U, tau_d=tau_d, tau_f=tau_f), 1, learn=ALL, dt=10.0, dtype=torch.float64,
            decay_param="logtau",
        )  # fmt: skip
        x = torch.zeros(8000 // 10 + 1, 1, dtype=torch.float64)
        x[:: T // 10] = 1
        y, _ = layer(x)
        last = y[-1, 0]  # 8000 ms are whole intervals
        assert last.item() == pytest.approx(expected, abs=6e-5)
        found = torch.autograd.grad(last, list(layer.parameters()))
        values = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (U, tau_d, tau_f)]
        formula = steady(T, *values)
        assert last.item() == pytest.approx(formula.item(), rel=2e-4)
        wanted = torch.autograd.grad(formula, values)
        for g, w, v in zip(found, wanted, (1.0, tau_d, tau_f), strict=True):  # d/d(log tau) = tau d/d(tau)
            assert g.item() == pytest.approx(w.item() * v, rel=5e-3, abs=1e-6)


def test_two_spikes_by_hand() -> None:
    """100 ms apart: u 0.2, then 0.2 + 0.8 0.2 exp(-1/6); x 1, then 1 - 0.2 exp(-1/2)."""
    x = torch.zeros(102, 1, dtype=torch.float64)
    x[0] = x[100] = 1
    y, state = SynapseLayer(TsodyksMarkram, 1, learn=ALL, dtype=torch.float64)(x)
    u, left = 0.2 + 0.16 * math.exp(-1 / 6), 1 - 0.2 * math.exp(-1 / 2)
    assert y[y > 0].tolist() == pytest.approx([0.2, u * left], rel=1e-12)
    assert state.u.item() == pytest.approx(u * math.exp(-2 / 600), rel=1e-12)
    assert state.x.item() == pytest.approx(1 - (1 - left * (1 - u)) * math.exp(-2 / 200), rel=1e-12)


def test_the_step_does_not_matter() -> None:
    sent = []
    for dt in (4.0, 0.5):
        x = torch.zeros(round(100 / dt), 1, dtype=torch.float64)
        for t in (4, 20, 24, 80):
            x[round(t / dt)] = 1
        y, _ = SynapseLayer(TsodyksMarkram, 1, learn=ALL, dt=dt, dtype=torch.float64)(x)
        sent.append(y[y > 0].tolist())
    assert sent[0] == pytest.approx(sent[1], rel=1e-12)


def test_a_graded_spike_takes_its_share() -> None:
    layer = SynapseLayer(TsodyksMarkram, 1, learn=ALL, dtype=torch.float64)
    y, state = layer.step(torch.tensor([[0.25]], dtype=torch.float64))
    assert y.item() == pytest.approx(0.25 * 0.2, rel=1e-12)
    assert state.u.item() == pytest.approx(0.25 * 0.2 * math.exp(-1 / 600), rel=1e-12)
    assert state.x.item() == pytest.approx(1 - 0.25 * 0.2 * math.exp(-1 / 200), rel=1e-12)


# as a layer
def test_parameters_are_found_from_responses() -> None:
    """Synapses of another kind learn to answer as these do."""
    torch.manual_seed(0)
    x = (torch.rand(150, 1, 2) < 0.1).float()
    goal = SynapseLayer(TsodyksMarkram(U=0.5, tau_d=80, tau_f=30), 2, learn=ALL)
    layer = SynapseLayer(TsodyksMarkram(U=0.2, tau_d=200, tau_f=100), 2, learn=ALL)
    with torch.no_grad():
        wanted, _ = goal(x)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.03)
    losses = []
    for _ in range(300):
        optimizer.zero_grad()
        loss = (layer(x)[0] - wanted).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 1e-3 * losses[0]
    assert layer.parameter("U").item() == pytest.approx(0.5, abs=0.02)
    assert layer.parameter("tau_d").item() == pytest.approx(80, rel=0.1)


def test_a_chain_sends_gradients_through_the_spikes() -> None:
    torch.manual_seed(1)
    axons = SynapseLayer(TsodyksMarkram, 4, learn=ALL)
    net = Chain(SpikingLayer(BellecALIF, 4, learn=("tau_m", "beta")), axons, nn.Linear(4, 3))
    x = torch.rand(40, 2, 4).requires_grad_()
    y, states = net(0.5 * x)
    y.square().sum().backward()
    assert states[1].u.max() > 0
    assert x.grad.abs().max() > 0
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())
    half, middle = net(0.5 * x[:20])
    rest, _ = net(0.5 * x[20:], middle)
    torch.testing.assert_close(torch.cat([half, rest]), y, rtol=0, atol=1e-6)


def test_values_and_units() -> None:
    layer = SynapseLayer(
        TsodyksMarkram, (2, 2), unit="amp", learn=("tau_d", "w"), parameters=dict(w=[[1.0, 2.0], [3.0, 4.0]]),
        init=dict(x=0.5), backend="torch",
    )  # fmt: skip
    assert layer.parameter("tau_d").item() == pytest.approx(200)
    torch.testing.assert_close(layer.parameter("w"), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    y, state = layer(torch.ones(1, 1, 2, 2))
    torch.testing.assert_close(y[0, 0], 0.5 * 0.2 * torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert state.x.shape == (1, 2, 2)
    other = SynapseLayer(**json.loads(json.dumps(layer.config())))
    assert other.model == layer.model
    assert repr(other) == repr(layer) and "unit='amp'" in repr(layer)


def test_weights_that_change_are_states() -> None:
    """w is what the projection gives, 1 here, and grows by a tenth at each spike."""
    growing = SynapseModel("w : weight", on_pre="target_post += w\nw = 1.1*w", name="growing")
    layer = SynapseLayer(growing, 1, unit="amp", backend="torch")
    y, state = layer(torch.ones(3, 1))
    assert y.flatten().tolist() == pytest.approx([1, 1.1, 1.21])
    assert state.w.item() == pytest.approx(1.331e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(model=STDP), "SynapseLayer: model 'STDP' has on_post statements"),
        (dict(learn=("tau_x",)), "learn: expected names among U, tau_d, tau_f, w"),
        (dict(learn=("x",)), "learn: expected names among"),
        (dict(unit="nA*kg"), "SynapseLayer: model 'TsodyksMarkram': unit: "),
        (dict(init=dict(x=2)), r"x: 'TsodyksMarkram' keeps x in \[0, 1\] .*got 2"),
        (dict(init=dict(w=2)), "init: 'w' is no state variable; expected one of x, u"),
        (dict(parameters=dict(tau=2)), r"parameters\['tau'\]: no such parameter; expected one of U, tau_d, tau_f, w"),
        (dict(parameters=dict(tau_d="2*mV")), "expected second"),
        (dict(features=0), "SynapseLayer: features: expected whole numbers >= 1, got 0"),
        (dict(dt=0), "dt: expected a time > 0 ms, got 0"),
        (dict(backend="cuda"), "backend: expected auto, numba or torch, got 'cuda'"),
        (dict(decay_param="clamp"), "decay_param: expected one of"),
        (dict(parameters=dict(tau_d=0)), "not finite for its parameters"),
    ],
)
def test_errors(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SynapseLayer(**{"model": TsodyksMarkram, "features": 2, **arguments})


def test_cells_are_no_synapses() -> None:
    with pytest.raises(TypeError, match="SynapseLayer: model: expected a SynapseModel, got NeuronModel"):
        SynapseLayer(BellecALIF, 2)
