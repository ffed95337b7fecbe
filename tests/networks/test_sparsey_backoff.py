"""Signals left out, codes held and skipped: known sequences in another order and at another speed."""

from __future__ import annotations

import numpy as np
import pytest
from sparsey_items import items, setup_a, two_sequences

from spikegram.networks import Sparsey, SparseyBackoff, SparseyLevel, code_overlap
from spikegram.neurons import SparseyParams


def knows_two(seed: int) -> tuple[Sparsey, np.ndarray, np.ndarray]:
    """A memory that has learned two sequences, and these."""
    a, b = two_sequences(np.random.default_rng(seed))
    memory = setup_a(seed, "UH")
    memory.learn(a)
    memory.learn(b)
    return memory, a, b


def test_backoff_is_checked() -> None:
    assert SparseyBackoff(allowed=("UH", "D")).masks == (3, 4)
    with pytest.raises(ValueError, match="SparseyBackoff.allowed: expected combinations of U, H and D, got 'UX'"):
        SparseyBackoff(allowed=("UX",))
    with pytest.raises(ValueError, match="SparseyBackoff.thresholds: expected three numbers in 0 ... 1"):
        SparseyBackoff(thresholds=(0.9, 0.7))
    for warps in ("hold", ("hold", "jump")):
        with pytest.raises(ValueError, match="SparseyBackoff.warps: expected some of hold, skip, got"):
            SparseyBackoff(warps=warps)


def test_a_novel_order_of_known_frames_is_novel_only_without_backing_off(seed: int) -> None:
    memory, a, b = knows_two(seed)
    mixed = np.stack([a[0], b[1], a[3], b[0]])
    assert (memory.recognise(mixed).G[1:] < 0.7).all()
    again = memory.recognise(mixed, backoff=SparseyBackoff())
    assert (again.G == 1).all() and again.used[1:, 0].tolist() == [1, 1, 1]
    assert (memory.recognise(mixed, backoff=SparseyBackoff(allowed=())).G[1:] < 0.7).all()


WARPS = SparseyBackoff(allowed=(), warps=("hold", "skip"))
PLAYED = {
    "slower": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4],
    "faster": [0, 2, 4],
    "unsteady": [0, 0, 0, 1, 3, 3, 4],  # also held after a step was skipped
}


@pytest.mark.parametrize("order", PLAYED.values(), ids=list(PLAYED))
def test_time_warps_keep_the_codes_of_a_context(order: list[int], seed: int) -> None:
    """Two sequences share frames 1 to 3: at another speed U alone, or all signals together, do not tell which it is."""
    frames = items(np.random.default_rng(seed), 7)
    a, b = frames[:5], frames[[5, 1, 2, 3, 6]]
    memory, shared = setup_a(seed, "UH"), np.isin(order, (1, 2, 3))
    learned = [memory.learn(x).codes for x in (a, b)]
    for x, codes, other in zip((a, b), learned, learned[::-1], strict=True):
        again = memory.recognise(x[order], backoff=WARPS)
        assert (code_overlap(again.codes, codes[order]) > 0.9).all() and again.G.min() > 0.9
        assert (code_overlap(again.codes, other[order])[shared] < 0.7).all()
        assert code_overlap(memory.recognise(x[order]).codes, codes[order]).mean() < 0.85
        dropped = memory.recognise(x[order], backoff=SparseyBackoff()).codes
        assert code_overlap(dropped, codes[order])[shared].mean() < 0.9
        one = memory.recognise(x[order[:2]], backoff=WARPS)
        rest = memory.recognise(x[order[2:]], backoff=WARPS, after=one, draw=1)
        assert np.array_equal(np.concatenate([one.codes, rest.codes]), again.codes)


def test_time_warps_do_not_make_a_novel_order_familiar(seed: int) -> None:
    memory, a, b = knows_two(seed)
    mixed = np.stack([a[0], b[1], a[4], b[0]])
    for novel in (mixed, a[::-1]):  # backwards is no warp either
        again = memory.recognise(novel, backoff=WARPS)
        assert (again.G[1:] < 0.7).all() and np.array_equal(again.codes, memory.recognise(novel).codes)


def test_time_warps_in_a_hierarchy(seed: int) -> None:
    """An upper code that lasts two frames is held for two more when all runs at half the speed."""
    rng = np.random.default_rng(seed)
    levels = [
        SparseyLevel(SparseyParams(12, 6), grid=(2, 2), field=(8, 8)),
        SparseyLevel(SparseyParams(16, 6, persistence=2)),
    ]
    memory = Sparsey((16, 16), levels, seed=seed)
    frames = rng.random((6, 256)) < 0.3
    codes = memory.learn(frames).codes
    slow = memory.recognise(np.repeat(frames, 2, axis=0), backoff=WARPS)
    assert np.array_equal(slow.codes, np.repeat(codes, 2, axis=0))
    assert slow.ages[:, 4].tolist() == [1, 2, 3, 4] * 3 and slow.ages[:, 0].tolist() == [1, 2] * 6
    fast = memory.recognise(frames[::2], backoff=SparseyBackoff((0.9, 0.9, 0.9), ("UH",), ("skip",)))
    assert np.array_equal(fast.codes[:, :4], codes[::2, :4])
