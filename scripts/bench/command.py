"""``spikegram bench [NAME...]``: time networks on our engine and on other simulators, and check that they agree."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from .catalogue import BenchNetwork
    from .runner import Settings

__all__ = ["bench", "bench_networks"]

_USUAL = ("cuba4k", "coba4k", "brunel")
_QUICK = ("cuba4k", "coba4k", "scale")
_HELP = """Time networks on our engine and on the peers that are installed; check that all show the same dynamics.

Without a name: cuba4k, coba4k and brunel, 1 s each. "all" takes every usual network, "list" tells their names. Instead
of networks, "layers [WORK...]" times PyTorch layers, "memories [WORK...]" memories, beside NumPy, torch and others;
these suites take --repeats, --threads, --quick and --out. Each run is a process of its own, systems take turns, medians
are compared. Statistics of every run are checked against the ranges on which the simulators agree; a run outside them
makes the command fail."""


@click.command(help=_HELP)
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--repeats", type=click.IntRange(1), help="Runs of each setting of ours. [default: 3; 1 with --quick]")
@click.option("--peer-repeats", type=click.IntRange(0), help="Runs of each peer. [default: as many]")
@click.option("--seconds", type=float, help="Biological time. [default: the network's first]")
@click.option("--peers", default=None, metavar="A,B", help="Systems to compare with. [default: brian2,nest]")
@click.option("--no-peers", is_flag=True, help="Only ours.")
@click.option("--dtype", type=click.Choice(["both", "float32", "float64"]), default="both", show_default=True)
@click.option("--threads", default="1,2", show_default=True, metavar="N,M", help="Numbers of threads.")
@click.option("--seed", type=click.IntRange(0), default=2, show_default=True, help="Of the first repeat.")
@click.option("--split", is_flag=True, help="Also run ours without synapses: cost of a cell and of an event.")
@click.option("--cold", is_flag=True, help="Also start ours once without compiled code on disk.")
@click.option("--quick", is_flag=True, help="Small networks, one run each.")
@click.option("--largest", type=float, help="Most synapses of a case of scale. [default: 1e8; 1e6 with --quick]")
@click.option("--limit", type=float, default=3600.0, show_default=True, help="Seconds after which a run is stopped.")
@click.option("--out", default=os.path.join("runs", "bench"), show_default=True, metavar="DIR", help="Result folder.")
def bench(names: Sequence[str], **options: Any) -> int:
    """Run the command; 1 if a run failed or was out of range."""
    from .catalogue import NETWORKS, find
    from .works import SUITES

    if list(names) == ["list"]:
        width = max(map(len, NETWORKS))
        for network in NETWORKS.values():
            click.echo(f"{network.name:<{width}}  {network.title}")
        for suite in SUITES:
            click.echo(f"{suite:<{width}}  suite of works in one process, beside NumPy and torch")
        return 0
    if names and names[0] in SUITES:
        _refuse_what_suites_lack(names[0])
        return _bench_suite(names[0], names[1:], **options)
    quick = options.pop("quick")
    chosen = list(dict.fromkeys(names or (_QUICK if quick else _USUAL)))
    if "all" in chosen:
        chosen = [n.name for n in NETWORKS.values() if n.usual]
    for name in chosen:
        if name in SUITES:
            raise ValueError(f"{name}: expected before the names of its works, got {' '.join(names)}")
    networks = [find(name) for name in chosen]
    folder = Path(options.pop("out"))
    return bench_networks(networks, _settings(networks, quick, **options), folder)


def _settings(
    networks: Sequence[BenchNetwork], quick: bool, repeats: int | None, peer_repeats: int | None, seconds: float | None,
    peers: str | None, no_peers: bool, dtype: str, threads: str, largest: float | None, **more: Any,
) -> Settings:  # fmt: skip
    """Check the options against each other and against what is installed."""
    from .runner import Settings
    from .systems import SYSTEMS, missing, pick

    if peers is not None and no_peers:
        raise ValueError("peers: expected either --peers or --no-peers, got both")
    repeats = repeats or (1 if quick else 3)
    there = []
    for name in () if no_peers else pick(None if peers is None else _words(peers)):
        note = missing(SYSTEMS[name])
        if note:
            click.echo(f"skipped: {note}")
        else:
            there.append(name)
    counts = _counts(threads)
    for network in networks:
        if seconds is not None and seconds not in network.seconds:
            known = " or ".join(f"{s:g}" for s in network.seconds)
            raise ValueError(f"seconds: {network.name} is defined for {known} s, got {seconds:g}")
    return Settings(
        peers=tuple(there), seconds=seconds, repeats=repeats,
        peer_repeats=repeats if peer_repeats is None else peer_repeats,
        dtypes=("float32", "float64") if dtype == "both" else (dtype,), threads=counts,
        largest=largest or (1e6 if quick else 1e8), **more,
    )  # fmt: skip


def _bench_suite(
    suite: str, names: Sequence[str], repeats: int | None, threads: str, quick: bool, out: str, **_: Any
) -> int:
    """Run works of one suite."""
    from .works import bench_suite

    return bench_suite(suite, _counts(threads), repeats or (1 if quick else 5), quick, Path(out), click.echo, names)


def _refuse_what_suites_lack(suite: str) -> None:
    context = click.get_current_context()
    kept = {"names", "repeats", "threads", "quick", "out"}
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.expose_value and parameter.name not in kept and source is ParameterSource.COMMANDLINE:
            raise ValueError(f"{parameter.opts[0]}: the works of {suite} have no such option; it is one of networks")


def _counts(threads: str) -> tuple[int, ...]:
    try:
        counts = tuple(int(word) for word in _words(threads))
    except ValueError:
        counts = ()
    if not counts or min(counts) < 1:
        raise ValueError(f"threads: expected numbers such as 1,2, got {threads!r}")
    return counts


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def bench_networks(networks: Sequence[BenchNetwork], settings: Settings, folder: Path) -> int:
    """Run networks, write ``NETWORK.json`` and the pictures to ``folder``; 1 if a run failed or was out of range."""
    from . import machine
    from .fit import cases, costs, growth, read_results
    from .runner import DISTURBED, run
    from .summary import case_table, ratios, systems, table

    folder.mkdir(parents=True, exist_ok=True)
    load, wrong, disturbed = machine.load(), [], 0
    if load is not None and load > DISTURBED:
        click.echo(f"warning: the machine is busy (load {load:.2f}): times will be longer and less certain", err=True)
    for network in networks:
        seconds = settings.seconds or network.seconds[0]
        click.echo(f"\n{network.name}: {network.title}, {seconds:g} s")
        started = datetime.now(UTC).isoformat(timespec="seconds")
        rows = run(network, settings, _say)
        notes = [f"{r['label']}, seed {r['seed']}: {m}" for r in rows for m in _complaints(r)]
        wrong += [f"{network.name}: {note}" for note in notes]
        busy = sum(r.get("other_load", 0.0) > DISTURBED for r in rows)
        disturbed += busy
        found, parts = systems(rows), cases(rows)
        content = dict(
            network=network.name, title=network.title, seconds=seconds, cells=network.cells, started=started,
            machine=dict(machine.describe(), load_at_start=load), versions=machine.versions(),
            settings=asdict(settings),
            ranges=network.ranges.get(seconds), in_range=not any(r.get("in_range") is False for r in rows),
            goals=dict(network.goals), disturbed_runs=busy, complaints=notes, systems=found, ratios=ratios(found),
            cases=parts, published=dict(network.published), runs=rows,
        )  # fmt: skip
        _write(folder / f"{network.name}.json", content)
        if found:
            click.echo(table(found))
        for label, times_real in network.published.items():
            click.echo(f"{label} (published): {times_real:g} x real time")
        if parts:
            click.echo(case_table(parts))
    grown = growth(read_results(folder))
    _write(folder / "growth.json", grown)
    for family, fits in grown["fits"].items():
        for label, fit in fits.items():
            click.echo(f"{family}, {label}: {costs(fit)}")
    pictures = _draw(folder)
    click.echo(f"\nwritten to {folder}: {', '.join([f'{n.name}.json' for n in networks] + pictures)}")
    if disturbed:
        click.echo(f"warning: during {disturbed} runs something else used more than {DISTURBED:g} cores", err=True)
    for line in wrong:
        click.echo(f"WRONG: {line}", err=True)
    return 1 if wrong else 0


def _complaints(row: dict[str, Any]) -> list[str]:
    return [f"failed: {row['error']}"] if "error" in row else list(row.get("misses") or ())


def _say(task: Any, row: dict[str, Any]) -> None:
    words = task.label + ("" if task.delivery else ", no synapses") + (", cold" if task.cold else "")
    words += "".join(f", {v:g} {k}" for k, v in task.case.items() if k != "rates")
    if "error" in row:
        click.echo(f"  {words:<44} failed: {row['error']}")
        return
    rate = f"   {row['rate_E']:.2f} Hz" if row.get("rate_E") is not None else ""
    verdict = "   OUT OF RANGE" if row.get("misses") else ""
    click.echo(f"  {words:<44} sim {row['sim_s']:8.3f} s   build {row['build_s']:7.2f} s{rate}{verdict}")


def _write(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def _draw(folder: Path) -> list[str]:
    from .figures import draw

    return draw(folder)
