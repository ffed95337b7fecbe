"""Sparsey: the published behaviour with its numbers, completion, replay, files, errors.

Numbers are those of `sparsey_items`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sparsey_items import ON, K, N, Q, items, setup_a, two_sequences

from spikegram.networks import Sparsey, SparseyLevel, code_overlap
from spikegram.neurons import SparseyParams
from spikegram.neurons.sparsey import SIGMOIDS
from spikegram.plasticity import SparseyRule

OVERLAPS = (20, 18, 16, 14, 12, 10, 6, 0)
SHARED = {
    1: (0.98, 0.97, 0.93, 0.84, 0.61, 0.29, 0.12, 0.13),
    4: (0.98, 0.76, 0.15, 0.12, 0.12, 0.12, 0.12, 0.13),
    10: (0.98, 0.13, 0.12, 0.12, 0.12, 0.12, 0.12, 0.13),
}


@pytest.mark.parametrize("power", SHARED)
def test_similar_inputs_get_similar_codes(power: int) -> None:
    """Mean part of shared winners of 200 memories of one item; K cells share 1/8 by chance."""
    shared = []
    for trial in range(200):
        order = np.random.default_rng(trial).permutation(N)
        cues = np.zeros((len(OVERLAPS), N), bool)
        for row, o in zip(cues, OVERLAPS, strict=True):
            row[order[:o]] = row[order[ON : 2 * ON - o]] = True
        memory = setup_a(trial, lambda_u=power)
        code = memory.learn(cues[:1]).codes
        shared.append(code_overlap(memory.recognise(cues, separate=True, hard=False).codes, code)[:, 0])
    mean = np.mean(shared, axis=0)
    assert np.abs(mean - SHARED[power]).max() < 0.03
    falling = mean[:-1] - mean[1:]
    assert (falling > -0.03).all() and abs(mean[-1] - 1 / K) < 0.03


def test_familiarity_of_a_stored_and_of_a_disjoint_input(seed: int) -> None:
    memory = setup_a(seed)
    stored = np.arange(N) < ON
    memory.store([stored])
    record = memory.recognise([stored, np.roll(stored, ON)], separate=True)
    assert record.G[:, 0].tolist() == [1.0, 0.0]


def stored_and_tested(power: int, number: int, seed: int) -> tuple[float, float]:
    """Code accuracy of hard recall, and G of inputs that were not stored."""
    rng = np.random.default_rng(seed)
    known, memory = items(rng, number), setup_a(seed, lambda_u=power)
    codes = memory.learn(known, separate=True).codes
    accuracy = code_overlap(memory.recognise(known, separate=True).codes, codes).mean()
    return float(accuracy), float(memory.recognise(items(rng, 200), separate=True).G.mean())


@pytest.mark.parametrize(
    ("power", "number", "accuracy", "unseen"),
    [
        *((1, 10, 1.0, 0.41), (1, 25, 1.0, None), (1, 50, 0.865, 0.98), (1, 100, 0.71, None)),
        *((10, 10, 1.0, 0.0), (10, 50, 0.998, 0.18), (10, 100, 0.85, None), (10, 200, 0.64, None)),
    ],
)
def test_capacity_of_random_items(power: int, number: int, accuracy: float, unseen: float | None, seed: int) -> None:
    # the numbers are of one memory each, which scatters by about 0.03
    came, G = np.mean([stored_and_tested(power, number, seed + k) for k in range(10)], axis=0)
    assert came == pytest.approx(accuracy, abs=0.03)
    if unseen is not None:
        assert G == pytest.approx(unseen, abs=0.04)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**31), power=st.integers(1, 12), number=st.integers(1, 120),
    sigmoid=st.sampled_from(list(SIGMOIDS)), decay=st.booleans(),
)  # fmt: skip
def test_what_was_just_stored_is_wholly_familiar_at_any_load(
    seed: int, power: int, number: int, sigmoid: Any, decay: bool
) -> None:
    """All synapses from the last input to its winners are set; every code has one winner in each module."""
    known = items(np.random.default_rng(seed), number)
    memory = setup_a(seed, rule=SparseyRule(decay=decay), lambda_u=power, sigmoid=sigmoid)
    before = memory.learn(known, separate=True)
    after = memory.recognise(known, separate=True)
    assert (after.G[:, 0] == 1).all()  # fewer frames than the table of age forgets in
    assert ((0 <= before.G) & (before.G <= 1)).all()
    for codes in (before.codes, after.codes):
        assert codes.shape == (number, 1, Q) and ((0 <= codes) & (codes < K)).all()


def test_capacity_formula_gives_the_half_full_memory(seed: int) -> None:
    memory = setup_a(seed, lambda_u=10)
    assert memory.capacity(ON) == pytest.approx(np.log(0.5) / np.log(1 - 20 / 144 / 8))
    memory.store(items(np.random.default_rng(seed), round(memory.capacity(ON))))
    assert memory.saturation()[0] == pytest.approx(0.5, abs=0.02)
    assert memory.capacity() == memory.capacity(ON)


def test_weights_follow_the_table_of_age_and_a_third_co_activity_is_permanent(seed: int) -> None:
    memory = setup_a(seed, rule=SparseyRule(decay=True))
    stored, blank = np.arange(N) < ON, np.zeros((2000, N), bool)

    def weights() -> set[int]:
        w = memory.weights(0)
        assert (w[ON:] == 0).all() and ((w > 0).sum((0, 2)) <= ON).all()
        return set(np.unique(w[:ON].max(-1)).tolist())

    memory.store([stored])  # at time 0
    memory.store(blank[:1998])
    assert weights() == {127}
    for more, expected in ((1, 120), (999, 120), (1, 50), (999, 50), (1, 0)):
        memory.store(blank[:more])
        assert weights() == {expected}, memory.frames_learned
    for _ in range(3):
        memory.store([stored])
        memory.store(blank[:99])
    for _ in range(5):
        memory.store(blank)
    w = memory.weights(0)[:ON]
    assert ((w == 127).all(0).sum(-1) == 1).mean() > 0.85  # a module wins again with probability 0.98
    assert np.isin(w, (0, 127)).all()


def test_one_frame_in_two_sequences_has_two_codes(seed: int) -> None:
    a, b = two_sequences(np.random.default_rng(seed))
    memory = setup_a(seed, "UH")
    codes = [memory.learn(x).codes for x in (a, b)]
    assert code_overlap(codes[0][2], codes[1][2])[0] < 0.7
    for x, code in zip((a, b), codes, strict=True):
        assert (code_overlap(memory.recognise(x).codes, code) >= 0.95).all()
    alone = setup_a(seed, "U")
    codes = [alone.learn(x).codes for x in (a, b)]
    assert code_overlap(codes[0][2], codes[1][2])[0] > 0.9  # each drawn winner fails with probability 0.02


def test_replay_goes_on_from_the_first_frame(seed: int) -> None:
    a, b = two_sequences(np.random.default_rng(seed))
    memory = setup_a(seed, "UH")
    for x in (a, b):
        codes = memory.learn(x).codes
        record = memory.replay(x[:1], 4)
        assert np.array_equal(record.codes, codes)
        assert np.array_equal(memory.reconstruct(record.codes) >= 0.99, x)
        assert record.used[:, 0].tolist() == [1, 2, 2, 2, 2]


def test_a_second_level_tells_contexts_apart(seed: int) -> None:
    """Two levels, the upper with codes for two frames: D supports what was seen with the parent's code before."""
    rng = np.random.default_rng(seed)
    memory = Sparsey(
        (16, 16),
        [
            SparseyLevel(SparseyParams(12, 6), grid=(2, 2), field=(8, 8)),
            SparseyLevel(SparseyParams(16, 6, persistence=2)),
        ],
        seed=seed,
    )
    frames = rng.random((6, 256)) < 0.3
    learned = memory.learn(frames)
    assert learned.used[:, 0].tolist() == [1, 7, 7, 7, 7, 7]
    assert learned.ages[:, 4].tolist() == [1, 2, 1, 2, 1, 2]
    again = memory.recognise(frames)
    assert (again.G == 1).all() and np.array_equal(again.codes, learned.codes)


def test_freezing_keeps_what_is_old(seed: int) -> None:
    """The first 25 items are recalled after 475 others only if the synapses were frozen."""
    rng = np.random.default_rng(seed)
    old, new = items(rng, 25), items(rng, 475)
    found = {}
    for freeze in (None, "mac", "cell"):
        memory = setup_a(seed, rule=SparseyRule(freeze=freeze, saturation=0.35), lambda_u=10)
        codes = memory.learn(old, separate=True).codes
        memory.store(new)
        found[freeze] = code_overlap(memory.recognise(old, separate=True).codes, codes).mean()
    assert found[None] < 0.75 and found["mac"] > 0.99 and found["cell"] > found[None] + 0.1


def test_completion_of_damaged_patterns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = items(rng, 10)
    memory = setup_a(seed)
    memory.store(known)
    cues = known.copy()
    for cue in cues:
        cue[rng.choice(np.flatnonzero(cue), 5, replace=False)] = False
    states, info = memory.recall(cues)
    assert np.array_equal(states, known) and info.support.max() == 1 and info.converged.all()


def test_nearest_stored_code_of_digits_falls_with_the_load() -> None:
    """One mac over dense digits saturates: 1000 items bring it to chance (the table is that of `sparsey-digits`)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images, labels = data.data >= 8, data.target
    found = {}
    for number in (5, 10, 100):
        order = np.random.default_rng(0).permutation(len(images))
        known = np.concatenate([order[labels[order] == k][:number] for k in range(10)])
        test = np.setdiff1d(order, known)[:500]
        memory = Sparsey(64, SparseyParams(24, 8, lambda_u=4))
        codes = memory.learn(images[known], separate=True).codes[:, 0]
        asked = memory.recognise(images[test], separate=True).codes[:, 0]
        nearest = code_overlap(asked[:, None], codes[None]).argmax(1)
        found[number] = (labels[known][nearest] == labels[test]).mean()
    assert found[5] == pytest.approx(0.225, abs=0.06) and found[10] == pytest.approx(0.155, abs=0.06)
    assert found[100] == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("decay", [False, True])
def test_saved_and_loaded_it_goes_on_alike(decay: bool, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = items(rng, 12)
    memory = setup_a(seed, "UH", SparseyRule(decay=decay, freeze="mac"))
    memory.learn(frames[:8])
    memory.save(tmp_path / "memory.npz")
    again = Sparsey.load(tmp_path / "memory.npz")
    assert repr(again) == repr(memory) and again.capacity() == memory.capacity()
    assert np.array_equal(again.learn(frames[8:]).codes, memory.learn(frames[8:]).codes)
    assert np.array_equal(again.weights(0, "H"), memory.weights(0, "H"))
    (tmp_path / "wrong.npz").write_bytes(b"no")
    with pytest.raises(ValueError, match="not a readable memory file"):
        Sparsey.load(tmp_path / "wrong.npz")


def test_a_sequence_in_parts_is_the_sequence(seed: int) -> None:
    frames = items(np.random.default_rng(seed), 9)
    whole, parts = (setup_a(seed, "UH", persistence=2) for _ in range(2))
    codes = whole.learn(frames).codes
    first = parts.learn(frames[:4])
    assert np.array_equal(np.concatenate([first.codes, parts.learn(frames[4:], after=first).codes]), codes)
    known = whole.recognise(frames[:3])
    assert np.array_equal(whole.recognise(frames[3:], after=known, draw=1).codes, whole.recognise(frames).codes[3:])
    with pytest.raises(ValueError, match="after: expected None for frames that stand alone"):
        whole.learn(frames, separate=True, after=first)
    with pytest.raises(ValueError, match=r"after: expected the record of a sequence of this memory, got \[4, 1, 24\]"):
        Sparsey(N, SparseyParams(2, 2)).learn(frames, after=first)


def test_numbers_of_numpy_are_saved(tmp_path: Path) -> None:
    one = np.int64(1)
    level = SparseyLevel(SparseyParams(np.int64(3), 4, gamma=np.float64(2)), (one, one), neighbours=one)
    Sparsey(5, level).save(tmp_path / "memory.npz")
    assert Sparsey.load(tmp_path / "memory.npz").layout.levels[0] == level


def test_wrong_calls() -> None:
    memory = Sparsey((3, 4), SparseyParams(3, 4))
    with pytest.raises(ValueError, match=r"patterns: expected shape \[., N = 12\], got \[2, 11\]"):
        memory.store(np.zeros((2, 11), bool))
    with pytest.raises(ValueError, match="cues: expected 0 and 1|frames: expected 0 and 1"):
        memory.recall(np.full((1, 12), 2))
    with pytest.raises(ValueError, match="active: expected the number of active inputs"):
        memory.capacity()
    with pytest.raises(ValueError, match="active: expected at most 12, got 13"):
        memory.capacity(13)
    with pytest.raises(ValueError, match=r"codes: expected shape \[., M, Q\] = \[., 1, 3\], got \[1, 3\]"):
        memory.reconstruct(np.zeros((1, 3), int))
    with pytest.raises(ValueError, match="mac: expected a number in 0 ... 0, got 1"):
        memory.weights(1)
    with pytest.raises(ValueError, match="signal: expected one of U, H, D, got 'V'"):
        memory.saturation("V")
    with pytest.raises(ValueError, match="backend: expected one of numba, reference, got 'cuda'"):
        Sparsey(4, SparseyParams(3, 4), backend="cuda")
    with pytest.raises(ValueError, match="inputs: expected a number, or rows and columns"):
        Sparsey((2, 2, 2), SparseyParams(3, 4))
    with pytest.raises(TypeError, match=r"levels\[0\]: expected a SparseyLevel, got 3"):
        Sparsey(4, [3])
    for levels in (3, None):
        with pytest.raises(TypeError, match=f"levels: expected SparseyParams, a SparseyLevel or a list.*got {levels}"):
            Sparsey(4, levels)
    for inputs in (5.5, None, (2, 2.5)):
        with pytest.raises(TypeError, match="inputs: expected a whole number, got (5.5|None|2.5)"):
            Sparsey(inputs, SparseyParams(3, 4))
    assert memory.store(np.zeros((2, 3, 4), bool)) is None and memory.frames_learned == 2
