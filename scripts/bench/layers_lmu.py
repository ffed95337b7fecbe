"""Works for the comparison of layers: the Legendre memory, the LMU cell and linear scans beside plain torch.

Each system runs one forward and backward over the whole sequence and gives the output and the gradient of the input.
Peers are the best loops over ``x.unbind(0)`` and the best whole-tensor forms that give the same numbers, written in
plain torch: for the memory with dense matrices and as a convolution, for the scan a loop, doubling, and stretches of
sqrt(T) steps side by side.

Large outputs are bound by the system's handing out of pages: set ``THP_MEM_ALLOC_ENABLE=1`` (a switch of torch) before
the process begins to see both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from .works import Work

__all__ = ["SIZES", "WORKS", "agree", "make"]

Run = Callable[[], tuple[Any, Any]]


def _run(function: Callable[..., Any], inputs: list[Any], g: Any) -> Run:
    def run() -> tuple[Any, Any]:
        for x in inputs:
            x.grad = None
        y = function(*inputs)
        y.backward(g)
        return y.detach(), inputs[-1].grad

    return run


def _memory(method: str, order: int, T: int, B: int, form: str = "recurrent") -> dict[str, Run]:
    import torch

    from spikegram.bridges.torch import LegendreMemory
    from spikegram.neurons.legendre import discretise, impulse_response

    generator = torch.Generator().manual_seed(0)
    theta = float(T)
    u = torch.randn((T, B, 1), generator=generator).requires_grad_()
    g = torch.randn((T, B, 1, order), generator=generator)
    layer = LegendreMemory(1, order, theta, method=method, form=form)
    A, B_bar = (torch.from_numpy(np.array(x)).float() for x in discretise(order, theta, method))
    A_t = A.T.contiguous()

    def dense(u: Any) -> Any:
        m, out = torch.zeros(B, order), []
        for b in (u * B_bar).unbind(0):
            m = torch.addmm(b, m, A_t)
            out.append(m)
        return torch.stack(out).unsqueeze(2)

    n = 2 * T
    H = torch.from_numpy(impulse_response(order, theta, T, method)).float()
    spectrum = torch.fft.rfft(H.T.contiguous(), n)

    def fft(u: Any) -> Any:
        both = torch.fft.rfft(u.squeeze(2).T, n).unsqueeze(1) * spectrum  # (B, order, frequencies)
        return torch.fft.irfft(both, n)[..., :T].permute(2, 0, 1).unsqueeze(2)

    H_turned = torch.fft.rfft(H, n, dim=0).unsqueeze(1)

    def fft_time_first(u: Any) -> Any:
        return torch.fft.irfft(torch.fft.rfft(u, n, dim=0) * H_turned, n, dim=0)[:T].unsqueeze(2)

    return {
        "spikegram": _run(lambda u: layer(u)[0], [u], g),
        "dense loop": _run(dense, [u], g),
        "fft": _run(fft, [u], g),
        "fft, time first": _run(fft_time_first, [u], g),
    }


def _cell(hidden: int, order: int, T: int, B: int) -> dict[str, Run]:
    import torch

    from spikegram.bridges.torch import LMU

    torch.manual_seed(0)
    layer = LMU(1, hidden, order, float(T))
    x = torch.randn(T, B, 1).requires_grad_()
    g = torch.randn(T, B, hidden)
    A, B_bar = layer.dynamics.matrices(torch.float32)
    p = dict(layer.named_parameters())

    def loop(x: Any) -> Any:
        """The cell as it is written, what depends on x alone in front."""
        u_x, a, out = x @ p["e_x"].T, x @ p["W_x"].T, []
        h, m = torch.zeros(B, hidden), torch.zeros(B, order)
        for u, a_t in zip(u_x.unbind(0), a.unbind(0), strict=True):
            u = u + h @ p["e_h"].T + m @ p["e_m"].T
            m = torch.addmm(u * B_bar, m, A.T)
            h = torch.tanh(a_t + h @ p["W_h"].T + m @ p["W_m"].T)
            out.append(h)
        return torch.stack(out)

    return {
        "spikegram": _with_parameters(lambda x: layer(x)[0], list(p.values()), x, g),
        "torch loop": _with_parameters(loop, list(p.values()), x, g),
    }


def _with_parameters(function: Callable[..., Any], parameters: list[Any], x: Any, g: Any) -> Run:
    def run() -> tuple[Any, Any]:
        for p in (*parameters, x):
            p.grad = None
        y = function(x)
        y.backward(g)
        return y.detach(), x.grad

    return run


def _scan(T: int, N: int) -> dict[str, Run]:
    import torch

    from spikegram.bridges.torch import scan

    generator = torch.Generator().manual_seed(0)
    a = (0.8 + 0.2 * torch.rand((T, N), generator=generator)).requires_grad_()
    b = torch.randn((T, N), generator=generator).requires_grad_()
    g = torch.randn((T, N), generator=generator)

    def loop(a: Any, b: Any) -> Any:
        h, out = torch.zeros(N), []
        for a_t, b_t in zip(a.unbind(0), b.unbind(0), strict=True):
            h = torch.addcmul(b_t, a_t, h)
            out.append(h)
        return torch.stack(out)

    def doubling(a: Any, b: Any) -> Any:
        step = 1
        while step < T:
            b = torch.cat([b[:step], torch.addcmul(b[step:], a[step:], b[:-step])])
            a = torch.cat([a[:step], a[step:] * a[:-step]])
            step *= 2
        return b

    root = int(T**0.5)

    def two_levels(a: Any, b: Any) -> Any:
        """Stretches of sqrt(T) steps side by side, then from stretch to stretch."""
        a_s, b_s = a.view(-1, root, N).unbind(1), b.view(-1, root, N).unbind(1)
        h, p = b_s[0], a_s[0]
        inside, factors = [h], [p]
        for a_t, b_t in zip(a_s[1:], b_s[1:], strict=True):
            h, p = torch.addcmul(b_t, a_t, h), p * a_t
            inside.append(h)
            factors.append(p)
        carry, starts = torch.zeros(N), []
        for h_t, p_t in zip(h.unbind(0), p.unbind(0), strict=True):
            starts.append(carry)
            carry = torch.addcmul(h_t, p_t, carry)
        start = torch.stack(starts).unsqueeze(1)
        return torch.addcmul(torch.stack(inside, 1), torch.stack(factors, 1), start).view(T, N)

    systems = {"spikegram": lambda a, b: scan(a, b)[0], "loop": loop, "doubling": doubling, "two levels": two_levels}
    return {name: _run(function, [a, b], g) for name, function in systems.items()}


# name -> sizes, quick sizes, what makes the systems
SIZES: dict[str, tuple[dict[str, int], dict[str, int], Callable[..., dict[str, Run]]]] = {
    "lmu-memory": (dict(order=256, T=1000, B=32), dict(order=12, T=40, B=3), partial(_memory, "bilinear")),
    "lmu-memory-zoh": (dict(order=256, T=1000, B=32), dict(order=12, T=40, B=3), partial(_memory, "zoh")),
    "lmu-memory-fft": (dict(order=256, T=1000, B=32), dict(order=12, T=40, B=3), partial(_memory, "zoh", form="fft")),
    "lmu-cell": (dict(hidden=212, order=256, T=784, B=32), dict(hidden=5, order=6, T=30, B=3), _cell),
    "scan": (dict(T=4096, N=2048), dict(T=64, N=5), _scan),
}


def make(name: str, quick: bool = False) -> dict[str, Run]:
    """Give the systems of a work, ours first."""
    full, small, build = SIZES[name]
    return build(**(small if quick else full))


def agree(answers: Mapping[str, Any]) -> None:
    """Hold outputs and gradients against ours; ValueError where they differ by a thousandth of the largest."""
    ours = answers["spikegram"]
    for label, other in answers.items():
        for what, a, b in zip(("outputs", "gradients"), ours, other, strict=True):
            distance = float((a - b).abs().max() / a.abs().max())
            if not distance < 1e-3:
                raise ValueError(f"{label}: {what} differ from ours by {distance:.1e} of the largest")


_GOALS = {"lmu-memory": {"dense loop": 6.0, "fft": 2.5}, "scan": {"two levels": 2.5}}
WORKS = [
    Work(
        name, ", ".join(f"{n} {v}" for n, v in SIZES[name][0].items()) + ", forward and backward",
        lambda threads, quick, name=name: make(name, quick), agree, _GOALS.get(name, {}),
    )
    for name in SIZES
]  # fmt: skip
