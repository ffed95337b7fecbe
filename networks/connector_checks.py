"""Checks of what a connector is made of and of what its ``pairs`` is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..units import is_number
from .pair_draws import Ids

__all__ = ["check_call", "check_ids", "set_count", "set_flag", "set_probability"]


def set_flag(connector: Any, *names: str) -> None:
    """Make fields Python's True or False."""
    for name in names:
        value = getattr(connector, name)
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{type(connector).__name__}.{name}: expected True or False, got {value!r}")
        object.__setattr__(connector, name, bool(value))


def set_probability(connector: Any, name: str) -> None:
    """Make a field a float from 0 to 1."""
    value = getattr(connector, name)
    what = f"{type(connector).__name__}.{name}: expected a number from 0 to 1, got {value!r}"
    if not is_number(value):
        raise TypeError(what)
    if not 0 <= value <= 1:  # NaN fails too
        raise ValueError(what)
    object.__setattr__(connector, name, float(value))


def set_count(connector: Any) -> None:
    """Make ``n`` an int from 0 on."""
    n = connector.n
    what = f"{type(connector).__name__}.n: expected a whole number from 0 on, got {n!r}"
    if not is_number(n):
        raise TypeError(what)
    if not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(what)
    object.__setattr__(connector, "n", int(n))


def check_ids(ids: Any, name: str) -> Ids:
    """Neuron numbers, each once."""
    array = np.asarray(ids)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: expected neuron numbers, a one-dimensional array of integers, "
            f"got shape {list(array.shape)} of {array.dtype}"
        )
    array = array.astype(np.int64, copy=False)
    if array.size and array.min() < 0:
        raise ValueError(f"{name}: expected neuron numbers from 0 on, got {array.min()}")
    if (array[1:] <= array[:-1]).any():
        numbers, counts = np.unique(array, return_counts=True)
        if (counts > 1).any():
            twice = numbers[counts > 1][0]
            raise ValueError(f"{name}: expected each neuron once, got {twice} several times")
    return array


def check_call(pre: Any, post: Any, rng: Any) -> tuple[Ids, Ids]:
    """Neuron numbers of both sides; the generator must be one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, got {rng!r}")
    return check_ids(pre, "pre"), check_ids(post, "post")
