"""The whole state of a running network in one file, exact to the bit.

An ``.npz`` archive of plain arrays (nothing is pickled): variables and last spikes of each population, variables of each
projection in the order of its synapses, the spikes that are still on their way, and the time. Sums that have already been
started for later steps (dendritic delays) are kept too. Recordings are not part of the state; see `Result.save`.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .network import Network
    from .population import Population
    from .projection import Projection

__all__ = ["restore", "save"]

_FORMAT = "spikegram state 1"


def save(network: Network, path: str | Path) -> None:
    """Write the state of ``network`` to ``path``."""
    path = Path(path)
    arrays: dict[str, np.ndarray] = {
        "format": np.array(_FORMAT),
        "step": np.array(network.step),
        "structure": np.array(_structure(network)),
    }
    for k, p in enumerate(network.populations.values()):
        arrays[f"p{k}/state"], arrays[f"p{k}/last"], arrays[f"p{k}/free"] = p._state, p._last, p._free
    engine = network._engine
    for k, q in enumerate(network.projections.values()):
        arrays[f"q{k}/values"] = q._values if q._merged is None else q._merged[:, q._place]
        arrays[f"q{k}/pre"], arrays[f"q{k}/post"] = q.pre_ids, q.post_ids
        arrays[f"q{k}/axonal"], arrays[f"q{k}/dendritic"] = q.axonal_steps, q.dendritic_steps
        if engine is not None:
            arrays[f"q{k}/when"] = engine.touched(q)
    if engine is not None:
        for k, p in enumerate(network.populations.values()):
            arrays[f"p{k}/history_steps"], arrays[f"p{k}/history_ids"] = engine.history(p)
            for variable, waiting in engine.arrivals(p).items():
                arrays[f"p{k}/arrivals/{variable}"] = waiting
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def restore(network: Network, path: str | Path) -> None:
    """Read a state into a network of the same structure.

    Raises
    ------
    ValueError
        If the file is no state file, damaged, or of another network; the network is then unchanged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {n: archive[n] for n in archive.files}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise ValueError(f"{path}: not a readable state file ({error})") from None
    if str(arrays.get("format")) != _FORMAT:
        raise ValueError(f"{path}: expected a file of the format {_FORMAT!r}, got {arrays.get('format')!s}")
    structure = _structure(network)
    if str(arrays["structure"]) != structure:
        raise ValueError(
            f"{path}: the state belongs to another network.\n--- in the file\n{arrays['structure']}\n--- here\n{structure}"
        )
    _check(network, arrays, path)
    started = "p0/history_steps" in arrays
    for k, q in enumerate(network.projections.values()):
        q.reset()
        q._values[:] = arrays[f"q{k}/values"]
    for k, p in enumerate(network.populations.values()):
        p.reset()
        p._state[:], p._last[:], p._free[:] = arrays[f"p{k}/state"], arrays[f"p{k}/last"], arrays[f"p{k}/free"]
    network._engine, network._last, network.step = None, None, int(arrays["step"])
    network._restored = arrays if started else None
    network.clear_recordings()


def load_into(engine: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Give a new engine what a restored state knows beyond variables: spikes on their way, begun sums, last touches."""
    for k, p in enumerate(engine.network.populations.values()):
        engine.set_history(p, arrays[f"p{k}/history_steps"], arrays[f"p{k}/history_ids"])
        for variable in engine.arrivals(p):
            engine.set_arrivals(p, variable, arrays[f"p{k}/arrivals/{variable}"])
    for k, q in enumerate(engine.network.projections.values()):
        engine.set_touched(q, arrays[f"q{k}/when"])


def _structure(network: Network) -> str:
    lines = [f"dt {network.dt_si!r} s, seed {network.seed}, {network.dtype}"]
    lines += [f"population {p.name!r}: {p.size} x ({', '.join(p._rows)})" for p in network.populations.values()]
    lines += [f"projection {q.name!r}: {q.size} x ({', '.join(q._variables())})" for q in network.projections.values()]
    return "\n".join(lines)


def _check(network: Network, arrays: Mapping[str, np.ndarray], path: str | Path) -> None:
    """Refuse a file whose arrays have not the shapes of this network, or other wiring."""

    def same(name: str, shape: tuple[int, ...]) -> None:
        if name not in arrays or arrays[name].shape != shape:
            got = arrays[name].shape if name in arrays else "nothing"
            raise ValueError(f"{path}: {name}: expected shape {shape}, got {got}")

    def population(k: int, p: Population) -> None:
        same(f"p{k}/state", p._state.shape)
        same(f"p{k}/last", (p.size,))
        same(f"p{k}/free", (p.size,))

    def projection(k: int, q: Projection) -> None:
        same(f"q{k}/values", (len(q._variables()), q.size))
        for word, mine in (("pre", q.pre_ids), ("post", q.post_ids), ("axonal", q.axonal_steps), ("dendritic", q.dendritic_steps)):
            same(f"q{k}/{word}", (q.size,))
            if not np.array_equal(arrays[f"q{k}/{word}"], mine):
                raise ValueError(f"{path}: the {word} side of {q.what} differs: other wiring or delays")

    for k, p in enumerate(network.populations.values()):
        population(k, p)
    for k, q in enumerate(network.projections.values()):
        projection(k, q)
