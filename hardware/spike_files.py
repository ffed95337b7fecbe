"""``.spikes`` text files: one spike a line, time in ms, a tab, the neuron; lines with ``#`` are comments.

This is what sPyNNaker reads. Files of the older NeuroTools order (neuron first) look the same, so the reader must be
told the order. Times are written with 15 digits, so that a file that is read and written again is the same byte for
byte.

>>> import os, tempfile
>>> path = os.path.join(tempfile.mkdtemp(), "input.spikes")
>>> write_spikes(path, SpikeArray([[0.1, 2.5], [0.3]]))
>>> read_spikes(path, order="time_id").array.times.round(6).tolist()
[0.1, 0.3, 2.5]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..networks.sources import SpikeArray
from ..networks.spiketrains import SpikeTrains

__all__ = ["SpikeFile", "read_spikes", "write_spikes"]

_SIZE = re.compile(r"(?:neurons|size)\s*[:=]\s*(\d+)\s*$")


class SpikeFile(NamedTuple):
    """What a file holds: the spikes, and the comment lines at its head without their ``#``."""

    array: SpikeArray
    comments: tuple[str, ...]


def write_spikes(path: str | Path, spikes: SpikeArray | SpikeTrains, comments: Sequence[str] | None = None) -> None:
    """Write spikes, sorted by time, then neuron.

    Parameters
    ----------
    path : path
    spikes : SpikeArray or SpikeTrains
    comments : list of str, optional
        Lines for the head. By default they name the columns and the number of neurons, which the reader takes up.
    """
    if not isinstance(spikes, SpikeArray | SpikeTrains):
        raise TypeError(f"spikes: expected SpikeArray or SpikeTrains, got {type(spikes).__name__}")
    if comments is None:
        comments = ("time (ms)\tneuron", f"neurons: {spikes.size}")
    for line in comments:
        if not isinstance(line, str) or not line.replace("\t", " ").isprintable():
            raise ValueError(f"comments: expected lines of text, got {line!r}")
    order = np.lexsort((spikes.ids, spikes.times))
    rows = [f"# {line}".rstrip() for line in comments]
    rows += [f"{t:.15g}\t{i}" for t, i in zip(spikes.times[order].tolist(), spikes.ids[order].tolist(), strict=True)]
    Path(path).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8", newline="\n")


def read_spikes(path: str | Path, *, order: str, size: int | None = None, rounding: bool = False) -> SpikeFile:
    """Read spikes.

    Parameters
    ----------
    path : path
    order : str
        ``"time_id"`` or ``"id_time"``; it is never guessed.
    size : int, optional
        Number of neurons; by default what a comment ``neurons: N`` says, else the largest number + 1.
    rounding : bool
        Let a network round times to its steps instead of refusing others.

    Raises
    ------
    ValueError
        With the file and the line that cannot be read.
    """
    comments = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if not line.lstrip().startswith("#"):
            break
        comments.append(line.lstrip()[1:].removeprefix(" "))
    if size is None:
        sizes = [match[1] for line in comments if (match := _SIZE.search(line))]
        size = int(sizes[-1]) if sizes else None
    return SpikeFile(SpikeArray.from_file(path, size, order, rounding), tuple(comments))
