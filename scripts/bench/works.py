"""``spikegram bench SUITE``: pieces of work that we and others do in one process, side by side.

A suite is a list of modules of this folder, each with a list ``WORKS`` of `Work`. A work makes its data once and gives
functions that all do the same; the first is ours. Each is called once before anything is timed (compiling included),
the answers are compared, and then they are called in turn; medians are compared. Beside the time stands that of the
processors, which other work on the machine disturbs less. The most memory that a call needs beyond what was held before
is taken from /proc. What a second thread can gain at most on this machine is measured first (`threads.gain`).

>>> import time
>>> def make(threads, quick):
...     return {"ours": lambda: time.sleep(0.001), "slow": lambda: time.sleep(0.01)}
>>> found = measure(Work("naps", "sleep", make, goals={"slow": 2.0}), threads=1, repeats=1)
>>> found["ratios"]["slow"] > 2, found["reached"]
(True, True)
"""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from . import machine
from .threads import gain

__all__ = ["SUITES", "Work", "bench_suite", "measure", "same", "works"]

SUITES = {
    "memories": ("hopfield_works", "memories_dense", "memories_sparsey"),
    "layers": ("layers_cells", "layers_synapses", "layers_elm", "layers_lmu"),
}


@dataclass(frozen=True)
class Work:
    """One piece of work.

    Attributes
    ----------
    name, title : str
    make : function
        ``make(threads, quick)`` gives a dict of label -> function without arguments; the first one is ours.
    agree : function, optional
        ``agree(answers)``, a dict of label -> answer, raises ValueError where they differ.
    goals : dict
        Peer -> how many times faster ours is to be.
    threads : tuple of int
        With which numbers of threads it makes sense.
    """

    name: str
    title: str
    make: Callable[[int, bool], Mapping[str, Callable[[], Any]]]
    agree: Callable[[Mapping[str, Any]], None] | None = None
    goals: Mapping[str, float] = field(default_factory=dict)
    threads: tuple[int, ...] = (1, 2)


def works(suite: str) -> list[Work]:
    """All works of a suite; their modules are imported."""
    if suite not in SUITES:
        raise ValueError(f"suite: expected one of {', '.join(SUITES)}, got {suite!r}")
    modules = [importlib.import_module(f".{name}", __package__) for name in SUITES[suite]]
    return [work for module in modules for work in module.WORKS]


def same(answers: Mapping[str, Any]) -> None:
    """Hold states of spins against each other; ValueError where they differ."""
    first, *others = answers
    for label in others:
        differ = int((answers[label] != answers[first]).sum())
        if differ:
            raise ValueError(f"{label}: {differ} spins differ")


def measure(work: Work, threads: int = 1, repeats: int = 5, quick: bool = False) -> dict[str, Any]:
    """Time a work with so many threads: seconds and memory of each system, ratios, goals, disagreements."""
    with ExitStack() as stack:
        _limit(stack, threads)
        systems = work.make(threads, quick)
        complaint, answers, memory = "", {}, {}
        for label, call in systems.items():
            call()
            answers[label], memory[label] = _with_peak(call)
        if work.agree is not None:
            try:
                work.agree(answers)
            except ValueError as error:
                complaint = str(error)
        answers.clear()
        seconds: dict[str, list[float]] = {label: [] for label in systems}
        worked: dict[str, list[float]] = {label: [] for label in systems}
        for _ in range(repeats):
            for label, call in systems.items():
                start, begun = time.perf_counter(), time.process_time()
                call()
                worked[label].append(time.process_time() - begun)
                seconds[label].append(time.perf_counter() - start)
    ours, *peers = systems
    middle = {label: median(times) for label, times in seconds.items()}
    ratios = {label: middle[label] / middle[ours] for label in peers}
    cpu = {label: median(times) for label, times in worked.items()}
    return dict(
        work=work.name, title=work.title, threads=threads, quick=quick, seconds=seconds, median=middle, cpu_median=cpu,
        ratios=ratios, goals=dict(work.goals), peak_bytes=memory, complaint=complaint,
        reached=all(ratios[label] >= goal for label, goal in work.goals.items()),
    )  # fmt: skip


def _limit(stack: ExitStack, threads: int) -> None:
    """Let matrix products of NumPy and torch use so many threads."""
    from threadpoolctl import threadpool_limits

    stack.enter_context(threadpool_limits(threads))
    try:
        import torch
    except ImportError:
        return
    stack.callback(torch.set_num_threads, torch.get_num_threads())
    torch.set_num_threads(threads)


def _with_peak(call: Callable[[], Any]) -> tuple[Any, int | None]:
    """What a call gives, and the most memory that it held beyond what was held before, in bytes."""
    before = machine.resident()  # gives back what was freed, so that the peak begins here
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # forgets the peak so far
    except OSError:
        return call(), None
    answer = call()
    peak = machine.peak_memory()
    return answer, None if before is None or peak is None else max(peak - before, 0)


def bench_suite(
    suite: str, threads: tuple[int, ...] = (1, 2), repeats: int = 5, quick: bool = False, folder: Path | None = None,
    say: Callable[[str], None] = print, names: Sequence[str] = (),
) -> int:  # fmt: skip
    """Run the works of a suite (those of these names, or all), write ``SUITE.json``; 1 if answers differ."""
    todo, found, load = works(suite), [], machine.load()
    for name in names:
        if name not in (known := [work.name for work in todo]):
            raise ValueError(f"names: expected works of {suite} ({', '.join(known)}), got {name!r}")
    todo = [work for work in todo if not names or work.name in names]
    started = datetime.now(UTC).isoformat(timespec="seconds")
    if load is not None and load > 1:
        say(f"warning: the machine is busy (load {load:.2f}): times will be longer and less certain")
    gains = {n: gain(n, 1 if quick else 5) for n in threads if n > 1}
    for n, g in gains.items():
        say(f"{n} threads: {g['arithmetic']:.2f} times the arithmetic and {g['memory']:.2f} times the copying of one")
    for work in todo:
        for n in threads:
            if n not in work.threads:
                continue
            row = measure(work, n, repeats, quick)
            found.append(row)
            say(f"\n{work.name}, {n} thread{'s' * (n > 1)}: {work.title}{' (small)' * quick}")
            for line in _lines(row):
                say(line)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        content = dict(
            suite=suite, started=started, machine=dict(machine.describe(), load_at_start=load, gain=gains),
            versions=machine.versions(), repeats=repeats, works=found,
        )  # fmt: skip
        path = folder / f"{suite}.json"
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
        say(f"\nwritten to {path}")
    wrong = [row for row in found if row["complaint"]]
    for row in wrong:
        say(f"WRONG: {row['work']}, {row['threads']} threads: {row['complaint']}")
    return 1 if wrong else 0


def _lines(row: Mapping[str, Any]) -> list[str]:
    width, lines = max(map(len, row["median"])), []
    for label, seconds in row["median"].items():
        text = f"  {label:<{width}}  {seconds:9.4g} s  cpu {row['cpu_median'][label]:9.4g} s"
        held = row["peak_bytes"][label]
        text += f"  {held / 2**20:8.1f} MiB" if held is not None else ""
        if label in row["ratios"]:
            text += f"  {row['ratios'][label]:8.2f} x"
            goal = row["goals"].get(label)
            if goal is not None:
                text += f"  goal {goal:g}: {'reached' if row['ratios'][label] >= goal else 'not reached'}"
        lines.append(text)
    return lines
