"""What the hints to LLVM must not change: the values."""

import threading

import numpy as np
from numba import njit

from spikegram.kernels import compiled_hints as hints


def test_a_choice_without_a_branch() -> None:
    @njit
    def choose(c: bool, a: float, b: float) -> float:
        return hints.where(c, a, b)

    assert choose(True, 1.5, 2.5) == 1.5 and choose(False, 1.5, 2.5) == 2.5
    assert choose(3 > 2, 1, 2.5) == 1.0  # joined as Numba joins types
    assert choose.nopython_signatures[-1].return_type.name == "float64"
    assert np.isnan(choose(False, 0.0, np.nan))


def test_a_fused_product_is_rounded_once() -> None:
    @njit
    def fused(a: float, b: float, c: float) -> float:
        return hints.fused(a, b, c)

    for kind in (np.float32, np.float64):
        e = kind(np.finfo(kind).eps)
        assert fused(kind(1) + e, kind(1) - e, kind(-1)) == -(e**2)  # which the product, once rounded, has lost
        assert fused(kind(2), kind(3), kind(4)) == 10


def test_a_kept_value_is_the_same_to_the_bit() -> None:
    @njit
    def keep(x: float, zero: int) -> float:
        return hints.keep(x, zero)

    rng = np.random.default_rng(0)
    for kind, whole in ((np.float32, np.uint32), (np.float64, np.uint64)):
        bits = rng.integers(0, np.iinfo(whole).max, 1000, dtype=whole)
        bits[:4] = 0, 1, np.iinfo(whole).max, 1 << (8 * whole(0).itemsize - 1)  # among them NaN, subnormals and -0
        for b, x in zip(bits, bits.view(kind), strict=True):
            assert np.array([keep(x, 0)], dtype=kind).view(whole)[0] == b or np.isnan(x)


def test_parts_and_lines_are_views() -> None:
    @njit
    def scale(flat: np.ndarray, plane: np.ndarray, cube: np.ndarray) -> None:
        for view in (hints.part(flat, 0, 2, 3), hints.part(plane, 1, 2, 3), hints.line(cube, 1, 2)):
            for k in range(view.shape[0]):
                view[k] = -view[k] - 1

    flat, plane, cube = np.arange(6.0), np.arange(12.0).reshape(2, 6), np.arange(24.0).reshape(2, 3, 4)
    scale(flat, plane, cube)
    assert flat.tolist() == [0, 1, -3, -4, -5, 5]
    assert plane[0].tolist() == [0, 1, 2, 3, 4, 5] and plane[1].tolist() == [6, 7, -9, -10, -11, 11]
    assert cube[1, 2].tolist() == [-21, -22, -23, -24] and (cube.ravel()[:20] == np.arange(20)).all()


def test_marks_of_64_in_one_go() -> None:
    @njit
    def places(fired: np.ndarray, first: int) -> list:
        found, bits = [], hints.marked(fired, first)
        while bits:
            found.append(first + hints.lowest_bit(bits))
            bits &= bits - np.uint64(1)
        return found

    fired = np.random.default_rng(1).random(200) < 0.1
    for some in (fired, np.ones(200, bool), np.zeros(200, bool)):
        for first in (0, 3, 136):
            assert places(some, first) == (first + np.flatnonzero(some[first : first + 64])).tolist()


def test_prefetching_reads_nothing() -> None:
    @njit
    def ask(flat: np.ndarray, plane: np.ndarray) -> float:
        for k in range(-100, 100):
            hints.prefetch(flat, 0, k)
            hints.prefetch(plane, 1, 1000 * k)  # far outside
        return flat[0] + plane[1, 0]

    assert ask(np.arange(3.0), np.arange(6.0).reshape(2, 3)) == 3.0


def test_adding_in_many_threads_loses_nothing() -> None:
    @njit(nogil=True)
    def add(array: np.ndarray, n: int) -> int:
        for _ in range(n):
            hints.atomic_add(array, 1, 2)
        return hints.atomic_read(array, 1)

    array = np.zeros(3, dtype=np.int64)
    add(array, 0)
    threads = [threading.Thread(target=add, args=(array, 50_000)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert array.tolist() == [0, 4 * 2 * 50_000, 0] and add(array, 0) == 400_000


def test_numbers_of_a_cache_line() -> None:
    @njit
    def per_line(x: np.ndarray) -> int:
        return hints.per_line(x)

    assert [per_line(np.zeros(3, t)) for t in (np.uint16, np.float32, np.int64)] == [32, 16, 8]
