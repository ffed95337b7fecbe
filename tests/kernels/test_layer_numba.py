"""The generated passes of a layer, run as plain Python: their gradients are those of PyTorch for the generated step.

The compiled form is tested in `tests/bridges/torch/test_spiking.py`; here the text is executed as it stands.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, reject, settings
from layer_models import CELLS, random_models

from spikegram.bridges.torch.spiking import SpikingLayer
from spikegram.kernels import neuron_program
from spikegram.kernels.cache import CODE_FOLLOWS
from spikegram.kernels.layer_numba import numba_layer
from spikegram.kernels.layer_step import build_step
from spikegram.kernels.special import exprel

T, B, N, EVERY = 11, 2, 2, 4
RTOL = 1e-9
QUICK = ("LIF", "BellecALIF", "AdEx", "LIFCondDelta", "MihalasNiebur")


def exprel_slope(x: float) -> float:
    return (math.exp(x) * x - math.expm1(x)) / x**2 if abs(x) > 1e-3 else 0.5 + x / 3 + x * x / 8


def load(layer: SpikingLayer) -> dict:
    """Execute the module of a layer's kernel with Python in place of what Numba compiles."""
    step = build_step(neuron_program(layer.model), layer._form)
    facts, code = numba_layer(step, layer._form, single=False).split(CODE_FOLLOWS)
    code = re.sub(r"(?ms)^from spikegram[^\n]*\($.*?^\)$|^from (spikegram|numba)[^\n]*$", "", code)
    space = {
        "_njit": lambda **_: lambda f: f,
        "_options": {},
        "_part": lambda a, row, first, n: a[first : first + n] if a.ndim == 1 else a[row, first : first + n],
        "_line": lambda a, i, j: a[i, j],
        "_copy": lambda source, target: target.__setitem__(slice(None), source),
        "_clear": lambda row: row.fill(0),
        "_where": lambda c, a, b: a if c else b,
        "_exp": math.exp, "_exprel": lambda x: float(exprel(x)), "_exprel_slope": exprel_slope,
        "_clip": lambda x, low, high: min(max(x, low), high), "_mod": lambda x, y: x % y,
    }  # fmt: skip
    exec(facts + code, space)
    return space


def passes(layer: SpikingLayer, x, state, gy, gend):
    """Outputs and gradients by the generated text: y, end, dx, dstate, d(constants)."""
    m = load(layer)
    with torch.no_grad():
        scalars, vectors = layer._constants(x)
    n, states = layer._size, len(m["STATES"])
    M = B * n
    xs = (x[None] if len(layer.inputs) == 1 else x.movedim(2, 0)).reshape(-1, T, M).numpy().copy()
    start = torch.stack(list(state)).reshape(states, M).numpy().copy()
    V = vectors.unsqueeze(1).expand(-1, B, -1).reshape(-1, M).numpy().copy()
    kept = -(-T // EVERY)
    y, saved, end = np.full((T, M), np.nan), np.full((kept, states, M), np.nan), np.full((states, M), np.nan)
    work = [np.full(r * m["STRIDE"], np.nan) for r in m["ROWS"]]
    past = np.full(EVERY * states * m["STRIDE"], np.nan)
    m["forward"](0, M, EVERY, xs, start, scalars.numpy(), V, work[0], y, saved, end)
    dx, dX, dC = np.full_like(xs, np.nan), np.full_like(start, np.nan), np.full((len(m["LEARNED"]), M), np.nan)
    down = np.arange(T - 1, -1, -1)
    args = (0, M, EVERY, down, xs, scalars.numpy(), V, saved, gy.reshape(T, M).numpy())
    m["backward"](*args, gend.reshape(states, M).numpy(), work[1], past, dx, dX, dC)
    sums = [g.reshape(B, n).sum(0) if c in m["VECTORS"] else g.sum() for c, g in zip(m["LEARNED"], dC, strict=True)]
    return y, end, dx, dX, dict(zip(m["LEARNED"], sums, strict=True))


def by_torch(layer: SpikingLayer, x, state, gy, gend):
    """The same by the generated step and PyTorch's own differentiation."""
    x = x.clone().requires_grad_()
    state = layer.State(*(t.clone().requires_grad_() for t in state))
    constants = {n: t.detach().clone().requires_grad_() for n, t in layer._named(layer._constants(x)).items()}
    outputs, later = [], state
    for x_t in x.unbind(0):
        y_t, later = layer._step(x_t, later, constants)
        outputs.append(y_t)
    y, end = torch.stack(outputs), torch.stack(list(later))
    wanted = [constants[n] for n in layer._torch.LEARNED]
    loss = (y * gy).sum() + (end * gend).sum()
    found = torch.autograd.grad(loss, [x, *state, *wanted], allow_unused=True)
    found = [torch.zeros(()) if g is None else g for g in found]
    k = 1 + len(state)
    return y.detach(), end.detach(), found[0], found[1:k], dict(zip(layer._torch.LEARNED, found[k:], strict=True))


def check(layer: SpikingLayer, size: float, spiking: bool = True) -> None:
    layer = layer.double()
    generator = torch.Generator().manual_seed(3)
    x = size * torch.rand((T, B, *layer.in_shape), generator=generator, dtype=torch.float64)
    state = layer.init_state(B, dtype=torch.float64)
    gy = torch.randn((T, B, *layer.out_shape), generator=generator, dtype=torch.float64)
    gend = torch.randn((len(state), B, *layer.out_shape), generator=generator, dtype=torch.float64)
    differentiable = len(layer.model.states)
    gend[differentiable:] = 0
    with torch.no_grad():
        scale = torch.stack(list(layer(x)[1] if layer.backend != "torch" else layer.run(x, state)[1])).abs()
    gend[:differentiable] /= scale[:differentiable].amax((1, 2), keepdim=True).clamp(min=1e-12)
    y, end, dx, dX, dC = passes(layer, x, state, gy, gend)
    y2, end2, dx2, dX2, dC2 = by_torch(layer, x, state, gy, gend)
    if spiking:
        assert 0 < y.mean() < 1
    np.testing.assert_array_equal(y, y2.reshape(T, -1))
    np.testing.assert_allclose(end, end2.reshape(end.shape), rtol=1e-12, atol=1e-300)
    dx2 = (dx2[None] if len(layer.inputs) == 1 else dx2.movedim(2, 0)).reshape(dx.shape)
    np.testing.assert_allclose(dx, dx2, rtol=RTOL, atol=RTOL * float(dx2.abs().max()))
    for k, g in enumerate(dX2[:differentiable]):
        np.testing.assert_allclose(
            dX[k], g.expand(B, *layer.features).reshape(-1), rtol=RTOL, atol=RTOL * float(g.abs().max())
        )
    for name, g in dC.items():
        np.testing.assert_allclose(g, dC2[name], rtol=1e-7, atol=1e-9 * float(dC2[name].abs().max()), err_msg=name)


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CELLS])
def test_gradients_are_those_of_pytorch(name: str) -> None:
    cell = CELLS[name]
    check(SpikingLayer(cell.model, N, backend="torch", **cell.arguments), cell.size, "output" not in cell.arguments)


@pytest.mark.parametrize("reset_grad", ["detach", "through"])
def test_smooth_form(reset_grad: str) -> None:
    cell = CELLS["BellecALIF"]
    arguments = {**cell.arguments, "reset_grad": reset_grad}
    check(SpikingLayer(cell.model, N, backend="torch", smooth=True, surrogate="sigmoid", **arguments), 0.8)


def test_values_per_neuron() -> None:
    cell = CELLS["LIF"]
    parameters = dict(tau_m=[10.0, 30.0], v_th=[-52.0, -51.0], t_ref=[1.0, 4.0])
    check(SpikingLayer(cell.model, N, backend="torch", parameters=parameters, learn=("R",)), cell.size)


@given(random_models())
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_random_models(model) -> None:
    arguments = dict(reset_grad="through", surrogate="atan", surrogate_scale=1.0, init=dict(v=0.3, w=-0.2))
    layer = SpikingLayer(model, N, backend="torch", learn=("tau", "k", "v_th"), **arguments)
    try:
        check(layer, 2.0, spiking=False)
    except (
        ValueError,
        OverflowError,
    ) as error:  # the text runs on Python's `math`, which refuses what outgrows numbers
        if str(error) not in ("math domain error", "math range error"):
            raise
        reject()


@pytest.mark.slow
@given(random_models())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_random_models(model) -> None:
    test_random_models.hypothesis.inner_test(model)
