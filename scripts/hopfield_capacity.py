"""How much binary Hopfield networks hold: classic, polynomial and exponential, simulation beside theory.

J. J. Hopfield 1982; D. J. Amit, H. Gutfreund, H. Sompolinsky 1985, Phys. Rev. Lett. 55, 1530; D. Krotov, J. J. Hopfield
2016 (arXiv 1606.01164); M. Demircigil et al. 2017 (arXiv 1702.01929).

What to see: (a) the classic network keeps its patterns nearly perfect up to a load of 0.138 patterns a spin and loses
them beyond, more suddenly the larger it is; a remnant of overlap stays. (b) With the separation function x^n the same
happens at N^(n-1) patterns: the share of bits that turn in one step is that of the formula. (c) The exponential network
brings patterns back in one step from cues with turned bits, up to a number that is exponential in N. (d) Same network
size, same number of patterns: the steeper the separation function, the more damage is repaired.

Files: capacity.png, result.json. ``--size 5000`` shows the transition sharper (some minutes).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import Classic, Exponential, HopfieldNetwork, Polynomial
from ..networks.figure_style import BLUE, GREEN, INK, PINK, RED, figure_style, finish, new_figure
from ..networks.hopfield_theory import classic_overlap, critical_load, dense_bit_error, exponential_capacity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

LOADS = (0.02, 0.05, 0.08, 0.10, 0.12, 0.13, 0.138, 0.145, 0.16, 0.18, 0.2, 0.25, 0.3)
DENSE_N, POWERS = 100, (3, 4)
RELATIVE = (0.02, 0.04, 0.06, 0.1, 0.15, 0.2)  # K / N^(n-1), times (2n - 3)!! / 3
EXP_N, TURNED, FEWEST = 36, (0.0, 0.1, 0.2), 16  # FEWEST: patterns with which the exponential network begins
SAME_N, SAME_K = 200, 16
DAMAGE = (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)


class Point(NamedTuple):
    """A simulated point: where, mean, standard error."""

    x: float
    mean: float
    error: float


def run(
    report: Report, size: int = 500, networks: int = 6, cues: int = 100, patterns: int = 100_000, threads: int = 1,
    seed: int = 1,
) -> None:  # fmt: skip
    """Fill networks with random patterns and see what comes back.

    Parameters
    ----------
    report : Report
    size : int
        Spins of the classic network; at least 200.
    networks : int
        Networks of each kind that are averaged; at least 1.
    cues : int
        Patterns of each network that are tried, at most; at least 1.
    patterns : int
        Most patterns of the exponential network; at least 16.
    threads : int
        Cues are shared out between so many.
    seed : int
        Of the random numbers.
    """
    limits = (("size", size, 200), ("networks", networks, 1), ("cues", cues, 1), ("patterns", patterns, FEWEST))
    for name, value, least in limits:
        if value < least:
            raise ValueError(f"{name}: expected at least {least}, got {value}")
    rng = np.random.default_rng(seed)
    report.say("the first recalls compile the kernels (a few seconds, once on a machine)")
    trial = Trials(rng, networks, cues, threads)
    classic = {n: [trial.overlap(n, load) for load in report.progress(LOADS, f"classic, N = {n}")] for n in (200, size)}
    dense = {n: trial.bit_errors(n) for n in report.progress(POWERS, "polynomial")}
    grown = [FEWEST * 2**k for k in range(40) if FEWEST * 2**k <= patterns]
    exponential = {
        t: [trial.repaired(EXP_N, Exponential(), K, t, 1) for K in grown]
        for t in report.progress(TURNED, "exponential")
    }
    forms = {"classic": Classic(), "$x^3$": Polynomial(3), "$x^6$": Polynomial(6), "exponential": Exponential()}
    repaired = {
        name: [trial.repaired(SAME_N, form, SAME_K, d, 50)._replace(x=d) for d in DAMAGE]
        for name, form in report.progress(forms.items(), "damaged cues")
    }
    check(report, size, classic, dense, exponential, repaired)
    report.numbers.update(
        critical_load=critical_load()[0], classic={str(n): points for n, points in classic.items()},
        dense={str(n): points for n, points in dense.items()},
        exponential={str(t): points for t, points in exponential.items()}, repaired=repaired,
    )  # fmt: skip
    draw(report.file("capacity.png", "four panels: what comes back, simulation and theory"), *(
        classic, dense, exponential, repaired
    ))  # fmt: skip


class Trials(NamedTuple):
    """Makes networks and measures them."""

    rng: np.random.Generator
    networks: int
    cues: int
    threads: int

    def signs(self, *shape: int) -> np.ndarray:
        """Random patterns."""
        return self.rng.choice(np.array([-1, 1], dtype=np.int8), shape)

    def overlap(self, N: int, load: float) -> Point:
        """Overlap with the pattern from which a classic network started, once nothing changes any more."""
        K, found = round(N * load), []
        for k in range(self.networks):
            memory, patterns = HopfieldNetwork(N), self.signs(K, N)
            memory.store(patterns)
            some = patterns[: self.cues]
            states, _ = memory.recall(some, seed=k, threads=self.threads)
            found.append((states * some.astype(float)).mean())
        return _point(K / N, found)

    def bit_errors(self, n: int) -> list[Point]:
        """Share of the bits of a pattern that turn in one sweep."""
        factor = np.prod(range(2 * n - 3, 0, -2)) / 3
        points = []
        for relative in RELATIVE:
            K, found = round(relative / factor * DENSE_N ** (n - 1)), []
            for _ in range(self.networks):
                memory, patterns = HopfieldNetwork(DENSE_N, Polynomial(n)), self.signs(K, DENSE_N)
                memory.store(patterns)
                some = patterns[: self.cues]
                states, _ = memory.recall(some, steps=1, dynamics="synchronous", threads=self.threads)
                found.append((states != some).mean())
            points.append(_point(K, found))
        return points

    def repaired(self, N: int, form: Classic | Polynomial | Exponential, K: int, turned: float, steps: int) -> Point:
        """Share of the cues, with a share ``turned`` of their bits turned, of which every bit comes back."""
        found = []
        for k in range(self.networks):
            memory, patterns = HopfieldNetwork(N, form), self.signs(K, N)
            memory.store(patterns)
            some = patterns[: self.cues].copy()
            wrong = self.rng.permuted(np.tile(np.arange(N) < round(turned * N), (len(some), 1)), axis=1)
            how = "synchronous" if steps == 1 else "asynchronous"
            states, _ = memory.recall(np.where(wrong, -some, some), steps, how, seed=k, threads=self.threads)
            found.append((states == some).all(1).mean())
        return _point(K, found)


def _point(x: float, found: list[float]) -> Point:
    return Point(float(x), float(np.mean(found)), float(np.std(found) / np.sqrt(len(found))))


# -- claims ----------------------------------------------------------------------------------------------------------
def check(
    report: Report, size: int, classic: dict[int, list[Point]], dense: dict[int, list[Point]],
    exponential: dict[float, list[Point]], repaired: dict[str, list[Point]],
) -> None:  # fmt: skip
    """Hold the points against theory."""
    large = dict(zip(LOADS, classic[size], strict=True))
    for load in (0.05, 0.1):
        want = classic_overlap(load)
        came = large[load].mean
        report.check(f"classic: overlap at load {load:g}", f"{want:.4f} +- 0.01", came, abs(came - want) < 0.01)
    report.check(
        "classic: overlap at load 0.3, above the critical one", "< 0.7", large[0.3].mean, large[0.3].mean < 0.7
    )
    for n, points in dense.items():
        last = points[-1]
        want = dense_bit_error(DENSE_N, round(last.x), n)
        ok = abs(last.mean - want) < 0.2 * want + 3 * last.error
        report.check(f"x^{n}: bits that turn, {last.x:.0f} patterns", f"{want:.4f} +- 20 %", last.mean, ok)
        first = points[0]
        report.check(f"x^{n}: the same, {first.x:.0f} patterns", "< 1e-4", first.mean, first.mean < 1e-4)
    for turned, points in exponential.items():
        held = [p.mean for p in points if p.x <= exponential_capacity(EXP_N, turned) / 4]
        if held:
            report.check(
                f"exponential: exact in one step, {turned:.0%} turned", "> 0.95 up to a quarter of theory", min(held),
                min(held) > 0.95,
            )  # fmt: skip
    at = DAMAGE.index(0.3)
    order = [repaired[name][at].mean for name in repaired]
    steeper = all(a <= b + 0.02 for a, b in zip(order, order[1:], strict=False))
    report.check(
        "cues repaired with 30 % turned: classic, x^3, x^6, exp", "rising", " ".join(f"{v:.2f}" for v in order),
        steeper and order[-1] > order[0],
    )  # fmt: skip


# -- picture ---------------------------------------------------------------------------------------------------------
def draw(
    path: Path, classic: dict[int, list[Point]], dense: dict[int, list[Point]], exponential: dict[float, list[Point]],
    repaired: dict[str, list[Point]],
) -> None:  # fmt: skip
    """Four panels."""
    with figure_style():
        figure = new_figure(7.2, 6.0)
        (a, b), (c, d) = figure.subplots(2, 2)
        _draw_classic(a, classic)
        _draw_dense(b, dense)
        _draw_exponential(c, exponential)
        _draw_repaired(d, repaired)
        finish(figure, path)


def _bars(ax: Axes, points: list[Point], colour: str, label: str, line: str = "") -> None:
    x, y, e = np.array(points).T
    ax.errorbar(x, y, e, fmt=f"o{line}", ms=3, lw=0.8, elinewidth=0.8, color=colour, label=label)


def _draw_classic(ax: Axes, classic: dict[int, list[Point]]) -> None:
    limit = critical_load()[0]
    loads = np.linspace(1e-3, limit, 120)
    ax.plot(loads, [classic_overlap(x) for x in loads], color=INK, label="theory, N infinite")
    ax.axvline(limit, color=INK, lw=0.6, ls=":")
    ax.annotate(f"{limit:.3f}", (limit, 0.02), xytext=(3, 0), textcoords="offset points", fontsize=7)
    for (n, points), colour in zip(classic.items(), (PINK, BLUE), strict=False):
        _bars(ax, points, colour, f"N = {n}", "-")
    ax.set(xlabel="patterns / spins", ylabel="overlap after convergence", ylim=(0, 1.05), xlim=(0, 0.31))
    ax.legend(frameon=False, fontsize=7, loc="lower left")
    ax.set_title("a  classic: from a stored pattern", loc="left")


def _draw_dense(ax: Axes, dense: dict[int, list[Point]]) -> None:
    for (n, points), colour in zip(dense.items(), (BLUE, RED), strict=False):
        x = np.geomspace(points[0].x / 1.5, points[-1].x * 1.5, 60)
        ax.plot(x, [dense_bit_error(DENSE_N, round(k), n) for k in x], color=colour, lw=0.8)
        _bars(ax, points, colour, f"$x^{n}$")
    ax.set(xscale="log", xlabel="patterns", ylabel="share of bits that turn", ylim=(-0.004, 0.12))
    ax.legend(frameon=False, fontsize=7, title="lines: theory", title_fontsize=7)
    ax.set_title(f"b  polynomial, N = {DENSE_N}: one step", loc="left")


def _draw_exponential(ax: Axes, exponential: dict[float, list[Point]]) -> None:
    for (turned, points), colour in zip(exponential.items(), (GREEN, BLUE, RED), strict=False):
        _bars(ax, points, colour, f"{turned:.0%} turned", "-")
        limit = exponential_capacity(EXP_N, turned)
        if limit < 4 * points[-1].x:
            ax.axvline(limit, color=colour, lw=0.6, ls=":")
    ax.set(xscale="log", xlabel="patterns", ylabel="share of cues that come back exactly", ylim=(-0.02, 1.05))
    ax.legend(frameon=False, fontsize=7, loc="best", title="dotted: theory", title_fontsize=7)
    ax.set_title(f"c  exponential, N = {EXP_N}: one step", loc="left")


def _draw_repaired(ax: Axes, repaired: dict[str, list[Point]]) -> None:
    for (name, points), colour in zip(repaired.items(), (INK, PINK, BLUE, GREEN), strict=False):
        _bars(ax, points, colour, name, "-")
    ax.set(xlabel="share of the bits turned", ylabel="share of cues that come back exactly", ylim=(-0.02, 1.05))
    ax.legend(frameon=False, fontsize=7, loc="lower left")
    ax.set_title(f"d  N = {SAME_N}, {SAME_K} patterns: until convergence", loc="left")
