"""Arguments of `SpikingLayer`: what is accepted, and what is said of the rest.

>>> from spikegram.neurons import BellecALIF
>>> inputs_of(BellecALIF, None, "cells"), output_of(BellecALIF, None, "cells")
(('x',), '')
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from ...neurons.model import NeuronModel

__all__ = ["features_of", "inputs_of", "names_of", "output_of", "through_of"]


def features_of(given: Any, owner: str = "SpikingLayer") -> tuple[int, ...]:
    """Cells or synapses of a layer, as a shape."""
    shape = (given,) if isinstance(given, int) else tuple(given)
    if not shape or any(not isinstance(n, int) or n < 1 for n in shape):
        raise ValueError(f"{owner}: features: expected whole numbers >= 1, got {given!r}")
    return shape


def names_of(given: Sequence[str], known: Sequence[str], what: str) -> tuple[str, ...]:
    """Names of which each is known and occurs once; ``what`` begins the message."""
    names = (given,) if isinstance(given, str) else tuple(given)
    for n in names:
        if n not in known:
            near = difflib.get_close_matches(str(n), known, 3)
            hint = f" (did you mean {', '.join(near)}?)" if near else ""
            raise ValueError(f"{what}: expected names among {', '.join(known) or '(none)'}, got {n!r}{hint}")
    if len(set(names)) < len(names):
        raise ValueError(f"{what}: each name once, got {', '.join(names)}")
    return names


def inputs_of(model: NeuronModel, given: Any, owner: str) -> tuple[str, ...]:
    """The variables that x drives."""
    possible = (*model.inputs, *model.states)
    if given is not None:
        names = names_of(given, possible, f"{owner}: input")
        if not names:
            raise ValueError(f"{owner}: input: expected at least one of {', '.join(possible)}")
        return names
    if len(model.inputs) == 1:
        return model.inputs
    if not model.inputs and len(model.states) == 1:
        return model.states
    raise ValueError(f"{owner}: input: say which variable x drives, one or several of {', '.join(possible)}")


def output_of(model: NeuronModel, given: str | None, owner: str) -> str:
    """The variable that is the output, or '' for spikes."""
    if given is not None:
        return names_of(given, model.states, f"{owner}: output")[0]
    if not model.threshold:
        raise ValueError(f"{owner} has no spikes: output: name one of {', '.join(model.states)}")
    return ""


def through_of(model: NeuronModel, given: str | Sequence[str], owner: str) -> tuple[str, ...]:
    """The variables whose reset passes gradients to the spike."""
    if not isinstance(given, str):
        return names_of(given, model.states, f"{owner}: reset_grad")
    if given not in ("detach", "through"):
        raise ValueError(f"{owner}: reset_grad: expected 'detach', 'through' or names of variables, got {given!r}")
    return tuple(model.states) if given == "through" else ()
