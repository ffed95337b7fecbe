"""The engine: delivery against a plain loop, threads, pieces, permutation, merging, interrupts, what is compiled."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import sample_networks as samples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spikegram.kernels import loop_module
from spikegram.kernels.random import normal, uniform
from spikegram.networks import FixedProbability, FromList, Network, OneToOne, SpikeArray
from spikegram.networks import engine as engine_module
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

BACKENDS = ("reference", "numba")


# -- delivery, against a loop that can be read ------------------------------------------------------------------------
def naive(raster, synapses):
    """Sums x, z, y at the start of each step, and what the plastic synapses have at the end."""
    n_steps, size = raster.shape
    total = [max(row[3], 1) for row in synapses]
    x, z, y = (np.zeros((n_steps + 1, size)) for _ in range(3))
    waiting = np.zeros((3, n_steps + 64, size))
    plastic = {}
    for kind, delays in (("plastic", [row[3] for row in synapses]), ("late", total)):
        plastic[kind] = [dict(w=row[2], n_pre=0, n_post=0, seen=0.0, q=0.0, at=0) for row in synapses]
        for n in range(n_steps):
            for (pre, post, _, _, dendritic), d, s in zip(synapses, delays, plastic[kind], strict=True):
                axonal = d - dendritic
                if n - axonal >= 0 and raster[n - axonal, pre]:
                    waiting[1 if kind == "plastic" else 2, n + dendritic, post] += s["w"]
                    s["q"] = s["q"] * math.exp(-(n - s["at"]) * 0.1 / 2) + 1
                    s["w"], s["n_pre"], s["at"] = s["w"] + s["n_post"], s["n_pre"] + 1, n
                if n - dendritic >= 0 and raster[n - dendritic, post]:
                    s["q"] *= math.exp(-(n - s["at"]) * 0.1 / 2)
                    s["seen"] += s["q"]
                    s["w"], s["n_post"], s["at"] = s["w"] - 2 * s["n_pre"], s["n_post"] + 1, n
    for n in range(n_steps):
        for pre, post, w, d, _ in synapses:
            if n - d >= 0 and raster[n - d, pre]:
                waiting[0, n, post] += w
        x[n + 1] = x[n] + waiting[0, n]
        z[n + 1] = z[n] + waiting[1, n]
        y[n + 1] = waiting[2, n]  # an input holds it in the step itself, so at the start of the next one
    return x[:-1], z[:-1], y[:-1], plastic


@st.composite
def delivery_cases(draw):
    size = draw(st.integers(1, 5))
    cell = st.integers(0, size - 1)
    synapse = st.tuples(cell, cell, st.integers(-3, 3), st.integers(0, 9), st.integers(0, 9))
    synapses = [(a, b, w, max(d, e), min(d, e)) for a, b, w, d, e in draw(st.lists(synapse, max_size=10))]
    silent, every = np.zeros((30, size), dtype=bool), np.ones((30, size), dtype=bool)
    seed = draw(st.integers(0, 2**32 - 1))
    some = np.random.default_rng(seed).random((30, size)) < draw(st.sampled_from([0.05, 0.3, 0.8]))
    return draw(st.sampled_from([some, some, some, silent, every])), synapses


def check_delivery(case, backend, pieces=(30,), threads=1):
    raster, synapses = case
    net = samples.counting(raster, synapses)
    for piece in pieces:
        result = net.run(piece * net.dt, backend=backend, threads=threads)
    x, z, y, plastic = naive(raster, synapses)
    found = result["cells"]
    assert np.array_equal(found.x, x)
    assert np.array_equal(found.z, z)
    assert np.array_equal(found.y, y)
    steps, ids = np.nonzero(raster)
    assert np.array_equal(found.spikes.steps, steps)
    assert np.array_equal(found.spikes.ids, ids)
    for kind, states in plastic.items():
        values = net.projections[kind].values
        for variable in ("w", "n_pre", "n_post"):
            assert values[variable].tolist() == [s[variable] for s in states], (kind, variable)
        for k, s in enumerate(states):
            assert values["seen"][k] == pytest.approx(s["seen"], abs=1e-12)
            assert values["q"][k] == pytest.approx(s["q"], abs=1e-12)


AUTAPSES = (np.ones((30, 2), dtype=bool), [(0, 0, 1, 0, 0), (0, 0, 2, 3, 3), (1, 1, 3, 4, 0), (1, 1, 1, 1, 1)])
MULTAPSES = (np.eye(30, 2, dtype=bool), [(0, 1, 1, 2, 1), (0, 1, 1, 2, 1), (0, 1, 2, 2, 0), (0, 1, 3, 9, 4)])


@example(AUTAPSES)
@example(MULTAPSES)
@settings(max_examples=40)
@given(delivery_cases())
def test_delivery_reference(case):
    check_delivery(case, "reference")


@example(AUTAPSES, [30], 1)
@example(MULTAPSES, [1, 1, 28], 3)
@settings(max_examples=100)
@given(delivery_cases(), st.lists(st.integers(0, 12), max_size=4), st.integers(1, 3))
def test_delivery_numba_in_pieces_on_threads(case, pieces, threads):
    pieces = [p for p in np.minimum(np.cumsum([0, *pieces]), 30)] + [30]
    check_delivery(case, "numba", np.diff(pieces).tolist(), threads)


@pytest.mark.parametrize("order", [("pre", "post"), ("post", "pre")])
def test_order_of_spikes_that_meet(order):
    rule = SynapseModel(
        "w : weight\nstory : 1",
        on_pre="story = 10*story + 1",
        on_post="story = 10*story + 2\ntarget_post += w",
        order=order,
    )
    net = Network(dt=0.1)
    cells = net.population(2, samples.COUNTER)
    net.inject(cells, np.eye(4, 2), target="go")  # cell 0 in step 0, cell 1 in step 1
    q = net.project(cells[0], cells[1], OneToOne(), weight=0, delay=0.1, target="x", synapse=rule)
    net.run(0.4, backend="reference")
    assert q.get("story").tolist() == [12 if order[0] == "pre" else 21]


# -- the same bits, however it is run ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def whole():
    net = samples.busy()
    result = net.run(80)
    return samples.everything(result, net)


def test_the_busy_network_is_busy(whole):
    net = samples.busy()
    result = net.run(80)
    assert samples.everything(result, net) == whole
    assert 50 < len(result["exc"].spikes) < 1000
    assert len(result["inh"].spikes) > 5
    before, after = result.projections["stdp"].weights_before, result.projections["stdp"].weights
    assert (np.abs(after - before) > 1e-3).mean() > 0.5
    other = samples.busy(seed=2)
    assert other.run(80)["exc"].spikes != result["exc"].spikes


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_a_bit(whole, threads):
    net = samples.busy()
    assert samples.everything(net.run(80, threads=threads), net) == whole


@example([(1, 1), (0, 2), (399, 3), (17, 2)])
@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3)), max_size=8))
def test_pieces_do_not_change_a_bit(whole, pieces):
    net = samples.busy()
    for steps, threads in pieces:
        net.run(min(steps, 800 - net.step) * net.dt, threads=threads)
    result = net.run((800 - net.step) * net.dt)
    assert samples.everything(result, net) == whole


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3)), max_size=8))
def test_many_pieces_do_not_change_a_bit(whole, pieces):
    test_pieces_do_not_change_a_bit.hypothesis.inner_test(whole, pieces)


def test_reset_replays_exactly(whole):
    net = samples.busy()
    net.run(33.3, threads=2)
    net.populations["exc"].set(v=-50)
    net.projections["stdp"].set(w=0)
    net.reset()
    assert net.time == 0
    assert samples.everything(net.run(80), net) == whole


def test_reference_gives_the_same_spikes():
    nets = [samples.busy(), samples.busy()]
    a, b = (net.run(25, backend=name) for net, name in zip(nets, BACKENDS, strict=True))
    assert len(a["exc"].spikes) > 10
    assert a["exc"].spikes == b["exc"].spikes
    assert a["inh"].spikes == b["inh"].spikes
    assert np.allclose(a["exc"].v, b["exc"].v, rtol=0, atol=1e-9)
    assert np.allclose(a["inh"].pull, b["inh"].pull, rtol=0, atol=1e-9)
    for name in ("stdp", "gap"):
        for variable, values in nets[0].projections[name].values.items():
            assert np.allclose(values, nets[1].projections[name].values[variable], rtol=1e-9, atol=1e-18)


@pytest.mark.slow  # compiles for 20 s; oracles/test_engine_exactness.py and test_engine_bits.py have float32 too
def test_float32():
    double, net = samples.busy(), samples.busy(dtype="float32")
    a, b = double.run(80), net.run(80, threads=2)
    assert b["exc"].trace("v").values.dtype == np.float32
    assert net.projections["stdp"].raw.dtype == np.float32
    twin = samples.busy(dtype="float32")
    twin.run(12.3, threads=3)
    assert samples.everything(twin.run(67.7), twin) == samples.everything(b, net)
    # a step of float32 is 4e-6 mV near -60 mV: before rounding decides a spike the two are close
    assert np.abs(a["exc"].v[:50] - b["exc"].v[:50]).max() < 1e-3
    assert len(b["exc"].spikes) == pytest.approx(len(a["exc"].spikes), rel=0.1)


# -- neurons and groups -----------------------------------------------------------------------------------------------
@settings(max_examples=20)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_permuting_neurons_permutes_results(shuffler, seed):
    rng = np.random.default_rng(seed)
    size = 6
    raster = rng.random((40, size)) < 0.2
    synapses = np.stack([
        rng.integers(0, size, 20), rng.integers(0, size, 20), rng.integers(-3, 4, 20), rng.integers(4, 9, 20),
        rng.integers(0, 5, 20),
    ], axis=1)  # fmt: skip
    order = list(range(size))
    shuffler.shuffle(order)
    order, rows = np.array(order), rng.permutation(20)
    moved = synapses[rows].copy()
    moved[:, 0], moved[:, 1] = order[synapses[rows, 0]], order[synapses[rows, 1]]
    shuffled = np.zeros_like(raster)
    shuffled[:, order] = raster
    plain, other = samples.counting(raster, synapses), samples.counting(shuffled, moved)
    a, b = plain.run(4)["cells"], other.run(4)["cells"]
    for variable in "xzy":
        assert np.array_equal(getattr(b, variable)[:, order], getattr(a, variable))
    for name, q in plain.projections.items():
        for variable, values in q.values.items():
            assert np.array_equal(other.projections[name].values[variable], values[rows])


def column(net, name, seed, size=7):
    """Cells that drive each other round a ring, with parameters of their own; weights that sum exactly."""
    rng = np.random.default_rng(seed)
    cells = net.population(size, samples.COUNTER, name=name)
    net.inject(cells, rng.random((50, size)) < 0.2, target="go")
    ring = [(k, (k + 1) % size) for k in range(size)]
    for kind, rule, target in (("a", None, "x"), ("b", samples.COUNTING, "z"), ("c", samples.COUNTING, "y")):
        net.project(
            cells, cells, FromList(ring), weight=rng.integers(1, 5, size).astype(float), target=target, synapse=rule,
            delay=0.1 * rng.integers(1, 6, size), name=f"{name} {kind}",
            parameters=dict(tau_q=1 + rng.random()) if rule else None,
        )  # fmt: skip
    net.record(cells, "spikes")
    net.record(cells, ["x", "z", "y"])


@pytest.mark.parametrize("threads", [1, 3])
def test_merged_populations_are_as_if_alone(threads):
    together = Network(dt=0.1)
    for k in range(4):
        column(together, f"p{k}", k, size=3 + k)
    merged = together.run(5, threads=threads)
    assert len(together._engine.layout.groups) == 1
    assert len(together._engine.layout.bundles) == 3
    for k in range(4):
        alone = Network(dt=0.1)
        column(alone, f"p{k}", k, size=3 + k)
        single = alone.run(5)[f"p{k}"]
        assert merged[f"p{k}"].spikes == single.spikes
        assert len(single.spikes)
        for variable in "xzy":
            assert np.array_equal(getattr(merged[f"p{k}"], variable), getattr(single, variable))
        for name, q in alone.projections.items():
            for variable, values in q.values.items():
                assert np.array_equal(together.projections[name].values[variable], values)


def test_parameters_of_each_neuron_as_in_networks_of_one():
    leaky = NeuronModel(
        "dv/dt = (v_inf - v)/tau_m : volt (unless refractory)", "v > v_th", "v = 0*mV", refractory="t_ref",
        parameters=dict(v_inf="20*mV", tau_m="10*ms", v_th="15*mV", t_ref="2*ms"), name="leaky",
    )  # fmt: skip
    taus, periods = np.array([4.0, 7.5, 10, 22]), np.array([1.0, 0.3, 2, 0])
    net = Network(dt=0.1)
    cells = net.population(4, leaky, name="cells", parameters=dict(tau_m=taus, t_ref=periods))
    net.population(3, leaky(tau_m=5), name="others")  # merged with them, one value for all
    for p in net.populations.values():
        net.record(p, "spikes")
    result = net.run(100, backend="reference")
    for k in range(4):
        # threshold after the first step at or past tau ln(20/5), counted again from the end of the hold
        rise = math.ceil(taus[k] * math.log(4) / 0.1 - 1e-9)
        first = rise - 1
        gap = rise + max(round(periods[k] / 0.1) - 1, 0)
        expected = np.arange(first, 1000, gap)
        assert result["cells"].spikes.steps[result["cells"].spikes.ids == k].tolist() == expected.tolist()
    assert cells.get("tau_m").tolist() == taus.tolist()
    others = result["others"].spikes
    assert others.steps[0] == math.ceil(5 * math.log(4) / 0.1) - 1
    assert np.bincount(others.ids).tolist() == [len(others) // 3] * 3


def test_noise_is_keyed_by_seed_population_neuron_and_step():
    noise = NeuronModel(
        "x : 1\ny : 1", update="x = rand()\ny = randn()", threshold="x > 0.7", reset="y = 2 + rand()", name="noise"
    )
    net = Network(seed=5, dt=0.1)
    one, two = net.population(3, noise, name="one"), net.population(4, noise, name="two")
    for step in range(3):
        net.run(0.1, backend="reference")
        for p, number in ((one, 0), (two, 1)):
            x, y, z = (
                draw(5, 64 * number + k, np.arange(p.size), step)
                for draw, k in ((uniform, 0), (normal, 1), (uniform, 32))
            )
            assert np.array_equal(p.get("x"), x)
            assert np.array_equal(p.get("y"), np.where(x > 0.7, 2 + z, y))


@pytest.mark.parametrize("backend", BACKENDS)
def test_nobody_home(backend):
    raster = np.zeros((20, 0))
    net = samples.counting(raster, [])
    result = net.run(2, backend=backend)
    assert result["cells"].x.shape == (20, 0)
    assert len(result["cells"].spikes) == 0
    assert net.projections["plastic"].size == 0


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_more_threads_than_neurons(threads):
    net = samples.busy(sizes=(3, 2), record=False)
    net.run(5, threads=threads)
    other = samples.busy(sizes=(3, 2), record=False)
    other.run(5)
    assert samples.state_of(net) == samples.state_of(other)


# -- long runs --------------------------------------------------------------------------------------------------------
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_two_million_steps_without_growth_or_drift():
    raster = np.zeros((1, 2), dtype=bool)
    net = samples.counting(raster, [(0, 1, 1, 7, 3), (1, 1, 1, 2, 0)])
    net._trace_recorders.clear()
    wave = np.zeros(2_000_000)
    wave[::1000] = 1
    net.inject(net.populations["cells"][0], wave, target="go")
    net.run(40000)
    before = resident()
    result = net.run(160000)
    assert resident() - before < 20e6
    assert net.step == 2_000_000
    assert net.time == 200_000
    assert net.populations["cells"].get("x").tolist() == [0, 2000]
    assert result["cells"].spikes.steps.tolist() == list(range(0, 2_000_000, 1000))
    assert result["cells"].spikes.times[-1] == 199900
    assert len(net._engine.layout.groups[0].history_ids) == 0


# -- interrupts and progress ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("progress", [False, True])
def test_ctrl_c_keeps_what_was_recorded(progress, capsys):
    net, twin = samples.busy(), samples.busy()
    before = signal.getsignal(signal.SIGINT)

    def press():
        while net.step < 1000:
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)

    began = time.perf_counter()
    threading.Thread(target=press, daemon=True).start()
    result = net.run(1e6, progress=progress)
    assert time.perf_counter() - began < 20
    assert result.interrupted
    assert signal.getsignal(signal.SIGINT) is before
    assert 1000 <= net.step < 1e7
    assert result.duration == net.time
    assert result["exc"].v.shape[0] == net.step
    again = twin.run(net.step * net.dt)
    assert samples.everything(result, net) == samples.everything(again, twin)
    further = net.run(1)
    assert not further.interrupted
    assert samples.everything(further, net) == samples.everything(twin.run(1), twin)


def test_a_second_ctrl_c_ends_as_usual():
    with engine_module._interrupt_flag() as pressed:
        signal.raise_signal(signal.SIGINT)
        assert pressed
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


# -- two networks at once ---------------------------------------------------------------------------------------------
def test_two_networks_in_two_threads(whole):
    found, problems = {}, []

    def simulate(k):
        try:
            net = samples.busy(seed=1 + k % 2)
            for _ in range(8):
                result = net.run(10, threads=1 + k // 2)
            found[k] = samples.everything(result, net)
        except Exception as error:
            problems.append(error)

    workers = [threading.Thread(target=simulate, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not problems
    assert found[0] == found[2] == whole
    assert found[1] == found[3] != whole


def test_one_new_model_built_in_two_threads():
    start, problems = threading.Barrier(4), []
    model = NeuronModel("x : 1\nfresh : 1", update="x = x + 1 + fresh", name="fresh")

    def build():
        try:
            start.wait()
            net = Network(dt=1)
            cell = net.population(1, model)
            net.run(3, backend="reference")
            assert cell.get("x") == [3]
        except Exception as error:
            problems.append(error)

    old, _ = sys.getswitchinterval(), sys.setswitchinterval(1e-6)
    workers = [threading.Thread(target=build) for _ in range(4)]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(old)
    assert not problems


# -- what is compiled -------------------------------------------------------------------------------------------------
def test_nothing_is_compiled_again(whole):
    """Other sizes, weights, delays, seeds, parameters, recordings and inputs use the loop that is there."""
    net = samples.busy()
    net.run(1)
    loop = loop_module(net._engine.plan).run
    signatures = list(loop.signatures)
    assert len(signatures) == 1
    for sizes, seed in (((1, 1), 2), ((700, 90), 3), ((40, 13), 4)):
        other = samples.busy(seed=seed, sizes=sizes, record=seed == 3)
        exc = other.populations["exc"]
        if seed == 4:  # more of the same kinds
            more = other.population(4, samples.NOISY(R=3), name="more", parameters=dict(tau_m=[5, 6, 7, 8]))
            other.project(exc, more, FixedProbability(0), weight=1, delay=3, target="I")
            other.project(more, exc, FixedProbability(1), weight=0.01, delay=0, target="I")
            other.inject(more, np.ones((3, 4)))
            other.record(more, ["v", "I", "drive"])
        assert not other._engine
        other.run(1, threads=1 + seed % 2)
        assert loop_module(other._engine.plan).run is loop
        assert other._engine.compile_seconds == 0
    assert list(loop.signatures) == signatures


def test_delays_do_not_change_the_loop():
    plans = set()
    for delay, dendritic in ((1, 0), (3, 3), (3, 2)):
        net = samples.counting(np.zeros((5, 2)), [(0, 1, 1, delay, dendritic)])
        net.run(0.5, backend="reference")
        plans.add(net._engine.plan)
    empty = samples.counting(np.zeros((5, 2)), [])
    empty.run(0.5, backend="reference")
    assert plans == {empty._engine.plan}


# -- spike sources ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", BACKENDS)
def test_spike_arrays_are_played(backend):
    net = Network(dt=0.1)
    first = net.population(3, SpikeArray([[0.0, 1.0], [], [0.5, 0.6]]), name="first")
    second = net.population(2, SpikeArray([[0.9]]), name="second")
    silent = net.population(0, SpikeArray([]), name="silent")
    for p in (first, second, silent):
        net.record(p, "spikes")
    net.run(0.5, backend=backend)
    result = net.run(0.6, backend=backend)
    assert result["first"].spikes.steps.tolist() == [0, 5, 6, 10]
    assert result["first"].spikes.ids.tolist() == [0, 2, 2, 0]
    assert result["second"].spikes.times.tolist() == [0.9]
    assert len(result["silent"].spikes) == 0
