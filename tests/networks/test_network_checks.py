"""What a network and its methods refuse: steps, seeds, sizes, names, populations of others."""

from __future__ import annotations

import numpy as np
import pytest
import sample_networks as samples
from hypothesis import example, given
from hypothesis import strategies as st

from spikegram.networks import Network, OneToOne, SpikeArray

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
