"""The ELM layer beside a plain torch loop of the same equations, eager and as TorchScript, forward and backward.

The loop is in its best form: inputs unbound once, decays and weights worked out before, the readout one product after
it. All give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .works import Work

__all__ = ["WORKS", "agree", "make"]

TOLERANCE = 1e-3  # of gradients in single precision after a thousand steps, as a part of the largest
_FULL, _QUICK = (1000, 8, 700, 100), (12, 3, 30, 4)  # steps, samples, inputs, memory units


def make(quick: bool = False, script: bool = True, density: float = 0.02) -> dict[str, Callable[[], Any]]:
    """Give functions that run forward and backward, and return the output and the gradients of all weights."""
    import torch

    from ...bridges.torch import ELM

    T, B, inputs, memory = _QUICK if quick else _FULL
    generator = torch.Generator().manual_seed(0)
    layer = ELM(inputs, 20, memory, tau_range=(1.0, 500.0))
    x = (torch.rand((T, B, inputs), generator=generator) < density).float()

    def once(run: Callable[[], Any]) -> list[Any]:
        layer.zero_grad()
        y = run()
        y.square().mean().backward()
        return [y.detach(), *(p.grad.clone() for p in layer.parameters())]

    loop = _loop()
    systems = {"spikegram": lambda: layer(x)[0], "torch loop": lambda: _by_loop(loop, layer, x)}
    if script:
        compiled = torch.jit.script(loop)
        systems["TorchScript loop"] = lambda: _by_loop(compiled, layer, x)
    return {name: partial(once, run) for name, run in systems.items()}


def agree(answers: Mapping[str, Any]) -> None:
    """Hold outputs and gradients against ours; ValueError where they differ."""
    ours = answers["spikegram"]
    for name, other in answers.items():
        apart = max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(ours, other, strict=True))
        if not apart <= TOLERANCE:
            raise ValueError(f"the layer and the {name} differ by {apart:.1e} of the largest value")


def _by_loop(loop: Callable, layer: Any, x: Any) -> Any:
    import torch

    w_s = torch.relu(layer.w_raw)
    _, kappa_m, rest = layer.tau_m(x.dtype)
    _, kappa_s, _ = layer.tau_s(x.dtype)
    m = loop(x, w_s, kappa_s, kappa_m, layer.lam * rest, layer.W1, layer.b1, layer.W2, layer.b2)
    return torch.nn.functional.linear(m, layer.Wy, layer.by)


def _loop() -> Callable:
    """Give the loop, which needs torch in its module's names to become TorchScript."""
    import torch

    globals()["torch"] = torch
    return _memory


def _memory(x, w_s, kappa_s, kappa_m, gain, W1, b1, W2, b2):  # type: ignore[no-untyped-def]
    """Memory after each step: `spikegram.neurons.elm_step`, v1 without branches, on tensors."""
    s = torch.zeros_like(x[0])  # noqa: F821
    m = x.new_zeros(x.shape[1], kappa_m.shape[0])
    out = []
    for x_t in x.unbind(0):
        s = kappa_s * s + w_s * x_t
        kept = kappa_m * m
        hidden = torch.relu(torch.nn.functional.linear(torch.cat([s, kept], -1), W1, b1))  # noqa: F821
        m = kept + gain * (1.7159 * torch.tanh(0.6666666666666666 * torch.nn.functional.linear(hidden, W2, b2)))  # noqa: F821
        out.append(m)
    return torch.stack(out)  # noqa: F821


WORKS = [
    Work(
        "elm", "1,000 steps of 8 samples, 700 inputs at 2 %, 100 memory units, forward and backward",
        lambda threads, quick: make(quick), agree, {"TorchScript loop": 10.0},
    )
]  # fmt: skip
