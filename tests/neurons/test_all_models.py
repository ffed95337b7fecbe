"""What holds for every cell and synapse of the package: units, documentation, equal results on every backend."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import spikegram.neurons
import spikegram.plasticity
from spikegram.networks import AllToAll, Network, OneToOne, Population, Result
from spikegram.neurons import LIF, BellecALIF, NeuronModel, extend
from spikegram.plasticity import DOPAMINE, LEARNING_SIGNAL, SynapseModel
from spikegram.units import TIME

CELLS = {n: m for n in spikegram.neurons.__all__ if isinstance(m := getattr(spikegram.neurons, n), NeuronModel)}
SYNAPSES = {
    n: m for n in spikegram.plasticity.__all__ if isinstance(m := getattr(spikegram.plasticity, n), SynapseModel)
}
MODELS = {**CELLS, **SYNAPSES}
# cells with the variables that some synapses ask for
EXTENDED = {
    "Dopaminergic": extend(LIF, **DOPAMINE, init=dict(dopamine=0.5)),
    "Learning": extend(BellecALIF, **LEARNING_SIGNAL),
}
EACH = [(n, p) for n, m in MODELS.items() for p in m.parameters]

TRACE_TOLERANCE = 1e-9  # of the largest value; spikes must be equal
# what makes each cell fire: (target, amplitude); one value for each of the four neurons is a multiple of it
DRIVE = {
    "ALIF": ("I_ext", 0.2), "AdEx": ("I_ext", 0.8), "BellecALIF": ("x", 0.11), "ClopathAdEx": ("I_ext", 1),
    "Dopaminergic": ("I_ext", 0.2), "HodgkinHuxley": ("I_ext", 10),
    "IFCondExp": ("I_ext", 1.2), "IFCurrExp": ("I_ext", 1.2), "Izhikevich": ("I_ext", 12),
    "IzhikevichOriginal": ("I_ext", 12), "LIF": ("I_ext", 0.2), "LIFAlpha": ("I_ext", 0.2), "LIFCond": ("I_ext", 0.5),
    "LIFDelta": ("I_ext", 0.2), "Learning": ("learn", 0.3), "Poisson": ("rate_ext", 50), "SpiNNakerLIF": ("in_E", 0.4),
    "AMSU": ("x", 0.3),
    "LIFGap": ("I_ext", 0.2), "LIFIntrinsic": ("I_ext", 0.2), "LIFNMDA": ("I_ext", 0.8),
    "RateUnit": ("drive_ext", 0.5), "RectifiedUnit": ("drive_ext", 0.5),
    "GIF": ("I_ext", 0.3), "InhomogeneousPoisson": ("rate_ext", 50), "LIFCondAlpha": ("I_ext", 0.5),
    "LIFCondDelta": ("I_ext", 0.5), "LIFCondNoise": ("I_ext", 1.5), "LIFNoise": ("I_ext", 0.2),
    "LeakyIntegrator": ("I_ext", 0.2), "MihalasNiebur": ("I_ext", 0.2), "ResonateAndFire": ("I_ext", 300),
    "TwoCompartment": ("I_s", 0.25),
}  # fmt: skip
# start values, so that each variable moves in each cell
START = dict(I=0.05, J=0.02, I_E=0.05, I_I=0.02, g_E=0.005, g_I=0.002, w=0.01, a=0.5, h_E=0.003, h_I=0.001)
START |= {"I_1": 0.01, "I_2": 0.01, "x_nmda": 0.002, "g_nmda": 0.001, "x": 0.1, "y": 0.1}
START |= {f"eta_{k}": 0.01 * k for k in (1, 2, 3)} | {f"gamma_{k}": 0.3 * k for k in (1, 2, 3)}
# an astrocyte's calcium on its way up to the threshold
ASTROCYTE = dict(C=0.000499, I=[0.001, 0.0015, 0.002, 0.0025], Gamma_A=0.1)
WRITTEN = {"Y_S", "J_coupling", "I_ext"}  # by synapses or the user, not here: they stand still
# intervals shorter than the run; a method that compiles in less time
OTHER = dict(Regular=dict(interval=7), GChI=dict(method="euler"), LiRinzel=dict(method="euler"))
# synapse: (from, to, target, weight)
WIRING = {
    "Static": ("Poisson", "LIF", "I", 0.3),
    "STDP": ("LIF", "LIFAlpha", "J", 0.05),
    "STDPNearest": ("LIFAlpha", "LIFDelta", "v", 0.5),
    "STDPPower": ("Regular", "LIFCond", "g_E", 0.02),
    "STDPMultiplicative": ("Regular", "LIFCond", "g_I", 0.01),
    "CA3STDP": ("SpiNNakerLIF", "SpiNNakerLIF", "in_E", 1),
    "TsodyksMarkram": ("LIFGap", "LIFIntrinsic", "I", 0.1),
    "GapJunction": ("LIFGap", "LIFGap", "I_gap", 0.002),
    "NMDA": ("LIFNMDA", "LIFNMDA", "g_nmda", 0.002),
    "Oja": ("RateUnit", "RateUnit", None, 0.01),
    "BCM": ("RectifiedUnit", "RectifiedUnit", None, 0.1),
    # the next ones share the last network
    "STDPPowerNearest": ("ClopathAdEx", "Dopaminergic", "I", 0.02),
    "STDPPreCentered": ("ClopathAdEx", "Dopaminergic", "I", 0.02),
    "STDPRestricted": ("ClopathAdEx", "Dopaminergic", "I", 0.02),
    "TripletSTDP": ("ClopathAdEx", "Dopaminergic", "I", 0.02),
    "TripletSTDPNearest": ("ClopathAdEx", "Dopaminergic", "I", 0.02),
    "InhibitorySTDP": ("ClopathAdEx", "Dopaminergic", "I", 0.02),
    "DopamineSTDP": ("ClopathAdEx", "Dopaminergic", "I", 0.02),
    "Clopath": ("Dopaminergic", "ClopathAdEx", "I", 0.05),
    "ClopathHomeostatic": ("Dopaminergic", "ClopathAdEx", "I", 0.05),
    "EProp": ("ClopathAdEx", "Learning", "x", 0.2),
}
FIXED = {"Static", "TsodyksMarkram", "GapJunction", "NMDA"}  # their weights
ELSEWHERE = {  # tests/plasticity/test_backends.py and test_tripartite.py, which join cells and astrocytes
    *("GlialSensing", "Gliotransmission", "IP3GapJunction", "Tripartite"),
    *("HomeostaticScaling", "RateScaling", "RateStatic", "RewiringSTDP", "RewiringStatic", "TsodyksMarkramDepression"),
}
# Several networks, as compiling a loop takes longer than in proportion to what is in it. The first has the structure
# of the networks in test_adex.py, test_hodgkin_huxley.py and test_izhikevich.py: compiled once for all.
FAMILIES = (
    ("AdEx", "HodgkinHuxley", "Izhikevich"),
    ("Poisson", "LIF", "LIFAlpha", "LIFDelta"),
    ("Regular", "LIFCond", "IFCondExp", "IFCurrExp"),
    ("SpiNNakerLIF", "ALIF", "BellecALIF", "IzhikevichOriginal"),
    ("GChI", "LiRinzel", "AMSU"),
    ("LIFGap", "LIFIntrinsic", "LIFNMDA"),
    ("RateUnit", "RectifiedUnit"),
    ("GIF", "InhomogeneousPoisson", "LIFNoise", "LeakyIntegrator", "MihalasNiebur"),
    ("LIFCondAlpha", "LIFCondDelta", "LIFCondNoise", "ResonateAndFire", "TwoCompartment"),
    ("ClopathAdEx", "Dopaminergic", "Learning"),
)
# Their networks take up to a minute to compile; every model has a file of its own that tests it quickly.
SLOW = {name for family in FAMILIES[2:] for name in family}


def each(models: dict) -> list:
    """Names of models, those marked that are in the network that takes long."""
    place = {n: WIRING[n][0] if n in WIRING else n for n in models}
    return [pytest.param(n, marks=pytest.mark.slow) if place[n] in SLOW else n for n in models]


def driven(name: str, order: list[int], net: Network) -> Population:
    """Four of a cell, each driven by its own strength, in some order."""
    model = CELLS.get(name) or EXTENDED[name]
    start = ASTROCYTE if name in ("GChI", "LiRinzel") else START
    init = {s: start[s] for s in model.states if s in start}
    init = {s: np.array(v)[order] if np.ndim(v) else v for s, v in init.items()}
    p = net.population(4, model(**OTHER.get(name, {})), name=name, init=init)
    if name in DRIVE:
        target, amplitude = DRIVE[name]
        net.inject(p, amplitude * np.array([[1.0, 1.1, 1.3, 1.6]] * 600)[:, order], target=target)
    net.record(p, [*(["spikes"] if model.threshold else []), *model.states])
    return p


def one_of_each(family: tuple[str, ...]) -> Network:
    """A network with these cells, each driven to fire, and the synapses between them."""
    net = Network(dt=0.1, seed=11)
    for name in family:
        driven(name, [0, 1, 2, 3], net)
    for name, (pre, post, target, weight) in WIRING.items():
        if pre in family:
            ends = net.populations[pre], net.populations[post]
            delays = dict(delay="0.5*ms + 0.1*ms*int(4*rand())", dendritic_delay=0.3)
            q = net.project(
                *ends, AllToAll(), weight=weight, target=target, synapse=SYNAPSES[name], name=name, **delays
            )
            net.record(q, "weights")
    return net


@cache
def run(family: tuple[str, ...]) -> dict[str, Result]:
    """Run a network on each backend, and on two threads."""
    ways = {"reference": ("reference", 1), "numba": ("numba", 1), "threads": ("numba", 2)}
    return {key: one_of_each(family).run(60, backend, threads) for key, (backend, threads) in ways.items()}


def results(cell: str) -> dict[str, Result]:
    """The results of the network that holds this cell."""
    return run(next(family for family in FAMILIES if cell in family))


def test_every_model_is_in_a_network() -> None:
    assert sorted([*CELLS, *EXTENDED]) == sorted(name for family in FAMILIES for name in family)
    assert set(DRIVE) | {"Regular", "GChI", "LiRinzel"} == {*CELLS, *EXTENDED}
    assert set(WIRING) | ELSEWHERE == set(SYNAPSES)
    assert len(CELLS) >= 15 and len(SYNAPSES) >= 6


@pytest.mark.parametrize("name", each(CELLS))
def test_reference_equals_numba(name: str) -> None:
    one, other = (results(name)[key][name] for key in ("reference", "numba"))
    if CELLS[name].threshold:
        assert len(one.spikes) > 0
        assert one.spikes == other.spikes
    for variable in CELLS[name].states:
        a, b = one.trace(variable).values, other.trace(variable).values
        assert np.isfinite(a).all() and (np.ptp(a) > 0 or variable in WRITTEN)
        assert np.abs(a - b).max() <= TRACE_TOLERANCE * np.abs(a).max()


@pytest.mark.parametrize("name", each(WIRING))
def test_weights_of_reference_equal_those_of_numba(name: str) -> None:
    one, other = (results(WIRING[name][0])[key].projections[name] for key in ("reference", "numba"))
    assert np.abs(one.weights - other.weights).max() <= TRACE_TOLERANCE * np.abs(one.weights).max()
    assert (np.abs(one.weights - one.weights_before).max() > 0) == (name not in FIXED)


@pytest.mark.parametrize("name", each(CELLS))
def test_one_thread_equals_two_bit_for_bit(name: str) -> None:
    one, two = (results(name)[key][name] for key in ("numba", "threads"))
    assert one.spikes == two.spikes  # None both where a cell has none
    assert all(np.array_equal(one.trace(v).values, two.trace(v).values) for v in CELLS[name].states)


@pytest.mark.parametrize("name", each(WIRING))
def test_weights_of_two_threads_bit_for_bit(name: str) -> None:
    one, two = (results(WIRING[name][0])[key].projections[name] for key in ("numba", "threads"))
    assert np.array_equal(one.weights, two.weights)


DRAWS = {"GIF", "InhomogeneousPoisson", "LIFCondNoise", "LIFNoise", "Poisson"}  # another neuron draws other numbers


@pytest.mark.parametrize("name", sorted({*CELLS, *EXTENDED} - DRAWS))
def test_permuted_neurons_give_permuted_results(name: str) -> None:
    order, found = [2, 0, 3, 1], []
    for places in ([0, 1, 2, 3], order):
        net = Network(dt=0.1, seed=11)
        driven(name, places, net)
        found.append(net.run(60, backend="reference")[name])
    one, other = found
    for variable, trace in one.traces.items():
        assert np.array_equal(trace.values[:, order], other.traces[variable].values)
    if one.spikes is not None:
        assert [one.spikes[k].tolist() for k in order] == [other.spikes[k].tolist() for k in range(4)]


@pytest.mark.parametrize("name", MODELS)
def test_models_say_what_they_are(name: str) -> None:
    model = MODELS[name]
    assert model.name == name or (name, model.name) == ("Static", "static")
    assert model.description or name == "Static"
    assert all(p.meaning for p in model.parameters.values())


@pytest.mark.parametrize(("name", "parameter"), EACH)
def test_a_wrong_unit_is_refused(name: str, parameter: str) -> None:
    model = MODELS[name]
    wrong = "1*mV" if model.parameters[parameter].dims == TIME else "1*ms"
    with pytest.raises(ValueError, match=parameter if parameter != "w_min" else "w_min|keeps w in"):
        changed = model(**{parameter: wrong})
        # a weight's unit is known when there is a target
        _, post, target, _ = WIRING.get(name, WIRING["STDP"])
        cells = (net := Network()).population(1, CELLS.get(post) or EXTENDED[post])
        net.project(cells, cells, OneToOne(), weight=0, delay=1, target=target, synapse=changed)


@pytest.mark.parametrize("name", CELLS)
def test_an_unknown_parameter_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{CELLS[name].name}.*no parameter 'tau_membrane'"):
        CELLS[name](tau_membrane=10)
