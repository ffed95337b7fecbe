r"""Delays of layers, fixed or learned: whole steps, or a normalised kernel around a centre that gradients move.

A fixed delay is a whole number of steps k. A learned one is a centre d between 0 and ``max_delay`` = K dt, and a signal
arrives in all steps k = 0 ... K with the weights h_k, which sum to 1 (c = d/dt, s = width/dt):

============  ====================================================================
``kernel``    h_k before it is divided by its sum over k
============  ====================================================================
``gaussian``  exp(-((k - c)/s)^2/2)
``triangle``  max(0, 1 - |k - c|/s), s >= 1; with s = 1 linear interpolation
============  ====================================================================

A wide kernel lets a centre feel what lies far away; made narrower while training goes on (`Delays.set_width`), it
becomes one step. In ``eval()`` centres are rounded to whole steps (halves to the even one), and no gradient reaches
them. End with a narrow kernel (`Delays.narrowest`), else what was learned changes: a gaussian as wide as half a step,
where the source ends, gives a centre on a step 0.79 of the signal, and as wide as a quarter 0.999.

d is stored as a number r without bounds, in ms, and folded back at the ends, not clamped:

    d = u if u <= max_delay else 2 max_delay - u,   u = r mod 2 max_delay

so its gradient has the size 1 everywhere and a delay that reaches an end can leave it. At the corner of a triangle the
gradient is the mean of both sides.

Source: Hammouamri, Khalfaoui-Hassani & Masquelier 2024, "Learning delays in spiking neural networks using dilated
convolutions with learnable spacings" (gaussian; the width falls exponentially from about half of ``max_delay`` to half
a step in the first part of the training; delays start uniformly; positions are clamped there), and
Khalfaoui-Hassani, Pellegrini & Masquelier 2023, "Dilated convolution with learnable spacings: beyond bilinear
interpolation" (both kernels).

>>> import torch
>>> times = Delays(1.25, (1,), 1.0, max_delay=3.0, learn=True, kernel="triangle", width=1.0)
>>> times.kernel(torch.float64).tolist(), times.steps().tolist()
([[0.0, 0.75, 0.25, 0.0]], [1])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...networks.values import grid_steps
from .laws import Law, drawn

__all__ = ["KERNELS", "Delays"]

KERNELS = ("gaussian", "triangle")


class Delays(nn.Module):
    """Hold delays of one shape.

    Parameters
    ----------
    delay : float, tensor, sequence, law or callable
        In ms, one for all or one for each; of a law (`laws`) each is drawn, a callable gets the shape and gives them.
        For a learned delay the start.
    shape : tuple of int
    dt : float
        Time step in ms.
    max_delay : float, optional
        The longest delay in ms, a whole number of steps. Default: the longest of ``delay``; needed for learned ones.
    learn : bool
    kernel : "gaussian" or "triangle"
        Of a learned delay.
    width : float, optional
        Of the kernel, in ms. Default: half of ``max_delay``, at least half a step (a step for a triangle).
    what : str
        Who asks, for messages.
    device, dtype
        Of the parameter.

    Attributes
    ----------
    last : int
        K, the longest delay in steps.
    one : int or None
        The fixed delay in steps if all are equal.
    raw : parameter (*shape)
        r in ms, of learned delays.
    whole : buffer of int64 (*shape)
        Fixed delays in steps. It is part of the ``state_dict``: delays that were drawn cannot be drawn again.

    Raises
    ------
    ValueError
        For delays that are negative, longer than ``max_delay`` or, if fixed, between two steps; nothing is rounded.
    """

    raw: nn.Parameter
    whole: Tensor
    _spread: Tensor

    def __init__(
        self, delay: Any, shape: Sequence[int], dt: float, *, max_delay: float | None = None, learn: bool = False,
        kernel: str = "gaussian", width: float | None = None, what: str = "Delays", device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.shape, self.dt, self.learn, self.what = tuple(shape), float(dt), bool(learn), what
        if not 0 < self.dt < math.inf:
            raise ValueError(f"{what}: dt: expected a time > 0 ms, got {dt!r}")
        if kernel not in KERNELS:
            raise ValueError(f"{what}: kernel: expected one of {', '.join(KERNELS)}, got {kernel!r}")
        if learn and max_delay is None:
            raise ValueError(f"{what}: max_delay: a learned delay needs the longest that it may become, got None")
        if max_delay is not None and not 0 <= max_delay < math.inf:
            raise ValueError(f"{what}: max_delay: expected a time >= 0 ms, got {max_delay!r}")
        start = self._given(delay)
        longest = float(start.max()) if max_delay is None and start.numel() else float(max_delay or 0.0)
        self.last = int(
            self._on_grid(torch.tensor(longest, dtype=torch.float64), "delay" if max_delay is None else "max_delay")
        )
        slack = 1e-6 * self.dt
        if start.numel() and float(start.max()) > self.last * self.dt + slack:
            raise ValueError(f"{what}: delay: {float(start.max()):g} ms is longer than max_delay = {longest:g} ms")
        self.kind = kernel
        self.one: int | None = None
        self._plain = float(delay) if isinstance(delay, int | float) else 0.0
        if not learn:
            if width is not None:
                raise ValueError(f"{what}: width: a fixed delay has no kernel, got width={width!r}")
            self.register_buffer("whole", self._on_grid(start, "delay").to(device))
            self._see()
            return
        if not self.last:
            raise ValueError(f"{what}: max_delay: a learned delay needs at least one step, got {longest:g} ms")
        self.raw = nn.Parameter(start.to(device, dtype or torch.get_default_dtype()))
        self.register_buffer("_spread", torch.ones(()), persistent=False)
        self.set_width(max(0.5 * longest, self.narrowest) if width is None else width)

    def _given(self, delay: Any) -> Tensor:
        """Give the delays in ms, float64, one for each."""
        given = delay(self.shape) if callable(delay) else drawn(delay, self.shape)
        value = torch.as_tensor(given, dtype=torch.float64).detach().cpu()
        if value.ndim and tuple(value.shape) != self.shape:
            raise ValueError(
                f"{self.what}: delay: expected one number or shape {self.shape}, got shape {tuple(value.shape)}"
            )
        if not bool(((value >= 0) & value.isfinite()).all()):
            bad = value[~((value >= 0) & value.isfinite())].flatten()[0].item()
            raise ValueError(f"{self.what}: delay: expected times >= 0 ms, got {bad:g}")
        return value.expand(self.shape).clone()

    def _on_grid(self, ms: Tensor, name: str) -> Tensor:
        steps = grid_steps(ms.double().numpy() * 1e-3, self.dt * 1e-3, f"{self.what}: {name}")
        return torch.as_tensor(steps)

    def _see(self) -> None:
        """Note what the fixed delays are."""
        first = int(self.whole.flatten()[0]) if self.whole.numel() else 0
        self.one = first if bool((self.whole == first).all()) else None

    @property
    def narrowest(self) -> float:
        """The width in ms at which a kernel is one step, for a centre on a step: where to end."""
        return self.dt * (0.25 if self.kind == "gaussian" else 1.0)

    @property
    def width(self) -> float | None:
        """Width of the kernel in ms; None for fixed delays."""
        return self._width if self.learn else None

    def set_width(self, width: float) -> None:
        """Set the width of the kernel in ms: the standard deviation of a gaussian, half of a triangle's base."""
        if not self.learn:
            raise ValueError(f"{self.what}: set_width: fixed delays have no kernel; build the layer with learn")
        least = self.dt if self.kind == "triangle" else 0.0
        if not least <= width < math.inf or width == 0:
            wanted = f"at least dt = {self.dt:g} ms" if least else "> 0 ms"
            raise ValueError(f"{self.what}: width: expected {wanted}, got {width!r}")
        self._width = float(width)  # a tensor as well, since a compiled graph holds numbers of a layer for constants
        self._spread = torch.full((), self._width / self.dt, dtype=torch.float64, device=self.raw.device)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Delays:
        super()._apply(fn, recurse)
        if self.learn:
            self.set_width(self._width)  # keeps its digits in a layer of half precision
        return self

    @property
    def rounded(self) -> bool:
        """Whether delays are whole steps now."""
        return not (self.learn and self.training)

    def ms(self) -> Tensor:
        """Give the delays in ms, with their gradient if they are learned."""
        if not self.learn:
            return self.whole.double() * self.dt
        top = self.last * self.dt
        raw = self.raw.float() if self.raw.dtype in (torch.float16, torch.bfloat16) else self.raw
        u = torch.remainder(raw, 2 * top)
        return torch.where(u <= top, u, 2 * top - u)

    def steps(self) -> Tensor:
        """Give the delays in whole steps, learned ones rounded."""
        return (self.ms().detach() / self.dt).round().long() if self.learn else self.whole

    def kernel(self, dtype: torch.dtype) -> Tensor:
        """Give the weights h (*shape, K + 1) of all steps, the latest input first."""
        taps = torch.arange(self.last + 1, device=self.raw.device if self.learn else self.whole.device)
        if self.rounded:
            return (self.steps().unsqueeze(-1) == taps).to(dtype)
        off = (taps.to(dtype) - (self.ms().to(dtype) / self.dt).unsqueeze(-1)) / self._spread
        if self.kind == "gaussian":
            return torch.softmax(-0.5 * off * off, -1)
        above = 1 - off.abs()
        above = 0.5 * (above + above.abs())  # max(0, .), with slope 1/2 at the corner
        return above / above.sum(-1, keepdim=True)

    def _load_from_state_dict(self, state: dict, prefix: str, *rest: Any) -> None:
        given = state.get(prefix + "whole")
        if given is not None and given.numel() and not 0 <= int(given.min()) <= int(given.max()) <= self.last:
            raise ValueError(
                f"{self.what}: the file has delays of up to {int(given.max())} steps, expected at most max_delay ="
                f" {self.last} steps"
            )
        super()._load_from_state_dict(state, prefix, *rest)
        if not self.learn:
            self._see()

    def config(self) -> dict[str, Any]:
        """Give the arguments; delays that are not one number are 0 here, and come with the ``state_dict``."""
        return {"delay": self._plain, "max_delay": self.last * self.dt, "kernel": self.kind, "width": self.width}


Start = float | Tensor | Sequence[Any] | Law | Callable[[tuple[int, ...]], Tensor]
