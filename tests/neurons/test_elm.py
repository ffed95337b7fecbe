"""ELM neuron: step by hand, closed forms, published parameter counts, bound, permutations, streaming, errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.neurons import (
    ELMParams,
    ELMState,
    elm_init,
    elm_random,
    elm_step,
    elm_timescales,
    neuronio_routing,
    random_routing,
)

EXACT = 1e-12
# Branch-ELM with 45 branches of 100 synapses and two outputs: memory units -> learned numbers (the authors' table)
PUBLISHED_COUNTS = {
    1: 4601, 2: 4708, 3: 4823, 5: 5077, 7: 5363, 10: 5852, 15: 6827, 20: 8002, 25: 9377, 30: 10952, 40: 14702,
    50: 19252, 75: 34127, 100: 54002,
}  # fmt: skip


def run(params: ELMParams, x: np.ndarray, dt: float = 1.0, state: ELMState | None = None):
    """Give outputs [T, ...], traces, memories and the last state for inputs [T, ..., N]."""
    state = elm_init(x.shape[1:-1], params) if state is None else state
    y, s, m = [], [], []
    for inputs in x:
        out, state = elm_step(state, inputs, params, dt)
        y.append(out), s.append(state.s), m.append(state.m)
    return np.array(y), np.array(s), np.array(m), state


def phi(a: float) -> float:
    return 1.7159 * np.tanh(2 * a / 3)


def constant_update(variant: str, lam: float, tau_m: np.ndarray, c: float) -> ELMParams:
    M = tau_m.size
    return ELMParams(
        w_raw=np.ones(2), W1=np.zeros((3, 2 + M)), b1=np.zeros(3), W2=np.zeros((M, 3)), b2=np.full(M, c), tau_m=tau_m,
        lam=lam, variant=variant,
    )  # fmt: skip


def test_one_step_by_hand() -> None:
    p = ELMParams(
        w_raw=np.array([0.5, -1.0, 2.0, 0.25]), W1=np.array([[1.0, 0.0, 2.0], [0.0, -1.0, 0.0]]),
        b1=np.array([0.1, 3.0]), W2=np.array([[1.0, -0.5]]), b2=np.array([0.2]), tau_m=np.array([10.0]),
        Wy=np.array([[2.0]]), by=np.array([-1.0]),
    )  # fmt: skip
    state = ELMState(np.array([1.0, 1.0, 0.0, 2.0]), np.array([0.4]))
    y, new = elm_step(state, np.array([1.0, 1.0, 1.0, 0.0]), p, dt=2.0)
    ks, km = np.exp(-2 / 5), np.exp(-2 / 10)
    s = np.array([ks + 0.5, ks, 2.0, 2 * ks])  # the second weight is negative: nothing arrives
    h = [(2 * ks + 0.5) + 2 * km * 0.4 + 0.1, 3.0 - (2.0 + 2 * ks)]
    assert h[1] < 0
    m = km * 0.4 + 5 * (1 - km) * phi(h[0] + 0.2)
    assert new.s == pytest.approx(s, rel=EXACT)
    assert new.m == pytest.approx([m], rel=EXACT)
    assert y == pytest.approx([2 * m - 1], rel=EXACT)


def test_silu_is_a_times_its_logistic() -> None:
    p = ELMParams(
        w_raw=np.ones(1), W1=np.array([[1.0, 0.0]]), b1=np.zeros(1), W2=np.ones((1, 1)), b2=np.zeros(1),
        tau_m=np.array([1e-3]), lam=1.0, activation="silu",
    )  # fmt: skip
    for a in (-800.0, -1.3, 0.0, 2.0, 800.0):
        _, new = elm_step(elm_init((), p), np.array([a]), p, dt=1.0)  # m = phi(silu(a)): tau_m is far below dt
        expected = phi(a / (1 + np.exp(-a))) if abs(a) < 100 else phi(max(a, 0))
        assert new.m[0] == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_trace_of_one_spike_and_of_constant_input() -> None:
    p = replace(
        constant_update("v1", 5.0, np.array([10.0]), 0.0), w_raw=np.array([0.7, 0.3]), tau_s=np.array([5.0, 20.0])
    )
    x = np.zeros((40, 2))
    x[3] = 1
    t = np.arange(40)[:, None]
    kappa = np.exp(-1 / np.array([5.0, 20.0]))
    assert run(p, x)[1] == pytest.approx(np.where(t < 3, 0, p.w_raw * kappa ** (t - 3.0)), abs=EXACT)
    assert run(p, np.ones((40, 2)))[1] == pytest.approx(p.w_raw * (1 - kappa ** (t + 1)) / (1 - kappa), rel=EXACT)


def test_memory_without_network_is_a_geometric_sum() -> None:
    tau, c = np.array([1.0, 10.0, 100.0, 1000.0]), 0.8
    kappa, t = np.exp(-1 / tau), np.arange(1, 61)[:, None]
    m = run(constant_update("v1", 5.0, tau, c), np.zeros((60, 2)))[2]
    assert m == pytest.approx(5 * phi(c) * (1 - kappa**t), rel=1e-11)
    m = run(constant_update("v2", 5.0, tau, c), np.zeros((60, 2)))[2]
    assert m == pytest.approx(phi(c) * (1 - np.exp(-5 / tau)) / (1 - kappa) * (1 - kappa**t), rel=1e-11)


@pytest.mark.parametrize(("variant", "gains"), [("v1", [5, 5, 5, 5]), ("v2", [1.5713, 4.1347, 4.9015, 4.9900])])
def test_steady_gains(variant: str, gains: list[float]) -> None:
    p = constant_update(variant, 5.0, np.array([1.0, 10.0, 100.0, 1000.0]), 1.0)
    steady = np.array(gains) * phi(1.0)
    _, new = elm_step(ELMState(np.zeros(2), steady), np.zeros(2), p, 1.0)
    assert new.m == pytest.approx(steady, rel=1e-5 if variant == "v2" else EXACT)  # v2 is published with five digits


def test_variants_agree_at_gain_one_only(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = elm_random(6, 4, 3, rng, branches=3, lam=1.0)
    x = rng.poisson(0.4, (50, 2, 6)).astype(float)
    y1, y2 = (run(replace(p, variant=v), x)[0] for v in ("v1", "v2"))
    assert np.abs(y1 - y2).max() < EXACT
    y1, y2 = (run(replace(p, variant=v, lam=5.0), x)[0] for v in ("v1", "v2"))
    assert np.abs(y1 - y2).max() > 1e-3


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.floats(0.01, 100.0), st.sampled_from(["v1", "v2"]), st.sampled_from(["relu", "silu"]))
def test_memory_is_bounded(seed: int, scale: float, variant: str, activation: str) -> None:
    rng = np.random.default_rng(seed)
    p = elm_random(3, 2, None, rng, variant=variant, activation=activation, tau_m=rng.uniform(0.1, 300, 2))
    p = replace(p, W2=p.W2 * scale, b2=p.b2 * scale, W1=p.W1 * scale)
    m = run(p, rng.normal(0, scale, (40, 3)))[2]
    assert np.abs(m).max() <= 1.7159 * 5.0 * (1 + EXACT)


@pytest.mark.parametrize("memory", PUBLISHED_COUNTS)
def test_published_parameter_counts(memory: int) -> None:
    p = elm_random(1278, memory, 2, np.random.default_rng(0), branches=45, routing=neuronio_routing(1278, 45, 100))
    assert p.parameter_count == PUBLISHED_COUNTS[memory]


@pytest.mark.parametrize(("classes", "count"), [(20, 183_020), (19, 182_919)])
def test_parameter_count_without_branches(classes: int, count: int) -> None:
    assert elm_random(700, 100, classes, np.random.default_rng(0)).parameter_count == count


def test_permutation_inside_a_branch_changes_nothing_across_branches_it_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = replace(elm_random(6, 4, 2, rng, branches=2), w_raw=rng.uniform(0.1, 1, 6))
    x = rng.poisson(0.5, (30, 6)).astype(float)
    y = run(p, x)[0]
    inside, across = [2, 0, 1, 4, 5, 3], [3, 1, 2, 0, 4, 5]
    assert run(replace(p, w_raw=p.w_raw[inside]), x[:, inside])[0] == pytest.approx(y, abs=EXACT)
    assert np.abs(run(replace(p, w_raw=p.w_raw[across]), x[:, across])[0] - y).max() > 1e-3


def test_carried_state_continues_the_run(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = elm_random(5, 3, 2, rng)
    x = rng.normal(size=(20, 4, 5))
    y, _, _, end = run(p, x)
    first, _, _, middle = run(p, x[:7])
    second, _, _, last = run(p, x[7:], state=middle)
    assert (np.concatenate([first, second]) == y).all()
    assert (last.s == end.s).all() and (last.m == end.m).all()


def test_routing_is_the_gathered_input(seed: int) -> None:
    rng = np.random.default_rng(seed)
    r = random_routing(5, 3, 4, rng)
    p = elm_random(5, 3, 2, rng, branches=3, routing=r)
    x = rng.normal(size=(20, 5))
    assert (run(p, x)[0] == run(replace(p, routing=None), x[:, r.source])[0]).all()


def test_timescales_are_log_spaced() -> None:
    assert elm_timescales(4) == pytest.approx([1, 10, 100, 1000])
    assert elm_timescales(3, 2, 50) == pytest.approx([2, 10, 50])


def test_astype_keeps_single_precision(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = elm_random(5, 3, 2, rng).astype(np.float32)
    y, _, _, state = run(p, rng.normal(size=(3, 5)).astype(np.float32))
    assert y.dtype == state.s.dtype == state.m.dtype == np.float32


GOOD = dict(
    w_raw=np.ones(4), W1=np.zeros((3, 4)), b1=np.zeros(3), W2=np.zeros((2, 3)), b2=np.zeros(2), tau_m=np.ones(2)
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(W1=np.zeros((3, 5))), r"W1: expected \[H, D \+ M\].*divisor of the 4 synapses, got \[3, 5\]"),
        (dict(W1=np.zeros((5, 4))), r"W1: expected shape \[3, 4\], got \[5, 4\]"),
        (dict(W2=np.zeros((3, 2))), r"W2: expected shape \[2, 3\], got \[3, 2\]"),
        (dict(b2=np.zeros(3)), r"b2: expected shape \[2\], got \[3\]"),
        (dict(Wy=np.zeros((1, 2))), "both Wy and by"),
        (dict(Wy=np.zeros((1, 3)), by=np.zeros(1)), r"Wy: expected shape \[1, 2\], got \[1, 3\]"),
        (dict(tau_m=np.array([1.0, -2.0])), r"tau_m: must be > 0 ms and finite, got -2.0"),
        (dict(tau_s=0.0), "tau_s: must be > 0 ms"),
        (dict(tau_s=np.ones(2)), r"tau_s: expected one value or \[4\], got shape \[2\]"),
        (dict(lam=0), "lam: expected a number > 0, got 0"),
        (dict(variant="v3"), "variant: expected v1 or v2, got 'v3'"),
        (dict(activation="gelu"), "activation: expected relu or silu, got 'gelu'"),
        (dict(w_raw=np.ones((2, 2))), "w_raw: expected a row of numbers"),
        (dict(routing=random_routing(9, 1, 3, np.random.default_rng(0))), "routing: expected 4 synapses, got 3"),
    ],
)
def test_errors_of_parameters(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ELMParams(**{**GOOD, **change})


def test_errors_of_a_step() -> None:
    p = ELMParams(**GOOD)
    state = elm_init((2,), p)
    with pytest.raises(ValueError, match=r"inputs: expected .* N = 4, got \[2, 3\]"):
        elm_step(state, np.zeros((2, 3)), p, 1.0)
    with pytest.raises(ValueError, match=r"state.s: expected \[3, 4\], got \[2, 4\]"):
        elm_step(state, np.zeros((3, 4)), p, 1.0)
    with pytest.raises(ValueError, match="dt: must be > 0 ms, got 0"):
        elm_step(state, np.zeros((2, 4)), p, 0)
    with pytest.raises(ValueError, match="low, high"):
        elm_timescales(3, 5, 2)
    with pytest.raises(ValueError, match="memory: expected an integer >= 1, got 0"):
        elm_timescales(0)
    with pytest.raises(ValueError, match="routing: expected 7 inputs, got 9"):
        elm_random(7, 2, 1, np.random.default_rng(0), routing=random_routing(9, 1, 3, np.random.default_rng(0)))
