"""Poisson events without cells: counts, moments, refractoriness, inputs, errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare
from scipy.stats import poisson as distribution

from spikegram.bridges import to_brian2
from spikegram.hardware import export
from spikegram.kernels.random import POISSON_REST, PoissonThresholds, poisson, poisson_thresholds, uniform
from spikegram.networks import Network, SpikeArray
from spikegram.neurons import NeuronModel

SUM = NeuronModel("x : 1\ny : 1", name="sum")
HELD = NeuronModel(
    "dv/dt = 0*volt/second : volt (unless refractory)\nin_v : volt (input)", threshold="v > 0.5*mV", reset="v = 0*mV",
    refractory="0.5*ms", name="held",
)  # fmt: skip


@pytest.mark.parametrize("mean", [1e-4, 0.5, 2.0, 30.0, 1000.0])
def test_numbers_are_poisson(mean, seed):
    counts = np.concatenate([poisson(seed, 3, np.arange(2000), step, poisson_thresholds(mean)) for step in range(100)])
    assert counts.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / counts.size))
    assert counts.var() == pytest.approx(mean, rel=0.05 if mean > 0.1 else 0.5)
    if mean in (0.5, 2.0, 30.0):
        top = int(mean + 4 * np.sqrt(mean))
        found = np.bincount(np.minimum(counts, top), minlength=top + 1)
        expected = np.append(distribution.pmf(np.arange(top), mean), distribution.sf(top - 1, mean))
        assert chisquare(found, expected * counts.size).pvalue > 1e-3
    neighbours = counts.reshape(100, 2000)
    assert abs(np.corrcoef(neighbours[:, :-8].ravel(), neighbours[:, 8:].ravel())[0, 1]) < 0.012


@pytest.mark.parametrize("mean", [0, 1e-12, 1e-4, 0.5, 2.0, 30.0, 10_000.0])
def test_words_and_rest_have_the_probabilities_of_the_numbers(mean):
    words, rest = poisson_thresholds(mean)
    pure = np.diff(words, prepend=0) / 2**16
    left = 1 - words[-1] / 2**16 if len(words) else 0
    anew = np.diff(rest.astype(float), prepend=0, append=2.0**32) / 2**32 * left
    share = np.zeros(max(len(pure), len(anew)) + 1)
    share[: len(pure)] += pure
    share[: len(anew)] += anew
    if not len(words):
        share[0] = 1
    assert share.sum() == 1 and np.abs(share - distribution.pmf(np.arange(len(share)), mean)).max() < 2.0**-32
    assert left < 0.02 and share[:2].tolist() == pytest.approx(distribution.pmf([0, 1], mean), rel=1e-2)


def test_a_number_that_16_bits_leave_open_is_drawn_anew(seed):
    thresholds = PoissonThresholds(np.zeros(1, dtype=np.uint32), np.array([2**31, 3 * 2**30], dtype=np.uint32))
    counts = poisson(seed, 7, np.arange(4000), 3, thresholds)
    own = uniform(seed, 7 + POISSON_REST, np.arange(4000), 3)
    assert np.array_equal(counts, np.searchsorted([0.5, 0.75], own, side="right"))


def test_every_neuron_gets_its_own_and_every_backend_and_thread_the_same():
    def run(backend, threads=1, pieces=(5.0,)):
        net = Network(dt=0.1, seed=5)
        a, b = net.population(300, SUM, name="a"), net.population(77, SUM, name="b")
        net.poisson_input(a[20:290], "x", rate=50, weight=0.5, n=100)
        net.poisson_input(a[[3, 5, 4, 250]], "y", rate=2000, weight=1)
        net.poisson_input(b, "x", rate=50, weight=0.5, n=100)
        for piece in pieces:
            net.run(piece, backend=backend, threads=threads)
        return np.concatenate([p.get(v) for p in (a, b) for v in ("x", "y")])

    one = run("numba")
    assert np.array_equal(one, run("reference"))
    assert np.array_equal(one, run("numba", 2, (0.1, 1.3, 3.6))) and np.array_equal(one, run("numba", 3))
    x, y = one[:300], one[300:600]
    assert not x[:20].any() and not x[290:].any() and set(np.flatnonzero(y)) == {3, 4, 5, 250}
    assert x[20:290].mean() == pytest.approx(0.5 * 50 * 100 * 5e-3, rel=0.05)
    assert len(np.unique(x[20:290])) > 5 and not np.array_equal(x[20:97], one[600:677])


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_events_are_lost_while_refractory_and_come_after_the_threshold(backend):
    net = Network(dt=0.1)
    cell = net.population(1, HELD, name="cell")
    net.poisson_input(cell, "v", rate=1e7, weight=1e-3)  # a thousand events of 1 uV a step: 1 mV, always over
    net.record(cell, ["v"])
    net.record(cell)
    result = net.run(2, backend=backend)["cell"]
    assert result.v[0, 0] == 0 and result.v[1, 0] == pytest.approx(1, rel=0.2)
    # found in the next step, held at 0 for 0.5 ms, free in step 6, then driven over the threshold once more
    assert result.spikes.steps.tolist() == [1, 7, 13, 19]
    assert not result.v[2:7].any() and result.v[7, 0] > 0.5


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_an_input_variable_holds_the_events_of_its_step(backend):
    net = Network(dt=0.1, seed=2)
    cell = net.population(40, HELD, name="cell")
    net.poisson_input(cell, rate=20, weight=0.25, n=1000)
    net.record(cell, "in_v")
    in_v = net.run(10, backend=backend)["cell"].in_v[1:]
    counts = in_v / 0.25
    assert np.array_equal(counts, np.rint(counts)) and counts.mean() == pytest.approx(2, abs=0.1)


def test_described_saved_and_refused_elsewhere(tmp_path):
    net = Network(dt=0.1)
    cells = net.population(4, HELD, name="cells")
    net.poisson_input(cells, "v", rate=20, weight=0.1, n=10)
    assert "Poisson input to 4 neurons of 'cells', v: 10 x 20 Hz" in net.describe()
    with pytest.raises(ValueError, match="population 'cells': a Poisson input to 'v'; the streams differ"):
        to_brian2(net)
    with pytest.raises(ValueError, match="the Poisson input to 'v' is not written"):
        export(net, target="spinnaker", path=tmp_path / "out")
    net.run(1)
    with pytest.raises(ValueError, match="a Poisson input can be added before the first run or after reset"):
        net.poisson_input(cells, "v", rate=20, weight=0.1)
    net.save_state(tmp_path / "state.npz")
    before = net.run(1) and cells.get("v")
    net.restore_state(tmp_path / "state.npz")
    net.run(1)
    assert np.array_equal(cells.get("v"), before)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (dict(target="u"), ValueError, r"target: expected a variable of 'cells' \(v, in_v\), got 'u'"),
        (dict(rate=None), ValueError, "rate: expected a number in Hz, got none"),
        (dict(weight=None), ValueError, "weight: expected a number in mV, got none"),
        (dict(rate=-1), ValueError, "rate: expected a rate >= 0 Hz, got -1"),
        (dict(rate=float("nan")), ValueError, "rate: expected one finite number in Hz|rate: NaN"),
        (dict(rate="20*ms"), ValueError, r"rate: expected hertz|rate: .*'20\*ms'"),
        (dict(rate=[1, 2]), ValueError, "rate: expected one finite number in Hz"),
        (dict(weight="1*nA"), ValueError, "weight: "),
        (dict(n=1.5), ValueError, "n: expected a whole number >= 0, got 1.5"),
        (dict(n=-1), ValueError, "n: expected a whole number >= 0, got -1"),
        (dict(n=10**9), ValueError, r"n \* rate \* dt: expected at most 10000 events a step, got 2e\+06"),
    ],
)
def test_wrong_arguments(arguments, error, match):
    net = Network(dt=0.1)
    cells = net.population(4, HELD, name="cells")
    with pytest.raises(error, match=match):
        net.poisson_input(cells, **{**dict(target="v", rate=20, weight=0.1), **arguments})
    assert not net._poisson_inputs


def test_a_spike_array_receives_nothing():
    net = Network(dt=0.1)
    with pytest.raises(ValueError, match="poisson_input: view: population 'spikes' is a spike array"):
        net.poisson_input(net.population(2, SpikeArray([])), "v", rate=1, weight=1)
