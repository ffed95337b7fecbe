"""`export`: hand a network to a hardware target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..networks.network import Network
from ..networks.result import Result
from .report import ExportReport

__all__ = ["TARGETS", "export"]

#: Name of a target -> what it writes.
TARGETS = {
    "spinnaker": "a folder with a PyNN script for sPyNNaker (and NEST), its connections and spikes",
}


def export(
    network: Network, target: str = "spinnaker", path: str | Path | None = None, result: Result | None = None,
    strict: bool = True, **options: Any,
) -> ExportReport:  # fmt: skip
    """Write a network in the form of a hardware target.

    Parameters
    ----------
    network : Network
    target : str
        ``"spinnaker"``.
    path : path
        The folder to be written. One that is there already is replaced only if it holds an earlier export.
    result : Result, optional
        Of a run of this network: its spikes are written too, as what is to be expected.
    strict : bool
        True: refuse the network with the complete list of what the target cannot hold. False: leave that out, with a
        warning, and list it in the report.
    **options
        Of the target; see `spinnaker.export_spinnaker`.

    Returns
    -------
    ExportReport
        What survives, what is rounded, what was refused.

    Raises
    ------
    ExportError
        A ValueError that lists everything that the target cannot hold. Nothing is written then.
    """
    if not isinstance(network, Network):
        raise TypeError(f"export: network: expected a Network, got {type(network).__name__}")
    if target not in TARGETS:
        raise ValueError(f"export: target: expected one of {', '.join(map(repr, TARGETS))}, got {target!r}")
    if path is None:
        raise ValueError("export: path: expected the folder to be written")
    if result is not None and not isinstance(result, Result):
        raise TypeError(f"export: result: expected a Result, got {type(result).__name__}")
    from .spinnaker import export_spinnaker

    return export_spinnaker(network, Path(path), result, strict, **options)
