"""The same digits and the same damaged cues to every memory: what comes back, how fast, with how many bytes.

Memories: CA3 (spiking, content-addressable; D. Casanueva-Morato et al. 2024), Hopfield networks: classic (1982), x^6
and exponential (Krotov and Hopfield 2016, Demircigil et al. 2017), modern (Ramsauer et al. 2021); Willshaw (1969),
Kanerva's sparse distributed memory (1988), a linear associator with the delta rule, Sparsey (Rinkus 2014).

Patterns are the 8 x 8 digits that come with scikit-learn, 64 bits each, black where a pixel has at least half of the
darkest grey. A cue is a stored digit of which some black pixels are erased, or some of all pixels are turned.

What to see: digits are alike, which is hard for memories that add patterns up (classic, Willshaw, Kanerva), whatever
their capacity for random patterns is; steep separation functions and memories that compare (modern, CA3 asked by
pixels) stand damage and load. A right answer is one in which all 64 bits are right.

Memories are used as they stand, with one setting for all loads (`memories`); none is tuned for a point of a curve, and
nothing is done to make digits less alike (a classic network would gain from patterns without their mean). CA3 is asked
pixel by pixel: the cue that most black pixels name is then recalled. Its time is that of the simulation, in which each
pixel is asked once for all cues.

Files: shootout.png, result.json. ``--patterns 1000`` goes on to larger loads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import (
    SDM,
    CA3Memory,
    Classic,
    Exponential,
    HopfieldNetwork,
    LinearAssociator,
    ModernHopfield,
    Polynomial,
    Sparsey,
    Willshaw,
)
from ..networks.figure_style import BLUE, GREEN, INK, ORANGE, PINK, RED, SKY, figure_style, finish, new_figure
from ..neurons.sparsey import SparseyParams

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

BITS, HALF_GREY = 64, 8
FEW = 10  # patterns at which damage is varied
ERASED = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)  # of the black pixels
TURNED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)  # of all pixels
LOADS = (5, 10, 20, 50, 100, 200, 500, 1000)
AT = 0.2  # erased when the load is varied
COLOURS = {
    "CA3": INK, "Hopfield, classic": PINK, "Hopfield, x^6": "#7A5195", "Hopfield, exp": GREEN,
    "Hopfield, modern": BLUE, "Willshaw": ORANGE, "Kanerva": "#8C6D31", "delta rule": RED,
    "Sparsey": SKY,
}  # fmt: skip


class Memory(NamedTuple):
    """A memory with its patterns in it: bits [Q, 64] -> bits [Q, 64], and the bytes that it has learned."""

    complete: Callable[[np.ndarray], np.ndarray]
    nbytes: int


class Score(NamedTuple):
    """Share of cues that come back exactly, of those nearest to the right pattern, ms a cue, bytes a pattern."""

    exact: float
    nearest: float
    ms: float
    nbytes: float


def run(report: Report, patterns: int = 200, cues: int = 100, ca3: bool = True, seed: int = 1) -> None:
    """Give the same cues to every memory.

    Parameters
    ----------
    report : Report
    patterns : int
        Largest load, 10 to 1000.
    cues : int
        At most so many for each point, at least 10.
    ca3 : bool
        Take the spiking memory too (at 5 and 10 patterns).
    seed : int
        Of digits and damage.
    """
    if not FEW <= patterns <= LOADS[-1]:
        raise ValueError(f"patterns: expected {FEW} to {LOADS[-1]}, got {patterns}")
    if cues < FEW:
        raise ValueError(f"cues: expected at least {FEW}, got {cues}")
    images = load(seed)
    makers = memories(seed)
    if not ca3:
        makers.pop("CA3")
    report.say("the first recalls compile the networks (some ten seconds, once on a machine)")
    rng = np.random.default_rng(seed)
    erased, turned, loads = (dict[str, list[tuple[float, Score]]]() for _ in range(3))
    few, many = images[:FEW], [n for n in LOADS if n <= patterns]
    damaged = {("erased", s): erase(few, s, cues // FEW, rng) for s in ERASED}
    damaged |= {("turned", s): turn(few, s, cues // FEW, rng) for s in TURNED}
    at_load = {n: erase(images[:n], AT, max(cues // n, 1), rng) for n in many}
    for name, make in report.progress(makers.items(), "memories"):
        memory = make(few)
        memory.complete(few)  # compiles
        erased[name] = [(s, score(memory, few, *damaged["erased", s], cues)) for s in ERASED]
        turned[name] = [(s, score(memory, few, *damaged["turned", s], cues)) for s in TURNED]
        mine = [n for n in many if name != "CA3" or n <= FEW]
        loads[name] = [(n, score(make(images[:n]), images[:n], *at_load[n], cues)) for n in mine]
    check(report, erased, turned, loads)
    report.numbers.update(
        erased={n: [(x, s._asdict()) for x, s in row] for n, row in erased.items()},
        turned={n: [(x, s._asdict()) for x, s in row] for n, row in turned.items()},
        loads={n: [(x, s._asdict()) for x, s in row] for n, row in loads.items()},
    )
    draw(report.file("shootout.png", "what comes back against damage and load; time and bytes"), erased, turned, loads)


# -- data ------------------------------------------------------------------------------------------------------------
def load(seed: int) -> np.ndarray:
    """Different images bool [., 64], the digits 0 ... 9 first."""
    from sklearn.datasets import load_digits

    data = load_digits()
    black = data.data >= HALF_GREY
    order = np.random.default_rng(seed).permutation(len(black))
    first = [next(k for k in order if data.target[k] == digit) for digit in range(FEW)]
    order = np.concatenate([first, order[~np.isin(order, first)]])
    _, where = np.unique(black[order], axis=0, return_index=True)
    return black[order][np.sort(where)]


def erase(images: np.ndarray, share: float, times: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cues without a share of their black pixels, and which image each was."""
    which = np.repeat(np.arange(len(images)), times)
    cues = images[which].copy()
    for cue in cues:
        black = np.flatnonzero(cue)
        cue[rng.permutation(black)[: round(share * len(black))]] = False
    return cues, which


def turn(images: np.ndarray, share: float, times: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cues with a share of all pixels turned."""
    which = np.repeat(np.arange(len(images)), times)
    wrong = rng.permuted(np.tile(np.arange(BITS) < round(share * BITS), (len(which), 1)), axis=1)
    return images[which] ^ wrong, which


# -- memories --------------------------------------------------------------------------------------------------------
def memories(seed: int) -> dict[str, Callable[[np.ndarray], Memory]]:
    """Name -> function that stores patterns bool [P, 64]."""

    def binary(form: Any) -> Callable[[np.ndarray], Memory]:
        def make(bits: np.ndarray) -> Memory:
            memory = HopfieldNetwork(BITS, form)
            memory.store(bits)
            return Memory(lambda cues: memory.recall(cues, seed=seed)[0] > 0, memory.nbytes)

        return make

    def modern(bits: np.ndarray) -> Memory:
        memory = ModernHopfield(BITS, beta=1.0, dtype="float32")
        memory.store(2.0 * bits - 1)
        return Memory(lambda cues: memory.recall(2.0 * cues - 1, steps=5)[0] > 0, memory.nbytes)

    def willshaw(bits: np.ndarray) -> Memory:
        memory = Willshaw(BITS)
        memory.store(bits)
        return Memory(lambda cues: memory.recall(cues, steps=5, threshold="winners")[0], memory.nbytes)

    def kanerva(bits: np.ndarray) -> Memory:
        memory = SDM(BITS, places=5000, share=0.01, seed=seed)
        memory.store(bits)
        return Memory(lambda cues: memory.recall(cues)[0] > 0, memory.nbytes)

    def delta(bits: np.ndarray) -> Memory:
        memory = LinearAssociator(BITS, rule="delta", normalize=True)
        memory.store(2.0 * bits - 1, passes=20)
        return Memory(lambda cues: memory.recall(2.0 * cues - 1)[0] > 0, memory.nbytes)

    def sparsey(bits: np.ndarray) -> Memory:  # one mac that sees all pixels
        memory = Sparsey(BITS, SparseyParams(modules=48, cells=16), seed=seed)
        memory.store(bits)
        return Memory(lambda cues: memory.recall(cues, threshold=1.0)[0], memory.nbytes)

    return {
        "CA3": spiking, "Hopfield, classic": binary(Classic()), "Hopfield, x^6": binary(Polynomial(6)),
        "Hopfield, exp": binary(Exponential()), "Hopfield, modern": modern, "Willshaw": willshaw, "Kanerva": kanerva,
        "delta rule": delta, "Sparsey": sparsey,
    }  # fmt: skip


def spiking(bits: np.ndarray) -> Memory:
    """CA3 asked by content: black pixels name cues, the one named most often (the first of equals) is recalled."""
    memory = CA3Memory(cues=len(bits), bits=BITS)
    for k, image in enumerate(bits):
        memory.learn(k, np.flatnonzero(image))
    answers: dict[int, set[int]] = {}  # asking by one pixel leaves the memory as it is: each is asked once

    def complete(cues: np.ndarray) -> np.ndarray:
        out = np.zeros_like(cues)
        for cue, row in zip(cues, out, strict=True):
            votes = np.zeros(len(bits), dtype=int)
            for pixel in np.flatnonzero(cue):
                if pixel not in answers:
                    answers[int(pixel)] = memory.recall(bits={int(pixel)})
                votes[list(answers[int(pixel)])] += 1
            row[list(memory.recall(cue=int(votes.argmax())))] = True
        return out

    return Memory(complete, sum(w.nbytes for w in memory.weights))


def score(memory: Memory, stored: np.ndarray, cues: np.ndarray, which: np.ndarray, most: int) -> Score:
    """Hold what came against what was stored."""
    some = np.linspace(0, len(cues) - 1, min(most, len(cues))).astype(int)
    cues, which = cues[some], which[some]
    start = time.perf_counter()
    came = memory.complete(cues)
    ms = (time.perf_counter() - start) / len(cues) * 1e3
    right = stored[which]
    distance = (came[:, None] != stored[None]).sum(-1)
    own = distance[np.arange(len(cues)), which]
    distance[np.arange(len(cues)), which] = BITS + 1
    nearest = own < distance.min(1) if len(stored) > 1 else np.ones(len(cues), dtype=bool)
    return Score(float((came == right).all(1).mean()), float(nearest.mean()), ms, memory.nbytes / len(stored))


# -- claims ----------------------------------------------------------------------------------------------------------
def check(report: Report, *curves: dict[str, list[tuple[float, Score]]]) -> None:
    """What holds for any draw of digits and damage."""
    erased, turned, loads = ({name: dict(row) for name, row in c.items()} for c in curves)
    for name in ("CA3", "Hopfield, x^6", "Hopfield, exp", "Hopfield, modern", "delta rule"):
        if name in erased:
            came = erased[name][0.0].exact
            report.check(f"{name}: {FEW} whole digits come back", 1.0, came)
    for name in ("CA3", "Hopfield, exp", "Hopfield, modern"):
        if name in erased:
            came = erased[name][0.3].exact
            report.check(f"{name}: {FEW} digits, 30 % of the black erased", "> 0.9", came, came > 0.9)
    for name in ("Hopfield, exp", "Hopfield, modern"):
        came = turned[name][0.1].exact
        report.check(f"{name}: {FEW} digits, 10 % of all pixels turned", "> 0.9", came, came > 0.9)
    classic, modern = erased["Hopfield, classic"][0.0].exact, erased["Hopfield, modern"][0.0].exact
    report.check("classic: whole digits that come back", "fewer than modern", classic, classic < modern)
    most = max(loads["Hopfield, modern"])
    modern = loads["Hopfield, modern"][most].exact
    adding = {name: loads[name][most].exact for name in ("Hopfield, classic", "Willshaw", "Kanerva", "delta rule")}
    best = max(adding, key=adding.__getitem__)
    came = f"{modern:.2f}, {adding[best]:.2f} ({best})"
    report.check(f"{most} digits, 20 % erased: modern, best that adds up", "first more", came, modern > adding[best])


# -- picture ---------------------------------------------------------------------------------------------------------
def draw(path: Path, *curves: dict[str, list[tuple[float, Score]]]) -> None:
    """Damage and load above, time and bytes below."""
    erased, turned, loads = curves
    with figure_style():
        figure = new_figure(7.2, 5.6)
        grid = figure.add_gridspec(2, 6)
        top = [figure.add_subplot(grid[0, 2 * k : 2 * k + 2]) for k in range(3)]
        titles = (f"a  {FEW} digits, erased", f"b  {FEW} digits, turned", f"c  load, {AT:.0%} erased")
        words = ("share of the black pixels", "share of all pixels", "stored digits")
        for ax, curve, title, word in zip(top, curves, titles, words, strict=True):
            for name, row in curve.items():
                ax.plot([x for x, _ in row], [s.exact for _, s in row], "o-", ms=2.5, color=COLOURS[name], label=name)
            ax.set(xlabel=word, ylim=(-0.03, 1.03))
            ax.set_title(title, loc="left")
        top[0].set_ylabel("share of cues that come back exactly")
        top[2].set_xscale("log")
        left, right = figure.add_subplot(grid[1, :3]), figure.add_subplot(grid[1, 3:])
        _bars(left, {name: dict(row)[AT].ms for name, row in erased.items()})
        left.set(xlabel=f"time of a cue (ms), {FEW} digits")
        left.set_title("d  time (CA3: of the simulation)", loc="left")
        _bars(
            right, {name: row[-1][1].nbytes for name, row in loads.items()}, {n: row[-1][0] for n, row in loads.items()}
        )
        right.set(xlabel="bytes learned, per stored digit")
        right.set_title("e  memory, at the largest load", loc="left")
        handles, labels = top[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=7)
        finish(figure, path)


def _bars(ax: Axes, values: dict[str, float], notes: dict[str, float] | None = None) -> None:
    names = list(values)
    ax.barh(range(len(names)), list(values.values()), color=[COLOURS[n] for n in names], height=0.7)
    for k, name in enumerate(names):
        text = (f"{values[name]:,.0f}" if values[name] >= 100 else f"{values[name]:.3g}") + (
            f" at {notes[name]:g}" if notes else ""
        )
        ax.annotate(text, (values[name], k), xytext=(3, 0), textcoords="offset points", va="center", fontsize=6.5)
    ax.set_yticks(range(len(names)), names, fontsize=7)
    ax.invert_yaxis()
    ax.set_xscale("log")
    ax.set_xlim(right=max(values.values()) * 12)
