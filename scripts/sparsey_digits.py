"""One Sparsey mac over handwritten digits saturates; many macs with small fields, freezing and sparser inputs lift it.

The 8 x 8 digits that come with scikit-learn, black where a pixel has at least half of the darkest grey; 500 others are
asked. The answer is the class of the stored code that shares most winners, or of a class field. The model: R. Rinkus
and J. Leveille 2017 (arXiv 1710.07829).

What to see. Above: with one mac the accuracy falls with the number of stored digits, to chance (0.1) when 1000 are
stored in Q = 24 modules of K = 8 cells: half of all synapses are set, and every digit looks familiar. Larger macs fall
later. Nearest neighbour on the same pixels shows what the inputs allow. Below: the same 1000 digits in 4 macs that see
4 x 4 pixels each, in 36 that see 3 x 3; then with synapses that freeze when half of a mac's are set; then with thin
lines as inputs. The nearest code improves at each step, but looks through all stored codes; a class field that counts
reads the same codes better, in a time that no load changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import Sparsey, SparseyLevel, SparseyReadout, nearest_code
from ..networks.figure_style import BLUE, GREEN, RED, SKY, figure_style, finish, new_figure
from ..neurons import SparseyParams
from ..plasticity import SparseyRule
from ..tasks.digit_images import ridges

__all__ = ["run"]

ASKED, CHANCE, SLACK = 500, 0.1, 0.09
PER_CLASS = (5, 10, 20, 100)
MACS = {"24 x 8": (24, 8, 4), "50 x 20": (50, 20, 10), "100 x 20": (100, 20, 10)}  # Q, K, lambda_U
EXPECTED = {  # of the first two seeds; "pixels": nearest neighbour
    "pixels": {5: 0.75, 10: 0.83, 20: 0.87},
    "24 x 8": {5: 0.225, 10: 0.155, 20: 0.11, 100: 0.12},
    "50 x 20": {5: 0.395, 10: 0.35, 20: 0.35},
    "100 x 20": {5: 0.43, 10: 0.385, 20: 0.37},
}
COLOURS = {"pixels": "0.5", "24 x 8": BLUE, "50 x 20": GREEN, "100 x 20": RED}


class Rung(NamedTuple):
    """One of the steps that lift the accuracy."""

    name: str
    grid: int
    field: int
    freeze: bool
    thin: bool


LADDER = (
    Rung("one mac", 1, 8, False, False),
    Rung("4 macs, 4 x 4 pixels", 2, 4, False, False),
    Rung("36 macs, 3 x 3 pixels", 6, 3, False, False),
    Rung("36 macs, freezing", 6, 3, True, False),
    Rung("36 macs, freezing, thin lines", 6, 3, True, True),
)


class Digits(NamedTuple):
    """Pixels and thin lines bool [P, 64] of all images, their labels, which are stored and which asked."""

    pixels: np.ndarray
    thin: np.ndarray
    labels: np.ndarray
    stored: np.ndarray
    asked: np.ndarray


def run(report: Report, seeds: int = 2, per_class: int = 100) -> None:
    """Store digits in one mac and in many, and ask others.

    Parameters
    ----------
    report : Report
    seeds : int
        Over how many choices of digits and draws the accuracy is averaged.
    per_class : int
        Digits of each class that the ladder stores, 20 ... 120.
    """
    if seeds < 1:
        raise ValueError(f"seeds: expected at least 1, got {seeds}")
    if not 20 <= per_class <= 120:
        raise ValueError(f"per_class: expected 20 ... 120, got {per_class}")
    report.say("the first memory compiles the kernel (about ten seconds, once on a machine)")
    fall: dict[str, list[float]] = {name: [] for name in EXPECTED}
    for number in report.progress(PER_CLASS, "one mac", unit="loads"):
        sets = [digits(number, seed) for seed in range(seeds)]
        fall["pixels"].append(float(np.mean([by_pixels(d) for d in sets])))
        for name, (Q, K, power) in MACS.items():
            level = SparseyLevel(SparseyParams(Q, K, lambda_u=power), signals="U")
            fall[name].append(float(np.mean([answers(d, d.pixels, level, s)["nearest"] for s, d in enumerate(sets)])))
    for name, expected in EXPECTED.items():
        came = [fall[name][PER_CLASS.index(n)] for n in expected]
        what = "nearest neighbour on pixels" if name == "pixels" else f"one mac of {name}, nearest code"
        report.check(
            f"{what}: accuracy with {', '.join(map(str, expected))} per class",
            ", ".join(f"{v:.2f}" for v in expected.values()) + f" +- {SLACK}", ", ".join(f"{v:.2f}" for v in came),
            np.abs(np.array(came) - list(expected.values())).max() < SLACK,
        )  # fmt: skip
    report.check(
        "one mac of 24 x 8 falls to chance", f"< {CHANCE + 0.05:g}", fall["24 x 8"][-1],
        fall["24 x 8"][-1] < CHANCE + 0.05,
    )  # fmt: skip

    sets = [digits(per_class, seed) for seed in range(seeds)]
    ladder = {}
    for rung in report.progress(LADDER, "ladder", unit="steps"):
        rule = SparseyRule(freeze="mac" if rung.freeze else None)
        level = SparseyLevel(
            SparseyParams(24, 8, lambda_u=4), (rung.grid, rung.grid), (rung.field, rung.field), signals="U", rule=rule
        )
        found = [answers(d, d.thin if rung.thin else d.pixels, level, s) for s, d in enumerate(sets)]
        ladder[rung.name] = {k: float(np.mean([f[k] for f in found])) for k in found[0]}
    reference = float(np.mean([by_pixels(d) for d in sets]))
    one, four, many, frozen, thin = (ladder[rung.name] for rung in LADDER)
    for what, low, high, least in (
        ("36 small macs lift the nearest code", one["nearest"], many["nearest"], 0.15),
        ("freezing lifts it", many["nearest"], frozen["nearest"], 0.05),
        ("thin lines lift it", frozen["nearest"], thin["nearest"], 0.05),
        ("a class field that counts reads 4 macs better than the nearest code", four["nearest"], four["counts"], 0.15),
        ("and 36 frozen ones", frozen["nearest"], frozen["counts"], 0.1),
    ):
        report.check(f"{what}: by at least {least}", f"{low:.2f} -> {low + least:.2f}", high, high >= low + least)
    report.check("36 macs, freezing, class field that counts", ">= 0.75", frozen["counts"], frozen["counts"] >= 0.75)
    report.numbers.update(
        per_class=list(PER_CLASS), one_mac=fall, ladder_per_class=per_class, ladder=ladder, pixels=reference
    )
    draw(report.file("digits.png", "the fall with one mac, and what lifts it"), fall, ladder, reference, per_class)


def digits(per_class: int, seed: int) -> Digits:
    """Choose what is stored, in random order, and 500 others."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.target))
    stored = np.concatenate([order[data.target[order] == k][:per_class] for k in range(10)])
    asked = np.setdiff1d(order, stored, assume_unique=True)[:ASKED]
    stored = np.random.default_rng([seed, 1]).permutation(stored)
    pixels = data.data >= 8
    return Digits(pixels, ridges(data.images).reshape(len(pixels), -1), data.target, stored, asked)


def by_pixels(d: Digits) -> float:
    """Accuracy of the nearest neighbour."""
    differ = (d.pixels[d.asked][:, None] ^ d.pixels[d.stored][None]).sum(-1)
    return float((d.labels[d.stored][differ.argmin(1)] == d.labels[d.asked]).mean())


def answers(d: Digits, inputs: np.ndarray, level: SparseyLevel, seed: int) -> dict[str, float]:
    """Accuracy by the nearest code and by both class fields, and how full the memory is."""
    memory = Sparsey((8, 8), level, seed=seed)
    codes = memory.learn(inputs[d.stored], separate=True).codes
    asked = memory.recognise(inputs[d.asked], separate=True).codes
    truth, labels = d.labels[d.asked], d.labels[d.stored]
    found = {"nearest": float((labels[nearest_code(asked, codes)] == truth).mean())}
    for rule in ("once", "counts"):
        field = SparseyReadout(10, *codes.shape[1:], level.mac.cells, rule)
        field.learn(codes, labels)
        found[rule] = float((field.classify(asked) == truth).mean())
    return {**found, "set": float(memory.saturation().mean()), "frozen": float(memory.frozen().mean())}


def draw(path: Path, fall: dict, ladder: dict, reference: float, per_class: int) -> None:
    """Two panels, one above the other."""
    with figure_style():
        figure = new_figure(5.6, 5.2)
        above, below = figure.subplots(2, 1)
        for name, curve in fall.items():
            label = "pixels, nearest neighbour" if name == "pixels" else f"one mac of {name}, nearest code"
            above.plot(PER_CLASS, curve, "o-", ms=3, color=COLOURS[name], label=label)
            known = [(n, v) for n, v in EXPECTED[name].items()]
            above.plot(*zip(*known, strict=True), "s", ms=6, mfc="none", mec=COLOURS[name], mew=0.7)
        above.plot([], [], "s", ms=6, mfc="none", mec="0.4", mew=0.7, label="expected")
        above.axhline(CHANCE, color="0.5", lw=0.6, ls=":")
        above.text(5, CHANCE - 0.02, "chance", fontsize=6.5, color="0.4", va="top")
        above.set_xscale("log")
        above.set_xticks(PER_CLASS, [str(n) for n in PER_CLASS])
        above.minorticks_off()
        above.set(xlabel="stored per class", ylabel="accuracy", ylim=(0, 1), title="the fall: one mac")
        above.legend(frameon=False, fontsize=6.5, loc="center left", bbox_to_anchor=(1, 0.5))
        width, names = 0.26, list(ladder)
        for k, (kind, label, colour) in enumerate(
            (
                ("nearest", "nearest stored code", BLUE),
                ("once", "class field, set once", SKY),
                ("counts", "class field, counts", RED),
            )
        ):
            heights = [ladder[name][kind] for name in names]
            below.bar(np.arange(len(names)) + (k - 1) * width, heights, width, color=colour, label=label)
        below.axhline(reference, color="0.5", lw=0.8)
        beside = dict(transform=below.get_yaxis_transform(), fontsize=6.5, color="0.4", va="center")
        below.text(1.02, reference, "pixels, nearest\nneighbour", **beside)
        below.text(1.02, CHANCE, "chance", **beside)
        below.axhline(CHANCE, color="0.5", lw=0.6, ls=":")
        below.set_xticks(np.arange(len(names)), [name.replace(", ", ",\n") for name in names], fontsize=6.5)
        below.set(ylabel="accuracy", ylim=(0, 1), title=f"what lifts it ({10 * per_class} stored, macs of 24 x 8)")
        below.legend(frameon=False, fontsize=6.5, loc="center left", bbox_to_anchor=(1, 0.5))
        finish(figure, path)
