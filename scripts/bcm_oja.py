"""Hebbian rules between rates: Oja finds the first component, Sanger the others in order, BCM becomes selective.

E. Oja 1982, J. Math. Biol. 15; T. D. Sanger 1989, Neural Networks 2; E. L. Bienenstock, L. N. Cooper, P. W. Munro 1982,
J. Neurosci. 2, in the form of N. Intrator and L. N. Cooper 1992, Neural Networks 5.

What to see: from wherever they start, Oja's weights go to plus or minus the axis of largest variance and to length 1;
Sanger's rows take up one axis after the other, in order, where the subspace rule finds any basis; a BCM unit that is
shown K orthonormal inputs ends up answering one of them with K and the others with 0, its threshold at K, and different
units choose different inputs; if the threshold is slower than the weights, responses oscillate.

Files: weights, responses and oscillation as one PNG; result.json. One step of the network is one presentation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import AllToAll, Network
from ..networks.figure_style import BLUE, GREEN, INK, ORANGE, PINK, RED, SKY, figure_style, finish, new_figure
from ..neurons import RateUnit
from ..plasticity import BCM, Oja, SangerParams, SynapseModel, sanger_init, sanger_step

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

UNITS = 12
AXES = np.array([[0.8, 0.6], [-0.6, 0.8]])  # of the cloud that Oja's units see, a row each
VARIANCES = np.array([1.0, 0.2])
SPECTRUM = np.array([3.0, 1.5, 0.7, 0.2, 0.1])  # variances along the axes that Sanger's units see
COMPONENTS = 3
K = 4  # inputs of BCM
TAU_OJA, TAU_BCM, TAU_THETA = 300, 200, 40  # presentations
COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY)


class Learned(NamedTuple):
    """Weights [M, N, units] and thresholds at M times, and these times in presentations."""

    times: np.ndarray
    weights: np.ndarray
    theta: np.ndarray


def run(
    report: Report, presentations: int = 12_000, backend: Literal["numba", "reference"] = "numba", seed: int = 1
) -> None:
    """Train units by the three rules and hold what they learned against theory.

    Parameters
    ----------
    report : Report
    presentations : int
        Inputs shown to each unit, at least 4000.
    backend : str
        How the networks are simulated.
    seed : int
        Of inputs and start weights.
    """
    if presentations < 4000:
        raise ValueError(f"presentations: expected at least 4000, got {presentations}")
    rng = np.random.default_rng(seed)
    report.say("the first presentations compile the networks (about ten seconds, once on a machine)")
    oja = learn_oja(report, presentations, rng, backend)
    bases = learn_sanger(report, presentations, rng)
    basis, bcm = learn_bcm(report, presentations, rng, backend)
    slow = oscillation(backend)
    check_oja(report, oja)
    check_sanger(report, bases)
    check_bcm(report, basis, bcm)
    check_oscillation(report, slow)
    draw(report.file("rules.png", "what the three rules learn"), oja, bases, basis, bcm, slow)


# -- learning --------------------------------------------------------------------------------------------------------
def train(
    rule: SynapseModel, x: np.ndarray, start: np.ndarray, backend: str, report: Report | None = None, label: str = "",
    every: int = 50, theta: float | None = None,
) -> Learned:  # fmt: skip
    """Present the rows of x [T, N] to linear units with the start weights [N, units]; look every so often."""
    net = Network(dt=1)
    inputs = net.population(x.shape[1], RateUnit, name="inputs")
    units = net.population(start.shape[1], RateUnit, name="units")
    net.inject(inputs, x)
    init = None if theta is None else dict(theta=theta)
    q = net.project(inputs, units, AllToAll(), weight=start.ravel(), synapse=rule, init=init)
    net.run(1, backend=backend)  # the first input is on its way
    pieces = range(0, len(x), every)
    weights, thresholds = [start], [np.full(start.shape, theta or 0.0)]
    for _ in report.progress(pieces, label, unit=f"x {every}") if report else pieces:
        net.run(every, backend=backend)
        weights.append(q.weights.reshape(start.shape))
        thresholds.append(q.get("theta").reshape(start.shape) if theta is not None else thresholds[0])
    return Learned(every * np.arange(len(weights)), np.array(weights), np.array(thresholds))


def learn_oja(report: Report, steps: int, rng: np.random.Generator, backend: str) -> Learned:
    """Units that see one cloud, from starts all around."""
    x = rng.normal(size=(steps, 2)) * VARIANCES**0.5 @ AXES
    angle, length = 2 * np.pi * np.arange(UNITS) / UNITS + 0.1, np.where(np.arange(UNITS) % 2, 0.3, 1.6)
    return train(Oja(tau_w=TAU_OJA), x, length * np.array([np.cos(angle), np.sin(angle)]), backend, report, "Oja")


def learn_sanger(report: Report, steps: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Overlap of each unit with each axis [M, units, axes] for Sanger's and the subspace rule."""
    n = len(SPECTRUM)
    axes = np.linalg.qr(rng.normal(size=(n, n)))[0].T
    x = rng.normal(size=(steps, n)) * SPECTRUM**0.5 @ axes
    start = sanger_init((COMPONENTS, n), rng)
    found = {}
    for name, ordered in (("Sanger", True), ("subspace", False)):
        state, overlaps = start, []
        for t, row in enumerate(report.progress(x, name, unit="inputs")):
            if t % 50 == 0:
                overlaps.append(state.w @ axes.T)
            _, state = sanger_step(state, row, SangerParams(0.01 / (1 + 4 * t / steps), ordered))
        found[name] = np.array([*overlaps, state.w @ axes.T])
    return found


def learn_bcm(report: Report, steps: int, rng: np.random.Generator, backend: str) -> tuple[np.ndarray, Learned]:
    """K orthonormal inputs (rows), shown in random order, each once in K presentations."""
    basis = np.linalg.qr(rng.normal(size=(K, K)))[0]
    order = np.concatenate([rng.permutation(K) for _ in range(-(-steps // K))])[:steps]
    start = basis.T @ rng.uniform(0.3, 1.0, (K, UNITS))  # all responses positive
    rule = BCM(tau_w=TAU_BCM, tau_theta=TAU_THETA)
    return basis, train(rule, basis[order], start, backend, report, "BCM", theta=0.5)


def oscillation(backend: str) -> dict[float, np.ndarray]:
    """Response over time to one constant input, for a fast and a slow threshold: tau_theta/tau_w -> rates [T]."""
    steps, found = 1500, {}
    for share in (0.3, 1.2):
        rule = BCM(tau_w=50, tau_theta=50 * share)
        found[share] = train(rule, np.ones((steps, 1)), np.array([[1.2]]), backend, every=20, theta=1.0).weights[
            :, 0, 0
        ]
    return found


# -- claims ----------------------------------------------------------------------------------------------------------
def late(values: np.ndarray) -> np.ndarray:
    """The last quarter."""
    return values[-(len(values) // 4) :]


def check_oja(report: Report, oja: Learned) -> None:
    w = late(oja.weights).mean(0)
    length = np.linalg.norm(late(oja.weights), axis=1).mean(0)
    cosine = AXES[0] @ w / np.linalg.norm(w, axis=0)
    worst = float(np.abs(cosine).min())
    report.check("Oja: cosine to the first axis, worst of 12 units", "> 0.99", worst, worst > 0.99)
    off = float(length[np.argmax(np.abs(length - 1))])
    report.check("Oja: length of the weights, farthest from 1", "1 +- 0.05", off, abs(off - 1) < 0.05)
    both = {-1, 1} == set(np.sign(cosine).astype(int))
    report.check("Oja: both signs are found", "yes", "yes" if both else "no")


def check_sanger(report: Report, bases: dict[str, np.ndarray]) -> None:
    last = {name: late(o) for name, o in bases.items()}
    own = np.abs(np.diagonal(last["Sanger"], axis1=1, axis2=2)).mean(0)
    worst = float(own[np.argmax(np.abs(own - 1))])
    report.check("Sanger: unit k on axis k, farthest from 1", "1 +- 0.05", worst, abs(worst - 1) < 0.05)
    inside = np.linalg.norm(last["subspace"][:, :, :COMPONENTS], axis=2).mean(0)
    worst = float(inside[np.argmax(np.abs(inside - 1))])
    report.check("subspace rule: part within the first axes, farthest", "1 +- 0.05", worst, abs(worst - 1) < 0.05)
    own = float(np.abs(np.diagonal(last["subspace"], axis1=1, axis2=2)).mean(0).min())
    report.check("subspace rule: some unit is not on its axis", "< 0.95", own, own < 0.95)


def check_bcm(report: Report, basis: np.ndarray, bcm: Learned) -> None:
    answers = np.sort(basis @ late(bcm.weights).mean(0), axis=0)  # [K, units]
    top, rest = answers[-1], np.abs(answers[:-1]).max()
    off = float(top[np.argmax(np.abs(top - K))])
    report.check("BCM: largest response, farthest from K = 4", "4 +- 0.3", off, abs(off - K) < 0.3)
    report.check("BCM: largest of all other responses", "0 +- 0.1", float(rest), rest < 0.1)
    theta = late(bcm.theta).mean(0)[0]
    off = float(theta[np.argmax(np.abs(theta - K))])
    report.check("BCM: threshold, farthest from K = 4", "4 +- 0.4", off, abs(off - K) < 0.4)
    chosen = len(set(np.argmax(basis @ bcm.weights[-1], axis=0).tolist()))
    report.check("BCM: inputs chosen by some unit", "at least 2", chosen, chosen >= 2)


def check_oscillation(report: Report, slow: dict[float, np.ndarray]) -> None:
    swing = {share: float(np.ptp(late(r))) for share, r in slow.items()}
    fast, other = swing[0.3], swing[1.2]
    report.check("BCM: swing of the response, threshold 0.3 tau_w", "< 0.01", fast, fast < 0.01)
    report.check("BCM: swing of the response, threshold 1.2 tau_w", "> 0.5", other, other > 0.5)


# -- picture ---------------------------------------------------------------------------------------------------------
def draw(
    path: Path,
    oja: Learned,
    bases: dict[str, np.ndarray],
    basis: np.ndarray,
    bcm: Learned,
    slow: dict[float, np.ndarray],
) -> None:
    """Four panels."""
    with figure_style():
        figure = new_figure(7.2, 6.0)
        (a, b), (c, d) = figure.subplots(2, 2)
        _draw_oja(a, oja)
        _draw_sanger(b, bases)
        _draw_bcm(c, basis, bcm)
        _draw_oscillation(d, slow)
        finish(figure, path)


def _draw_oja(ax: Axes, oja: Learned) -> None:
    circle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(circle), np.sin(circle), color="0.8", lw=0.8)
    for sign in (-1, 1):
        ax.plot([0, 2 * sign * AXES[0, 0]], [0, 2 * sign * AXES[0, 1]], color="0.8", lw=0.8, ls="--")
    for k in range(oja.weights.shape[2]):
        x, y = oja.weights[:, :, k].T
        ax.plot(x, y, color=BLUE, lw=0.6, alpha=0.7)
        ax.plot(x[0], y[0], "o", ms=3, mfc="white", mec=INK, mew=0.7)
        ax.plot(x[-1], y[-1], "o", ms=4, color=COLOURS[1])
    ax.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), aspect="equal", xlabel="$w_1$", ylabel="$w_2$")
    ax.set_title("Oja: from start (white) to the first axis", loc="left")


def _draw_sanger(ax: Axes, bases: dict[str, np.ndarray]) -> None:
    for k in range(COMPONENTS):
        for name, line in (("Sanger", "-"), ("subspace", ":")):
            own = np.abs(bases[name][:, k, k])
            ax.plot(
                50 * np.arange(len(own)), own, line, color=COLOURS[k], label=f"axis {k + 1}" if line == "-" else None
            )
    ax.plot([], [], ":", color=INK, label="subspace rule")
    ax.set(xlim=(0, 4000), ylim=(0, 1.15), xlabel="presentations", ylabel="overlap of unit k with axis k")
    ax.legend(frameon=False, fontsize=7, loc="center right", bbox_to_anchor=(1, 0.6))
    ax.set_title("Sanger: one axis after the other", loc="left")


def _draw_bcm(ax: Axes, basis: np.ndarray, bcm: Learned) -> None:
    answers = np.einsum("kn,mnu->mku", basis, bcm.weights)  # [M, K, units]
    shown = 0
    for k in range(K):
        ax.plot(bcm.times, answers[:, k, shown], color=COLOURS[k], label=f"input {k + 1}")
    ax.plot(bcm.times, bcm.theta[:, 0, shown], color=INK, lw=0.6, label="threshold")
    for other in range(1, answers.shape[2]):
        ax.plot(bcm.times, answers[:, :, other].max(1), color="0.85", lw=0.5, zorder=0)
    ax.axhline(K, color="0.7", lw=0.6, ls="--", zorder=0)
    ax.set(xlim=(0, 6000), xlabel="presentations", ylabel="response")
    ax.legend(frameon=False, fontsize=7, loc="center right")
    ax.set_title("BCM: one unit (grey: largest response of others)", loc="left")


def _draw_oscillation(ax: Axes, slow: dict[float, np.ndarray]) -> None:
    for (share, r), colour in zip(slow.items(), (COLOURS[0], COLOURS[1]), strict=True):
        ax.plot(20 * np.arange(len(r)), r, color=colour, label=rf"$\tau_\theta$ = {share:g} $\tau_w$")
    ax.axhline(1, color="0.7", lw=0.6, ls="--", zorder=0)
    ax.set(xlabel="presentations", ylabel="response to one input")
    ax.legend(frameon=False, fontsize=7)
    ax.set_title("BCM: a slow threshold oscillates", loc="left")
