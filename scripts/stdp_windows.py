"""Learning windows: what spikes do to a weight under eight rules; every point simulated, every line a formula.

G. Q. Bi and M. M. Poo 1998, J. Neurosci. 18 (the window); S. Song, K. D. Miller, L. F. Abbott 2000, Nat. Neurosci. 3
(additive); R. Gutig et al. 2003, J. Neurosci. 23 (dependence on the weight); A. Morrison, M. Diesmann, W. Gerstner
2008, Biol. Cybern. 98 (which pairs count); J.-P. Pfister and W. Gerstner 2006, J. Neurosci. 26 (triplets); T. P. Vogels
et al. 2011, Science 334 (inhibitory); E. M. Izhikevich 2007, Cereb. Cortex 17 (dopamine).

What to see: the two exponentials of the pair rule; the weight at which potentiation and depression balance, which moves
inwards as the power grows; all pairs against three kinds of nearest spikes, two of which saturate; the window of 60
pairs under the triplet rule, which grows as they come faster and from 8 ms on potentiates even if the postsynaptic
spike is first; the symmetric window of inhibitory plasticity; and how much of a pair is left when the reward is late.

Files: windows.png, result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..experiment import Report
from ..networks import AllToAll, Network, OneToOne, SpikeArray
from ..networks.figure_style import BLUE, GREEN, INK, ORANGE, RED, figure_style, finish, new_figure
from ..neurons import Poisson, extend
from ..plasticity import (
    DOPAMINE,
    STDP,
    DopamineSTDP,
    InhibitorySTDP,
    STDPNearest,
    STDPPower,
    STDPPreCentered,
    STDPRestricted,
    TripletSTDP,
)
from ._spike_pairs import TOLD, changes

__all__ = ["run"]

COLOURS = (BLUE, RED, GREEN, ORANGE)
RULE = dict(tau_plus=17, tau_minus=34, A_plus=0.01, A_minus=0.0055)
POWERS, ALPHA = (0.0, 0.2, 0.5, 1.0), 1.5  # alpha: depression over potentiation
PRE_RATES, POST_RATE, TAU = (5, 10, 20, 40, 80, 160), 20.0, 17.0
SCHEMES = {"all pairs": STDP, "nearest": STDPNearest, "pre-centred": STDPPreCentered, "neighbours": STDPRestricted}
TRIPLET_RATES = (10, 25, 40)
INHIBITORY = dict(eta=0.01, rho_0=3, tau=20)
REWARDS = (50, 250, 500, 1000, 1500, 2000, 3000)  # ms after the pair


def run(report: Report, seconds: float = 6.0, backend: Literal["reference", "numba"] = "reference") -> None:
    """Measure windows, balance points and mean changes, and hold them against their formulas.

    Parameters
    ----------
    report : Report
    seconds : float
        Time in s for which Poisson trains are paired.
    backend : str
        How it is simulated.
    """
    if not seconds >= 1:
        raise ValueError(f"seconds: expected at least 1 s, got {seconds!r}")
    parts = (
        pair_window, weight_dependence, lambda *a: nearest_spikes(*a, seconds), triplet_window, inhibitory_window,
        late_reward,
    )  # fmt: skip
    found = [part(report, backend) for part in report.progress(parts, "measuring", unit="panel")]
    draw(report.file("windows.png", "learning windows and what makes rules differ"), *found)


# -- measurements -----------------------------------------------------------------------------------------------------
def agree(report: Report, what: str, came: np.ndarray, formula: np.ndarray, most: float) -> None:
    """Enter the largest deviation of points from their formula, relative to the largest value."""
    worst = float(np.abs(came - formula).max() / np.abs(formula).max())
    report.check(f"{what}: deviation from the formula", f"< {most:g}", worst, worst < most)


def pair_window(report: Report, backend: str) -> tuple[np.ndarray, ...]:
    """One pair at each distance; area under the window."""
    s = np.arange(-400.0, 401.0)
    s = s[s != 0]
    came = changes({"pair": STDP(**RULE)}, [[400]] * s.size, [[400 + x] for x in s], 0.5, 1.0, backend)["pair"]
    rise, fall = RULE["A_plus"] * np.exp(-np.abs(s) / 17), -RULE["A_minus"] * np.exp(-np.abs(s) / 34)
    formula = np.where(s > 0, rise, fall)
    agree(report, "pair rule", came, formula, 1e-12)
    area = came.sum() + (RULE["A_plus"] - RULE["A_minus"]) / 2  # the step at s = 0 counts half of either side
    expected = RULE["A_plus"] * 17 - RULE["A_minus"] * 34
    text = f"{expected:.4f} +- 0.0005 (A+ tau+ - A- tau-)"
    report.check("pair rule: area under the window (ms)", text, float(area), abs(area - expected) < 5e-4)
    return s, came, formula


def weight_dependence(report: Report, backend: str) -> tuple[np.ndarray, dict[float, tuple], dict[float, float]]:
    """Change by a pair +10 ms and a pair -10 ms at each weight, for several powers; the weight where they balance."""
    w = np.linspace(0.01, 0.99, 99)
    rules = {
        f"{mu:g}": STDPPower(mu_plus=mu, mu_minus=mu, A_plus=1e-6, A_minus=ALPHA * 1e-6, tau_plus=20, tau_minus=20)
        for mu in POWERS
    }
    ltp = changes(rules, [[0]] * w.size, [[10]] * w.size, w, 1.0, backend)
    ltd = changes(rules, [[10]] * w.size, [[0]] * w.size, w, 1.0, backend)
    curves, balance = {}, {}
    for mu in POWERS:
        curves[mu] = tuple(change[f"{mu:g}"] / 1e-6 / np.exp(-10 / 20) for change in (ltp, ltd))
        net = sum(curves[mu])
        if not mu:
            report.check("power 0: depression wins", "at every weight", "at every weight", bool((net < 0).all()))
            continue
        k = int(np.argmax(net < 0))
        balance[mu] = float(np.interp(0, [net[k], net[k - 1]], [w[k], w[k - 1]]))
        expected = 1 / (1 + ALPHA ** (1 / mu))
        text = f"{expected:.4f} +- 0.001 (1/(1 + alpha^(1/mu)))"
        report.check(f"power {mu:g}: weight of balance", text, balance[mu], abs(balance[mu] - expected) < 1e-3)
    return w, curves, balance


def mean_partners(scheme: str, rate: Any) -> Any:
    """Mean of the presynaptic trace that a postsynaptic spike finds, for Poisson trains (rate in 1/ms)."""
    post = POST_RATE / 1e3
    return {
        "all pairs": rate * TAU,
        "nearest": rate / (rate + 1 / TAU),
        "pre-centred": rate / (post + 1 / TAU),
        "neighbours": rate / (rate + post + 1 / TAU),
    }[scheme]


def nearest_spikes(report: Report, backend: str, seconds: float) -> dict[str, np.ndarray]:
    """Potentiation by a postsynaptic spike between Poisson trains, over the presynaptic rate."""
    net = Network(dt=0.5, seed=3)
    rates = np.repeat(PRE_RATES, 6)
    pre = net.population(rates.size, Poisson, name="pre", parameters=dict(rate=rates))
    post = net.population(20, extend(Poisson, "g : 1", name="post")(rate=POST_RATE), name="post")
    net.record(post, "spikes")
    rule = dict(A_plus=1e-5, A_minus=0, tau_plus=TAU)
    made = {
        name: net.project(pre, post, AllToAll(), weight=0.5, target="g", synapse=scheme(**rule), name=name)
        for name, scheme in SCHEMES.items()
    }
    spikes = len(net.run(seconds * 1e3, backend=backend)["post"].spikes)
    gain = {}
    for name, q in made.items():
        of_rate = np.array([(q.weights - 0.5)[rates[q.pre_ids] == r].sum() for r in PRE_RATES])
        gain[name] = of_rate / 1e-5 / 6 / spikes
        ratio = float(np.mean(gain[name] / mean_partners(name, np.array(PRE_RATES) / 1e3)))
        room = 0.08 * max(1.0, (6 / seconds) ** 0.5)
        report.check(f"{name}: potentiation over the formula's", f"1 +- {room:.2f}", ratio, abs(ratio - 1) < room)
    return gain


def triplet_sum(s: np.ndarray, rate: float, n: int) -> np.ndarray:
    """Sixty pairs at a distance s and a rate: Pfister and Gerstner's rule written out as sums over earlier spikes."""
    p = {name: q.value for name, q in TripletSTDP.parameters.items()}
    period, total = 1e3 / rate, np.zeros(s.shape)
    taus = {name: p[name] * 1e3 for name in ("tau_plus", "tau_x", "tau_minus", "tau_y")}

    def trace(first: np.ndarray, terms: int, tau: float) -> np.ndarray:
        return np.exp(-first / tau) * sum(np.exp(-k * period / tau) for k in range(terms))

    for k in range(n):
        pre_before = k + (s > 0)  # how many spikes of the other cell, and how long ago the last of them was
        post_before = k + (s < 0)
        age_pre, age_post = np.where(s > 0, s, period + s), np.where(s < 0, -s, period - s)
        r1 = np.array([trace(a, m, taus["tau_plus"]) for a, m in zip(age_pre, pre_before, strict=True)])
        o1 = np.array([trace(a, m, taus["tau_minus"]) for a, m in zip(age_post, post_before, strict=True)])
        r2, o2 = (trace(np.float64(period), k, taus[name]) for name in ("tau_x", "tau_y"))
        total += r1 * (p["A2_plus"] + p["A3_plus"] * o2) - o1 * (p["A2_minus"] + p["A3_minus"] * r2)
    return total


def triplet_window(report: Report, backend: str) -> tuple[np.ndarray, dict[int, np.ndarray], dict[int, np.ndarray]]:
    """Sixty pairs at each distance and rate under the triplet rule."""
    s = np.arange(-12.0, 12.1, 1.0)
    s = s[s != 0]
    came, formula = {}, {}
    for rate in TRIPLET_RATES:
        pre = [[20 + 1e3 / rate * k for k in range(60)]] * s.size
        post = [[t + x for t in row] for row, x in zip(pre, s, strict=True)]
        came[rate] = changes({"t": TripletSTDP}, pre, post, 1.0, 1.0, backend)["t"]
        formula[rate] = triplet_sum(s, rate, 60)
        agree(report, f"triplet rule, 60 pairs at {rate} Hz", came[rate], formula[rate], 1e-9)
    depressed = [bool((came[rate][s < 0] < 0).all()) for rate in (10, 40)]
    report.check("triplet rule: post first depresses at 10 Hz, at 40 Hz", [True, False], depressed)
    return s, came, formula


def inhibitory_window(report: Report, backend: str) -> tuple[np.ndarray, ...]:
    """One pair at each distance; it changes sign where the window meets the depression by each presynaptic spike."""
    s = np.arange(-80.0, 81.0)
    s = s[s != 0]
    rule = {"i": InhibitorySTDP(**INHIBITORY)}
    came = changes(rule, [[100]] * s.size, [[100 + x] for x in s], 0.5, 1.0, backend)["i"]
    formula = 0.01 * (np.exp(-np.abs(s) / 20) - 2 * 0.003 * 20)
    agree(report, "inhibitory rule", came, formula, 1e-12)
    return s, came, formula


def late_reward(report: Report, backend: str) -> tuple[np.ndarray, ...]:
    """A pair (10 ms), and dopamine after it: what the weight becomes."""
    net = Network(dt=1.0)
    n = len(REWARDS)
    pre = net.population(n, SpikeArray([[0.0]] * n))
    reward = net.population(n, SpikeArray([[10.0 + t] for t in REWARDS]))
    cells = net.population(n, extend(TOLD, **DOPAMINE))
    net.inject(cells, 1, start=10, stop=11)
    rule = DopamineSTDP(A_plus=1, eta=1, tau_c=1000)
    q = net.project(pre, cells, OneToOne(), weight=0, target="g", synapse=rule)
    net.project(reward, cells, OneToOne(), weight=1, target="dopamine")
    net.run(REWARDS[-1] + 1500, backend=backend)
    t = np.array(REWARDS, dtype=float)
    formula = np.exp(-10 / 20) * np.exp(-t / 1e3) * 1.0 * 0.2 / 1.2
    agree(report, "dopamine, reward after 0.05 to 3 s", q.weights, formula, 5e-3)
    return t, q.weights, formula


# -- the picture ------------------------------------------------------------------------------------------------------
def draw(
    path: Path, pair: tuple, powers: tuple, nearest: dict, triplets: tuple, inhibitory: tuple, late: tuple
) -> None:
    """Six panels; points were simulated, lines are formulas."""
    with figure_style():
        figure = new_figure(7.2, 4.6)
        axes = figure.subplots(2, 3)
        for ax in axes.flat[[0, 3, 4]]:
            ax.axhline(0, color=INK, lw=0.5)
            ax.axvline(0, color=INK, lw=0.5, ls=(0, (2, 2)))
            ax.set_xlabel("post after pre, s (ms)")
        _window(axes[0, 0], *pair, "pair rule")
        axes[0, 0].set_xlim(-100, 100)

        ax, (w, curves, balance) = axes[0, 1], powers
        for mu, colour in zip(POWERS, COLOURS, strict=True):
            for change in curves[mu]:
                ax.plot(w[::7], change[::7], ".", ms=3, color=colour)
            ax.plot(w, (1 - w) ** mu, color=colour, lw=0.9, label=f"{mu:g}")
            ax.plot(w, -ALPHA * w**mu, color=colour, lw=0.9)
            if mu:
                ax.axvline(balance[mu], ymax=0.75, color=colour, lw=0.7, ls=(0, (1, 1.5)))
        ax.axhline(0, color=INK, lw=0.5)
        ax.set(xlabel="weight (dotted: balance)", ylabel="change over A+", title="dependence on the weight")
        ax.set_ylim(-1.6, 1.9)
        ax.legend(title="power", frameon=False, ncols=4, loc="upper center", handlelength=0.9, columnspacing=0.8)

        ax, r = axes[0, 2], np.linspace(0.1, PRE_RATES[-1], 200)
        for (name, gain), colour in zip(nearest.items(), COLOURS, strict=True):
            ax.plot(r, mean_partners(name, r / 1e3), color=colour, lw=0.9, label=name)
            ax.plot(PRE_RATES, gain, "o", ms=3, color=colour)
        ax.set(xlabel="presynaptic rate (Hz)", ylabel="potentiation by a spike / A+", title="which pairs count")
        ax.legend(frameon=False)

        ax, (s, came, formula) = axes[1, 0], triplets
        for rate, colour in zip(TRIPLET_RATES, COLOURS, strict=False):
            for side in (s < 0, s > 0):
                ax.plot(s[side], formula[rate][side], color=colour, lw=0.9)
            ax.plot(s, came[rate], ".", ms=3, color=colour, label=f"{rate} Hz")
        ax.set(ylabel="change by 60 pairs", title="triplet rule")
        ax.legend(frameon=False)
        _window(axes[1, 1], *inhibitory, "inhibitory rule")

        ax, (t, weights, _) = axes[1, 2], late
        line = np.linspace(0, t[-1], 200)
        ax.plot(line / 1e3, np.exp(-0.5 - line / 1e3) / 6, color=BLUE, lw=0.9)
        ax.plot(t / 1e3, weights, "o", ms=3, color=BLUE)
        ax.set(xlabel="reward after the pair (s)", ylabel="change of weight", title="dopamine", ylim=(0, None))
        finish(figure, path)


def _window(ax: Any, s: np.ndarray, came: np.ndarray, formula: np.ndarray, title: str) -> None:
    for side in (s < 0, s > 0):
        ax.plot(s[side], formula[side], color=BLUE, lw=0.9)
    ax.plot(s[::4], came[::4], ".", ms=3, color=BLUE)
    ax.set(ylabel="change of weight", title=title)
