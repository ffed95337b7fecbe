"""The ``spikegram`` command: ``list`` and ``run`` scripts, ``bench`` against peers, ``info`` about this installation.

Exit status: 0 if all went well, 1 if a claim of the script failed, 2 for an error of use (one line on the standard
error output; ``--debug`` shows the traceback), 130 after Ctrl-C.

>>> main(["list"])
adex-patterns ...
0
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

import click

from .scripts.bench.command import bench

__all__ = ["main"]

PROGRAM = "spikegram"
ERRORS_OF_USE = (ValueError, TypeError, OSError, ImportError)


def _debug_option(command: Callable) -> Callable:
    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            context.find_root().obj["debug"] = True

    option = click.option(
        "--debug", is_flag=True, expose_value=False, is_eager=True, callback=remember,
        help="Show the traceback of an error.",
    )  # fmt: skip
    return option(command)


def _show_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        import spikegram

        click.echo(f"{PROGRAM} {spikegram.__version__}")
        context.exit()


@click.group(
    invoke_without_command=True, context_settings=dict(help_option_names=["-h", "--help"], max_content_width=100)
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
@_debug_option
@click.pass_context
def cli(context: click.Context) -> None:
    """Simulate spiking memories; every experiment is a script with a name."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command(name="list")
@_debug_option
def list_scripts() -> None:
    """List the scripts and what each shows."""
    from .experiment import scripts

    found = scripts()
    width = max(map(len, found), default=0)
    for script in found.values():
        click.echo(f"{script.name:<{width}}  {script.title}")


class _Scripts(click.Group):
    """``run``: its commands are the scripts, imported when one of them is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        from .experiment import scripts

        return list(scripts())

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from .experiment import scripts

        with formatter.section("Scripts"):
            formatter.write_dl([(s.name, s.title) for s in scripts().values()])

    def get_command(self, context: click.Context, name: str) -> click.Command:
        from .experiment import scripts

        found = scripts()
        name = name.replace("_", "-")
        if name not in found:
            near = get_close_matches(name, found, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(found)}"
            raise click.UsageError(f"run: no script {name!r}; {hint}")
        return _command(found[name])


@cli.command(cls=_Scripts, name="run", subcommand_metavar="NAME [OPTIONS]", invoke_without_command=True)
@_debug_option
@click.pass_context
def run_scripts(context: click.Context) -> None:
    """Run a script; NAME --help lists its options."""
    from .experiment import scripts

    if context.invoked_subcommand is None:
        raise click.UsageError(f"run: which script? There are: {', '.join(scripts())}")


def _command(script: Any) -> click.Command:
    """Make the command of one script out of the signature of its ``run``."""
    out = click.Option(
        ["--out"], type=click.Path(file_okay=False), default=os.path.join("runs", script.name), show_default=True,
        metavar="DIR", help="Folder for figures, recordings and result.json.",
    )  # fmt: skip
    quiet = click.Option(["--quiet"], is_flag=True, help="Show no progress bar.")
    parameters: list[click.Parameter] = [out, quiet]
    for option in script.options():
        word = "--" + option.name.replace("_", "-")
        if option.type is bool:
            declared = click.Option(
                [f"{word}/--no-{word[2:]}"], default=option.default, show_default=True, help=option.help
            )
        else:
            kind = click.Choice(option.type) if isinstance(option.type, tuple) else option.type
            declared = click.Option([word], type=kind, default=option.default, show_default=True, help=option.help)
        declared.name = option.name
        parameters.append(declared)

    def callback(out: str, quiet: bool, **options: Any) -> int:
        from .experiment import run_script, terminal_width

        report = run_script(script.name, out, not quiet, **options)
        click.echo(f"\n{script.title}\n\n{report.table(terminal_width())}\n")
        width = max(map(len, report.files)) + 1
        click.echo(f"files in {out}{os.sep}")
        for name, what in report.files.items():
            name += os.sep if os.path.isdir(os.path.join(out, name)) else ""
            click.echo(f"  {name:<{width}}  {what}")
        failed = sum(not c.ok for c in report.checks)
        if report.ok:
            click.echo(f"\nall {len(report.checks)} claims hold")
        else:
            click.echo(
                f"\n{failed} of {len(report.checks)} claims FAILED" if report.checks else "\nnothing was checked"
            )
        return 0 if report.ok else 1

    command = click.Command(
        script.name, params=parameters, callback=callback, help="\b\n" + script.help().replace("\n\n", "\n\n\b\n")
    )
    _debug_option(command)
    return command


cli.add_command(_debug_option(bench))


@cli.command()
@_debug_option
def info() -> None:
    """Show versions, backends, this machine and where generated code is kept."""
    from .experiment import versions
    from .kernels.cache import cache_folder
    from .networks.backends import BACKENDS

    for name, version in versions().items():
        click.echo(f"{name:<14} {version}")
    click.echo("\nbackends")
    for backend in BACKENDS.values():
        state = "available" if backend.is_available() else f"missing: pip install {backend.package}"
        click.echo(f"  {backend.name:<12} {state:<12} {backend.what}")
    click.echo(f"\n{'cores':<14} {os.cpu_count()}")
    if hasattr(os, "sysconf"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        click.echo(f"{'memory':<14} {memory:.1f} GiB")
    click.echo(f"{'GPU':<14} {_gpu()}")
    click.echo(f"{'code cache':<14} {cache_folder()}")


def _gpu() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return "none found (no nvidia-smi)"
    try:
        asked = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return f"nvidia-smi gave no answer ({type(error).__name__})"
    return "; ".join(line.strip() for line in answer.splitlines() if line.strip()) or "none found"


def main(args: Sequence[str] | None = None) -> int:
    """Run the command and give its exit status.

    Parameters
    ----------
    args : list of str, optional
        Words after the program's name; those of the command line by default.
    """
    state = {"debug": False}
    with warnings.catch_warnings():
        warnings.showwarning = _warn  # type: ignore[assignment]
        return _main(args, state)


def _main(args: Sequence[str] | None, state: dict[str, bool]) -> int:
    try:
        status = cli.main(None if args is None else list(args), PROGRAM, standalone_mode=False, obj=state)
    except click.Abort:
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as error:
        return _fail(error.format_message())
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return 130
    except ERRORS_OF_USE as error:
        if state["debug"]:
            raise
        return _fail(str(error) or type(error).__name__)
    sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _warn(message: Any, *_: Any) -> None:
    """Print a warning as one line."""
    click.echo(f"{PROGRAM}: warning: {' '.join(str(message).split())}", err=True)


def _fail(message: str) -> int:
    """Print an error of use as one line."""
    click.echo(f"{PROGRAM}: error: {' '.join(message.split())}", err=True)
    return 2
