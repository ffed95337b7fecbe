"""The cortical microcircuit of Potjans and Diesmann 2014: its numbers at any size, and the network made of them.

A projection of probability p from M to N neurons has K = log(1 - p)/log(1 - 1/(M N)) synapses, drawn with replacement
(PD14 equation 1). Two factors make it smaller: ``scale`` of the neurons and ``inputs`` of the in-degrees. Fewer inputs
are made up for as in S. J. van Albada, M. Helias, M. Diesmann 2015, "Scalability of asynchronous networks is limited by
one-to-one mapping between effective connectivity and correlations", PLoS Comput. Biol. 11(9):e1004490: weights grow by
1/sqrt(inputs), which keeps the variance of the current, and a constant current of (1 - sqrt(inputs)) times the mean of
the full network brings back its mean. Larger single potentials still lower the rates (at a tenth by 10 to 45 %, in NEST
too), and synchrony is not preserved. With a constant current as drive, less than a fifth of the inputs changes the
activity altogether, and at a tenth the network is silent but for L6I.

Numbers and their sources are in ``microcircuit.toml``.

>>> full = circuit(scale=1, drive="dc")
>>> print(f"{full.psc * 1e3:.2f} pA, {full.synapses.sum():,} synapses, L2/3E driven by {full.current[0] * 1e3:.0f} pA")
87.81 pA, 298,880,970 synapses, L2/3E driven by 562 pA
"""

from __future__ import annotations

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from ..networks import FixedTotalNumber, Network
from ..neurons import LIF

__all__ = ["DT", "Circuit", "build", "circuit", "psc_of_psp", "redrawn_normal", "table"]

DT = 0.1  # ms
Drive = Literal["poisson", "dc"]
Start = Literal["optimised", "original"]


class Circuit(NamedTuple):
    """The numbers of one size of the network; lists follow ``names``, matrices are [target, source].

    Attributes
    ----------
    sizes : int array [8]
    synapses : int array [8, 8]
    weights : float array [8, 8]
        Means in nA.
    psc : float
        Peak current in nA of an external input (and, at full in-degrees, of a recurrent excitatory one).
    external : int array [8]
        Poisson inputs of one neuron; zeros with a constant current.
    current : float array [8]
        Constant current in nA: it stands for the drive, for the inputs that are left out, or for both.
    scale, inputs : float
        Factors of the neurons and of the in-degrees.
    drive : str
        ``"poisson"`` or ``"dc"``.
    """

    names: tuple[str, ...]
    sizes: np.ndarray
    synapses: np.ndarray
    weights: np.ndarray
    psc: float
    external: np.ndarray
    current: np.ndarray
    scale: float
    inputs: float
    drive: str


@cache
def table() -> dict[str, Any]:
    """Read the numbers of the paper."""
    return tomllib.loads(Path(__file__).with_name("microcircuit.toml").read_text(encoding="utf-8"))


def psc_of_psp(psp: float, tau_m: float, tau_syn: float, c_m: float) -> float:
    """Peak in nA of the exponential current whose potential peaks at ``psp`` mV (times in ms, capacitance in nF)."""
    a, b = tau_m / (tau_m - tau_syn), tau_syn / (tau_m - tau_syn)
    ratio = tau_syn / tau_m
    return psp * c_m * (tau_m - tau_syn) / (tau_m * tau_syn) / (ratio**b - ratio**a)


def circuit(scale: float = 0.1, inputs: float | None = None, drive: Drive = "poisson") -> Circuit:
    """Derive the numbers of a network.

    Parameters
    ----------
    scale : float
        Part of the neurons, above 0 and at most 1; every population keeps at least one.
    inputs : float
        Part of the in-degrees, by default as much as of the neurons.
    drive : str
        Poisson input, or a constant current of the same mean.

    Raises
    ------
    ValueError
        If a factor is outside of (0, 1], or a constant current is too small for any excitatory population to fire.
    """
    inputs = scale if inputs is None else inputs
    for name, value in (("scale", scale), ("inputs", inputs)):
        if not 0 < value <= 1:
            raise ValueError(f"{name}: expected a part of the full size, above 0 and at most 1, got {value!r}")
    net, cell, syn, rate = (table()[part] for part in ("network", "neuron", "synapse", "drive"))
    names, full = tuple(table()["populations"]), np.array(net["sizes"])
    pairs = np.outer(full, full).astype(float)
    count = np.log1p(-np.array(net["probability"])) / np.log1p(-1 / pairs)  # [target, source]
    psc = psc_of_psp(syn["psp"], cell["tau_m"], cell["tau_syn"], cell["C_m"])
    weights = np.full((8, 8), psc)
    weights[:, 1::2] *= syn["g"]
    source, target = syn["doubled"]
    weights[names.index(target), names.index(source)] *= 2
    charge = cell["tau_syn"] * 1e-3  # s: a weight times this, times the rate of its inputs, is a mean current
    external = np.array(net["external"])
    recurrent = charge * (weights * count / full[:, None]) @ np.array(table()["published"]["rates"])
    driven = charge * rate["rate"] * psc * external
    left_out = 1 - math.sqrt(inputs)
    current = left_out * recurrent + (driven if drive == "dc" else left_out * driven)
    rheobase = (cell["v_th"] - cell["v_rest"]) * cell["C_m"] / cell["tau_m"]
    if drive == "dc" and current[::2].max() < rheobase:
        raise ValueError(
            f"drive: a constant current of at most {current[::2].max() * 1e3:.0f} pA at inputs = {inputs:g} makes no "
            f"excitatory population fire ({rheobase * 1e3:.0f} pA would); expected more inputs, or poisson"
        )
    return Circuit(
        names, np.maximum(1, np.rint(full * scale)).astype(int), np.rint(count * scale * inputs).astype(int),
        weights / math.sqrt(inputs), psc / math.sqrt(inputs),
        np.rint(external * inputs).astype(int) * (drive == "poisson"), current, float(scale), float(inputs), drive,
    )  # fmt: skip


def redrawn_normal(rng: np.random.Generator, n: int, mean: float, sd: float, low: float, high: float) -> np.ndarray:
    """Draw ``n`` normal numbers (float32); those not strictly between ``low`` and ``high`` are drawn again."""
    values = rng.standard_normal(n, dtype=np.float32)
    values *= np.float32(sd)
    values += np.float32(mean)
    wrong = np.flatnonzero((values <= low) | (values >= high))
    while wrong.size:
        again = mean + sd * rng.standard_normal(wrong.size)
        values[wrong] = again
        wrong = wrong[(again <= low) | (again >= high)]
    return values


def build(
    numbers: Circuit, seed: int = 0, dtype: str = "float32", start: Start = "optimised", report: Any = None
) -> Network:
    """Make the network, its spikes recorded.

    Parameters
    ----------
    numbers : Circuit
    seed : int
        Of everything random: wiring, weights, delays, first potentials, drive.
    dtype : str
        Number type of states and weights.
    start : str
        First potentials: ``"optimised"``, normal with each population's own mean and deviation, or ``"original"``,
        the same for all, which begins with a burst.
    report : Report, optional
        Shows a progress bar.
    """
    data = table()
    cell, syn, first = data["neuron"], data["synapse"], data["start"]
    neuron = LIF(
        **{k: v for k, v in cell.items() if k != "C_m"}, R=cell["tau_m"] / cell["C_m"],
        refractory="t_ref + dt",  # NEST counts t_ref from the end of the step of the spike
    )  # fmt: skip
    net = Network(dt=DT, seed=seed, dtype=dtype)
    populations = []
    for k, name in enumerate(numbers.names):
        mean, sd = (first["optimised_mean"][k], first["optimised_sd"][k])
        if start == "original":
            mean, sd = first["original"]["mean"], first["original"]["sd"]
        v, current = f"{mean}*mV + {sd}*mV*randn()", float(numbers.current[k])
        p = net.population(
            int(numbers.sizes[k]), neuron, name.replace("/", ""), init={"v": v}, parameters={"i_offset": current}
        )
        net.record(p, "spikes")
        if numbers.drive == "poisson":
            rate, n = data["drive"]["rate"], int(numbers.external[k])
            net.poisson_input(p, target="I", rate=rate, weight=numbers.psc, n=n)
        populations.append(p)
    todo = [(t, s) for t in range(8) for s in range(8) if numbers.synapses[t, s]]
    for t, s in todo if report is None else report.progress(todo, "wiring", unit="projections"):
        n, weight = int(numbers.synapses[t, s]), float(numbers.weights[t, s])
        delay = syn["delay_inhibitory" if s % 2 else "delay_excitatory"]
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 2014, t, s])))
        low, high = (-np.inf, 0.0) if s % 2 else (0.0, np.inf)
        net.project(
            populations[s], populations[t], FixedTotalNumber(n), target="I", round_delays=True,
            weight=redrawn_normal(rng, n, weight, abs(weight) * syn["weight_sd"], low, high),
            delay=redrawn_normal(rng, n, delay, delay * syn["delay_sd"], DT / 2, np.inf),
        )  # fmt: skip
    return net
