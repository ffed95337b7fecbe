"""Half a digit calls the whole one: the continuous Hopfield network completes handwritten digits.

H. Ramsauer et al. 2021 (arXiv 2008.02217): one update of the network, with softmax; the sparse relatives of S. Santos
et al. 2024 (arXiv 2402.13725) beside it. Data: the 8 x 8 digits that come with scikit-learn.

200 digits, centred, are stored; the lower half of each is set to zero and shown. One update, then: which stored digit
is nearest to what came?

What to see: at small beta what comes is the average of all digits; with growing beta it becomes a mixture of a few that
share the upper half, then one of them. That it is not always the right one has two reasons: patterns with a large norm
attract more than their share (scaled to one norm, more come back), and some upper halves are nearly the same.

Files: completed.png, identity.png, result.json. ``--digits 1797`` stores the whole data set.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..experiment import Report
from ..networks import ModernHopfield
from ..networks.figure_style import BLUE, GREEN, INK, RED, figure_style, finish, new_figure

__all__ = ["run"]

BETAS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
PUBLISHED = {0.1: 0.005, 0.25: 0.08, 0.5: 0.385, 1.0: 0.65, 2.0: 0.725, 8.0: 0.775}  # 200 digits as they are
SHOWN = (0.1, 0.25, 0.5, 2.0, 8.0)
SIDE, PICTURES = 8, 10
KINDS = {"softmax": BLUE, "entmax15": GREEN, "sparsemax": RED}
NAMES = {"softmax": "softmax", "entmax15": "1.5-entmax", "sparsemax": "sparsemax"}


def run(report: Report, digits: int = 200, rows: int = 4) -> None:
    """Store digits, show parts of them, and see which ones come back.

    Parameters
    ----------
    report : Report
    digits : int
        How many are stored, 20 to 1797.
    rows : int
        Rows of pixels that are shown, 1 to 7 of 8.
    """
    if not 20 <= digits <= 1797:
        raise ValueError(f"digits: expected 20 to 1797, got {digits}")
    if not 1 <= rows <= 7:
        raise ValueError(f"rows: expected 1 to 7, got {rows}")
    X, labels = load(digits)
    scaled = X * (np.linalg.norm(X, axis=1).mean() / np.linalg.norm(X, axis=1, keepdims=True))
    found: dict[tuple[str, bool], list[float]] = {}
    same_class: dict[tuple[str, bool], list[float]] = {}
    for kind in report.progress(KINDS, "activations"):
        for one_norm, stored in ((False, X), (True, scaled)):
            who = [nearest(stored, complete(stored, beta, kind, rows)) for beta in BETAS]
            found[kind, one_norm] = [float((w == np.arange(digits)).mean()) for w in who]
            same_class[kind, one_norm] = [float((labels[w] == labels).mean()) for w in who]
    check(report, found, digits, rows)
    names = {f"{kind}, {'one norm' if norm else 'as they are'}": (kind, norm) for kind, norm in found}
    report.numbers.update(
        betas=BETAS, identity={n: found[key] for n, key in names.items()},
        same_digit={n: same_class[key] for n, key in names.items()},
        separation=float(np.median(network(X).separation())),
    )  # fmt: skip
    draw_completed(report.file("completed.png", "digits, what was shown, what came"), X, labels, rows)
    draw_identity(report.file("identity.png", "share of digits that come back, over beta"), found, same_class)


def load(digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Centred images [digits, 64] and what they show."""
    from sklearn.datasets import load_digits

    data = load_digits()
    X = data.data[:digits] / 8 - 1
    return X - X.mean(0), data.target[:digits]


def network(X: np.ndarray, beta: float = 1.0, kind: str = "softmax") -> ModernHopfield:
    """A network that holds ``X``."""
    memory = ModernHopfield(X.shape[1], beta=beta, activation=kind)
    memory.store(X)
    return memory


def cut(X: np.ndarray, rows: int) -> np.ndarray:
    """Images of which only the upper rows are left."""
    cues = X.copy()
    cues[:, rows * SIDE :] = 0
    return cues


def complete(X: np.ndarray, beta: float, kind: str, rows: int) -> np.ndarray:
    """What one update makes of the upper rows."""
    return network(X, beta, kind).recall(cut(X, rows))[0]


def nearest(X: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Number of the stored image next to each state."""
    return ((X**2).sum(1) - 2 * states @ X.T).argmin(1)


# -- claims ----------------------------------------------------------------------------------------------------------
def check(report: Report, found: dict[tuple[str, bool], list[float]], digits: int, rows: int) -> None:
    """The known numbers for the default setting, and what must hold for any."""
    soft = dict(zip(BETAS, found["softmax", False], strict=True))
    if (digits, rows) == (200, 4):
        for beta, want in PUBLISHED.items():
            came = soft[beta]
            report.check(f"digits that come back, beta = {beta:g}", f"{want:g} +- 0.01", came, abs(came - want) < 0.011)
    rising = np.diff(found["softmax", False]).min()
    report.check("from one beta to the next, smallest change", ">= -0.02", float(rising), rising >= -0.02)
    raw, scaled = found["softmax", False][-1], found["softmax", True][-1]
    report.check(
        "beta = 16: as they are, scaled to one norm", "more with one norm", f"{raw:g}, {scaled:g}", scaled > raw
    )
    sparse, soft_half = found["sparsemax", True][BETAS.index(0.25)], found["softmax", True][BETAS.index(0.25)]
    report.check(
        "beta = 0.25, one norm: softmax, sparsemax", "second more", f"{soft_half:g}, {sparse:g}",
        sparse > soft_half,
    )  # fmt: skip


# -- pictures --------------------------------------------------------------------------------------------------------
def draw_completed(path: Path, X: np.ndarray, labels: np.ndarray, rows: int) -> None:
    """A column for each digit 0 ... 9; rows: stored, shown, what came with several beta, and with sparsemax."""
    chosen = [int(np.flatnonzero(labels == k)[1]) for k in range(PICTURES)]
    lines = [("stored", X), ("shown", cut(X, rows))]
    lines += [(rf"$\beta$ = {beta:g}", complete(X, beta, "softmax", rows)) for beta in SHOWN]
    lines.append((r"sparsemax, $\beta$ = 0.25", complete(X, 0.25, "sparsemax", rows)))
    with figure_style():
        figure = new_figure(7.0, 0.62 * len(lines) + 0.2)
        axes = figure.subplots(len(lines), PICTURES)
        for line, (name, images) in zip(axes, lines, strict=True):
            for ax, k in zip(line, chosen, strict=True):
                ax.imshow(images[k].reshape(SIDE, SIDE), cmap="gray_r", vmin=-1.2, vmax=1.2, interpolation="nearest")
                ax.set(xticks=[], yticks=[])
                for spine in ax.spines.values():
                    spine.set_visible(True)
                    spine.set_color("0.8")
            line[0].set_ylabel(name, rotation=0, ha="right", va="center")
        finish(figure, path)


def draw_identity(
    path: Path, found: dict[tuple[str, bool], list[float]], same_class: dict[tuple[str, bool], list[float]]
) -> None:
    """Two panels: the same image, an image of the same digit."""
    with figure_style():
        figure = new_figure(7.0, 2.8)
        for ax, values, title in zip(
            figure.subplots(1, 2, sharey=True), (found, same_class), ("a  the very image", "b  the same digit"),
            strict=True,
        ):  # fmt: skip
            for (kind, one_norm), row in values.items():
                label = NAMES[kind] + (", one norm" if one_norm else "")
                ax.plot(BETAS, row, "o--" if one_norm else "o-", ms=3, color=KINDS[kind], label=label)
            if values is found:
                ax.plot(*zip(*PUBLISHED.items(), strict=True), "s", ms=6, mfc="none", mec=INK, label="known values")
                ax.set_ylabel("share that comes back")
                ax.legend(frameon=False, fontsize=7)
            ax.set(xscale="log", xlabel=r"inverse temperature $\beta$", ylim=(0, 1.02))
            ax.set_title(title, loc="left")
        finish(figure, path)
