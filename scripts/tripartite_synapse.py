"""Tripartite synapse: gliotransmission turns a depressing synapse into a facilitating one, and filters spike rates.

Figures 3 and 4 of M. Stimberg, D. F. M. Goodman, R. Brette, M. De Pitta 2019, "Modeling neuron-glia interactions with
the Brian 2 simulator" (in Computational Glioscience, Springer), after M. De Pitta et al. 2011, PLoS Comput. Biol. 7,
e1002293.

What to see: an astrocyte that is driven from outside releases gliotransmitter at each calcium event. It binds to
receptors of the synapse within a fraction of a second and leaves them over two minutes, so that events add up, and
release probability falls: below Omega_d/(Omega_d + Omega_f) = 0.375 later spikes of a burst release more than the
first one. Over stimulation rates, a synapse alone releases less the faster its spikes come. With an astrocyte driven
from outside (open loop) little is released at any rate, and most at rates in between. If the astrocyte is driven by
the synapse itself (closed loop), few spikes cause few events and much is released; at 1 to 10 Hz calcium rises again
and again and release is cut down; above that calcium stays high, passes its threshold no more, and gliotransmission
ends.

Files: release, rates as PNG; result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import Network, OneToOne, Result, SpikeArray
from ..networks.figure_style import GREEN, INK, RED, figure_style, finish, new_figure
from ..neurons import NeuronModel, Poisson, ensheathed
from ..neurons.astrocyte import RELEASING
from ..plasticity import GlialSensing, Gliotransmission, SynapseModel, Tripartite

__all__ = ["run"]

UM = 1e-3  # uM in mM
BURST = np.array([0, 50, 100, 150, 200, 300, 310, 320, 330, 340, 350, 360, 370, 380, 390, 400])
BEFORE, AFTER = 16_500, 600  # ms before the burst, and from its first spike on
STEPS = (0.011, 0.11, 1.1, 11.0)  # Hz, for 5 s each
ALONE, OPEN, CLOSED = "no gliotransmission", "open loop", "closed loop"
# the space around one synapse, and the sum of what it released
TERMINAL = ensheathed(NeuronModel("g : 1", method="rk4", name="counter"), name="terminal")
# the synapse with its variables followed in every step, to be drawn
CLOCKED = SynapseModel(
    Tripartite.equations.replace("event-driven", "clock-driven"), on_pre=Tripartite.on_pre,
    parameters=dict(Tripartite.parameters), init=dict(Tripartite.init), name="Tripartite, clocked",
)  # fmt: skip


class Loops(NamedTuple):
    """Mean release by a spike [rates], and numbers of spikes and of astrocyte events, of one kind of synapse."""

    release: np.ndarray
    spikes: np.ndarray
    events: np.ndarray


def run(
    report: Report, synapses: int = 200, rates: int = 40, duration: float = 120_000.0,
    backend: Literal["numba", "reference"] = "numba", seed: int = 1929,
) -> None:  # fmt: skip
    """Stimulate three synapses by a burst, then many by Poisson spikes.

    Parameters
    ----------
    report : Report
    synapses : int
        Synapses of each kind that get steps of the rate, at least 20; the chapter has 500.
    rates : int
        Rates from 0.1 to 100 Hz, at least 10; the chapter has 100.
    duration : float
        Time in ms for each rate, after 15 s, at least 30 s; the chapter has 180 s.
    backend : str
        How it is simulated.
    seed : int
        Of the spikes.
    """
    for name, value, least in (("synapses", synapses, 20), ("rates", rates, 10), ("duration", duration, 30_000)):
        if not value >= least:
            raise ValueError(f"{name}: expected at least {least}, got {value!r}")
    report.say("two networks are compiled first (about five seconds each, once on a machine)")
    burst(report, backend)
    filters(report, synapses, rates, duration, backend, seed)


# -- a burst ----------------------------------------------------------------------------------------------------------
def burst(report: Report, backend: str) -> None:
    """Figure 3: no astrocyte, one that is driven weakly, one that is driven strongly."""
    net = Network(dt=1)
    source = net.population(3, SpikeArray([BURST + BEFORE] * 3), "source")
    terminals = net.population(3, TERMINAL, "terminals")
    q = net.project(source, terminals, OneToOne(), weight=1, target="g", synapse=CLOCKED)
    model, start = RELEASING, dict(I="0.4*umolar")
    astrocytes = net.population(2, model, "astrocytes", start, dict(I_bias=[0.8 * UM, 1.25 * UM]))
    net.project(astrocytes, terminals[1:], OneToOne(), synapse=Gliotransmission)
    net.record(terminals, ["g", "G_A", "Gamma_S", "Y_S"])
    net.record(astrocytes, ["C", "spikes"])
    net.run(BEFORE, backend=backend)
    inside = []
    for _ in range(AFTER):
        inside.append((q.get("u"), q.get("x")))
        net.run(1, backend=backend)
    result, inside = net.result, np.array(inside)  # [T, (u, x), 3]
    cells = result["terminals"]

    released = np.diff(cells.g, axis=0)[BURST + BEFORE]  # [spikes, 3]
    bound = cells.Gamma_S[BEFORE + 1]  # a spike finds what this step has made
    alone = np.array(by_formula(BURST / 1e3))
    apart = np.abs(released[:, 0] - alone).max()
    report.check("alone: difference to Tsodyks and Markram's sums", "below 1e-12", apart, apart < 1e-12)
    jump = cells.G_A.max() / UM
    report.check("gliotransmitter released by the first event (uM)", "78 +- 1e-9", jump, abs(jump - 78) < 1e-9)
    events = [int((result["astrocytes"].spikes.ids == k).sum()) for k in (0, 1)]
    report.check("events of the astrocytes", "0 < weakly < strongly driven", str(events), 0 < events[0] < events[1])
    for k, word in ((1, "weak"), (2, "strong")):
        expected = 0.6 * (1 - bound[k])
        text = f"0.6 (1 - {bound[k]:.4f})"
        report.check(f"{word}: release of the first spike", text, released[0, k], abs(released[0, k] - expected) < 1e-9)
    changes = [released[1, k] / released[0, k] for k in range(3)]
    report.check("alone: second spike, of the first", "below 1: depressing", changes[0], changes[0] < 1)
    u = 0.6 * (1 - bound[2])
    report.check("strong: release probability", "below 0.375", u, u < 0.375)
    report.check("strong: second spike, of the first", "above 1: facilitating", changes[2], changes[2] > 1)
    inside_bounds = 0 <= inside.min() and inside.max() <= 1
    report.check("u and x within 0 and 1", "yes", "yes" if inside_bounds else "no")
    report.numbers.update(events=events, bound=bound, released=released)
    draw_burst(report.file("release.png", "gliotransmission and a burst of spikes (figure 3)"), result, inside)


def by_formula(times: np.ndarray) -> list[float]:
    """Release of each spike of a synapse without an astrocyte; times in s."""
    u, x, last, released = 0.0, 1.0, times[0], []
    for t in times:
        u, x = u * np.exp(-3.33 * (t - last)), 1 - (1 - x) * np.exp(-2 * (t - last))
        u += 0.6 * (1 - u)
        released.append(float(u * x))
        x, last = x - u * x, t
    return released


def draw_burst(path: Path, result: Result, inside: np.ndarray) -> None:
    cells, astrocytes = result["terminals"], result["astrocytes"]
    t, colours = cells.trace("g").times - BEFORE, (INK, GREEN, RED)
    with figure_style():
        figure = new_figure(7.0, 7.6)
        left = figure.subplots(6, 1, height_ratios=[2.4, 1.4, 1.4, 2, 2, 2.4])
        for k, colour in ((0, GREEN), (1, RED)):
            left[0].plot(astrocytes.trace("C").times / 1e3 - BEFORE / 1e3, astrocytes.C[:, k] / UM, color=colour)
            left[1].plot(t / 1e3, cells.G_A[:, k + 1] / UM, color=colour)
            left[2].plot(t / 1e3, cells.Gamma_S[:, k + 1], color=colour)
        left[0].axhline(0.5, color=INK, lw=0.6, ls=":")
        left[0].set_ylabel("calcium\n(µM)")
        left[1].set_ylabel("gliotransm.\n(µM)")
        left[2].set(ylabel="receptors\nbound", xlabel="time before the burst (s)", ylim=(0, 1))
        for ax in left[:3]:
            ax.set_xlim(-BEFORE / 1e3, 0)
        now = t >= 0
        for k, (colour, label) in enumerate(zip(colours, ("no", "weak", "strong"), strict=True)):
            left[3].plot(t[now], inside[:, 0, k], color=colour)
            left[4].plot(t[now], inside[:, 1, k], color=colour)
            left[5].plot(t[now], cells.Y_S[now, k] / UM, color=colour, label=f"{label} gliotransmission")
        left[3].plot(BURST, np.full(len(BURST), 1.08), "|", color=INK, ms=5, clip_on=False)
        left[3].set(ylabel="probability\nof release u", ylim=(0, 1))
        left[4].set(ylabel="share still\nthere x", ylim=(0, 1))
        left[5].set(ylabel="transmitter\noutside (µM)", xlabel="time after the first spike (ms)", ylim=(0, None))
        left[5].legend(frameon=False, loc="upper right")
        for ax in left[3:]:
            ax.set_xlim(0, AFTER)
        figure.align_ylabels()
        finish(figure, path)


# -- rates ------------------------------------------------------------------------------------------------------------
def filters(report: Report, synapses: int, rates: int, duration: float, backend: str, seed: int) -> None:
    """Figure 4: steps of the rate, and release over the rate."""
    net, kinds = loops(np.zeros(synapses), seed)
    net.inject(net.populations["source"], np.array(STEPS), interval=5000, target="rate_ext")
    for name in kinds:
        net.record(net.populations[name], "Y_S", interval=10)
    result = net.run(5000 * len(STEPS), backend=backend)
    steps = {name: result[name].Y_S.mean(axis=1) / UM for name in kinds}
    t = result[ALONE].trace("Y_S").times / 1e3

    f = np.logspace(-1, 2, rates)
    net, kinds = loops(f, seed + 1)
    net.run(15_000, backend=backend)
    net.clear_recordings()
    before = {name: net.populations[name].get("g") for name in kinds}
    result = net.run(duration, backend=backend)
    spikes = result["source"].spikes.counts()
    found = {}
    for name, astrocyte in kinds.items():
        release = (net.populations[name].get("g") - before[name]) / np.maximum(spikes, 1)
        events = result[astrocyte].spikes.counts() if astrocyte else np.zeros(rates, dtype=int)
        found[name] = Loops(np.where(spikes > 0, release, np.nan), spikes, events)
    check_filters(report, f, found, duration)
    draw_filters(report.file("rates.png", "transmitter and release over rates (figure 4)"), t, steps, f, found)


def loops(rates: np.ndarray, seed: int) -> tuple[Network, dict[str, str]]:
    """Synapses of three kinds with the same spikes at ``rates`` (Hz); the kinds with the name of their astrocytes."""
    net, n = Network(dt=1, seed=seed), len(rates)
    source = net.population(n, Poisson, "source", parameters=dict(rate=rates))
    net.record(source, "spikes")
    kinds = {ALONE: "", OPEN: "driven from outside", CLOSED: "driven by the synapse"}
    for name, astrocyte in kinds.items():
        terminals = net.population(n, TERMINAL, name)
        net.project(source, terminals, OneToOne(), weight=1, target="g", synapse=Tripartite)
        if not astrocyte:
            continue
        bias = dict(I_bias="1*umolar") if name == OPEN else {}
        cells = net.population(n, RELEASING(**bias), astrocyte)
        net.record(cells, "spikes")
        net.project(cells, terminals, OneToOne(), synapse=Gliotransmission)
        if name == CLOSED:
            net.project(terminals, cells, OneToOne(), weight=1, synapse=GlialSensing)
    return net, kinds


def check_filters(report: Report, f: np.ndarray, found: dict[str, Loops], duration: float) -> None:
    """What the chapter's figure shows, and what must be so."""
    alone, open_loop, closed = (found[name] for name in (ALONE, OPEN, CLOSED))
    least = np.nanmin(alone.release[f > 60])
    report.check("alone: release at 60 to 100 Hz", "0.02 to 0.04 (periodic: 2/f)", least, 0.015 < least < 0.04)
    few = bool((closed.events <= closed.spikes).all())
    report.check("closed loop: astrocyte events", "at most one for a spike", "so" if few else "more", few)
    slow, fast = (closed.events[k].mean() for k in ((f > 1) & (f < 10), f > 30))
    text = f"{slow:.1f} and {fast:.1f}"
    report.check("closed loop: events at 1 to 10 and above 30 Hz", "fewer above 30 Hz", text, slow > 2 > fast)
    parts = [np.nanmean((closed.release / alone.release)[k]) for k in (f < 0.2, (f > 1) & (f < 10), f > 50)]
    text = " ".join(f"{p:.2f}" for p in parts)
    well = parts[1] < 0.5 and parts[1] < parts[0] <= 1.01 and parts[1] < parts[2] <= 1.01
    report.check("closed loop: release, of that alone, at < 0.2, 1 to 10, > 50 Hz", "least in between", text, well)
    ratio = np.nanmax(open_loop.release) / np.nanmax(alone.release)
    report.check("open loop: greatest release, of that alone", "below 0.5", ratio, ratio < 0.5)
    middle = np.nanmean(open_loop.release[(f > 1) & (f < 10)])
    edges = [np.nanmean(open_loop.release[k]) for k in (f < 0.5, f > 50)]
    text = f"{edges[0]:.3f} < {middle:.3f} > {edges[1]:.3f}"
    report.check("open loop: most is released at rates in between", "low < middle > high", text, middle > max(edges))
    events = open_loop.events / (duration / 1e3)
    same = events.min() == events.max() > 0
    report.check(
        "open loop: events do not depend on the synapse", "all alike", str(set(open_loop.events.tolist())), same
    )
    report.numbers.update(rates=f, **{name: found[name].release for name in found}, closed_loop_events=closed.events)


def draw_filters(
    path: Path, t: np.ndarray, steps: dict[str, np.ndarray], f: np.ndarray, found: dict[str, Loops]
) -> None:  # fmt: skip
    with figure_style():
        figure = new_figure(7.0, 5.6)
        axes = figure.subplots(4, 2, height_ratios=[1, 2, 2, 2])
        axes[0, 0].step(np.arange(5) * 5, [*STEPS, STEPS[-1]], where="post", color=INK)
        axes[0, 0].set(yscale="log", ylabel="rate (Hz)", xlim=(0, 20), title="steps of the rate")
        axes[0, 1].plot(f, found[CLOSED].events, ".", color=RED, ms=3)
        axes[0, 1].set(xscale="log", ylabel="astrocyte\nevents", xlim=(0.08, 120), title="release over the rate")
        for k, (name, colour) in enumerate(zip((ALONE, OPEN, CLOSED), (INK, GREEN, RED), strict=True), 1):
            axes[k, 0].plot(t, steps[name], color=colour)
            axes[k, 0].set(xlim=(0, 20), ylim=(0, None), ylabel="transmitter (µM)")
            axes[k, 0].text(0.03, 0.85, name, color=colour, transform=axes[k, 0].transAxes)
            axes[k, 1].plot(f, found[name].release, "o", color=colour, ms=2.5)
            axes[k, 1].set(xscale="log", xlim=(0.08, 120), ylim=(0, 0.2 if name == OPEN else 0.7))
            axes[k, 1].set_ylabel("release\nby a spike")
        axes[3, 0].set_xlabel("time (s)")
        axes[3, 1].set_xlabel("rate of the spikes (Hz)")
        figure.align_ylabels()
        finish(figure, path)
