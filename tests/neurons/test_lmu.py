"""Reference step of the Legendre Memory Unit."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.neurons.legendre import LegendreParams, discretise
from spikegram.neurons.lmu import LMUParams, LMUState, lmu_init, lmu_step


def draw(rng: np.random.Generator, k: int, d: int, q: int, n: int, **changes: object) -> LMUParams:
    """A cell in which every coupling is there."""
    shapes = dict(
        e_x=(d, k), e_h=(d, n), e_m=(d, d * q), W_x=(n, k), W_h=(n, n), W_m=(n, d * q), b_u=(d,), b_h=(n,)
    )  # fmt: skip
    weights = {name: 0.3 * rng.normal(size=shape) for name, shape in shapes.items()}
    return LMUParams(LegendreParams(q, 12.0), **(weights | changes))


def test_by_hand() -> None:
    """One unit, one memory of order 1: m' = a m + (1 - a) u."""
    a = np.exp(-1 / 5)
    params = LMUParams(
        LegendreParams(1, 5.0), e_x=[[2.0]], e_h=[[0.5]], e_m=[[0.25]], W_x=[[0.1]], W_h=[[0.2]], W_m=[[0.3]],
        b_u=[0.01], b_h=[0.02],
    )  # fmt: skip
    h, m = 0.4, -0.6
    new, state = lmu_step(LMUState(np.array([h]), np.array([[m]])), [1.5], params)
    u = 2.0 * 1.5 + 0.5 * h + 0.25 * m + 0.01
    m = a * m + (1 - a) * u
    assert state.m[0, 0] == pytest.approx(m, rel=1e-12)
    assert new[0] == pytest.approx(np.tanh(0.1 * 1.5 + 0.2 * h + 0.3 * m + 0.02), rel=1e-12)
    assert state.h is new


def test_every_index() -> None:
    """Against the sums written out, for several memories and a batch."""
    rng = np.random.default_rng(5)
    k, d, q, n = 3, 2, 4, 5
    p = draw(rng, k, d, q, n, encoder="relu", activation="identity")
    A, B = discretise(q, 12.0, dt=0.5)
    x, h, m = rng.normal(size=(2, k)), rng.normal(size=(2, n)), rng.normal(size=(2, d, q))
    new, state = lmu_step(LMUState(h, m), x, p, dt=0.5)
    for b in range(2):
        M = np.empty((d, q))
        for c in range(d):
            u = p.b_u[c] + sum(p.e_x[c, i] * x[b, i] for i in range(k)) + sum(p.e_h[c, i] * h[b, i] for i in range(n))
            u += sum(p.e_m[c, e * q + i] * m[b, e, i] for e in range(d) for i in range(q))
            M[c] = [sum(A[i, j] * m[b, c, j] for j in range(q)) + B[i] * max(u, 0) for i in range(q)]
        assert state.m[b] == pytest.approx(M, rel=1e-12, abs=1e-14)
        for i in range(n):
            value = p.b_h[i] + sum(p.W_x[i, j] * x[b, j] for j in range(k))
            value += sum(p.W_h[i, j] * h[b, j] for j in range(n))
            value += sum(p.W_m[i, e * q + j] * M[e, j] for e in range(d) for j in range(q))
            assert new[b, i] == pytest.approx(value, rel=1e-12, abs=1e-14)


def test_absent_couplings_are_zeros() -> None:
    rng = np.random.default_rng(6)
    full = draw(rng, 2, 3, 4, 5)
    names = ("e_h", "e_m", "W_x", "W_h", "b_u", "b_h")
    zeros = {name: np.zeros_like(getattr(full, name)) for name in names}
    none = dict.fromkeys(names)
    states = []
    for changes in (zeros, none):
        p = LMUParams(full.memory, full.e_x, full.W_m, **changes)
        state = lmu_init((7,), p)
        for x in np.random.default_rng(7).normal(size=(20, 7, 2)):
            _, state = lmu_step(state, x, p)
        states.append(state)
    assert states[0].h == pytest.approx(states[1].h, abs=1e-15)
    assert np.array_equal(states[0].m, states[1].m)


def test_published_parameter_counts() -> None:
    """PsMNIST: 2019 n = 212, q = 256; 2021 n = 346, q = 468 with constants and without recurrence; readout of 10."""
    n, q = 212, 256
    learned = [np.zeros(s) for s in ((1, 1), (1, n), (1, q), (n, 1), (n, n), (n, q))]
    LMUParams(LegendreParams(q, 784.0), **dict(zip(("e_x", "e_h", "e_m", "W_x", "W_h", "W_m"), learned, strict=True)))
    assert sum(w.size for w in learned) + 10 * n + 10 == 102_027
    assert sum(w.size for w in learned) + q * q + q == 165_689
    n, q = 346, 468
    learned = [np.zeros(s) for s in ((1, 1), (1,), (n, 1), (n, q), (n,))]
    LMUParams(LegendreParams(q, 784.0), **dict(zip(("e_x", "b_u", "W_x", "W_m", "b_h"), learned, strict=True)))
    assert sum(w.size for w in learned) + 10 * n + 10 == 166_092


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(e_h=np.zeros((2, 4))), r"LMUParams.e_h: expected shape \[3, 5\] .* got \[2, 4\]"),
        (dict(W_m=np.zeros((5, 13))), r"LMUParams.W_m: expected shape \[5, 12\]"),
        (dict(b_h=np.zeros(3)), r"LMUParams.b_h: expected shape \[5\] .* got \[3\]"),
        (dict(e_x=np.zeros(3)), r"LMUParams: expected matrices e_x \[d, k\] and W_m \[n, d q\], got \[3\]"),
        (dict(activation="sin"), r"LMUParams.activation: expected one of identity, relu, tanh, got 'sin'"),
    ],
)
def test_refused_weights(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(np.random.default_rng(0), 2, 3, 4, 5, **change)


def test_refused_inputs() -> None:
    p = draw(np.random.default_rng(0), 2, 3, 4, 5)
    with pytest.raises(ValueError, match=r"inputs: expected shape \[7, 2\], got \[7, 3\]"):
        lmu_step(lmu_init((7,), p), np.zeros((7, 3)), p)
    with pytest.raises(ValueError, match=r"state.h: expected shape \[8, 5\], got \[7, 5\]"):
        lmu_step(lmu_init((7,), p), np.zeros((8, 2)), p)
    with pytest.raises(TypeError, match=r"LMUParams.memory: expected LegendreParams, got int"):
        LMUParams(4, [[1.0]], [[1.0]])
