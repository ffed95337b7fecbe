"""What the associative memories share: one small face, the checks of patterns and cues, one file format.

========================  ==========================================================================================
``store(patterns)``       learn patterns [P, N], in addition to what is stored
``recall(cues, ...)``     complete cues [Q, N]: (states [Q, N], info); the memory itself does not change
``energy(states)``        energy of each state [Q, N] -> [Q], where the model has one
``capacity()``            how many patterns the theory allows, where there is a theory
``save(path)``            write everything to one file; ``Class.load(path)`` reads it
``nbytes``                bytes of what has been learned
========================  ==========================================================================================

``info`` is a named tuple that begins with the fields of `RecallInfo`; a model adds its own behind them. Binary patterns
are int8 of -1 and +1 (bool is accepted: True is +1), sparse ones bool, real ones float.

>>> check_signs([[True, False], [True, True]], "patterns")
array([[ 1, -1],
       [ 1,  1]], dtype=int8)
>>> check_signs([[0, 1]], "cues")
Traceback (most recent call last):
    ...
ValueError: cues: expected -1 and +1 (or bool), got 0; 2 * x - 1 makes them of 0 and 1
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from ..units import is_number, is_whole
from .result_file import complete_or_not_at_all

__all__ = [
    "BACKENDS",
    "AssociativeMemory",
    "RecallInfo",
    "check_bits",
    "check_choice",
    "check_count",
    "check_letters",
    "check_number",
    "check_real",
    "check_signs",
    "pack_bits",
    "read_memory",
    "unpack_bits",
    "write_memory",
]

_FORMAT = "spikegram memory 1"
BACKENDS = ("numba", "reference")


class RecallInfo(NamedTuple):
    """How a recall ended, for each cue.

    Attributes
    ----------
    steps : ndarray
        int [Q]: updates of the whole state that were made.
    converged : ndarray
        bool [Q]: True if the last update changed nothing (of real states: less than the tolerance).
    """

    steps: np.ndarray
    converged: np.ndarray


class AssociativeMemory(ABC):
    """A memory that completes patterns. It is abstract: a model gives the methods below, and the table above."""

    @abstractmethod
    def store(self, patterns: Any) -> None:
        """Learn ``patterns`` [P, N] in addition to what is stored."""

    @abstractmethod
    def recall(self, cues: Any) -> tuple[np.ndarray, Any]:
        """Complete ``cues`` [Q, N]: (states [Q, N], info). The memory itself does not change."""

    @abstractmethod
    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Give the arguments with which the object is made anew (JSON values), and the arrays it has learned."""

    @classmethod
    @abstractmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """Make the object that `_content` described; ValueError if the arrays do not fit."""

    @property
    def nbytes(self) -> int:
        """Bytes of what has been learned, as `save` writes it."""
        return sum(array.nbytes for array in self._content()[1].values())

    def save(self, path: str | Path) -> None:
        """Write settings and learned arrays to an ``.npz`` file; an older one is replaced once the new is complete."""
        write_memory(path, type(self).__name__, *self._content())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file written by `save`.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged or holds another kind of memory.
        """
        settings, arrays = read_memory(path, cls.__name__)
        try:
            return cls._from_content(settings, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: not a complete {cls.__name__} ({error})") from None


def write_memory(path: str | Path, kind: str, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a memory to one ``.npz`` file of plain arrays; nothing is pickled.

    Parameters
    ----------
    path : str or Path
        Its folder must exist; the file has exactly this name.
    kind : str
        Name of the class.
    settings : mapping
        JSON values.
    arrays : mapping
        Name -> array.
    """
    head = {"format": np.array(_FORMAT), "kind": np.array(kind), "settings": np.array(json.dumps(dict(settings)))}
    with complete_or_not_at_all(path) as draft, open(draft, "wb") as file:
        np.savez(file, **head, **{f"array {name}": array for name, array in arrays.items()})


def read_memory(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_memory` wrote: settings and arrays.

    Raises
    ------
    FileNotFoundError
    ValueError
        If the file is damaged, of another format or another kind.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise FileNotFoundError(f"no file {path}") from None
    except Exception as error:  # NumPy, zipfile, zlib and struct each have their own for a damaged file
        raise ValueError(f"{path}: not a readable memory file ({error})") from None
    if str(found.get("format")) != _FORMAT:
        raise ValueError(f"{path}: expected a file of the format {_FORMAT!r}, got {found.get('format')!s}")
    if str(found["kind"]) != kind:
        raise ValueError(f"{path}: expected a {kind}, got a {found['kind']}")
    arrays = {name.removeprefix("array "): a for name, a in found.items() if name.startswith("array ")}
    return json.loads(str(found["settings"])), arrays


# -- bits -------------------------------------------------------------------------------------------------------------
def pack_bits(bits: np.ndarray, width: int = 64) -> np.ndarray:
    """Bits [., n] as unsigned words of ``width`` bits, the first bit lowest; bits past the end are 0."""
    whole = np.zeros((len(bits), -(-bits.shape[1] // width) * (width // 8)), dtype=np.uint8)
    packed = np.packbits(bits, axis=1, bitorder="little")
    whole[:, : packed.shape[1]] = packed
    return whole.view(f"<u{width // 8}")


def unpack_bits(words: np.ndarray, size: int) -> np.ndarray:
    """The first ``size`` bits of each row of `pack_bits`: bool [., size]."""
    return np.unpackbits(words.view(np.uint8), axis=1, count=size, bitorder="little").view(bool)


# -- checks of arguments ----------------------------------------------------------------------------------------------
def check_signs(values: Any, what: str, size: int | None = None) -> np.ndarray:
    """Give -1 and +1 as int8 [., N], C-contiguous; bool becomes -1 and +1.

    Parameters
    ----------
    values : array_like
        Two-dimensional.
    what : str
        Name of the argument, for messages.
    size : int, optional
        N that is expected.
    """
    array = _matrix(values, what, size)
    if array.dtype == bool:
        return np.ascontiguousarray(array.view(np.int8) * np.int8(2) - np.int8(1))
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{what}: expected numbers or bool, got {array.dtype}")
    wrong = ~((array == 1) | (array == -1))
    if wrong.any():
        got = array[wrong][0]
        hint = "; 2 * x - 1 makes them of 0 and 1" if got == 0 else ""
        raise ValueError(f"{what}: expected -1 and +1 (or bool), got {got}{hint}")
    return np.ascontiguousarray(array, dtype=np.int8)


def check_letters(values: Any, what: str, size: int | None = None) -> np.ndarray:
    """Give -1, 0 and +1 as int8 [., N], C-contiguous."""
    array = _matrix(values, what, size)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{what}: expected numbers, got {array.dtype}")
    wrong = ~((array == 1) | (array == -1) | (array == 0))
    if wrong.any():
        raise ValueError(f"{what}: expected -1, 0 and +1, got {array[wrong][0]}")
    return np.ascontiguousarray(array, dtype=np.int8)


def check_bits(values: Any, what: str, size: int | None = None) -> np.ndarray:
    """Give bool [., N], C-contiguous; 0 and 1 are accepted."""
    array = _matrix(values, what, size)
    if array.dtype != bool:
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{what}: expected bool or numbers, got {array.dtype}")
        wrong = ~((array == 0) | (array == 1))
        if wrong.any():
            raise ValueError(f"{what}: expected 0 and 1 (or bool), got {array[wrong][0]}")
    return np.ascontiguousarray(array, dtype=bool)


def check_real(values: Any, what: str, size: int | None = None, dtype: Any = np.float64) -> np.ndarray:
    """Give finite numbers as ``dtype`` [., N], C-contiguous."""
    array = _matrix(values, what, size)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what}: expected real numbers, got {array.dtype}")
    array = np.ascontiguousarray(array, dtype=dtype)
    if not np.isfinite(array).all():
        raise ValueError(f"{what}: expected finite numbers, got {array[~np.isfinite(array)][0]}")
    return array


def _matrix(values: Any, what: str, size: int | None) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 2 or (size is not None and array.shape[1] != size):
        wanted = "N" if size is None else f"N = {size}"
        hint = "; x[None] makes one pattern a list of one" if array.ndim == 1 else ""
        raise ValueError(f"{what}: expected shape [., {wanted}], got {list(array.shape)}{hint}")
    return array


def check_count(value: Any, what: str, least: int = 1) -> int:
    """Give a whole number that is at least ``least``."""
    if not is_whole(value):
        raise TypeError(f"{what}: expected a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{what}: expected at least {least}, got {value}")
    return int(value)


def check_number(value: Any, what: str, low: float = -np.inf, high: float = np.inf, above: bool = False) -> float:
    """Give a finite number in [low, high], or in (low, high] if ``above``."""
    if not is_number(value):
        raise TypeError(f"{what}: expected a number, got {value!r}")
    if not np.isfinite(value) or not (low < value if above else low <= value) or value > high:
        left = "" if low == -np.inf else f" {'>' if above else '>='} {low:g}"
        right = "" if high == np.inf else f"{' and' if left else ''} <= {high:g}"
        raise ValueError(f"{what}: expected a finite number{left}{right}, got {value!r}")
    return float(value)


def check_choice(value: Any, what: str, choices: tuple[str, ...]) -> str:
    """Give one of the words of ``choices``."""
    if value not in choices:
        raise ValueError(f"{what}: expected one of {', '.join(choices)}, got {value!r}")
    return value
