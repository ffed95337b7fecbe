"""Several patterns at once: hierarchy, equal amplitudes or one pattern only, by dilution and noise.

E. Agliari, A. Alessandrelli, A. Barra, F. Ricci-Tersenghi 2023, "Parallel learning by multitasking neural networks",
J. Stat. Mech. 113401; equations in `networks/multitasking_theory.py`. Patterns have a share d of zeros.

What to see: (a) amplitudes of three patterns against dilution at little noise: a hierarchy (1-d) d^(k-1) (thin lines),
which strong dilution makes equal; points are simulations. (b) The regimes over dilution and noise; the line is the
dilution beyond which the hierarchy is not stable at T = 0. (c) Five patterns at T = 0, started from the hierarchy (grey
bars): below the critical dilution it stays, beyond it moves away. (d) One update from the hierarchy of the archetypes:
the leading amplitude against the number of examples, with a teacher and without; what counts is rho alone, and
(1-r^2)/r^2 examples suffice for any dilution.

Files: the four panels as one PNG; result.json.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import MultitaskingHebbian
from ..networks.dense_hebbian_data import diluted_examples
from ..networks.figure_style import BLUE, GREEN, INK, ORANGE, RED, SKY, figure_style, finish, new_figure
from ..networks.multitasking import hierarchical_state
from ..networks.multitasking_theory import (
    critical_dilution,
    hierarchical_amplitudes,
    mean_field,
    one_step,
    parallel_amplitude,
    regime,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

BETA, DILUTIONS = 5.0, (0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
CHECKED = (0.1, 0.3, 0.5, 0.8, 0.9)  # between, amplitudes change steeply with d and fluctuate much in finite networks
FIVE = {0.45: "stays", 0.6: "moves away"}
LEARN_D, LEARN_R, NUMBERS = (0.3, 0.7), 0.3, (3, 5, 9, 15, 25, 41, 81)
NAMES = ("ergodic", "pure", "hierarchical", "intermediate", "parallel")
COLOURS = ("#F2F2F2", SKY, BLUE, ORANGE, RED)
TAUGHT = {True: "with a teacher", False: "without"}


class Simulated(NamedTuple):
    """Amplitudes |m| [draws, K], the largest first: three patterns by dilution, five, the parallel regime, examples."""

    three: dict[float, np.ndarray]
    five: dict[float, np.ndarray]
    parallel: np.ndarray
    learned: dict[bool, np.ndarray]
    first: dict[tuple[float, bool], np.ndarray]


def run(report: Report, n: int = 20_000, draws: int = 3, threads: int = 2, seed: int = 0) -> None:
    """Solve the equations, simulate networks and compare.

    Parameters
    ----------
    report : Report
    n : int
        Spins, at least 5000; fluctuations fall as the inverse root.
    draws : int
        Networks for each point, at least 2.
    threads : int
        For replicas.
    seed : int
        Of the random numbers.
    """
    for name, value, least in (("n", n, 5000), ("draws", draws, 2)):
        if value < least:
            raise ValueError(f"{name}: expected at least {least}, got {value}")
    found = simulate(report, n, draws, threads, seed)
    grid = np.linspace(0.02, 0.98, 25), np.linspace(0.04, 1.2, 25)
    named = regime_map(report, *grid)
    check_theory(report)
    check_simulation(report, found)
    report.numbers |= {f"three patterns, d = {d}": m.mean(0) for d, m in found.three.items()}
    report.numbers |= {f"five patterns, d = {d}": m.mean(0) for d, m in found.five.items()}
    draw(report.file("regimes.png", "amplitudes, regimes, hierarchy of five, learning"), n, found, *grid, named)


def simulate(report: Report, n: int, draws: int, threads: int, seed: int) -> Simulated:
    """Run every network from the hierarchical state of its archetypes."""

    def amplitudes(
        K: int, d: float, beta: float, sweeps: int, M: int = 1, r: float = 1.0, supervised: bool = True
    ) -> np.ndarray:  # fmt: skip
        late = []
        for k in range(draws):
            xi, eta = diluted_examples(n, K, M, d, r, seed + k)
            memory = MultitaskingHebbian(n, d, supervised, threads=threads)
            memory.store_examples(eta, r)
            start = hierarchical_state(xi, seed + k)[None]
            how = "parallel" if sweeps == 1 else "sequential"
            done = memory.monte_carlo(start, beta, sweeps, xi, how, seed=seed + k)
            late.append(np.sort(abs(done.overlaps[0, -max(sweeps // 2, 1) :].mean(0)))[::-1])
        return np.array(late)

    three = {d: amplitudes(3, d, BETA, 40) for d in report.progress(DILUTIONS, "three patterns", unit="dilutions")}
    five = {d: amplitudes(5, d, math.inf, 40) for d in report.progress(FIVE, "five patterns", unit="dilutions")}
    parallel = amplitudes(3, 0.8, 2.0, 40)
    learned = {s: amplitudes(3, 0.3, math.inf, 20, 15, 0.5, s) for s in TAUGHT}
    first = {
        (d, s): np.array([amplitudes(1, d, math.inf, 1, M, LEARN_R, s)[:, 0].mean() for M in NUMBERS])
        for d in report.progress(LEARN_D, "examples", unit="dilutions")
        for s in TAUGHT
    }
    return Simulated(three, five, parallel, learned, first)


def regime_map(report: Report, dilutions: np.ndarray, noises: np.ndarray) -> np.ndarray:
    """Number of the regime of three patterns by theory, started from the hierarchy: [noises, dilutions]."""
    named = np.empty((len(noises), len(dilutions)), dtype=int)
    for i, T in enumerate(report.progress(noises, "regimes", unit="noises")):
        for j, d in enumerate(dilutions):
            named[i, j] = NAMES.index(regime(mean_field(3, d, 1 / T, tolerance=1e-9, most=3000).m))
    return named


# -- claims ----------------------------------------------------------------------------------------------------------
def check_theory(report: Report) -> None:
    for K, expected in ((3, 0.61803), (5, 0.51879)):
        found = critical_dilution(K)
        report.check(f"hierarchy of {K}: stable up to d =", f"{expected:.5f}", found, abs(found - expected) < 1e-5)
    for K, d, expected in ((3, 0.7, 0.2235), (5, 0.8, 0.1403)):
        found = parallel_amplitude(K, d)
        what = f"equal amplitudes of {K} at T = 0, d = {d}"
        report.check(what, f"{expected:.4f}", found, abs(found - expected) < 1e-4)
    for K, d, beta, expected in ((2, 0.5, 1.5, "pure"), (3, 0.5, 3, "hierarchical"), (5, 0.8, 3, "parallel")):
        report.check(f"K = {K}, d = {d}, beta = {beta:g}", expected, regime(mean_field(K, d, beta).m))


def check_simulation(report: Report, found: Simulated) -> None:
    off = {}
    for d in CHECKED:
        theory = mean_field(3, d, BETA).m
        heard = theory > 0.01  # |m| of the others is the fluctuation of a finite network
        off[d] = float(abs(found.three[d].mean(0) - theory)[heard].max())
    worst = max(off, key=lambda d: off[d])
    report.check(f"three patterns, beta = {BETA:g}: farthest from theory (d = {worst})", "< 0.02", off[worst],
                 off[worst] < 0.02)  # fmt: skip
    for d, m in found.five.items():
        apart = float(abs(m.mean(0) - hierarchical_amplitudes(5, d)).max())
        stays = FIVE[d] == "stays"
        report.check(
            f"five patterns, T = 0, d = {d}: distance from the hierarchy", "< 0.01" if stays else "> 0.02", apart,
            apart < 0.01 if stays else apart > 0.02,
        )  # fmt: skip
    mean, spread = float(found.parallel.mean()), float(np.ptp(found.parallel.mean(0)))
    report.check("parallel regime, d = 0.8, beta = 2: mean amplitude", "0.152 +- 0.01", mean, abs(mean - 0.152) < 0.01)
    report.check("... and their spread", "< 0.015", spread, spread < 0.015)
    apart = float(abs(found.learned[True].mean(0) - found.learned[False].mean(0)).max())
    report.check("15 examples, r = 0.5: teacher against none", "< 0.03", apart, apart < 0.03)
    theory = mean_field(3, 0.3, math.inf, 0.2).m
    apart = float(abs(found.learned[True].mean(0) - theory).max())
    report.check("... against theory", "< 0.04", apart, apart < 0.04)
    edge = math.erf(1 / math.sqrt(2))
    for (d, s), m in found.first.items():
        passed = np.interp(edge * (1 - d), m, np.log(NUMBERS))
        M, expected = float(np.exp(passed)), (1 - LEARN_R**2) / LEARN_R**2
        close = 1 / 1.3 < M / expected < 1.3
        report.check(f"examples needed, d = {d}, {TAUGHT[s]}", f"{expected:.1f} (factor 1.3)", M, close)


# -- picture ---------------------------------------------------------------------------------------------------------
def draw(
    path: Path, n: int, found: Simulated, dilutions: np.ndarray, noises: np.ndarray, named: np.ndarray
) -> None:  # fmt: skip
    """Four panels."""
    with figure_style():
        figure = new_figure(7.4, 6.0)
        (a, b), (c, d) = figure.subplots(2, 2)
        _draw_three(a, n, found)
        _draw_map(b, dilutions, noises, named)
        _draw_five(c, n, found)
        _draw_learning(d, found)
        finish(figure, path)


def _draw_three(ax: Axes, n: int, found: Simulated) -> None:
    fine = np.linspace(0.005, 0.99, 120)
    theory = np.array([mean_field(3, d, BETA, tolerance=1e-9, most=3000).m for d in fine])
    simple = np.array([hierarchical_amplitudes(3, d) for d in fine])
    for k, colour in enumerate((BLUE, RED, GREEN)):
        ax.plot(fine, simple[:, k], color=colour, lw=0.5, ls="--")
        ax.plot(fine, theory[:, k], color=colour, label=f"pattern {k + 1}")
        ax.plot(DILUTIONS, [found.three[d][:, k].mean() for d in DILUTIONS], "o", ms=3.5, color=colour, mfc="white")
    ax.plot([], [], color="0.4", lw=0.5, ls="--", label="hierarchy, T = 0")
    ax.set(xlabel="dilution d", ylabel="amplitude |m|", xlim=(0, 1), ylim=(0, 1))
    ax.legend(frameon=False, fontsize=7)
    ax.set_title(rf"(a) K = 3, $\beta$ = {BETA:g}: theory, simulation (N = {n})", loc="left")


def _draw_map(ax: Axes, dilutions: np.ndarray, noises: np.ndarray, named: np.ndarray) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    ax.pcolormesh(dilutions, noises, named, cmap=ListedColormap(COLOURS), vmin=-0.5, vmax=4.5, shading="nearest")
    ax.plot([critical_dilution(3)] * 2, [0, 1], color=INK, lw=0.8, ls="--")
    handles = [Patch(facecolor=c, label=name, edgecolor="0.6", lw=0.4) for c, name in zip(COLOURS, NAMES, strict=True)]
    ax.legend(handles=handles, fontsize=7, loc="upper center", ncols=3, frameon=False)
    ax.set(xlabel="dilution d", ylabel=r"noise $1/\beta$", ylim=(0, 1.5))
    ax.set_title("(b) K = 3, from the hierarchy", loc="left")


def _draw_five(ax: Axes, n: int, found: Simulated) -> None:
    for block, (d, m) in enumerate(found.five.items()):
        x = np.arange(1, 6) + 6 * block
        ax.bar(x, hierarchical_amplitudes(5, d), color="0.85", width=0.8)
        ax.errorbar(x, m.mean(0), m.std(0, ddof=1), fmt="o", ms=4, color=(BLUE, RED)[block], mfc="white")
        ax.text(x[1] - 0.6 * block, 0.5, f"d = {d}: {FIVE[d]}", fontsize=7.5)
    ticks = [*range(1, 6), *range(7, 12)]
    ax.set_xticks(ticks, [str(t if t < 6 else t - 6) for t in ticks])
    ax.set(xlabel="pattern", ylabel="amplitude |m|", ylim=(0, 0.6))
    ax.set_title(f"(c) K = 5, T = 0, d$_c$ = {critical_dilution(5):.3f} (N = {n})", loc="left")


def _draw_learning(ax: Axes, found: Simulated) -> None:
    M = np.geomspace(NUMBERS[0], NUMBERS[-1], 60)
    share = [one_step(1, 0.0, (1 - LEARN_R**2) / (x * LEARN_R**2))[0] for x in M]
    ax.plot(M, share, color=INK, label=r"erf$(1/\sqrt{2\rho})$")
    marks = {(0.3, True): "o", (0.3, False): "x", (0.7, True): "s", (0.7, False): "+"}
    for (d, s), m in found.first.items():
        colour = BLUE if d == LEARN_D[0] else RED
        ax.plot(NUMBERS, m / (1 - d), marks[d, s], ms=5, color=colour, mfc="none", label=f"d = {d}, {TAUGHT[s]}")
    ax.axvline((1 - LEARN_R**2) / LEARN_R**2, color="0.6", lw=0.7, ls="--")
    ax.axhline(math.erf(1 / math.sqrt(2)), color="0.6", lw=0.7, ls="--")
    ax.set(xscale="log", xlabel="examples M", ylabel=r"$m_1/(1-d)$ after one update", ylim=(0.3, 1.02))
    ax.set_xticks(NUMBERS, [str(x) for x in NUMBERS])
    ax.set_xticks([], minor=True)
    ax.legend(frameon=False, fontsize=7)
    ax.set_title(f"(d) r = {LEARN_R}: what it takes to learn", loc="left")
