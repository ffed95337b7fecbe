"""The whole state of a running network in one file, exact to the bit.

An ``.npz`` archive of plain arrays (nothing is pickled): variables and last spikes of each population, variables of
each projection in the order of its synapses, the spikes that are still on their way, and the time. Sums that have
already been started for later steps (dendritic delays) are kept too. Recordings are not part of the state; see
`Result.save`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .sources import SpikeArray

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
        if p.model is not p._given:  # spikes were added to its spike array
            arrays[f"p{k}/spike_times"], arrays[f"p{k}/spike_ids"] = p.model.times, p.model.ids
    for k, q in enumerate(network.projections.values()):
        arrays[f"q{k}/values"] = q.raw
        arrays |= {f"q{k}/{word}": mine for word, mine in _wiring(q).items()}
    arrays |= on_its_way(network)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def on_its_way(network: Network) -> dict[str, np.ndarray]:
    """What a run knows beyond variables: spikes on their way, begun sums, when synapses were last touched."""
    if network._restored is not None:  # read, but not run since: there are no arrays yet
        return {n: a for n, a in network._restored.items() if _is_on_its_way(n)}
    engine, arrays = network._engine, {}
    if engine is None:
        return {}
    for k, p in enumerate(network.populations.values()):
        arrays[f"p{k}/history_steps"], arrays[f"p{k}/history_ids"] = engine.history(p)
        for variable, waiting in engine.arrivals(p).items():
            arrays[f"p{k}/arrivals/{variable}"] = waiting.copy()
    for k, q in enumerate(network.projections.values()):
        event_driven = any("event-driven" in e.flags for e in q.synapse.lines)
        arrays[f"q{k}/when"] = q.touched().astype(np.int64) if event_driven else np.zeros(0, dtype=np.int64)
    return arrays


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
    except Exception as error:  # NumPy, zipfile, zlib and struct each have their own for a damaged file
        raise ValueError(f"{path}: not a readable state file ({error})") from None
    if str(arrays.get("format")) != _FORMAT:
        raise ValueError(f"{path}: expected a file of the format {_FORMAT!r}, got {arrays.get('format')!s}")
    structure, other = _structure(network), str(arrays.get("structure"))
    if other != structure:
        raise ValueError(
            f"{path}: the state belongs to another network.\n--- in the file\n{other}\n--- here\n{structure}"
        )
    try:
        _check(network, arrays)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    started = "p0/history_steps" in arrays
    network._drop_engine()
    for k, q in enumerate(network.projections.values()):
        q.reset()
        q.set_raw(arrays[f"q{k}/values"], arrays.get(f"q{k}/when", np.zeros(0)))
    for k, p in enumerate(network.populations.values()):
        p.reset()
        if f"p{k}/spike_times" in arrays:
            p.model = _spikes(p, arrays, k)
        p._state[:], p._last[:], p._free[:] = arrays[f"p{k}/state"], arrays[f"p{k}/last"], arrays[f"p{k}/free"]
    network._last, network.step = None, int(arrays["step"])
    network._restored = arrays if started else None
    network.clear_recordings()


def _is_on_its_way(name: str) -> bool:
    return name.endswith("/when") or "/history_" in name or "/arrivals/" in name


def load_into(engine: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Give a new engine what a restored state knows beyond variables: spikes on their way, begun sums."""
    for k, p in enumerate(engine.network.populations.values()):
        engine.set_history(p, arrays[f"p{k}/history_steps"], arrays[f"p{k}/history_ids"])
        for variable, mine in engine.arrivals(p).items():
            name = f"p{k}/arrivals/{variable}"
            waiting = arrays.get(name, np.zeros(0))
            if waiting.shape != mine.shape:
                raise ValueError(f"restored state: {name}: expected {mine.shape}, got {waiting.shape}")
            engine.set_arrivals(p, variable, waiting)


def _structure(network: Network) -> str:
    """All that a state depends on, save wiring and delays, which have arrays: parameters and inputs may be others."""
    lines = [f"dt {network.dt_si!r} s, seed {network.seed}, {network.dtype}"]
    for p in network.populations.values():
        pace = f", every {p.every} steps" if p.every > 1 else ""
        lines.append(f"population {p.name!r}: {p.size} x {_equations(p._given)} ({', '.join(p._rows)}){pace}")
    for q in network.projections.values():
        size = f"{q.connector!r}, {q.delay_pairs()}," if q.procedural else q.size
        lines.append(f"projection {q.name!r}: {size} x {_equations(q.synapse)} ({', '.join(q._variables())})")
    return "\n".join(lines)


def _wiring(q: Projection) -> dict[str, np.ndarray]:
    """Who is joined to whom and how late; of a procedural projection the structure says it."""
    if q.procedural:
        return {}
    return dict(pre=q.pre_ids, post=q.post_ids, axonal=q.axonal_steps, dendritic=q.dendritic_steps)


def _equations(model: Any) -> str:
    """A short name for a model's equations, the same whatever its parameters and line breaks."""
    if isinstance(model, SpikeArray):
        return "spike array"
    from ..kernels import structure_key

    key = [" ".join(part.split()) if isinstance(part, str) else part for part in structure_key(model)]
    return "equations " + hashlib.sha256(repr(key).encode()).hexdigest()[:8]


def _check(network: Network, arrays: Mapping[str, np.ndarray]) -> None:
    """Refuse arrays that are not of this network's shapes, types and wiring, before anything is changed."""

    def need(name: str, shape: tuple[int | None, ...], like: Any) -> np.ndarray:
        found = arrays.get(name)
        if found is None or found.dtype != np.dtype(like) or not _fits(found.shape, shape):
            got = "nothing" if found is None else f"{found.dtype} {list(found.shape)}"
            raise ValueError(f"{name}: expected {np.dtype(like)} {list(shape)}, got {got}")
        return found

    step = need("step", (), np.int64)
    started = "p0/history_steps" in arrays
    if step < 0:
        raise ValueError(f"step: expected a number >= 0, got {step}")
    for k, p in enumerate(network.populations.values()):
        need(f"p{k}/state", p._state.shape, p._state.dtype)
        need(f"p{k}/last", (p.size,), np.int64)
        need(f"p{k}/free", (p.size,), bool)
        if f"p{k}/spike_times" in arrays:
            source = _spikes(p, arrays, k)
            if source.size > p.size:
                raise ValueError(f"p{k}/spike_ids: expected spikes of {p.size} spike sources, got {source.size}")
            source.steps(network.dt_si)
        if started:
            steps = need(f"p{k}/history_steps", (None,), np.int64)
            ids = need(f"p{k}/history_ids", (len(steps),), np.int32)
            if ids.min(initial=0) < 0 or ids.max(initial=-1) >= p.size:
                raise ValueError(f"p{k}/history_ids: expected neurons 0 ... {p.size - 1}")
            for n in arrays:
                if n.startswith(f"p{k}/arrivals/"):
                    need(n, (None, p.size), network.dtype)
    for k, q in enumerate(network.projections.values()):
        need(f"q{k}/values", (len(q._variables()), 1 if q.procedural else q.size), network.dtype)
        for word, mine in _wiring(q).items():
            if not np.array_equal(need(f"q{k}/{word}", mine.shape, mine.dtype), mine):
                raise ValueError(f"the {word} side of {q.what} differs: other wiring or delays")
        if started:
            need(f"q{k}/when", (q.size if np.size(arrays.get(f"q{k}/when", ())) else 0,), np.int64)


def _fits(shape: tuple[int, ...], pattern: tuple[int | None, ...]) -> bool:
    return len(shape) == len(pattern) and all(b is None or a == b for a, b in zip(shape, pattern, strict=True))


def _spikes(p: Population, arrays: Mapping[str, np.ndarray], k: int) -> SpikeArray:
    """The spike array of a population to which spikes had been added."""
    if not isinstance(p._given, SpikeArray):
        raise ValueError(f"p{k}/spike_times: population {p.name!r} has cells, not a SpikeArray")
    return SpikeArray(arrays[f"p{k}/spike_times"], arrays.get(f"p{k}/spike_ids"), rounding=p._given.rounding)
