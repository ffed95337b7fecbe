"""Fluctuation-driven initialisation: the integrals of the paper, and that mean and deviation come out as aimed."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from spikegram.bridges.torch import SpikingLayer, fluctuation_, fluctuation_weights, impulse_response
from spikegram.neurons import AdEx, BellecALIF, NeuronModel

TAU_M, TAU_S, R = 20.0, 5.0, 2.0
CELL = NeuronModel(
    "dv/dt = (-v + R*I)/tau_m : 1 \n dI/dt = -I/tau_s : 1",
    threshold="v > v_th",
    reset="v = 0",
    parameters=dict(tau_m=f"{TAU_M}*ms", tau_s=f"{TAU_S}*ms", R=R, v_th=1.0),
)


def test_integrals_of_the_response_are_those_of_the_paper() -> None:
    """For exponential currents eps_bar = R tau_s, eps_hat = (R tau_s)^2/(2 (tau_s + tau_m)), up to order dt^2."""
    dt = 0.5
    eps, rest = impulse_response(SpikingLayer(CELL, 1, input="I", dt=dt, backend="torch"))
    assert rest.tolist() == [-1]
    assert dt * eps.sum().item() == pytest.approx(R * TAU_S, rel=2e-3)
    assert dt * eps.square().sum().item() == pytest.approx((R * TAU_S) ** 2 / (2 * (TAU_S + TAU_M)), rel=2e-3)


def test_response_is_the_one_of_the_step() -> None:
    cells = SpikingLayer(BellecALIF, 2, parameters=dict(tau_m=[5.0, 20.0]), backend="torch")
    eps, _ = impulse_response(cells)
    t = torch.arange(len(eps), dtype=torch.float64)
    for k, tau in enumerate((5.0, 20.0)):
        torch.testing.assert_close(eps[:, k], torch.exp(-t / tau), rtol=1e-6, atol=1e-9)
    late, _ = impulse_response(SpikingLayer(CELL, 1, input="v", backend="torch"))  # arrives after the comparison
    assert late[:2, 0].tolist() == pytest.approx([0, math.exp(-1 / TAU_M)])


@pytest.mark.parametrize(("mean", "xi", "share"), [(0.0, 1.0, 1.0), (0.4, 2.0, 1.0), (-0.5, 3.0, 0.7)])
def test_mean_and_deviation_come_out_as_aimed(mean: float, xi: float, share: float) -> None:
    torch.manual_seed(0)
    n, cells, rate = 150, 600, 20.0
    layer = SpikingLayer(CELL, cells, input="I", backend="torch", parameters=dict(tau_m=[10.0, 20.0] * (cells // 2)))
    first = fluctuation_(nn.Linear(n, cells, dtype=torch.float64), layer, rate, mean=mean, xi=xi, share=share)
    weight = first.weight
    if share < 1:
        other = fluctuation_(nn.Linear(n, cells, dtype=torch.float64), layer, rate, mean=mean, xi=xi, share=1 - share)
        weight = torch.cat([first.weight, other.weight], 1)
    free = SpikingLayer(
        CELL, cells, input="I", backend="torch", surrogate_scale=1,
        parameters=dict(tau_m=[10.0, 20.0] * (cells // 2), v_th=1e9),
    ).double()  # fmt: skip
    with torch.no_grad():
        x = (torch.rand(1700, 2, weight.shape[1]) < rate * 1e-3).double() @ weight.T
        state, values = None, []
        for k, x_t in enumerate(x.unbind(0)):
            _, state = free.step(x_t, state)
            if k >= 200:
                values.append(state.v)
    v = torch.stack(values)  # steps, samples, cells
    per_cell = v.mean((0, 1))
    deviation = (v - per_cell).square().mean().sqrt()
    assert deviation.item() == pytest.approx((1 - mean) / xi, rel=0.05)
    # the mean of 800 cells: by chance of the weights they differ by about as much as they fluctuate
    assert per_cell.mean().item() == pytest.approx(mean, abs=4 * per_cell.std().item() / math.sqrt(cells))
    assert not first.bias.any()


def test_recurrent_weights() -> None:
    torch.manual_seed(0)
    mask = (torch.rand(120, 120) < 0.2).double()
    layer = SpikingLayer(BellecALIF, 120, recurrent=mask.to_sparse(), backend="torch")
    fluctuation_(layer, layer, 10.0, xi=2.0, share=0.25)
    weight = layer.recurrent_weight.detach().double()
    assert not weight[mask == 0].any()
    _, std = fluctuation_weights(layer, mask.sum(0), 10.0, xi=2.0, share=0.25)
    found = (weight.square().sum(0) / mask.sum(0)).sqrt()
    assert (found / std).mean().item() == pytest.approx(1, rel=0.05)
    p, energy = 0.01, 1 / (1 - math.exp(-2 / 20))
    assert std[0].item() == pytest.approx(
        0.5 * 0.5 / math.sqrt(float(mask[:, 0].sum()) * p * (1 - p) * energy), rel=1e-5
    )


def test_nonlinear_cells_that_settle_first() -> None:
    eps, rest = impulse_response(SpikingLayer(AdEx(tau_w=20), 1, dt=0.5, backend="torch"))
    assert rest.item() < 0
    assert eps.max() > 0
    assert (eps[-1] / eps.abs().max()).abs() < 1e-2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda c: fluctuation_weights(c, 10, 1000.0), "rate: expected between 0 and 1000 Hz at dt = 1 ms, got 1000"),
        (lambda c: fluctuation_weights(c, 10, 10.0, xi=0), "xi: expected a number > 0, got 0"),
        (lambda c: fluctuation_weights(c, 10, 10.0, share=2), "share: expected a number > 0 and <= 1, got 2"),
        (lambda c: fluctuation_weights(c, 10, 10.0, mean=1), "mean: expected a number < 1"),
        (lambda c: fluctuation_weights(c, 0, 10.0), "n: expected at least one input"),
        (lambda c: fluctuation_weights(c, 1, 10.0, mean=0.9, xi=3), "equal weights alone fluctuate more than that"),
        (lambda c: fluctuation_(nn.Linear(5, 4), c, 10.0), "target: expected one output for each of 3 cells, got 4"),
        (lambda c: impulse_response(c, 1), r"channel: expected 0 \.\.\. 0, got 1"),
        (lambda c: impulse_response(SpikingLayer(BellecALIF, 3, init=dict(v=2), surrogate_scale=1, backend="torch")),
         "spike without input"),
    ],
)  # fmt: skip
def test_mistakes_are_told(make, message: str) -> None:
    cells = SpikingLayer(BellecALIF, 3, backend="torch")
    with pytest.raises(ValueError, match=message):
        make(cells)


def test_only_linear_weights() -> None:
    cells = SpikingLayer(BellecALIF, 3, backend="torch")
    with pytest.raises(TypeError, match="target: expected nn.Linear, or the layer with recurrent weights"):
        fluctuation_(cells, cells, 10.0)
