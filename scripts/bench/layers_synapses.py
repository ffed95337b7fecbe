"""A layer of Tsodyks-Markram synapses beside loops in plain PyTorch: one sequence of spikes forward and backward.

The peers are a loop as one writes it, over ``x.unbind(0)`` (indexing ``x[t]`` costs a gradient as long as the sequence
in each step), and the layer's own generated step in such a loop. All learn U and both time constants. Sizes are
T = 1000 steps of B = 32 samples of N = 256 synapses, a twentieth of which spike in each step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .works import Work

__all__ = ["WORKS", "agree", "make"]

_FULL, _QUICK = (1000, 32, 256), (50, 4, 32)


def make(quick: bool = False) -> Mapping[str, Callable[[], Any]]:
    """Give functions that run a sequence forward and backward: what is sent, gradients of x and of the parameters."""
    import torch

    from spikegram.bridges.torch import SynapseLayer
    from spikegram.plasticity import TsodyksMarkram

    steps, batch, n = _QUICK if quick else _FULL
    generator = torch.Generator().manual_seed(1)
    x = (torch.rand((steps, batch, n), generator=generator) < 0.05).float()
    weight = torch.randn((steps, batch, n), generator=generator)
    names = ("U", "tau_d", "tau_f")
    ours, plain = (SynapseLayer(TsodyksMarkram, n, learn=names, backend=b) for b in ("numba", "torch"))

    def both(run: Callable[[Any, Any], Any], layer: Any) -> Callable[[], Any]:
        def once() -> Any:
            given = x.detach().requires_grad_()
            for p in layer.parameters():
                p.grad = None
            y = run(given, layer)
            y.backward(weight)
            return y.detach(), given.grad, torch.stack([p.grad for p in layer.parameters()])

        return once

    return {
        "spikegram": both(lambda x, layer: layer(x)[0], ours),
        "written torch loop": both(_written, ours),
        "generated torch loop": both(lambda x, layer: layer(x)[0], plain),
    }


def _written(x: Any, layer: Any) -> Any:
    """Tsodyks and Markram as one would write them in PyTorch."""
    import torch

    U, tau_d, tau_f = (layer.parameter(name) for name in layer.learn)
    recover, decay = torch.exp(-1 / tau_d), torch.exp(-1 / tau_f)
    ready, u, out = torch.ones_like(x[0]), torch.zeros_like(x[0]), []
    for s in x.unbind(0):
        used = u + U * (1 - u)
        sent = s * used * ready
        ready = 1 - (1 - ready + sent) * recover
        u = (u + s * (used - u)) * decay
        out.append(sent)
    return torch.stack(out)


def agree(answers: Mapping[str, Any]) -> None:
    """Hold outputs and gradients against each other; ValueError where they differ."""
    for label, other in answers.items():
        for what, a, b in zip(("output", "gradient of x", "gradients"), answers["spikegram"], other, strict=True):
            distance = float((a - b).abs().max() / b.abs().max())
            if not distance < 1e-3:
                raise ValueError(f"{label}: {what} differs by {distance:.1e} of its largest value")


WORKS = [
    Work(
        "synapse-layer", "Tsodyks-Markram, 1,000 steps of 32 x 256 synapses, forward and backward",
        lambda threads, quick: make(quick), agree, {"written torch loop": 10.0, "generated torch loop": 10.0},
    )
]  # fmt: skip
