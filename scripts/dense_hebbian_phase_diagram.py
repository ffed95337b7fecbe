"""Where a dense Hebbian network retrieves: theory's lines over load and noise, and simulations of the same network.

E. Agliari et al. 2022, arXiv 2212.00606, "Dense Hebbian neural networks: a replica symmetric picture of supervised
learning"; equations in `networks/dense_hebbian_theory.py`. P = 4 unless said.

What to see: (a) a replica that starts at an archetype stays there inside the line on which retrieval has the lowest
free energy; between this and the outer line it is metastable, and small networks escape; beyond, it is lost. (b) The
overlap against the load: poor examples cost overlap and load; points are simulations, lines the replica-symmetric
equations, thin where retrieval is only metastable. (c) With distinct indices there is no linear noise, and the network
holds more than twice as much. (d) The largest load at T = 0 against the entropy of the data, relative to perfect
examples, for P = 2, 4, 6.

Files: the four panels as one PNG; result.json.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import DenseHebbian
from ..networks.dense_hebbian_data import noisy_sums
from ..networks.dense_hebbian_phases import PhaseDiagram, critical_load, first_order, phase_diagram, spinodal
from ..networks.dense_hebbian_theory import entropy_of_data, rs_solve
from ..networks.figure_style import BLUE, GREEN, INK, ORANGE, RED, figure_style, finish, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

TEMPERATURES = np.array([0.1, 0.25, 0.4, 0.55, 0.7, 0.85])
LOADS = np.array([0.001, 0.003, 0.005, 0.007, 0.009, 0.011, 0.014, 0.018, 0.022])
CUT, CUT_LOADS = 0.3, np.array([0.0005, 0.001, 0.002, 0.003, 0.004, 0.006, 0.009, 0.012, 0.016])
DATA = {"perfect examples": (1.0, 1), "r = 0.5, M = 31": (0.5, 31)}
ENTROPIES = np.linspace(0, 0.6, 13)


class Simulated(NamedTuple):
    """Overlaps of every draw with the archetype from which it started: [temperatures, loads, draws]."""

    map: np.ndarray
    cuts: dict[str, np.ndarray]


def run(report: Report, n: int = 64, draws: int = 6, sweeps: int = 30, threads: int = 2, seed: int = 0) -> None:
    """Solve the equations and simulate networks over load and noise.

    Parameters
    ----------
    report : Report
    n : int
        Spins, at least 32, in panel (b) half as many again; the largest load has 0.022 n^3 archetypes. Time grows as
        n^4.
    draws : int
        Networks for each load, at least 3.
    sweeps : int
        Of each replica, half of them measured; at least 10.
    threads : int
        For replicas.
    seed : int
        Of the random numbers.
    """
    for name, value, least in (("n", n, 32), ("draws", draws, 3), ("sweeps", sweeps, 10)):
        if value < least:
            raise ValueError(f"{name}: expected at least {least}, got {value}")
    report.say("lines of the theory (about half a minute)")
    grid = np.append(np.linspace(0.05, 0.85, 9), [0.95, 1 / spinodal(4)[0] - 1e-3])
    lines = {i: phase_diagram(4, grid, indices=i) for i in ("all", "distinct")}
    found = simulate(report, n, draws, sweeps, threads, seed)
    ratio = {P: np.array([critical_load(P, rho=x)[0] for x in ENTROPIES]) for P in (2, 4, 6)}
    check_theory(report, lines, ratio)
    check_simulation(report, lines["all"], found)
    report.numbers |= dict(temperatures=TEMPERATURES, loads=LOADS, overlaps=np.median(found.map, axis=2))
    report.numbers |= {f"overlaps at T = {CUT}, {k}": v.mean(1) for k, v in found.cuts.items()}
    draw(report.file("phases.png", "phase diagram, overlaps, index conventions, poor data"), n, lines, found, ratio)


def simulate(report: Report, n: int, draws: int, sweeps: int, threads: int, seed: int) -> Simulated:
    """Start two replicas of each network at two of its archetypes; the second half of the sweeps is measured."""

    def overlap(memory: DenseHebbian, xi: np.ndarray, T: float, s: int) -> float:
        done = memory.monte_carlo(xi[:2], 1 / T, sweeps, xi[:2], seed=s, threads=threads)
        return float(done.overlaps[[0, 1], sweeps // 2 :, [0, 1]].mean())

    def network(N: int, load: float, s: int, r: float = 1.0, M: int = 1) -> tuple[np.ndarray, DenseHebbian]:
        xi, sums = noisy_sums(N, max(round(load * N**3), 2), M, r, s)
        memory = DenseHebbian(N)
        memory.store_sums(sums, M, r)
        return xi, memory

    table = np.empty((len(TEMPERATURES), len(LOADS), draws))
    for j, load in enumerate(report.progress(LOADS, "load", unit="loads")):
        for k in range(draws):
            xi, memory = network(n, load, seed + k)
            table[:, j, k] = [overlap(memory, xi, T, seed + k) for T in TEMPERATURES]
    cuts = {}
    for name, (r, M) in DATA.items():
        cuts[name] = np.empty((len(CUT_LOADS), draws))
        for j, load in enumerate(report.progress(CUT_LOADS, name, unit="loads")):
            for k in range(draws):
                xi, memory = network(n + n // 2, load, seed + 100 + k, r, M)
                cuts[name][j, k] = overlap(memory, xi, CUT, seed + k)
    return Simulated(table, cuts)


# -- claims ----------------------------------------------------------------------------------------------------------
def check_theory(report: Report, lines: dict[str, PhaseDiagram], ratio: dict[int, np.ndarray]) -> None:
    first, last = first_order(4), spinodal(4)[0]
    report.check("no load: retrieval has the lowest free energy from beta", "1.3776", first, abs(first - 1.3776) < 1e-4)
    report.check("no load: retrieval states exist from beta", "1.0085", last, abs(last - 1.0085) < 1e-4)
    classic = critical_load(2)[0]
    report.check("P = 2: largest load (Amit, Gutfreund, Sompolinsky)", "0.138", classic, abs(classic - 0.138) < 5e-4)
    gain = float(lines["distinct"].retrieval[0] / lines["all"].retrieval[0])
    report.check("distinct indices: largest load relative to all, T = 0.05", "> 1.5", gain, gain > 1.5)
    falls = all((np.diff(x) < 0).all() for x in ratio.values())
    report.check("poorer data: the largest load falls for P = 2, 4, 6", "yes", "yes" if falls else "no")


def check_simulation(report: Report, lines: PhaseDiagram, found: Simulated) -> None:
    beta = 1 / TEMPERATURES[:, None]
    expected = rs_solve(4, beta, 0.0, LOADS, tolerance=1e-7, most=3000).m
    ground = np.nan_to_num(np.interp(TEMPERATURES, lines.temperature, np.nan_to_num(lines.ground)))
    outer = np.interp(TEMPERATURES, lines.temperature, np.nan_to_num(lines.retrieval))
    inside = LOADS < 0.7 * ground[:, None]
    off = np.abs(np.median(found.map, axis=2) - expected)[inside]
    report.check(
        f"overlap inside the inner line, {inside.sum()} points: farthest from theory", "< 0.02",
        float(off.max(initial=0)), inside.sum() >= 5 and off.max(initial=0) < 0.02,
    )  # fmt: skip
    beyond = LOADS > 1.6 * outer[:, None]
    worst = float(np.median(found.map, axis=2)[beyond].max())
    report.check(f"overlap beyond the outer line, {beyond.sum()} points: largest", "< 0.75", worst, worst < 0.75)
    for name, m in found.cuts.items():
        rho = float(entropy_of_data(*DATA[name]))
        held = CUT_LOADS < 0.6 * float(phase_diagram(4, [CUT], rho).ground[0])
        theory, what = rs_solve(4, 1 / CUT, rho, CUT_LOADS[held]).m, f"{name}, T = {CUT}, {held.sum()} loads"
        if rho:  # finite numbers of spins and examples are seen, and now and then a replica escapes
            worst = float(np.abs(np.median(m[held], axis=1) - theory).max(initial=0))
            report.check(f"{what}: median farthest from theory", "< 0.03", worst, held.sum() >= 2 and worst < 0.03)
        else:
            error = np.hypot(m[held].std(axis=1, ddof=1) / math.sqrt(m.shape[1]), 0.001)
            worst = float((np.abs(m[held].mean(1) - theory) / error).max(initial=0))
            report.check(f"{what}: farthest from theory, in errors", "< 3", worst, held.sum() >= 2 and worst < 3)


# -- picture ---------------------------------------------------------------------------------------------------------
def draw(
    path: Path, n: int, lines: dict[str, PhaseDiagram], found: Simulated, ratio: dict[int, np.ndarray]
) -> None:  # fmt: skip
    """Four panels."""
    with figure_style():
        figure = new_figure(7.4, 6.0)
        (a, b), (c, d) = figure.subplots(2, 2)
        _draw_map(a, n, lines["all"], found)
        _draw_cuts(b, n, found)
        _draw_indices(c, lines)
        for (P, load), colour in zip(ratio.items(), (INK, BLUE, RED), strict=True):
            d.plot(ENTROPIES, load / load[0], color=colour, label=rf"P = {P}: $\alpha_c$ = {load[0]:.2g} at $\rho$ = 0")
        d.set(xlabel=r"entropy of the data, $\rho$", ylabel=r"$\alpha_c(\rho)/\alpha_c(0)$", xlim=(0, 0.6), ylim=(0, 1))
        d.legend(frameon=False, fontsize=7)
        d.set_title("(d) poor examples cost load, T = 0", loc="left")
        finish(figure, path)


def _draw_map(ax: Axes, n: int, lines: PhaseDiagram, found: Simulated) -> None:
    x, y = np.meshgrid(LOADS, TEMPERATURES)
    image = ax.scatter(
        x, y, c=np.median(found.map, axis=2), cmap="viridis", vmin=0, vmax=1, marker="s", s=42, linewidths=0
    )
    ax.figure.colorbar(image, ax=ax, label=f"overlap, simulated (N = {n})", fraction=0.05)
    ax.plot(lines.retrieval, lines.temperature, color=RED, lw=1.2, label="retrieval states exist")
    ax.plot(lines.ground, lines.temperature, color=RED, lw=1.2, ls="--", label="... of lowest free energy")
    ax.plot(lines.glass, lines.temperature, color="0.5", ls=":", lw=1.2, label="glass")
    ax.set(xlim=(0, 0.024), ylim=(0, 1.4), xlabel=r"load $\alpha = K/N^3$", ylabel=r"noise $T = 1/\beta$")
    ax.legend(frameon=False, fontsize=7, loc="upper right")
    ax.set_title("(a) P = 4", loc="left")


def _draw_cuts(ax: Axes, n: int, found: Simulated) -> None:
    fine = np.linspace(0, CUT_LOADS[-1], 120)
    for (name, m), colour in zip(found.cuts.items(), (BLUE, ORANGE), strict=True):
        rho = float(entropy_of_data(*DATA[name]))
        theory = rs_solve(4, 1 / CUT, rho, fine, tolerance=1e-7, most=3000).m
        edges = phase_diagram(4, [CUT], rho)
        ground, last = np.searchsorted(fine, [edges.ground[0], edges.retrieval[0]])
        ax.plot(fine[:last], theory[:last], color=colour, lw=0.6)
        ax.plot(fine[:ground], theory[:ground], color=colour, lw=1.6, label=f"{name}\n($\\rho$ = {rho:.2g})")
        ax.plot([fine[last - 1]] * 2, [theory[last - 1], 0], color=colour, lw=0.6, ls=":")
        ax.errorbar(
            CUT_LOADS, m.mean(1), m.std(1, ddof=1) / math.sqrt(m.shape[1]), fmt="o", ms=3.5, color=colour, mfc="white"
        )
    ax.set(xlabel=r"load $\alpha$", ylabel="overlap m", xlim=(0, None), ylim=(0, 1.03))
    ax.locator_params(axis="x", nbins=6)
    ax.legend(frameon=False, fontsize=7, loc="lower left", title="thick: lowest free energy", title_fontsize=7)
    ax.set_title(f"(b) T = {CUT}: theory, simulation (N = {n + n // 2})", loc="left")


def _draw_indices(ax: Axes, lines: dict[str, PhaseDiagram]) -> None:
    for (name, each), colour in zip(lines.items(), (RED, GREEN), strict=True):
        ax.plot(each.retrieval, each.temperature, color=colour, label=f"{name} indices: exist")
        ax.plot(each.ground, each.temperature, color=colour, ls="--", label=f"{name} indices: lowest free energy")
    ax.set(xlabel=r"load $\alpha$", ylabel="noise T", xlim=(0, None), ylim=(0, 1.45))
    ax.legend(frameon=False, fontsize=7, loc="upper right")
    ax.set_title("(c) all or distinct indices", loc="left")
