"""Sharing lanes out to threads."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.kernels import lanes as module
from spikegram.kernels.lanes import on_lanes, shares


@pytest.fixture(autouse=True)
def own_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if PyTorch lends its own."""
    monkeypatch.setattr(module, "_runner", module._on_own_threads)


@given(st.integers(1, 1000), st.integers(1, 9), st.integers(1, 70))
def test_shares_cover_all_lanes_once(lanes: int, threads: int, grain: int) -> None:
    parts = shares(lanes, threads, grain)
    assert [i for first, end in parts for i in range(first, end)] == list(range(lanes))
    assert all(first % grain == 0 for first, _ in parts)
    assert len(parts) == min(threads, -(-lanes // grain))
    sizes = [-(-(end - first) // grain) for first, end in parts]
    assert max(sizes) - min(sizes) <= 1


def test_threads_work_at_the_same_time() -> None:
    meet, seen = threading.Barrier(3, timeout=20), []

    def kernel(first: int, end: int) -> None:
        meet.wait()
        seen.append((first, end, threading.current_thread().name))

    on_lanes(kernel, 10, 3)
    assert sorted(p[:2] for p in seen) == [(0, 3), (3, 6), (6, 10)]
    assert len({p[2] for p in seen}) == 3
    assert next(p for p in seen if p[0] == 0)[2] == threading.current_thread().name


def test_no_lanes() -> None:
    on_lanes(lambda *_: pytest.fail("called"), 0, 2)


@pytest.mark.parametrize("bad", [0, 5])
def test_an_error_in_any_thread_is_raised(bad: int) -> None:
    def kernel(first: int, end: int) -> None:
        if first == bad:
            raise ZeroDivisionError(first)

    with pytest.raises(ZeroDivisionError, match=str(bad)):
        on_lanes(kernel, 10, 2)
