"""Rates, irregularity, synchrony and correlations of the microcircuit, each as its source defines it.

- ``rates``: spikes of each neuron over the window, in Hz; silent neurons count.
- ``cv``: standard deviation / mean of the intervals of each neuron with at least 3 spikes [PD14-model]. In a short
  window slow neurons come out too regular, so compare windows of equal length only.
- ``synchrony``: variance / mean of the number of spikes of up to 1000 neurons in bins of 3 ms (Potjans and Diesmann
  2014, Figure 6); 1 for independent Poisson neurons.
- ``correlations``: Pearson's coefficients of the spike counts in bins of 2 ms, of all pairs of 250 neurons drawn at
  random; pairs with a silent neuron have none [PD14-model].

[PD14-model]: github.com/INM-6/microcircuit-PD14-model, PyNEST/reference_data, after J. Dasbach, T. Tetzlaff,
M. Diesmann, J. Senk 2021, "Dynamical characteristics of recurrent neuronal networks are robust against low synaptic
weight resolution", Front. Neurosci. 15:757790.

>>> from spikegram.networks import SpikeTrains
>>> pair = SpikeTrains([0, 0, 50, 50], [0, 1, 0, 1], size=2, dt=0.1, t_stop=10)    # two neurons that fire together
>>> correlations(pair, seed=0, bin_ms=2).round(3).tolist(), round(synchrony(pair, bin_ms=2), 3)
([1.0], 1.2)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..networks import SpikeTrains

__all__ = ["Statistics", "correlations", "statistics", "synchrony"]

_BLOCK = 2**15  # bins whose counts are held at once


class Statistics(NamedTuple):
    """Of one population."""

    rates: np.ndarray
    cv: np.ndarray
    correlations: np.ndarray
    synchrony: float

    def means(self) -> dict[str, float]:
        """Mean of each; NaN where there is nothing to average."""
        return {
            "rate": _mean(self.rates), "cv": _mean(self.cv), "correlation": _mean(self.correlations),
            "synchrony": self.synchrony,
        }  # fmt: skip


def statistics(spikes: SpikeTrains, seed: int = 0) -> Statistics:
    """Compute all of them; ``seed`` draws the neurons whose pairs are looked at."""
    cv = spikes.cv(min_intervals=2)
    return Statistics(spikes.rates(), cv[np.isfinite(cv)], correlations(spikes, seed), synchrony(spikes))


def synchrony(spikes: SpikeTrains, neurons: int = 1000, bin_ms: float = 3.0) -> float:
    """Variance / mean of the spike count of the first ``neurons`` in whole bins of ``bin_ms``."""
    some = spikes.select(np.arange(min(neurons, spikes.size)))
    counts, edges = some.histogram(bin_ms)
    whole = int(round(spikes.duration / spikes.dt)) // int(round(bin_ms / spikes.dt))
    counts = counts[:whole]
    return float(counts.var() / counts.mean()) if counts.any() else float("nan")


def correlations(spikes: SpikeTrains, seed: int = 0, neurons: int = 250, bin_ms: float = 2.0) -> np.ndarray:
    """Correlation coefficients [pairs] of the spike counts of ``neurons`` drawn at random."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(spikes.size, min(neurons, spikes.size), replace=False))
    some = spikes.select(chosen)
    width = int(round(bin_ms / spikes.dt))
    total = (spikes.stop_step - spikes.start_step) // width
    place, bins = np.searchsorted(chosen, some.ids), (some.steps - spikes.start_step) // width
    products, sums = np.zeros((len(chosen), len(chosen))), np.zeros(len(chosen))
    for first in range(0, total, _BLOCK):
        n = min(_BLOCK, total - first)
        now = (bins >= first) & (bins < first + n)
        counts = np.zeros((len(chosen), n))  # [N, bins]
        np.add.at(counts, (place[now], bins[now] - first), 1)
        products += counts @ counts.T
        sums += counts.sum(axis=1)
    covariance = products - np.outer(sums, sums) / max(total, 1)
    fires = np.flatnonzero(np.diag(covariance) > 0)
    covariance = covariance[np.ix_(fires, fires)]
    deviation = np.sqrt(np.diag(covariance))
    return (covariance / np.outer(deviation, deviation))[np.triu_indices(len(fires), 1)]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
