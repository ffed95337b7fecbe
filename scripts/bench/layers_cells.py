"""Layers of cells beside plain PyTorch loops, snnTorch and Norse: one sequence forward and backward.

Each peer runs in its best form, a loop over ``x.unbind(0)``: indexing ``x[t]`` costs a gradient as long as the sequence
in each step. Sizes are T = 1000 steps of B = 32 samples of N = 256 cells.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from .works import Work

__all__ = ["CELLS", "WORKS", "agree", "make"]

CELLS = ("lif", "recurrent-lif", "alif", "izhikevich", "adex", "amsu")
_FULL, _QUICK = (1000, 32, 256), (50, 4, 32)


def _model(cell: str) -> tuple[Any, float, dict[str, Any]]:
    """A cell, the size of its input and the arguments of its layer."""
    from spikegram.neurons import AMSU, AdEx, BellecALIF, Izhikevich, NeuronModel

    if cell.endswith("lif") and cell != "alif":
        leaky = NeuronModel(
            "v : 1\nx : 1 (input)", update="v = exp(-dt/tau_m)*v + x", threshold="v > v_th", reset="v -= v_th",
            parameters=dict(tau_m="20*ms", v_th=1), name="leaky",
        )  # fmt: skip
        return leaky, 0.12, {}
    return {
        "alif": (BellecALIF, 0.2, {}),
        "izhikevich": (Izhikevich, 20.0, dict(dt=0.5)),
        "adex": (AdEx, 2.0, dict(dt=0.1)),
        "amsu": (AMSU(gain=0.5, shift=0.2), 0.5, {}),
    }[cell]


def make(cell: str, quick: bool = False) -> Mapping[str, Callable[[], Any]]:
    """Give functions that run a sequence forward and backward, and return spikes and the gradient of the input."""
    import torch

    from spikegram.bridges.torch import SpikingLayer

    steps, batch, n = _QUICK if quick else _FULL
    model, size, arguments = _model(cell)
    generator = torch.Generator().manual_seed(1)
    x = size * torch.rand((steps, batch, n), generator=generator)
    weight = torch.randn((steps, batch, n), generator=generator)

    def both(run: Callable[[Any], Any]) -> Callable[[], Any]:
        def once() -> Any:
            given = x.detach().requires_grad_()
            y = run(given)
            y.backward(weight)
            return y.detach(), given.grad

        return once

    if cell == "recurrent-lif":
        arguments = {"recurrent": 0.3 * torch.randn((n, n), generator=generator) / n**0.5}
    ours, plain = (SpikingLayer(model, n, backend=b, **arguments) for b in ("numba", "torch"))
    found = {"spikegram": both(lambda x: ours(x)[0]), "plain torch loop": both(lambda x: plain(x)[0])}
    if cell == "recurrent-lif" and importlib.util.find_spec("snntorch"):
        found["snnTorch RLeaky"] = both(_recurrent_peer(arguments["recurrent"]))
    if cell == "lif":
        found |= {"written torch loop": both(_written(0.951229424500714)), **_peers(both, n)}
    return found


def _written(beta: float) -> Callable[[Any], Any]:
    """The leaky cell as one would write it in PyTorch."""
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, u: Any) -> Any:
            ctx.save_for_backward(u)
            return (u > 0).to(u.dtype)

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad / (1 + 10 * ctx.saved_tensors[0].abs()) ** 2

    def run(x: Any) -> Any:
        v, out = torch.zeros_like(x[0]), []
        for x_t in x.unbind(0):
            v = beta * v + x_t
            s = Spike.apply(v - 1)
            v = v - s.detach()
            out.append(s)
        return torch.stack(out)

    return run


def _recurrent_peer(weights: Any) -> Callable[[Any], Any]:
    import snntorch
    import torch

    n = len(weights)
    cells = snntorch.RLeaky(
        beta=0.951229424500714, linear_features=n, spike_grad=snntorch.surrogate.fast_sigmoid(slope=10)
    )
    with torch.no_grad():
        cells.recurrent.weight.copy_(weights.T)
        cells.recurrent.bias.zero_()

    def run(x: Any) -> Any:
        (s, v), out = cells.init_rleaky(), []
        for x_t in x.unbind(0):
            s, v = cells(x_t, s, v)
            out.append(s)
        return torch.stack(out)

    return run


def _peers(both: Callable, n: int) -> dict[str, Callable[[], Any]]:
    import torch

    found: dict[str, Callable[[], Any]] = {}
    if importlib.util.find_spec("snntorch"):
        import snntorch

        leaky = snntorch.Leaky(beta=0.951229424500714, spike_grad=snntorch.surrogate.fast_sigmoid(slope=10))

        def by_snntorch(x: Any) -> Any:
            v, out = leaky.init_leaky(), []
            for x_t in x.unbind(0):
                s, v = leaky(x_t, v)
                out.append(s)
            return torch.stack(out)

        found["snnTorch Leaky"] = both(by_snntorch)
    if importlib.util.find_spec("norse"):
        try:
            from norse.torch import LIFCell
        except ImportError as error:
            warnings.warn(f"Norse is left out: {error}", stacklevel=2)
            return found
        cells = LIFCell()

        def by_norse(x: Any) -> Any:
            state, out = None, []
            for x_t in x.unbind(0):
                s, state = cells(4 * x_t, state)
                out.append(s)
            return torch.stack(out)

        found["Norse LIFCell"] = both(by_norse)
    return found


def agree(answers: Mapping[str, Any]) -> None:
    """Hold spikes and gradients against each other; ValueError where they differ.

    The loops of the same equations must give the same spikes (but for a few in 100,000 that a rounding moves); the
    packages, whose cells differ in detail, must spike, at a rate within a factor of four.
    """
    y, dx = answers["spikegram"]
    rate = float(y.mean())
    for label, (other, gradient) in answers.items():
        if not 0.25 * rate < float(other.mean()) < 4 * rate:
            raise ValueError(f"{label}: rate {float(other.mean()):.4f} a step, expected about {rate:.4f}")
        if label.endswith("loop"):
            moved = float((other != y).float().mean())
            same = (other == y).flatten(0, 1).all(0)  # cells without a moved spike
            distance = float((gradient - dx).flatten(0, 1)[:, same].abs().max() / dx.abs().max())
            if moved > 1e-3 or not distance < 1e-3:
                raise ValueError(f"{label}: {moved:.2%} of the spikes moved, gradients differ by {distance:.1e}")


_GOALS = {
    "lif": {"snnTorch Leaky": 12.0, "Norse LIFCell": 15.0, "written torch loop": 10.0},
    "recurrent-lif": {"snnTorch RLeaky": 5.0},
}
WORKS = [
    Work(
        f"{cell}-layer", f"{cell}, 1,000 steps of 32 x 256 cells, forward and backward",
        lambda threads, quick, cell=cell: make(cell, quick), agree, _GOALS.get(cell, {"plain torch loop": 10.0}),
    )
    for cell in CELLS
]  # fmt: skip
