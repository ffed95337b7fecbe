"""What a run must show before its time counts: ranges of the statistics, for one duration in seconds each.

`spike_statistics` says how each is taken. The wiring is drawn once per seed and shifts the rates of the smaller
networks by several percent, so about one seed in ten of a right simulator lies just outside. Those of ``brunel_het``
come from fewer runs than the others: Brian 2 and NEST with two seeds each, widened.

>>> misses(dict(rate_E=7.0, rate_I=5.5), dict(rate_E=(4.9, 6.1), rate_I=(5.3, 5.8)))
['rate_E 7 outside 4.9 ... 6.1']
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["RANGES", "Ranges", "misses"]

Ranges = Mapping[str, tuple[float, float]]
_NAMES = ("rate_E", "rate_I", "cv_E", "cv_I", "fano3ms", "corr5ms_E")


def _row(*bounds: tuple[float, float], **more: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return {**dict(zip(_NAMES, bounds, strict=True)), **more}


RANGES: dict[str, dict[float, Ranges]] = {
    "cuba4k": {
        1.0: _row((4.9, 6.1), (5.3, 5.8), (0.49, 0.58), (0.49, 0.59), (2.5, 9.0), (-0.001, 0.006)),
        10.0: _row((5.0, 6.1), (5.35, 5.75), (0.71, 0.78), (0.71, 0.79), (3.8, 5.8), (0.0005, 0.003)),
    },
    "cuba40k": {
        1.0: _row((5.5, 5.9), (5.5, 5.75), (0.51, 0.56), (0.51, 0.56), (3.0, 7.0), (-0.001, 0.003)),
        10.0: _row((5.5, 5.85), (5.5, 5.7), (0.73, 0.77), (0.73, 0.77), (4.0, 6.0), (-0.0005, 0.001)),
    },
    "coba4k": {
        1.0: _row((18.5, 23.5), (19.5, 22.5), (1.58, 1.78), (1.58, 1.78), (4.5, 11.0), (0.0, 0.008)),
        10.0: _row((18.5, 23.5), (19.8, 22.3), (1.75, 2.00), (1.75, 2.00), (5.5, 9.0), (0.001, 0.005)),
    },
    "coba40k": {
        1.0: _row((21.0, 22.6), (20.9, 22.0), (1.65, 1.80), (1.65, 1.80), (5.5, 11.0), (-0.001, 0.004)),
    },
    "brunel": {
        1.0: _row((36.6, 38.2), (36.8, 38.3), (0.41, 0.44), (0.41, 0.44), (150.0, 290.0), (0.010, 0.025)),
    },
    "brunel_het": {
        1.0: _row((36.6, 38.2), (36.7, 38.3), (0.395, 0.43), (0.395, 0.43), (105.0, 200.0), (0.006, 0.025)),
    },
    "brunel_stdp": {
        1.0: _row(
            (39.0, 49.0), (41.5, 48.5), (1.16, 1.34), (1.16, 1.34), (40.0, 76.0), (0.020, 0.042),
            w_mean=(0.4970, 0.4995), w_std=(0.0055, 0.0085), w_low=(0.0, 0.0), w_high=(0.0, 0.0),
        ),
    },
    "brunel_static": {
        1.0: _row((42.0, 52.0), (44.0, 51.0), (1.19, 1.36), (1.19, 1.38), (46.0, 80.0), (0.023, 0.048)),
    },
}  # fmt: skip


def misses(statistics: Mapping[str, Any], ranges: Ranges) -> list[str]:
    """Say which statistics lie outside their ranges, and where; empty if all is well.

    A statistic that could not be taken (None) is a miss too.
    """
    wrong = []
    for name, (low, high) in ranges.items():
        value = statistics.get(name)
        if value is None or not low <= value <= high:
            came = "not defined" if value is None else f"{value:.4g}"
            wrong.append(f"{name} {came} outside {low:g} ... {high:g}")
    return wrong
