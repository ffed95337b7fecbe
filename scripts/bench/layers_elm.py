"""The ELM layer beside a plain torch loop of the same equations, eager and as TorchScript, forward and backward.

The loop is in its best form: inputs unbound once, decays and weights worked out before, the readout one product after
it. All give the same numbers, which is checked before any time is taken; rounds alternate between them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["elm"]

TOLERANCE = 1e-3  # of gradients in single precision after a thousand steps, as a part of the largest


def elm(
    threads: int = 1, repeats: int = 5, T: int = 1000, B: int = 8, inputs: int = 700, memory: int = 100,
    density: float = 0.02, script: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Time forward and backward passes of the layer and of the loops.

    Returns
    -------
    dict
        ``sizes``; ``seconds``: name -> one time for each round; ``ratios``: name -> median of the loop's time over the
        layer's in the same round; ``differences``: name -> largest difference of output and of gradients.
    """
    import statistics

    import torch

    from ...bridges.torch import ELM

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.manual_seed(0)
        layer = ELM(inputs, 20, memory, tau_range=(1.0, 500.0))
        x = (torch.rand(T, B, inputs) < density).float()
        runs: dict[str, Callable[[], Any]] = {"layer": lambda: layer(x)[0]}
        loop = _loop()
        runs["torch loop"] = lambda: _by_loop(loop, layer, x)
        if script:
            compiled = torch.jit.script(loop)
            runs["TorchScript loop"] = lambda: _by_loop(compiled, layer, x)

        def once(run: Callable[[], Any]) -> Any:
            layer.zero_grad()
            y = run()
            y.square().mean().backward()
            return y.detach()

        found = {}
        for name, run in runs.items():
            for _ in range(2):  # TorchScript specialises in its first two calls
                y = once(run)
            found[name] = [y, *(p.grad.clone() for p in layer.parameters())]
        differences = {
            name: [float((a - b).abs().max() / b.abs().max()) for a, b in zip(found["layer"], values, strict=True)]
            for name, values in found.items()
            if name != "layer"
        }
        for name, parts in differences.items():
            if max(parts) > TOLERANCE:
                raise ArithmeticError(f"the layer and the {name} differ by {max(parts):.1e} of the largest value")
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(repeats):
            for name, run in runs.items():
                start = time.perf_counter()
                once(run)
                seconds[name].append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(before)
    ratios = {
        name: statistics.median(a / b for a, b in zip(times, seconds["layer"], strict=True))
        for name, times in seconds.items()
        if name != "layer"
    }
    sizes = dict(T=T, B=B, inputs=inputs, memory=memory, density=density, threads=threads, dtype="float32")
    return dict(
        sizes=sizes, seconds=seconds, ratios=ratios, differences={n: max(parts) for n, parts in differences.items()}
    )


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
