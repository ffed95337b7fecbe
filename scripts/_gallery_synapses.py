"""Panels of synapses and learning rules for the gallery: windows, changes by rate, responses, traces.

Four tables say what is drawn: `WINDOWS` (change of the weight over the distance of spikes or over the rate),
`RESPONSES` (a synapse between two populations, traces of what it does), `LEARNING` (rules between rates: weights over
time), and `sanger`, the one matrix rule. A model that is in none of them is not drawn.

>>> curves = draw_window(next(w for w in WINDOWS if w.name == "STDP"))
>>> curves.title, curves.xlabel, float(curves.y["_"].max().round(5))
('STDP', 'post after pre (ms)', 0.00476)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import neurons, plasticity
from ..networks import AllToAll, FromList, Network, OneToOne, SpikeArray
from ..neurons import LIF, BellecALIF, ClopathAdEx, LIFGap, NeuronModel, RateUnit, ensheathed, extend
from ..neurons.astrocyte import ACTIVATED, COUPLED, Perisynaptic
from ..plasticity import DOPAMINE, LEARNING_SIGNAL, SangerParams, SangerState, sanger_step
from ._gallery_cells import Curves
from ._spike_pairs import TOLD, changes

__all__ = [
    "LEARNING",
    "MATRIX",
    "RESPONSES",
    "WINDOWS",
    "Learning",
    "Response",
    "Window",
    "draw_learning",
    "draw_response",
    "draw_window",
    "sanger",
]

UM = 1e-3  # uM in mM
DISTANCES = np.arange(-59.0, 60.0, 2.0)  # ms
RATES = np.arange(0.0, 51.0, 5.0)  # Hz
TRAIN = [20.0 + 50.0 * k for k in range(8)] + [770.0]  # ms
STDP_PAGE, RULES, SYNAPSES, GLIA = "learning windows", "learning by rate", "synapses", "astrocytes"


# -- changes of the weight by given spikes ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Window:
    """Spike pairs at each distance, or (``over="rate"``) a presynaptic train and postsynaptic ones at each rate.

    Attributes
    ----------
    name : str
        Of the model in `plasticity`.
    page : str
    start : float
        Weight before.
    pairs, rate : int, float
        Pairs and their rate in Hz, or duration in s and rate of the presynaptic spikes.
    over : str
        ``"distance"`` or ``"rate"``.
    axis : str
        Label of the distance.
    cell, drive, pulse, target, dt, rest, delay
        See `changes`.
    parameters : dict
    """

    name: str
    page: str = STDP_PAGE
    start: float = 0.5
    pairs: int = 1
    rate: float = 20.0
    over: str = "distance"
    axis: str = "post after pre (ms)"
    cell: NeuronModel = TOLD
    drive: str = "drive"
    pulse: float = 1.0
    target: str = "g"
    dt: float = 1.0
    rest: float = 0.0
    delay: float = 0.0
    parameters: dict[str, Any] = field(default_factory=dict)


_PULSED = dict(cell=extend(ClopathAdEx, "g : 1"), drive="I_ext", pulse=100, dt=0.1)
_REWARDED = extend(TOLD, **DOPAMINE, init=dict(dopamine=1), name="told")

WINDOWS = (
    Window("STDP"),
    Window("STDPNearest", pairs=5),
    Window("STDPPreCentered", pairs=5),
    Window("STDPRestricted", pairs=5),
    Window("STDPPower"),
    Window("STDPMultiplicative"),
    Window("STDPPowerNearest", pairs=5),
    Window("CA3STDP", start=3),
    Window("RewiringSTDP"),
    Window("TripletSTDP", pairs=5),
    Window("TripletSTDPNearest", pairs=5),
    Window("InhibitorySTDP"),
    Window("DopamineSTDP", start=2, cell=_REWARDED, rest=500),
    Window("Clopath", pairs=3, **_PULSED),
    Window("ClopathHomeostatic", pairs=3, **_PULSED),
    Window(
        "EProp",
        cell=extend(BellecALIF, **LEARNING_SIGNAL),
        drive="learn",
        target="x",
        delay=1,
        axis="signal after pre (ms)",
    ),
    Window("HomeostaticScaling", RULES, pairs=4, over="rate", parameters=dict(tau_r=1000, beta=0.02)),
)


def draw_window(window: Window) -> Curves:
    """Give the change of the weight over the distance of the spikes, or over the postsynaptic rate."""
    rule = getattr(plasticity, window.name)(**window.parameters)
    if window.over == "rate":
        length, x = 1000 * window.pairs, RATES
        train = [float(round(t)) for t in np.arange(5, length, 1000 / window.rate)]
        pre = [[*train, float(length)]] * len(x)
        post = [[float(round(t)) for t in np.arange(500 / r, length, 1000 / r)] if r else [] for r in x]
        xlabel, what = "postsynaptic rate (Hz)", f"change in {window.pairs} s"
    else:
        x, xlabel = DISTANCES, window.axis
        train = [70.0 + 1000 / window.rate * k for k in range(window.pairs)]
        pre, post = [train] * len(x), [[t + s for t in train] for s in x]
        what = "change by a pair" if window.pairs == 1 else f"change by {window.pairs} pairs"
    options = {name: getattr(window, name) for name in ("cell", "drive", "pulse", "target", "rest", "delay")}
    came = changes({"rule": rule}, pre, post, window.start, window.dt, **options)["rule"]
    return Curves(window.name, x, {"_": came}, xlabel, what, points=window.over == "rate")


# -- traces of what a synapse does ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Response:
    """A synapse from ``pre`` (spike times in ms or a model) to ``post``, and the trace of a variable.

    Attributes
    ----------
    name, page : str
    post : NeuronModel
    shown : str
        Variable of the trace.
    label : str
        Of its axis.
    pre : list or NeuronModel or None
        Spike times, a model, or None: the synapses join the cells of ``post`` both ways.
    n : int
        Synapses, each a line in the picture.
    lines : tuple of str
        Their names in the legend.
    weight, target : Any
        Of the projection.
    init, pre_init, post_init, parameters, post_parameters : dict
        First values of synapses and of both populations; parameters of ``pre`` and of ``post``.
    inject : tuple
        (input variable, values of each cell, begin, end) for ``pre``, or for ``post`` if it is joined with itself.
    scale : float
        Unit of the trace.
    duration, dt : float
        In ms.
    """

    name: str
    post: NeuronModel
    shown: str = "v"
    label: str = "v (mV)"
    page: str = SYNAPSES
    pre: Any = field(default_factory=lambda: TRAIN)
    n: int = 1
    lines: tuple[str, ...] = ("_",)
    weight: Any = None
    target: str | None = None
    init: dict[str, Any] = field(default_factory=dict)
    pre_init: dict[str, Any] = field(default_factory=dict)
    post_init: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    post_parameters: dict[str, Any] = field(default_factory=dict)
    inject: tuple | None = None
    scale: float = 1.0
    duration: float = 1000.0
    dt: float = 0.5


_PSP = LIF(v_th=0)
_CONDUCTING = NeuronModel("dg/dt = -g/tau : 1", parameters=dict(tau="20*ms"), method="euler", name="conducting")
_SENT = dict(shown="g", label="sent, decaying (1)", weight=1, target="g")
_GLIAL = dict(page=GLIA, dt=5, duration=60_000)

RESPONSES = (
    Response("Static", _PSP, weight=0.1, target="I"),
    Response("TsodyksMarkram", _PSP, weight=0.5, target="I"),
    Response("TsodyksMarkramDepression", _PSP, weight=0.2, target="I"),
    Response(
        "RewiringStatic", _PSP, n=2, lines=("on", "off"), weight=0.1, target="I", init=dict(active=[1, 0])
    ),
    Response(
        "NMDA", neurons.LIFNMDA(v_th=50), "g_nmda", "g_nmda (nS)", n=2, lines=("at -50 mV", "at -70 mV"), weight=0.01,
        target="g_nmda", scale=1e-3, pre=TRAIN[:-1], post_init=dict(v=[-50, -70]),
        post_parameters=dict(v_rest=[-50, -70]),
    ),
    Response(
        "GapJunction", LIFGap(v_th=0), pre=None, n=2, lines=("driven", "coupled"), weight=0.01, target="I_gap",
        inject=("I_ext", [0.2, 0], 50, 200), duration=350,
    ),
    Response(
        "RateStatic", RateUnit, "r", "rate r", pre=RateUnit, n=3, lines=("w = 0.5", "w = 1", "w = -1"),
        weight=[0.5, 1, -1], inject=("drive_ext", [1, 1, 1], 10, 30), duration=50, dt=1,
    ),
    Response(
        "Tripartite", ensheathed(_CONDUCTING, method="euler"), page=GLIA,
        n=2, lines=("alone", "with gliotransmitter"), **_SENT, post_init=dict(Gamma_S=[0, 0.8]),
    ),
    Response(
        "GlialSensing", ACTIVATED, "C", "calcium (µM)", pre=Perisynaptic, n=2, lines=("0.5 mM", "none"), weight=1,
        pre_init=dict(Y_S=[0.5, 0]), scale=UM, **_GLIAL,
    ),
    Response(
        "Gliotransmission", Perisynaptic, "Gamma_S", "receptors bound", pre=neurons.LiRinzel, parameters=dict(I=8e-4),
        **_GLIAL,
    ),
    Response(
        "IP3GapJunction", COUPLED(F_ex="0*umolar/second"), "I", "IP$_3$ (µM)", pre=None, n=2, lines=("first", "second"),
        weight="0.2*umolar/second", post_init=dict(I=[2e-3, 1e-4]), scale=UM, page=GLIA, dt=5, duration=20_000,
    ),
)  # fmt: skip


def draw_response(response: Response) -> Curves:
    """Give the trace of each postsynaptic cell."""
    r, net = response, Network(dt=response.dt, seed=7)
    post = net.population(r.n, r.post, "post", init=r.post_init, parameters=r.post_parameters)
    if r.pre is None:
        pre, connector = post, FromList([(0, 1), (1, 0)])
    else:
        model = SpikeArray([r.pre] * r.n) if isinstance(r.pre, list) else r.pre
        pre = net.population(r.n, model, "pre", **({} if isinstance(r.pre, list) else _given(r)))
        connector = OneToOne()
    if r.inject:
        name, values, begin, end = r.inject
        net.inject(pre, np.array([values]), start=begin, stop=end, target=name, interval=end - begin)
    options = dict(weight=r.weight, target=r.target)
    options = {name: value for name, value in options.items() if value is not None}
    net.project(pre, post, connector, synapse=getattr(plasticity, r.name), init=r.init, **options)
    net.record(post, r.shown, interval=r.dt * max(1, round(r.duration / 2000 / r.dt)))
    trace = net.run(r.duration, backend="reference")["post"].trace(r.shown)
    long = r.duration >= 10_000
    lines = {line: trace.values[:, k] / r.scale for k, line in enumerate(r.lines)}
    spikes = np.array(r.pre) if isinstance(r.pre, list) else None
    return Curves(r.name, trace.times / (1e3 if long else 1), lines, f"time ({'s' if long else 'ms'})", r.label, spikes)


def _given(response: Response) -> dict[str, Any]:
    return dict(init=response.pre_init, parameters=response.parameters)


# -- rules between rates ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Learning:
    """Two inputs, one unit: weights and the unit's rate over time.

    Attributes
    ----------
    name : str
        Of the model in `plasticity`.
    inputs : str
        ``"alternating"``: one of them is 1; ``"correlated"``: normal, correlation 0.8; ``"constant"``: both 0.5.
    weight : list
        Before.
    parameters, init : dict
    """

    name: str
    inputs: str
    weight: tuple[float, float]
    parameters: dict[str, Any]
    init: dict[str, Any] = field(default_factory=dict)
    page: str = RULES


LEARNING = (
    Learning("Oja", "correlated", (0.1, -0.2), dict(tau_w=50)),
    Learning("BCM", "alternating", (0.6, 0.5), dict(tau_w=500, tau_theta=50), dict(theta=0.2)),
    Learning("RateScaling", "constant", (0.2, 0.6), dict(tau_w=200)),
)
STEPS, EVERY = 2000, 20


def draw_learning(learning: Learning) -> Curves:
    """Give both weights, and their length, over time."""
    rng = np.random.default_rng(5)
    if learning.inputs == "correlated":
        x = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], STEPS)
    elif learning.inputs == "alternating":
        x = np.eye(2)[rng.integers(2, size=STEPS)]
    else:
        x = np.full((STEPS, 2), 0.5)
    net = Network(dt=1)
    pre, post = net.population(2, RateUnit), net.population(1, RateUnit)
    net.inject(pre, x)
    rule = getattr(plasticity, learning.name)(**learning.parameters)
    q = net.project(pre, post, AllToAll(), weight=np.array(learning.weight), synapse=rule, init=learning.init)
    weights = [q.weights]
    for _ in range(STEPS // EVERY):
        net.run(EVERY, backend="reference")
        weights.append(q.weights)
    first, second = np.array(weights).T
    t = np.arange(len(weights)) * EVERY
    return Curves(learning.name, t, {"$w_1$": first, "$w_2$": second}, "time (ms)", f"weights, {learning.inputs}")


#: Rules that are functions of matrices.
MATRIX = ("sanger_step",)


def sanger() -> Curves:
    """Give how well two rows agree with the first two principal components, over the inputs learned."""
    rng, state = np.random.default_rng(5), SangerState(np.array([[0.1, 0.1, 0.1], [0.1, -0.1, 0.05]]))
    agreement = []
    for x in rng.normal(0, [1.5, 1.0, 0.5], (STEPS, 3)):
        _, state = sanger_step(state, x, SangerParams(eta=0.01))
        agreement.append(np.abs(np.diag(state.w)) / np.linalg.norm(state.w, axis=1)[:2])
    first, second = np.array(agreement).T
    return Curves("sanger_step", np.arange(STEPS), {"row 1": first, "row 2": second}, "inputs", "|cosine| to component")
