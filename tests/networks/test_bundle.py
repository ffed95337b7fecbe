"""Synapses in the order of a run, and back to the projections."""

from __future__ import annotations

import numpy as np
import pytest
import sample_networks as samples
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.networks import AllToAll, FixedProbability, FromList, Network, OneToOne
from spikegram.networks.layout import Layout
from spikegram.plasticity import STDP


def finished(net, target="reference"):
    layout = Layout(list(net.populations.values()), list(net.projections.values()), net.dt_si, net.dtype, target)
    for group in layout.groups:
        group.finish(net.dt_si)
    return layout


synapse_lists = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3), st.integers(0, 2)), max_size=25
)


def two_projections(first, second):
    """Two projections of one kind between three populations of one model, merged into one bundle."""
    net = Network(dt=0.1)
    cells = [net.population(5, samples.COUNTER, name=f"p{k}") for k in range(3)]
    made = []
    for k, rows in enumerate((first, second)):
        pre, post, axonal, dendritic = np.array(rows, dtype=np.int64).reshape(-1, 4).T
        pairs = FromList(np.stack([pre, post], axis=1))
        made.append(
            net.project(
                cells[k],
                cells[k + 1],
                pairs,
                weight=np.arange(len(rows)) + 100.0 * k,
                target="z",
                synapse=samples.COUNTING,
                delay=0.1 * (axonal + dendritic),
                dendritic_delay=0.1 * dendritic,
            )  # fmt: skip
        )
    return net, made


def neuron_numbers(bundle, row, post):
    """Targets as numbers within the group; they are stored as numbers within their thread's part."""
    thread = np.searchsorted(row[:, 0], np.arange(len(post)), side="right") - 1
    return post + bundle.edge[thread]


@settings(max_examples=60)
@given(synapse_lists, synapse_lists, st.integers(1, 4))
def test_every_synapse_is_found_where_the_kernels_look(first, second, threads):
    net, made = two_projections(first, second)
    layout = finished(net)
    (bundle,) = layout.bundles
    arrays = bundle.arrays(threads)
    row, post, pre, values = arrays.row, arrays.tgt, arrays.src, arrays.Y
    axonal, dendritic, colptr, col = arrays.ax, arrays.dend, arrays.colptr, arrays.col
    edge, post = bundle.target.bounds(threads), neuron_numbers(bundle, row, post)
    expected = sorted(
        (a + 5 * k, b + 5 * k + 5, x, y, float(n) + 100 * k)
        for k, rows in enumerate((first, second))
        for n, (a, b, x, y) in enumerate(rows)
    )
    by_source, by_target = [], []
    for c in range(len(axonal)):
        for t in range(threads):
            for i in range(15):
                for s in range(row[t, i * len(axonal) + c], row[t, i * len(axonal) + c + 1]):
                    assert pre[s] == i
                    assert edge[t] <= post[s] < edge[t + 1]
                    by_source.append((i, int(post[s]), int(axonal[c]), int(dendritic[c]), values[0, s]))
        for j in range(15):
            for s in col[colptr[c, j] : colptr[c, j + 1]]:
                assert post[s] == j
                by_target.append((int(pre[s]), j, int(axonal[c]), int(dendritic[c]), values[0, s]))
    assert sorted(by_source) == sorted(by_target) == expected
    assert len({(int(a), int(d)) for a, d in zip(axonal, dendritic, strict=True)}) == len(axonal)
    assert layout.groups[0].depth >= max([x for *_, x, _ in first + second], default=0) + 1
    assert layout.groups[0].slots > max([y for *_, y in first + second], default=0)
    # the projections know their own among them
    for q, offset in zip(made, (0, 100), strict=True):
        assert q.get("w").tolist() == [offset + n for n in range(q.size)]


@settings(max_examples=30)
@given(synapse_lists, synapse_lists, st.integers(1, 3), st.integers(1, 3))
def test_sorting_for_other_threads_keeps_every_value(first, second, before, after):
    net, made = two_projections(first, second)
    pairs = [(q.pre_ids.tolist(), q.post_ids.tolist(), q.delays.tolist(), q.dendritic_steps.tolist()) for q in made]
    (bundle,) = finished(net).bundles
    bundle.arrays(before)
    for k, q in enumerate(made):
        q.set(n_pre=np.arange(q.size) * 2.0 + k)
        assert (q.pre_ids.tolist(), q.post_ids.tolist(), q.delays.tolist(), q.dendritic_steps.tolist()) == pairs[k]
    bundle.when[:] = bundle.values[bundle.module.VARYING.index("w")] * 10
    bundle.release(0)
    made[0].set(seen=3)
    bundle.arrays(after)
    for k, q in enumerate(made):
        assert q.get("w").tolist() == [100.0 * k + n for n in range(q.size)]
        assert q.get("n_pre").tolist() == [2.0 * n + k for n in range(q.size)]
        assert q.touched().tolist() == [1000 * k + 10 * n for n in range(q.size)]
        assert (q.pre_ids.tolist(), q.post_ids.tolist(), q.delays.tolist(), q.dendritic_steps.tolist()) == pairs[k]
    assert made[0].get("seen").tolist() == [3] * made[0].size


def test_sums_of_a_target_do_not_depend_on_threads():
    """Within a class of delay the synapses onto a neuron stay in the order of source, target, creation."""
    net, _ = two_projections([(4, 1, 1, 0), (0, 1, 1, 0), (0, 1, 1, 0), (2, 1, 1, 0)], [])
    (bundle,) = finished(net).bundles
    for threads in (1, 2, 5):
        row, post, pre, values, *_ = bundle.arrays(threads)
        post = neuron_numbers(bundle, row, post)
        onto = values[0, post == 6]
        assert onto.tolist() == [1, 2, 3, 0]
        assert pre[post == 6].tolist() == [0, 0, 2, 4]
        bundle.release(0)


# -- forms ------------------------------------------------------------------------------------------------------------
def test_what_is_the_same_for_all_is_not_stored():
    net = Network(dt=0.1)
    cells = net.population(6, samples.COUNTER, name="cells")
    one = net.project(cells, cells, AllToAll(), weight=2, target="x", name="one")
    many = net.project(cells, cells, AllToAll(), weight=np.arange(36.0), target="z", name="many")
    first, second = finished(net).bundles
    assert (first.form.constant, first.form.direct) == (("w",), ("x",))
    assert (second.form.constant, second.form.direct) == ((), ("z",))
    arrays = [b.arrays(2) for b in (first, second)]
    assert arrays[0].tgt.dtype == np.uint16 and arrays[0].Y.shape == (0, 36) and arrays[1].Y.shape == (1, 36)
    assert one.weights.tolist() == [2] * 36 and many.weights.tolist() == list(range(36))
    one.set(w=3)
    assert arrays[0].C.tolist() == [[3.0]] and one.weights.tolist() == [3] * 36


def test_a_weight_for_each_synapse_changes_a_run_that_had_one_for_all():
    net = Network(dt=0.1)
    cells = net.population(3, samples.COUNTER, name="cells", init=dict(x="i"))
    q = net.project(cells, cells, OneToOne(), weight=2, delay=0.2, target="x")
    net.inject(cells, 1.0, stop=0.1, target="go")  # all spike once; the spikes are on their way
    net.run(0.2)
    q.set(w=[1, 2, 3])
    net.run(0.1)
    assert cells.get("x").tolist() == [1, 3, 5]
    assert q.weights.tolist() == [1, 2, 3]


def test_two_kinds_of_one_delay_are_two_classes_and_many_are_stored_with_the_synapses():
    net = Network(dt=0.1)
    cells = [net.population(2, samples.COUNTER, name=f"p{k}") for k in range(8)]
    for k, a in enumerate(cells):
        for m, b in enumerate(cells):
            net.project(a, b, AllToAll(), weight=8 * k + m, target="x")
    (bundle,) = finished(net).bundles
    assert bundle.mixed and len(bundle.axonal) == 1 and bundle.form.constant == ("w",)
    found = {(q.pre.name, q.post.name): q.weights.tolist() for q in net.projections.values()}
    bundle.arrays(2)
    assert found == {(q.pre.name, q.post.name): q.weights.tolist() for q in net.projections.values()}
    for a in cells:
        a.set(x=0)
    net.inject(cells[3], 1.0, stop=0.1, target="go")
    for backend in ("reference", "numba"):
        net.run(0.2, backend=backend)
        assert [b.get("x").tolist() for b in cells] == [[2.0 * (24 + m)] * 2 for m in range(8)]
        net.reset()
    few = Network(dt=0.1)
    a, b = few.population(2, samples.COUNTER), few.population(2, samples.COUNTER)
    few.project(a, b, AllToAll(), weight=1, target="x")
    few.project(b, a, AllToAll(), weight=-1, target="x")
    (bundle,) = finished(few).bundles
    assert not bundle.mixed and len(bundle.axonal) == 2


@pytest.mark.parametrize("backend", ["reference", "numba"])
@pytest.mark.parametrize("threads", [1, 2])
def test_traces_per_neuron_are_those_per_synapse(backend, threads):
    """The same network with its delays given as one value (traces per neuron) and as arrays (per synapse)."""
    if backend == "reference" and threads > 1:
        pytest.skip("the reference runs on one thread")

    def run(as_array):
        net = Network(dt=0.1, seed=3)
        cells = net.population(20, samples.NOISY, name="cells")
        net.inject(cells, 1.5, target="drive")
        plain = STDP(w_max=0.4, A_plus=0.02, A_minus=0.021)
        rule = FixedProbability(0.4)
        count = net.project(cells, cells, rule, weight=0.1, target="I", delay=1, name="first", synapse=plain).size
        delay = np.full(count, 1.0) if as_array else 1.0
        late = np.full(count, 0.3) if as_array else 0.3
        net = Network(dt=0.1, seed=3)
        cells = net.population(20, samples.NOISY, name="cells")
        net.inject(cells, 1.5, target="drive")
        q = net.project(
            cells, cells, rule, weight="0.2*nA*rand()", target="I", delay=delay, dendritic_delay=late, synapse=plain
        )
        net.record(cells, "spikes")
        result = net.run(60, backend=backend, threads=threads)
        return result["cells"].spikes, q, net

    (a, q, net), (b, r, other) = run(False), run(True)
    assert net._engine.layout.bundles[0].form.traces and not other._engine.layout.bundles[0].form.traces
    assert len(a) > 50 and a == b
    assert np.allclose(q.weights, r.weights, rtol=0, atol=1e-9) and np.ptp(q.weights - 0.1) > 0.05
    # per neuron the traces are those of now, per synapse those of the last touch
    now = r.get("x") * np.exp(-(net.step - r.touched()) * 0.1 / 20)
    assert np.allclose(q.get("x"), now, rtol=1e-9)
    assert (q.touched() == net.step).all()


@pytest.mark.parametrize("target", ["reference", "numba"])
@pytest.mark.parametrize("delays", [7, 8])
def test_rows_are_listed_ahead_where_there_are_many_delays(delays, target):
    net, _ = two_projections([(k % 5, 0, k, 0) for k in range(1, delays + 1)], [])
    (bundle,) = finished(net, target).bundles
    assert bundle.form.ahead == (delays == 8 and target == "numba")
    bundle.arrays(1)
    assert ("rows of a spike listed ahead" in bundle.describe()) == bundle.form.ahead
    assert bundle.book.shape == (1, 4, 8 * bundle.form.ahead)
    net, _ = two_projections([(0, 0, k, d) for k in range(1, delays + 1) for d in (0, 1)], [])
    assert not finished(net, target).bundles[0].form.ahead  # two classes share their axonal delay


def test_bytes_of_a_synapse():
    def size(**kwargs):
        net = Network(dt=0.1, dtype="float32")
        cells = net.population(2000, samples.COUNTER, name="cells")
        q = net.project(cells, cells, FixedProbability(0.1), target="x", delay=0.1, **kwargs)
        (bundle,) = finished(net, "numba").bundles
        bundle.arrays(2)
        return bundle.memory / q.size

    assert size(weight=1) < 2.3
    assert size(weight="rand()") < 6.3
    assert size(weight="0.5*rand()", synapse=STDP) < 12.6
