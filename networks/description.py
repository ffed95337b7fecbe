"""A network in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..neurons.model import NeuronModel

if TYPE_CHECKING:
    from .network import Network

__all__ = ["describe"]


def describe(network: Network) -> str:
    """Give the text of `Network.describe`."""
    dt, engine = network.dt, network._engine
    lines = [f"Network: dt {dt:g} ms, seed {network.seed}, {network.dtype}, at t = {network.time:g} ms"]
    for p in network.populations.values():
        kind = p.model.name if isinstance(p.model, NeuronModel) else "spike array"
        slow = f", updated every {p.every} steps" if p.every > 1 else ""
        lines.append(f"  population {p.name!r}: {p.size} x {kind}{slow}")
    for drive in network._poisson_inputs:
        where = f"{len(drive.ids)} neurons of {drive.population.name!r}, {drive.target}"
        lines.append(f"  Poisson input to {where}: {drive.n} x {drive.rate:g} Hz")
    for q in network.projections.values():
        steps = sorted(a + d for a, d in q.delay_pairs())
        delays = f"{steps[0] * dt:g} ... {steps[-1] * dt:g} ms" if steps else "-"
        what = f"{'about ' if q.procedural else ''}{q.about} synapses ({q.synapse.name}) -> {q.target or '-'}"
        lines.append(f"  projection {q.name!r}: {what}, delay {delays}")
    if engine is not None:
        for b in engine.layout.bundles:
            lines.append(f"  layout of {', '.join(repr(q.name) for q in b.projections)}: {b.describe()}")
        often = "in every step" if engine.slab <= 1 else f"every {engine.slab} steps"
        lines.append(f"  backend {engine.backend!r}: threads meet {often}")
    return "\n".join(lines)
