"""Inhibitory plasticity balances excitation, channel by channel, and settles every cell at its target rate.

T. P. Vogels, H. Sprekeler, F. Zenke, C. Clopath, W. Gerstner 2011, Science 334:1569-1573, figure 1: cells with
conductances receive eight channels of inputs. In each channel 100 excitatory cells, half of which reach a cell, and 15
inhibitory ones fire at one rate that wanders about 10 Hz. Excitatory weights are tuned: channel 5 drives the cells
most. Inhibitory ones all begin at 0 and learn. Three groups of cells have target rates of 3, 5 and 10 Hz; a fourth
without inhibition shows what they do then.

What to see: the cells fire fast at first, and settle at their targets, or a little below, as inputs that rise and fall
together make more pairs than chance does. The inhibitory weights have learned the excitatory tuning, although nothing
told them which channel is which.

Files: balance.png, result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..experiment import Report
from ..networks import AllToAll, FixedProbability, Network
from ..networks.figure_style import BLUE, GREEN, GREY, INK, ORANGE, figure_style, finish, new_figure
from ..neurons import LIFCond, Poisson
from ..plasticity import InhibitorySTDP

__all__ = ["run"]

COLOURS = {3: BLUE, 5: GREEN, 10: ORANGE, "none": GREY}
CHANNELS, EXCITATORY, INHIBITORY = 8, 100, 15
TARGETS, GROUP = (3, 5, 10), 6  # Hz; cells in a group
MEAN, SPREAD, WANDER = 10.0, 4.0, 50.0  # rate of an input: mean, standard deviation (Hz), correlation time (ms)
CELL = LIFCond(
    C_m=0.2, g_L=0.01, v_rest=-60, v_reset=-60, v_th=-50, t_ref=5, tau_syn_E=5, tau_syn_I=10, e_rev_I=-80, name="cell"
)
STEP = 5.0  # ms for which a rate is held
WEIGHT = 1.4e-4  # uS, mean excitatory weight


def run(
    report: Report, duration: float = 120.0, eta: float = 2e-5, seed: int = 1,
    backend: Literal["numba", "reference"] = "numba", threads: int = 1,
) -> None:  # fmt: skip
    """Let inhibition learn, and hold rates and weights at the end against targets and tuning.

    Parameters
    ----------
    report : Report
    duration : float
        Time in s, at least 20; the last quarter is looked at.
    eta : float
        Learning rate in uS.
    seed : int
        Of spikes, rates and first potentials.
    backend : str
        How it is simulated.
    threads : int
        Threads of the simulation; the result does not depend on them.
    """
    if not duration >= 20:
        raise ValueError(f"duration: expected at least 20 s, got {duration!r}")
    net, learned, tuning = build(duration, eta, seed)
    report.say("the first second compiles the network (about ten seconds, once on a machine)")
    times, rates, weights = np.arange(1, round(duration) + 1), [], []
    for _ in report.progress(times, "simulating", unit="s"):
        result = net.run(1000, backend=backend, threads=threads)
        rates.append(result["cells"].rates().reshape(-1, GROUP).mean(axis=1))
        weights.append([by_channel(q) for q in learned])
        net.clear_recordings()
    rates, weights = np.array(rates), np.array(weights)  # [s, groups], [s, groups, channels]

    late = times > 0.75 * duration
    first = rates[0, :3]
    report.check("rate in the first second (Hz)", "> 15", float(first.min()), first.min() > 15)
    for k, target in enumerate(TARGETS):
        rate = float(rates[late, k].mean())
        report.check(f"rate at the end, target {target} Hz", f"{target} +- 15 %", rate, abs(rate / target - 1) < 0.15)
    still = float(rates[late, 3].mean())
    report.check("rate at the end without learning (Hz)", "> 15", still, still > 15)
    for k, target in enumerate(TARGETS):
        r = float(np.corrcoef(weights[-1, k], tuning)[0, 1])
        report.check(f"inhibitory over excitatory tuning, target {target} Hz: correlation", "> 0.9", r, r > 0.9)
    report.numbers.update(rates=rates[late].mean(axis=0), weights=weights[-1], tuning=tuning)
    draw(report.file("balance.png", "rates and tuning of inhibition while it learns"), times, rates, weights, tuning)


def build(duration: float, eta: float, seed: int) -> tuple[Network, list[Any], np.ndarray]:
    """Give the network, the projections that learn, and the excitatory weight of each channel in uS [8]."""
    rng = np.random.default_rng(seed)
    tuning = WEIGHT * CHANNELS * profile() / profile().sum()
    net = Network(dt=0.2, seed=seed)
    exc = net.population(CHANNELS * EXCITATORY, Poisson(rate=0), name="exc")
    inh = net.population(CHANNELS * INHIBITORY, Poisson(rate=0), name="inh")
    cells = net.population(GROUP * 4, CELL, name="cells", init=dict(v="-60*mV + 10*mV*rand()"))
    for c in range(CHANNELS):
        course = wandering(rng, round(duration * 1e3 / STEP))
        net.inject(exc[c * EXCITATORY : (c + 1) * EXCITATORY], course, target="rate_ext", interval=STEP)
        net.inject(inh[c * INHIBITORY : (c + 1) * INHIBITORY], course, target="rate_ext", interval=STEP)
        part = exc[c * EXCITATORY : (c + 1) * EXCITATORY]
        net.project(
            part, cells, FixedProbability(0.5), weight=float(tuning[c]), delay=1, target="g_E", name=f"exc {c + 1}"
        )
    learned = []
    for k, target in enumerate(TARGETS):
        group, rule = cells[k * GROUP : (k + 1) * GROUP], InhibitorySTDP(rho_0=target, eta=eta, w_max=0.02)
        q = net.project(inh, group, AllToAll(), weight=0, delay=1, target="g_I", synapse=rule, name=f"to {target} Hz")
        learned.append(q)
    net.record(cells, "spikes")
    return net, learned, tuning


def profile() -> np.ndarray:
    """Tuning of the excitatory weights: channel 5 most, an even floor."""
    return 0.3 + 1.0 / (1 + ((np.arange(1, CHANNELS + 1) - 5) / 1.5) ** 4)


def wandering(rng: np.random.Generator, n: int) -> np.ndarray:
    """A rate in Hz, held for 5 ms at a time: an Ornstein-Uhlenbeck process about the mean, not below 0."""
    keep = np.exp(-STEP / WANDER)
    noise, x = rng.standard_normal(n) * np.sqrt(1 - keep**2), np.zeros(n)
    for k in range(1, n):
        x[k] = keep * x[k - 1] + noise[k]
    return np.maximum(MEAN + SPREAD * x, 0)


def by_channel(q: Any) -> np.ndarray:
    """Mean inhibitory weight of each channel in nS [8]."""
    found = np.zeros(CHANNELS)
    np.add.at(found, q.pre_ids // INHIBITORY, q.weights * 1e3)
    return found / (INHIBITORY * GROUP)


# -- the picture ------------------------------------------------------------------------------------------------------
def draw(path: Path, times: np.ndarray, rates: np.ndarray, weights: np.ndarray, tuning: np.ndarray) -> None:
    """Rates over time; inhibitory weights of one group over time; tuning at the end."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap

    with figure_style():
        figure = new_figure(7.6, 2.5)
        rate, course, end = figure.subplots(1, 3)
        for k, (name, colour) in enumerate(COLOURS.items()):
            label = "does not learn" if name == "none" else f"target {name} Hz"
            rate.plot(times, rates[:, k], color=colour, label=label)
            if name != "none":
                rate.axhline(name, color=colour, lw=0.6, ls=(0, (3, 2)))
        rate.set(xlabel="time (s)", ylabel="rate (Hz)", title="rates", ylim=(0, 60))
        rate.legend(frameon=False, ncols=2, loc="upper center", fontsize=7, handlelength=1, columnspacing=1)
        shades = ScalarMappable(cmap=LinearSegmentedColormap.from_list("", [(1, 0.55, 0.75), (0.15, 0.1, 0.7)]))
        for c, shade in enumerate(shades.to_rgba(1e3 * tuning)):
            course.plot(times, weights[:, 1, c], color=shade)
        course.set(xlabel="time (s)", ylabel="inhibitory weight (nS)", title="channels, target 5 Hz")
        figure.colorbar(shades, ax=course, label="excitatory weight (nS)")
        x = np.arange(1, CHANNELS + 1)
        for k, name in enumerate(TARGETS):
            end.plot(x, weights[-1, k], "o-", ms=3, color=COLOURS[name], label=f"{name} Hz")
        scaled = tuning / tuning.max() * weights[-1, 1].max()
        end.plot(x, scaled, color=INK, lw=0.8, ls=(0, (3, 2)), label="excitatory, scaled")
        end.set(
            xlabel="channel",
            ylabel="weight (nS)",
            title="tuning at the end",
            ylim=(0, 1.45 * weights[-1].max()),
            xticks=x,
        )
        end.legend(frameon=False, ncols=2, loc="upper center", fontsize=7, handlelength=1.2, columnspacing=1)
        finish(figure, path)
