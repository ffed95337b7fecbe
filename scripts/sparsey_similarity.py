"""Sparsey gives similar inputs similar codes: how many winners two inputs share, and how many inputs one mac can hold.

Setup: 144 inputs of which 20 are on, one mac of Q = 24 modules of K = 8 cells, synapses that are set once. The Code
Selection Algorithm is that of G. J. Rinkus 2010 (Front. Neuroanat. 4:17) and 2014 (Front. Comput. Neurosci. 8:160).

What to see. Left: a memory of one item is shown another item that has some inputs in common; the more, the more winners
the codes share, down to the 1/K of chance. The exponent lambda_U sets how alike two inputs must be to count as one.
Middle: familiarity G is 1 for what was stored and falls with similarity; it decides how noisy the choice is. Right:
with more items, recalled codes lose winners and unseen inputs look familiar; the half-full memory of theory is marked.

All expected numbers are independent measurements of the same model; those of load are of one memory each, which
scatters by about 0.03.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..experiment import Report
from ..networks import Sparsey, SparseyLevel, code_overlap
from ..networks.figure_style import BLUE, GREEN, RED, figure_style, finish, new_figure
from ..neurons import SparseyParams

__all__ = ["run"]

N, ON, Q, K = 144, 20, 24, 8
OVERLAPS = np.arange(0, ON + 1, 2)
SHARED = {  # lambda_U -> overlap -> shared winners
    1: {20: 0.98, 18: 0.97, 16: 0.93, 14: 0.84, 12: 0.61, 10: 0.29, 6: 0.12, 0: 0.13},
    4: {20: 0.98, 18: 0.76, 16: 0.15, 14: 0.12, 12: 0.12, 10: 0.12, 6: 0.12, 0: 0.13},
    10: {20: 0.98, 18: 0.13, 16: 0.12, 0: 0.13},
}
LOADS = (10, 25, 50, 100, 200)
ACCURACY = {1: {25: 1.0, 50: 0.865, 100: 0.71}, 10: {50: 0.998, 100: 0.85, 200: 0.64}}
UNSEEN = {1: {10: 0.41, 50: 0.98}, 10: {10: 0.0, 50: 0.18}}
COLOURS = {1: BLUE, 4: GREEN, 10: RED}


def run(report: Report, trials: int = 200, memories: int = 5, seed: int = 0) -> None:
    """Measure both curves and hold them against known numbers.

    Parameters
    ----------
    report : Report
    trials : int
        Memories of one item over which shared winners are averaged.
    memories : int
        Memories over which the curves of load are averaged.
    seed : int
        Of items and draws.
    """
    for name, value in (("trials", trials), ("memories", memories)):
        if value < 1:
            raise ValueError(f"{name}: expected at least 1, got {value}")
    report.say("the first memory compiles the kernel (about ten seconds, once on a machine)")
    shared, familiar = {}, {}
    for power in report.progress(SHARED, "shared winners", unit="exponents"):
        shared[power], familiar[power] = similarity(power, trials, seed)
        expected = SHARED[power]
        came = {o: shared[power][list(OVERLAPS).index(o)] for o in expected}
        worst = max(abs(came[o] - expected[o]) for o in expected)
        text = ", ".join(f"{v:.2f}" for v in expected.values())
        report.check(
            f"lambda_U = {power}: winners shared at overlaps {', '.join(map(str, expected))}", f"{text} +- 0.03",
            ", ".join(f"{v:.2f}" for v in came.values()), worst < 0.03 * max(1, (200 / trials) ** 0.5),
        )  # fmt: skip
        report.check(f"lambda_U = {power}: G of the stored item", 1.0, float(familiar[power][-1]))
        report.check(f"lambda_U = {power}: G of an item without common inputs", 0.0, float(familiar[power][0]))
    accuracy, unseen = {}, {}
    for power in report.progress(ACCURACY, "load", unit="exponents"):
        rows = np.array([[load(power, n, seed + k) for n in LOADS] for k in range(memories)]).mean(0)
        accuracy[power], unseen[power] = rows.T
        for what, curve, known, slack in (
            ("winners recalled", accuracy[power], ACCURACY[power], 0.04),
            ("G of unseen items", unseen[power], UNSEEN[power], 0.05),
        ):
            came = [curve[LOADS.index(n)] for n in known]
            report.check(
                f"lambda_U = {power}: {what} with {', '.join(map(str, known))} stored",
                ", ".join(f"{v:g}" for v in known.values()) + f" +- {slack}", ", ".join(f"{v:.3f}" for v in came),
                np.abs(np.array(came) - list(known.values())).max() < slack,
            )  # fmt: skip
    half = memory_of(10, seed).capacity(ON)
    report.numbers.update(
        overlaps=OVERLAPS.tolist(), shared=shared, familiarity=familiar, loads=list(LOADS), accuracy=accuracy,
        unseen=unseen, half_full=half,
    )  # fmt: skip
    draw(report.file("similarity.png", "shared winners, familiarity, load"), shared, familiar, accuracy, unseen, half)


def memory_of(power: int, seed: int) -> Sparsey:
    """One mac."""
    return Sparsey(N, SparseyLevel(SparseyParams(Q, K, lambda_u=power), signals="U"), seed=seed)


def similarity(power: int, trials: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shared winners and familiarity for each overlap, mean over memories of one item."""
    shared, familiar = [], []
    for trial in range(trials):
        order = np.random.default_rng([seed, trial]).permutation(N)
        cues = np.zeros((len(OVERLAPS), N), bool)
        for cue, o in zip(cues, OVERLAPS, strict=True):
            cue[order[:o]] = cue[order[ON : 2 * ON - o]] = True
        memory = memory_of(power, seed + trial)
        code = memory.learn(cues[-1:]).codes
        record = memory.recognise(cues, separate=True, hard=False)
        shared.append(code_overlap(record.codes, code)[:, 0])
        familiar.append(record.G[:, 0])
    return np.mean(shared, axis=0), np.mean(familiar, axis=0)


def load(power: int, number: int, seed: int) -> tuple[float, float]:
    """Winners recalled of ``number`` stored items, and familiarity of 200 others."""
    rng = np.random.default_rng([seed, number])
    items = np.zeros((number + 200, N), bool)
    for item in items:
        item[rng.choice(N, ON, replace=False)] = True
    memory = memory_of(power, seed)
    codes = memory.learn(items[:number], separate=True).codes
    record = memory.recognise(items, separate=True)
    return float(code_overlap(record.codes[:number], codes).mean()), float(record.G[number:].mean())


def draw(path: Path, shared: dict, familiar: dict, accuracy: dict, unseen: dict, half: float) -> None:
    """Draw three panels."""
    with figure_style():
        figure = new_figure(7.2, 2.7)
        left, middle, right = figure.subplots(1, 3)
        for power, colour in COLOURS.items():
            left.plot(OVERLAPS, shared[power], "o-", ms=3, color=colour, label=f"$\\lambda_U$ = {power}")
            left.plot(*zip(*SHARED[power].items(), strict=True), "s", ms=6, mfc="none", mec=colour, mew=0.7)
            middle.plot(OVERLAPS, familiar[power], "o-", ms=3, color=colour)
        left.axhline(1 / K, color="0.5", lw=0.6, ls=":")
        left.text(0, 1 / K - 0.02, "chance, 1/K", fontsize=6.5, color="0.4", va="top")
        left.plot([], [], "s", ms=6, mfc="none", mec="0.4", mew=0.7, label="expected")
        left.legend(frameon=False, fontsize=7)
        left.set(ylabel="shared winners", title="one item stored")
        middle.set(ylabel="familiarity G", title="one item stored")
        for ax in (left, middle):
            ax.set(xlabel=f"inputs in common (of {ON})", xlim=(-0.5, ON + 0.5), ylim=(-0.02, 1.04))
        for power in accuracy:
            right.plot(LOADS, accuracy[power], "o-", ms=3, color=COLOURS[power])
            right.plot(LOADS, unseen[power], "o--", ms=3, color=COLOURS[power])
            for known in (ACCURACY[power], UNSEEN[power]):
                right.plot(*zip(*known.items(), strict=True), "s", ms=6, mfc="none", mec=COLOURS[power], mew=0.7)
        right.plot([], [], "-", color="0.4", label="recalled winners")
        right.plot([], [], "--", color="0.4", label="G of unseen")
        right.vlines(half, -0.02, 1.04, color="0.5", lw=0.6, ls=":")
        right.text(half * 1.04, 0.55, "half full", fontsize=6.5, color="0.4", rotation=90, va="center")
        right.legend(frameon=False, fontsize=7, loc="upper right")
        right.set_xscale("log")
        right.set_xticks(LOADS, [str(n) for n in LOADS])
        right.minorticks_off()
        right.set(xlabel="items stored", ylim=(-0.02, 1.3), yticks=np.linspace(0, 1, 6), title="load")
        finish(figure, path)
