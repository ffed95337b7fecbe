"""Populations as Brian 2 groups: names, statements, input variables, injected currents."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.bridges import to_brian2
from spikegram.bridges.brian2_cells import (
    Order,
    assignment,
    code_of,
    fresh,
    line_text,
    noise_in,
    quantity,
    rename,
    where_function,
)
from spikegram.language import parse_equations, parse_statements
from spikegram.networks import Network
from spikegram.neurons import NeuronModel
from spikegram.units import CURRENT, DIMENSIONLESS

SUM = NeuronModel("v : amp\nI : amp (input)", update="v = I", name="sum")


def test_rename_takes_whole_names() -> None:
    assert rename("v*1e3 + v_post/(vv - e3)", {"v": "u", "e3": "x", "v_post": "w"}) == "u*1e3 + w/(vv - x)"


def test_fresh_names() -> None:
    assert (fresh("a", {"b"}), fresh("a", {"a", "ax"})) == ("a", "axx")


def test_statements_in_brian2s_operators() -> None:
    statements = parse_statements("v_pre = 0*mV; n **= 2", "reset", "cell")
    assert code_of(statements, {"v_pre": "vpre"}) == "vpre = 0*mV\nn = n**(2)"
    assert assignment("w", "-=", "a") == "w -= a"


def test_lines_with_other_names() -> None:
    line = parse_equations("dv_post/dt = (a - v_post)/tau : volt (unless refractory)", "cell")[0]
    assert line_text(line, {"v_post": "vpost"}, drop=()) == "dvpost/dt = (a - vpost)/tau : volt (unless refractory)"


@pytest.mark.parametrize(
    ("text", "word"),
    [("v + rand()", "rand"), ("randn ()", "randn"), ("s*xi", "xi"), ("xi_2 + 1", "xi_2"), ("brand + taxi*xia", "")],
)
def test_noise_is_found(text: str, word: str) -> None:
    assert noise_in("v", text) == word


def test_quantities_keep_si_values_and_dimensions() -> None:
    import brian2

    assert quantity(2e-9, CURRENT) == 2 * brian2.nA
    assert brian2.get_dimensions(quantity(np.array([0.5, 1]), DIMENSIONLESS)) is brian2.get_dimensions(1.0)


@pytest.mark.parametrize("target", ["numpy", "cpp", "cython"])
def test_where_in_every_language(target: str) -> None:
    assert where_function().implementations[target].get_code(None)


def injected(*currents: dict) -> np.ndarray:
    """What three neurons hold in the input variable, step by step, in nA [T, 3]."""
    net = Network(dt=0.5)
    cells = net.population(3, SUM, name="cells")
    for more in currents:
        more = dict(more)
        net.inject(cells[more.pop("part", slice(None))], **more)
    net.record(cells, "v")
    both = [net.run(6, backend=b)["cells"].v[1:] for b in ("brian2", "reference")]
    np.testing.assert_allclose(*both, rtol=1e-14, atol=0)
    return both[0]


def test_one_current_in_a_window_for_some_neurons() -> None:
    expected = np.zeros((11, 3))
    expected[2:5, [2, 0]] = 0.25
    np.testing.assert_allclose(injected(dict(part=[2, 0], amplitude=0.25, start=1, stop=2.5)), expected, rtol=1e-14)


def test_currents_over_time_are_held_for_their_interval() -> None:
    expected = np.zeros((11, 3))
    expected[1:7] = np.repeat([0.1, 0.2, 0.3], 2)[:, None]
    np.testing.assert_allclose(injected(dict(amplitude=[0.1, 0.2, 0.3], start=0.5, interval=1)), expected, rtol=1e-14)


def test_currents_over_time_of_each_neuron_add_to_others() -> None:
    table = np.arange(8).reshape(4, 2) / 10
    expected = np.full((11, 3), 0.5)
    expected[0:8, [2, 1]] += np.repeat(table, 2, axis=0)
    expected[4:] += 0.125
    got = injected(dict(amplitude=0.5), dict(part=[2, 1], amplitude=table, interval=1), dict(amplitude=0.125, start=2))
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_the_group_reads_like_the_model() -> None:
    net = Network(dt=0.1)
    model = NeuronModel(
        "dv/dt = (E - v + R*I)/tau : volt (unless refractory)\nI : amp (input)", threshold="v > 9*mV", reset="v = 0*mV",
        refractory="3*ms", parameters=dict(tau="20*ms", E="5*mV", R="10*Mohm"), name="lif",
    )  # fmt: skip
    net.population(2, model, parameters=dict(E=[1, 2]))
    group = to_brian2(net).groups["lif"]
    equations = str(group.user_equations)
    assert "(E - v + R*I)/tau" in equations and "unless refractory" in equations
    assert group.namespace["tau"] == quantity(0.02, (0, 0, 1, 0, 0, 0, 0)) and "E" not in group.namespace
    np.testing.assert_allclose(group.variables["E"].get_value(), [1e-3, 2e-3], rtol=1e-15)
    inputs = next(o for o in group.contained_objects if o.name == "lif_take_inputs")
    assert (inputs.when, inputs.order) == ("groups", Order.INPUTS) and group.state_updater.order > Order.INPUTS
