"""The Hopfield layer: attention, the memory's own update, masks, widths, messages."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hopfield_cases import MEMORY, maker, widen  # noqa: E402

from spikegram.bridges.torch import Hopfield, load, save  # noqa: E402
from spikegram.networks.hopfield_forms import retrieve  # noqa: E402

PLAIN: dict[str, Any] = dict(
    normalize_state_pattern=False, normalize_stored_pattern=False, normalize_pattern_projection=False
)


@pytest.fixture
def make(seed: int) -> Any:
    return maker(seed)


@pytest.mark.parametrize("heads", [1, 4])
def test_attention_identity(heads: int, make: Any) -> None:
    layer = widen(Hopfield(32, num_heads=heads, **PLAIN))
    other = torch.nn.MultiheadAttention(32, heads, batch_first=True)
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([p.weight for p in (layer.q_proj, layer.k_proj, layer.v_proj)]))
        other.in_proj_bias.copy_(torch.cat([p.bias for p in (layer.q_proj, layer.k_proj, layer.v_proj)]))
        other.out_proj.load_state_dict(layer.out_proj.state_dict())
    R, Y = make(3, 7, 32), make(3, 11, 32)
    padding = torch.zeros(3, 11, dtype=torch.bool)
    padding[1, 5:] = True
    want, p = other(R, Y, Y, key_padding_mask=padding, average_attn_weights=False)
    assert (layer((Y, R, Y), padding) - want).abs().max() < 1e-5
    assert (layer.associations((Y, R, Y), padding) - p).abs().max() < 1e-6
    one = layer(R, association_mask=torch.ones(7, 7, dtype=torch.bool).triu(1))
    want, _ = other(R, R, R, attn_mask=torch.ones(7, 7, dtype=torch.bool).triu(1))
    assert (one - want).abs().max() < 1e-5


@pytest.mark.parametrize("stop_on", ["p", "state"])
@pytest.mark.parametrize(("steps", "eps"), [(0, 1e-4), (3, 1e-9), (3, 0.0), (None, 1e-9)])
def test_pure_memory_is_the_reference(steps: int | None, eps: float, stop_on: str, make: Any) -> None:
    Y, R = make(1, 9, 6, dtype=torch.float64), make(1, 1, 6, dtype=torch.float64)
    layer = Hopfield(scaling=0.8, update_steps_max=steps, update_steps_eps=eps, stop_on=stop_on, **MEMORY)
    want = retrieve(Y[0].numpy(), R[0, 0].numpy(), 0.8, steps, eps, "p")
    assert np.abs(layer((Y, R, Y))[0, 0].numpy() - want.states).max() < 1e-7
    assert np.abs(layer.associations((Y, R, Y))[0, 0, 0].numpy() - want.p).max() < 1e-7
    assert Hopfield(**MEMORY).scaling == 1.0


SPARSE = ["sparsemax", "entmax15", "normmax", ("entmax", 1.3), ("normmax", 4.0)]


@pytest.mark.parametrize("activation", SPARSE, ids=str)
@pytest.mark.parametrize("stop_on", ["p", "state"])
def test_sparse_memory_is_the_reference(stop_on: str, activation: Any, make: Any) -> None:
    Y, R = make(1, 9, 6, dtype=torch.float64), make(1, 1, 6, dtype=torch.float64)
    for steps, eps in ((0, 1e-4), (3, 0.0), (None, 1e-9)):
        layer = Hopfield(
            scaling=0.4, activation=activation, update_steps_max=steps, update_steps_eps=eps, stop_on=stop_on, **MEMORY
        )
        want = retrieve(Y[0].numpy(), R[0, 0].numpy(), 0.4, steps, eps, "p", activation)
        assert np.abs(layer((Y, R, Y))[0, 0].numpy() - want.states).max() < 1e-7
        p = layer.associations((Y, R, Y))[0, 0, 0].numpy()
        assert np.abs(p - want.p).max() < 1e-7 and ((p == 0).any() or activation == ("entmax", 1.3))


def test_sparse_memory_is_exact_from_the_margin_on() -> None:
    """Orthonormal patterns have the lead beta."""
    Y = torch.eye(5, dtype=torch.float64)[None]
    for activation, margin in (("sparsemax", 1.0), ("entmax15", 2.0), ("normmax", 1.0)):
        assert torch.equal(Hopfield(scaling=margin, activation=activation, **MEMORY)(Y), Y)
        assert not torch.equal(Hopfield(scaling=0.9 * margin, activation=activation, **MEMORY)(Y), Y)


@pytest.mark.parametrize("activation", SPARSE, ids=str)
def test_gradients_of_sparse_layers(activation: Any, make: Any) -> None:
    layer = widen(Hopfield(4, num_heads=2, dtype=torch.float64, update_steps_max=1, activation=activation))
    Y, R = (make(1, n, 4, dtype=torch.float64).requires_grad_() for n in (4, 2))
    padding = torch.tensor([[False, False, True, False]])
    assert torch.autograd.gradcheck(lambda y, r: layer((y, r, y), padding), (Y, R))


def test_paper_form_projects_the_keys_again(make: Any) -> None:
    layer = widen(Hopfield(8, num_heads=2, input_bias=False, pattern_projection_as_connected=True, **PLAIN))
    R, Y = make(2, 3, 8), make(2, 5, 8)
    A = Y @ layer.k_proj.weight.T @ layer.v_proj.weight.T
    Q, K = R @ layer.q_proj.weight.T, Y @ layer.k_proj.weight.T
    heads = [
        torch.softmax(Q[..., h] @ K[..., h].transpose(1, 2) / 2, -1) @ A[..., h] for h in (slice(0, 4), slice(4, 8))
    ]
    assert (layer((Y, R, Y)) - torch.cat(heads, -1) @ layer.out_proj.weight.T).abs().max() < 1e-5


def test_zero_association(make: Any) -> None:
    layer = Hopfield(scaling=1.0, add_zero_association=True, **MEMORY)
    Y, R = make(1, 4, 3), torch.zeros(1, 1, 3)
    assert torch.allclose(layer((Y, R, Y)), Y.sum(1, keepdim=True) / 5, atol=1e-6)
    everything = torch.ones(1, 4, dtype=torch.bool)
    assert layer((Y, R, Y), everything).abs().max() == 0  # the zero pattern cannot be left out


def test_widths_heads_and_axes(make: Any) -> None:
    layer = Hopfield(
        8, hidden_size=5, output_size=3, pattern_size=4, num_heads=2, stored_pattern_size=6, pattern_projection_size=7
    )
    Y, R, V = make(2, 9, 6), make(2, 4, 8), make(2, 9, 7)
    y = layer((Y, R, V))
    assert y.shape == (2, 4, 3) and layer.scaling == pytest.approx(5**-0.5)
    first = Hopfield(**{**layer.config(), "batch_first": False})
    first.load_state_dict(layer.state_dict())
    assert torch.equal(first(tuple(x.transpose(0, 1) for x in (Y, R, V))).transpose(0, 1), y)
    assert "hidden_size=5" in repr(layer)
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(again((Y, R, V)), y)


def test_gradients(make: Any) -> None:
    for options in (dict(), dict(update_steps_max=2, update_steps_eps=0.0), dict(update_steps_max=2, stop_on="p")):
        layer = widen(Hopfield(4, num_heads=2, dtype=torch.float64, **options))
        Y, R = (make(2, n, 4, dtype=torch.float64).requires_grad_() for n in (5, 3))
        assert torch.autograd.gradcheck(lambda y, r, layer=layer: layer((y, r, y)), (Y, R))


def test_autocast_and_half_precision(make: Any) -> None:
    layer, x = Hopfield(8), make(2, 5, 8)
    want = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert (layer(x).float() - want).abs().max() < 1e-3
    assert (layer.bfloat16()(x.bfloat16()).float() - want).abs().max() < 1e-3


def test_dropout_acts_while_training_only(make: Any) -> None:
    layer, x = widen(Hopfield(8, dropout=0.5)), make(2, 5, 8)
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))


def test_saved_and_loaded(tmp_path: Path, make: Any) -> None:
    x = make(2, 5, 8)
    layer = widen(Hopfield(8, num_heads=2, scaling=[0.5, 2.0]))
    save(tmp_path / "layer.pt", layer)
    again = load(tmp_path / "layer.pt")
    assert torch.equal(again(x), layer(x)) and again.config() == layer.config()


def test_messages(make: Any) -> None:
    x = make(2, 5, 8)
    for call, message in [
        (lambda: Hopfield(), "input_size: needed unless all inputs are static"),
        (lambda: Hopfield(0), "^input_size: expected a whole number of at least 1, got 0"),
        (lambda: Hopfield(8, hidden_size=2.5), "^hidden_size: expected a whole number of at least 1, got 2.5"),
        (lambda: Hopfield(8, output_size=-1), "^output_size: expected a whole number of at least 1, got -1"),
        (lambda: Hopfield(8, pattern_size=0), "^pattern_size: expected a whole number of at least 1, got 0"),
        (lambda: Hopfield(8, stored_pattern_size=0), "^stored_pattern_size: expected a whole number"),
        (lambda: Hopfield(8, pattern_projection_size=True), "^pattern_projection_size: expected a whole number"),
        (lambda: Hopfield(8, num_heads=3), "input_size: expected a multiple of num_heads = 3, got 8"),
        (lambda: Hopfield(8, num_heads=0), "num_heads: expected a whole number of at least 1, got 0"),
        (lambda: Hopfield(8, scaling=[1.0, 2.0]), "scaling: expected a number or one for each of 1 heads"),
        (lambda: Hopfield(8, update_steps_max=-1), "update_steps_max: expected a whole number of at least 0"),
        (lambda: Hopfield(8, update_steps_max=None, update_steps_eps=0), "update_steps_eps: expected a number > 0"),
        (lambda: Hopfield(8, activation="relu"), "activation: expected one of softmax, sparsemax"),
        (lambda: Hopfield(8, stop_on="xi"), "stop_on: expected 'p' or 'state'"),
        (lambda: Hopfield(8, dropout=1.0), "dropout: expected a share"),
        (
            lambda: Hopfield(8, num_heads=2, stored_pattern_as_static=True),
            "stored_pattern_as_static: expected its width",
        ),
        (lambda: Hopfield(8, pattern_projection_as_connected=True, stored_pattern_as_static=True), "as_connected"),
        (lambda: Hopfield(8)(make(2, 5, 7)), r"state must be \(B, L, 8\), got \(2, 5, 7\)"),
        (lambda: Hopfield(8)((x, x[:1], x)), "do not fit each other"),
        (lambda: Hopfield(8)(x, torch.zeros(2, 5)), "stored_pattern_padding_mask: expected bool"),
        (lambda: Hopfield(8)(x, None, torch.zeros(5, 4)), r"association_mask: expected \(5, 5\)"),
        (lambda: Hopfield(**{**MEMORY, "normalize_state_pattern": True}), "normalize_state_pattern: needs the width"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
