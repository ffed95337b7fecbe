"""Hopfield layers: attention, the memory's own update, the loop, masks, pooling of bags."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from spikegram.bridges.torch import Hopfield, HopfieldLayer, HopfieldPooling, load, save  # noqa: E402
from spikegram.bridges.torch.hopfield import associate  # noqa: E402
from spikegram.networks.hopfield_forms import retrieve  # noqa: E402

MEMORY: dict[str, Any] = dict(
    state_pattern_as_static=True, stored_pattern_as_static=True, pattern_projection_as_static=True,
    normalize_state_pattern=False, normalize_stored_pattern=False, normalize_pattern_projection=False,
    disable_out_projection=True,
)  # fmt: skip
PLAIN: dict[str, Any] = dict(
    normalize_state_pattern=False, normalize_stored_pattern=False, normalize_pattern_projection=False
)


@pytest.fixture
def make(seed: int) -> Any:
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    return lambda *shape, dtype=torch.float32: torch.randn(*shape, generator=generator, dtype=dtype)


def widen(layer: Any) -> Any:
    """Larger weights, so that a wrong projection shows."""
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return layer


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
    pooled = HopfieldPooling(4, quantity=2, activation=activation)
    again = HopfieldPooling(**pooled.config())
    again.load_state_dict(pooled.state_dict())
    x = make(2, 5, 4)
    assert torch.equal(again(x), pooled(x)) and pooled.hopfield.config()["activation"] in (activation, list(activation))


@pytest.mark.parametrize("stop_on", ["p", "state"])
def test_heads_stop_one_by_one(stop_on: str, make: Any) -> None:
    q, k = make(2, 3, 4, 5, dtype=torch.float64), make(2, 3, 6, 5, dtype=torch.float64)
    beta, eps = torch.tensor([0.05, 0.8, 3.0], dtype=torch.float64), 1e-3
    for head in range(3):  # written out, a head at a time
        state = q[:, head]
        p = torch.softmax(beta[head] * state @ k[:, head].transpose(1, 2), -1)
        for _ in range(500):
            fresh = p @ k[:, head]
            q_change = (fresh - state).norm(dim=(1, 2)).max()
            state = fresh
            again = torch.softmax(beta[head] * state @ k[:, head].transpose(1, 2), -1)
            p_change = (again - p).norm(dim=(1, 2)).max()
            p = again
            if (p_change if stop_on == "p" else q_change) <= eps:
                break
        came = associate(q, k, k, beta, steps=None, eps=eps, stop_on=stop_on)[:, head]
        assert (came - p @ k[:, head]).abs().max() < 1e-12


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


@pytest.mark.slow
def test_compiles_without_a_break(make: Any) -> None:
    layer = HopfieldPooling(8, num_heads=2, update_steps_max=1, update_steps_eps=0.0)
    x = make(2, 5, 8)
    whole = torch.compile(layer, fullgraph=True, backend="eager")
    assert torch.allclose(whole(x), layer(x), atol=1e-6)


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


def test_pooling_does_not_see_the_order(make: Any) -> None:
    layer = widen(HopfieldPooling(6, quantity=2, output_size=3))
    x = make(4, 9, 6)
    y = layer(x)
    assert y.shape == (4, 6) and layer.associations(x).shape == (4, 1, 2, 9)
    assert (layer(x[:, torch.randperm(9)]) - y).abs().max() < 1e-6
    fixed = HopfieldPooling(6, trainable=False)
    assert not fixed.pooling_weights.requires_grad
    assert HopfieldPooling(**layer.config()).config() == layer.config()
    padded = torch.cat([x, make(4, 2, 6)], 1)
    mask = torch.zeros(4, 11, dtype=torch.bool)
    mask[:, 9:] = True
    assert (layer(padded, mask) - y).abs().max() < 1e-6


def test_layer_looks_up_what_it_learned(make: Any) -> None:
    one, two = HopfieldLayer(6, quantity=5), HopfieldLayer(6, quantity=5, lookup_weights_as_separated=True)
    x = make(2, 3, 6)
    assert one(x).shape == two(x).shape == (2, 3, 6) and one.associations(x).shape == (2, 1, 3, 5)
    assert one.target_weights is None and two.target_weights.shape == (5, 6)
    nearest = HopfieldLayer(6, quantity=5, scaling=100.0, **MEMORY)
    with torch.no_grad():
        nearest.lookup_weights.copy_(torch.eye(6)[:5])
    assert torch.allclose(nearest(torch.eye(6)[None, [3]]), torch.eye(6)[None, [3]])
    assert HopfieldLayer(**two.config()).config() == two.config()


def test_saved_and_loaded(tmp_path: Path, make: Any) -> None:
    x = make(2, 5, 8)
    for layer in (Hopfield(8, num_heads=2, scaling=[0.5, 2.0]), HopfieldPooling(8, 3), HopfieldLayer(8, 4)):
        save(tmp_path / "layer.pt", widen(layer))
        again = load(tmp_path / "layer.pt")
        assert torch.equal(again(x), layer(x)) and again.config() == layer.config()


def test_layer_learns_to_classify(seed: int) -> None:
    torch.manual_seed(seed)
    centres = torch.eye(4) * 3
    x = (centres.repeat(30, 1) + 0.5 * torch.randn(120, 4)).unsqueeze(1)
    label = torch.arange(4).repeat(30)
    layer = HopfieldLayer(4, quantity=16, lookup_weights_as_separated=True, scaling=4.0)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
    for _ in range(200):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(layer(x).squeeze(1), label).backward()
        optimiser.step()
    assert (layer(x).squeeze(1).argmax(1) == label).float().mean() > 0.95


@pytest.mark.slow
def test_pooling_finds_a_nine_in_a_bag(seed: int) -> None:
    from sklearn.datasets import load_digits
    from sklearn.metrics import roc_auc_score

    data, rng = load_digits(), np.random.default_rng(seed)
    torch.manual_seed(seed)
    image, is_nine = torch.tensor(data.data / 16, dtype=torch.float32), data.target == 9

    def bags(pool: np.ndarray, n: int) -> tuple[Any, Any]:
        others, nines = pool[~is_nine[pool]], pool[is_nine[pool]]
        index = rng.choice(others, (n, 10))
        index[: n // 2, 0] = rng.choice(nines, n // 2)
        index = rng.permuted(index, axis=1)
        return image[index], torch.tensor(is_nine[index].any(1), dtype=torch.float32)

    order = rng.permutation(len(image))
    (x, y), (x_test, y_test) = bags(order[:1300], 1000), bags(order[1300:], 400)
    pool = HopfieldPooling(64, output_size=32)
    net = torch.nn.Sequential(pool, torch.nn.ReLU(), torch.nn.Linear(32, 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(100):
            optimiser.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(net(x[rows]).squeeze(1), y[rows]).backward()
            optimiser.step()
    assert roc_auc_score(y_test, net(x_test).detach().squeeze(1)) >= 0.95


def test_messages(make: Any) -> None:
    x = make(2, 5, 8)
    for call, message in [
        (lambda: Hopfield(), "input_size: needed unless all inputs are static"),
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
        (lambda: HopfieldLayer(8, pattern_projection_size=4), "lookup_weights_as_separated"),
        (lambda: Hopfield(**{**MEMORY, "normalize_state_pattern": True}), "normalize_state_pattern: needs the width"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def test_a_loop_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    monkeypatch.setattr("spikegram.bridges.torch.hopfield._MOST_STEPS", 3)
    Y = make(1, 40, 3)
    for stop_on in ("p", "state"):
        layer = Hopfield(scaling=1.0, update_steps_max=None, update_steps_eps=1e-300, stop_on=stop_on, **MEMORY)
        with pytest.raises(RuntimeError, match="update_steps_max=None: not converged to update_steps_eps=1e-300"):
            layer((Y, Y, Y))
