"""Layers as functions: the numbers of the layers, gradients under torch.func, nothing kept."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spikegram.bridges.torch import ELM, LMU, LegendreMemory, SpikingLayer
from spikegram.bridges.torch import functional as F  # noqa: N812
from spikegram.neurons import LIF, BellecALIF

BACKENDS = ("torch", "numba")
X = 1.2 * torch.rand((12, 2, 3), generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("backend", BACKENDS)
def test_cells_are_the_layer(backend: str) -> None:
    tau = torch.tensor([5.0, 10.0, 20.0], dtype=torch.float64, requires_grad=True)
    beta = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    layer = SpikingLayer(
        BellecALIF, 3, parameters=dict(tau_m=tau, beta=0.3), learn=("tau_m", "beta"), backend=backend,
        decay_param="logtau", dtype=torch.float64,
    )  # fmt: skip
    y, state = F.spiking(BellecALIF, X[:5], None, dict(tau_m=tau, beta=beta), backend=backend)
    z, state = F.bellec_alif(X[5:], state, tau_m=tau, beta=beta, backend=backend)
    y = torch.cat([y, z])
    wanted, last = layer(X)
    assert 0 < wanted.mean() < 1
    torch.testing.assert_close(y, wanted)
    for a, b in zip(state, last, strict=True):
        torch.testing.assert_close(a, b)
    weight = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).reshape(y.shape)
    (y * weight).sum().backward()
    (wanted * weight).sum().backward()
    torch.testing.assert_close(beta.grad, layer.raw_beta.grad)
    torch.testing.assert_close(tau.grad, layer.raw_tau_m.grad / tau.detach())  # stored is the logarithm


def test_numbers_and_texts_are_parameters_without_gradient() -> None:
    y, state = F.lif(X, tau_m="12*ms", t_ref=2, v_th=-58, backend="torch")
    wanted, last = SpikingLayer(LIF(tau_m=12, t_ref=2, v_th=-58), 3, backend="torch")(X)
    assert torch.equal(y, wanted)
    assert type(last) is type(state)
    assert all(torch.equal(a, b) for a, b in zip(state, last, strict=True))


def test_nothing_depends_on_earlier_calls() -> None:
    def once(tau: float) -> Tensor:
        return F.bellec_alif(X, tau_m=torch.tensor(tau), backend="torch")[1].v

    F._cells.cache_clear()
    first = once(10.0)
    F._cells.cache_clear()
    once(40.0)
    assert torch.equal(once(10.0), first)


@pytest.mark.parametrize("backend", ["torch", pytest.param("numba", marks=pytest.mark.slow)])
def test_gradients_of_functions(backend: str) -> None:
    def loss(tau: Tensor, x: Tensor) -> Tensor:
        y, _ = F.bellec_alif(x, tau_m=tau, smooth=True, surrogate="sigmoid", reset_grad="through", backend=backend)
        return (y * torch.arange(12.0, dtype=torch.float64)[:, None, None]).sum()

    tau, h = torch.tensor(15.0, dtype=torch.float64), 1e-4
    slope = torch.func.grad(loss)(tau, X)
    assert slope.item() == pytest.approx(((loss(tau + h, X) - loss(tau - h, X)) / (2 * h)).item(), rel=1e-6)
    taus = torch.tensor([10.0, 15.0], dtype=torch.float64)
    together = torch.vmap(torch.func.grad(loss), in_dims=(0, None))(taus, X)
    torch.testing.assert_close(together[1], slope)
    assert not torch.allclose(together[0], slope)


def test_recurrent_weights_are_an_argument() -> None:
    weights = torch.tensor([[0.0, 1.5, 0.0], [0.0, 0.0, 1.5], [0.0, 0.0, 0.0]])  # a chain
    x = torch.zeros(4, 1, 3)
    x[0, 0, 0] = 1.5
    y, state = F.bellec_alif(x, weights=weights, backend="torch")
    assert y[:, 0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert state.spikes.shape == (1, 3)
    slope = torch.func.grad(lambda w: F.bellec_alif(x, weights=w, backend="torch")[0].sum())(weights)
    assert slope[0, 1] > 0


def test_shapes() -> None:
    assert F.bellec_alif(X[:0], backend="torch")[0].shape == (0, 2, 3)
    y, state = F.bellec_alif(X.reshape(12, 2, 1, 3).to(torch.bfloat16), backend="torch")
    assert y.shape == (12, 2, 1, 3)
    assert y.dtype == torch.bfloat16
    assert state.v.dtype == torch.float32


@pytest.mark.parametrize("variant", ["v1", "v2"])
def test_elm_is_the_layer(variant: str) -> None:
    torch.manual_seed(0)
    layer = ELM(3, 2, 4, variant=variant, backend="torch").double()
    weights = dict(layer.named_parameters())
    y, state = F.elm(X, None, weights, variant=variant, backend="torch")
    wanted, last = layer(X)
    assert torch.equal(y, wanted)
    assert torch.equal(state.m, last.m)
    tau = layer.tau_m.tau().clone()
    again, _ = F.elm(X, None, {**weights, "tau_m": tau}, variant=variant, backend="torch")
    torch.testing.assert_close(again, wanted)

    def loss(t: Tensor) -> Tensor:
        return F.elm(X, None, {**weights, "tau_m": t}, variant=variant, backend="torch")[0].square().sum()

    h = torch.tensor([0.0, 1e-4, 0.0, 0.0], dtype=torch.float64)
    found = torch.func.grad(loss)(tau)[1]
    assert found.item() == pytest.approx(((loss(tau + h) - loss(tau - h)) / 2e-4).item(), rel=1e-5)


def test_lmu_and_legendre_are_the_layers() -> None:
    torch.manual_seed(0)
    for couplings in (("e_h", "e_m", "W_x", "W_h"), ("W_x",)):
        layer = LMU(3, 4, 5, 20.0, memories=2, couplings=couplings, bias=True, backend="torch").double()
        weights = dict(layer.named_parameters())
        y, state = F.lmu(X, None, weights, theta=20.0, backend="torch")
        wanted, last = layer(X)
        assert torch.equal(y, wanted)
        assert torch.equal(state.m, last.m)
        gradients = torch.func.grad(lambda w: F.lmu(X, None, w, theta=20.0, backend="torch")[0].sum())(weights)
        wanted.sum().backward()
        for name, p in layer.named_parameters():
            torch.testing.assert_close(gradients[name], p.grad)
    y, _ = F.legendre(X, order=6, theta=10.0, backend="torch")
    assert torch.equal(y, LegendreMemory(3, 6, 10.0, backend="torch")(X)[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: F.lif(X[0]), r"x must be \(T, B, \*features\), got shape \(2, 3\)"),
        (lambda: F.lif(X, tau_m=torch.ones(2)), r"tau_m: expected a tensor \(\) or \(3,\), got \(2,\)"),
        (lambda: F.lif(X, tau=1.0), "no parameter 'tau'; expected one of tau_m"),
        (lambda: F.lif(X, weights=torch.ones(2, 2)), r"weights: expected \(3, 3\), got \(2, 2\)"),
        (lambda: F.elm(X, None, {}), "weights: expected w_raw, W1, b1, W2, b2, got none"),
        (lambda: F.lmu(X, None, dict(e_x=X, W_m=X, W=X), theta=1.0), "weights: expected some of e_x, W_m, .* got 'W'"),
        (lambda: F.lmu(X, None, dict(e_x=X, W_m=X, b_u=X), theta=1.0), "expected b_u and b_h, or neither"),
    ],
)  # fmt: skip
def test_mistakes_are_told(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_building_moves_no_random_stream() -> None:
    F._template.cache_clear()
    weights = dict(ELM(3, 2, 4).named_parameters())
    torch.manual_seed(0)
    torch.vmap(lambda x: F.elm(x, None, weights, backend="torch")[0])(X[None].float())
    first = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(first, torch.rand(1))


def test_integers_are_refused() -> None:
    with pytest.raises(TypeError, match="x is torch.int64, expected floating point"):
        F.lif(X.long())
