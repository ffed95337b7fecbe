r"""Legendre memory: a linear system whose state holds the last ``theta`` ms of its input as Legendre coefficients.

**Dynamics.** For a scalar input u and i, j = 0 ... q-1 (row i, column j)

    theta dm/dt = A m + B u,    A[i,j] = (2i+1) (-1 if i < j else (-1)^(i-j+1)),    B[i] = (2i+1) (-1)^i
    u(t - d) ~ sum_i P_i(2 d/theta - 1) m_i     for 0 <= d <= theta  (P_i: Legendre polynomial)

**Update**, with u held over a step and h = dt/theta:  m_t = Abar m_{t-1} + Bbar u_t,

    zoh:       Abar = expm(h A),                        Bbar = A^-1 (Abar - I) B      (exact for a held input)
    bilinear:  Abar = (I - hA/2)^-1 (I + hA/2),         Bbar = (I - hA/2)^-1 h B      (stable for every h)
    euler:     Abar = I + hA,                           Bbar = h B     (refused below `euler_limit`: it diverges)

The input of a step enters at once, so m_t is the state at the end of the step, and u_{t-s}, which was held for a whole
step, lies around the delay (s + 1/2) dt: `decode_delay` adds this half step.

=======  ========  ==========================================================================================
name     default   meaning; larger means
=======  ========  ==========================================================================================
order              q, number of coefficients; faster signals are kept (about q/2 oscillations in the window)
theta              length of the window, ms; longer memory, coarser in time
method   "zoh"     discretisation
=======  ========  ==========================================================================================

**State**: m (..., q), starts at 0. Input: u (...), any unit. Output: m. A constant input c has the fixed point c e_0
whatever the discretisation.

**Left out.** Signals with more than about q/2 oscillations in the window are smoothed. The bilinear rule bends fast
frequencies: with q = 256 and theta = 784 steps, a sine with 2, 10 or 30 oscillations in the window is read from its
middle with an rms error of 1e-4, 0.012 and 0.32 (zoh: 1e-5, 2e-4, 0.002). Euler needs windows of many steps: more than
197 for q = 32, 639 for q = 64.

**Reference.** A. Voelker, I. Kajic, C. Eliasmith 2019, "Legendre Memory Units: Continuous-Time Representation in
Recurrent Neural Networks", NeurIPS, equations 1-3; A. Voelker, C. Eliasmith 2018, "Improving Spiking Dynamical
Networks: Accurate Delays, Higher-Order Synapses, and Time Cells", Neural Computation 30.

>>> params = LegendreParams(order=4, theta=10)
>>> state = legendre_init((), params)
>>> for _ in range(400):
...     m, state = legendre_step(state, 2.0, params, dt=1.0)
>>> [round(abs(float(x)), 6) for x in m]
[2.0, 0.0, 0.0, 0.0]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "METHODS",
    "LegendreParams",
    "LegendreState",
    "decode_delay",
    "discretise",
    "euler_limit",
    "impulse_response",
    "legendre_init",
    "legendre_step",
    "legendre_system",
    "synaptic_form",
]

METHODS = ("zoh", "euler", "bilinear")


def _count(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{what}: expected a whole number >= 1, got {value!r}")
    return int(value)


def _duration(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < math.inf:
        raise ValueError(f"{what}: expected a finite time > 0 ms, got {value!r}")
    return float(value)


@dataclass(frozen=True)
class LegendreParams:
    """Order, window and discretisation of a Legendre memory.

    Parameters
    ----------
    order : int
        q >= 1.
    theta : float
        Length of the window in ms (in steps, if dt is 1).
    method : "zoh", "bilinear" or "euler"
    """

    order: int
    theta: float
    method: str = "zoh"

    def __post_init__(self) -> None:
        _count(self.order, "LegendreParams.order")
        _duration(self.theta, "LegendreParams.theta")
        if self.method not in METHODS:
            raise ValueError(f"LegendreParams.method: expected one of {', '.join(METHODS)}, got {self.method!r}")


class LegendreState(NamedTuple):
    """Coefficients m (..., q): an array, or the tensor of a layer."""

    m: Any


def legendre_system(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Give A (q, q) and B (q,) of ``theta dm/dt = A m + B u``, in float64.

    >>> legendre_system(2)[0].tolist(), legendre_system(2)[1].tolist()
    ([[-1.0, -1.0], [3.0, -3.0]], [1.0, -3.0])
    """
    i = np.arange(_count(order, "order"))
    sign = (-1.0) ** i
    scale = 2.0 * i + 1.0
    A = -scale[:, None] * np.where(i[:, None] < i, 1.0, np.outer(sign, sign))
    return A, scale * sign


@lru_cache(maxsize=64)
def euler_limit(order: int) -> float:
    """Give the window, in steps, above which Euler's rule is stable: max |w|^2/(-2 Re w), w an eigenvalue of A.

    >>> [round(euler_limit(q), 2) for q in (2, 4, 8)]
    [1.5, 5.15, 17.74]
    """
    A, _ = legendre_system(order)
    root = np.sqrt(2.0 * np.arange(order) + 1.0)
    w = np.linalg.eigvals(A * root / root[:, None])  # similar to A, and better conditioned
    return float(np.max(np.abs(w) ** 2 / (-2.0 * w.real)))


def discretise(order: int, theta: float, method: str = "zoh", dt: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Give Abar (q, q) and Bbar (q,) of ``m_t = Abar m_{t-1} + Bbar u_t``, in float64 (read-only, kept).

    Parameters
    ----------
    order, theta, method
        As in `LegendreParams`.
    dt : float
        Step in ms.

    Raises
    ------
    ValueError
        Values out of range; Euler where it is unstable.

    >>> discretise(4, 10)[1].round(8).tolist()
    [0.10577547, -0.25097608, 0.39788076, -0.27853248]
    """
    params = LegendreParams(order, theta, method)
    return _discretise(int(order), params.theta / _duration(dt, "dt"), method)


@lru_cache(maxsize=16)
def _discretise(order: int, steps: float, method: str) -> tuple[np.ndarray, np.ndarray]:
    A, B = legendre_system(order)
    A, B, one = A / steps, B / steps, np.eye(order)
    if method == "zoh":
        from scipy.linalg import expm

        both = np.zeros((order + 1, order + 1))
        both[:order, :order], both[:order, order] = A, B
        both = expm(both)
        A, B = both[:order, :order].copy(), both[:order, order].copy()
    elif method == "bilinear":
        solved = np.linalg.solve(one - A / 2, np.column_stack([one + A / 2, B]))
        A, B = solved[:, :order].copy(), solved[:, order].copy()
    else:
        limit = euler_limit(order)
        if steps <= limit:
            raise ValueError(
                f"theta: with method 'euler' and order {order} expected more than {limit:.6g} steps of dt (below, the "
                f"memory diverges), got {steps:.6g}; take method 'zoh' or 'bilinear', a smaller dt or a smaller order"
            )
        A, B = one + A, B
    A.flags.writeable = B.flags.writeable = False
    return A, B


def legendre_init(shape: tuple[int, ...], params: LegendreParams) -> LegendreState:
    """Give an empty memory for inputs of this shape."""
    return LegendreState(np.zeros((*shape, params.order)))


def legendre_step(
    state: LegendreState, inputs: np.ndarray, params: LegendreParams, dt: float = 1.0
) -> tuple[np.ndarray, LegendreState]:
    """Take in one value per memory: u (...), m (..., q) -> the new m, twice (as output and as state)."""
    A, B = discretise(params.order, params.theta, params.method, dt)
    u = np.asarray(inputs, dtype=float)
    if state.m.shape != (*u.shape, params.order):
        raise ValueError(
            f"state.m: expected shape {[*u.shape, params.order]} for inputs {list(u.shape)} and order "
            f"{params.order}, got {list(state.m.shape)}"
        )
    m = state.m @ A.T + u[..., None] * B
    return m, LegendreState(m)


def decode_delay(
    order: int, theta: float, delay: float | np.ndarray, center: float = 0.5, dt: float = 1.0
) -> np.ndarray:
    """Give the weights C (..., q) that read the input of ``delay`` ms ago: ``u(t - delay) ~ C m_t``.

    Parameters
    ----------
    order, theta
        As in `LegendreParams`.
    delay : float or array
        ms; 0 is the input of the same step.
    center : float
        Steps that are added: 1/2, the middle of the step in which the input was held; 0 reads the continuous signal.
    dt : float
        Step in ms.

    Raises
    ------
    ValueError
        If ``delay + center dt`` is not in the window [0, theta].

    >>> decode_delay(3, 10, 10, center=0).tolist(), decode_delay(3, 10, 0, center=0).tolist()
    ([1.0, 1.0, 1.0], [1.0, -1.0, 1.0])
    """
    params = LegendreParams(order, theta)
    at = np.asarray(delay, dtype=float) + center * _duration(dt, "dt")
    if not np.all((at >= 0) & (at <= params.theta * (1 + 1e-12))):
        raise ValueError(
            f"delay: expected 0 <= delay + {center:g} dt <= theta = {params.theta:g} ms, got {np.ravel(at).tolist()}"
        )
    weights = np.polynomial.legendre.legvander(2.0 * at / params.theta - 1.0, order - 1)
    return weights.reshape(*at.shape, order)


def impulse_response(order: int, theta: float, n_steps: int, method: str = "zoh", dt: float = 1.0) -> np.ndarray:
    """Give H (T, q) with ``H[t] = Abar^t Bbar``, in float64: the memory is the convolution of H and the input."""
    A, B = discretise(order, theta, method, dt)
    if isinstance(n_steps, bool) or not isinstance(n_steps, Integral) or n_steps < 0:
        raise ValueError(f"n_steps: expected a whole number >= 0, got {n_steps!r}")
    H = np.empty((n_steps, order))
    H[:1] = B
    known, power = 1, A  # power = Abar^known
    while known < n_steps:
        more = min(known, n_steps - known)
        H[known : known + more] = H[:more] @ power.T
        known, power = known + more, power @ power
    return H


def synaptic_form(params: LegendreParams, tau: float, dt: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Give A' (q, q) and B' (q,) with which first-order synapses of time constant ``tau`` (ms) make the same memory.

    Without ``dt`` in continuous time, ``tau dx/dt + x = A' x + B' u``; with it for synapses in steps of ``dt``,
    ``x <- a x + (1 - a)(A' x + B' u)`` with a = exp(-dt/tau), which is then ``Abar x + Bbar u`` exactly.

    >>> synaptic_form(LegendreParams(2, 100), tau=10)[0].round(3).tolist()
    [[0.9, -0.1], [0.3, 0.7]]
    """
    tau = _duration(tau, "tau")
    one = np.eye(params.order)
    if dt is None:
        A, B = legendre_system(params.order)
        return A * (tau / params.theta) + one, B * (tau / params.theta)
    A, B = discretise(params.order, params.theta, params.method, dt)
    a = math.exp(-dt / tau)
    return (A - a * one) / (1.0 - a), B / (1.0 - a)
