"""The networks of the benchmark: every number of each, once, for all systems.

A network is data: cells in the equation language that Brian 2 shares with us, wiring rules, weights, drive, and the
ranges in which the statistics of one run must lie. The ranges cover Brian 2 2.9, NEST 3.10 and an independent
float32 implementation over several network seeds, widened by about one standard deviation between seeds; they hold for
one duration each. Plain numbers are ms, mV, Hz.

A network that is built elsewhere joins by an entry whose ``ours`` names its function: ``exc`` and ``inh`` are then its
sizes, the function gives its spikes as those of "E" and "I", and ``published`` may hold times from the literature.

>>> find("cuba4k").cells, find("cuba4k").wiring[0].weight
(4000, 1.62)
>>> find("cuba5k")
Traceback (most recent call last):
    ...
ValueError: network: expected one of brunel, ..., got 'cuba5k'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from .ranges import RANGES, Ranges

__all__ = ["CELLS", "NETWORKS", "BenchNetwork", "Cell", "Drive", "Stdp", "Wiring", "find", "number", "register"]

DT = 0.1  # ms, of every network and system
_OURS = "spikegram.scripts.bench.ours:run"
_MICROCIRCUIT = "spikegram.scripts.bench.microcircuit"
_GROWTH = "spikegram.scripts.bench.growth:run"
_PROFILES = "spikegram.scripts.bench.profiles"


class Cell(NamedTuple):
    """A cell as Brian 2 and we write it; ``start`` are the bounds of v at time 0, in mV."""

    equations: str
    threshold: str
    parameters: Mapping[str, str]
    method: str
    start: tuple[float, float]


class Wiring(NamedTuple):
    """Synapses from the cells ``pre`` ("E" or "I") to the cells ``post`` ("E", "I" or "EI").

    Each pair is joined with ``probability``, or each cell gets ``in_degree`` synapses drawn with replacement.
    ``spread`` are the two things that differ between synapses: the standard deviation of the weight in parts of it,
    and the last delay when delays are uniform on the grid from ``delay`` on.
    """

    pre: str
    post: str
    target: str
    weight: float
    delay: float = 0.0
    probability: float | None = None
    in_degree: int | None = None
    spread: tuple[float, float] | None = None
    plastic: bool = False


class Drive(NamedTuple):
    """Poisson input of each cell: ``n`` sources of ``rate`` Hz, each event ``weight`` mV."""

    n: int
    rate: float
    weight: float


class Stdp(NamedTuple):
    """Additive pair rule, as fractions of the highest weight ``w_max`` (mV); ``tau`` in ms."""

    tau: float
    rate: float
    alpha: float
    w_max: float


@dataclass(frozen=True)
class BenchNetwork:
    """One network of the benchmark.

    Attributes
    ----------
    name, title : str
    cell : str
        Key of `CELLS`.
    exc, inh : int
        Excitatory cells come first.
    wiring : tuple of Wiring
    drive, stdp : Drive, Stdp or None
    seconds : tuple of float
        Biological durations; the first is the default.
    ranges : dict
        Duration -> statistic -> (low, high).
    peers : tuple of str
        Systems of `systems.SYSTEMS` that have this network, besides ours.
    ours : str
        ``"module:function"`` that runs our side of it on a `worker.Task`.
    cases : tuple of dict
        What differs between the parts of a benchmark that has parts (sizes, delays); given to ``ours`` as it stands.
    usual : bool
        Part of ``spikegram bench all``.
    published : dict
        System and source -> time as a multiple of the biological time, out of the literature; shown beside the measured
        ones and never mixed with them.
    goals : dict
        Peer -> ratio in single precision to be reached beside the peer's better setting, marked in the picture.
    """

    name: str
    title: str
    cell: str
    exc: int
    inh: int
    wiring: tuple[Wiring, ...] = ()
    drive: Drive | None = None
    stdp: Stdp | None = None
    seconds: tuple[float, ...] = (1.0,)
    ranges: Mapping[float, Ranges] = field(default_factory=dict)
    peers: tuple[str, ...] = ()
    ours: str = _OURS
    cases: tuple[Mapping[str, Any], ...] = (MappingProxyType({}),)
    usual: bool = True
    published: Mapping[str, float] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.exc + self.inh

    def count(self, kind: str) -> int:
        """Cells of a kind: "E", "I" or "EI"."""
        return {"E": self.exc, "I": self.inh, "EI": self.cells}[kind]

    def small(self) -> BenchNetwork:
        """The same network with 40 cells, which needs the same compiled code."""
        return replace(self, exc=32, inh=8)


_CUBA = dict(tau_m="20*ms", tau_e="5*ms", tau_i="10*ms", E_L="-49*mV", v_th="-50*mV", v_reset="-60*mV", t_ref="5*ms")
CELLS: dict[str, Cell] = {
    "cuba": Cell(
        """dv/dt = (g_e + g_i - (v - E_L))/tau_m : volt (unless refractory)
        dg_e/dt = -g_e/tau_e : volt
        dg_i/dt = -g_i/tau_i : volt""",
        "v > v_th", _CUBA, "exact", (-60.0, -50.0),
    ),
    "coba": Cell(
        """dv/dt = (g_e*(E_e - v) + g_i*(E_i - v) - (v - E_L) + I)/tau_m : volt (unless refractory)
        dg_e/dt = -g_e/tau_e : 1
        dg_i/dt = -g_i/tau_i : 1""",
        "v > v_th", {**_CUBA, "E_L": "-60*mV", "E_e": "0*mV", "E_i": "-80*mV", "I": "20*mV"},
        "exponential_euler", (-60.0, -50.0),
    ),
    "brunel": Cell(
        "dv/dt = -v/tau_m : volt (unless refractory)", "v >= v_th",
        dict(tau_m="20*ms", v_th="20*mV", v_reset="10*mV", t_ref="2*ms"), "exact", (0.0, 20.0),
    ),
}  # fmt: skip


def _random(
    name: str, cell: str, n: int, weights: tuple[float, float], seconds: tuple[float, ...], **more: Any
) -> None:
    """B1 and B2: every pair is joined with probability 80/N, no delay."""
    what = {"cuba": "current-based", "coba": "conductance-based"}[cell]
    register(BenchNetwork(
        name, f"{what} random network, {n:,} cells, 80 inputs each (Brette et al. 2007)", cell, n * 4 // 5, n // 5,
        tuple(Wiring(pre, "EI", target, w, probability=80 / n)
              for pre, target, w in zip("EI", ("g_e", "g_i"), weights, strict=True)),
        seconds=seconds, ranges=RANGES.get(name, {}), **more,
    ))  # fmt: skip


def _brunel(name: str, title: str, n: int, J: float, spread: Any = None, stdp: Stdp | None = None, **more: Any) -> None:
    """B3 to B5: fixed in-degree of a tenth, delta synapses, drive of twice what reaches the threshold."""
    exc, inh = n * 4 // 5, n // 5
    k_e, k_i, first = exc // 10, inh // 10, 0.5 if spread else 1.5
    rows = [("E", "EI", J, k_e), ("I", "EI", -5 * J, k_i)]
    if stdp:
        rows = [("E", "E", J, k_e), ("E", "I", J, k_e), ("I", "EI", -5 * J, k_i)]
    wiring = tuple(
        Wiring(pre, post, "v", w, first, in_degree=k, spread=spread, plastic=bool(stdp) and (pre, post) == ("E", "E"))
        for pre, post, w, k in rows
    )
    register(BenchNetwork(
        name, title, "brunel", exc, inh, wiring, Drive(k_e, 20.0, J), stdp, ranges=RANGES.get(name, {}),
        peers=("brian2", "nest"), **more,
    ))  # fmt: skip


NETWORKS: dict[str, BenchNetwork] = {}


def register(network: BenchNetwork) -> None:
    """Add a network to the benchmark; its name must be new."""
    if network.name in NETWORKS:
        raise ValueError(f"network: the name {network.name!r} is taken")
    NETWORKS[network.name] = network


def find(name: str) -> BenchNetwork:
    """Give the network of a name."""
    key = name.replace("-", "_")
    if key not in NETWORKS:
        known = ", ".join(sorted(NETWORKS))
        raise ValueError(f"network: expected one of {known} (or a suite: layers, memories), got {name!r}")
    return NETWORKS[key]


def number(text: str) -> float:
    """Give the number of a quantity such as ``"20*ms"``, in the unit in which it is written."""
    return float(text.split("*")[0])


_PEERS = ("brian2", "brian2-runtime", "nest")
_random(
    "cuba4k", "cuba", 4_000, (1.62, -9.0), (1.0, 10.0), peers=_PEERS, goals=dict(brian2=8, nest=25)
)  # fmt: skip
_random(
    "cuba40k", "cuba", 40_000, (1.62, -9.0), (1.0, 10.0), peers=_PEERS, goals=dict(brian2=7, nest=45)
)  # fmt: skip
_random("cuba400k", "cuba", 400_000, (1.62, -9.0), (1.0,), peers=("brian2",), usual=False)
_random("coba4k", "coba", 4_000, (0.6, 6.7), (1.0, 10.0), peers=("brian2", "nest"), goals=dict(brian2=8, nest=80))
_random("coba40k", "coba", 40_000, (0.6, 6.7), (1.0,), peers=("brian2", "nest"))
_brunel(
    "brunel", "sparse random network, asynchronous irregular, 15.6 million synapses (Brunel 2000)", 12_500, 0.1,
    goals=dict(brian2=20, nest=25),
)  # fmt: skip
_brunel(
    "brunel_het", "brunel with delays 0.5 to 2.5 ms and normal weights, all stored", 12_500, 0.1, (0.1, 2.5),
    goals=dict(brian2=10, nest=12),
)  # fmt: skip
_brunel(
    "brunel_stdp", "brunel with 2,500 cells and pair STDP on the synapses E -> E", 2_500, 0.5,
    stdp=Stdp(20.0, 0.001, 1.05, 1.0), seconds=(1.0, 10.0),
    goals=dict(brian2=14, nest=15),
)  # fmt: skip
_brunel("brunel_static", "brunel_stdp with its weights held", 2_500, 0.5)

_CUBA4K = NETWORKS["cuba4k"]
for _name, _title in (
    ("many_populations", "cuba4k as 100 populations of 40 cells and 10,000 projections"),
    ("recording", "cuba4k with v of 100 cells recorded in every step"),
):
    register(replace(
        _CUBA4K, name=_name, title=_title, seconds=(1.0,), peers=(), goals={}, ours=f"{_PROFILES}:{_name}"
    ))  # fmt: skip

for _name, _title, _cells in (
    (
        "microcircuit",
        "the cortical microcircuit at full size, 299 million synapses (Potjans & Diesmann 2014)",
        (61_843, 15_326),
    ),
    ("microcircuit_tenth", "a tenth of the cortical microcircuit, 3.0 million synapses", (6_185, 1_532)),
):
    register(BenchNetwork(
        _name, _title, "cuba", *_cells, ours=f"{_MICROCIRCUIT}:{'tenth' if 'tenth' in _name else 'full'}",
        usual="tenth" in _name, published={} if "tenth" in _name else {
            "NEST, 128 cores of one node (Kurth et al. 2022)": 0.67, "SpiNNaker (van Albada et al. 2018)": 20.0,
        },
    ))  # fmt: skip


def _growth(name: str, title: str, seconds: float, *cases: Mapping[str, Any]) -> None:
    register(BenchNetwork(name, title, "cuba", 0, 0, seconds=(seconds,), ours=_GROWTH, cases=cases))


_growth(
    "scale", "1,000 inputs a cell, forced to fire at 0, 1, 5, 20 Hz", 0.2,
    *(dict(cells=int(s) // 1000, synapses=s) for s in (1e6, 1e7, 1e8, 1e9)),
)  # fmt: skip
_growth(
    "delays", "10,000 cells, 10 million synapses, 1 to 51 delays", 0.2,
    *(dict(cells=10_000, synapses=1e7, delays=d, rates=(5.0, 20.0)) for d in (1, 5, 21, 51)),
)  # fmt: skip
_growth("million", "a million cells, 100 million synapses", 0.1, dict(cells=1_000_000, synapses=1e8, rates=(0.0, 5.0)))
