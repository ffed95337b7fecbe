"""Products in registers: against NumPy for sizes with every kind of rest, the same bits row by row, any strides."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numba import njit

from spikegram.kernels import tiles
from spikegram.kernels.compiled_hints import lowest_bit
from spikegram.kernels.tiles import add_product, row, signs

TOLERANCE = {np.float32: 3e-5, np.float64: 1e-13}


@njit(nogil=True)
def _product(c, a, b, k):
    add_product(c, a, b, k)


def product(c: np.ndarray, a: np.ndarray, b: np.ndarray, k: int) -> None:
    """Call it with arrays that have gaps, so that it is compiled once for each number type."""
    rooms = [np.full((x.shape[0] + 1, x.shape[1] + 1), np.nan, x.dtype) for x in (c, a, b)]
    views = [room[:-1, :-1] for room in rooms]
    for view, x in zip(views, (c, a, b), strict=True):
        view[:] = x
    _product(*views, k)
    c[:] = views[0]
    assert np.isnan(rooms[0][-1]).all() and np.isnan(rooms[0][:, -1]).all()  # nothing is written beside c


@njit
def second_row(x):
    return row(x, 1).sum()


def numbers(rng: np.random.Generator, kind: type, *shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype(kind)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(("R", "K", "J"), [(2, 2, 2), (4, 7, 24), (5, 30, 100), (3, 9, 17), (9, 40, 12), (8, 5, 3)])
def test_product(kind: type, R: int, K: int, J: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, c = numbers(rng, kind, R, K), numbers(rng, kind, K, J), numbers(rng, kind, R, J)
    expected = c + a @ b
    product(c, a, b, 16)
    assert c == pytest.approx(expected, rel=TOLERANCE[kind], abs=TOLERANCE[kind])


def test_turned_and_spread_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = numbers(rng, np.float64, 30, 3, 6), numbers(rng, np.float64, 30, 2, 10)
    c = np.zeros((6, 11))[:, :-1]
    _product(c, a[:, 1].T, b[:, 1], 64)
    assert c == pytest.approx(a[:, 1].T @ b[:, 1], rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_bits_do_not_depend_on_rows_and_depth(kind: type, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = numbers(rng, kind, 8, 50), numbers(rng, kind, 50, 37)
    c = np.zeros((8, 37), kind)
    product(c, a, b, 1000)
    for rows, depth in ((2, 1000), (2, 7), (8, 16)):  # rows one by one, and by four
        again = np.zeros((8, 37), kind)
        for r in range(0, 8, rows):
            part = again[r : r + rows].copy()
            product(part, a[r : r + rows], b, depth)
            again[r : r + rows] = part
        assert (again == c).all()


@pytest.mark.parametrize("width", [16, 32, 64])
def test_bits_do_not_depend_on_the_width_of_vectors(width: int, seed: int) -> None:
    """A processor with wider registers gives the same numbers."""
    source = Path(tiles.__file__).read_text(encoding="utf-8")
    other = ModuleType("tiles_of_another_width")
    other.__package__ = tiles.__package__
    exec(re.sub(r"(?m)^WIDTH = .*", f"WIDTH = {width}", source), other.__dict__)

    @njit
    def add(c, a, b):
        other.add_product(c, a, b, 16)

    rng = np.random.default_rng(seed)
    a, b, c = (numbers(rng, np.float32, *shape) for shape in ((5, 40), (40, 75), (5, 75)))
    mine = c.copy()
    add(c, a, b)
    product(mine, a, b, 16)
    assert (mine == c).all()


def test_nan_and_infinity_go_through() -> None:
    c = np.zeros((2, 2))
    product(c, np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[np.nan, np.inf], [1.0, 1.0]]), 8)
    assert np.isnan(c[:, 0]).all() and c[0, 1] == np.inf and np.isnan(c[1, 1])


def test_row_is_a_view(seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(3, 5))
    assert second_row(x) == pytest.approx(x[1].sum())


def test_mixed_types_are_refused() -> None:
    with pytest.raises(Exception, match="expected one floating type, got float64, float32, float64"):
        product(np.zeros((1, 1)), np.zeros((1, 1), np.float32), np.zeros((1, 1)), 8)


@njit
def places(x, first, last):
    found, bits = [], signs(x, first, last)
    while bits:
        found.append(lowest_bit(bits))
        bits &= bits - 1
    return found


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_is_not_zero(kind: type) -> None:
    x = np.array([7, 7, 0, 1e-30, -0.0, np.nan, 0, -2, 0, 5, 7] + 59 * [0], kind)
    assert places(x, 2, 10) == [1, 3, 5, 7]
    assert places(x, 2, 6) == [1, 3]
    x[-2:] = 1
    assert places(x, 6, 70) == [1, 3, 4, 62, 63]
    assert places(x, 5, 5) == []
