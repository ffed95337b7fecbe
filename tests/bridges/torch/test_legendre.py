"""Legendre memory layer: forms and methods agree, learned windows, delays, the last step, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from spikegram.bridges.torch import LegendreMemory, Stream, clone
from spikegram.kernels import lmu as kernels
from spikegram.neurons.legendre import LegendreParams, LegendreState, legendre_init, legendre_step

METHODS = ("zoh", "bilinear", "euler")


def signal(T: int, B: int, *features: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn((T, B, *features), generator=torch.Generator().manual_seed(2), dtype=dtype)


def reference(x: Tensor, params: LegendreParams, dt: float = 1.0) -> np.ndarray:
    state, out = legendre_init(tuple(x.shape[1:]), params), []
    for value in x.numpy():
        m, state = legendre_step(state, value, params, dt)
        out.append(m)
    return np.stack(out)


def everything(layer: LegendreMemory, x: Tensor, m0: Tensor) -> list[Tensor | None]:
    """Outputs, and gradients of a loss of all of them."""
    x, m0 = x.clone().requires_grad_(), m0.clone().requires_grad_()
    y, state = layer(x, LegendreState(m0))
    weight = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    ((y * weight).sum() + state.m.square().sum()).backward()
    found = [y.detach(), state.m.detach(), x.grad, m0.grad]
    return [*found, layer.dynamics.log_theta.grad] if layer.dynamics.learned else found


@pytest.mark.parametrize("form", ["recurrent", "fft"])
@pytest.mark.parametrize("method", METHODS)
def test_layer_is_the_reference(method: str, form: str) -> None:
    x = signal(40, 3, 2)
    layer = LegendreMemory(2, 6, 20.0, dt=0.5, method=method, form=form)
    y, state = layer(x)
    expected = reference(x, LegendreParams(6, 20.0, method), 0.5)
    assert y.numpy() == pytest.approx(expected, abs=1e-12)
    assert torch.equal(state.m, y[-1])


@pytest.mark.parametrize("method", METHODS)
def test_all_forms_and_gradients_agree(method: str) -> None:
    x, m0 = signal(25, 3, 2), signal(1, 3, 2, 5)[0]
    results = [
        everything(LegendreMemory(2, 5, 30.0, method=method, form=form, backend=backend, learn=learn).double(), x, m0)
        for form in ("recurrent", "fft")
        for backend in ("numba", "torch")
        for learn in ((), ("theta",))
    ]
    for found in results[1:]:
        for a, b in zip(found[:4], results[0], strict=True):
            torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-12)
    slopes = [found[4] for found in results if len(found) == 5]
    small = 1e-6
    loss = []
    for way in (1, -1):
        y = LegendreMemory(2, 5, 30.0 * math.exp(way * small), method=method)(x, LegendreState(m0))[0]
        if method == "euler":  # the part above the limit is what is learned
            low = 30.0 - (30.0 - layer_limit(5)) * (1 - math.exp(way * small))
            y = LegendreMemory(2, 5, low, method=method)(x, LegendreState(m0))[0]
        weight = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
        loss.append(float((y * weight).sum() + y[-1].square().sum()))
    for slope in slopes:
        assert float(slope) == pytest.approx((loss[0] - loss[1]) / (2 * small), rel=1e-6)


def layer_limit(order: int) -> float:
    from spikegram.neurons.legendre import euler_limit

    return euler_limit(order)


@pytest.mark.parametrize(
    ("q", "theta", "T", "bound"), [(6, 20, 200, 1e-12), (32, 100, 500, 1e-12), (256, 784, 784, 1e-12)]
)
def test_recurrence_is_the_convolution(q: int, theta: int, T: int, bound: float) -> None:
    x = signal(T, 1, 1)
    step, fft = (LegendreMemory(1, q, theta, form=form)(x)[0] for form in ("recurrent", "fft"))
    assert float((step - fft).abs().max()) < bound


def test_a_short_transform_would_wrap() -> None:
    """With T points instead of 2 T - 1 the end comes in at the beginning."""
    T = 200
    x = signal(T, 1, 1)
    layer = LegendreMemory(1, 6, 20.0)
    H = layer.dynamics.response(T, torch.float64)
    wrapped = torch.fft.irfft(torch.fft.rfft(x, T, dim=0) * torch.fft.rfft(H, T, dim=0)[:, None], T, dim=0)
    assert float((wrapped - layer(x)[0][:, 0]).abs().max()) > 0.1


def test_single_precision_of_256_coefficients() -> None:
    x = signal(784, 2, 1)
    exact = LegendreMemory(1, 256, 784.0)(x)[0]
    for form in ("recurrent", "fft"):
        y = LegendreMemory(1, 256, 784.0, form=form)(x.float())[0]
        assert float((y - exact).square().mean().sqrt() / exact.square().mean().sqrt()) < 1e-5


def test_delays_without_training() -> None:
    t = torch.arange(3000, dtype=torch.float64)
    x = torch.stack([torch.sin(2 * math.pi * f * t / 1000) for f in (1, 3, 7.5)], -1)[:, None]
    layer = LegendreMemory(3, 40, 1000.5)
    y, _ = layer(x)
    read = y @ layer.decode([250, 500, 1000]).T
    for k, delay in enumerate((250, 500, 1000)):
        assert float((read[2000:, ..., k] - x[2000 - delay : 3000 - delay]).abs().max()) < 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_last_is_the_last(method: str) -> None:
    x, m0 = signal(30, 3, 2), signal(1, 3, 2, 5)[0]
    for start in (None, LegendreState(m0)):
        layer = LegendreMemory(2, 5, 30.0, method=method)
        y, state = layer(x, start)
        last, own = layer.last(x, start)
        torch.testing.assert_close(last, y[-1], rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(own.m, state.m, rtol=1e-12, atol=1e-13)
    batch_first = LegendreMemory(2, 5, 30.0, method=method, batch_first=True)
    assert torch.equal(batch_first.last(x.movedim(0, 1))[0], layer.last(x)[0])
    assert torch.equal(layer.last(x[:0], start)[0], m0)
    assert torch.autograd.gradcheck(
        lambda x, m: layer.last(x, LegendreState(m))[0], (x.requires_grad_(), m0.requires_grad_())
    )


def test_split_convolution() -> None:
    x = signal(50, 2, 1)
    layer = LegendreMemory(1, 8, 20.0, form="fft")
    y, state = layer(x)
    for cut in (0, 1, 20, 50):
        a, middle = layer(x[:cut])
        b, last = layer(x[cut:], clone(middle))
        torch.testing.assert_close(torch.cat([a, b]), y, rtol=1e-11, atol=1e-12)
        torch.testing.assert_close(last.m, state.m, rtol=1e-11, atol=1e-12)


def test_stream() -> None:
    x = signal(10, 2, 3)
    layer = LegendreMemory(3, 4, 9.0, method="bilinear")
    stream = Stream(layer)
    y = torch.stack([stream(value) for value in x])
    torch.testing.assert_close(y, layer(x)[0], rtol=1e-12, atol=1e-13)


def test_window_is_learned() -> None:
    """From windows of 25 and 70 to one of 40, whose memory is the target."""
    x = signal(120, 2, 1, dtype=torch.float32)
    target = LegendreMemory(1, 6, 40.0, method="bilinear")(x)[0]
    for start in (25.0, 70.0):
        layer = LegendreMemory(1, 6, start, method="bilinear", learn=("theta",))
        assert layer.theta == pytest.approx(start, rel=1e-12)
        p = layer.dynamics.log_theta
        for k in range(60):
            (slope,) = torch.autograd.grad((layer(x)[0] - target).square().mean(), p)
            with torch.no_grad():
                p -= 0.1 * 0.93**k * slope.sign()
        assert layer.theta == pytest.approx(40.0, rel=0.03)


def test_learned_euler_stays_stable() -> None:
    layer = LegendreMemory(1, 8, 18.5, method="euler", learn=("theta",))
    with torch.no_grad():
        layer.dynamics.log_theta.fill_(-20.0)
    assert layer.theta == pytest.approx(layer_limit(8), rel=1e-6)
    assert float(layer(torch.randn(2000, 1, 1))[0].detach().abs().max()) < 1e3


def test_matrices_keep_their_digits() -> None:
    """Converted to half precision and back, the constants are the exact ones."""
    x = signal(30, 2, 1)
    layer = LegendreMemory(1, 6, 20.0)
    y, _ = layer(x)
    assert torch.equal(layer.bfloat16().double()(x)[0], y)
    assert layer.state_dict() == {}


def test_few_sums_read_the_kernel() -> None:
    """The bilinear layer is the O(q) kernel, bit for bit."""
    x = signal(20, 3, 2)
    m = np.empty((20, 3, 2, 7))
    kernels.bilinear_forward(15.0, x.numpy(), np.zeros((3, 2, 7)), m)
    assert np.array_equal(LegendreMemory(2, 7, 15.0, method="bilinear")(x)[0].numpy(), m)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (dict(form="last"), r"form: expected one of recurrent, fft, got 'last'; for the last step alone: last\(\)"),
        (dict(backend="cuda"), r"backend: expected 'numba' or 'torch', got 'cuda'"),
        (dict(learn=("dt",)), r"learn: expected 'theta' or nothing, got 'dt'"),
        (dict(method="exact"), r"method: expected one of zoh, euler, bilinear, got 'exact'"),
        (dict(method="euler", theta=10.0, order=8), r"theta: with method 'euler' and order 8 expected more than 17.7"),
        (dict(dt=0.0), r"dt: expected a finite time > 0 ms, got 0.0"),
        (dict(order=0), r"order: expected a whole number >= 1, got 0"),
    ],
)
def test_refused(keywords: dict, message: str) -> None:
    given = dict(order=4, theta=20.0) | keywords
    with pytest.raises((ValueError, ZeroDivisionError), match=message):
        LegendreMemory(1, given.pop("order"), given.pop("theta"), **given)


def test_last_needs_a_batch() -> None:
    with pytest.raises(ValueError, match=r"LegendreMemory\(2\): last needs a batch axis, got shape \(5, 2\)"):
        LegendreMemory(2, 4, 9.0).last(torch.zeros(5, 2))
