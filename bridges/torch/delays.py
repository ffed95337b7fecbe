r"""Delays as a layer: each feature (axon) arrives later.

Fixed delays, of k_f whole steps:

    y_t[f] = x_{t - k_f}[f]

learned ones, in training, with the kernel h around each centre (`delay_times`, source there):

    y_t[f] = sum_{k=0}^{K} h_k[f] x_{t-k}[f]

and in ``eval()`` the centres are rounded to whole steps and the first equation holds. What came before the sequence is
in the state: at rest, zeros.

>>> import torch
>>> y, state = Delay(2, [0.0, 2.0])(torch.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]))
>>> y.tolist(), state.line.tolist()
([[1.0, 0.0], [2.0, 0.0], [3.0, 1.0]], [[2.0, 2.0], [3.0, 3.0]])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .delay_times import Delays, Start
from .sequence import SequenceLayer
from .spiking_checks import features_of

__all__ = ["Delay", "DelayState", "DelayingLayer"]


class DelayState(NamedTuple):
    """``line``: the last K inputs (B, K, *features), the oldest first."""

    line: Tensor


class DelayingLayer(SequenceLayer):
    """Base of layers with ``delays``; a layer (the final class) sets them and, in ``_config``, its other arguments."""

    State = DelayState
    delays: Delays
    _config: dict[str, Any]

    @property
    def delay(self) -> Tensor:
        """The delays in ms, with their gradient if they are learned."""
        return self.delays.ms()

    @property
    def width(self) -> float | None:
        """Width of the kernel in ms; None for fixed delays."""
        return self.delays.width

    def set_width(self, width: float) -> None:
        """Set the width of the kernel in ms."""
        self.delays.set_width(width)

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Give the shape of the line."""
        return {"line": (self.delays.last, *self.in_shape)}

    def config(self) -> dict[str, Any]:
        """Give the arguments; delays that are not one number are in the ``state_dict``."""
        return self._config | {"init_state": self.starts} | self.delays.config()


class Delay(DelayingLayer):
    """Delay each feature: x (T, B, *features) -> y (T, B, *features).

    Parameters
    ----------
    features : int or tuple of int
    delay : float, tensor, sequence, law or callable
        In ms, one for all or one for each feature, drawn from a law (`laws`) or made by a callable from the shape of
        the features. Fixed delays must be whole steps. For learned ones the start.
    dt : float
        Time step in ms.
    max_delay : float, optional
        The longest delay in ms, K steps. Default: the longest of ``delay``; needed for learned delays.
    learn : () or ("delay",)
    kernel : "gaussian" or "triangle"
        Of learned delays.
    width : float, optional
        Of the kernel in ms, to be made narrower by `set_width`. Default: half of ``max_delay``.
    init_state : "rest" or "learn"
        Where sequences start: in silence, or in learned inputs before the first (``start_line``).
    batch_first : bool
    device, dtype

    Notes
    -----
    State: ``line`` (B, K, *features). Learned delays: parameter ``delays.raw`` in ms. Plain torch on every device, with
    derivatives of any order. Fixed delays copy (the same bits however a sequence is cut); learned ones cost 2 (K + 1)
    operations a feature and step, and keep x and the kernel for the backward; PyTorch takes their sums, which round
    otherwise for another number of threads. A single `step` moves the whole line.

    Examples
    --------
    >>> import torch
    >>> layer = Delay(3, 4.0, max_delay=10.0, learn=("delay",), kernel="triangle", width=5.0)
    >>> for epoch in range(5):  # train, and narrow the kernel to one step
    ...     layer.set_width(5.0 * (1.0 / 5.0) ** (epoch / 4))
    >>> round(layer.width, 6), layer.delay.tolist()
    (1.0, [4.0, 4.0, 4.0])
    """

    def __init__(
        self, features: int | Sequence[int], delay: Start, *, dt: float = 1.0, max_delay: float | None = None,
        learn: Sequence[str] = (), kernel: str = "gaussian", width: float | None = None, init_state: str = "rest",
        batch_first: bool = False, device: Any = None, dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        shape = features_of(features, "Delay")
        super().__init__(shape, batch_first)
        names = (learn,) if isinstance(learn, str) else tuple(learn)
        if names not in ((), ("delay",)):
            raise ValueError(f"{self._name}: learn: expected () or ('delay',), got {learn!r}")
        self.delays = Delays(
            delay, shape, dt, max_delay=max_delay, learn=bool(names), kernel=kernel, width=width, what=self._name,
            device=device, dtype=dtype,
        )  # fmt: skip
        self._config = {"features": list(shape), "learn": list(names), "dt": float(dt), "batch_first": batch_first}
        self._learn_start(init_state, device, dtype)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Features of one step of y."""
        return self.in_shape

    def run(self, x: Tensor, state: DelayState) -> tuple[Tensor, DelayState]:
        """Run a whole sequence."""
        heard = torch.cat([state.line.movedim(1, 0), x])  # [K + T, B, *features]
        T, K = x.shape[0], self.delays.last
        line = heard[T:].movedim(0, 1)
        flat = heard.flatten(2)
        if not self.delays.rounded:
            y = self._spread(flat)
        elif self.delays.one is not None:
            y = flat[K - self.delays.one : K - self.delays.one + T]
        else:
            since = torch.arange(T, device=x.device).unsqueeze(-1) + K - self.delays.steps().flatten()
            y = flat.gather(0, since.unsqueeze(1).expand(T, x.shape[1], flat.shape[2]))
        return y.reshape(x.shape), DelayState(line.contiguous())

    def _spread(self, heard: Tensor) -> Tensor:
        """Filter each feature: heard (K + T, B, N) -> (T, B, N)."""
        with torch.autocast(heard.device.type, enabled=False):  # a delay keeps the digits
            h = self.delays.kernel(heard.dtype).flatten(0, -2).flip(-1)  # [N, K + 1]
            rows = heard.permute(1, 2, 0).unsqueeze(-1)  # with a second axis of space: quicker on the CPU
            y = nn.functional.conv2d(rows, h[:, None, :, None], groups=heard.shape[2])
        return y.squeeze(-1).permute(2, 0, 1)

    def advance(self, x: Tensor, state: DelayState) -> tuple[Tensor, DelayState]:
        """Run one step."""
        heard = torch.cat([state.line, x.unsqueeze(1)], 1)  # [B, K + 1, *features]
        if self.delays.rounded:
            since = (self.delays.last - self.delays.steps()).expand(x.shape).unsqueeze(1)
            y = heard.gather(1, since).squeeze(1)
        else:
            y = (heard * self.delays.kernel(x.dtype).movedim(-1, 0).flip(0)).sum(1)
        return y, DelayState(heard[:, 1:].contiguous())
