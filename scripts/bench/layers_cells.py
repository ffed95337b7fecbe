"""Layers of cells beside plain PyTorch loops, snnTorch, SpikingJelly and Norse: one sequence forward and backward.

Each peer runs in its best form, a loop over ``x.unbind(0)``: indexing ``x[t]`` costs a gradient as long as the sequence
in each step. Sizes are T = 1000 steps of B = 32 samples of N = 256 cells. ``lif-shipped`` takes Norse's own module for
sequences; ``lif-5000`` shows the memory of 5,000 steps, of which the output and the gradient of the input are 313 MiB.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .works import Work

__all__ = ["CELLS", "WORKS", "agree", "make"]

CELLS = ("lif", "recurrent-lif", "alif", "izhikevich", "adex", "amsu")
_FULL, _QUICK = (1000, 32, 256), (50, 4, 32)
_BETA = 0.951229424500714  # exp(-1/20)


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
        "adex": (AdEx, 4.0, dict(dt=0.1)),
        "amsu": (AMSU(gain=0.5, shift=0.2), 0.5, {}),
    }[cell]


def make(cell: str, threads: int = 1, quick: bool = False, steps: int = 0, peers: str = "") -> Mapping[str, Any]:
    """Give functions that run a sequence forward and backward, and return spikes and the gradient of the input.

    ``steps`` other than usual; ``peers``: "packages" or "shipped" for only those.
    """
    import torch

    from spikegram.bridges.torch import SpikingLayer

    usual, batch, n = _QUICK if quick else _FULL
    steps = usual if quick else steps or usual
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
    found = {"spikegram": both(lambda x: ours(x)[0])}
    if peers:
        return found | (_shipped(both) if peers == "shipped" else _packages(both))
    found["plain torch loop"] = both(lambda x: plain(x)[0])
    if cell == "recurrent-lif" and importlib.util.find_spec("snntorch"):
        found["snnTorch RLeaky"] = both(_recurrent_peer(arguments["recurrent"]))
    if cell == "lif":
        from .layers_yardstick import forward_and_backward

        given, dy = x.numpy(), weight.numpy()

        def by_hand() -> Any:
            return tuple(map(torch.from_numpy, forward_and_backward(given, dy, _BETA, threads)))

        found |= {"hand-written kernel": by_hand, "written torch loop": both(_written(_BETA)), **_packages(both)}
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
    cells = snntorch.RLeaky(beta=_BETA, linear_features=n, spike_grad=snntorch.surrogate.fast_sigmoid(slope=10))
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


def _packages(both: Callable) -> dict[str, Callable[[], Any]]:
    import torch

    found: dict[str, Callable[[], Any]] = {}
    if importlib.util.find_spec("snntorch"):
        import snntorch

        leaky = snntorch.Leaky(beta=_BETA, spike_grad=snntorch.surrogate.fast_sigmoid(slope=10))

        def by_snntorch(x: Any) -> Any:
            v, out = leaky.init_leaky(), []
            for x_t in x.unbind(0):
                s, v = leaky(x_t, v)
                out.append(s)
            return torch.stack(out)

        found["snnTorch Leaky"] = both(by_snntorch)
    if importlib.util.find_spec("spikingjelly"):
        from spikingjelly.activation_based import functional, neuron, surrogate

        node = neuron.LIFNode(
            tau=20.0, decay_input=False, v_reset=None, surrogate_function=surrogate.ATan(), detach_reset=True,
            step_mode="m",
        )  # fmt: skip

        def by_spikingjelly(x: Any) -> Any:
            functional.reset_net(node)
            return node(x)

        found["SpikingJelly LIFNode"] = both(by_spikingjelly)
    if norse := _norse():
        cells = norse.LIFCell()

        def by_norse(x: Any) -> Any:
            state, out = None, []
            for x_t in x.unbind(0):
                s, state = cells(4 * x_t, state)
                out.append(s)
            return torch.stack(out)

        found["Norse LIFCell"] = both(by_norse)
    return found


def _shipped(both: Callable) -> dict[str, Callable[[], Any]]:
    norse = _norse()
    return {"Norse LIF": both(lambda x: norse.LIF()(4 * x)[0])} if norse else {}


def _norse() -> Any:
    """Norse's PyTorch modules, None if they are not installed."""
    if not importlib.util.find_spec("norse"):
        return None
    try:
        return importlib.import_module("norse.torch")
    except ImportError as error:
        warnings.warn(f"Norse is left out: {error}", stacklevel=2)
        return None


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
        if label.endswith(("loop", "kernel")):
            moved = float((other != y).float().mean())
            same = (other == y).flatten(0, 1).all(0)  # cells without a moved spike
            distance = float((gradient - dx).flatten(0, 1)[:, same].abs().max() / dx.abs().max())
            if moved > 1e-3 or not distance < 1e-3:
                raise ValueError(f"{label}: {moved:.2%} of the spikes moved, gradients differ by {distance:.1e}")


_LIF = {
    "snnTorch Leaky": 12.0, "SpikingJelly LIFNode": 8.0, "Norse LIFCell": 15.0, "written torch loop": 10.0,
    "hand-written kernel": 1 / 1.2,
}  # fmt: skip
_GOALS = {"lif": _LIF, "recurrent-lif": {"snnTorch RLeaky": 5.0}}
_SIZE = "steps of 32 x 256 cells, forward and backward"
WORKS = [
    *(
        Work(
            f"{cell}-layer", f"{cell}, 1,000 {_SIZE}", partial(make, cell), agree,
            _GOALS.get(cell, {"plain torch loop": 10.0}),
        )
        for cell in CELLS
    ),
    Work("lif-shipped", f"lif, 1,000 {_SIZE}", partial(make, "lif", peers="shipped"), agree, {"Norse LIF": 80.0}),
    Work("lif-5000", f"lif, 5,000 {_SIZE}", partial(make, "lif", steps=5000, peers="packages"), agree),
]  # fmt: skip
