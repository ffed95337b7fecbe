"""What a teacher is worth to a dense Hebbian network: examples needed with and without one, slopes -2 and -2P.

E. Agliari et al. 2022 and 2023, "Dense Hebbian neural networks: a replica symmetric picture of supervised learning"
(arXiv 2212.00606) and "... of unsupervised learning" (Physica A 627, 129143); formulas in
`networks/dense_hebbian_theory.py`. A network has learned if one update from an archetype leaves an overlap of 0.683.

What to see: (a) examples needed against their quality r: with a teacher M ~ r^-2 at any load and any P; without one
M ~ r^-2P at high load. For P = 4 this holds in the window r^6 << alpha << r^4 only: for poorer examples the noise that
all of them share is too large, and no number suffices. (b) Simulations at three qualities, on the lines. (c) At
alpha = 0.01, r = 0.5 a teacher makes ten examples do; without one even hundreds do not. (d) Digits: overlap with the
archetype of what is recalled from an unseen image; they are alike, so that P = 4 mixes them and P = 8 does not.

Files: the four panels as one PNG; result.json.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..experiment import Report
from ..networks import DenseHebbian
from ..networks.dense_hebbian_data import digit_classes, noisy_examples, noisy_sums
from ..networks.dense_hebbian_theory import one_step_overlap, required_examples
from ..networks.figure_style import BLUE, GREEN, INK, RED, figure_style, finish, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

LEARNED = math.erf(1 / math.sqrt(2))
QUALITIES, LOAD = (0.35, 0.4, 0.5), 0.001
FACTORS = np.array([0.4, 0.63, 1.0, 1.6, 2.5])  # of the number that theory asks for
DENSE, POOR = 0.01, 0.5
NUMBERS = (2, 4, 8, 16, 32, 64, 128)
IMAGES = (2, 10, 30, 80, 150)
DIGIT_ORDERS, DIGIT_DRAWS = (4, 8), 4
TAUGHT = {True: "with a teacher", False: "without"}
# name: P, alpha, with a teacher, where the slope is taken, the slope
LINES: dict[str, tuple[int, float, bool, float, float]] = {
    "teacher, low load": (4, 0.0, True, 0.1, -2),
    r"teacher, P = 4, $\alpha$ = 0.01": (4, 0.01, True, 0.1, -2),
    r"none, P = 2, $\alpha$ = 0.1": (2, 0.1, False, 0.05, -4),
    r"none, P = 4, $\alpha$ = $10^{-8}$": (4, 1e-8, False, 0.035, -8),
}


def run(report: Report, n: int = 64, draws: int = 4, threads: int = 2, seed: int = 0) -> None:
    """Compare formulas with simulations.

    Parameters
    ----------
    report : Report
    n : int
        Spins, at least 48; there are 0.01 n^3 archetypes.
    draws : int
        Networks for each point, at least 2.
    threads : int
        For replicas.
    seed : int
        Of the random numbers.
    """
    for name, value, least in (("n", n, 48), ("draws", draws, 2)):
        if value < least:
            raise ValueError(f"{name}: expected at least {least}, got {value}")

    def overlap(K: int, M: int, r: float, supervised: bool) -> float:
        return float(np.mean([one_step(n, K, M, r, supervised, seed + k, threads) for k in range(draws)]))

    needed = {s: np.empty(len(QUALITIES)) for s in TAUGHT}
    for supervised in TAUGHT:
        for j, r in enumerate(report.progress(QUALITIES, TAUGHT[supervised], unit="qualities")):
            M = np.unique(np.rint(FACTORS * expected_examples(r, supervised, n)).clip(1)).astype(int)
            found = [overlap(round(LOAD * n**3), int(k), r, supervised) for k in M]
            needed[supervised][j] = crossing(M, np.array(found))
    curves = {s: np.empty(len(NUMBERS)) for s in TAUGHT}
    for supervised in TAUGHT:
        for j, M in enumerate(report.progress(NUMBERS, f"{TAUGHT[supervised]}, more load", unit="numbers")):
            curves[supervised][j] = overlap(round(DENSE * n**3), M, POOR, supervised)
    digits, unseen = learn_digits(report, seed, threads)
    check_slopes(report)
    check_simulation(report, n, needed, curves)
    check_digits(report, digits, unseen)
    report.numbers |= dict(qualities=QUALITIES, images=IMAGES, numbers=NUMBERS)
    for s, name in TAUGHT.items():
        report.numbers |= {f"needed {name}": needed[s], f"overlaps {name}": curves[s]}
    report.numbers |= {f"digits {TAUGHT[s]}, P = {P}": m for (P, s), m in digits.items()}
    draw(report.file("teacher.png", "examples needed, overlaps, digits"), n, needed, curves, digits, unseen)


def one_step(n: int, K: int, M: int, r: float, supervised: bool, seed: int, threads: int) -> float:
    """Overlap with the archetype after one parallel update at T = 0 from it; mean over four archetypes."""
    memory = DenseHebbian(n, supervised=supervised, threads=threads)
    if supervised:
        xi, sums = noisy_sums(n, K, M, r, seed)
        memory.store_sums(sums, M, r)
    else:
        xi, examples = noisy_examples(n, K, M, r, seed)
        memory.store_examples(examples, r)
    found = memory.monte_carlo(xi[:4], math.inf, 1, xi[:4], "parallel").overlaps
    return float(found[range(4), 1, range(4)].mean())


def expected_examples(r: float, supervised: bool, n: int | None = None) -> float:
    """Number of examples by theory at the load of the simulations; ``n``: in a finite network."""
    return required_examples(4, r, LOAD, supervised, N=None if supervised else n)


def crossing(M: np.ndarray, m: np.ndarray) -> float:
    """Number of examples at which the overlap passes that of a network that has learned; NaN if it does not."""
    above = np.flatnonzero(m >= LEARNED)
    if not len(above) or above[0] == 0:
        return math.nan
    k = int(above[0])
    return float(np.exp(np.interp(LEARNED, m[k - 1 : k + 1], np.log(M[k - 1 : k + 1]))))


def learn_digits(report: Report, seed: int, threads: int) -> tuple[dict[tuple[int, bool], np.ndarray], float]:
    """Overlap with the archetype of what is recalled from unseen images, by number of examples; and of these images."""
    found = {(P, s): np.zeros(len(IMAGES)) for P in DIGIT_ORDERS for s in TAUGHT}
    unseen = []
    for j, M in enumerate(report.progress(IMAGES, "digits", unit="numbers")):
        for k in range(DIGIT_DRAWS):
            data = digit_classes(M, 20, seed + k)
            unseen.append((data.unseen * data.archetypes[:, None]).mean())
            for (P, supervised), overlaps in found.items():
                memory = DenseHebbian(64, P, supervised, threads=threads)
                memory.store_examples(data.examples)
                states = memory.recall(data.unseen.reshape(-1, 64))[0].reshape(data.unseen.shape)
                overlaps[j] += (states * data.archetypes[:, None]).mean() / DIGIT_DRAWS
    return found, float(np.mean(unseen))


# -- claims ----------------------------------------------------------------------------------------------------------
def slope(P: int, alpha: float, supervised: bool, r: float) -> float:
    """d log M/d log r of the theory at r."""
    a, b = (required_examples(P, k * r, alpha, supervised) for k in (0.98, 1.02))
    return math.log(b / a) / math.log(1.02 / 0.98)


def check_slopes(report: Report) -> None:
    for name, (P, alpha, supervised, r, expected) in LINES.items():
        plain = name.replace("$", "").replace("\\", "")
        found = slope(P, alpha, supervised, r)
        report.check(
            f"slope at r = {r:g}: {plain}", f"{expected} +- {abs(expected) / 20:g}", found,
            abs(found / expected - 1) < 0.05,
        )  # fmt: skip


def check_simulation(
    report: Report, n: int, needed: dict[bool, np.ndarray], curves: dict[bool, np.ndarray]
) -> None:  # fmt: skip
    for supervised, name in TAUGHT.items():
        for r, found in zip(QUALITIES, needed[supervised], strict=True):
            M = expected_examples(r, supervised, n)
            close = 1 / 1.6 < found / M < 1.6
            report.check(f"examples needed {name}, r = {r:g}, alpha = {LOAD:g}", f"{M:.1f} (factor 1.6)", found, close)
    span = math.log(QUALITIES[-1] / QUALITIES[0])
    for supervised, name in TAUGHT.items():
        ends = [expected_examples(r, supervised, n) for r in (QUALITIES[0], QUALITIES[-1])]
        theory, found = (math.log(b / a) / span for a, b in (ends, needed[supervised][[0, -1]]))
        width = 0.2 * abs(theory)
        report.check(
            f"slope of the simulated numbers {name}", f"{theory:.1f} +- {width:.1f}", found, abs(found - theory) < width
        )
    worth = float(needed[False][0] / needed[True][0])
    report.check(f"worth of a teacher at r = {QUALITIES[0]}", "> 4 times", worth, worth > 4)
    some = float(curves[True][NUMBERS.index(16)])
    report.check(f"teacher, 16 examples, alpha = {DENSE}", f"> {LEARNED:.3f}", some, some > LEARNED)
    many = float(curves[False][-1])
    report.check(f"none, {NUMBERS[-1]} examples, alpha = {DENSE}", f"< {LEARNED:.3f}", many, many < LEARNED)


def check_digits(report: Report, digits: dict[tuple[int, bool], np.ndarray], unseen: float) -> None:
    first, last = IMAGES[0], IMAGES[-1]
    for P in DIGIT_ORDERS:
        gain = float(digits[P, True][-1] - digits[P, True][0])
        report.check(f"digits with a teacher, P = {P}: {last} examples against {first}", "> 0.03", gain, gain > 0.03)
    gain = float(digits[4, True][-1] - digits[4, False][-1])
    report.check(f"digits, P = 4, {last} examples: gain by a teacher", "> 0.01", gain, gain > 0.01)
    gain = float(digits[8, True][-1] - unseen)
    report.check("digits, P = 8: what is recalled against the image shown", "> 0.02", gain, gain > 0.02)


# -- picture ---------------------------------------------------------------------------------------------------------
def draw(
    path: Path, n: int, needed: dict[bool, np.ndarray], curves: dict[bool, np.ndarray],
    digits: dict[tuple[int, bool], np.ndarray], unseen: float,
) -> None:  # fmt: skip
    """Four panels."""
    with figure_style():
        figure = new_figure(7.4, 6.0)
        (a, b), (c, d) = figure.subplots(2, 2)
        _draw_lines(a)
        _draw_needed(b, n, needed)
        many = np.geomspace(NUMBERS[0], NUMBERS[-1], 60)
        for s, colour in ((True, BLUE), (False, RED)):
            theory = [one_step_overlap(4, POOR, M, DENSE, s, None if s else n) for M in many]
            c.plot(many, theory, color=colour, label=TAUGHT[s])
            c.plot(NUMBERS, curves[s], "o", ms=3.5, color=colour, mfc="white")
            for P, line in zip(DIGIT_ORDERS, ("o-", "s--"), strict=True):
                d.plot(IMAGES, digits[P, s], line, ms=3.5, color=colour, mfc="white", label=f"P = {P}, {TAUGHT[s]}")
        c.axhline(LEARNED, color="0.7", lw=0.6, ls="--", zorder=0)
        c.set(xscale="log", xlabel="examples M", ylabel="overlap after one update", ylim=(0, 1))
        c.legend(frameon=False, fontsize=7, loc="upper left")
        c.set_title(rf"(c) P = 4, $\alpha$ = {DENSE}, r = {POOR}, N = {n}", loc="left")
        d.axhline(unseen, color="0.7", lw=0.6, ls="--", zorder=0, label="the image shown")
        d.set(xlabel="examples of each digit", ylabel="overlap with the archetype", xscale="log")
        d.legend(frameon=False, fontsize=7)
        d.set_title("(d) digits, recalled from unseen images", loc="left")
        finish(figure, path)


def _draw_lines(ax: Axes) -> None:
    r = np.geomspace(0.015, 0.9, 200)
    for (name, (P, alpha, supervised, at, number)), colour in zip(
        LINES.items(), (INK, BLUE, GREEN, RED), strict=True
    ):  # fmt: skip
        M = np.array([required_examples(P, x, alpha, supervised) for x in r])
        known = np.isfinite(M) & (M > 1)
        style = "--" if alpha == 0.01 else "-"
        ax.plot(r[known], M[known], style, color=colour, label=f"{name}: slope {number}")
        ax.plot(at, required_examples(P, at, alpha, supervised), "o", ms=3, color=colour)
    ax.set(xscale="log", yscale="log", xlabel="quality r", ylabel="examples needed M", ylim=(1, 1e9))
    ax.legend(frameon=False, fontsize=7, loc="upper right")
    ax.set_title("(a) theory", loc="left")


def _draw_needed(ax: Axes, n: int, needed: dict[bool, np.ndarray]) -> None:
    r = np.geomspace(0.3, 0.6, 80)
    for s, colour in ((True, BLUE), (False, RED)):
        M = np.array([expected_examples(x, s, n) for x in r])
        ax.plot(r, np.where(np.isfinite(M), M, np.nan), color=colour, label=f"{TAUGHT[s]}, N = {n}")
        if not s:
            M = np.array([expected_examples(x, s) for x in r])
            ax.plot(r, np.where(np.isfinite(M), M, np.nan), color=colour, lw=0.7, ls=":", label="large N")
        ax.plot(QUALITIES, needed[s], "o", ms=4, color=colour, mfc="white")
    ax.set(xscale="log", yscale="log", xlabel="quality r", ylabel="examples needed M", ylim=(1, 2e3))
    ax.set_xticks([0.3, 0.4, 0.5, 0.6], ["0.3", "0.4", "0.5", "0.6"], minor=False)
    ax.set_xticks([], minor=True)
    ax.legend(frameon=False, fontsize=7)
    ax.set_title(rf"(b) P = 4, $\alpha$ = {LOAD}: simulated", loc="left")
