r"""Legendre memory as a layer: the last ``theta`` ms of every input as Legendre coefficients.

    m_t = Abar m_{t-1} + Bbar u_t,  y_t = m_t                     (`spikegram.neurons.legendre`, discretisation there)

=============  ====================================================================================================
``form``       how a sequence is computed; every form gives the same numbers, and may be split anywhere
=============  ====================================================================================================
"recurrent"    step by step: for the bilinear rule in O(q) a step (`spikegram.kernels.lmu`), else with dense matrices
"fft"          as one convolution with the impulse response, O(T log T q); a state that is not 0 costs a dense run
=============  ====================================================================================================

If only the last step is wanted, ``layer.last(x)`` is one matrix product.

>>> import torch
>>> memory = LegendreMemory(1, order=4, theta=10.0)
>>> m, state = memory(torch.ones(400, 1, 1))
>>> (memory.decode([0.0, 5.0]) @ m[-1, 0, 0].double()).round(decimals=4).tolist()
[1.0, 1.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...kernels import lmu as kernels
from ...kernels import scan as scan_kernels
from ...neurons.legendre import (
    LegendreParams,
    LegendreState,
    decode_delay,
    discretise,
    euler_limit,
    impulse_response,
    legendre_system,
)
from .matrix_exponential import matrix_exponential
from .op import SequenceOp
from .scan import array, matrix_scan
from .sequence import SequenceLayer

__all__ = ["LegendreDynamics", "LegendreMemory"]

FORMS = ("recurrent", "fft")


# ---- operators: u (T, B, d), m0 (B, d, q) -> m (T, B, d, q) and the last m


def _last(m: Tensor, m0: Tensor) -> Tensor:
    return (m[-1] if len(m) else m0).clone(memory_format=torch.contiguous_format)


def _bilinear(inputs: list[Tensor], options: str) -> list[Tensor]:
    u, m0 = inputs[:2]
    steps = float(inputs[2].detach()) if len(inputs) == 3 else float(options)
    m = torch.empty((*u.shape, m0.shape[-1]), dtype=u.dtype)
    kernels.bilinear_forward(steps, *map(array, (u, m0, m)), threads=torch.get_num_threads())
    return [m, _last(m, m0)]


def _bilinear_backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    u, m0 = inputs[:2]
    learned = len(inputs) == 3
    steps = float(inputs[2].detach()) if learned else float(options)
    found = [torch.empty(t.shape, dtype=t.dtype) for t in (u, m0)]
    given = (array(m0), array(results[0])) if learned and needs[2] else ()
    slope = kernels.bilinear_backward(steps, *map(array, (*gradients, *found)), torch.get_num_threads(), *given)
    return [*found, torch.full_like(inputs[2], slope / steps)] if learned else found


def _shapes(inputs: list[Tensor], _: str) -> list[Tensor]:
    u, m0 = inputs[:2]
    return [m0.new_empty((*u.shape, m0.shape[-1])), m0]


_bilinear_op = SequenceOp("legendre_bilinear", _bilinear, _bilinear_backward, _shapes, outputs=2)


def _length(T: int) -> int:
    """Points of a transform in which a sequence does not meet its own end."""
    from scipy.fft import next_fast_len

    return next_fast_len(2 * T - 1, real=True)


@lru_cache(maxsize=8)
def _spectrum(order: int, steps: float, method: str, T: int, dtype: torch.dtype) -> Tensor:
    """Spectrum of the impulse response (q, frequencies)."""
    H = torch.from_numpy(impulse_response(order, steps, T, method).T.copy()).to(dtype)
    return torch.fft.rfft(H, _length(T))


def _options(options: str) -> tuple[float, str]:
    steps, method = options.split()
    return float(steps), method


def _carried(inputs: list[Tensor], options: str) -> tuple[np.ndarray, np.ndarray]:
    """Dense matrices in the dtype of the inputs."""
    steps, method = _options(options)
    dtype = array(inputs[1][:0]).dtype
    A, B = discretise(inputs[1].shape[-1], steps, method)
    return A.astype(dtype), B.astype(dtype)


def _convolve(inputs: list[Tensor], options: str) -> list[Tensor]:
    u, m0 = inputs
    T, q = len(u), m0.shape[-1]
    spectrum, n = _spectrum(q, *_options(options), T, u.dtype), _length(T)
    m = torch.empty((*u.shape, q), dtype=u.dtype)
    heard = torch.fft.rfft(u.movedim(0, -1), n)  # (B, d, frequencies): time last is quicker to transform
    for b in range(len(heard)):  # what belongs to one sample stays in cache
        m[:, b] = torch.fft.irfft(heard[b].unsqueeze(1) * spectrum, n)[..., :T].permute(2, 0, 1)
    if m0.any():
        A, _ = _carried(inputs, options)
        lanes = m0.shape[0] * m0.shape[1]
        rest = torch.empty((T, lanes, q), dtype=u.dtype)
        zero = np.zeros((1, lanes, q), array(rest).dtype)
        zero = np.lib.stride_tricks.as_strided(zero, rest.shape, (0, *zero.strides[1:]))
        scan_kernels.matrix_forward(A, zero, array(m0.reshape(lanes, q)), array(rest), torch.get_num_threads())
        m += rest.reshape(m.shape)
    return [m, _last(m, m0)]


def _convolve_backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    u, m0 = inputs
    T, q = len(u), m0.shape[-1]
    g = gradients[0].clone()
    g[-1] += gradients[1]
    spectrum, n = _spectrum(q, *_options(options), T, u.dtype).conj(), _length(T)
    gu = torch.empty(u.shape, dtype=u.dtype)
    for b in range(u.shape[1]):
        both = (torch.fft.rfft(g[:, b].permute(1, 2, 0).contiguous(), n) * spectrum).sum(1)
        gu[:, b] = torch.fft.irfft(both, n)[..., :T].T
    gm0 = torch.zeros(m0.shape, dtype=m0.dtype)
    if needs[1]:
        A, _ = _carried(inputs, options)
        flat = g.reshape(T, -1, q)
        h0, gb = torch.zeros(flat.shape[1:], dtype=g.dtype), torch.empty(flat.shape, dtype=g.dtype)
        scan_kernels.matrix_backward(
            A, *map(array, (h0, flat, flat, h0)), None, array(gb), array(gm0.view(-1, q)), torch.get_num_threads()
        )
    return [gu, gm0]


_convolve_op = SequenceOp("legendre_fft", _convolve, _convolve_backward, _shapes, outputs=2)


class LegendreDynamics(nn.Module):
    """The memory itself: A, B and theta, and how it runs. `LegendreMemory` and `LMU` hold one.

    ``log_theta``, if learned, is the logarithm of theta over its first value; with Euler's rule that of what theta has
    above `euler_limit`, so that it stays stable.
    """

    def __init__(
        self, order: int, theta: float, dt: float, method: str, form: str, learn: Sequence[str], backend: str,
        device: Any, dtype: torch.dtype | None,
    ) -> None:  # fmt: skip
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"form: expected one of {', '.join(FORMS)}, got {form!r}; for the last step alone: last()")
        if backend not in ("numba", "torch"):
            raise ValueError(f"backend: expected 'numba' or 'torch', got {backend!r}")
        for name in learn:
            if name != "theta":
                raise ValueError(f"learn: expected 'theta' or nothing, got {name!r}")
        LegendreParams(order, theta, method)
        discretise(order, theta, method, dt)  # refuses what is unstable
        self.order, self.dt, self.method, self.form, self.backend = order, float(dt), method, form, backend
        self.steps, self.low = theta / dt, euler_limit(order) if method == "euler" else 0.0
        self.learned = bool(learn)
        value = torch.zeros((), device=device, dtype=dtype)
        self.register_parameter("log_theta", nn.Parameter(value) if learn else None)
        made = legendre_system(order) if learn else discretise(order, theta, method, dt)
        # float64 whatever the layer's dtype, and no buffers: those would lose digits in `float()`
        self._fixed = tuple(torch.tensor(x, device=device) for x in made)

    def _apply(self, fn: Any, recurse: bool = True) -> LegendreDynamics:
        super()._apply(fn, recurse)
        device = fn(torch.empty(0, device=self._fixed[0].device)).device
        self._fixed = tuple(t.to(device) for t in self._fixed)
        return self

    def theta(self) -> float:
        """Give the window in ms."""
        return self.dt * (float(self._steps().detach()) if self.learned else self.steps)

    def _steps(self) -> Tensor:
        return self.low + (self.steps - self.low) * self.log_theta.double().exp()

    def matrices(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Give Abar (q, q) and Bbar (q,)."""
        A, B = self._fixed
        if not self.learned:
            return A.to(dtype), B.to(dtype)
        A, B = A / self._steps(), B / self._steps()
        one = torch.eye(self.order, dtype=A.dtype, device=A.device)
        if self.method == "zoh":
            both = nn.functional.pad(torch.cat([A, B[:, None]], 1), (0, 0, 0, 1))
            both = matrix_exponential(both)
            A, B = both[: self.order, : self.order], both[: self.order, self.order]
        elif self.method == "bilinear":
            both = torch.linalg.solve(one - A / 2, torch.cat([one + A / 2, B[:, None]], 1))
            A, B = both[:, : self.order], both[:, self.order]
        else:
            A = one + A
        return A.to(dtype), B.to(dtype)

    def one(self, u: Tensor, m: Tensor) -> Tensor:
        """Take one step: u (B, d), m (B, d, q)."""
        A, B = self.matrices(u.dtype)
        return m @ A.T + u.unsqueeze(-1) * B

    def run(self, u: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        """Take all steps: u (T, B, d), m (B, d, q) -> all m (T, B, d, q), the last."""
        if self.form == "fft":
            return self._parallel(u, m)
        if self.method == "bilinear" and self.backend == "numba":
            self._needs_cpu(u)
            if self.learned:
                return _bilinear_op([u, m, self._steps()])
            return _bilinear_op([u, m], repr(self.steps))
        with torch.autocast(u.device.type, enabled=False):  # the memory keeps its digits
            A, B = self.matrices(u.dtype)
            b = nn.functional.linear(u.unsqueeze(-1), B.unsqueeze(-1)).flatten(1, 2)  # its gradient is a product too
            h, last = matrix_scan(A, b, m.flatten(0, 1), backend=self.backend)
        return h.reshape(*u.shape, self.order), last.reshape(m.shape)

    def _needs_cpu(self, u: Tensor) -> None:
        if u.device.type != "cpu":
            raise ValueError(f"x is on {u.device}; compiled code runs on the CPU, build the layer with backend='torch'")

    def _parallel(self, u: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        if not self.learned and self.backend == "numba":
            self._needs_cpu(u)
            return _convolve_op([u, m], f"{self.steps!r} {self.method}")
        T = u.shape[0]
        H, n = self.response(T, u.dtype), _length(T)
        both = torch.fft.rfft(u, n, dim=0).unsqueeze(-1) * torch.fft.rfft(H, n, dim=0)[:, None, None]
        out = torch.fft.irfft(both, n, dim=0)[:T]
        A, _ = self.matrices(u.dtype)
        rest, _ = matrix_scan(A, out.new_zeros(out.shape), m, backend=self.backend)
        out = out + rest
        return out, out[-1]

    def response(self, T: int, dtype: torch.dtype) -> Tensor:
        """Give the impulse response (T, q)."""
        if not self.learned:
            H = torch.from_numpy(impulse_response(self.order, self.steps, T, self.method))
            return H.to(self._fixed[0].device, dtype)
        power, B = self.matrices(torch.float64)
        H = B[None]
        while len(H) < T:
            H, power = torch.cat([H, H @ power.T]), power @ power
        return H[:T].to(dtype)

    def last(self, u: Tensor, m: Tensor) -> Tensor:
        """Give the m after all steps (B, d, q), by one product over time."""
        T = u.shape[0]
        if not T:
            return m
        out = torch.tensordot(u, self.response(T, u.dtype).flip(0), dims=([0], [0]))
        if torch.is_grad_enabled() and m.requires_grad or bool(m.any()):
            A, _ = self.matrices(torch.float64)
            out = out + m @ torch.linalg.matrix_power(A, T).to(u.dtype).T
        return out


class LegendreMemory(SequenceLayer):
    """Keep the last ``theta`` ms of each input: x (T, B, *features) -> y (T, B, *features, order).

    Parameters
    ----------
    features : int or tuple of int
        Each has a memory of its own, all with the same A and B.
    order : int
        q, number of coefficients.
    theta : float
        Length of the window, ms.
    dt : float
        Step, ms.
    method : "zoh", "bilinear" or "euler"
        "bilinear" is the quickest in steps, "zoh" the most exact for fast signals.
    form : "recurrent" or "fft"
    learn : ("theta",) or ()
        Learn the window.
    init_state : "rest" or "learn"
        Where sequences start: at zero, or in learned coefficients ``start_m``.
    batch_first : bool
    backend : "numba" or "torch"
        "torch": plain torch, on any device, with second derivatives.

    Notes
    -----
    State: ``m`` (B, *features, order), zero at rest; half precision is computed in float32. Bytes for the backward: the
    output, and with "fft" nothing. Not in NIR. Recurrent forms may be split with the same bits.

    A step costs about 20 q operations a feature with "bilinear", 2 q^2 with the dense matrices.
    """

    State = LegendreState

    def __init__(
        self, features: int | Sequence[int], order: int, theta: float, *, dt: float = 1.0, method: str = "zoh",
        form: str = "recurrent", learn: Sequence[str] = (), init_state: str = "rest", batch_first: bool = False,
        backend: str = "numba", device: Any = None, dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        shape = (features,) if isinstance(features, int) else tuple(features)
        super().__init__(shape, batch_first)
        self._config = dict(
            features=features if isinstance(features, int) else list(shape), order=order, theta=theta, dt=dt,
            method=method, form=form, learn=list(learn), init_state=init_state, batch_first=batch_first,
            backend=backend,
        )  # fmt: skip
        self.dynamics = LegendreDynamics(order, theta, dt, method, form, learn, backend, device, dtype)
        self._learn_start(init_state, device, dtype)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Features and order."""
        return (*self.in_shape, self.dynamics.order)

    @property
    def theta(self) -> float:
        """Length of the window, ms."""
        return self.dynamics.theta()

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Give the shape of ``m``."""
        return {"m": self.out_shape}

    def run(self, x: Tensor, state: LegendreState) -> tuple[Tensor, LegendreState]:
        """Run a whole sequence."""
        m = state.m.flatten(1, -2)
        y, m = self.dynamics.run(x.flatten(2), m)
        return y.reshape(*x.shape, self.dynamics.order), LegendreState(m.reshape(state.m.shape))

    def advance(self, x: Tensor, state: LegendreState) -> tuple[Tensor, LegendreState]:
        """Run one step in plain torch."""
        m = self.dynamics.one(x, state.m)
        return m, LegendreState(m)

    def last(self, x: Tensor, state: LegendreState | None = None) -> tuple[Tensor, LegendreState]:
        """Give only the last y (B, *features, order), and the state, by one product over time."""
        if self.batch_first:
            x = x.movedim(1, 0)
        if self._single(x, "x", 1):
            raise ValueError(f"{self._name}: last needs a batch axis, got shape {tuple(x.shape)}")
        work = self._work(x)
        state = self._checked(state, x, 1, work)
        m = self.dynamics.last(x.to(work).flatten(2), state.m.flatten(1, -2)).reshape(state.m.shape)
        return m.to(x.dtype), LegendreState(m)

    def decode(self, delay: Any, center: float = 0.5) -> Tensor:
        """Give weights (delays, order), float64, that read the input of ``delay`` ms ago: ``y @ weights.T``."""
        weights = decode_delay(self.dynamics.order, self.theta, delay, center, self.dynamics.dt)
        return torch.from_numpy(weights)

    def config(self) -> dict[str, Any]:
        """Give the arguments of the constructor."""
        return dict(self._config)
