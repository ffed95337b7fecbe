"""The text of the exported PyNN script: plain, readable, without spikegram."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .spinnaker_parts import Plan, PopulationPlan, ProjectionPlan

__all__ = ["cell_columns", "connection_rows", "number", "script"]

_MOST_LITERALS = 12
_WIDTH = 118

_HEAD = '''"""A spiking network for SpiNNaker, written by spikegram {version}.

    python network.py                  on SpiNNaker, through pyNN.spiNNaker (sPyNNaker reads ~/.spynnaker.cfg)
    python network.py nest             the same network on pyNN.nest, to look at it without a board
    python network.py nest --input DIR --out DIR --duration MS

Spikes of all cells are written to the folder "out" as text: time in ms, tab, neuron; so are the weights of plastic
synapses. If the folder "expected" holds spikes, those of the run are compared with them. Other input: other files in
place of those in "input". What was rounded on the way here is in README.txt and report.json.
"""

import argparse
import importlib
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
parser = argparse.ArgumentParser(description="Run the exported network.")
parser.add_argument("simulator", nargs="?", default="spiNNaker", choices=["spiNNaker", "nest"])
parser.add_argument("--duration", type=float, default={duration}, help="ms (default: %(default)s)")
parser.add_argument("--input", type=Path, default=HERE / "input", help="folder of given spikes (default: input)")
parser.add_argument("--out", type=Path, default=HERE / "out", help="folder for the results (default: out)")
args = parser.parse_args()
sim = importlib.import_module(f"pyNN.{{args.simulator}}")
ON_NEST = args.simulator == "nest"

# Times here are those of spikegram and of SpiNNaker: a spike has the time at which its step begins. NEST names the
# end of the step, so on NEST all is shifted by SHIFT.
{early}DT = {dt}  # ms
SHIFT = {shift} if ON_NEST else 0.0
{later}
# Without a min_delay of one step PyNN gives the spikes of NEST's sources too late.
nest_options = {{"spike_precision": "on_grid", "min_delay": DT, "max_delay": {longest}}}
sim.setup(timestep=DT, **(nest_options if ON_NEST else {{}}))


def read(path, columns):
    """Read a table of numbers."""
    lines = [line for line in Path(path).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return np.array([line.split() for line in lines], dtype=float).reshape(-1, columns)

'''

_EARLY = """\
# One step more because NEST's sources are silent in the first step; start values there are those of a step before.
"""

_LATER = """\
# These cells feel a spike in the step after it arrives, as in NEST; those of SpiNNaker feel it in the step in which
# it arrives. So delays are one step longer on SpiNNaker.
LATER = 0.0 if ON_NEST else DT
"""

_SOURCE_TIMES = '''
def source_times(name, size):
    """Give the spike times of each neuron from a file: time in ms, tab, neuron."""
    table = read(args.input / f"{name}.spikes", 2)
    steps, neurons = np.rint((table[:, 0] + SHIFT) / DT), table[:, 1].astype(int)
    early = 1e-6 if ON_NEST else 0.0  # NEST rounds times up to a step: 66.70000000000001 would be one step late
    times = [(np.round(steps[neurons == i] * DT, 9) - early).tolist() for i in range(size)]
    return times if any(times) else []  # sPyNNaker 7.4 fails on nothing but empty lists

'''

_FROM_LIST = '''
def from_list(table, later):
    """Connect rows of source, target, weight (nA or uS), delay (ms)."""
    return sim.FromListConnector([(int(i), int(j), float(w), round(float(d) + later, 9)) for i, j, w, d in table])

'''

_PAIR_RULE = '''
def pair_rule(tau_plus, tau_minus, A_plus, A_minus, w_min, w_max, **synapse):
    """Additive STDP. Amplitudes are weights (nA or uS), as in sPyNNaker; NEST multiplies them by w_max itself."""
    scale = w_max if ON_NEST else 1.0
    return sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(
            tau_plus=tau_plus, tau_minus=tau_minus, A_plus=A_plus / scale, A_minus=A_minus / scale
        ),
        weight_dependence=sim.AdditiveWeightDependence(w_min=w_min, w_max=w_max),
        **synapse,
    )

'''

_TAIL = """for population in recorded.values():
    population.record("spikes")
sim.run(args.duration + SHIFT)

args.out.mkdir(parents=True, exist_ok=True)
last = int(np.rint(args.duration / DT))
for name, population in recorded.items():
    found = set()
    for train in population.get_data("spikes").segments[0].spiketrains:
        neuron = int(train.annotations["source_index"])
        steps = np.rint((np.asarray(train.rescale("ms").magnitude) - SHIFT) / DT).astype(int)
        found |= {{(step, neuron) for step in steps.tolist() if step < last}}
    lines = [f"{{step * DT:.15g}}\\t{{neuron}}\\n" for step, neuron in sorted(found)]
    (args.out / f"{{name}}.spikes").write_text("# time (ms)\\tneuron\\n" + "".join(lines), encoding="utf-8")
    message = f"{{name}}: {{len(found)}} spikes"
    if (HERE / f"expected/{{name}}.spikes").is_file():
        table = read(HERE / f"expected/{{name}}.spikes", 2)
        wanted = {{(int(np.rint(t / DT)), int(i)) for t, i in table if np.rint(t / DT) < last}}
        message += f", {{len(wanted)}} expected, {{len(found & wanted)}} in common"
    print(message)
{weights}sim.end()
"""

_WEIGHTS = """for name, projection in plastic.items():  # NEST: as they were at the last spike of each source
    rows = sorted(projection.get("weight", format="list", with_address=True))
    lines = [f"{int(i)} {int(j)} {float(w):.9g}\\n" for i, j, w in rows]
    (args.out / f"{name}.weights.txt").write_text("# source target weight\\n" + "".join(lines), encoding="utf-8")
"""


def number(value: float) -> str:
    """Write a number with at most 15 digits."""
    text = f"{value:.15g}"
    return text if any(c in text for c in ".en") else f"{text}.0"


def cell_columns(p: PopulationPlan, early: Any = None) -> dict[str, np.ndarray]:
    """Give the parameters and start values that differ between the neurons of a population, by name [N]."""
    found = {**p.parameters, "v": p.v, "v_nest": early}
    return {k: v for k, v in found.items() if v is not None and np.ndim(v)}


def connection_rows(q: ProjectionPlan, dt: float) -> list[tuple[int, int, float, float]]:
    """Give source, target, weight and delay in ms of each synapse."""
    return list(zip(q.pre_ids.tolist(), q.post_ids.tolist(), q.weights.tolist(), (q.steps * dt).tolist(), strict=True))


def script(plan: Plan, duration: float, version: str, early: dict[str, Any]) -> str:
    """Write ``network.py``.

    Parameters
    ----------
    plan : Plan
    duration : float
        Default of the run's length in ms.
    version : str
    early : dict
        By population: start values of v one step before the start, for NEST, whose spike sources cannot spike in the
        first step; empty if there is no source.

    Returns
    -------
    str
    """
    arrays = any(p.cell == "SpikeSourceArray" for p in plan.populations)
    longest = max((int(q.steps.max()) for q in plan.projections), default=1)
    out = _HEAD.format(
        version=version,
        duration=number(duration),
        dt=number(plan.dt),
        early=_EARLY if early else "",
        shift="2 * DT" if early else "DT",
        later=_LATER if any(not q.post.same_step for q in plan.projections) else "",
        longest=number(longest * plan.dt),
    )
    body = [_projection(q, plan.dt) for q in plan.projections]
    out += _SOURCE_TIMES if arrays else ""
    out += _FROM_LIST if any("from_list(" in text for text in body) else ""
    out += _PAIR_RULE if any(q.rule for q in plan.projections) else ""
    kinds, models = _models(plan)
    out += "\n# --- populations\n" + models
    out += "".join(_population(p, early.get(p.slug), kinds.get(p.slug)) for p in plan.populations)
    out += "\n# --- projections\n" + "".join(body) + "\n# --- run\n"
    out += _dict("recorded", [p.slug for p in plan.populations if p.v is not None], str)
    plastic = [q.slug for q in plan.projections if q.rule]
    out += _dict("plastic", plastic, "plastic_{}".format) if plastic else ""
    return out + _TAIL.format(weights=_WEIGHTS if plastic else "")


def _dict(name: str, keys: list[str], value: Callable[[str], str]) -> str:
    return f"{name} = {{\n" + "".join(f'    "{k}": {value(k)},\n' for k in keys) + "}\n"


def _models(plan: Plan) -> tuple[dict[str, str], str]:
    """Name the parameter sets that are the same for all neurons: population -> name, and their definitions."""
    names: dict[str, str] = {}  # arguments -> name
    kinds, text = {}, ""
    for p in plan.populations:
        if p.v is None or any(np.ndim(v) for v in p.parameters.values()):
            continue
        arguments = ", ".join(f"{k}={number(v)}" for k, v in p.parameters.items())
        if arguments not in names:
            base = re.sub(r"\W+", "_", p.model, flags=re.ASCII).strip("_").upper() or "CELL"
            name, k = f"{base}_PARAMETERS", 2
            while name in names.values():
                name, k = f"{base}_PARAMETERS_{k}", k + 1
            names[arguments] = name if name[0].isalpha() else f"P_{name}"
            text += _filled(f"{names[arguments]} = dict(", arguments.split(", "), ")")
        kinds[p.slug] = names[arguments]
    return kinds, text


def _filled(head: str, items: list[str], tail: str) -> str:
    """Write items in one line, or in as many lines as they need."""
    line = f"{head}{', '.join(items)}{tail}\n"
    if len(line) <= _WIDTH:
        return line
    rows, row = [], ""
    for item in items:
        if row and len(row) + len(item) > _WIDTH - 8:
            rows.append(row)
            row = ""
        row += f"{' ' if row else ''}{item},"
    return f"{head}\n" + "".join(f"    {r}\n" for r in [*rows, row]) + f"{tail}\n"


def _population(p: PopulationPlan, early: Any, kind: str | None) -> str:
    columns, lines = cell_columns(p, early), []
    if columns:
        names = repr(tuple(columns)).replace("'", '"')
        lines.append(f'{p.slug}_cells = dict(zip({names}, read(HERE / "cells/{p.slug}.txt", {len(columns)}).T))\n')
    head, tail = f"{p.slug} = sim.Population({p.size}, sim.{p.cell}(", f"), label={p.name!r})"
    if p.cell == "SpikeSourceArray":
        items = [f'spike_times=source_times("{p.slug}", {p.size})']
    else:
        items = [f"**{kind}"] if kind else [f"{k}={_value(p, k, v)}" for k, v in p.parameters.items()]
    lines.append(_filled(head, items, tail))
    if p.v is not None:
        start = _value(p, "v", p.v)
        if early is not None and not np.array_equal(early, p.v):
            start = f"{_value(p, 'v_nest', early)} if ON_NEST else {start}"
        lines.append(f"{p.slug}.initialize(v={start})\n")
    return "".join(lines)


def _value(p: PopulationPlan, name: str, value: Any) -> str:
    return f'{p.slug}_cells["{name}"]' if np.ndim(value) else number(value)


def _projection(q: ProjectionPlan, dt: float) -> str:
    later = "0.0" if q.post.same_step else "LATER"
    connector, rows = _pattern(q, dt)
    values: list[str] = []
    if connector:
        plus = "" if q.post.same_step else " + LATER"
        values = [f"weight={number(q.weights[0])}", f"delay={number(q.steps[0] * dt)}{plus}"]
        lines = [f"{q.pre.slug}, {q.post.slug}, {connector},"]
    elif rows:
        lines = [f"{q.pre.slug}, {q.post.slug}, from_list([{rows}], {later}),"]
    elif len(q.pre_ids) <= _MOST_LITERALS:
        items = [f"({i}, {j}, {number(w)}, {number(d)})" for i, j, w, d in connection_rows(q, dt)]
        lines = [f"{q.pre.slug}, {q.post.slug},", *_filled("from_list([", items, f"], {later}),").splitlines()]
    else:
        lines = [f'{q.pre.slug}, {q.post.slug}, from_list(read(HERE / "connections/{q.slug}.txt", 4), {later}),']
    if q.rule:
        lines += _filled("pair_rule(", [f"{k}={number(v)}" for k, v in q.rule.items()] + values, "),").splitlines()
    else:
        lines.append(f"sim.StaticSynapse({', '.join(values)}),")
    lines.append(f'receptor_type="{q.receptor}", label={q.name!r},')
    head = f"plastic_{q.slug} = sim.Projection(\n" if q.rule else "sim.Projection(\n"
    return head + "".join(f"    {line}\n" for line in lines) + ")\n"


def _pattern(q: ProjectionPlan, dt: float) -> tuple[str, str]:
    """Say it shorter if all weights and delays are the same: by a connector of PyNN, or by rows in a loop.

    Parts of populations are loops: sPyNNaker 7.4.1 fails on a OneToOneConnector between views.
    """
    if (
        np.ptp(q.weights) or np.ptp(q.steps) or len(q.pre_ids) == 1
    ):  # PyNN 0.13 fails on one pair between single neurons
        return "", ""
    a, c, count = int(q.pre_ids.min()), int(q.post_ids.min()), len(q.pre_ids)
    b, d = int(q.pre_ids.max()) + 1, int(q.post_ids.max()) + 1
    width = d - c
    if len(np.unique((q.pre_ids - a) * width + q.post_ids - c)) != count:
        return "", ""
    selves = int(np.count_nonzero(q.pre_ids == q.post_ids))
    none_itself = selves == 0 and count == (b - a) * width - max(0, min(b, d) - max(a, c))
    whole = (a, b, c, d) == (0, q.pre.size, 0, q.post.size)
    value = f"{number(q.weights[0])}, {number(q.steps[0] * dt)}"
    if b - a == width == count and np.array_equal(q.pre_ids - a, q.post_ids - c):
        if whole:
            return "sim.OneToOneConnector()", ""
        names = [f"i + {k}" if k else "i" for k in (a, c)]
        return "", f"({names[0]}, {names[1]}, {value}) for i in range({count})"
    if count == (b - a) * width and whole:
        return "sim.AllToAllConnector()", ""
    if none_itself and whole and q.pre is q.post:
        return "sim.AllToAllConnector(allow_self_connections=False)", ""
    if count == (b - a) * width or none_itself:
        condition = " if i != j" if none_itself and count < (b - a) * width else ""
        return "", f"(i, j, {value}) for i in range({_range(a, b)}) for j in range({_range(c, d)}){condition}"
    return "", ""


def _range(first: int, stop: int) -> str:
    return f"{first}, {stop}" if first else f"{stop}"
