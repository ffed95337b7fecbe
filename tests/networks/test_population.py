"""Populations: start values, parameters, positions; views and how they are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import AllToAll, Network, PopulationView, SpikeArray
from spikegram.neurons import NeuronModel

LEAKY = NeuronModel(
    "dv/dt = (v_rest - v)/tau_m : volt\nw : 1\nI : amp (input)", threshold="v > v_th", reset="v = v_rest",
    parameters=dict(v_rest="-70*mV", v_th="-50*mV", tau_m="20*ms"), init=dict(v="v_rest + 1*mV"), name="leaky",
)  # fmt: skip


@pytest.fixture
def net():
    return Network(dt=0.1, seed=3)


# -- start values and parameters --------------------------------------------------------------------------------------
def test_start_values(net):
    p = net.population(4, LEAKY, init=dict(w=[1, 2, 3, 4]))
    assert p.get("v") == pytest.approx([-69] * 4)  # the model's
    assert p.get("w").tolist() == [1, 2, 3, 4]
    assert p.get("I").tolist() == [0] * 4
    assert net.population(2, LEAKY, init=dict(v=-60)).get("v").tolist() == [-60, -60]
    assert net.population(3, LEAKY, init=dict(v="-60*mV + i*mV", w="i/N")).get("v") == pytest.approx([-60, -59, -58])


def test_start_values_see_the_parameters_of_each_neuron(net):
    p = net.population(3, LEAKY, parameters=dict(v_rest=[-70, -60, -50], tau_m="10*ms*(1 + i)"))
    assert p.get("v") == pytest.approx([-69, -59, -49])
    assert p.get("tau_m") == pytest.approx([10, 20, 30])
    assert p.parameters["tau_m"] == pytest.approx([0.01, 0.02, 0.03])
    assert p.parameters["v_th"] == -0.05
    assert p.get("v_th").tolist() == [-50] * 3
    later = net.population(2, LEAKY, parameters=dict(tau_m=10, v_th="v_rest + tau_m/ms*mV"))
    assert later.get("v_th") == pytest.approx([-60, -60])


def test_random_start_values_depend_on_seed_population_and_neuron_only():
    def draw(seed=3, size=5, before=0):
        net = Network(seed=seed)
        for _ in range(before):
            net.population(2, LEAKY)
        return net.population(size, LEAKY, init=dict(v="-60*mV + 10*mV*rand()", w="rand()"))

    v = draw().get("v")
    assert np.all((v >= -60) & (v < -50))
    assert len(set(v)) == 5
    assert np.array_equal(draw(size=9).get("v")[:5], v)
    assert np.array_equal(draw().get("v"), v)
    assert not np.any(draw(seed=4).get("v") == v)
    assert not np.any(draw(before=1).get("v") == v)
    assert not np.any(draw().get("w") == (v + 60) / 10)


def test_set_and_reset(net):
    p = net.population(3, LEAKY, init=dict(v="-60*mV*rand()"))
    start = p.get("v")
    p.set(v="-40*mV - i*mV", w=2)
    assert p.get("v") == pytest.approx([-40, -41, -42])
    assert p.get("w").tolist() == [2, 2, 2]
    p.set(w="rand()")
    first = p.get("w")
    net.run(0.1, backend="reference")
    p.set(w="rand()")
    assert not np.any(p.get("w") == first)
    net.reset()
    assert np.array_equal(p.get("v"), start)
    assert p.get("w").tolist() == [0, 0, 0]


def test_values_of_a_running_network(net):
    p = net.population(2, LEAKY, parameters=dict(tau_m=[10, 20]))
    net.run(10, backend="reference")
    assert p.get("v") == pytest.approx(-70 + np.exp([-1, -0.5]))
    p.set(v=[-60, -65])
    net.run(10, backend="reference")
    assert p.get("v") == pytest.approx([-70 + 10 * np.exp(-1), -70 + 5 * np.exp(-0.5)])


def test_float32():
    p = Network(dtype="float32").population(2, LEAKY)
    assert p._state.dtype == np.float32
    assert p.get("v").dtype == np.float64
    assert p.get("v") == pytest.approx([-69, -69], rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (dict(init=dict(u=1)), ValueError, r"init: 'u' is no state variable of model 'leaky' \(v, w\)"),
        (dict(init=dict(I=1)), ValueError, "init: 'I' is no state variable"),
        (dict(init=dict(v="1*nA")), ValueError, r"init\['v'\]: expected volt, '1\*nA' is in amp"),
        (dict(init=dict(v=[1, 2])), ValueError, r"init\['v'\]: expected one value or 3 values, got .* \(2,\)"),
        (dict(init=dict(v=float("nan"))), ValueError, r"init\['v'\]: NaN"),
        (dict(init=dict(v="1/0*mV")), ValueError, r"init\['v'\]: .*finite"),
        (dict(init=dict(v="__import__('os')")), ValueError, r"init\['v'\]: .*unknown function '__import__'"),
        (dict(init=dict(v="v_rest.real")), ValueError, r"init\['v'\]: .*Attribute is not part of"),
        (dict(init=dict(v=None)), None, ""),
        (dict(init=dict(v={})), TypeError, r"init\['v'\]: expected a number"),
        (dict(parameters=dict(tau=1)), ValueError, "'leaky' has no parameter 'tau'; expected one of v_rest"),
        (dict(parameters=dict(tau_m=[1, 2])), ValueError, r"parameters\['tau_m'\]: expected one value or 3 values"),
        (dict(parameters=dict(tau_m="5*mV")), ValueError, r"parameters\['tau_m'\]: expected second"),
        (dict(parameters=dict(tau_m=float("inf"))), ValueError, r"parameters\['tau_m'\]: expected finite"),
        (dict(parameters=dict(tau_m="tau_x")), ValueError, "unknown name 'tau_x'"),
        (dict(positions=[[0, 0]]), ValueError, r"positions: expected \[3, dimensions\] in metres, got shape \(1, 2\)"),
        (dict(positions=np.full((3, 2), np.nan)), ValueError, "positions: NaN"),
        (dict(positions=np.full((3, 2), np.inf)), ValueError, "positions: expected finite numbers in metres"),
        (dict(positions="here"), ValueError, "positions: .*unknown unit 'here'"),
    ],
)  # fmt: skip
def test_refusals(net, arguments, error, match):
    if error is None:
        assert net.population(3, LEAKY, name="p", **arguments).size == 3  # None leaves the model's
        return
    with pytest.raises(error, match=f"^population 'p': .*{match}"):
        net.population(3, LEAKY, name="p", **arguments)
    assert not net.populations


def test_refusals_of_a_made_population(net):
    p = net.population(3, LEAKY, name="p")
    with pytest.raises(ValueError, match="population 'p': 'u' is no state variable; expected one of v, w, I"):
        p.set(u=1)
    with pytest.raises(ValueError, match="'tau_m' is no state variable"):
        p.set(tau_m=1)
    with pytest.raises(ValueError, match="population 'p': v: expected finite numbers, got inf"):
        p.set(v=float("inf"))
    with pytest.raises(ValueError, match="no variable 'u'"):
        p.get("u")
    source = net.population(1, SpikeArray([]), name="s")
    with pytest.raises(ValueError, match="population 's' is a spike array and has no variable 'v'"):
        source.get("v")
    with pytest.raises(ValueError, match="population 't': a SpikeArray has neither parameters nor start values"):
        net.population(1, SpikeArray([]), name="t", init=dict(v=1))


def test_a_method_that_cannot_serve_dt(net):
    coarse = NeuronModel("dv/dt = -v/tau : volt", method="euler", parameters=dict(tau="0.05*ms"), name="coarse")
    net.population(1, coarse, name="p")
    with pytest.raises(
        ValueError, match="population 'p': method 'euler' cannot serve dt = 0.1 ms: 'v' of model 'coarse'"
    ):
        net.run(1, backend="reference")


def test_a_refractory_period_off_the_grid(net):
    held = NeuronModel(
        "v : 1", threshold="v > 1", reset="pass", refractory="t_ref", parameters=dict(t_ref="0.25*ms"), name="held"
    )  # fmt: skip
    net.population(2, held, name="p")
    with pytest.raises(
        ValueError, match=r"population 'p': refractory period: 0.25 ms is not a multiple of the time step"
    ):
        net.run(1, backend="reference")


def test_constants_that_are_not_finite():
    pole = NeuronModel("v : 1", update="v = v/(a - 1)", parameters=dict(a=1), name="pole")
    cell = NeuronModel("dv/dt = (a - v)/tau : 1", parameters=dict(tau="0*ms", a=1), name="pole")
    for model, values in ((pole, {}), (pole, dict(a=[1, 2])), (cell, {}), (cell, dict(tau=[1, 0]))):
        net = Network(dt=0.1)
        net.population(2, model, name="p", parameters=values)
        with pytest.raises(ValueError, match=r"population 'p' \(model 'pole'\): .* is not finite"):
            net.run(1, backend="reference")


def test_positions(net):
    assert net.population(2, LEAKY).positions is None
    assert net.population(2, LEAKY, positions=[1e-3, 2e-3]).positions.shape == (2, 1)
    assert net.population(2, LEAKY, positions=[[0, 1e-3], [1e-3, 0]]).positions.shape == (2, 2)
    assert net.population(0, LEAKY, positions=np.zeros((0, 3))).positions.shape == (0, 3)


# -- views ------------------------------------------------------------------------------------------------------------
@given(st.integers(0, 8), st.data())
def test_views_are_numpy_indexing(size, data):
    p = Network().population(size, SpikeArray([]), name="p")
    everyone = np.arange(size)
    whole = st.integers(-size, size - 1) if size else st.nothing()
    index = data.draw(
        st.one_of(
            st.slices(size),
            st.lists(st.booleans(), min_size=size, max_size=size).map(lambda m: np.array(m, dtype=bool)),
            st.lists(whole, max_size=size, unique_by=lambda k: k % max(size, 1)) if size else st.just([]),
        )
    )
    view = p[index]
    expected = everyone[np.asarray(index, dtype=int) if isinstance(index, list) else index]
    assert view.ids.tolist() == expected.tolist()
    assert view.ids.dtype == np.int64
    assert len(view) == view.size == len(expected)
    assert view.population is p
    assert view.name == "p"
    inner = data.draw(st.slices(len(expected)))
    assert view[inner].ids.tolist() == expected[inner].tolist()


def test_single_neurons_and_iteration(net):
    p = net.population(3, LEAKY, name="p", init=dict(w="i"))
    assert p[1].ids.tolist() == [1]
    assert p[-1].ids.tolist() == [2]
    assert p[np.int32(0)].ids.tolist() == [0]
    assert p[[2, -3]].ids.tolist() == [2, 0]
    assert [v.ids.tolist() for v in p] == [[0], [1], [2]]
    assert [v.ids.tolist() for v in p[[2, 0]]] == [[2], [0]]
    assert p[[2, 0]][0].get("w").tolist() == [2]
    assert p[::-1].get("w").tolist() == [2, 1, 0]
    assert p.ids.tolist() == [0, 1, 2]
    assert len(p) == 3
    assert (repr(p), repr(p[:2])) == ("Population('p', 3 x leaky)", "PopulationView('p', 2 of 3)")
    assert repr(net.population(2, SpikeArray([]), name="s")) == "Population('s', 2 x spike array)"


@pytest.mark.parametrize(
    ("index", "error", "match"),
    [
        (3, IndexError, "population 'p': index 3 is out of range for 3 neurons"),
        (-4, IndexError, "index -4 is out of range"),
        ([0, 7], IndexError, r"index \[0, 7\] is out of range"),
        ([True, False], IndexError, r"a mask needs shape \(3,\), got \(2,\)"),
        (True, IndexError, r"a mask needs shape \(3,\), got \(\)"),
        (1.0, TypeError, "expected whole numbers, a slice or a mask as index, got 1.0"),
        ("0", TypeError, "got '0'"),
        (None, TypeError, "got None"),
        ([[0, 1]], TypeError, r"got \[\[0, 1\]\]"),
        ((0, 1, [2]), None, ""),
        ([1, 1], ValueError, "population 'p': a view holds each neuron once"),
        ([0, -3], ValueError, "a view holds each neuron once"),
    ],
)
def test_wrong_views(net, index, error, match):
    p = net.population(3, LEAKY, name="p")
    if error is None:
        error, match = (ValueError, TypeError), ""
    with pytest.raises(error, match=match):
        p[index]


def test_a_view_of_a_view_is_checked_against_it(net):
    view = net.population(5, LEAKY, name="p")[:2]
    with pytest.raises(IndexError, match="population 'view of p': index 2 is out of range for 2 neurons"):
        view[2]


def test_views_as_both_sides(net):
    p = net.population(5, LEAKY, name="p")
    q = net.project(p[[4, 1]], p[-2:], AllToAll(), weight=1, target="I", delay=0.1)
    assert isinstance(q.pre, PopulationView)
    assert list(zip(q.pre_ids.tolist(), q.post_ids.tolist(), strict=True)) == [(4, 3), (4, 4), (1, 3), (1, 4)]
    alone = net.project(p[[4, 1]], p[-2:], AllToAll(autapses=False), weight=1, target="I", delay=0.1)
    assert list(zip(alone.pre_ids.tolist(), alone.post_ids.tolist(), strict=True)) == [(4, 3), (1, 3), (1, 4)]
    empty = net.project(p[[]], p, AllToAll(), weight=1, target="I", delay=0.1)
    assert (empty.size, empty.weights.shape, empty.delays.shape) == (0, (0,), (0,))
    nobody = net.population(0, LEAKY)
    assert net.project(nobody, p, AllToAll(), weight=1, target="I", delay=0.1).size == 0
    net.run(0.2, backend="reference")


def test_negative_times_are_refused() -> None:
    model = NeuronModel("dv/dt = -v/tau : 1", parameters=dict(tau="10*ms"))
    with pytest.raises(ValueError, match=r"tau.*expected a time >= 0 ms, got -5 ms"):
        model(tau=-5)
    with pytest.raises(ValueError, match=r"parameters\['tau'\]: expected a time >= 0 ms, got -1 ms"):
        Network().population(2, model, parameters=dict(tau=[1, -1]))
    net = Network()
    net.population(1, model(tau=0), name="zero")
    with pytest.raises(ValueError, match="'zero'"):
        net.run(1, backend="reference")
