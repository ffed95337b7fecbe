"""Compiled reading of the lists that a chunk leaves behind: who spiked when, population by population.

A chunk lists the spikes of each thread's neurons in one row of ``ids``, step after step; those of the step at place
``k`` are ``ids[t, ptr[t, k] : ptr[t, k + 1]]``, in the order of neurons. Threads own ascending ranges of neurons.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["by_population"]


@njit(nogil=True, cache=True)
def _holder(start, i, k):
    """The population of a neuron; ``k`` is a guess."""
    if start[k] <= i < start[k + 1]:
        return k
    if i >= start[k + 1] and i < start[min(k + 2, start.shape[0] - 1)]:
        return k + 1
    low, high = 0, start.shape[0] - 1  # by halves; that of NumPy takes seconds to compile
    while high - low > 1:
        middle = (low + high) // 2
        if start[middle] <= i:
            low = middle
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def by_population(ptr, ids, first, n, step, start):
    """Give the spikes of the places ``first`` ... ``first + n - 1``, the first of which is ``step``.

    ``start`` holds the first neuron of each population and the end. Returned are steps, neuron numbers within the
    population, and where in these each population begins; within one they are in the order of step, then neuron.
    """
    k = 0
    begins = np.zeros(start.shape[0], dtype=np.int64)
    for t in range(ptr.shape[0]):
        for q in range(ptr[t, first], ptr[t, first + n]):
            k = _holder(start, ids[t, q], k)
            begins[k + 1] += 1
    for k in range(start.shape[0] - 1):
        begins[k + 1] += begins[k]
    k = 0
    steps, numbers, place = np.empty(begins[-1], np.int64), np.empty(begins[-1], np.int32), begins.copy()
    for j in range(n):
        for t in range(ptr.shape[0]):
            for q in range(ptr[t, first + j], ptr[t, first + j + 1]):
                i = ids[t, q]
                k = _holder(start, i, k)
                steps[place[k]], numbers[place[k]] = step + j, i - start[k]
                place[k] += 1
    return steps, numbers, begins
