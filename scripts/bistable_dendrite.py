"""A dendrite with NMDA receptors is a switch: a short current turns it on, it stays on, another turns it off.

J. E. Lisman, J.-M. Fellous and X.-J. Wang 1998, "A role for NMDA-receptor channels in working memory", Nat. Neurosci.
1, with the magnesium block of C. E. Jahr and C. F. Stevens 1990, on the two-compartment cell of this package.

What to see: the block makes the current-voltage curve of leak and NMDA N-shaped once the NMDA conductance passes a
critical value; for a holding current between the two folds there are three roots, the outer two stable. So the same
cell, under the same current, rests or fires, according to what happened before. Without magnesium the curve is
monotonic. Inhibition (the holding current) is needed: with the leak alone every conductance has one root.

Files: current-voltage curves with the steady states found (curves.png), the switch over time (switch.png), result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import Network, PopulationRecord
from ..networks.figure_style import BLUE, GREEN, INK, RED, figure_style, finish, new_figure
from ..neurons import TwoCompartment

__all__ = ["run"]

START, STOP, PULSE = 300.0, 1000.0, 30.0  # ms: on, off, length of both
ON, OFF = 0.2, -0.3  # nA into the dendrite
DURATION, SETTLE = 1500.0, 2500.0
STATES = 40  # holding currents at which steady states are looked for


class Curve(NamedTuple):
    """Holding current (nA) against the potential of the dendrite (mV)."""

    v: np.ndarray
    current: np.ndarray
    folds: tuple[float, ...]  # lower and upper current, or none


def run(report: Report, g: float = 42.0, hold: float = 0.5, backend: Literal["numba", "reference"] = "numba") -> None:
    """Look for roots, steady states and their folds, then switch a cell on and off.

    Parameters
    ----------
    report : Report
    g : float
        NMDA conductance in nS, above the critical 32.1.
    hold : float
        Holding current as a part of the way from the lower to the upper fold.
    backend : str
        How it is simulated.
    """
    critical = critical_conductance()
    if not critical < g < 60:
        raise ValueError(f"g: expected an NMDA conductance above {critical:.2f} and below 60 nS, got {g!r}")
    if not 0.3 <= hold <= 0.7:
        raise ValueError(f"hold: expected 0.3 to 0.7 of the way between the folds, got {hold!r}")
    curve = held(g)
    low, high = curve.folds
    current = low + hold * (high - low)
    steady, record = simulate(g, curve, current, backend)
    check(report, g, critical, curve, steady)
    check_switch(report, record)
    report.numbers.update(critical_nS=critical, folds_nA=curve.folds, holding_nA=current)
    draw_curves(
        report.file("curves.png", "current-voltage curves and steady states"), g, critical, curve, steady, current
    )
    draw_switch(report.file("switch.png", "potentials while it is switched on and off"), record)


def si(name: str) -> float:
    """A value of the cell in SI."""
    return float(TwoCompartment.parameters[name].value)


def leak() -> float:
    """Conductance (nS) of the dendrite with the soma behind it."""
    return (si("g_Ld") + si("g_c") * si("g_Ls") / (si("g_c") + si("g_Ls"))) * 1e9


def block(v: np.ndarray, magnesium: float = 1.0) -> np.ndarray:
    """Part of the NMDA conductance that is open at v (mV)."""
    return 1 / (1 + magnesium * np.exp(-0.062 * v) / 3.57)


def held(g: float, magnesium: float = 1.0) -> Curve:
    """Give the current that keeps the dendrite at each potential, and the folds of that curve."""
    v = np.linspace(-110, 20, 130_001)
    current = (leak() * (v - si("v_rest") * 1e3) + g * block(v, magnesium) * (v - si("e_rev_E") * 1e3)) / 1e3
    turns = np.flatnonzero(np.diff(np.sign(np.diff(current)))) + 1
    return Curve(v, current, tuple(sorted(float(current[k]) for k in turns)))


def critical_conductance() -> float:
    """Least NMDA conductance (nS) that gives the curve a part of negative slope."""
    v = np.linspace(-110, 20, 130_001)
    return float(leak() / np.max(-np.gradient(block(v) * (v - si("e_rev_E") * 1e3), v)))


def roots(curve: Curve, current: float) -> np.ndarray:
    """Potentials at which the dendrite rests under this current."""
    return curve.v[np.flatnonzero(np.diff(np.sign(curve.current - current)))]


class Steady(NamedTuple):
    """Where dendrites end [STATES] that start from below and from above."""

    current: np.ndarray
    below: np.ndarray
    above: np.ndarray


def simulate(g: float, curve: Curve, current: float, backend: str) -> tuple[Steady, PopulationRecord]:
    """Let dendrites settle under holding currents around the folds, and switch two cells, one of them without NMDA."""
    low, high = curve.folds
    grid = low + (high - low) * (0.05 * np.arange(STATES) - 0.475)  # none on a fold, where settling takes for ever
    net = Network(dt=0.1)
    start = np.repeat([-110.0, 0.0], STATES)
    settling = net.population(
        2 * STATES, TwoCompartment(g_tonic=g / 1e3, v_th=1e6), parameters=dict(i_dend=np.tile(grid, 2)),
        init=dict(v_s=start, v_d=start), name="settling",
    )  # fmt: skip
    parameters = dict(g_tonic=np.array([g, 0.0]) / 1e3, i_dend=current)
    cells = net.population(2, TwoCompartment, name="cells", parameters=parameters, init=dict(v_s=-72, v_d=-75))
    net.inject(cells, ON, target="I_d", start=START, stop=START + PULSE)
    net.inject(cells, OFF, target="I_d", start=STOP, stop=STOP + PULSE)
    net.record(cells, ["spikes", "v_s", "v_d"])
    record = net.run(DURATION, backend=backend)["cells"]
    net.clear_recordings()
    net.run(SETTLE - DURATION, backend=backend)
    below, above = settling.get("v_d").reshape(2, STATES)
    return Steady(grid, below, above), record


def check(report: Report, g: float, critical: float, curve: Curve, steady: Steady) -> None:
    """Enter what the curves say, and whether simulated dendrites agree."""
    block_at = block(np.array([0.0, -70.0]))
    report.check("open part of NMDA at 0 and -70 mV", "0.7812, 0.0445", f"{block_at[0]:.4f}, {block_at[1]:.4f}")
    report.check("critical NMDA conductance (nS)", "32.06 +- 0.01", round(critical, 3), abs(critical - 32.06) < 0.01)
    report.check("folds below and above it", "0 and 2", f"{len(held(0.99 * critical).folds)} and {len(curve.folds)}")
    report.check("folds without magnesium", 0, len(held(g, 0.0).folds))
    low, high = curve.folds
    width = high - low
    counts = [len(roots(curve, x)) for x in (low - 0.1 * width, (low + high) / 2, high + 0.1 * width)]
    report.check("roots below, between, above the folds", "1, 3, 1", ", ".join(map(str, counts)))
    inside = (steady.current > low) & (steady.current < high)
    outer = [roots(curve, x)[[0, -1]] for x in steady.current]
    error = np.abs(np.array(outer) - np.stack([steady.below, steady.above], axis=1)).max()
    report.check("steady states beside the outer roots (mV)", "below 0.1", round(float(error), 4), error < 0.1)
    two = steady.above - steady.below > 5
    report.check("currents with two steady states", int(inside.sum()), int(two.sum()))
    report.check("and these lie between the folds", "yes", "yes" if np.array_equal(two, inside) else "no")


def check_switch(report: Report, record: PopulationRecord) -> None:
    """Silent, firing, silent."""
    spikes = record.spikes
    parts = dict(
        before=(0, START), on=(START + 2 * PULSE, STOP), after=(STOP + 2 * PULSE, DURATION),
    )  # fmt: skip
    rates = {n: 1e3 * len(spikes.between(*p)[0]) / (p[1] - p[0]) for n, p in parts.items()}
    report.check("spikes before the pulse (Hz)", 0, round(rates["before"], 1))
    report.check("while it is on, 670 ms after the pulse (Hz)", "above 10", round(rates["on"], 1), rates["on"] > 10)
    report.check("after the second pulse (Hz)", 0, round(rates["after"], 1))
    times = record.t("v_d")
    late = (times > STOP - 200) & (times < STOP)
    rest = (times > START - 50) & (times < START)
    gap = record.v_d[late, 0].mean() - record.v_d[rest, 0].mean()
    report.check("dendrite on above off (mV)", "above 20", round(float(gap), 1), gap > 20)
    gap = abs(record.v_d[late, 1].mean() - record.v_d[rest, 1].mean())
    report.check("the same without NMDA (mV)", "below 0.1", round(float(gap), 3), gap < 0.1)
    report.numbers["rate_on_Hz"] = rates["on"]


def draw_curves(path: Path, g: float, critical: float, curve: Curve, steady: Steady, current: float) -> None:
    """Left: curves for several conductances. Right: potential over current, with the states found."""
    with figure_style():
        figure = new_figure(7.0, 3.2)
        left, right = figure.subplots(1, 2)
        for conductance, colour in ((0.0, "0.7"), (critical, GREEN), (g, BLUE)):
            c = held(conductance)
            left.plot(c.v, c.current, color=colour, label=f"{conductance:.3g} nS")
        without = held(g, 0.0)
        left.plot(without.v, without.current, color=RED, ls=(0, (4, 2)), label=f"{g:.3g} nS, no Mg")
        left.axhline(current, color=INK, lw=0.6, ls=(0, (4, 3)))
        left.plot(roots(curve, current), [current] * 3, "o", color=INK, ms=3)
        left.set(xlim=(-100, 0), ylim=(-0.35, 0.2), xlabel="v of the dendrite (mV)", ylabel="holding current (nA)")
        left.legend(frameon=False, fontsize=7, loc="upper left", title="NMDA conductance", title_fontsize=7)
        rising = np.gradient(curve.current) > 0
        for stable, look in ((True, "-"), (False, (0, (2, 2)))):
            v = np.where(rising == stable, curve.v, np.nan)
            label = "roots, stable" if stable else "roots, unstable"
            right.plot(curve.current, v, color="0.6", ls=look, lw=1.2, label=label)
        right.plot(steady.current, steady.below, "^", color=BLUE, ms=3.5, mfc="none", label="found from below")
        right.plot(steady.current, steady.above, "v", color=RED, ms=3.5, mfc="none", label="found from above")
        right.set(xlim=(steady.current[0], steady.current[-1]), ylim=(-95, -10))
        right.set(xlabel="holding current (nA)", ylabel="v of the dendrite (mV)")
        right.legend(frameon=False, fontsize=7, loc="lower right")
        finish(figure, path)


def draw_switch(path: Path, record: PopulationRecord) -> None:
    """Soma and dendrite of both cells, with the pulses."""
    with figure_style():
        figure = new_figure(7.0, 3.6)
        axes = figure.subplots(3, 1, sharex=True, height_ratios=[1, 1, 0.25])
        times = record.t("v_d")
        for k, (ax, label) in enumerate(zip(axes, ("with NMDA", "without NMDA"), strict=False)):
            ax.plot(times, record.v_s[:, k], color=BLUE, lw=0.6, label="soma")
            ax.plot(times, record.v_d[:, k], color=RED, label="dendrite")
            ax.vlines(record.spikes[k], -55, 0, color=BLUE, lw=0.6)
            ax.set(ylim=(-130, 5), yticks=[-100, -50, 0], ylabel="v (mV)")
            ax.set_title(label, loc="left", fontsize=7.5)
        axes[0].legend(frameon=False, fontsize=7, loc="upper right")
        pulse = np.zeros_like(times)
        pulse[(times >= START) & (times < START + PULSE)] = ON
        pulse[(times >= STOP) & (times < STOP + PULSE)] = OFF
        axes[2].plot(times, pulse, color=INK)
        axes[2].set(ylabel="I (nA)", xlabel="time (ms)", xlim=(0, DURATION))
        figure.align_ylabels(axes)
        finish(figure, path)
