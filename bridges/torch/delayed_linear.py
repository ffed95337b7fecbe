r"""A linear map in which every synapse has its own delay, fixed or learned.

    y_t[o] = b[o] + sum_i sum_{k=0}^{K} w[o, i] h_k[o, i] x_{t-k}[i]

h (sum over k: 1) is the kernel around the centre of the delay d[o, i] (`delay_times`); in ``eval()``, and for fixed
delays, it is one step:

    y_t[o] = b[o] + sum_i w[o, i] x_{t - k[o, i]}[i]

This is a convolution over time whose kernels have one learned weight at one learned place. Source: Hammouamri,
Khalfaoui-Hassani & Masquelier 2024, "Learning delays in spiking neural networks using dilated convolutions with
learnable spacings", eq. 6 (whole delays) and what follows it. There the width falls exponentially, in the first quarter
of the epochs, from about half of ``max_delay`` to half a step; delays start uniformly, have a learning rate 100 times
that of the weights, and are rounded for the test. Three differences: a delay that would leave 0 ... ``max_delay`` is
folded back and not clamped; delays are in ms, not in steps; h sums to 1 without a constant of 1e-7 in the denominator.

>>> import torch
>>> layer = DelayedLinear(2, 1, max_delay=2.0, delay=[[0.0, 2.0]], learn=("weight",))
>>> _ = layer.weight.data.copy_(torch.tensor([[1.0, 10.0]]))
>>> y, state = layer(torch.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]))
>>> y.flatten().tolist()                                                      # 1, 2, 3 + 10 times 1
[1.0, 2.0, 13.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .backends import check_backend, may_compile
from .delay_times import Delays, Start
from .delayed_op import delay_lists, delayed_linear
from .delays import DelayingLayer, DelayState

__all__ = ["DelayedLinear"]

_LEARN = ("weight", "delay")
_LISTS = tuple(f"_list{k}" for k in range(7))


class DelayedLinear(DelayingLayer):
    """Linear map with a delay for each synapse: x (T, B, in) -> y (T, B, out).

    Parameters
    ----------
    in_features, out_features : int
    max_delay : float
        The longest delay in ms, K steps.
    delay : float, tensor, sequence, law or callable, optional
        In ms, one for all or (out, in), drawn from a law (`laws`) or made by a callable from that shape. Fixed delays
        must be whole steps. For learned ones the start. Default: uniform between 0 and ``max_delay``.
    dt : float
        Time step in ms.
    learn : any of "weight", "delay"
    kernel : "gaussian" or "triangle"
        Of learned delays.
    width : float, optional
        Of the kernel in ms, to be made narrower by `set_width`. Default: half of ``max_delay``.
    bias : bool
    init_state : "rest" or "learn"
        Where sequences start: in silence, or in learned inputs before the first (``start_line``).
    batch_first : bool
    backend : "auto", "numba" or "torch"
        ``auto`` takes compiled passes for fixed delays of up to 4 steps or more that differ, on the CPU; ``torch`` a
        convolution, with derivatives of any order. Learned delays are always plain torch.
    device, dtype

    Notes
    -----
    Weights and bias start uniformly in +-1/sqrt(in), as those of `torch.nn.Linear`.

    State: ``line`` (B, K, in), the last K inputs, the oldest first. Parameters: ``weight`` (out, in), ``delays.raw``
    (out, in) in ms, ``bias`` (out,). In plain torch, on every device and with derivatives of any order, one convolution
    with K + 1 taps: a step costs 2 out in (K + 1) operations a sample, and the kernel (out, in, K + 1) and x are kept
    for the backward. Cut sequences, and other numbers of threads, agree but for rounding: PyTorch takes the sums.
    Compiled passes for fixed delays (``backend``), and a single `step` with whole delays, cost 2 out in operations;
    the passes give the same bits however a sequence is cut and for every number of threads.
    """

    def __init__(
        self, in_features: int, out_features: int, *, max_delay: float, delay: Start | None = None, dt: float = 1.0,
        learn: Sequence[str] = _LEARN, kernel: str = "gaussian", width: float | None = None, bias: bool = False,
        init_state: str = "rest", batch_first: bool = False, backend: str = "auto", device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        check_backend("DelayedLinear", backend)
        for name, n in (("in_features", in_features), ("out_features", out_features)):
            if not isinstance(n, int) or n < 1:
                raise ValueError(f"DelayedLinear: {name}: expected a whole number >= 1, got {n!r}")
        super().__init__((in_features,), batch_first)
        names = (learn,) if isinstance(learn, str) else tuple(learn)
        if not set(names) <= set(_LEARN) or len(set(names)) < len(names):
            raise ValueError(f"DelayedLinear: learn: expected names among {', '.join(_LEARN)}, got {learn!r}")
        self.out_features = out_features
        shape, learned = (out_features, in_features), "delay" in names
        self.delays = Delays(
            _uniform(max_delay, dt, learned) if delay is None else delay, shape, dt, max_delay=max_delay,
            learn=learned, kernel=kernel, width=width, what=f"DelayedLinear({in_features}, {out_features})",
            device=device, dtype=dtype,
        )  # fmt: skip
        kind = dict(device=device, dtype=dtype or torch.get_default_dtype())
        bound = in_features**-0.5
        weight = torch.empty(shape, **kind).uniform_(-bound, bound)
        self.weight: Tensor
        if "weight" in names:
            self.weight = nn.Parameter(weight)
        else:
            self.register_buffer("weight", weight)
        self.bias = nn.Parameter(torch.empty(out_features, **kind).uniform_(-bound, bound)) if bias else None
        self._config = {
            "in_features": in_features, "out_features": out_features, "dt": float(dt), "learn": list(names),
            "bias": bool(bias), "batch_first": batch_first, "backend": backend,
        }  # fmt: skip
        self.backend = backend
        if not learned:
            for name in _LISTS:
                self.register_buffer(name, None, persistent=False)
            _list_delays(self)
            self.register_load_state_dict_post_hook(_list_delays)
        if backend == "numba" and learned:
            raise ValueError("DelayedLinear: backend 'numba' needs fixed delays, got learn with 'delay'")
        self._learn_start(init_state, device, dtype)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Features of one step of y."""
        return (self.out_features,)

    def taps(self, dtype: torch.dtype | None = None) -> Tensor:
        """Give the weights w h of all steps (out, in, K + 1), the latest input first."""
        dtype = dtype or self.weight.dtype
        return self.weight.to(dtype).unsqueeze(-1) * self.delays.kernel(dtype)

    def run(self, x: Tensor, state: DelayState) -> tuple[Tensor, DelayState]:
        """Run a whole sequence."""
        before = state.line.movedim(1, 0)
        if self._is_fused(x):
            K, T = self.delays.last, x.shape[0]
            line = x[T - K :] if T >= K else torch.cat([before[T:], x])
            y = delayed_linear(x, before, self.weight.to(x.dtype), [getattr(self, name) for name in _LISTS])
            return self._shifted(y), DelayState(line.movedim(0, 1).clone(memory_format=torch.contiguous_format))
        heard = torch.cat([before, x])  # [K + T, B, in]
        y = nn.functional.conv1d(heard.permute(1, 2, 0), self.taps(x.dtype).flip(-1)).permute(2, 0, 1)
        line = heard[x.shape[0] :].movedim(0, 1).contiguous()
        return self._shifted(y.to(x.dtype)), DelayState(line)

    def _is_fused(self, x: Tensor) -> bool:
        if not may_compile("DelayedLinear", self.backend, x) or self.delays.learn:
            return False
        return self.backend == "numba" or (self.delays.one is None and self.delays.last >= 4)

    def advance(self, x: Tensor, state: DelayState) -> tuple[Tensor, DelayState]:
        """Run one step."""
        heard = torch.cat([state.line, x.unsqueeze(1)], 1)  # [B, K + 1, in]
        if self.delays.rounded:
            cells = torch.arange(self.in_shape[0], device=x.device)
            late = heard[:, self.delays.last - self.delays.steps(), cells]  # [B, out, in]
            y = (late * self.weight.to(x.dtype)).sum(-1)
        else:
            y = torch.einsum("bki,oik->bo", heard, self.taps(x.dtype).flip(-1))
        return self._shifted(y.to(x.dtype)), DelayState(heard[:, 1:].contiguous())

    def _shifted(self, y: Tensor) -> Tensor:
        return y if self.bias is None else y + self.bias.to(y.dtype)


def _list_delays(layer: DelayedLinear, _: Any = None) -> None:
    """List the synapses by their fixed delays, which a loaded file may have changed."""
    for name, t in zip(_LISTS, delay_lists(layer.delays.whole), strict=True):
        setattr(layer, name, t)


def _uniform(max_delay: float, dt: float, learned: bool) -> Any:
    """Draw delays between 0 and ``max_delay``: whole steps, if they are fixed."""
    if learned:
        return lambda shape: max_delay * torch.rand(shape, dtype=torch.float64)
    return lambda shape: dt * torch.randint(round(max_delay / dt) + 1, shape, dtype=torch.float64)
