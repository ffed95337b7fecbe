"""The network as its user sees it: building, inputs, recordings, continuing, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest
import sample_networks as samples
from hypothesis import example, given
from hypothesis import strategies as st

from spikegram.networks import AllToAll, FixedProbability, FixedTotalNumber, FromList, Network, OneToOne, SpikeArray
from spikegram.neurons import LIF, NeuronModel
from spikegram.plasticity import STDP, SynapseModel

COUNTER = samples.COUNTER


@pytest.fixture
def net():
    return Network(dt=0.1, seed=1)


@pytest.fixture
def cells(net):
    return net.population(3, COUNTER, name="cells")


# -- the step ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dt", [0.1, 0.025, 0.3, 0.7, 1, 1 / 3, 1e-3, 0.1 + 0.2, 2])
def test_dt_is_what_was_given(dt):
    assert Network(dt=dt).dt == dt
    assert Network(dt=dt).dt_si == pytest.approx(dt / 1000, rel=1e-15)


@example(0.1)
@given(st.decimals(min_value="0.0001", max_value=10, places=6).map(float))
def test_dt_with_a_unit_is_the_same(dt):
    import brian2

    plain = Network(dt=dt)
    for given_dt in (f"{dt!r}*ms", f"{dt!r}*1000*us", dt * brian2.ms):
        assert (Network(dt=given_dt).dt, Network(dt=given_dt).dt_si) == (plain.dt, plain.dt_si)


@pytest.mark.parametrize("dt", [0, -0.1, float("inf"), [0.1], "1e400*ms"])
def test_dt_is_refused(dt):
    with pytest.raises(ValueError, match="^dt: .*> 0 ms, got"):
        Network(dt=dt)


def test_arguments_of_a_network():
    with pytest.raises(ValueError, match="dt: NaN"):
        Network(dt=float("nan"))
    with pytest.raises(ValueError, match="dt: .*second.*got '1\\*mV' in volt"):
        Network(dt="1*mV")
    with pytest.raises(TypeError, match="dt: expected a number"):
        Network(dt=None)
    for seed in (-1, 2**64, 1.5, "1", True, None):
        with pytest.raises(ValueError, match=r"seed: expected a whole number in 0 ... 2\*\*64 - 1, got"):
            Network(seed=seed)
    for dtype in ("float16", "complex128", int, None):
        with pytest.raises(ValueError, match="dtype: expected 'float64' or 'float32', got"):
            Network(dtype=dtype)
    assert Network(seed=np.int64(5), dtype=np.dtype("float32")).dtype == np.float32
    assert Network(seed=2**64 - 1).seed == 2**64 - 1


# -- populations ------------------------------------------------------------------------------------------------------
def test_names(net):
    assert net.population(1, COUNTER).name == "counter"
    assert net.population(1, COUNTER).name == "counter 2"
    assert net.population(1, SpikeArray([])).name == "spikes"
    a, b = net.population(1, COUNTER, name="a"), net.population(1, COUNTER, name="b")
    assert net.project(a, b, OneToOne(), weight=1, target="x").name == "a -> b"
    assert net.project(a, b, OneToOne(), weight=1, target="x").name == "a -> b 2"
    assert list(net.populations) == ["counter", "counter 2", "spikes", "a", "b"]
    assert list(net.projections) == ["a -> b", "a -> b 2"]
    with pytest.raises(ValueError, match="name: 'a' is taken already"):
        net.population(1, COUNTER, name="a")
    with pytest.raises(ValueError, match="name: 'a -> b' is taken already"):
        net.project(a, b, OneToOne(), weight=1, target="x", name="a -> b")
    for name in ("", "a/b", "a\nb", 5):
        with pytest.raises(ValueError, match="name: expected a printable text without '/', got"):
            net.population(1, COUNTER, name=name)


@pytest.mark.parametrize("n", [-1, 1.0, "3", None, True, np.float64(3)])
def test_sizes_are_whole_numbers(net, n):
    with pytest.raises(ValueError, match="population: n: expected a whole number >= 0, got"):
        net.population(n, COUNTER)


def test_wrong_models(net):
    with pytest.raises(TypeError, match="model: expected a NeuronModel or SpikeArray, got str"):
        net.population(1, "dv/dt = 0*volt/second : volt")
    with pytest.raises(TypeError, match="got SynapseModel"):
        net.population(1, samples.STDP)
    with pytest.raises(ValueError, match="n: the spike array has spikes of 3 neurons, got n = 2"):
        net.population(2, SpikeArray([[], [], [1]]))


def test_a_failed_population_leaves_nothing(net):
    wrong = NeuronModel("dv/dt = -v/tau : volt", parameters=dict(tau="1*mV"), name="wrong")
    claimed = net._claimed
    with pytest.raises(ValueError, match="wrong"):
        net.population(10**6, wrong, name="p")
    with pytest.raises(ValueError, match="init"):
        net.population(10**6, COUNTER, name="p", init=dict(y=1))
    assert (net.populations, net._claimed) == ({}, claimed)
    assert net.population(1, COUNTER, name="p").number == 0


def test_a_failed_projection_leaves_nothing(net, cells):
    claimed = net._claimed
    with pytest.raises(ValueError, match="weight"):
        net.project(cells, cells, AllToAll(), weight=float("nan"), target="x", name="q")
    with pytest.raises(ValueError, match="'v'"):
        net.project(cells, cells, AllToAll(), synapse=SynapseModel("u : 1", on_pre="v_post += 1"), name="q")
    assert (net.projections, net._claimed) == ({}, claimed)
    assert net.project(cells, cells, AllToAll(), weight=1, target="x", name="q").number == 0


# -- memory -----------------------------------------------------------------------------------------------------------
def test_absurd_sizes_are_estimated_not_tried(net):
    for n in (2**31, 2**40, 10**15):
        with pytest.raises(
            ValueError, match=rf"population 'big': (n: at most 2\*\*31 - 1|{n} neurons: needs about .* GiB)"
        ):
            net.population(n, COUNTER, name="big")
    with pytest.raises(
        ValueError, match=r"needs about 1\.\d+e\+08 GiB, .* GiB are claimed already and this machine has"
    ):
        net.population(10**15, COUNTER)
    million = net.population(10**6, SpikeArray([]), name="million")
    other = net.population(10**6, COUNTER, name="other")
    for connector, count in (
        (AllToAll(), r"1e\+12"), (FixedProbability(0.5), r"5e\+11"), (FixedTotalNumber(10**12), r"1e\+12")
    ):  # fmt: skip
        with pytest.raises(ValueError, match=rf"projection 'all': .*makes about {count} synapses: needs about .* GiB"):
            net.project(million, other, connector, weight=1, target="x", name="all")
    assert net.project(million, other, OneToOne(), weight=1, target="x").size == 10**6


def test_claims_add_up(net, monkeypatch):
    import os

    pages = {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": 100_000}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    for _ in range(3):
        net.population(200, COUNTER)
    with pytest.raises(ValueError, match="are claimed already"):
        net.population(200, COUNTER)
    net.population(1, COUNTER)


# -- projections ------------------------------------------------------------------------------------------------------
def test_foreign_populations(net, cells):
    other = Network().population(3, COUNTER, name="stranger")
    for pre, post, word in (
        (other, cells, "pre"),
        (cells, other, "post"),
        (cells, other[:1], "post"),
        ("cells", cells, "pre"),
    ):
        with pytest.raises(TypeError, match=f"project: {word}: expected a population of this network, got"):
            net.project(pre, post, OneToOne(), weight=1, target="x")
    for what in (other, other[1:], None, 3):
        with pytest.raises(TypeError, match="inject: view: expected a population of this network, got"):
            net.inject(what, 1, target="go")
        with pytest.raises(TypeError, match="record: view: expected a population of this network, got"):
            net.record(what, "x")
    foreign = other.network.project(other, other, OneToOne(), weight=1, target="x")
    with pytest.raises(TypeError, match="record: view: expected a projection of this network, got"):
        net.record(foreign, "weights")


# -- structure and runs -----------------------------------------------------------------------------------------------
def test_structure_is_closed_while_running(net, cells):
    net.run(0.5, backend="reference")
    with pytest.raises(
        ValueError, match=r"a population can be added before the first run or after reset\(\), not at t = 0.5 ms"
    ):
        net.population(1, COUNTER)
    with pytest.raises(ValueError, match="a projection can be added"):
        net.project(cells, cells, OneToOne(), weight=1, target="x")
    with pytest.raises(ValueError, match=r"running on 'reference'; reset\(\) it before changing to 'numba'"):
        net.run(1, backend="numba")
    net.reset()
    q = net.project(cells, cells, OneToOne(), weight=1, target="x")
    net.inject(cells, 1, target="go", stop=0.1)
    net.run(0.2, backend="reference")
    assert q.post.get("x").tolist() == [1, 1, 1]


def test_arguments_of_run(net):
    with pytest.raises(ValueError, match="run: the network has no population"):
        net.run(1)
    net.population(1, COUNTER)
    for threads in (0, -1, 1.5, True, "2", 1025):
        with pytest.raises(ValueError, match="run: threads: expected a whole number in 1 ... 1024, got"):
            net.run(1, threads=threads)
    with pytest.raises(ValueError, match="run: threads: the 'reference' backend runs on one thread, got 2"):
        net.run(1, backend="reference", threads=2)
    with pytest.raises(ValueError, match="backend: expected one of .*, got 'fast'"):
        net.run(1, backend="fast")
    for duration, error, words in (
        (-1, ValueError, ">= 0, got -1 ms"), (0.05, ValueError, "not a multiple of the time step dt = 0.1 ms"),
        (float("nan"), ValueError, "NaN"), (float("inf"), ValueError, "too long"), (1e300, ValueError, "too long"),
        ([1, 2], TypeError, "expected one time"), (None, TypeError, "expected a number"),
        ("1*mV", ValueError, "in volt"), ("soon", ValueError, "soon"),
    ):  # fmt: skip
        with pytest.raises(error, match=f"run: duration: .*{words}"):
            net.run(duration, backend="reference")
    with pytest.raises(ValueError, match="the network has not run yet"):
        net.result  # noqa: B018
    assert net._engine is None
    assert net.run("0.3*ms", backend="reference") is net.result
    assert net.step == 3


def test_time_does_not_drift(net):
    net.population(1, COUNTER)
    for _ in range(30):
        net.run(0.1, backend="reference")
    assert net.step == 30
    assert net.time == 30 * 0.1
    assert net.result.duration == net.time


def test_describe(net, cells):
    net.project(cells, cells, AllToAll(), weight=1, target="x", delay="0.1*ms*i + 0.5*ms", name="q")
    net.project(cells, cells[:0], AllToAll(), weight=1, target="x", name="nothing")
    net.population(2, SpikeArray([[1]]), name="source")
    assert net.describe().splitlines() == [
        "Network: dt 0.1 ms, seed 1, float64, at t = 0 ms",
        "  population 'cells': 3 x counter",
        "  population 'source': 2 x spike array",
        "  projection 'q': 9 synapses (static) -> x, delay 0.5 ... 0.7 ms",
        "  projection 'nothing': 0 synapses (static) -> x, delay -",
    ]
    assert repr(net) == "Network(5 neurons, 9 synapses, t = 0 ms)"


# -- injection --------------------------------------------------------------------------------------------------------
def held(net, cells, steps=30, backend="reference"):
    """What the input variable `y` held in each step [T, N]."""
    net.record(cells, "y")
    return net.run((steps + 1) * 0.1, backend=backend)["cells"].y[1:]


def expected(steps=30, size=3):
    return np.zeros((steps, size))


def test_constant_injection(net, cells):
    net.inject(cells[[2, 0]], 3, target="y")
    net.inject(cells, 4, target="y", start=1, stop=1.2)
    net.inject(cells[1], "5", target="y", start="0.5*ms")
    net.inject(cells[[]], 7, target="y")
    want = expected()
    want[:, [2, 0]] += 3
    want[10:12] += 4
    want[5:, 1] += 5
    assert np.array_equal(held(net, cells), want)


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_waveforms(net, cells, backend):
    if backend == "numba":  # the structure that is compiled already
        net = samples.counting(np.zeros((1, 3)), [])
        net._trace_recorders.clear()
        cells = net.populations["cells"]
    rng = np.random.default_rng(0)
    wave, each, column = rng.random(4), rng.random((6, 2)), rng.random((3, 1))
    net.inject(cells, wave, target="y", start=0.2, interval=0.3)
    net.inject(cells[[2, 1]], each, target="y")
    net.inject(cells[[2, 1]], each, target="y", start=0.7, stop=1)
    net.inject(cells[0], column, target="y", start=2.9)
    want = expected()
    for n in range(12):
        want[2 + n] += wave[n // 3]
    want[:6, [2, 1]] += each
    want[7:10, [2, 1]] += each[:3]
    want[29, 0] += column[0, 0]
    assert np.allclose(held(net, cells, backend=backend), want, rtol=0, atol=1e-15)


def test_injection_in_its_unit_and_into_the_only_input(net):
    driven = NeuronModel("v : volt\nI : amp (input)", update="v = R*I", parameters=dict(R="10*Mohm"), name="driven")
    p = net.population(2, driven)
    net.inject(p[0], 2)  # nA
    net.inject(p[1], "500*pA")
    net.run(0.2, backend="reference")
    assert p.get("v") == pytest.approx([20, 5])
    assert p.get("I") == pytest.approx([2, 0.5])
    net.inject(p, [[1, 2]] * 3, start=0.2)  # inputs may be added between runs
    net.run(0.1, backend="reference")
    assert p.get("I") == pytest.approx([3, 2.5])
    net.reset()
    net.run(0.3, backend="reference")
    assert p.get("I") == pytest.approx([3, 2.5])


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (dict(amplitude=1), ValueError, r"inject: target: .*population 'cells' \(go, y\), got None"),
        (dict(amplitude=1, target="x"), ValueError, r"\(go, y\), got 'x'"),
        (dict(amplitude="1*nA", target="y"), ValueError, "inject into 'cells': amplitude: .*in amp"),
        (dict(amplitude=None, target="y"), TypeError, "inject into 'cells': amplitude: expected a number"),
        (dict(amplitude=float("nan"), target="y"), ValueError, "amplitude: NaN"),
        (dict(amplitude=[0, float("inf")], target="y"), ValueError, "amplitude: expected finite numbers"),
        (dict(amplitude=[], target="y"), ValueError, r"one value, \[T\] or \[T, 3\], got shape \(0,\)"),
        (dict(amplitude=np.ones((4, 2)), target="y"), ValueError, r"one value, \[T\] or \[T, 3\], got shape \(4, 2\)"),
        (dict(amplitude=np.ones((4, 3, 1)), target="y"), ValueError, r"got shape \(4, 3, 1\)"),
        (dict(amplitude=1, target="y", start=-1), ValueError, "start: expected times >= 0, got -1 ms"),
        (dict(amplitude=1, target="y", start=0.15), ValueError, "start: 0.15 ms is not a multiple of the time step"),
        (dict(amplitude=1, target="y", start=[1, 2]), TypeError, "start: expected one time, got"),
        (dict(amplitude=1, target="y", start=1, stop=1), ValueError, "stop: expected a time after start, got 1"),
        (dict(amplitude=[1, 2], target="y", interval=0), ValueError, "interval: expected at least dt = 0.1 ms, got 0"),
        (dict(amplitude=[1, 2], target="y", interval=0.25), ValueError, "interval: 0.25 ms is not a multiple"),
    ],
)  # fmt: skip
def test_wrong_injections(net, cells, arguments, error, match):
    with pytest.raises(error, match=match):
        net.inject(cells, **arguments)
    assert net._injections == []


def test_spike_arrays_take_no_current(net):
    with pytest.raises(ValueError, match=r"population 's' \(it has none\), got None"):
        net.inject(net.population(1, SpikeArray([]), name="s"), 1)


# -- recording --------------------------------------------------------------------------------------------------------
def test_wrong_recordings(net, cells):
    net.record(cells, "x")
    for what, error, match in (
        ("w", ValueError, "population 'cells': 'w' is no state variable; expected one of x, z, go, y"),
        (5, TypeError, "record: what: expected 'spikes' or names of variables, got 5"),
        ([5], ValueError, "5 is no state variable"),
        ("x", ValueError, "'x' of population 'cells' is recorded already"),
        (["z", "z"], ValueError, "'z' of population 'cells' is recorded already"),
        (["spikes", "y", "x"], ValueError, "'x' of population 'cells' is recorded already"),
    ):
        with pytest.raises(error, match=match):
            net.record(cells, what)
    for interval, match in ((0, "at least dt = 0.1 ms, got 0"), (0.15, "0.15 ms is not a multiple"), (-1, ">= 0")):
        with pytest.raises(ValueError, match=f"record: interval: .*{match}"):
            net.record(cells, "y", interval=interval)
    with pytest.raises(ValueError, match="record: interval: all spikes are kept"):
        net.record(cells, "spikes", interval=1)
    mute = net.population(1, NeuronModel("u : 1", name="mute"))
    with pytest.raises(ValueError, match="model 'mute' of population 'mute' has no threshold and never spikes"):
        net.record(mute, "spikes")
    source = net.population(1, SpikeArray([]), name="source")
    with pytest.raises(ValueError, match="'source' is a spike array and has no variable 'v'"):
        net.record(source, "v")
    q = net.project(cells, cells, OneToOne(), weight=1, target="x", name="q")
    with pytest.raises(ValueError, match="record: projection 'q': expected 'weights', got 'x'"):
        net.record(q, "x")
    bare = net.project(cells, cells, OneToOne(), synapse=SynapseModel("u : 1", on_pre="u = u + 1"), name="bare")
    with pytest.raises(ValueError, match="record: projection 'bare': expected 'weights'"):
        net.record(bare, "weights")
    # nothing of a refused call is kept
    assert [(r.population.name, r.variable) for r in net._trace_recorders] == [("cells", "x")]
    assert net._spike_recorders == []


# -- spikes given later -----------------------------------------------------------------------------------------------
def test_spikes_given_between_runs_are_as_if_given_first(net, cells):
    times, ids = np.array([0.1, 0.4, 0.4, 0.7, 1.0, 1.2]), np.array([0, 1, 0, 1, 1, 0])
    results = []
    for cut in (6, 0, 2):
        net = Network(dt=0.1)
        cells = net.population(2, COUNTER, name="cells")
        source = net.population(2, SpikeArray(times[:cut], ids[:cut], size=2), name="source")
        net.project(
            source, cells, FromList([(0, 0), (0, 1), (1, 1)]), weight=[1, 2, 4], target="x", delay=[0, 0.5, 0.1]
        )
        net.record(cells, "x")
        net.record(source, "spikes")
        net.run(0.3, backend="reference")
        if cut == 2:
            with pytest.raises(ValueError, match="spikes twice in the step at 0.4 ms"):
                net.add_spikes(source, 0.4, 1)
        late = np.arange(cut, 6)
        net.add_spikes(source, times[late[times[late] >= 0.3]], ids[late[times[late] >= 0.3]])
        results.append(net.run(1.2, backend="reference"))
    assert results[0]["source"].spikes == results[2]["source"].spikes
    assert np.array_equal(results[0]["cells"].x, results[2]["cells"].x)
    assert results[1]["source"].spikes.steps.tolist() == [4, 4, 7, 10, 12]  # the one at 0.1 ms was past
    with pytest.raises(ValueError, match=r"add_spikes to 'source': times: expected at least 1.5 ms \(now\), got 1 ms"):
        net.add_spikes(source, 1, 0)
    with pytest.raises(ValueError, match="ids: expected 0 to 1, got 2"):
        net.add_spikes(source, 5, 2)
    with pytest.raises(ValueError, match="'cells' has cells, not a SpikeArray"):
        net.add_spikes(cells, 5, 0)
    with pytest.raises(TypeError, match="expected a population of this network"):
        net.add_spikes("source", 5, 0)


def test_describe_shows_how_synapses_are_laid_out():
    net = Network(dt=0.1, dtype="float32")
    cells = net.population(50, LIF, name="cells")
    net.project(cells, cells, AllToAll(), weight=0.1, delay=1.5, target="I", name="same")
    net.project(cells, cells, AllToAll(), weight="0.1*nA*rand()", delay=1.5, target="I", name="own", synapse=STDP)
    assert "layout" not in net.describe()
    net.run(0, threads=2)
    text = net.describe()
    assert "layout of 'same': 16-bit targets, w: one value a kind, 1 kind(s), 1 class(es)" in text
    assert "layout of 'own': 16-bit targets, w: one per synapse, x: per neuron, y: per neuron" in text
    assert "threads meet every 15 steps" in text
