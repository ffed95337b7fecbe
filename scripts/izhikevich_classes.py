"""Six classes of Izhikevich's cell under a constant current, by converged steps and by the published 1 ms scheme.

E. M. Izhikevich 2003, "Simple model of spiking neurons", IEEE Trans. Neural Networks 14(6), Figure 2: regular spiking
(RS), intrinsically bursting (IB), chattering (CH), fast spiking (FS), low-threshold spiking (LTS) and resonator (RZ)
cells get I = 10 from 0 ms on; a thalamo-cortical cell (TC) is hyperpolarised and released.

What to see: RS cells slow down, IB cells burst once and go on with single spikes, CH cells burst all the time, FS and
RZ cells are at their rate after a few spikes, LTS cells slow down from a much higher one; TC cells burst when
hyperpolarisation ends. The scheme of the paper (two half steps of v, one of u, 1 ms) gives the same classes with fewer
and less regular spikes, so counts are compared like with like. For IB, FS, LTS and RZ it is chaotic and rounding
decides its late spikes: their counts are held to 10 %.

Files: potentials (potentials.png) and intervals (intervals.png) as PNG, result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from ..experiment import Report
from ..networks import Network, PopulationRecord
from ..networks.figure_style import BLUE, INK, RED, figure_style, finish, new_figure
from ..neurons import Izhikevich, IzhikevichOriginal, NeuronModel
from ..neurons.izhikevich import CLASSES

__all__ = ["run"]

NAMES = ("RS", "IB", "CH", "FS", "LTS", "RZ")
TITLES = dict(
    RS="regular spiking", IB="intrinsically bursting", CH="chattering", FS="fast spiking", LTS="low-threshold spiking",
    RZ="resonator", TC="thalamo-cortical, released at 150 ms",
)  # fmt: skip
# spikes in 1000 ms at I = 10: of the scheme, of Euler steps of 0.01 ms, and the last interval of these in ms
EXPECTED = dict(
    RS=(20, 23, 44.84), IB=(27, 34, 31.25), CH=(43, 87, 4.81), FS=(63, 136, 7.39), LTS=(44, 78, 13.39),
    RZ=(80, 195, 5.16),
)  # fmt: skip
EXACT = ("RS", "CH")  # classes whose counts by the scheme do not depend on rounding
DURATION, CURRENT = 1000, 10.0  # ms, mV/ms
HOLD, RELEASE, REBOUND = -10.0, 150, 300  # of the TC cell: mV/ms, ms, ms


def run(report: Report, dt: float = 0.01, backend: Literal["numba", "reference"] = "numba") -> None:
    """Run the classes by both forms, and hold counts and intervals against the converged ones.

    Parameters
    ----------
    report : Report
    dt : float
        Euler step in ms; the counts belong to 0.01.
    backend : str
        How the Euler steps are done.
    """
    if not 0 < dt <= 0.1:
        raise ValueError(f"dt: expected a step above 0 and at most 0.1 ms, got {dt!r}")
    fine = simulate(Izhikevich, dt, backend)
    scheme = simulate(IzhikevichOriginal, 1.0, "reference")
    check(report, fine, scheme, dt)
    draw_potentials(report.file("potentials.png", "membrane potentials of the classes, by small steps"), fine)
    draw_intervals(report.file("intervals.png", "intervals over time, by small steps and by the scheme"), fine, scheme)


def simulate(model: NeuronModel, dt: float, backend: str) -> PopulationRecord:
    """Run the six classes and the TC cell (last) as one population of seven neurons."""
    net = Network(dt=dt)
    values = {p: np.array([c[p] for c in CLASSES.values()]) for p in "abcd"}
    start = np.where(np.array(list(CLASSES)) == "TC", -64.4, -65.0)
    init = dict(v=start, u=values["b"] * start)
    cells = net.population(len(CLASSES), model, name="cells", parameters=values, init=init)
    net.inject(cells[:6], CURRENT, start=0, stop=DURATION)
    net.inject(cells[6:], HOLD, start=RELEASE - 100, stop=RELEASE)
    net.record(cells, "spikes")
    net.record(cells, "v", interval=dt * max(1, round(0.1 / dt)))
    return net.run(DURATION, backend=backend)["cells"]


def check(report: Report, fine: PopulationRecord, scheme: PopulationRecord, dt: float) -> None:
    """Enter the claims into the table."""
    exact = dt == 0.01
    for k, name in enumerate(NAMES):
        few, many, last = EXPECTED[name]
        came = len(fine.spikes[k])
        room = 0 if exact else max(1, round(0.03 * many))
        text = f"{many}" if exact else f"{many} +- {room}"
        report.check(f"{name}: spikes in 1 s, Euler {dt:g} ms", text, came, abs(came - many) <= room)
        came = float(fine.spikes.isi(k)[-1])
        room = 0.03 if exact else 0.1 * last
        report.check(
            f"{name}: last interval (ms)", f"{last:.2f} +- {room:.2g}", round(came, 2), abs(came - last) <= room
        )
        came = len(scheme.spikes[k])
        room = 0 if name in EXACT else round(0.1 * few)
        text = f"{few} +- {room}" if room else f"{few}"
        report.check(f"{name}: spikes in 1 s, scheme of 1 ms", text, came, abs(came - few) <= room)
    first = fine.spikes[0][0] + dt
    report.check("RS: first spike (ms), Euler", "3.15 +- 0.06", round(float(first), 2), abs(first - 3.15) <= 0.06)
    report.check("RS: step of the first spike, scheme", 4, int(scheme.spikes[0][0]) + 1)  # noted one step later there
    rebound = fine.spikes[6]
    burst = len(rebound) >= 2 and rebound[0] > RELEASE and rebound[1] - rebound[0] < 10
    report.check("TC: a burst after hyperpolarisation", "yes", "yes" if burst else "no")
    isi = {name: fine.spikes.isi(k) for k, name in enumerate(NAMES)}
    short = isi["IB"] < 10
    once = short[:2].all() and not short[2:].any()
    report.check("IB: short intervals, and where", "2 at the beginning", f"{short.sum()}", once)
    bursts = int((isi["CH"] > 20).sum())
    report.check("CH: bursts in 1 s", "above 15", bursts, bursts > 15 and (isi["CH"] < 6).sum() > 3 * bursts)
    slower = float(isi["LTS"][-1] / isi["LTS"][0])
    report.check("LTS: last interval over the first", "above 4", round(slower, 2), slower > 4)
    later = max(float(isi[name][-1] / isi[name][5]) for name in ("FS", "RZ"))
    report.check("FS, RZ: last interval over the sixth", "below 1.03", round(later, 3), later < 1.03)
    report.numbers["counts"] = {name: (len(scheme.spikes[k]), len(fine.spikes[k])) for k, name in enumerate(NAMES)}


def draw_potentials(path: Path, fine: PopulationRecord) -> None:
    """One panel per class; spikes are drawn up to the peak at which they are cut off."""
    with figure_style():
        figure = new_figure(7.0, 6.2)
        axes = figure.subplots(len(TITLES), 1, sharey=True)
        times = fine.t("v")
        for k, (name, title) in enumerate(TITLES.items()):
            end = REBOUND if name == "TC" else 500
            shown = times <= end
            ax = axes[k]
            ax.plot(times[shown], fine.v[shown, k], color=BLUE, lw=0.8)
            spikes = fine.spikes[k]
            ax.vlines(spikes[spikes < end], -30, 30, color=BLUE, lw=0.8)
            ax.set_xlim(0, end)
            ax.set_title(f"{name}: {title}", loc="left", fontsize=7.5)
            if name == "TC":
                ax.axvspan(RELEASE - 100, RELEASE, color="0.92", zorder=0)
        axes[0].set(ylim=(-95, 35), yticks=[-80, -40, 0])
        axes[3].set_ylabel("v (mV)")
        axes[-1].set_xlabel("time (ms)")
        finish(figure, path)


def draw_intervals(path: Path, fine: PopulationRecord, scheme: PopulationRecord) -> None:
    """Intervals over time, on a logarithmic axis: adaptation rises, bursts are two bands."""
    with figure_style():
        figure = new_figure(7.0, 4.2)
        axes = figure.subplots(2, 3, sharex=True, sharey=True)
        for k, (name, ax) in enumerate(zip(NAMES, axes.flat, strict=True)):
            for record, colour, label in ((fine, BLUE, "Euler"), (scheme, RED, "1 ms scheme")):
                spikes = record.spikes[k]
                ax.plot(spikes[1:], np.diff(spikes), ".", ms=3, color=colour, label=label)
            ax.set_title(f"{name}: {len(fine.spikes[k])} and {len(scheme.spikes[k])} spikes", loc="left", fontsize=7.5)
            ax.set_yscale("log")
            ax.grid(axis="y", color="0.9", lw=0.5)
        axes[0, 0].legend(frameon=False, fontsize=7, loc="lower right")
        axes[0, 0].set(xlim=(0, DURATION), ylim=(1, 200))
        for ax in axes[-1]:
            ax.set_xlabel("time (ms)")
        for ax in axes[:, 0]:
            ax.set_ylabel("interval (ms)", color=INK)
        finish(figure, path)
