"""Fused ELM sequences against the reference step and its finite differences, for every form of the input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikegram.kernels.elm import (
    ELMWeights,
    elm_backward,
    elm_forward,
    elm_sequence,
    elm_weights,
)
from spikegram.kernels.elm_events import find_events
from spikegram.neurons import ELMParams, ELMState, elm_init, elm_random, elm_step, random_routing

EXACT = {"float64": 1e-12, "float32": 2e-5}
T, B = 23, 5
# inputs, memory: with fewer branches than hidden units traces live on branches, with more on the hidden layer
FORMS = {
    "hidden": dict(inputs=12, memory=3),
    "branch": dict(inputs=12, memory=5, branches=3),
    "synapse": dict(inputs=12, memory=4, branches=3, spread=True),
    "bare": dict(inputs=12, memory=3, outputs=None),
    "routed": dict(inputs=7, memory=2, branches=6, routed=3),
}


def neuron(form: str, rng: np.random.Generator, **others) -> ELMParams:
    given = dict(FORMS[form])
    spread, routed = given.pop("spread", False), given.pop("routed", 0)
    if routed:
        given["routing"] = random_routing(given["inputs"], given["branches"], routed, rng)
    p = elm_random(**{"outputs": 2, **given}, rng=rng, **others)
    p = replace(p, w_raw=rng.uniform(-0.2, 1, p.w_raw.size))
    return replace(p, tau_s=rng.uniform(2, 9, p.traces)) if spread else p


def spikes(rng: np.random.Generator, density: float, N: int) -> np.ndarray:
    return (rng.random((T, B, N)) < density) * rng.uniform(0.5, 1.5, (T, B, N))


def start(p: ELMParams, rng: np.random.Generator) -> ELMState:
    zero = elm_init((B,), p)
    return ELMState(rng.normal(size=zero.s.shape), rng.normal(size=zero.m.shape))


def reference(x: np.ndarray, p: ELMParams, state: ELMState, dt: float) -> tuple[np.ndarray, ELMState]:
    out = []
    for inputs in x:
        y, state = elm_step(state, inputs, p, dt)
        out.append(y)
    return np.array(out), state


@pytest.mark.parametrize("density", [0.05, 0.9])
@pytest.mark.parametrize("variant", ["v1", "v2"])
@pytest.mark.parametrize("form", FORMS)
def test_sequence_is_the_reference(form: str, variant: str, density: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = neuron(form, rng, variant=variant, activation="silu" if form == "branch" else "relu")
    x, state = spikes(rng, density, p.inputs), start(p, rng)
    y, end = elm_sequence(x, p, 1.5, state)
    y_ref, end_ref = reference(x, p, state, 1.5)
    for got, wanted in ((y, y_ref), (end.s, end_ref.s), (end.m, end_ref.m)):
        assert got == pytest.approx(wanted, rel=EXACT["float64"], abs=EXACT["float64"])


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_single_precision(form: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = neuron(form, rng)
    x, state = spikes(rng, 0.1, p.inputs), start(p, rng)
    y, end = elm_sequence(x.astype(np.float32), p, 1.0, state)
    assert y.dtype == end.s.dtype == end.m.dtype == np.float32
    assert y == pytest.approx(reference(x, p, state, 1.0)[0], rel=EXACT["float32"], abs=EXACT["float32"])


@pytest.mark.parametrize("density", [0.05, 0.9])
def test_split_runs_and_threads_agree(density: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = neuron("branch", rng)
    x = spikes(rng, density, p.inputs)
    y, end = elm_sequence(x, p, 1.0)
    for threads in (2, 3):
        again, _ = elm_sequence(x, p, 1.0, threads=threads)
        assert (again == y).all()
    first, middle = elm_sequence(x[:9], p, 1.0)
    second, last = elm_sequence(x[9:], p, 1.0, middle)
    assert np.concatenate([first, second]) == pytest.approx(y, rel=1e-12, abs=1e-12)
    assert last.s == pytest.approx(end.s, rel=1e-12)
    _, alone = elm_sequence(x[:, 2:3], p, 1.0)
    assert (alone.m[0] == end.m[2]).all()


def test_dense_and_listed_inputs_give_the_same_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for form in ("hidden", "branch"):
        p = neuron(form, rng)
        x = spikes(rng, 0.3, p.inputs)
        w, (f, m) = elm_weights(p, 1.0, x.dtype), state_arrays(p)
        dense = elm_forward(x, T, w, f, m, "relu", keep=False)
        listed = elm_forward(find_events(x), T, w, f, m, "relu", keep=True)
        assert all((u == v).all() for u, v in zip(dense[:3], listed[:3], strict=True))


def state_arrays(p: ELMParams) -> tuple[np.ndarray, ...]:
    w = elm_weights(p, 1.0, np.dtype(float))
    return np.zeros((B, w.kappa.size)), np.zeros((B, p.memory))


@pytest.mark.parametrize("form", ["hidden", "branch", "synapse"])
def test_split_passes_give_the_same_bits(form: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikegram.kernels.elm.ROWS", 8 * B)  # stretches of eight steps
    rng = np.random.default_rng(seed)
    p = neuron(form, rng)
    x = spikes(rng, 0.3, p.inputs)
    w, (f, m) = elm_weights(p, 1.0, x.dtype), state_arrays(p)
    y, f_end, m_end, _ = elm_forward(x, T, w, f, m, "relu", keep=False)
    for cut in (1, 8, T - 1):
        first, f1, m1, _ = elm_forward(x[:cut], cut, w, f, m, "relu", keep=True)
        second, f2, m2, _ = elm_forward(x[cut:], T - cut, w, f1, m1, "relu", keep=False)
        assert (np.concatenate([first, second]) == y).all() and (f2 == f_end).all() and (m2 == m_end).all()


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(("form", "activation"), [("hidden", "silu"), ("branch", "relu"), ("bare", "relu")])
def test_gradients_are_finite_differences(
    form: str, activation: str, keep: bool, listed: bool, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spikegram.kernels.elm.ROWS", 8 * B)  # three stretches of time
    rng = np.random.default_rng(seed)
    p = neuron(form, rng, activation=activation)
    x = spikes(rng, 0.3, p.inputs)
    inputs = find_events(x) if listed else x
    w, (f, m) = elm_weights(p, 1.0, x.dtype), state_arrays(p)
    f, m = rng.normal(size=f.shape), rng.normal(size=m.shape)
    g_y, g_f, g_m = (rng.normal(size=shape) for shape in ((T, B, p.memory if p.Wy is None else 2), f.shape, m.shape))

    def loss(inputs, w: ELMWeights, f: np.ndarray, m: np.ndarray) -> float:
        y, f, m, _ = elm_forward(inputs, T, w, f, m, activation, keep=keep)
        return float((y * g_y).sum() + (f * g_f).sum() + (m * g_m).sum())

    *_, kept = elm_forward(inputs, T, w, f, m, activation, keep=keep)
    assert len(kept.f) == 3 and len(kept.a) == len(kept.proposal) == T * keep
    grads = elm_backward(inputs, w, m, activation, kept, g_y, g_f, g_m, to_inputs=True)
    for threads in (2, 3):
        again = elm_backward(inputs, w, m, activation, kept, g_y, g_f, g_m, to_inputs=True, threads=threads)
        assert all((u == v).all() for u, v in zip(grads, again, strict=True) if u is not None)

    names = [n for n in ELMWeights._fields if n != "kappa" and getattr(w, n) is not None]
    for name in (*names, "f", "m", "x"):
        old = dict(f=f, m=m, x=inputs.value if listed else x).get(name)
        old = getattr(w, name) if old is None else old
        way = rng.normal(size=old.shape)

        def moved(h: float, name=name, old=old, way=way) -> float:
            new, args = old + h * way, dict(inputs=inputs, w=w, f=f, m=m)
            if name == "x":
                args["inputs"] = inputs._replace(value=new) if listed else new
            elif name in args:
                args[name] = new
            else:
                args["w"] = w._replace(**{name: new})
            return loss(**args)

        h = 1e-5
        assert (moved(h) - moved(-h)) / (2 * h) == pytest.approx(float((getattr(grads, name) * way).sum()), rel=2e-6), (
            name
        )


def test_nothing_is_left_unset(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    p = neuron("hidden", rng)
    x = spikes(rng, 0.3, p.inputs)
    w, (f, m) = elm_weights(p, 1.0, x.dtype), state_arrays(p)
    before = elm_forward(x, T, w, f, m, "relu", keep=False)

    def empty(shape, dtype=float):
        return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 7, dtype)

    monkeypatch.setattr(np, "empty", empty)
    after = elm_forward(x, T, w, f, m, "relu", keep=False)
    assert all((u == v).all() for u, v in zip(before[:3], after[:3], strict=True))
    ones = (np.ones_like(a) for a in after[:3])
    back = elm_backward(x, w, m, "relu", after[3], *ones, to_inputs=True)
    assert all(np.isfinite(g).all() for g in back if g is not None)


def test_nan_in_an_input_reaches_the_output(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = neuron("hidden", rng)
    x = spikes(rng, 0.2, p.inputs)
    x[7, 3, 2] = np.nan
    y, _ = elm_sequence(x, p, 1.0)
    assert np.isnan(y[7:, 3]).all() and np.isfinite(np.delete(y, 3, axis=1)).all() and np.isfinite(y[:7]).all()


def test_empty_sequences_and_batches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = neuron("hidden", rng)
    state = start(p, rng)
    y, end = elm_sequence(np.zeros((0, B, p.inputs)), p, 1.0, state)
    assert y.shape == (0, B, 2) and (end.s == state.s).all() and (end.m == state.m).all()
    y, end = elm_sequence(np.zeros((T, 0, p.inputs)), p, 1.0)
    assert y.shape == (T, 0, 2) and end.m.shape == (0, p.memory)


def test_errors(seed: int) -> None:
    p = neuron("hidden", np.random.default_rng(seed))
    with pytest.raises(ValueError, match=r"x: expected \[T, B, N\] with N = 12, got \[3, 12\]"):
        elm_sequence(np.zeros((3, 12)), p, 1.0)
    with pytest.raises(TypeError, match="x: expected float32 or float64, got int64"):
        elm_sequence(np.zeros((3, 1, 12), int), p, 1.0)
