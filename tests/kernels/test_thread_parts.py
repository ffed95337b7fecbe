"""Ranges dealt out to threads: they are covered once, work side by side, exceptions come back."""

from __future__ import annotations

import threading

import pytest

from spikegram.kernels.thread_parts import parts, run_parts


@pytest.mark.parametrize("size", [0, 1, 3, 4, 8, 9, 17])
@pytest.mark.parametrize("threads", [1, 2, 3, 40])
@pytest.mark.parametrize("unit", [1, 4])
def test_parts_cover_the_range_once(size: int, threads: int, unit: int) -> None:
    cut = parts(size, threads, unit)
    assert [n for first, last in cut for n in range(first, last)] == list(range(size))
    assert len(cut) <= threads
    assert all(first % unit == 0 for first, _ in cut)
    if size:
        assert all(first < last for first, last in cut)
    whole = [-(-(last - first) // unit) for first, last in cut]
    assert max(whole) - min(whole) <= 1


def test_parts_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=10)  # broken, and an error, if they came one after the other
    run_parts(lambda first, last: meeting.wait(), 2, threads=2)


def test_exception_of_a_part_is_raised_when_all_have_ended() -> None:
    done = []

    def work(first: int, last: int) -> None:
        if first:
            raise ValueError("the second part")
        done.append(first)

    with pytest.raises(ValueError, match="the second part"):
        run_parts(work, 2, threads=2)
    assert done == [0]
