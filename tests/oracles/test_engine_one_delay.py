"""Delivery against a plain loop where a projection has one delay: traces per neuron, constant weights not stored."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sample_networks as samples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spikegram.networks import FromList, Network
from spikegram.plasticity import SynapseModel

STEPS = 30
TRACE = 1e-12  # of what is read from a trace, relative and absolute; everything else is a whole number
DT = 0.1

# Whole numbers that depend on the order of events; `seen` and `felt` read a trace of each side, as STDP does.
PAIRS = SynapseModel(
    "w : weight\nn_pre : 1\nn_post : 1\nseen : 1\nfelt : 1\n"
    "dq/dt = -q/tau_q : 1 (event-driven)\ndr/dt = -r/tau_r : 1 (event-driven)",
    on_pre="target_post += w\nw = w + n_post\nn_pre = n_pre + 1\nfelt = felt + r\nq = q + 1",
    on_post="w = w - 2*n_pre\nn_post = n_post + 1\nseen = seen + q\nr = r + 1",
    parameters=dict(tau_q="2*ms", tau_r="3*ms"),
    name="pairs",
)  # fmt: skip


def build(raster, projections):
    """Cells that spike as ``raster`` says; each projection three times: static, plastic, onto an input."""
    net = Network(dt=DT)
    cells = net.population(raster.shape[1], samples.COUNTER, name="cells")
    net.inject(cells, raster.astype(float), target="go")
    for k, (pairs, weight, delay, dendritic, tau) in enumerate(projections):
        common = dict(weight=np.array(weight, dtype=float) if isinstance(weight, list) else weight)
        common |= dict(connector=FromList(pairs), dendritic_delay=dendritic * DT)
        plastic = dict(synapse=PAIRS, parameters=dict(tau_q=tau))
        net.project(cells, cells, delay=delay * DT, target="x", name=f"static {k}", **common)
        net.project(cells, cells, delay=delay * DT, target="z", name=f"plastic {k}", **common, **plastic)
        net.project(cells, cells, delay=max(delay, 1) * DT, target="y", name=f"late {k}", **common, **plastic)
    net.record(cells, ["x", "z", "y"])
    return net


def loop(raster, pairs, weights, delay, dendritic, tau, plastic):
    """Sums that arrive in each step, and the synapses after the last step."""
    arrived = np.zeros((STEPS + dendritic, raster.shape[1]))
    synapses = [dict(w=w, n_pre=0, n_post=0, seen=0.0, felt=0.0, q=0.0, r=0.0) for w in weights]
    for n in range(STEPS):
        for (pre, post), s in zip(pairs, synapses, strict=True):
            if n >= delay - dendritic and raster[n - delay + dendritic, pre]:
                arrived[n + dendritic, post] += s["w"]
                if plastic:
                    s["w"] += s["n_post"]
                    s["n_pre"] += 1
                    s["felt"] += s["r"]
                    s["q"] += 1
            if plastic and n >= dendritic and raster[n - dendritic, post]:
                s["w"] -= 2 * s["n_pre"]
                s["n_post"] += 1
                s["seen"] += s["q"]
                s["r"] += 1
            s["q"] *= math.exp(-DT / tau)  # up to the next step
            s["r"] *= math.exp(-DT / 3)
    return arrived[:STEPS], synapses


@st.composite
def cases(draw):
    size = draw(st.integers(1, 5))
    cell = st.integers(0, size - 1)
    projections = []
    for _ in range(draw(st.integers(1, 3))):
        pairs = draw(st.lists(st.tuples(cell, cell), max_size=8))
        weight = st.integers(-3, 3)
        weight = draw(st.one_of(weight, st.lists(weight, min_size=len(pairs), max_size=len(pairs))))
        delay, dendritic = draw(st.integers(0, 9)), draw(st.sampled_from([0, 0, 1, 4, 9]))
        projections.append((pairs, weight, max(delay, dendritic), dendritic, draw(st.sampled_from([2.0, 5.0]))))
    silent, every = np.zeros((STEPS, size), dtype=bool), np.ones((STEPS, size), dtype=bool)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    some = rng.random((STEPS, size)) < draw(st.sampled_from([0.05, 0.3, 0.8]))
    return draw(st.sampled_from([some, some, some, silent, every])), projections


def check(case, pieces, backend):
    raster, projections = case
    net = build(raster, projections)
    for steps, threads in pieces:
        result = net.run(steps * DT, backend=backend, threads=threads)["cells"]
    assert net.step == STEPS
    sums = {kind: np.zeros(raster.shape) for kind in ("static", "plastic", "late")}
    for k, (pairs, weight, delay, dendritic, tau) in enumerate(projections):
        weights = weight if isinstance(weight, list) else [weight] * len(pairs)
        for kind in sums:
            total = max(delay, 1) if kind == "late" else delay
            arrived, synapses = loop(raster, pairs, weights, total, dendritic, tau, kind != "static")
            sums[kind] += arrived
            values = net.projections[f"{kind} {k}"].values
            assert values["w"].tolist() == [s["w"] for s in synapses]
            if kind == "static":
                continue
            for variable in ("n_pre", "n_post"):
                assert values[variable].tolist() == [s[variable] for s in synapses], variable
            for variable in ("seen", "felt", "q", "r"):
                expected = [s[variable] for s in synapses]
                assert values[variable].tolist() == pytest.approx(expected, rel=TRACE, abs=TRACE), variable
    before = np.zeros((1, raster.shape[1]))
    for variable, kind in (("x", "static"), ("z", "plastic")):
        assert np.array_equal(getattr(result, variable), np.cumsum(np.concatenate([before, sums[kind]]), axis=0)[:-1])
    assert np.array_equal(result.y, np.concatenate([before, sums["late"]])[:-1])
    return net


AUTAPSES = (
    np.ones((STEPS, 2), dtype=bool),
    [([(0, 0), (0, 0), (1, 1)], 2, 3, 0, 2.0), ([(0, 0), (1, 1)], 1, 0, 0, 2.0)],
)
MULTAPSES = (
    np.eye(STEPS, 2, dtype=bool),
    [([(0, 1), (0, 1), (0, 1), (1, 1)], [1, 1, 2, -3], 4, 1, 2.0), ([(0, 1)] * 2, 3, 4, 1, 5.0)],
)


@example(AUTAPSES)
@example(MULTAPSES)
@settings(max_examples=20)
@given(cases())
def test_delivery_reference(case):
    check(case, [(STEPS, 1)], "reference")


def cut(lengths):
    """Lengths of pieces that make up the run."""
    ends = np.minimum(np.cumsum([0, *lengths]), STEPS)
    return np.diff([*ends, STEPS]).tolist()


@pytest.mark.slow
@example(AUTAPSES, [], 1)
@example(MULTAPSES, [1, 1], 3)
@settings(max_examples=80)
@given(cases(), st.lists(st.integers(0, 12), max_size=4), st.integers(1, 3))
def test_delivery_numba_in_pieces_on_threads(case, lengths, threads):
    check(case, [(n, threads) for n in cut(lengths)], "numba")


@pytest.mark.slow
@example(AUTAPSES, [(10, 2)])
@example(MULTAPSES, [(5, 1), (5, 3)])
@settings(max_examples=30)
@given(cases(), st.lists(st.tuples(st.integers(0, 12), st.integers(1, 3)), max_size=4))
def test_delivery_numba_when_threads_change(case, pieces):
    threads = [*(number for _, number in pieces), 1]
    check(case, list(zip(cut([n for n, _ in pieces]), threads, strict=True)), "numba")


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_the_special_layout_is_what_is_tested(backend):
    net = check(MULTAPSES, [(STEPS, 1)], backend)
    told = {q.name: b for b in net._engine.layout.bundles for q in b.projections}
    assert told["plastic 0"] is told["plastic 1"]
    assert told["plastic 0"].traces is not None
    assert "w" not in told["static 0"].form.constant  # one of the two has many weights
    alone = check((MULTAPSES[0], MULTAPSES[1][1:]), [(STEPS, 1)], "reference")
    assert all(
        b.form.constant == (("w",) if b.projections[0].name == "static 0" else ()) for b in alone._engine.layout.bundles
    )
