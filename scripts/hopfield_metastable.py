"""Kinds of fixed points of the continuous Hopfield network: one average, two metastable states, single patterns.

H. Ramsauer et al. 2021, "Hopfield networks is all you need" (arXiv 2008.02217), section 2; sparse relatives: S. Santos
et al. 2024 (arXiv 2402.13725).

Ten patterns in 32 dimensions: five around each of two orthonormal centres. The network is let run from each pattern,
with the inverse temperature beta from 0.5 to 300.

What to see: (a) up to beta = 2 everything flows to one point, the average of all; then there are two, one for each
cluster; from about 30 on single patterns separate, those with a large norm first. (b) The entropy of the weights tells
the same: ln 10, ln 5, 0. With sparsemax and 1.5-entmax a pattern is an exact fixed point from a finite beta on, its
margin divided by its separation. (c) Where states go, in the plane of the two centres.

Files: metastable.png, result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import ModernHopfield
from ..networks.figure_style import BLUE, GREEN, INK, RED, SKY, figure_style, finish, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

SIZE, CLUSTER, NOISE = 32, 5, 0.3
BETAS = (0.5, 1.0, 1.5, 1.9, 2.5, 3.0, 4.0, 6.0, 8.0, 11.0, 16.0, 23.0, 32.0, 45.0, 64.0, 90.0, 128.0, 200.0, 300.0)
KINDS = ("softmax", "entmax15", "sparsemax")
SHOWN = (1.0, 8.0, 128.0)
COLOURS = dict(softmax=BLUE, entmax15=GREEN, sparsemax=RED)
NAMES = dict(softmax="softmax", entmax15="1.5-entmax", sparsemax="sparsemax")
SAME = 1e-4  # fixed points nearer than this are one


class Found(NamedTuple):
    """At one beta, for each draw: fixed points, entropy of the weights, patterns with 90 % of them."""

    points: np.ndarray
    entropy: np.ndarray
    k: np.ndarray


def run(report: Report, draws: int = 20, eps: float = 1e-9, seed: int = 1) -> None:
    """Let the network run from each pattern at each beta.

    Parameters
    ----------
    report : Report
    draws : int
        Sets of patterns, at least 4.
    eps : float
        A state is done when its weights change by at most this.
    seed : int
        Of the random numbers.
    """
    if draws < 4:
        raise ValueError(f"draws: expected at least 4, got {draws}")
    rng = np.random.default_rng(seed)
    sets = [patterns(rng) for _ in range(draws)]
    found = {
        kind: {beta: measure([X for _, X in sets], kind, beta, eps) for beta in report.progress(BETAS, NAMES[kind])}
        for kind in KINDS
    }
    exact = {kind: exact_points([X for _, X in sets], kind) for kind in KINDS[1:]}
    check(report, found["softmax"], exact)
    report.numbers["found"] = {
        kind: {str(b): {name: v.mean() for name, v in f._asdict().items()} for b, f in row.items()}
        for kind, row in found.items()
    }
    draw(report.file("metastable.png", "fixed points, entropy, paths of states"), found, *sets[0])


def patterns(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two orthonormal centres [2, N] and five patterns around each [10, N]."""
    centres = np.linalg.qr(rng.standard_normal((SIZE, 2)))[0].T
    noise = NOISE / np.sqrt(SIZE) * rng.standard_normal((2 * CLUSTER, SIZE))
    return centres, np.repeat(centres, CLUSTER, axis=0) + noise


def network(X: np.ndarray, beta: float, kind: str = "softmax") -> ModernHopfield:
    """A network that holds ``X``."""
    memory = ModernHopfield(SIZE, beta=beta, activation=kind)
    memory.store(X)
    return memory


def measure(sets: list[np.ndarray], kind: str, beta: float, eps: float) -> Found:
    """Run from each pattern of each set."""
    rows = []
    for X in sets:
        memory = network(X, beta, kind)
        states, _ = memory.recall(X, steps=20_000, eps=eps)
        near = np.linalg.norm(states[:, None] - states[None], axis=-1) < SAME
        mixture = memory.mixture(states)
        rows.append((len(set(near.argmax(1).tolist())), mixture.entropy.mean(), mixture.k.mean()))
    return Found(*np.array(rows, dtype=float).T)


def exact_points(sets: list[np.ndarray], kind: str, beta: float = 300.0) -> tuple[int, int, bool]:
    """Patterns that theory says are exact fixed points, that are so, and whether they are the same."""
    theory = np.concatenate([network(X, beta, kind).exact() for X in sets])
    came = np.concatenate([(network(X, beta, kind).recall(X)[0] == X).all(1) for X in sets])
    return int(theory.sum()), int(came.sum()), bool((theory == came).all())


# -- claims ----------------------------------------------------------------------------------------------------------
def check(report: Report, soft: dict[float, Found], exact: dict[str, tuple[int, int, bool]]) -> None:
    """The counts and entropies of the three regimes."""
    for beta, count in ((0.5, 1), (1.0, 1), (1.9, 1), (4.0, 2), (8.0, 2)):
        came = soft[beta].points
        report.check(f"fixed points at beta = {beta:g}, every draw", count, _span(came), (came == count).all())
    for beta, want, room in ((1.0, np.log(10), 0.01), (4.0, 1.69, 0.04), (8.0, 1.53, 0.08)):
        came = float(soft[beta].entropy.mean())
        report.check(f"entropy at beta = {beta:g}", f"{want:.3f} +- {room:g}", came, abs(came - want) < room)
    came = soft[300.0]
    report.check("fixed points at beta = 300", "3 to 10", _span(came.points), (came.points >= 3).all())
    last = float(came.entropy.mean())
    report.check("entropy at beta = 300", "< 0.02", last, last < 0.02)
    share = float(came.k.mean())
    report.check("patterns with 90 % of the weight at beta = 300", "1 +- 0.05", share, abs(share - 1) < 0.05)
    for kind, (theory, came, same) in exact.items():
        report.check(f"{NAMES[kind]}: patterns that are exact fixed points at 300", theory, came, same and came > 0)


def _span(values: np.ndarray) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


# -- picture ---------------------------------------------------------------------------------------------------------
def draw(path: Path, found: dict[str, dict[float, Found]], centres: np.ndarray, X: np.ndarray) -> None:
    """Counts and entropies above, paths below."""
    with figure_style():
        figure = new_figure(7.2, 5.4)
        grid = figure.add_gridspec(2, 6)
        a, b = figure.add_subplot(grid[0, :3]), figure.add_subplot(grid[0, 3:])
        for kind, row in found.items():
            betas = list(row)
            for ax, name in ((a, "points"), (b, "entropy")):
                values = np.array([getattr(f, name) for f in row.values()])
                ax.fill_between(betas, values.min(1), values.max(1), color=COLOURS[kind], alpha=0.15, lw=0)
                ax.plot(betas, values.mean(1), "o-", ms=2.5, color=COLOURS[kind], label=NAMES[kind])
        for ax in (a, b):
            ax.set(xscale="log", xlabel=r"inverse temperature $\beta$")
        a.set(ylabel="fixed points", yticks=range(0, 11, 2), ylim=(0, 10.5))
        a.legend(frameon=False, fontsize=7, loc="upper left")
        a.set_title("a  fixed points (mean and range of the draws)", loc="left")
        b.set(ylabel="entropy of the weights", ylim=(-0.05, 2.45))
        for count in (10, 5):
            b.axhline(np.log(count), color="0.6", lw=0.6, ls=":")
            b.annotate(f"ln {count}", (300, np.log(count)), xytext=(0, 2), textcoords="offset points", fontsize=7)
        b.set_title("b  how many patterns are mixed", loc="left")
        first = None
        for k, beta in enumerate(SHOWN):
            first = ax = figure.add_subplot(grid[1, 2 * k : 2 * k + 2], sharex=first, sharey=first)
            _draw_paths(ax, network(X, beta), centres, X)
            ax.set_title((r"c  " if k == 0 else "") + rf"$\beta$ = {beta:g}", loc="left")
        finish(figure, path)


def _draw_paths(ax: Axes, memory: ModernHopfield, centres: np.ndarray, X: np.ndarray) -> None:
    """Paths from a grid of starts in the plane of the centres, in the coordinates of that plane."""
    steps = np.linspace(-0.2, 1.3, 8)
    state = np.array([u * centres[0] + v * centres[1] for u in steps for v in steps])
    paths = [state]
    for _ in range(25):
        state, _ = memory.recall(state)
        paths.append(state)
    flat = np.array(paths) @ centres.T  # [steps, starts, 2]
    for start in range(flat.shape[1]):
        ax.plot(flat[:, start, 0], flat[:, start, 1], color=SKY, lw=0.5)
    ax.plot(*(X @ centres.T).T, "o", ms=3, mfc="white", mec=INK, mew=0.7, label="patterns")
    ends, _ = memory.recall(np.concatenate([state, X]), steps=2000, eps=1e-9)
    ax.plot(*(ends @ centres.T).T, "o", ms=3.5, color=RED, label="where states end")
    ax.set(xlabel="along centre 1", aspect="equal")
    if memory.beta == SHOWN[0]:
        ax.set_ylabel("along centre 2")
        ax.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize=7, loc="upper right")
