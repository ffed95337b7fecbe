"""Statistics of a run: rates, irregularity, synchrony, correlation, weights. The same code for every system.

Spikes before 200 ms are discarded. Then

- ``rate_E``, ``rate_I``: mean over cells, Hz
- ``cv_E``, ``cv_I``: coefficient of variation of the intervals of a cell (standard deviation with n - 1), mean over
  cells with at least 5 intervals
- ``fano3ms``: variance / mean of the number of spikes of all cells in bins of 3 ms
- ``corr5ms_E``: mean Pearson correlation of the counts in 5 ms bins over all pairs of 200 excitatory cells that fired

>>> found = spike_statistics({"E": ([250.0, 300.0, 900.0], [0, 0, 1]), "I": ([], [])}, {"E": 2, "I": 1}, 1.2)
>>> found["rate_E"], found["rate_I"], found["cv_E"]
(1.5, 0.0, None)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["START", "spike_statistics", "weight_statistics"]

START = 200.0  # ms
_INTERVALS = 5
_SAMPLE = 200


def spike_statistics(
    spikes: Mapping[str, tuple[Any, Any]], sizes: Mapping[str, int], seconds: float
) -> dict[str, float | None]:
    """Take all statistics of one run.

    Parameters
    ----------
    spikes : dict
        "E" and "I" -> times in ms [spikes] and cell numbers [spikes], in any order.
    sizes : dict
        "E" and "I" -> number of cells.
    seconds : float
        Biological time that was simulated; later spikes are ignored.

    Returns
    -------
    dict
        None where nothing fired often enough for the statistic.

    Raises
    ------
    ValueError
        If ``seconds`` leaves nothing after the first 200 ms.
    """
    stop = seconds * 1e3
    if stop <= START:
        raise ValueError(f"seconds: expected more than {START / 1e3:g} s, which are discarded, got {seconds:g}")
    found: dict[str, float | None] = {}
    kept: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for kind, (times, ids) in spikes.items():
        t, i = np.asarray(times, float), np.asarray(ids, np.int64)
        inside = (t >= START - 1e-6) & (t < stop - 1e-6)
        kept[kind] = t[inside], i[inside]
        found[f"rate_{kind}"] = len(kept[kind][0]) / sizes[kind] / (seconds - START / 1e3) if sizes[kind] else None
        found[f"cv_{kind}"] = _cv(*kept[kind])
    found["fano3ms"] = _fano(np.concatenate([t for t, _ in kept.values()]), stop, 3.0)
    found["corr5ms_E"] = _correlation(*kept["E"], stop, 5.0)
    return found


def weight_statistics(weights: Any, low: float, high: float) -> dict[str, float]:
    """Mean, standard deviation and the fractions at the two bounds of plastic weights (mV)."""
    w = np.asarray(weights, float)
    near = 1e-6 * (high - low)
    return dict(
        w_mean=float(w.mean()), w_std=float(w.std()),
        w_low=float(np.mean(w <= low + near)), w_high=float(np.mean(w >= high - near)),
    )  # fmt: skip


def _cv(times: np.ndarray, ids: np.ndarray) -> float | None:
    order = np.lexsort((times, ids))
    times, ids = times[order], ids[order]
    same = np.diff(ids) == 0
    gaps, owner = np.diff(times)[same], ids[1:][same]
    if not len(gaps):
        return None
    n = np.bincount(owner)
    often = n >= _INTERVALS
    if not often.any():
        return None
    mean = np.bincount(owner, gaps)[often] / n[often]
    place = np.cumsum(often) - 1
    used = often[owner]
    squares = np.bincount(place[owner[used]], (gaps[used] - mean[place[owner[used]]]) ** 2)
    return float(np.mean(np.sqrt(squares / (n[often] - 1)) / mean))


def _bins(stop: float, width: float) -> int:
    return int((stop - START) / width + 1e-6)


def _places(times: np.ndarray, width: float) -> np.ndarray:
    """Bin of each spike; times are multiples of 0.1 ms, so a small shift keeps those on an edge in their bin."""
    return np.floor((times - START) / width + 1e-6).astype(np.int64)


def _fano(times: np.ndarray, stop: float, width: float) -> float | None:
    n = _bins(stop, width)
    places = _places(times, width)
    counts = np.bincount(places[places < n], minlength=n)
    return float(counts.var() / counts.mean()) if counts.any() else None


def _correlation(times: np.ndarray, ids: np.ndarray, stop: float, width: float) -> float | None:
    n = _bins(stop, width)
    places = _places(times, width)
    times, ids, places = times[places < n], ids[places < n], places[places < n]
    cells = np.unique(ids)
    if len(cells) > _SAMPLE:
        cells = np.sort(np.random.default_rng(0).choice(cells, _SAMPLE, replace=False))
    chosen = np.isin(ids, cells)
    counts = np.zeros((len(cells), n))
    np.add.at(counts, (np.searchsorted(cells, ids[chosen]), places[chosen]), 1)
    counts = counts[counts.std(axis=1) > 0]
    if len(counts) < 2:
        return None
    pairs = np.corrcoef(counts)[np.triu_indices(len(counts), 1)]
    return float(pairs.mean())
