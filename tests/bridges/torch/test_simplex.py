"""Sparse activations on tensors: the NumPy form, gradients against finite differences, masks, number types."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from spikegram.bridges.torch.simplex import activate, entmax, normmax  # noqa: E402
from spikegram.networks.hopfield_forms import activate as in_numpy  # noqa: E402
from spikegram.networks.hopfield_forms import activation_named  # noqa: E402

NAMES = ["softmax", "sparsemax", "entmax15", "normmax", ("entmax", 1.2), ("entmax", 3.0), ("normmax", 1.5),
         ("normmax", 5.0)]  # fmt: skip


def numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1.5, shape)


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_it_is_the_form_of_numpy(name: object, seed: int) -> None:
    z, activation = numbers(seed, 40, 9), activation_named(name)
    want = in_numpy(z, activation)
    assert np.abs(activate(torch.tensor(z), activation).numpy() - want).max() < 1e-12
    single = activate(torch.tensor(z, dtype=torch.float32), activation).numpy()
    assert single.dtype == np.float32 and np.abs(single - want).max() < 2e-6
    half = activate(torch.tensor(z, dtype=torch.bfloat16), activation)
    assert half.dtype == torch.bfloat16 and np.abs(half.float().numpy() - want).max() < 0.03
    large = activate(torch.tensor(1e6 * z), activation).numpy()  # nothing overflows
    assert np.array_equal(large, np.eye(9)[z.argmax(1)])


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_what_is_left_out_is_not_there(name: object, seed: int) -> None:
    z, activation = torch.tensor(numbers(seed, 7, 6)), activation_named(name)
    more = torch.cat([z[:, :2], torch.full((7, 3), -torch.inf, dtype=z.dtype), z[:, 2:]], 1).requires_grad_()
    p = activate(more, activation)
    p[:, 5:].square().sum().backward()
    left_out = slice(2, 5)
    assert not p[:, left_out].any() and not more.grad[:, left_out].any() and bool(more.grad.isfinite().all())
    kept = torch.cat([p[:, :2], p[:, 5:]], 1)
    assert (kept - activate(z, activation)).abs().max() < 1e-12


@pytest.mark.parametrize("name", NAMES[1:], ids=str)
def test_gradients_against_finite_differences(name: object, seed: int) -> None:
    """Of each p by each z, by central differences of the NumPy form, away from the edges of the support."""
    activation, h, seen = activation_named(name), 1e-6, set()
    for z in numbers(seed, 12, 5) * np.repeat([0.2, 0.8, 3.0], 4)[:, None]:
        support = in_numpy(z, activation) > 0
        near = [in_numpy(z + sign * 1e-3 * e, activation) > 0 for e in np.eye(5) for sign in (1, -1)]
        if any((other != support).any() for other in near):
            continue
        seen.add(int(support.sum()))
        ahead, behind = (np.array([in_numpy(z + sign * h * e, activation) for e in np.eye(5)]) for sign in (1, -1))
        came = torch.autograd.functional.jacobian(lambda x: activate(x, activation), torch.tensor(z)).numpy()
        assert np.abs(came - (ahead - behind).T / (2 * h)).max() < 1e-6
    assert len(seen) > 1  # supports of several sizes


@pytest.mark.parametrize("name", NAMES[1:], ids=str)
def test_gradients_of_gradients(name: object) -> None:
    """All of the support, so that no edge of it is near."""
    z = torch.tensor([[0.02, -0.01, 0.004, 0.014]], dtype=torch.float64, requires_grad=True)
    activation = activation_named(name)
    assert bool((activate(z, activation) > 0.05).all())
    assert torch.autograd.gradcheck(lambda x: activate(x, activation), z)
    assert torch.autograd.gradgradcheck(lambda x: activate(x, activation), z)


def test_by_hand() -> None:
    """sparsemax (1, 0.5, -2): tau = 0.25. Two equal numbers share; a lead of the margin takes all."""
    assert entmax(torch.tensor([1.0, 0.5, -2.0]), 2.0).tolist() == [0.75, 0.25, 0.0]
    for p in (entmax(torch.tensor([3.0, 3.0, 0.0]), 1.5), normmax(torch.tensor([3.0, 3.0, 0.0]), 2.0)):
        assert p.tolist() == pytest.approx([0.5, 0.5, 0.0], abs=1e-6)
    for p in (entmax(torch.tensor([2.0, 0.0]), 1.5), entmax(torch.tensor([1.0, 0.0]), 2.0),
              normmax(torch.tensor([1.0, 0.0]), 2.0)):  # fmt: skip
        assert p.tolist() == [1.0, 0.0]
