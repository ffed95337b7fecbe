"""Compiled pieces for cells of a layer whose spikes reach each other after more than one step.

Delays are whole steps from 1 to D, one for each cell that sends. ``before`` [D, M] are the spikes of the D steps before
the sequence, the oldest first. Backward, what a spike will be told waits in a ring of D rows: row ``s % D`` for step s.
"""

from __future__ import annotations

from numba import njit

from .compiled_hints import inner

__all__ = ["give", "late", "take"]


@njit(**inner)
def late(past, before, delays, t, start, out, n):
    """``out`` = spikes that arrive in step t, at the cells of a tile that begins with neuron ``start``."""
    for first in range(0, out.shape[0], n):
        for j in range(n):
            s = t - delays[j]
            if s >= 0:
                out[first + j] = past[s, start + first + j]
            else:
                out[first + j] = before[before.shape[0] + s, start + first + j]


@njit(**inner)
def take(waiting, given, out):
    """``out = given + waiting``, and nothing waits any more."""
    for j in range(out.shape[0]):
        out[j] = given[j] + waiting[j]
        waiting[j] = 0


@njit(**inner)
def give(gradient, delays, t, ring, base, stride, last, n):
    """Put what step t tells of the spikes that arrived in it to the steps in which they were sent."""
    for first in range(0, gradient.shape[0], n):
        for j in range(n):
            row = base + (t - delays[j] + last) % last
            ring[row * stride + first + j] += gradient[first + j]
