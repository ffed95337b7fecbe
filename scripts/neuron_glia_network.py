"""Neurons and astrocytes: astrocytes sense the activity of neurons and weaken the synapses by gliotransmission.

Figure 6 of M. Stimberg, D. F. M. Goodman, R. Brette, M. De Pitta 2019, "Modeling neuron-glia interactions with the
Brian 2 simulator" (in Computational Glioscience, Springer): 3,200 excitatory and 800 inhibitory cells with
conductances and short-term plasticity, and 3,200 astrocytes on the grid of the excitatory cells, coupled by gap
junctions to about four neighbours; a constant current that is a fifth larger for two seconds. At ``--scale 1`` that
is the network of the chapter; by default a quarter of the cells with the same probabilities of synapses, whose
weights are four times as large.

What to see: cells fire more during the stimulus. Astrocytes sense the transmitter, and after a second or two calcium
passes its threshold in them; from then on receptors of the synapses bind gliotransmitter, release probability falls,
and excitation is weaker than in the same network without gliotransmission (the same seed, O_G = 0), in which every
spike is the same up to the first astrocyte event. Cells that had fired together, in volleys, then fire each at its
own time.

How it differs from the chapter: each astrocyte ensheathes the excitatory synapses onto the excitatory cell at its
place, synapses onto inhibitory cells belong to none (the chapter's program intends an astrocyte by place, but cells
that have no place, or a negative one, get astrocyte 0 or none).

Files: activity.png, result.json.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import numpy as np

from ..experiment import Report
from ..networks import DistanceDependent, FixedProbability, Network, OneToOne, Result
from ..networks.figure_style import BLUE, GREEN, INK, RED, figure_style, finish, new_figure
from ..neurons import LIFCond, ensheathed
from ..neurons.astrocyte import NETWORKED
from ..plasticity import GlialSensing, Gliotransmission, IP3GapJunction, Tripartite

__all__ = ["run"]

N_E, N_I, P_E, P_I = 3200, 800, 0.05, 0.2
W_E, W_I = 0.05e-3, 1e-3  # uS
CURRENT = 0.1 * np.array([1.0, 1.2, 1.0, 1.0])  # nA, each for a quarter of the time
GRID = 67e-6  # m between neighbours: four of them are nearer than 75 um
CELL = LIFCond(
    C_m="198*pF", g_L="9.99*nS", v_rest=-60, e_rev_E=0, e_rev_I=-80, tau_syn_E=5, tau_syn_I=10, v_th=-50, v_reset=-60,
    t_ref=5,
)  # fmt: skip


def run(
    report: Report, scale: float = 0.25, duration: float = 8000.0, dt: float = 0.1, slow: float = 10.0,
    threads: int = 1, backend: Literal["numba", "reference"] = "numba", seed: int = 28371,
) -> None:  # fmt: skip
    """Run the network with and without gliotransmission.

    Parameters
    ----------
    report : Report
    scale : float
        Part of the cells, above 0 and at most 1.
    duration : float
        Time in ms; in its second quarter the current is larger.
    dt : float
        Time step of the neurons in ms.
    slow : float
        Time step of the astrocytes in ms, a multiple of dt.
    threads : int
        Threads of the simulation; the result does not depend on them.
    backend : str
        How it is simulated.
    seed : int
        Of wiring and start values.
    """
    if not 0 < scale <= 1:
        raise ValueError(f"scale: expected a part above 0 and at most 1, got {scale!r}")
    if not duration >= 400:
        raise ValueError(f"duration: expected at least 400 ms, got {duration!r}")
    report.say("the first step compiles the network (about ten seconds, once on a machine)")
    found, seconds = {}, {}
    for name, bound in (("with", True), ("without", False)):
        net = build(scale, duration, dt, slow, seed, bound)
        clock = time.perf_counter()
        found[name] = net.run(duration, backend=backend, threads=threads if backend == "numba" else 1)
        seconds[name] = time.perf_counter() - clock
        if bound:
            flux = net.populations["astrocytes"].get("J_coupling")
            synapses = {q.name: q.size for q in net.projections.values()}
    check(report, found, duration, flux)
    report.numbers.update(
        cells={p: found["with"][p].size for p in ("exc", "inh", "astrocytes")}, synapses=synapses, seconds=seconds,
        rates={n: {p: r[p].spikes.rate() for p in ("exc", "inh")} for n, r in found.items()},
    )  # fmt: skip
    draw(report.file("activity.png", "spikes, astrocyte events, rates and release (figure 6)"), found, duration)


def build(scale: float, duration: float, dt: float, slow: float, seed: int, gliotransmission: bool) -> Network:
    """The network; without gliotransmission its receptors do not bind."""
    n, n_inh = round(N_E * scale), round(N_I * scale)
    net = Network(dt=dt, seed=seed)
    start = dict(v="v_rest + (v_th - v_rest)*rand()", g_E=f"{W_E / scale}*uS*rand()", g_I=f"{W_I / scale}*uS*rand()")
    side = int(np.sqrt(n))
    place = GRID * np.column_stack((np.arange(n) // side, np.arange(n) % side))
    binding = {} if gliotransmission else dict(O_G="0/umolar/second")
    cell = ensheathed(CELL, **binding)
    inhibitory = Tripartite(rho_c=0, alpha=Tripartite.parameters["U_0"].value)  # no astrocyte senses or changes it
    exc = net.population(n, cell, "exc", start)
    inh = net.population(n_inh, cell, "inh", start)
    start = dict(C="0.01*umolar", I="0.01*umolar")
    astrocytes = net.population(n, NETWORKED, "astrocytes", start, positions=place, dt=slow)
    for cells in (exc, inh):
        net.inject(cells, CURRENT, interval=duration / 4)
        net.project(exc, cells, FixedProbability(P_E), weight=W_E / scale, target="g_E", synapse=Tripartite)
        net.project(inh, cells, FixedProbability(P_I), weight=W_I / scale, target="g_I", synapse=inhibitory)
    incoming = np.bincount(net.projections["exc -> exc"].post_ids, minlength=n)
    weight = 1 / np.maximum(incoming, 1)
    net.project(exc, astrocytes, OneToOne(), weight=weight, synapse=GlialSensing)
    net.project(astrocytes, exc, OneToOne(), synapse=Gliotransmission)
    near = DistanceDependent("d < 75*um", autapses=False)
    net.project(astrocytes, astrocytes, near, weight="0.09*umolar/second", synapse=IP3GapJunction, name="gap junctions")
    net.record(exc, "spikes")
    net.record(inh, "spikes")
    net.record(astrocytes, "spikes")
    net.record(exc, ["Gamma_S", "g_E"], interval=10)
    net.record(astrocytes[:: max(1, n // 50)], "C", interval=10)
    return net


def check(report: Report, found: dict[str, Result], duration: float, flux: np.ndarray) -> None:
    """What must come with and without gliotransmission."""
    bound, free = found["with"], found["without"]
    events = bound["astrocytes"].spikes
    part = len(np.unique(events.ids)) / events.size
    report.check("part of the astrocytes that release gliotransmitter", "above 0.5", part, part > 0.5)
    if not len(events):
        return
    first, quarter = float(events.times.min()), duration / 4
    for name in ("exc", "inh"):
        early = [r[name].spikes.between(0, first) for r in (bound, free)]
        what = f"{name}: spikes up to the first event, at {first / 1e3:.2f} s"
        report.check(what, f"the same {len(early[1])}", f"{len(early[0])}", early[0] == early[1])
    rates = {n: [float(r["exc"].spikes.between(k * quarter, (k + 1) * quarter).rate()) for k in range(4)]
             for n, r in found.items()}  # fmt: skip
    alone = rates["without"]
    text = f"above {max(alone[0], alone[2]):.2f}, that before and after"
    report.check("without: rate during the stimulus (Hz)", text, alone[1], alone[1] > max(alone[0], alone[2]))
    trace = bound["exc"].trace("Gamma_S")
    before = float(trace.values[trace.times <= first].max(initial=0.0))
    report.check("receptors bound before the first event", 0.0, before)
    end = float(trace.values[-1].mean())
    report.check("receptors bound at the end, mean", "0.4 to 1", end, 0.4 < end <= 1)
    late = trace.times >= 2 * quarter
    g = {n: float(r["exc"].g_E[late].mean()) for n, r in found.items()}
    ratio = g["with"] / g["without"]
    report.check("second half: excitatory conductance, of that without", "below 0.9", ratio, ratio < 0.9)
    lost = abs(flux.sum()) / np.abs(flux).max()
    report.check("IP3 lost in gap junctions, of the greatest flux", "below 1e-10", lost, lost < 1e-10)
    report.numbers.update(first_event_ms=first, events=len(events), exc_rates_by_quarter=rates, mean_g_E_uS=g)


def draw(path: Path, found: dict[str, Result], duration: float) -> None:
    bound, seconds = found["with"], duration / 1e3
    with figure_style():
        figure = new_figure(7.0, 7.4)
        axes = figure.subplots(5, 1, sharex=True, height_ratios=[0.6, 4, 1.4, 1.4, 1.4])
        axes[0].step(np.arange(5) * seconds / 4, 1e3 * np.append(CURRENT, CURRENT[-1]), where="post", color=INK)
        axes[0].set_ylabel("current\n(pA)")
        top = 0
        for name, colour in (("exc", BLUE), ("inh", RED), ("astrocytes", GREEN)):
            s = bound[name].spikes
            shown = s.size // 4
            mine = s.ids < shown
            size = float(np.clip(1.5 * (600 / bound["exc"].size) ** 0.5, 0.7, 2))
            axes[1].plot(s.times[mine] / 1e3, top + s.ids[mine], "o", color=colour, ms=size, mew=0, rasterized=True)
            axes[1].text(
                1.005, top + shown / 2, name, color=colour, transform=axes[1].get_yaxis_transform(), va="center"
            )
            top += shown
        axes[1].set(ylim=(0, top), ylabel="cell (a quarter of them)")
        for name, colour in (("without", "0.6"), ("with", BLUE)):
            counts, edges = found[name]["exc"].spikes.histogram(max(10.0, duration / 400))
            rate = counts / found[name]["exc"].size / np.diff(edges) * 1e3
            axes[2].stairs(rate, edges / 1e3, color=colour, label=f"{name} gliotransmission", baseline=None)
            trace = found[name]["exc"].trace("g_E")
            axes[3].plot(trace.times / 1e3, trace.values.mean(axis=1) * 1e3, color=colour)
        axes[2].set(ylabel="rate of exc\n(Hz)", ylim=(0, 1.3 * axes[2].get_ylim()[1]))
        axes[2].legend(frameon=False, ncols=2, loc="upper right")
        axes[3].set(ylabel="excitatory\nconductance (nS)", ylim=(0, None))
        c, gamma = bound["astrocytes"].trace("C"), bound["exc"].trace("Gamma_S")
        axes[4].plot(c.times / 1e3, c.values.mean(axis=1) * 1e3, color=GREEN, label="calcium, mean (µM)")
        axes[4].plot(gamma.times / 1e3, gamma.values.mean(axis=1), color=INK, label="receptors bound, mean")
        axes[4].legend(frameon=False, ncols=2, loc="upper left")
        axes[4].set(xlabel="time (s)", xlim=(0, seconds), ylim=(0, 1.6))
        figure.align_ylabels()
        finish(figure, path)
