"""The text of the script: valid Python, readable, nothing of a user's names is executed."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest

from spikegram.hardware.pynn_script import cell_columns, connection_rows, number, script
from spikegram.hardware.spinnaker_parts import Plan, PopulationPlan, ProjectionPlan

PARAMETERS = dict(tau_m=20.0, cm=0.2, v_rest=-60.0, i_offset=0.0, v_thresh=-50.0, v_reset=-60.0, tau_refrac=2.0)


def cells(name: str, size: int, same_step: bool = False, **changes: object) -> PopulationPlan:
    slug = re.sub(r"\W", "_", name)
    return PopulationPlan(name, slug, size, "IF_curr_exp", {**PARAMETERS, **changes}, "LIF", -60.0, same_step)


def link(pre: PopulationPlan, post: PopulationPlan, pairs: list, weight: float = 0.5, **more: object) -> ProjectionPlan:
    i, j = np.array(pairs).T
    given = dict(weights=np.full(len(pairs), weight), steps=np.full(len(pairs), 2), receptor="excitatory", rule=None)
    return ProjectionPlan("a link", "a_link", pre, post, pre_ids=i, post_ids=j, **{**given, **more})


def write(*projections: ProjectionPlan, populations: tuple = (), early: dict | None = None) -> str:
    plan = Plan(1.0, 0)
    found = {id(p): p for q in projections for p in (q.pre, q.post)} | {id(p): p for p in populations}
    plan.populations, plan.projections = list(found.values()), list(projections)
    text = script(plan, 100.0, "1.2.3", early or {})
    ast.parse(text)
    assert all(len(line) <= 120 for line in text.splitlines())
    return text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.0"), (-60.00000000000001, "-60.0"), (0.1 + 0.2, "0.3"), (1e-20, "1e-20"), (2.5e20, "2.5e+20")],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text and float(text) == pytest.approx(value)


def test_whole_script() -> None:
    source = PopulationPlan("in put", "in_put", 2, "SpikeSourceArray", {}, steps=np.array([0]), ids=np.array([1]))
    noise = PopulationPlan("noise", "noise", 2, "SpikeSourcePoisson", dict(rate=5.0, start=0.0, duration=1e10))
    exc = cells("exc", 2)
    text = write(link(source, exc, [(0, 0), (1, 1)]), link(noise, exc, [(0, 1)]), early={"exc": -60.0})
    assert text.startswith('"""A spiking network for SpiNNaker, written by spikegram 1.2.3.')
    assert (
        "in_put = sim.Population(2, sim.SpikeSourceArray(spike_times=source_times(\"in_put\", 2)), label='in put')"
        in text
    )
    assert "LIF_PARAMETERS = dict(tau_m=20.0, cm=0.2, v_rest=-60.0," in text
    assert "exc = sim.Population(2, sim.IF_curr_exp(**LIF_PARAMETERS), label='exc')\nexc.initialize(v=-60.0)\n" in text
    assert "sim.SpikeSourcePoisson(rate=5.0, start=0.0, duration=10000000000.0)" in text
    assert "SHIFT = 2 * DT if ON_NEST else 0.0" in text and "LATER = 0.0 if ON_NEST else DT" in text
    assert "from_list([(0, 1, 0.5, 2.0)], LATER)" in text
    assert "spikegram" not in {n.module for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)}


def test_cells_that_feel_a_spike_at_once_need_no_longer_delay() -> None:
    a = cells("a", 2, same_step=True)
    text = write(link(a, a, [(0, 1), (1, 1)]), link(a, a, [(0, 0), (1, 1)]))
    assert "from_list([(i, j, 0.5, 2.0) for i in range(2) for j in range(1, 2)], 0.0)" in text
    assert "LATER" not in text and "delay=2.0)" in text
    assert "SHIFT = DT if ON_NEST else 0.0" in text  # without sources


A, B = cells("a", 3), cells("b", 4)
EVERY = [(i, j) for i in range(3) for j in range(4)]


@pytest.mark.parametrize(
    ("pre", "post", "pairs", "text"),
    [
        (A, A, [(0, 0), (1, 1), (2, 2)], "a, a, sim.OneToOneConnector(),"),
        (A, B, EVERY, "a, b, sim.AllToAllConnector(),"),
        (
            A,
            A,
            [(i, j) for i in range(3) for j in range(3) if i != j],
            "AllToAllConnector(allow_self_connections=False)",
        ),
        (A, B, [(0, 1), (1, 2), (2, 3)], "from_list([(i, i + 1, 0.5, 2.0) for i in range(3)], LATER)"),
        (A, B, [(i, j) for i, j in EVERY if i], "[(i, j, 0.5, 2.0) for i in range(1, 3) for j in range(4)]"),
        (A, B, [(i, j) for i, j in EVERY if i != j], "for i in range(3) for j in range(4) if i != j]"),
        (A, B, [*EVERY, (0, 0)], 'from_list(read(HERE / "connections/a_link.txt", 4), LATER)'),
        (A, B, [(0, 0), (0, 0)], "from_list([(0, 0, 0.5, 2.0), (0, 0, 0.5, 2.0)], LATER)"),
        (A, A, [(0, 1), (1, 0), (2, 2)], "from_list([(0, 1, 0.5, 2.0), (1, 0, 0.5, 2.0), (2, 2, 0.5, 2.0)], LATER)"),
    ],
)
def test_patterns(pre: PopulationPlan, post: PopulationPlan, pairs: list, text: str) -> None:
    q = link(pre, post, pairs)
    written = write(q)
    assert text in written
    if "for i in range" in text:  # what stands there makes the very same pairs
        loop = written[written.index("[(i, ") : written.index(", LATER),\n")]
        assert [(i, j) for i, j, _, _ in eval(loop, {"range": range})] == pairs
    assert [(i, j) for i, j, _, _ in connection_rows(q, 1.0)] == pairs


def test_values_of_their_own_are_never_a_pattern() -> None:
    uneven = link(A, A, [(0, 0), (1, 1), (2, 2)], weights=np.array([1.0, 1.0, 2.0]))
    delays = link(A, A, [(0, 0), (1, 1), (2, 2)], steps=np.array([1, 1, 2]))
    assert "OneToOne" not in write(uneven) + write(delays)


def test_values_per_neuron_come_from_a_file() -> None:
    a = cells("a", 3, cm=np.array([0.1, 0.2, 0.3]))
    text = write(populations=(a,), early={"a": np.array([-60.0, -61.0, -62.0])})
    assert list(cell_columns(a)) == ["cm"] and list(cell_columns(a, np.zeros(3))) == ["cm", "v_nest"]
    assert 'a_cells = dict(zip(("cm", "v_nest"), read(HERE / "cells/a.txt", 2).T))' in text
    assert 'cm=a_cells["cm"]' in text and 'a.initialize(v=a_cells["v_nest"] if ON_NEST else -60.0)' in text


def test_plastic_synapses() -> None:
    rule = dict(tau_plus=20.0, tau_minus=30.0, A_plus=0.1, A_minus=0.2, w_min=0.0, w_max=2.0)
    text = write(link(A, B, EVERY, rule=rule))
    assert "plastic_a_link = sim.Projection(\n    a, b, sim.AllToAllConnector()," in text
    assert "A_plus=0.1, A_minus=0.2, w_min=0.0, w_max=2.0, weight=0.5," in text and '"a_link": plastic_a_link,' in text
    assert "scale = w_max if ON_NEST else 1.0" in text


def test_names_are_only_text() -> None:
    name = "a'); import os; os.abort() #\" \\ {x} ψ"
    text = write(populations=(PopulationPlan(name, "slug", 1, "IF_curr_exp", dict(PARAMETERS), "L-I {F}", -60.0),))
    labels = [n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert name in labels
    imported = {a.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import) for a in n.names}
    assert imported == {"argparse", "importlib", "numpy"}
    assert "L_I_F_PARAMETERS = dict(" in text
