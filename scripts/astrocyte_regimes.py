"""Astrocytes: calcium that rests or oscillates with IP3, answers a synapse, and spreads through a ring of 50 cells.

Figures 2 and 5 of M. Stimberg, D. F. M. Goodman, R. Brette, M. De Pitta 2019, "Modeling neuron-glia interactions with
the Brian 2 simulator" (in Computational Glioscience, Springer), and the two regimes of Y.-X. Li and J. Rinzel's
calcium (M. De Pitta et al. 2009, J. Biol. Phys. 35): amplitude and frequency modulation.

What to see: in between two concentrations of IP3 calcium oscillates. If its uptake into the store has a low affinity
(K_P = 0.1 uM) more IP3 makes larger waves (amplitude modulation), if a high one (0.05 uM) more frequent ones of the
same size (frequency modulation). Single spikes of a synapse make IP3 step by step, and calcium waves with it, with
and without noise. In a ring IP3 flows to neighbours beyond a difference of 0.3 uM: waves begin at the cell that is
stimulated, travel both ways, later in each further cell, and interfere; no IP3 is lost on the way, and without gap
junctions only the stimulated cell answers.

Files: regimes, activated, ring as PNG; result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from ..experiment import Report
from ..networks import AllToAll, FromList, Network, OneToOne, PopulationRecord
from ..networks.figure_style import BLUE, RED, figure_style, finish, new_figure
from ..neurons import LiRinzel, Regular
from ..neurons.astrocyte import ACTIVATED, ACTIVATED_STOCHASTIC, COUPLED, Perisynaptic
from ..plasticity import GlialSensing, IP3GapJunction

__all__ = ["run"]

UM = 1e-3  # uM in mM
# IP3 (uM) -> calcium (uM) at rest for K_P 0.1 and 0.05 uM, or its least, its greatest and its period (s): found with an
# independent Runge-Kutta program at a step of 5 ms, after 150 s
EXPECTED = {
    0.1: (0.0585, 0.0274),
    0.2: (0.0792, 0.0298),
    0.3: (0.1207, 0.0330),
    0.4: ((0.098, 0.326, 12.7), 0.0371),
    0.5: ((0.101, 0.453, 11.4), 0.0441),
    0.6: ((0.125, 0.511, 10.9), (0.029, 1.050, 29.4)),
    0.8: (0.389, (0.029, 1.083, 20.3)),
    1.0: (0.451, (0.030, 1.104, 17.7)),
    1.2: (0.498, 0.486),
    2.0: (0.611, 0.602),
}
AFFINITIES = (0.1, 0.05)
CELLS = 50
PERIOD, DUTY = 50_000, 0.4  # of the stimulus of the ring, ms


def run(
    report: Report, duration: float = 300_000.0, ring: float = 2_000_000.0,
    backend: Literal["numba", "reference"] = "numba", seed: int = 790824,
) -> None:  # fmt: skip
    """Run the three networks and compare what comes with the expected regimes, bounds and symmetries.

    Parameters
    ----------
    report : Report
    duration : float
        Time in ms for the regimes, of which the second half is looked at; at least 200 s.
    ring : float
        Time in ms for the ring of cells, at least 100 s; the chapter shows 4000 s.
    backend : str
        How it is simulated.
    seed : int
        Of the noise.
    """
    if not duration >= 200_000:
        raise ValueError(f"duration: expected at least 200,000 ms, got {duration!r}")
    if not ring >= 100_000:
        raise ValueError(f"ring: expected at least 100,000 ms, got {ring!r}")
    report.say("each of three networks is compiled first (about five seconds, once on a machine)")
    regimes(report, duration, backend)
    activated(report, seed, backend)
    waves(report, ring, backend)


# -- regimes ----------------------------------------------------------------------------------------------------------
def regimes(report: Report, duration: float, backend: str) -> None:
    """Calcium at many concentrations of IP3, and at those of the table."""
    grid = np.concatenate((list(EXPECTED), np.linspace(0.05, 1.5, 59)))
    ip3 = np.tile(grid, 2)
    k_p = np.repeat(AFFINITIES, len(grid))
    net = Network(dt=5)
    parameters = dict(I=ip3 * UM, K_P=k_p * UM)
    cells = net.population(len(ip3), LiRinzel, "astrocytes", init=dict(C="0.05*umolar"), parameters=parameters)
    net.record(cells, "C", interval=50)
    result = net.run(duration, backend=backend)["astrocytes"]
    late = result.C[len(result.C) // 2 :].reshape(-1, 2, len(grid)) / UM
    for k, affinity in enumerate(AFFINITIES):
        for n, (i, row) in enumerate(EXPECTED.items()):
            compare(report, f"K_P {affinity}, IP3 {i} uM", row[k], late[:, k, n])
    draw_regimes(report.file("regimes.png", "range of calcium over IP3, and traces"), grid, late, result)


def compare(report: Report, what: str, expected: float | tuple[float, float, float], c: np.ndarray) -> None:
    """Enter one cell of the table; ``c``: calcium in uM every 50 ms."""
    least, greatest, period = c.min(), c.max(), period_of(c)
    came = f"rests at {c[-1]:.4f}" if period is None else f"{least:.3f} to {greatest:.3f} every {period:.1f} s"
    if isinstance(expected, float):
        well = period is None and abs(c[-1] - expected) < 6e-4
        report.check(what, f"rests at {expected:.4f}", came, well)
        return
    low, high, every = expected
    well = period is not None and abs(least - low) < 3e-3 and abs(greatest - high) < 3e-3
    report.check(what, f"{low:.3f} to {high:.3f} every {every} s", came, well and abs(period / every - 1) < 0.03)


def period_of(c: np.ndarray, step: float = 0.05) -> float | None:
    """Mean time in s between upward crossings of the middle, None if calcium rests."""
    if np.ptp(c) < 5e-3:
        return None
    middle = (c.min() + c.max()) / 2
    rises = np.flatnonzero((c[:-1] < middle) & (c[1:] >= middle))
    return float(np.diff(rises).mean() * step) if len(rises) > 1 else None


def draw_regimes(path: Path, grid: np.ndarray, late: np.ndarray, result: PopulationRecord) -> None:
    order = np.argsort(grid)
    shown = {0.1: (0.4, 0.5, 0.6), 0.05: (0.6, 0.8, 1.0)}
    with figure_style():
        figure = new_figure(7.0, 5.2)
        axes = figure.subplots(2, 4, width_ratios=[2.2, 1, 1, 1])
        for k, affinity in enumerate(AFFINITIES):
            ax, c, colour = axes[k, 0], late[:, k, order], (BLUE, RED)[k]
            ax.fill_between(grid[order], c.min(axis=0), c.max(axis=0), color=colour, alpha=0.25, lw=0)
            ax.plot(grid[order], c.max(axis=0), color=colour, lw=1.2)
            ax.plot(grid[order], c.min(axis=0), color=colour, lw=1.2)
            word = "amplitude" if k == 0 else "frequency"
            ax.set(title=f"$K_P$ = {affinity} µM: {word} modulation", ylabel="calcium, range (µM)", xlim=(0, 1.5))
            ax.set_ylim(0, 1.2)
            if k:
                ax.set_xlabel("IP$_3$ (µM)")
            for ax, i in zip(axes[k, 1:], shown[affinity], strict=True):
                n = k * len(grid) + list(EXPECTED).index(i)
                t = result.trace("C").times / 1e3
                keep = t >= t[-1] - 60
                ax.plot(t[keep] - t[keep][0], result.C[keep, n] / UM, color=colour)
                ax.set(ylim=(0, 1.2), xlim=(0, 60), title=f"IP$_3$ {i} µM")
                ax.tick_params(labelleft=False)
                if k:
                    ax.set_xlabel("time (s)")
        finish(figure, path)


# -- activated by a synapse -------------------------------------------------------------------------------------------
def activated(report: Report, seed: int, backend: str) -> None:
    """Figure 2: a spike every 2 s releases 0.5 mM, which two astrocytes sense."""
    net = Network(dt=1, seed=seed)
    spikes = net.population(1, Regular(interval=2000, start=2000), "spikes")
    space = net.population(1, Perisynaptic, "space")
    net.project(spikes, space, OneToOne(), weight="0.5*mmolar", target="Y_S")
    names = {"deterministic": ACTIVATED, "stochastic": ACTIVATED_STOCHASTIC}
    for name, model in names.items():
        cell = net.population(1, model, name)
        net.project(space, cell, AllToAll(), weight=1, synapse=GlialSensing, name=f"sensing {name}")
        net.record(cell, ["Gamma_A", "I", "C", "h", "C_E"])
    result = net.run(30_000, backend=backend)
    cells = {name: result[name] for name in names}
    first = cells["deterministic"].Gamma_A[:4000, 0].max()
    most = 1 - np.exp(-0.3 * 500 / 40)  # binding at O_N Y_S while Y_S is cleared, nothing unbinds
    report.check("receptors bound by the first spike", f"0.93 to {most:.4f} (no unbinding)", first, 0.93 < first < most)
    for name, cell in cells.items():
        c, h, ip3 = (cell.trace(n).values[:, 0] for n in ("C", "h", "I"))
        inside = 0 <= c.min() and c.max() <= 2 / 1.18 * UM
        report.check(f"{name}: calcium (uM) within 0 and C_T/(1 + rho_A)", "0 to 1.695", c.max() / UM, inside)
        total = np.abs(c + 0.18 * cell.C_E[:, 0] - 2 * UM).max() / UM
        report.check(f"{name}: calcium of cytosol and store (uM)", "2 +- 1e-12", 2 + total, total < 1e-12)
        after = [ip3[2000 * k + 500] > ip3[2000 * k] for k in range(1, 5)]
        report.check(f"{name}: IP3 rises with each of the first four spikes", "yes", "yes" if all(after) else "no")
        if name == "deterministic":
            report.check("deterministic: h within 0 and 1", "yes", "yes" if 0 <= h.min() and h.max() <= 1 else "no")
    apart = np.abs(cells["deterministic"].C - cells["stochastic"].C).max() / UM
    report.check("noise shows (greatest difference of calcium, uM)", "above 0.01", apart, apart > 0.01)
    draw_activated(report.file("activated.png", "two astrocytes that sense a synapse (figure 2)"), cells)


def draw_activated(path: Path, cells: dict[str, PopulationRecord]) -> None:
    panels = (
        *(("Gamma_A", "receptors bound", 1), ("I", "IP$_3$ (µM)", UM), ("C", "calcium (µM)", UM)),
        ("h", "channels not\ninactivated h", 1),
    )
    with figure_style():
        figure = new_figure(7.0, 5.0)
        for ax, (name, label, unit) in zip(figure.subplots(4, 1, sharex=True), panels, strict=True):
            for (word, cell), colour in zip(cells.items(), (BLUE, RED), strict=True):
                trace = cell.trace(name)
                ax.plot(trace.times / 1e3, trace.values[:, 0] / unit, color=colour, label=word)
            ax.set(ylabel=label, xlim=(0, 30))
            if name == "Gamma_A":
                ax.legend(frameon=False, loc="lower right", ncols=2, bbox_to_anchor=(1, 1), borderaxespad=0)
        ax.set_xlabel("time (s), a presynaptic spike every 2 s")
        figure.align_ylabels()
        finish(figure, path)


# -- a ring -----------------------------------------------------------------------------------------------------------
def ring_of(coupled: bool, duration: float, backend: str, n: int = CELLS) -> tuple[PopulationRecord, int]:
    """Figure 5: IP3 of the middle cell is driven for 20 s of every 50 s."""
    net = Network(dt=50)
    cells = net.population(n, COUPLED, "astrocytes")
    i = np.arange(n)
    pairs = np.column_stack((i, (i + 1) % n))
    pairs = np.concatenate((pairs, pairs[:, ::-1]))
    flux = "0.09*umolar/second" if coupled else "0*umolar/second"
    net.project(cells, cells, FromList(pairs), weight=flux, synapse=IP3GapJunction)
    net.record(cells, ["C", "J_coupling"], interval=500)
    net.record(cells, "spikes")
    outside = np.zeros(n)
    while net.time < duration:
        for level, length in ((1.0, DUTY * PERIOD), (0.0, (1 - DUTY) * PERIOD)):
            outside[n // 2] = level * UM
            cells.set(I_ext=outside)
            net.run(min(length, max(duration - net.time, 0)), backend=backend)
    return net.result["astrocytes"], n // 2


def waves(report: Report, duration: float, backend: str) -> None:
    """The ring with and without gap junctions."""
    alone, middle = ring_of(False, duration, backend)
    cells, _ = ring_of(True, duration, backend)
    only = np.unique(alone.spikes.ids).tolist()
    report.check("without gap junctions: cells with calcium events", [middle], only)
    reached = np.unique(cells.spikes.ids)
    report.check("with them: cells with events", f"more than 1 of {CELLS}", len(reached), len(reached) > 1)
    first = {int(k): float(cells.spikes.times[cells.spikes.ids == k].min()) / 1e3 for k in reached}
    distance = np.array(sorted({abs(k - middle) for k in first}))
    arrival = np.array([min(first[k] for k in first if abs(k - middle) == d) for d in distance])
    early = distance <= 5  # later on several waves are under way
    later = bool((np.diff(arrival[early]) > 0).all()) and early.sum() > 1
    report.check("the first wave comes later in each further cell", "yes", "yes" if later else "no")
    lost = np.abs(cells.J_coupling.sum(axis=1)).max() / np.abs(cells.J_coupling).max()
    report.check("IP3 lost in gap junctions, of the greatest flux", "below 1e-12", lost, lost < 1e-12)
    begin = int(100_000 / 500)
    sides = [cells.C[:begin, middle + s * np.arange(1, 20)] for s in (1, -1)]
    apart = np.abs(sides[0] - sides[1]).max() / UM
    report.check("both sides alike in the first 100 s (difference, uM)", "below 1e-9", apart, apart < 1e-9)
    report.numbers.update(first_event_s={str(k): first[k] for k in sorted(first)}, events=len(cells.spikes))
    draw_ring(report.file("ring.png", "calcium of a ring of astrocytes (figure 5)"), cells, middle)


def draw_ring(path: Path, cells: PopulationRecord, middle: int) -> None:
    t = cells.trace("C").times / 1e3
    with figure_style():
        figure = new_figure(7.0, 5.4)
        ax = figure.subplots()
        picture = ax.imshow(
            cells.C.T / UM, aspect="auto", origin="lower", extent=(0, t[-1], -0.5, CELLS - 0.5), cmap="magma",
            interpolation="nearest",
        )  # fmt: skip
        ax.axhline(middle, color="white", lw=0.5, ls=":")
        ax.set(xlabel="time (s)", ylabel=f"astrocyte (stimulated: {middle})")
        figure.colorbar(picture, ax=ax, label="calcium (µM)", pad=0.01)
        finish(figure, path)
