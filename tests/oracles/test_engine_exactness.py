"""The engine against closed forms, against Brian 2, and against counts that must come out whole."""

from __future__ import annotations

import itertools
from functools import cache

import exact_networks as exact
import numpy as np
import pytest
from scipy.linalg import expm

from spikegram.networks import AllToAll, FixedInDegree, FixedProbability, Network, OneToOne, SpikeArray
from spikegram.neurons import NeuronModel
from spikegram.plasticity import STDP, SynapseModel
from spikegram.scripts.bench import ours
from spikegram.scripts.bench.catalogue import CELLS

RELATIVE = {"float64": 1e-12, "float32": 1e-5}  # of v, at every step
MARGIN = 2e-3  # mV between v and the threshold, so that rounding cannot move a spike
STEPS = dict(numba=10_000, reference=2000)  # of the one neuron
INPUT_SEED = 7  # of given spike trains; v keeps away from the threshold
SEEDS = range(1, 6)  # of networks whose rates are compared
WINDOW = (200, 1200)  # ms, of spikes that count for a rate
EQUAL_STEPS = 500  # steps in which not one spike may differ from Brian 2's: 50 ms
BACKENDS = ("reference", "numba")
DT = 0.1


# -- one neuron with given input --------------------------------------------------------------------------------------
def solve(matrix, start, jumps, gated, threshold, reset, refractory):
    """States at the beginning of each step, each by one matrix exponential from the last event on; and the spikes.

    ``matrix`` acts on (v, ..., 1), ``jumps`` [T, variables] come at the beginning of a step, ``gated`` says if a jump
    of v is lost while v stands still, ``refractory`` is in steps. The last value is how near v came to the threshold.
    """
    held = matrix.copy()
    held[0] = 0
    propagator = {False: cache(lambda k: expm(matrix * k * DT)), True: cache(lambda k: expm(held * k * DT))}
    states, spikes = [np.array(start, dtype=float)], []
    base, since, until, margin = states[0], 0, 0, np.inf
    for t in range(1, len(jumps)):
        still = t <= until
        y = propagator[still](t - since) @ base
        fires = not still and y[0] > threshold
        margin = margin if still else min(margin, abs(y[0] - threshold))
        jump = jumps[t].copy()
        if gated and still:
            jump[0] = 0
        y = y + jump
        if fires:
            y[0], until = reset, t + refractory - 1
            spikes.append(t - 1)
        if fires or jump.any() or t == until:
            base, since = y, t
        states.append(y)
    return np.array(states), spikes, margin


def cuba_matrix(E_L, tau_m=20.0, tau_e=5.0, tau_i=10.0):
    matrix = np.zeros((4, 4))
    matrix[0] = np.array([-1, 1, 1, E_L]) / tau_m
    matrix[1, 1], matrix[2, 2] = -1 / tau_e, -1 / tau_i
    return matrix


# cell, parameters, v(0), variables that the two sources act on with their weights, delay in steps, Hz of each source,
# matrix, threshold, reset, refractory steps, how many spikes there must be
CASES = {
    "cuba silent": ("cuba", dict(E_L=-57.0), -58.0, (("g_e", 1.62), ("g_i", -9.0)), 0, (250, 40), cuba_matrix(-57.0),
                    -50.0, -60.0, 50, (0, 0)),
    "cuba firing": ("cuba", {}, -58.0, (("g_e", 1.62), ("g_i", -9.0)), 0, (250, 40), cuba_matrix(-49.0),
                    -50.0, -60.0, 50, (8, 40)),
    "brunel silent": ("brunel", {}, 5.0, (("v", 0.1), ("v", 1.3)), 15, (400, 150), np.diag([-1 / 20, 0]),
                      20.0, 10.0, 20, (0, 0)),
    "brunel firing": ("brunel", {}, 5.0, (("v", 0.7), ("v", 1.3)), 15, (1000, 400), np.diag([-1 / 20, 0]),
                      20.0, 10.0, 20, (8, 100)),
}  # fmt: skip


@cache
def given_case(name):
    """Spike trains of a case (steps), and what is to come out: states, spikes, distance from the threshold."""
    cell, _, v0, inputs, delay, rates, matrix, threshold, reset, refractory, expected = CASES[name]
    rng, steps = np.random.default_rng(INPUT_SEED), STEPS["numba"]
    trains = [np.flatnonzero(rng.random(steps) < rate * DT / 1e3) for rate in rates]
    jumps = np.zeros((steps, len(matrix)))
    for (variable, weight), train in zip(inputs, trains, strict=True):
        arrive = train + delay + 1  # felt by the next step
        np.add.at(jumps[:, dict(v=0, g_e=1, g_i=2)[variable]], arrive[arrive < steps], weight)
    start = np.array([v0, *np.zeros(len(matrix) - 2), 1.0])
    states, spikes, margin = solve(matrix, start, jumps, cell == "brunel", threshold, reset, refractory)
    assert expected[0] <= len(spikes) <= expected[1]
    assert margin > MARGIN
    return trains, states, spikes


def one_neuron():
    """Cases on both backends in both types; each cell takes 4 s to compile for a type, one is enough in float32."""
    for case, dtype, backend in itertools.product(CASES, RELATIVE, BACKENDS):
        late = (CASES[case][0], dtype, backend) == ("brunel", "float32", "numba")
        yield pytest.param(case, dtype, backend, marks=pytest.mark.slow if late else ())


@pytest.mark.parametrize(("case", "dtype", "backend"), one_neuron())
def test_one_neuron_is_the_matrix_exponential(case, dtype, backend, record_property):
    trains, states, spikes = given_case(case)
    cell, parameters, v0, inputs, delay, *_ = CASES[case]
    net = Network(dt=DT, dtype=dtype)
    post = net.population(1, ours.cell_model(cell), name="cell", init=dict(v=v0), parameters=parameters)
    for k, ((variable, weight), train) in enumerate(zip(inputs, trains, strict=True)):
        source = net.population(1, SpikeArray([train * DT]), name=f"source {k}")
        q = net.project(source, post, OneToOne(), weight=weight, delay=delay * DT, target=variable)
        assert q.raw.dtype == dtype
    net.record(post, ["spikes", "v"])
    steps = STEPS[backend]
    result = net.run(steps * DT, backend=backend)["cell"]
    assert result.v.dtype == dtype
    assert result.spikes.steps.tolist() == [n for n in spikes if n < steps]
    error = np.abs(result.v[:, 0] / states[:steps, 0] - 1).max()
    record_property("largest relative error of v", float(error))
    print(f"{case}, {dtype}, {backend}: {len(spikes)} spikes, largest relative error of v {error:.2g}")
    assert error < RELATIVE[dtype]


# -- the same wiring in Brian 2 ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "cells", "milliseconds", "expected"),
    [
        pytest.param("cuba", 400, 150, 200, marks=pytest.mark.slow),
        ("coba", 400, 150, 400),
        pytest.param("cuba", 4000, 1000, 15_000, marks=pytest.mark.slow),
        pytest.param("coba", 4000, 200, 5000, marks=pytest.mark.slow),
    ],
    ids=lambda value: str(value),
)
def test_spikes_are_those_of_brian2(name, cells, milliseconds, expected, seed, record_property):
    pytest.importorskip("brian2")
    from spikegram.bridges import to_brian2

    net, twin = (ours.build(exact.NETWORKS[name](cells), seed, "float64").net for _ in range(2))
    result, other = net.run(milliseconds), to_brian2(twin).run(milliseconds)
    assert sum(len(result[k].spikes) for k in result) > expected
    first = exact.first_difference(result, other)
    said = "none" if first is None else f"step {first[0]} (population {first[1]})"
    record_property("first differing step", said)
    print(f"{name}, {cells} cells, {milliseconds} ms: first differing spike {said}")
    assert first is None or first[0] >= EQUAL_STEPS


# -- counts -----------------------------------------------------------------------------------------------------------
# Brunel's cell; `count` and `hits` are the spikes that arrived at it by synapses that count too, and by static ones.
COUNTING_CELL = NeuronModel(
    f"{CELLS['brunel'].equations}\ncount : 1\nhits : 1", threshold="v >= v_th", reset="v = v_reset",
    refractory="t_ref", method="exact", parameters=dict(CELLS["brunel"].parameters), name="counting_cell",
)  # fmt: skip
COUNTING_SYNAPSE = SynapseModel(
    "w : weight\nn : 1", on_pre="target_post += w\ncount_post += 1\nn = n + 1", name="counting_synapse"
)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    ("delay", "dendritic"),
    [
        pytest.param(0, 0, id="none"),
        pytest.param(1.5, 0, id="one"),
        pytest.param("0.1*ms*floor(40*rand())", 0, id="many"),
        # compiled for themselves; test_engine_one_delay.py and networks/test_engine.py deliver late too
        pytest.param(1.5, 1.1, id="dendritic", marks=pytest.mark.slow),
        pytest.param("2*ms + 0.1*ms*floor(30*rand())", 0.7, id="many-dendritic", marks=pytest.mark.slow),
    ],
)
def test_delivered_events_are_those_of_the_spikes_but_the_queued(delay, dendritic, threads, seed):
    net, rng = Network(dt=DT, seed=seed), np.random.default_rng(seed)
    start = dict(v="20*mV*rand()")
    cells = [net.population(n, COUNTING_CELL, name=name, init=start) for name, n in (("a", 200), ("b", 50))]
    for post in cells:
        net.poisson_input(post, target="v", rate=20, weight=2.0, n=50)
        net.record(post, "spikes")
        for pre in cells:
            late = dict(delay=delay, dendritic_delay=dendritic)
            net.project(pre, post, FixedInDegree(12), weight=0.2, target="v", synapse=COUNTING_SYNAPSE, **late)
            net.project(pre, post, FixedProbability(0.1), weight=1, target="hits", **late)
    steps = [*rng.integers(0, 300, 4).tolist(), 500]
    for piece in steps:
        result = net.run(piece * DT, threads=threads)
    end, waiting = sum(steps), 0
    expected = {(p.name, variable): np.zeros(p.size) for p in cells for variable in ("count", "hits")}
    for q in net.projections.values():
        spikes, variable = result[q.pre.name].spikes, "count" if q.target == "v" else "hits"
        axonal, total = q.axonal_steps, q.axonal_steps + q.dendritic_steps

        def arrived(late, spikes=spikes, pre=q.pre_ids):
            """Spikes of the cell before each synapse that are older than its delay."""
            trains = [spikes.steps[spikes.ids == i] for i in range(spikes.size)]
            return np.array([np.count_nonzero(trains[i] + d < end) for i, d in zip(pre, late, strict=True)])

        delivered = arrived(total)
        waiting += arrived(0 * total).sum() - delivered.sum()
        np.add.at(expected[q.post.name, variable], q.post_ids, delivered)
        if q.target == "v":
            assert np.array_equal(q.get("n"), arrived(axonal))
    for (name, variable), count in expected.items():
        assert np.array_equal(net.populations[name].get(variable), count)
    total = sum(count.sum() for count in expected.values())
    assert total > 20_000
    assert total == ours.count_events(net, result) - waiting
    assert (waiting > 0) == (delay != 0)


# -- nothing to deliver -----------------------------------------------------------------------------------------------
@cache
def alone(name, seed):
    """Spikes of a network that has no synapses, by the reference: nothing of it is compiled."""
    net = ours.build(exact.NETWORKS[name](400), seed, "float64", delivery=False).net
    return exact.spike_bytes(net.run(100, backend="reference")), len(net.result["E"].spikes)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["cuba", "coba", "brunel", "brunel_het"])
def test_weights_of_zero_are_no_synapses(name, threads, seed):
    expected, spikes = alone(name, seed)
    net = ours.build(exact.NETWORKS[name](400), seed, "float64").net
    joined = exact.spike_bytes(net.run(100, threads=threads))
    net.reset()
    for q in net.projections.values():
        q.set(w=0)
    assert sum(q.size for q in net.projections.values()) > 10_000
    assert exact.spike_bytes(net.run(100, threads=threads)) == expected != joined
    assert spikes > 300


@pytest.mark.parametrize(
    ("plastic", "backend"),
    [
        (False, "reference"),
        (True, "reference"),
        (True, "numba"),
        pytest.param(False, "numba", marks=pytest.mark.slow),  # static ones are in the network of plastic ones too
    ],
    ids=lambda value: value if isinstance(value, str) else "stdp" if value else "static",
)
def test_projections_without_cells_or_synapses_run(plastic, backend, seed):
    def build(empty):
        net = Network(dt=DT, seed=seed)
        cells = net.population(20, ours.cell_model("brunel"), name="cells", init=dict(v="20*mV*rand()"))
        nobody = net.population(0, ours.cell_model("brunel"), name="nobody")
        nothing = net.population(0, SpikeArray([]), name="nothing")
        net.poisson_input(cells, target="v", rate=20, weight=1.0, n=500)
        net.poisson_input(nobody, target="v", rate=20, weight=1.0, n=500)
        for pre, post in ((cells, nobody), (nobody, cells), (nobody, nobody), (nothing, cells), (nothing, nobody)):
            if empty:
                net.project(pre, post, AllToAll(), weight=0.1, delay=1.5, target="v", synapse=STDP if plastic else None)
        if empty:
            net.project(cells, cells, FixedProbability(0), weight=0.1, delay=1.5, target="v")
        for p in (cells, nobody):
            net.record(p, "spikes")
        return net

    net = build(True)
    assert [q.size for q in net.projections.values()] == [0] * 6
    result = net.run(50, backend=backend)
    assert exact.spike_bytes(result) == exact.spike_bytes(build(False).run(50, backend="reference"))
    assert len(result["cells"].spikes) > 20
    assert len(result["nobody"].spikes) == 0


# -- the size of the step ---------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_half_the_step_moves_the_rate_of_coba_by_less_than_another_seed(monkeypatch, record_property):
    rates = {}
    for dt in (0.1, 0.05):
        monkeypatch.setattr(ours, "DT", dt)
        for seed in SEEDS:
            net = ours.build(exact.NETWORKS["coba"](4000), seed, "float64").net
            result = net.run(WINDOW[1])
            assert net.dt == dt
            spikes = [result[k].spikes for k in "EI"]
            seconds = (WINDOW[1] - WINDOW[0]) / 1e3
            rates[dt, seed] = [np.count_nonzero(s.times >= WINDOW[0]) / s.size / seconds for s in spikes]
    whole, half = (np.array([rates[dt, seed] for seed in SEEDS]) for dt in (0.1, 0.05))
    between, moved = whole.std(axis=0, ddof=1), np.abs((half - whole).mean(axis=0))
    for k, kind in enumerate("EI"):
        said = f"{whole[:, k].mean():.2f} -> {half[:, k].mean():.2f} Hz, {between[k]:.2f} Hz between seeds"
        record_property(f"rate_{kind}", said)
        print(f"rate_{kind}: {said}")
    assert (moved < between).all()
