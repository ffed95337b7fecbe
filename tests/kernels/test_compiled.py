"""Compiled pieces: the random draws bit for bit, and the barrier with real threads."""

import threading

import numpy as np
import pytest
from numba import njit

from spikegram.kernels import compiled, random, reference
from spikegram.kernels.random import poisson_thresholds


def test_draws_are_those_of_numpy_bit_for_bit() -> None:
    for seed, stream, step in ((1, 0, 0), (2**63 + 5, 64 * 3 + 1, 2**33 + 7)):
        index = np.array([0, 1, 77, 2**31])
        u = random.uniform(seed, stream, index, step)
        z = random.normal(seed, stream, index, step)
        for i, a, b in zip(index, u, z, strict=True):
            assert compiled.uniform(np.uint64(seed), np.uint64(stream), i, step) == a
            assert compiled.normal(np.uint64(seed), np.uint64(stream), i, step) == b


@njit
def _many(seed, stream, n, step):
    out = np.empty((2, n))
    for i in range(n):
        out[0, i] = compiled.uniform(seed, stream, i, step)
        out[1, i] = compiled.normal(seed, stream, i, step)
    return out


def test_a_hundred_thousand_draws_are_the_same_bits() -> None:
    for seed, stream, step in ((20240229, 64 * 7 + 33, 12_345), (2**64 - 1, 2**31 + 64, 2**40)):
        found = _many(np.uint64(seed), np.uint64(stream), 50_000, step)
        assert np.array_equal(found[0], random.uniform(seed, stream, np.arange(50_000), step))
        assert np.array_equal(found[1], random.normal(seed, stream, np.arange(50_000), step))


@njit(nogil=True)
def _walk(thread, threads, sync, seen, steps):
    """Write the own step, meet, and look whether the neighbour is at the same one."""
    wrong = 0
    for step in range(steps):
        seen[thread] = step
        compiled.barrier(sync, threads)
        for other in range(threads):
            wrong += seen[other] != step
        compiled.barrier(sync, threads)
    return wrong


@njit(nogil=True)
def _follow(thread, threads, sync, seen, steps):
    """Write a number for each step, say so, and look at once whether all others had written those of the last one."""
    wrong = 0
    for step in range(steps):
        for _ in range(step % (5 + thread)):
            wrong += seen[step, thread] != -1
        seen[step, thread] = step * thread
        compiled.arrive(sync, thread)
        compiled.wait(sync, threads, step)
        for other in range(threads):
            wrong += step > 0 and seen[step - 1, other] != (step - 1) * other
    return wrong


def _in_threads(walk, threads, seen, steps) -> np.ndarray:
    """What threads that walk together find wrong, and the numbers they shared."""
    size = 32 + 16 * threads
    walk(0, 1, np.zeros(size, dtype=np.int64), seen.copy(), 1)  # compile
    sync, results = np.zeros(size, dtype=np.int64), [-1] * threads

    def run(t: int) -> None:
        results[t] = walk(t, threads, sync, seen, steps)

    workers = [threading.Thread(target=run, args=(t,)) for t in range(threads)]
    for w in workers:
        w.start()
    for w in workers:
        w.join(timeout=60)
    assert not any(w.is_alive() for w in workers)
    assert results == [0] * threads
    return sync


def test_barrier_holds_threads_together() -> None:
    assert _in_threads(_walk, 3, np.full(3, -1), 400)[0] == 2 * 3 * 400


def test_a_thread_waits_for_each_of_the_others() -> None:
    sync = _in_threads(_follow, 3, np.full((20_000, 3), -1), 20_000)
    assert sync[32::16].tolist() == [20_000] * 3 and sync[0] == 0


# -- arrivals, inputs, recordings and given spikes, in two threads, against the reference's ----------------------------

SIZE, CUT = 9, 4  # neurons, and where the second thread's begin
LO, HI = np.array([[0], [CUT]]), np.array([[CUT], [SIZE]])


UNTIL = np.arange(SIZE)  # the place from which on each is free


def arrays(rng: np.random.Generator, modes: list[int]) -> tuple:
    """X, A, nr and, as in a group, rows and modes of the accumulators."""
    X, A = rng.normal(size=(4, SIZE)), rng.normal(size=(len(modes), 3, SIZE))
    return X, A, rng.random(SIZE) < 0.5, np.array([2, 0, 3][: len(modes)]), np.array(modes)


def group_of(X: np.ndarray, A: np.ndarray, nr: np.ndarray, rows: np.ndarray, modes: np.ndarray) -> list:
    group: list = [None] * 16
    group[0], group[1], group[4], group[14], group[15] = X.copy(), A.copy(), nr, rows, modes
    return group


@pytest.mark.parametrize("step", [0, 4, 11])
def test_arrivals_and_inputs_are_moved_as_in_the_reference(step: int, seed: int) -> None:
    X, A, nr, rows, modes = arrays(np.random.default_rng(seed), [0, 1, 2])
    group = group_of(X, A, nr, rows, modes)
    for thread in (0, 1):
        compiled.take_inputs(thread, step, X, A, rows, modes, LO, HI)
    reference._take_inputs(step, group)
    assert np.array_equal(X, group[0]) and np.array_equal(A, group[1])
    assert not A[0, step % 3].any() and A[1, step % 3].any()  # an input was taken, arrivals wait
    for thread in (0, 1):
        compiled.gather(thread, 7, step, X, A, nr, UNTIL, rows, modes, LO, HI)
    reference._gather(step, group)
    assert np.array_equal(X, group[0]) and np.array_equal(A, group[1])
    assert not A[:, step % 3].any() and A[:, (step + 1) % 3].all()


def test_arrivals_while_refractory_are_lost() -> None:
    X, A = np.zeros((1, SIZE)), np.ones((1, 1, SIZE))
    nr = np.arange(SIZE) % 2 == 0
    ends = np.array([[0]]), np.array([[SIZE]])
    compiled.gather(0, 7, 0, X, A, nr, UNTIL, np.array([0]), np.array([2]), *ends)
    assert X[0].tolist() == nr.astype(float).tolist() and not A.any()
    A[:] = 1
    compiled.gather(0, 7, 0, X, A, nr, UNTIL, np.array([0]), np.array([3]), *ends)  # free from place 7 on: 0 ... 7
    assert X[0].tolist() == (nr.astype(int) + (np.arange(SIZE) <= 7)).tolist() and not A.any()


def test_spikes_are_listed_and_noted() -> None:
    for fired in (np.zeros(27, dtype=bool), np.ones(27, dtype=bool), np.arange(27) % 9 == 8, np.arange(27) == 26):
        ids, last, until = np.full((2, 40), -1, dtype=np.int32), np.zeros(27, dtype=np.int64), np.zeros(27, np.int32)
        refractory = np.arange(27) % 3 * 10
        count = compiled.collect(3, 27, 1, 50, 1234, 5, fired, ids, last, refractory, until)
        mine = [i for i in range(3, 27) if fired[i]]
        assert ids[1, 5:count].tolist() == mine and count == 5 + len(mine)
        assert np.flatnonzero(last == 1234).tolist() == mine
        assert until[mine].tolist() == [50 + max(1, 10 * (i % 3)) for i in mine]


@pytest.mark.parametrize("mean", [0.0, 0.001, 2.0, 30.0, 200.0])
@pytest.mark.parametrize("accumulated", [False, True])
def test_poisson_events_are_those_of_the_reference(mean: float, accumulated: bool) -> None:
    """Two inputs that begin and end anywhere in blocks of 64 neurons, in two threads."""
    size, cut, seed, step = 700, 333, 2**63 + 5, 2**33 + 7
    edges = poisson_thresholds(mean)
    acc = 0 if accumulated else -1
    ends = 0, *map(len, edges)
    table = np.array([[0, 1, acc, 40, 610, 5, 77, *ends], [1, 1, acc, 0, 700, 0, 78, *ends]])
    weights = np.array([0.5, 0.25])
    X, A = np.zeros((2, size)), np.zeros((1, 3, size))
    lo, hi = np.array([[0], [cut]]), np.array([[cut], [size]])
    scratch = np.zeros((2, 2, 512), dtype=np.int32)
    numbers = np.concatenate(edges)
    group = [X.copy(), A.copy()]
    for phase in (0, 1):
        for thread in (0, 1):
            compiled.poisson(
                thread, step, np.uint64(seed), X, A, table, numbers, weights, 2, scratch, phase, lo, hi
            )  # fmt: skip
        reference._poisson(step, seed, group, table, numbers, weights, 2, scratch, phase)
    assert np.array_equal(X, group[0]) and np.array_equal(A, group[1])
    sums = A[0, step % 3] if accumulated else X[1]
    assert not (X if accumulated else A).any() and bool(sums.any()) == (mean > 0.1 or bool(sums.any()))
    counts = 0.5 * random.poisson(seed, 77, np.arange(5, 575), step, edges)
    both = 0.25 * random.poisson(seed, 78, np.arange(700), step, edges)
    both[40:610] += counts
    assert np.array_equal(sums, both)


INJECTED = np.array([  # accumulator, start, stop, steps per value, first value, values per time, first id, ids
    [0, 2, 9, 2**40, 0, 1, 0, 3],  # one value
    [1, 0, 4, 2, 1, 1, 3, 2],  # a value every two steps
    [0, 3, 6, 1, 3, 2, 5, 2],  # a value for each neuron and step
])  # fmt: skip


@pytest.mark.parametrize("step", range(11))
def test_injected_values(step: int) -> None:
    values, ids = np.array([0.5, 1.0, 2.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]), np.array([1, 4, 8, 0, 5, 2, 7])
    A, expected = np.zeros((2, 2, SIZE)), np.zeros((2, 2, SIZE))
    for thread in (0, 1):
        compiled.inject(thread, step, A, INJECTED, 3, values, ids, LO, HI)
    reference._inject(step, expected, INJECTED, 3, values, ids)
    assert np.array_equal(A, expected)
    by_hand = np.zeros((2, SIZE))
    if 2 <= step < 9:
        by_hand[0, [1, 4, 8]] += 0.5
    if step < 4:
        by_hand[1, [0, 5]] += 1.0 + step // 2
    if 3 <= step < 6:
        by_hand[0, [2, 7]] += 10.0 + 20 * (step - 3) + np.array([0, 10])
    assert np.array_equal(A[:, step % 2], by_hand) and not A[:, (step + 1) % 2].any()


def test_recordings_fill_their_place_and_nothing_else() -> None:
    X, table, ids = np.zeros((2, SIZE)), np.array([[1, 3, 6, 2, 1, 4]]), np.array([99, 0, 8, 3, 5])
    buffer, expected = np.full(2 + 3 * 4 + 1, np.nan), np.full(2 + 3 * 4 + 1, np.nan)
    for step in range(6, 14):  # samples in steps 6, 9, 12
        X[1] = 100 * step + np.arange(SIZE)
        for thread in (0, 1):
            compiled.record(thread, step, X, table, 1, ids, buffer, LO, HI)
        reference._record(step, X, table, 1, ids, expected)
    assert np.array_equal(buffer, expected, equal_nan=True)
    assert np.isnan(buffer[[0, 1, -1]]).all()
    assert buffer[2:-1].tolist() == [100 * step + i for step in (6, 9, 12) for i in (0, 8, 3, 5)]


def test_given_spikes_go_to_the_thread_that_owns_them() -> None:
    steps, numbers = np.array([3, 5, 5, 5, 9]), np.array([2, 0, 4, 8, 1], dtype=np.int32)
    ids, ptr = np.full((2, 10), -1, dtype=np.int32), np.zeros((2, 12), dtype=np.int64)
    whole, ends = np.full((1, 10), -1, dtype=np.int32), np.zeros((1, 12), dtype=np.int64)
    cursor = np.zeros(2, dtype=np.int64)
    for k, step in enumerate(range(2, 10)):
        for thread in (0, 1):
            compiled.play(thread, k, step, (steps, numbers, cursor), ids, ptr, LO, HI)
        reference._play(k, step, (steps, numbers, None), whole, ends)
    assert ids[0, :3].tolist() == [2, 0, 1] and ids[1, :2].tolist() == [4, 8]
    assert ptr[0, :9].tolist() == [0, 0, 1, 1, 2, 2, 2, 2, 3] and ptr[1, 4:9].tolist() == [2] * 5
    assert whole[0, :5].tolist() == [2, 0, 4, 8, 1] and ends[0, 8] == 5
    assert cursor.tolist() == [5, 5]
