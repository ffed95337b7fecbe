"""Compiled pieces: the random draws bit for bit, and the barrier with real threads."""

import threading

import numpy as np
from numba import njit

from spikegram.kernels import compiled, random


def test_draws_are_those_of_numpy_bit_for_bit() -> None:
    for seed, stream, step in ((1, 0, 0), (2**63 + 5, 64 * 3 + 1, 2**33 + 7)):
        index = np.array([0, 1, 77, 2**31])
        u = random.uniform(seed, stream, index, step)
        z = random.normal(seed, stream, index, step)
        for i, a, b in zip(index, u, z, strict=True):
            assert compiled.uniform(np.uint64(seed), np.uint64(stream), i, step) == a
            # log and cos of NumPy's vector loops may differ in the last bit from those of the C library
            assert abs(compiled.normal(np.uint64(seed), np.uint64(stream), i, step) - b) < 1e-14


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


def test_barrier_holds_threads_together() -> None:
    threads, steps = 3, 400
    sync, seen = np.zeros(1, dtype=np.int64), np.full(threads, -1)
    results = [0] * threads

    def run(t: int) -> None:
        results[t] = _walk(t, threads, sync, seen, steps)

    _walk(0, 1, np.zeros(1, dtype=np.int64), seen[:1], 1)  # compile
    workers = [threading.Thread(target=run, args=(t,)) for t in range(threads)]
    for w in workers:
        w.start()
    for w in workers:
        w.join(timeout=60)
    assert not any(w.is_alive() for w in workers)
    assert results == [0] * threads
    assert sync[0] == 2 * threads * steps
