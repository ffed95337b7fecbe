"""Pairs of spikes that come faster: triplet and voltage-based rules potentiate, the pair rule depresses more.

J.-P. Pfister and W. Gerstner 2006, J. Neurosci. 26(38):9673-9682, figure 5 (the protocol of P. J. Sjostrom, G. G.
Turrigiano, S. B. Nelson 2001, Neuron 32); right: C. Clopath et al. 2010, Nat. Neurosci. 13(3):344-352, figure 2.

Sixty pairs (75 for the voltage-based rule), the presynaptic spike 10 ms before or 10 ms after the postsynaptic one,
repeated at 0.1 to 50 Hz. What to see: at low rates the order decides. Above 40 Hz or so both orders potentiate, under
the two fits of the triplet rule and, in a cell with real spikes, under the rule that reads the membrane potential. The
pair rule cannot do that: as the next pair moves nearer, the other side of its window grows as well.

Files: frequency.png, result.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..experiment import Report
from ..networks import Network, OneToOne, SpikeArray
from ..networks.figure_style import BLUE, INK, RED, figure_style, finish, new_figure
from ..neurons import ClopathAdEx, extend
from ..plasticity import STDP, Clopath, SynapseModel, TripletSTDP
from ..plasticity.triplet import VISUAL_MINIMAL
from ._spike_pairs import changes

__all__ = ["run"]

PAIRS, DISTANCE = 60, 10.0
CHECKED = (0.1, 10.0, 20.0, 40.0, 50.0)  # Hz
#: Change by 60 pairs at +10 and -10 ms, computed with a program of its own from the equations of the paper.
COMPUTED = {
    "minimal": ((0, 0.1186, 0.2278, 0.5321, 0.7627), (-0.3166, -0.3322, -0.3417, 0.1737, 0.7492)),
    "full": ((0, 0.1321, 0.2470, 0.5337, 0.7409), (-0.3122, -0.3336, -0.3516, 0.1548, 0.7272)),
}
RULES: dict[str, SynapseModel] = {
    "full": TripletSTDP,
    "minimal": VISUAL_MINIMAL,
    "pair": STDP(tau_plus=16.8, tau_minus=33.7, A_plus=0.0065, A_minus=0.0071, w_max=100),
}
LABELS = {"full": "triplet rule, all parameters", "minimal": "triplet rule, minimal", "pair": "pair rule"}
CELL = extend(ClopathAdEx, "g : 1", name="cell that its inputs do not move")
PERIODS = (18, 20, 22, 25, 29, 33, 40, 50, 70, 100)  # ms from one pair to the next
VOLTAGE_RATES = (0.1, 10.0, 20.0, 25.0, 40.0, 50.0)
KICK = 80.0  # mV by which the potential is raised for a spike
BLOCK, BLOCKS, START = 5, 15, 0.5  # five pairs, whose change is taken fifteen times, as in the papers; first weight


def run(report: Report, voltage: bool = True, backend: Literal["reference", "numba"] = "reference") -> None:
    """Pair spikes at growing rates and hold the changes against computed ones.

    Parameters
    ----------
    report : Report
    voltage : bool
        Also the voltage-based rule, in a cell that spikes by itself.
    backend : str
        How it is simulated.
    """
    rates, came = frequency(backend)
    for name, (ltp, ltd) in COMPUTED.items():
        for side, text, expected in ((0, "+10 ms", ltp), (1, "-10 ms", ltd)):
            found = came[name][side][np.isin(rates, CHECKED)]
            ok = bool(np.abs(found - expected).max() < 6e-5)
            report.check(f"{LABELS[name]}, {text}", listed(expected), listed(found), ok)
    pair = came["pair"][1]
    most = float(pair[rates <= 50].max())
    report.check("pair rule, -10 ms: up to 50 Hz at most", "< 0", most, most < 0)
    by_voltage = None
    if voltage:
        by_voltage = voltage_based(backend)
        late = by_voltage[1]
        report.check(
            "voltage-based, -10 ms: 0.1 Hz and 50 Hz", "< 0, > 0", listed(late[[0, -1]]), late[0] < 0 < late[-1]
        )
        early = by_voltage[0]
        report.check(
            "voltage-based, +10 ms: 0.1 Hz and 50 Hz",
            "about 0, > 0.2",
            listed(early[[0, -1]]),
            abs(early[0]) < 0.1 < 2 * early[-1],
        )
    report.numbers.update(rates=rates, changes=came, voltage_rates=VOLTAGE_RATES, voltage=by_voltage)
    draw(report.file("frequency.png", "change by 60 pairs over their rate"), rates, came, by_voltage)


def listed(values: Any) -> str:
    """Numbers in one line."""
    return " ".join(f"{v:+.4f}" for v in values)


def trains(period: float, n: int) -> tuple[list[float], list[float]]:
    """First and second spikes of n pairs, in ms."""
    first = [10 + period * k for k in range(n)]
    return first, [t + DISTANCE for t in first]


def frequency(backend: str) -> tuple[np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Rates, and the change by 60 pairs at + and -10 ms for each rule; at 0.1 Hz sixty times that of one pair."""
    periods = np.array(PERIODS[::-1])
    one = changes(RULES, [[0], [10]], [[10], [0]], 1.0, 5.0, backend)
    first, second = zip(*(trains(p, PAIRS) for p in periods), strict=True)
    many = changes(RULES, [*first, *second], [*second, *first], 1.0, 1.0, backend)
    found = {}
    for name in RULES:
        sides = np.split(many[name], 2)
        found[name] = tuple(np.concatenate([[PAIRS * one[name][k]], sides[k]]) for k in (0, 1))
    return np.concatenate([[0.1], 1000 / periods]), found


def voltage_based(backend: str) -> tuple[np.ndarray, np.ndarray]:
    """Relative change at + and -10 ms under the voltage-based rule; kicks make the cell spike."""
    pre, post = [], []
    for sign in (1, -1):
        for rate in VOLTAGE_RATES:
            n = BLOCK if rate >= 1 else 1
            first, second = trains(1000 / rate, n)
            pre.append(first if sign > 0 else second)
            post.append(second if sign > 0 else first)
    net = Network(dt=0.1)
    source = net.population(len(pre), SpikeArray(pre))
    kicks = net.population(len(pre), SpikeArray(post))
    cells = net.population(len(pre), CELL, name="cells")
    net.project(kicks, cells, OneToOne(), weight=KICK, target="v")
    q = net.project(source, cells, OneToOne(), weight=START, target="g", synapse=Clopath)
    net.record(cells, "spikes")
    result = net.run(max(map(max, pre + post)) + 80, backend=backend)
    counts = result["cells"].spikes.counts()
    expected = [len(row) for row in post]
    if not np.array_equal(counts, expected):
        raise RuntimeError(f"the kicks were to cause {expected} spikes, got {counts.tolist()}")
    repeats = np.array([BLOCKS * BLOCK / len(row) for row in post])
    change = repeats * (q.weights - START) / START
    return tuple(np.split(change, 2))


# -- the picture ------------------------------------------------------------------------------------------------------
def draw(path: Path, rates: np.ndarray, came: dict[str, tuple], by_voltage: tuple | None) -> None:
    """One panel for each rule: blue pre first, red post first; circles are the computed values."""
    names = ["full", "minimal", "pair"] + ["voltage"] * (by_voltage is not None)
    titles = {**LABELS, "voltage": "voltage-based rule"}
    with figure_style():
        figure = new_figure(2.0 * len(names), 2.5)
        axes = figure.subplots(1, len(names), sharey=True)
        for ax, name in zip(axes, names, strict=True):
            x, both = (VOLTAGE_RATES, by_voltage) if name == "voltage" else (rates, came[name])
            for y, colour, label in zip(both, (BLUE, RED), ("pre 10 ms first", "post 10 ms first"), strict=True):
                ax.plot(x, y, ".-", ms=3, color=colour, label=label)
            if name in COMPUTED:
                for y, colour in zip(COMPUTED[name], (BLUE, RED), strict=True):
                    ax.plot(CHECKED, y, "o", ms=5.5, mfc="none", mew=0.8, color=colour)
            ax.axhline(0, color=INK, lw=0.5)
            ax.set(xlabel="pairs per second (Hz)", title=titles[name], xlim=(0, 56))
        axes[0].set_ylabel("change of weight")
        axes[0].legend(frameon=False, loc="upper left")
        finish(figure, path)
