"""Compiled loops that bring synapses from compressed rows by source into the order of a run, and back.

In a run the synapses of a bundle lie one behind the other by (thread that owns the target, source, class): a spike is,
for each thread, one stretch of memory, of which each step takes the part whose delay has come. Within a part synapses
keep their order by (projection, place in the projection's rows). Targets are counted from the first neuron of their
thread, ``edge[t]``, so that 16 bits do for 65,536 neurons a thread. ``rows`` [threads, sources * classes + 1] says
where each part begins; the last of a thread is where the next thread begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["columns", "count", "fill", "sources", "starts", "unpack"]

_options: dict[str, Any] = {"nogil": True, "cache": True}


@njit(**_options)
def count(row, targets, classes, pre, post, edge, width, out):
    """Count the synapses of a projection in each part: ``out`` as ``rows``, of ``width`` classes.

    ``classes`` holds one number for all synapses or one for each; ``pre`` and ``post`` are what is added to the
    projection's neuron numbers, ``edge`` the first target of each thread and the end.
    """
    many = classes.shape[0] == targets.shape[0]
    for i in range(row.shape[0] - 1):
        for s in range(row[i], row[i + 1]):
            j, t = np.int64(targets[s]) + post, 0
            while j >= edge[t + 1]:
                t += 1
            out[t, (i + pre) * width + classes[s if many else 0]] += 1


@njit(**_options)
def starts(counts):
    """Make of counts the place at which each part begins."""
    place = 0
    for t in range(counts.shape[0]):
        for k in range(counts.shape[1]):
            number = counts[t, k]
            counts[t, k] = place
            place += number
    return place


@njit(**_options)
def fill(row, targets, classes, values, number, pre, post, edge, width, cursor, tgt, Y, kind, member, own, order):
    """Copy the synapses of a projection to their places; ``cursor`` holds the next free place of each part.

    ``kind``, ``member`` and ``own`` may be empty: they take ``number``'s kind and position, and the synapse's number.
    """
    many = classes.shape[0] == targets.shape[0]
    for i in range(row.shape[0] - 1):
        for s in range(row[i], row[i + 1]):
            j, t = np.int64(targets[s]) + post, 0
            while j >= edge[t + 1]:
                t += 1
            k = (i + pre) * width + classes[s if many else 0]
            place = cursor[t, k]
            cursor[t, k] = place + 1
            tgt[place] = j - edge[t]
            for v in range(values.shape[0]):
                Y[v, place] = values[v, s]
            if kind.shape[0]:
                kind[place] = number[0]
            if member.shape[0]:
                member[place] = number[1]
            if own.shape[0]:
                own[place] = order[s] if order.shape[0] else s


@njit(**_options)
def sources(rows, width, out):
    """Write the source of each synapse."""
    for t in range(rows.shape[0]):
        for k in range(rows.shape[1] - 1):
            for s in range(rows[t, k], rows[t, k + 1]):
                out[s] = k // width


@njit(**_options)
def columns(rows, width, edge, tgt, colptr, col):
    """List the synapses of each class by target: ``colptr`` [classes, targets + 1], zeros on entry."""
    base = 0
    for c in range(width):
        for t in range(rows.shape[0]):
            for k in range(c, rows.shape[1] - 1, width):
                for s in range(rows[t, k], rows[t, k + 1]):
                    colptr[c, np.int64(tgt[s]) + edge[t] + 1] += 1
        colptr[c, 0] = base
        for j in range(colptr.shape[1] - 1):
            colptr[c, j + 1] += colptr[c, j]
        base = colptr[c, colptr.shape[1] - 1]
        cursor = colptr[c].copy()
        for t in range(rows.shape[0]):
            for k in range(c, rows.shape[1] - 1, width):
                for s in range(rows[t, k], rows[t, k + 1]):
                    j = np.int64(tgt[s]) + edge[t]
                    col[cursor[j]] = s
                    cursor[j] += 1


@njit(**_options)
def _sort(targets, which, place, first, end, classes):
    """Sort a part of three arrays by (target, class), equal ones as they are; NumPy's sorting takes 7 s to compile."""
    n, rising = end - first, True
    keys, places = np.empty((2, n), np.int64), np.empty((2, n), np.int64)
    for k in range(n):
        keys[0, k], places[0, k] = np.int64(targets[first + k]) * classes + which[first + k], place[first + k]
        rising = rising and (k == 0 or keys[0, k - 1] <= keys[0, k])
    if rising:  # there is one class
        return
    width, old = 1, 0
    while width < n:
        new = 1 - old
        for start in range(0, n, 2 * width):
            i, middle, last = start, min(start + width, n), min(start + 2 * width, n)
            j = middle
            for k in range(start, last):
                if i < middle and (j >= last or keys[old, i] <= keys[old, j]):
                    keys[new, k], places[new, k] = keys[old, i], places[old, i]
                    i += 1
                else:
                    keys[new, k], places[new, k] = keys[old, j], places[old, j]
                    j += 1
        width, old = 2 * width, new
    for k in range(n):
        target = keys[old, k] // classes
        targets[first + k], which[first + k] = target, keys[old, k] - target * classes
        place[first + k] = places[old, k]


@njit(**_options)
def unpack(rows, width, edge, tgt, member, number, classes, pre, n_pre, post, n_post, row, targets, which, place):
    """Find the synapses of one projection: its rows by source, sorted by (target, class) within a row.

    ``classes`` are those in which the projection has synapses, in the order of their delays; ``which`` takes the
    position in that list, ``place`` where the synapse lies in the run's arrays.
    """
    done = 0
    for i in range(n_pre):
        row[i] = done
        for k in range(classes.shape[0]):
            first = (i + pre) * width + classes[k]
            for t in range(rows.shape[0]):
                for s in range(rows[t, first], rows[t, first + 1]):
                    j = np.int64(tgt[s]) + edge[t] - post
                    if j < 0 or j >= n_post or (member.shape[0] and member[s] != number):
                        continue
                    targets[done], which[done], place[done] = j, k, s
                    done += 1
        _sort(targets, which, place, row[i], done, classes.shape[0])
    row[n_pre] = done
