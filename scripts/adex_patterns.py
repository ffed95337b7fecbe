"""Eight firing patterns of the adaptive exponential cell, and the current at which its rest is lost.

R. Naud, N. Marcille, C. Clopath and W. Gerstner 2008, "Firing patterns in the adaptive exponential integrate-and-fire
model", Biol. Cybern. 99, Figures 3 and 4: one cell, eight sets of values, a constant current from 0 ms on.

What to see: where the reset (black triangle) falls in the plane of v and w decides. Below the nullcline of v (grey) v
rises at once, so the next spike comes soon: a burst. Each spike lifts w by b; once the reset falls above the nullcline,
the orbit first turns left, and the burst is over. The transient cell comes to rest after one spike, the irregular one
repeats no interval. The canonical cell loses its rest in a Hopf bifurcation at 627 pA, the tonic one in a saddle-node
bifurcation at 220 pA.

Files: potentials (potentials.png) and orbits with nullclines (phase.png) as PNG, result.json.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..experiment import Report
from ..networks import Network, Result
from ..networks.figure_style import BLUE, GREEN, INK, RED, figure_style, finish, new_figure
from ..neurons import AdEx, NeuronModel
from ..neurons import adex as presets

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

DURATION = 500.0  # ms
# preset: title, spikes, first spike (ms), intervals with their places (ms), room of each as the last digit given
PATTERNS = dict(
    TONIC=("tonic", 51, 14.24, {0: 8.96, -1: 9.61}),
    ADAPTING=("adapting", 10, 14.92, {0: 11.30, 1: 14.40, 2: 19.63, -1: 75.9}),
    INITIAL_BURST=("initial burst", 10, 5.48, {0: 3.44, 1: 7.34, 2: 54.8, -1: 63.96}),
    REGULAR_BURSTING=("regular bursting", 9, 16.18, {0: 2.94, 1: 5.15, 2: 131.8, 3: 5.38, 4: 133.2}),
    DELAYED_ACCELERATING=("delayed accelerating", 36, 33.60, {0: 20.62, -1: 10.71}),
    DELAYED_BURSTING=("delayed regular bursting", 26, 57.2, {0: 3.24, 1: 4.33, 2: 7.38, 3: 56.6}),
    TRANSIENT=("transient", 1, 30.31, {}),
    IRREGULAR=("irregular", 27, 15.67, {}),
)


def run(report: Report, dt: float = 0.005, backend: Literal["numba", "reference"] = "numba") -> None:
    """Run the eight cells, hold spikes and intervals against the converged ones, and look for the loss of stability.

    Parameters
    ----------
    report : Report
    dt : float
        Euler step in ms; the numbers belong to 0.005.
    backend : str
        How it is simulated.
    """
    if not 0 < dt <= 0.05:
        raise ValueError(f"dt: expected a step above 0 and at most 0.05 ms, got {dt!r}")
    net = Network(dt=dt)
    for name in PATTERNS:
        cell = net.population(1, getattr(presets, name), name=name)
        net.record(cell, "spikes")
        net.record(cell, ["v", "w"], interval=dt * max(1, round(0.05 / dt)))
    thresholds = {n: lose_stability(m) for n, m in dict(canonical=AdEx, tonic=presets.TONIC).items()}
    for name, (model, current, v, _) in thresholds.items():
        drive = current * np.array([0.99, 1.01])
        start = dict(v=v * 1e3 - 0.1, w=value(model, "a") * (v - value(model, "v_rest")) * 1e9)
        cells = net.population(2, model, name=name, parameters=dict(i_offset=drive * 1e9), init=start)
        net.record(cells, "spikes")
    result = net.run(2 * DURATION, backend=backend, progress=report.show)
    check(report, result, exact=dt == 0.005)
    check_stability(report, result, thresholds)
    draw_potentials(report.file("potentials.png", "membrane potentials of the eight cells"), result)
    draw_phase(report.file("phase.png", "orbits in the plane of v and w, with nullclines"), result)


def value(model: NeuronModel, name: str) -> float:
    """Value of a parameter in SI."""
    return float(model.parameters[name].value)


def lose_stability(model: NeuronModel) -> tuple[NeuronModel, float, float, str]:
    """Give the model, current (A) and potential (V) at which its rest is lost, and how (Touboul and Brette 2008)."""
    g, a, D = value(model, "g_L"), value(model, "a"), value(model, "delta_T")
    ratio = value(model, "C_m") / g / value(model, "tau_w")
    above, kind = (math.log(1 + ratio), "Hopf") if a / g > ratio else (math.log(1 + a / g), "saddle-node")
    v = value(model, "v_th") + D * above
    current = (g + a) * (v - value(model, "v_rest")) - g * D * math.exp(above)
    return model, current, v, kind


def check(report: Report, result: Result, exact: bool) -> None:
    """Enter counts, first spikes and intervals into the table."""
    for name, (title, count, first, intervals) in PATTERNS.items():
        train = result[name].spikes.between(0, DURATION)
        isi = train.isi(0)
        begin = float(train.times[0]) if len(train) else math.inf
        room = 0 if exact else max(1, round(0.05 * count))
        text = f"{count}" if exact else f"{count} +- {room}"
        report.check(f"{title}: spikes in 500 ms", text, len(train), abs(len(train) - count) <= room)
        near = abs(begin - first) <= (0.06 if exact else 0.5)
        report.check(f"{title}: first spike (ms)", f"{first:g}", round(begin, 2), near)
        if intervals:
            places = [k for k in intervals if -len(isi) <= k < len(isi)]
            came = [round(float(isi[k]), 2) for k in places]
            close = [
                abs(x - intervals[k]) <= (0.06 if exact else 0.1 * intervals[k])
                for x, k in zip(came, places, strict=True)
            ]
            told = ", ".join(f"{x:g}" for x in intervals.values())
            report.check(f"{title}: intervals (ms)", told, ", ".join(f"{x:g}" for x in came),
                         len(places) == len(intervals) and all(close))  # fmt: skip
        report.numbers[name] = dict(spikes=len(train), intervals=[round(float(x), 3) for x in isi])
    isi = np.round(result["IRREGULAR"].spikes.between(0, DURATION).isi(0), 3)
    report.check("irregular: intervals that come twice", 0, len(isi) - len(np.unique(isi)))


def check_stability(
    report: Report, result: Result, thresholds: dict[str, tuple[NeuronModel, float, float, str]]
) -> None:
    """A cell put on its fixed point stays there below the current, and fires above it."""
    told = dict(canonical=627.2, tonic=220.4)
    for name, (_, current, _, kind) in thresholds.items():
        report.check(f"{name}: rest is lost at (pA, {kind})", told[name], round(current * 1e12, 1))
        below, above = result[name].spikes.counts()
        came = f"{below} below, {above} above"
        report.check(f"{name}: spikes 1 % off that current", "0 below, some above", came, below == 0 and above > 0)


def draw_potentials(path: Path, result: Result) -> None:
    """One panel per pattern, v above and w below."""
    with figure_style():
        figure = new_figure(7.2, 7.4)
        grid = figure.subplots(8, 2, sharex=True, height_ratios=[1.6, 1] * 4)
        for k, (name, (title, *_)) in enumerate(PATTERNS.items()):
            upper, lower = (grid[2 * (k % 4) + row, k // 4] for row in (0, 1))
            record = result[name]
            shown = record.t("v") <= DURATION
            times, v = record.t("v")[shown], record.v[shown, 0]
            upper.plot(times, v, color=BLUE, lw=0.7)
            spikes = record.spikes.between(0, DURATION)[0]
            upper.vlines(spikes, value(getattr(presets, name), "v_reset") * 1e3, 0, color=BLUE, lw=0.7)
            upper.set(ylim=(-85, 5), yticks=[-80, -40, 0])
            upper.set_title(title, loc="left", fontsize=7.5)
            lower.plot(times, record.w[shown, 0] * 1e3, color=RED, lw=0.7)
            lower.set_xlim(0, DURATION)
        for row in range(4):
            grid[2 * row, 0].set_ylabel("v (mV)")
            grid[2 * row + 1, 0].set_ylabel("w (pA)")
        for ax in grid[-1]:
            ax.set_xlabel("time (ms)")
        figure.align_ylabels(grid[:, 0])
        finish(figure, path)


def draw_phase(path: Path, result: Result) -> None:
    """Orbits of all patterns with both nullclines."""
    with figure_style():
        figure = new_figure(7.2, 4.2)
        axes = figure.subplots(2, 4)
        for ax, (name, (title, *_)) in zip(axes.flat, PATTERNS.items(), strict=True):
            _orbit(ax, getattr(presets, name), result, name)
            ax.set_title(title, loc="left", fontsize=7.5)
        for ax in axes[:, 0]:
            ax.set_ylabel("w (pA)")
        for ax in axes[-1]:
            ax.set_xlabel("v (mV)")
        finish(figure, path)


def _orbit(ax: Axes, model: NeuronModel, result: Result, name: str) -> None:
    record = result[name]
    shown = record.t("v") <= DURATION
    v, w = record.v[shown, 0], record.w[shown, 0] * 1e3
    low, high = min(v.min(), -75.0) - 3, -25.0
    jumps = np.flatnonzero(np.diff(v) < -5) + 1  # from the peak to the reset: no line
    ax.plot(np.insert(v, jumps, np.nan), np.insert(w, jumps, np.nan), color=BLUE, lw=0.6)
    ax.plot(v[jumps], w[jumps], "^", color=INK, ms=2.5)
    at = np.linspace(low, high, 400)
    g, v_rest, a = value(model, "g_L") * 1e9, value(model, "v_rest") * 1e3, value(model, "a") * 1e9
    v_th, D = value(model, "v_th") * 1e3, value(model, "delta_T") * 1e3
    ax.plot(
        at, g * (v_rest - at) + g * D * np.exp((at - v_th) / D) + value(model, "i_offset") * 1e12, color="0.6", lw=0.9
    )
    ax.plot(at, a * (at - v_rest), color=GREEN, lw=0.9)
    room = 0.15 * max(np.ptp(w), 60.0)
    ax.set(xlim=(low, high), ylim=(w.min() - 2 * room, w.max() + 2 * room))
