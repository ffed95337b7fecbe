"""Active rows of bundles by hand, from two macs that hear each other: run as plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels.sparsey_rows import active_rows, own_row, rows_of_itself
from spikegram.networks.sparsey_layout import D, H, SparseyLevel, U, make_layout
from spikegram.networks.sparsey_tables import make_codes, make_tables, make_work
from spikegram.neurons.sparsey import SparseyParams

LAYOUT = make_layout((1, 6), [SparseyLevel(SparseyParams(2, 3), grid=(1, 2), field=(1, 4), neighbours=1)])
TABLES = make_tables(LAYOUT)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """`own_row` calls `rows_of_itself`, which Python cannot call in its compiled form."""
    monkeypatch.setitem(own_row.py_func.__globals__, "rows_of_itself", rows_of_itself.py_func)


def found(m: int, x: int, first: bool = False) -> tuple[int, list[int]]:
    """Active sources and rows of mac m, in frame 1; before it mac 0 was silent and mac 1 had the winners 2 and 0."""
    codes, work = make_codes(LAYOUT, 2), make_work(LAYOUT)
    codes.codes[1, 1], codes.ages[1, 1], codes.gains[1, 1] = (2, 0), 1, 0.5
    frames = np.array([[True] * 6, [True, False, True, True, False, False]])
    number = active_rows.py_func(m, x, 1, first, TABLES, codes, frames, work.rows, work.ends, work.gains)
    own = own_row.py_func(m, x, 1, first, TABLES, codes)
    assert own == (6 if x == H and m == 1 and not first else -1)
    return number, work.rows[: work.ends[number - 1]].tolist() if number else []


def test_inputs_that_are_on() -> None:
    assert found(0, U) == (1, [0, 2, 3])
    assert found(1, U) == (1, [0, 1])  # it sees the last four


def test_winners_of_the_frame_before() -> None:
    for m in range(2):
        assert found(m, H) == (1, [6 + 2, 6 + 3])  # six cells of mac 0 come first
        assert found(m, D) == (0, [])


def test_a_sequence_begins_without_the_frame_before() -> None:
    assert found(1, H, first=True) == (0, [])


def test_rows_of_a_mac_itself() -> None:
    assert [rows_of_itself.py_func(m, H, TABLES) for m in range(2)] == [0, 6]
    assert rows_of_itself.py_func(0, U, TABLES) == -1
