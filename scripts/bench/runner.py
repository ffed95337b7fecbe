"""Runs the tasks of a benchmark: systems take turns, each run is a process of its own.

How much the rest of the machine worked meanwhile is taken from /proc/stat less what the run itself used, and goes with
each row: above half a core the time of that run is not to be trusted.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import machine
from .catalogue import BenchNetwork
from .systems import OURS, SYSTEMS, has
from .task import Task

__all__ = ["DISTURBED", "Settings", "execute", "plan", "run"]

DISTURBED = 0.5  # cores that something else kept busy


@dataclass(frozen=True)
class Settings:
    """How often and in which forms a network is run.

    Attributes
    ----------
    peers : tuple of str
        Installed systems to compare with.
    seconds : float or None
        Biological time; by default the network's first.
    repeats, peer_repeats : int
    dtypes : tuple of str
    threads : tuple of int
    seed : int
        Of the first repeat; the next ones count on.
    split : bool
        Also run without synapses, which splits the cost between cells and synaptic events.
    cold : bool
        Also start once without compiled code on disk.
    limit : float
        Seconds after which a run is stopped.
    largest : float
        Cases with more synapses are left out.
    """

    peers: tuple[str, ...] = ()
    seconds: float | None = None
    repeats: int = 3
    peer_repeats: int = 3
    dtypes: tuple[str, ...] = ("float32", "float64")
    threads: tuple[int, ...] = (1, 2)
    seed: int = 2
    split: bool = False
    cold: bool = False
    limit: float = 3600.0
    largest: float = 1e8


def plan(network: BenchNetwork, settings: Settings) -> list[tuple[int, Task]]:
    """Lay the runs out: (repeat, task), systems taking turns."""
    seconds = network.seconds[0] if settings.seconds is None else settings.seconds
    found = []
    for repeat in range(max(settings.repeats, settings.peer_repeats)):
        seed = settings.seed + repeat
        for case in network.cases:
            if case.get("synapses", 0) > settings.largest:
                continue
            if repeat < settings.repeats:
                for dtype in settings.dtypes:
                    common: dict[str, Any] = dict(seconds=seconds, seed=seed, dtype=dtype, case=dict(case))
                    for n in settings.threads:
                        found.append((repeat, Task(network.name, OURS, threads=n, **common)))
                        if settings.split and network.wiring:
                            found.append((repeat, Task(network.name, OURS, threads=n, delivery=False, **common)))
                    if settings.cold and not repeat:
                        found.append((repeat, Task(network.name, OURS, cold=True, **common)))
            if repeat < settings.peer_repeats:
                found += [(repeat, task) for task in _peer_tasks(network, settings, seconds, seed)]
    return found


def _peer_tasks(network: BenchNetwork, settings: Settings, seconds: float, seed: int) -> Iterator[Task]:
    for name in settings.peers:
        if not has(name, network):
            continue
        system = SYSTEMS[name]
        for n in system.threads:
            if n in settings.threads or len(system.threads) == 1:
                yield Task(network.name, name, seconds, seed, system.dtypes[0], n)


def run(network: BenchNetwork, settings: Settings, say: Callable[[Task, dict], None]) -> list[dict[str, Any]]:
    """Run all tasks of a network; a system that failed once is not tried again.

    Parameters
    ----------
    network : BenchNetwork
    settings : Settings
    say : callable
        Called with each task and its row.

    Returns
    -------
    list of dict
        One row a run; one that failed has an ``error`` and no times.
    """
    rows, failed = [], set()
    for repeat, task in plan(network, settings):
        key = task.system, task.dtype, task.threads, task.delivery, task.cold, json.dumps(dict(task.case))
        if key in failed:
            continue
        row = execute(task, settings.limit)
        if "error" in row:
            failed.add(key)
        rows.append(dict(label=task.label, repeat=repeat, **asdict(task), **row))
        say(task, rows[-1])
    return rows


def execute(task: Task, limit: float = 3600.0) -> dict[str, Any]:
    """Do one task in a fresh process and give its row."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder, "row.json")
        command = [sys.executable, "-P", "-m", "spikegram.scripts.bench.worker", task.to_json(), str(path)]
        environment = dict(os.environ, SPIKEGRAM_CACHE=folder) if task.cold else dict(os.environ)
        used, busy, began = _children(), machine.busy_seconds(), time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=limit)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                return dict(error=f"stopped after {limit:g} s")
            raise
        wall, after = time.perf_counter() - began, machine.busy_seconds()
        if process.returncode or not path.is_file():
            lines = [line for line in output.splitlines() if line.strip()]
            return dict(error=lines[-1] if lines else f"exit status {process.returncode}", output=output[-4000:])
        row = json.loads(path.read_text(encoding="utf-8"))
        row["process_s"] = wall
        if busy is not None and after is not None:
            row["other_load"] = max(0.0, (after - busy - (_children() - used)) / wall)
        return row


def _children() -> float:
    """Processor seconds of all ended children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
