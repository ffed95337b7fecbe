"""NamedTuple classes for the states of cells: one for each set of field names.

A class is found again by its name, so that states can be pickled and loaded in another process:

>>> import pickle, torch
>>> state = state_class(("v", "I"))(torch.zeros(2), torch.ones(2))
>>> pickle.loads(pickle.dumps(state)).I.tolist()
[1.0, 1.0]
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Sequence
from functools import cache
from typing import Any

__all__ = ["state_class"]

_PREFIX = "SpikingState"


def state_class(names: Sequence[str]) -> type[Any]:
    """Give the class with these fields."""
    return __getattr__(_PREFIX + "".join(f"_{len(n)}{n}" for n in names))


@cache
def _make(title: str) -> type[Any]:
    names, rest = [], title.removeprefix(_PREFIX)
    while rest:
        length = re.match(r"_(\d+)", rest)
        if not length:
            raise AttributeError(title)
        start = length.end()
        names.append(rest[start : start + int(length[1])])
        rest = rest[start + int(length[1]) :]
    return namedtuple(title, names, module=__name__)  # noqa: PYI024  (the fields are known at run time only)


def __getattr__(name: str) -> Any:
    if not name.startswith(_PREFIX):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _make(name)
