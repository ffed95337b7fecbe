"""Sparsey learns as many digits as MNIST has, in one pass and in minutes: time and accuracy beside what is claimed.

R. Rinkus and J. Leveille 2017 (arXiv 1710.07829) claim single-trial learning of MNIST in minutes on one CPU, with
initial results that are not the state of the art; about 90 % is claimed elsewhere and not verified. Here the images are
28 x 28: the real files of MNIST if ``--mnist FOLDER`` has them, else scikit-learn's 8 x 8 digits, enlarged and changed
(images to ask come from other originals). ``--images 60000`` is the full size.

What to see. Time grows with the number of images and with nothing else: the last tenth takes as long as the first. The
accuracy on images not learned, by a class field that counts, and by one whose synapses are set once. Each image goes
through once; a learned image never comes again. Pictures: some inputs, where macs look and how full they are, accuracy
while learning, images that were read wrong.

One level of 11 x 11 macs that see 8 x 8 pixels each, Q = 10, K = 32, lambda_U = 4; inputs are thin lines; a mac needs
three active pixels, freezes when a fifth of its synapses are set, and then takes its most likely cells.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..experiment import Report
from ..networks import Sparsey, SparseyLevel, SparseyReadout
from ..networks.figure_style import BLUE, RED, figure_style, finish, new_figure
from ..neurons import SparseyParams
from ..plasticity import SparseyRule
from ..tasks.digit_images import Digits, made_digits, read_mnist, ridges

__all__ = ["run"]

SIDE, GRID, FIELD = 28, 11, 8
LEVEL = SparseyLevel(
    SparseyParams(10, 32, lambda_u=4, least=3), (GRID, GRID), (FIELD, FIELD), signals="U",
    rule=SparseyRule(freeze="mac", saturation=0.2), hard_when_frozen=True,
)  # fmt: skip
MINUTES = 10.0  # what "minutes" may mean for 60,000 images on two cores
LEAST = 0.65  # accuracy below which something is broken


def run(
    report: Report, images: int = 3000, asked: int = 1000, mnist: str = "", threads: int = 2, seed: int = 0
) -> None:
    """Learn the images in ten parts and ask others after each.

    Parameters
    ----------
    report : Report
    images : int
        How many to learn; 60000 is the size of MNIST.
    asked : int
        How many others to ask.
    mnist : str
        Folder with the four files of MNIST; made images without.
    threads : int
        Macs learn side by side; the result does not depend on it.
    seed : int
        Of the images and of the draws.
    """
    for name, value, low in (("images", images, 100), ("asked", asked, 10), ("threads", threads, 1)):
        if value < low:
            raise ValueError(f"{name}: expected at least {low}, got {value}")
    train, test = (_cut(d, n) for d, n in zip(load(images, asked, mnist, seed), (images, asked), strict=True))
    if train.images.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"mnist: expected images of 28 x 28, got {list(train.images.shape[1:])}")
    known, other = (ridges(d.images).reshape(len(d.images), -1) for d in (train, test))
    memory = Sparsey((SIDE, SIDE), LEVEL, seed=seed, threads=threads)
    fields = {
        rule: SparseyReadout(10, GRID * GRID, LEVEL.mac.modules, LEVEL.mac.cells, rule) for rule in ("counts", "once")
    }
    report.say("compiling the kernel takes about ten seconds, once on a machine")
    _warm_up()
    edges = np.linspace(0, len(known), 11).astype(int)
    took: list[float] = []
    curve: dict[str, list[float]] = {rule: [] for rule in fields}
    asking = 0.0
    for a, b in report.progress(list(zip(edges[:-1], edges[1:], strict=True)), "learning", unit="tenths"):
        began = time.perf_counter()
        codes = memory.learn(known[a:b], separate=True).codes
        for field in fields.values():
            field.learn(codes, train.labels[a:b])
        took.append(float((time.perf_counter() - began) / (b - a)))
        began = time.perf_counter()
        answer = memory.recognise(other, separate=True).codes
        for rule, field in fields.items():
            curve[rule].append(float((field.classify(answer) == test.labels).mean()))
        asking = (time.perf_counter() - began) / len(other)
    total = float(np.dot(took, np.diff(edges)))
    full = total / len(known) * 60_000 / 60
    what = "MNIST" if mnist else "made digits"
    report.check(
        f"learning 60,000 images ({os.cpu_count()} cores, {threads} threads)", f"minutes (claimed; here < {MINUTES:g})",
        f"{full:.2f} min" + ("" if images == 60_000 else f", from {total:.1f} s for {images}"), full < MINUTES,
    )  # fmt: skip
    slower = float(np.median(took[5:]) / np.median(took[:5]))
    report.check("time of an image, later half beside the earlier", "not more than 1.5", round(slower, 2), slower < 1.5)
    report.check(
        f"accuracy on {len(other)} others ({what}, {images} learned)", f"> {LEAST} (0.9 of MNIST claimed, unverified)",
        round(curve["counts"][-1], 3), curve["counts"][-1] > LEAST,
    )  # fmt: skip
    report.check(
        "a class field set once saturates: it reads worse than one that counts", f"< {curve['counts'][-1]:.3f}",
        round(curve["once"][-1], 3), curve["once"][-1] < curve["counts"][-1],
    )  # fmt: skip
    bits = int(memory.layout.rows[:, 0].sum()) * LEVEL.mac.modules * LEVEL.mac.cells
    report.numbers.update(
        data=what, images=images, seconds=total, seconds_per_image=took, minutes_for_60000=full, asking_seconds=asking,
        accuracy=curve, set=memory.saturation().tolist(), frozen=memory.frozen().tolist(), synapse_megabytes=bits / 8e6,
        accuracy_claimed=0.9, time_claimed="minutes on one CPU",
    )  # fmt: skip
    wrong = fields["counts"].classify(memory.recognise(other, separate=True).codes)
    draw(report.file("mnist.png", "inputs, macs, accuracy while learning, errors"), known, other, test, wrong, memory,
         edges, curve)  # fmt: skip


def load(images: int, asked: int, mnist: str, seed: int) -> tuple[Digits, Digits]:
    """Real or made images to learn and to ask."""
    if not mnist:
        return made_digits(images, asked, seed)
    if not Path(mnist).is_dir():
        raise NotADirectoryError(f"mnist: expected a folder with the four files of MNIST, got {mnist!r}")
    train, test = read_mnist(mnist)
    for name, value, there in (("images", images, len(train.images)), ("asked", asked, len(test.images))):
        if value > there:
            raise ValueError(f"{name}: expected at most {there}, which the files have, got {value}")
    return train, test


def _cut(digits: Digits, number: int) -> Digits:
    return Digits(digits.images[:number], digits.labels[:number])


def _warm_up() -> None:
    """Compile, or load what was compiled, before the clock runs."""
    memory = Sparsey(4, SparseyParams(2, 2))
    memory.store(np.ones((1, 4), bool))
    memory.recognise(np.ones((1, 4), bool))


def draw(
    path: Path, known: np.ndarray, other: np.ndarray, test: Digits, answer: np.ndarray, memory: Sparsey,
    edges: np.ndarray, curve: dict[str, list[float]],
) -> None:  # fmt: skip
    """Inputs above, macs and accuracy in the middle, errors below."""
    with figure_style():
        figure = new_figure(7.2, 5.4)
        top, middle, bottom = figure.subfigures(3, 1, height_ratios=[1, 2.4, 1])
        for ax, image in zip(top.subplots(1, 10), known, strict=False):
            _image(ax, image)
        top.supylabel("inputs", fontsize=8)
        left, right = middle.subplots(1, 2, width_ratios=[1, 1.4])
        shown: Any = left.imshow(memory.saturation().reshape(GRID, GRID), cmap="viridis", vmin=0)
        left.set(xticks=[], yticks=[], title=f"how full each mac is\n({memory.frozen().mean():.0%} of the macs frozen)")
        left.spines[:].set_visible(False)
        middle.colorbar(shown, ax=left, shrink=0.8, label="share of the synapses that are set")
        for rule, colour, label in (("counts", BLUE, "class field, counts"), ("once", RED, "class field, set once")):
            right.plot(edges[1:], curve[rule], "o-", ms=3, color=colour, label=label)
        right.axhline(0.1, color="0.5", lw=0.6, ls=":")
        right.text(edges[1], 0.11, "chance", fontsize=6.5, color="0.4")
        right.set(xlabel="images learned", ylabel="accuracy", ylim=(0, 1), xlim=(0, None))
        right.legend(frameon=False, fontsize=7, loc="lower right", bbox_to_anchor=(1, 0.12))
        errors = np.flatnonzero(answer != test.labels)[:10]
        below = bottom.subplots(1, 10)
        for ax in below[len(errors) :]:
            ax.set_axis_off()
        for ax, k in zip(below, errors, strict=False):
            _image(ax, other[k])
            ax.set_title(f"{test.labels[k]} as {answer[k]}", fontsize=7)
        bottom.supylabel("read wrong", fontsize=8)
        finish(figure, path)


def _image(ax: Any, image: np.ndarray) -> None:
    ax.imshow(~image.reshape(SIDE, SIDE), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.8", linewidth=0.5)
