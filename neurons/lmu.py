r"""Legendre Memory Unit: a recurrent cell that couples a nonlinear hidden state to linear memories of its past.

**Update** of hidden state h (n) and d memories m (d, q), for an input x (k); f_u = identity, f_h = tanh by default:

    u_t = f_u(e_x x_t + e_h h_{t-1} + e_m m_{t-1} + b_u)          one number for each memory
    m_t = Abar m_{t-1} + Bbar u_t                                 `neurons.legendre`, the same for all memories
    h_t = f_h(W_x x_t + W_h h_{t-1} + W_m m_t + b_h)              reads the new m

A coupling that is None is absent. Without e_h and e_m the memory is linear and time-invariant, so that all its steps
are one convolution; without W_h too this is the parallel form of 2021 (f_u = relu there).

===========  ===============  =========================================================================
name         shape            meaning
===========  ===============  =========================================================================
memory                        order q, window theta (ms) and method: `LegendreParams`
e_x          (d, k)           encodes the input
e_h          (d, n)           encodes the hidden state
e_m          (d, d q)         encodes the memory, dimension after dimension
W_x          (n, k)           input to hidden
W_h          (n, n)           hidden to hidden
W_m          (n, d q)         memory to hidden
b_u, b_h     (d,), (n,)       constant input of encoder and hidden state, absent in the paper
===========  ===============  =========================================================================

**State**: h (..., n), m (..., d, q), both start at 0. Input: x (..., k), any unit. Output: h, dimensionless.

**Left out.** A and B are fixed. Keras stores the transposes of these matrices.

**Reference.** A. Voelker, I. Kajic, C. Eliasmith 2019, "Legendre Memory Units: Continuous-Time Representation in
Recurrent Neural Networks", NeurIPS, equations 4-6. N. Chilkuri, C. Eliasmith 2021, "Parallelizing Legendre Memory Unit
Training", ICML (arXiv 2102.11417), for the form without recurrence.

>>> memory = LegendreParams(order=2, theta=4, method="bilinear")
>>> params = LMUParams(memory, e_x=[[1.0]], W_m=[[1.0, 0.0]])
>>> h, state = lmu_step(lmu_init((), params), [1.0], params)
>>> state.m.round(4).tolist(), h.round(4).tolist()      # m = (1 - hA/2)^-1 hB, h = tanh(m_0)
([[0.2745, -0.4706]], [0.2678])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from .legendre import LegendreParams, LegendreState, legendre_step

__all__ = ["LMUParams", "LMUState", "lmu_init", "lmu_step"]

_FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
}


class LMUState(NamedTuple):
    """Hidden state h (..., n) and memories m (..., d, q): arrays, or the tensors of a layer."""

    h: Any
    m: Any


@dataclass(frozen=True, eq=False)
class LMUParams:
    """Weights of the cell; shapes as in the module's table, arrays or nested lists.

    Raises
    ------
    ValueError
        Shapes that do not fit each other.
    """

    memory: LegendreParams
    e_x: Any
    W_m: Any
    e_h: Any = None
    e_m: Any = None
    W_x: Any = None
    W_h: Any = None
    b_u: Any = None
    b_h: Any = None
    encoder: str = "identity"
    activation: str = "tanh"

    def __post_init__(self) -> None:
        if not isinstance(self.memory, LegendreParams):
            raise TypeError(f"LMUParams.memory: expected LegendreParams, got {type(self.memory).__name__}")
        for name in ("encoder", "activation"):
            if getattr(self, name) not in _FUNCTIONS:
                raise ValueError(
                    f"LMUParams.{name}: expected one of {', '.join(_FUNCTIONS)}, got {getattr(self, name)!r}"
                )
        for field in fields(self):
            if field.name[0] in "eWb" and field.name != "encoder" and getattr(self, field.name) is not None:
                object.__setattr__(self, field.name, np.asarray(getattr(self, field.name), dtype=float))
        if self.e_x.ndim != 2 or self.W_m.ndim != 2:
            raise ValueError(
                f"LMUParams: expected matrices e_x [d, k] and W_m [n, d q], got {list(self.e_x.shape)} "
                f"and {list(self.W_m.shape)}"
            )
        (d, k), n, q = self.e_x.shape, self.W_m.shape[0], self.memory.order
        wanted = dict(
            W_m=(n, d * q), e_h=(d, n), e_m=(d, d * q), W_x=(n, k), W_h=(n, n), b_u=(d,), b_h=(n,)
        )  # fmt: skip
        for name, shape in wanted.items():
            given = getattr(self, name)
            if given is not None and given.shape != shape:
                raise ValueError(
                    f"LMUParams.{name}: expected shape {list(shape)} (e_x is {list(self.e_x.shape)}, n = {n}, "
                    f"order {q}), got {list(given.shape)}"
                )

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Inputs k, memories d, order q, hidden units n."""
        return self.e_x.shape[1], self.e_x.shape[0], self.memory.order, self.W_m.shape[0]


def lmu_init(shape: tuple[int, ...], params: LMUParams) -> LMUState:
    """Give the state at rest, for inputs of shape (*shape, k)."""
    _, d, q, n = params.sizes
    return LMUState(np.zeros((*shape, n)), np.zeros((*shape, d, q)))


def lmu_step(state: LMUState, inputs: np.ndarray, params: LMUParams, dt: float = 1.0) -> tuple[np.ndarray, LMUState]:
    """Advance by one step of ``dt`` ms: x (..., k) -> h (..., n) and the new state."""
    x = np.asarray(inputs, dtype=float)
    k, d, q, n = params.sizes
    for name, given, wanted in (
        ("inputs", x.shape, (*x.shape[:-1], k)),
        ("state.h", state.h.shape, (*x.shape[:-1], n)),
        ("state.m", state.m.shape, (*x.shape[:-1], d, q)),
    ):
        if given != wanted:
            raise ValueError(f"{name}: expected shape {list(wanted)}, got {list(given)} (inputs are {list(x.shape)})")
    h, flat = state.h, (*x.shape[:-1], d * q)
    u = _sum((x, params.e_x), (h, params.e_h), (state.m.reshape(flat), params.e_m), constant=params.b_u)
    m, _ = legendre_step(LegendreState(state.m), _FUNCTIONS[params.encoder](u), params.memory, dt)
    h = _FUNCTIONS[params.activation](
        _sum((x, params.W_x), (h, params.W_h), (m.reshape(flat), params.W_m), constant=params.b_h)
    )
    return h, LMUState(h, m)


def _sum(*terms: tuple[np.ndarray, np.ndarray | None], constant: np.ndarray | None) -> np.ndarray:
    """Add what comes over the couplings that are there."""
    total: Any = 0.0 if constant is None else constant
    for value, weight in terms:
        if weight is not None:
            total = total + value @ weight.T
    return total
