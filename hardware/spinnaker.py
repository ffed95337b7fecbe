"""Export for SpiNNaker: a folder with a PyNN script and everything that it reads.

===================  ==========================================================================================
``network.py``       the network; ``python network.py`` on SpiNNaker, ``python network.py nest`` on pyNN.nest
``cells/``           parameters and start values that differ between the neurons of a population
``connections/``     source, target, weight (nA or uS), delay (ms), where that does not fit into the script
``input/``           given spikes as ``.spikes`` text, and as address-event words with their description
``expected/``        the same of the spikes of a run here, if its result was given
``README.txt``       what survives, what is rounded; ``report.json`` the same for programs, with the limits
===================  ==========================================================================================

Conventions that differ are taken care of: refractory periods (here a cell is free again after t_ref/dt steps, there it
is held for as many), the time of a spike (begin of the step here and on SpiNNaker, end in NEST), the step in which an
arriving spike is felt, and STDP amplitudes (absolute here and in sPyNNaker, relative to w_max in NEST).
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ..networks.network import Network
from ..networks.result import Result
from ..networks.sources import SpikeArray
from ..networks.values import grid_steps
from ..units import TIME, to_si
from .aer import AddressField, AddressPacking, write_aer
from .pynn_script import cell_columns, connection_rows, number, script
from .report import ExportError, ExportReport, Finding
from .spike_files import write_spikes
from .spinnaker_parts import Plan, PopulationPlan, limits
from .spinnaker_plan import make_plan

__all__ = ["export_spinnaker"]

_TARGET = "SpiNNaker (PyNN)"


def export_spinnaker(
    network: Network, path: Path, result: Result | None = None, strict: bool = True, begin: str | None = None,
    duration: Any = None,
) -> ExportReport:  # fmt: skip
    """Write a network for SpiNNaker; called by `export`.

    Parameters
    ----------
    network : Network
    path : Path
        The folder; replaced only if it holds an earlier export.
    result : Result, optional
        Of a run from the start, for ``expected/``.
    strict : bool
        See `export`.
    begin : str
        ``"start"``: the network as it was at time 0, so that it does again what ``result`` shows (the default if one is
        given). ``"now"`` (the default without): with the weights that it has now, after learning, and of the given
        spikes only those still to come, the present time being 0. Cells begin at their start values in both.
    duration : float
        Default length of a run in ms. If not given, that of the result; else up to 100 ms after the last given
        spike, or 1000 ms.

    Returns
    -------
    ExportReport
    """
    from_start = _from_start(network, result, begin)
    plan = make_plan(network, from_start)
    if plan.refused and (strict or not any(p.v is not None for p in plan.populations)):
        raise ExportError(_TARGET, plan.refused)
    if not any(p.v is not None for p in plan.populations):
        raise ExportError(_TARGET, [Finding("network", "no population of cells")])
    length = _duration(network, plan, result, duration)
    if path.exists() and not (path / "report.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise ValueError(f"export: path: {path} exists and holds no earlier export; name another folder")
    if plan.refused:
        warnings.warn(
            f"export: {len(plan.refused)} things that {_TARGET} cannot hold are left out; see the report", stacklevel=3
        )
    _conventions(network, plan, from_start)
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        work.chmod(0o755)
        _write(work, plan, result, length)
        files = sorted(f.relative_to(work).as_posix() for f in work.rglob("*") if f.is_file())
        report = ExportReport(
            "spinnaker", path, (*files, "README.txt", "report.json"), tuple(plan.kept), tuple(plan.rounded),
            tuple(plan.refused), tuple(plan.notes), limits(),
        )  # fmt: skip
        report.save(work / "report.json")
        (work / "README.txt").write_text(_readme(report), encoding="utf-8")
        _put_in_place(work, path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return report


def _from_start(network: Network, result: Result | None, begin: str | None) -> bool:
    if begin not in (None, "start", "now"):
        raise ValueError(f"export: begin: expected 'start' or 'now', got {begin!r}")
    if result is not None:
        if begin == "now" and network.step:
            raise ValueError("export: result: it shows a run from the start and cannot go with begin='now'")
        if abs(result.dt - network.dt) > 1e-9 * network.dt:
            raise ValueError(f"export: result: expected steps of {network.dt:g} ms, got {result.dt:g} ms")
        for name in result:
            if name not in network.populations or result[name].size != network.populations[name].size:
                raise ValueError(f"export: result: population {name!r} is not that of the network")
    return begin == "start" or (begin is None and result is not None)


def _duration(network: Network, plan: Plan, result: Result | None, duration: Any) -> float:
    if duration is not None:
        steps = int(grid_steps(to_si(duration, TIME, "export: duration"), network.dt_si, "export: duration"))
        if steps < 1:
            raise ValueError(f"export: duration: expected at least one step, {plan.dt:g} ms, got {duration!r}")
        return steps * plan.dt
    if result is not None and result.duration > 0:
        return result.duration
    last = [int(p.steps.max()) for p in plan.populations if p.steps is not None and p.steps.size]
    return float((max(last) if last else 0) + np.ceil((100.0 if last else 1000.0) / plan.dt)) * plan.dt


def _conventions(network: Network, plan: Plan, from_start: bool) -> None:
    """Add what one should know about the whole network."""
    cells = [p for p in plan.populations if p.v is not None]
    if network.step and not from_start:
        plan.note(
            "network",
            f"weights are those of t = {network.time:g} ms; cells begin at their start values, spikes on their way are "
            "not carried over",
        )
    if any(p.same_step for p in cells):
        plan.note(
            "network",
            "cells of an update rule are stepped as sPyNNaker does; pyNN.nest integrates another way, and its cells "
            "feel arriving spikes one step later, so its spikes differ",
        )
    if not all(p.same_step for p in cells):
        plan.note(
            "network",
            "cells of equations: pyNN.nest (on_grid) integrates currents as here; SpiNNaker rounds and steps its own "
            "way, so compare rates, or spikes within a step or two",
        )
    if plan.dt < limits()["step"]["real_time_ms"]:
        plan.note("network", f"steps of {plan.dt:g} ms: {limits()['step']['source']}")


def _write(folder: Path, plan: Plan, result: Result | None, length: float) -> None:
    from importlib.metadata import version

    early = _early(plan)
    text = script(plan, length, version("spikegram"), early)
    compile(text, "network.py", "exec")
    (folder / "network.py").write_text(text, encoding="utf-8")
    for p in plan.populations:
        if columns := cell_columns(p, early.get(p.slug)):
            rows = zip(*(c.tolist() for c in columns.values()), strict=True)
            _table(folder / "cells" / f"{p.slug}.txt", "  ".join(columns), (" ".join(map(number, r)) for r in rows))
    for q in plan.projections:
        if f'"connections/{q.slug}.txt"' in text:
            listed = connection_rows(q, plan.dt)
            _table(
                folder / "connections" / f"{q.slug}.txt", 'columns = ["i", "j", "weight", "delay"]',
                (f"{i} {j} {number(w)} {number(d)}" for i, j, w, d in listed),
            )  # fmt: skip
    given = [(p, p.steps, p.ids) for p in plan.populations if p.steps is not None]
    _spikes(folder / "input", plan, given)
    if result is not None:
        found = []
        for p in plan.populations:
            if p.v is not None and p.name in result and (spikes := result[p.name].spikes) is not None:
                found.append((p, spikes.steps, spikes.ids))
        _spikes(folder / "expected", plan, found)


def _early(plan: Plan) -> dict[str, Any]:
    """Start values of v one step before the start, if there are spike sources: NEST's cannot spike in the first step.

    So everything happens one step later there. v relaxes exponentially while there is no input: from this value it
    comes to its start value in one step.
    """
    if not any(p.steps is not None for p in plan.populations):
        return {}
    found = {}
    for p in plan.populations:
        if p.v is not None:
            q = {k: np.asarray(v) for k, v in p.parameters.items()}
            rest = q["v_rest"] + q["i_offset"] * q["tau_m"] / q["cm"]
            away = np.asarray(p.v) - rest
            early = rest + away * np.exp(plan.dt / q["tau_m"])
            found[p.slug] = p.v if not np.any(away) else (float(early) if early.ndim == 0 else early)
    return found


def _table(path: Path, head: str, rows: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"# {head}\n")
        file.writelines(f"{row}\n" for row in rows)


def _spikes(folder: Path, plan: Plan, trains: list[tuple[PopulationPlan, np.ndarray, np.ndarray]]) -> None:
    """Write one ``.spikes`` file for each population, and all events together as address-event words."""
    if not trains:
        return
    folder.mkdir()
    for p, steps, ids in trains:
        times = np.array([float(f"{t:.15g}") for t in (steps * plan.dt).tolist()])
        head = (f"population {p.name!r}", "time (ms)\tneuron", f"neurons: {p.size}")
        write_spikes(folder / f"{p.slug}.spikes", SpikeArray(times, ids, p.size), head)
    sizes = [p.size for p, _, _ in trains]
    neuron = AddressField("neuron", 0, max(1, int(max(sizes) - 1).bit_length()))
    population = AddressField(
        "population", neuron.bits, max(1, (len(trains) - 1).bit_length()), tuple(p.name for p, _, _ in trains)
    )
    packing = AddressPacking((neuron, population))
    every = np.concatenate([steps for _, steps, _ in trains])
    exact = every * plan.dt * 1e3
    times = np.rint(exact).astype(np.int64)
    if times.size and np.abs(exact - times).max() > 1e-6 * np.maximum(1, times.max()):
        plan.rounds(f"{folder.name}/events.aer", "times, to whole microseconds")
    if times.size and times.max() >= 2**32:
        packing = AddressPacking(packing.fields, time_bits=64)
    order = np.argsort(times, kind="stable")
    ids = np.concatenate([ids for _, _, ids in trains]).astype(np.int64)
    number_of = np.repeat(np.arange(len(trains)), [len(steps) for _, steps, _ in trains])
    write_aer(folder / "events.aer", times[order], packing, neuron=ids[order], population=number_of[order])


def _readme(report: ExportReport) -> str:
    return f"""A spiking network for SpiNNaker, as a PyNN script.

    python network.py          on SpiNNaker: needs sPyNNaker and a file .spynnaker.cfg in the home folder that names
                               the board (or "virtual_board = True", which maps the network but computes no spikes)
    python network.py nest     on pyNN.nest: needs PyNN and nest-simulator

Spikes of all cells are written to out/. Nothing here was run on a board.

input/ and expected/ hold spikes as text (time in ms, tab, neuron) and as address-event words (events.aer, described
in events.aer.json). connections/ holds source, target, weight (nA for currents, negative if inhibitory; uS for
conductances) and delay (ms). report.json holds the lists below and the limits with their sources.

{report.table()}
"""


def _put_in_place(work: Path, path: Path) -> None:
    """Rename the finished folder; an earlier export goes only when the new one stands."""
    if not path.exists():
        work.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.rename(old / path.name)
    try:
        work.rename(path)
    except BaseException:
        (old / path.name).rename(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
