"""Simulate replicas of a Hebbian network, compiled or in plain NumPy, in threads; shared by `DenseHebbian` and others.

Both backends give the same to the bit, whatever the number of threads.

>>> W = np.ones((3, 1), dtype=np.int8)                                  # one archetype, all spins up
>>> done = simulate(W, np.array([[1, 1, -1]]), np.ones((1, 3)), 4, "all", -1.0, np.inf, "sequential", 5)
>>> done.states.tolist(), done.overlaps[0, [0, -1], 0].round(3).tolist(), done.changed.tolist()
([[1, 1, 1]], [0.333, 1.0], [0])
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from .dense_hebbian_steps import LANES, Run, reference_run
from .memory import BACKENDS, check_choice, check_count, check_number

__all__ = ["MonteCarlo", "check_beta", "simulate"]


class MonteCarlo(NamedTuple):
    """A simulation of Q replicas.

    Attributes
    ----------
    states : ndarray
        int8 [Q, N]: at the end.
    overlaps : ndarray
        float [Q, sweeps + 1, A] with the followed patterns, before the first sweep and after each; a replica that came
        to rest keeps its last ones.
    sweeps : ndarray
        int [Q]: made.
    changed : ndarray
        int [Q]: spins changed by the last sweep.
    """

    states: np.ndarray
    overlaps: np.ndarray
    sweeps: np.ndarray
    changed: np.ndarray


def check_beta(beta: Any) -> float:
    """Accept inverse noises > 0 and infinity."""
    return math.inf if isinstance(beta, float) and beta == math.inf else check_number(beta, "beta", 0, above=True)


def simulate(
    W: np.ndarray, states: np.ndarray, follow: np.ndarray, P: int, indices: str, factor: float, beta: float,
    dynamics: str, sweeps: int, first_sweep: int = 0, seed: int = 0, backend: str = "reference", threads: int = 1,
) -> MonteCarlo:  # fmt: skip
    """Sweep replicas.

    Parameters
    ----------
    W : array
        Rows of whole numbers, int8 or int32 [N, rows], C-contiguous.
    states : array
        Start states -1 and +1 [Q, N].
    follow : array
        Patterns -1, 0, +1 [A, N] whose overlaps are kept.
    P, indices, factor, beta
        Energy and noise, see `dense_hebbian_steps.py`; at infinite ``beta`` a replica ends once nothing changes.
    dynamics : str
        ``"sequential"`` in random order, or ``"parallel"``.
    sweeps, first_sweep : int
        Number of sweeps, and of the first: a run that is continued with it is the one run.
    seed : int
    backend, threads
        Replicas share the threads; the reference has one.
    """
    beta = check_beta(beta)
    sequential = check_choice(dynamics, "dynamics", ("sequential", "parallel")) == "sequential"
    sweeps, first = check_count(sweeps, "sweeps", 0), check_count(first_sweep, "first_sweep", 0)
    seed, threads = check_count(seed, "seed", 0), check_count(threads, "threads")
    replica = _compiled if check_choice(backend, "backend", BACKENDS) == "numba" else reference_run
    states, follow = states.astype(np.int8), np.ascontiguousarray(follow, dtype=np.int8)

    def one(q: int) -> Run:
        return replica(W, states[q], follow, P, indices, factor, beta, sequential, sweeps, first, seed, 64 * q)

    if threads > 1 and len(states) > 1 and backend == "numba":
        with ThreadPoolExecutor(min(threads, len(states))) as pool:
            done = list(pool.map(one, range(len(states))))
    else:
        done = [one(q) for q in range(len(states))]
    overlaps = np.empty((len(states), sweeps + 1, len(follow)))
    for q, run in enumerate(done):
        overlaps[q, : run.sweeps + 1] = run.overlaps[: run.sweeps + 1]
        overlaps[q, run.sweeps + 1 :] = run.overlaps[run.sweeps]
    ends = np.array([run.state for run in done], dtype=np.int8).reshape(states.shape)
    counts = np.array([(run.sweeps, run.changed) for run in done], dtype=np.int64).reshape(-1, 2)
    return MonteCarlo(ends, overlaps, counts[:, 0], counts[:, 1])


def _compiled(
    W: np.ndarray, state: np.ndarray, follow: np.ndarray, P: int, indices: str, factor: float, beta: float,
    sequential: bool, sweeps: int, first_sweep: int, seed: int, stream: int,
) -> Run:  # fmt: skip
    from ..kernels.dense_hebbian import run

    (N, rows), every, state = W.shape, indices == "all", state.copy()
    odd, even = np.empty((1 if every else P // 2, rows)), np.empty((P // 2 - 1, 0 if every else rows))
    overlaps = np.zeros((sweeps + 1, len(follow)))
    made, changed = run(
        W, odd, even, state, follow, overlaps, np.empty(N, dtype=np.int64), np.empty(N, dtype=np.int8),
        np.empty((5, max(LANES, P + 1))), P, 0.0 if every else float(math.factorial(P)), factor, beta, sequential,
        sweeps, first_sweep, np.uint64(seed), np.uint64(stream),
    )  # fmt: skip
    return Run(state, overlaps, int(made), int(changed))
