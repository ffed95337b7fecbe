r"""A dense recurrent network over a whole sequence, and its exact adjoint.

    s_t = f(W s_{t-1} + c_t)                  s, c (T, B, S), W (S, S)

where f bends the first ``bent`` units ("tanh", "relu") and leaves the others as they are: linear memories beside
nonlinear units. With r_t = f'(s_t) (g_t + W^T r_{t+1}) the adjoint is dL/dc_t = r_t, dL/ds_0 = W^T r_1 and
dL/dW = sum_t r_t s_{t-1}^T, one product over all steps, which is left to the caller.

Samples do not depend on each other over the whole sequence, so each thread takes some: the same bits for any number of
them. tanh is right to a rounding of 1, not of its own size.

>>> s = np.empty((2, 1, 2))
>>> forward("tanh", 1, np.array([[0.0, 1.0], [0.0, 0.5]]), np.ones((2, 1, 2)), np.zeros((1, 2)), s)
>>> s.round(4).tolist()                                              # tanh(1), 1; tanh(2), 1.5
[[[0.7616, 1.0]], [[0.964, 1.5]]]
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .lanes import on_lanes
from .scan import PAIRS

__all__ = ["KINDS", "backward", "forward", "reference"]

KINDS = {"identity": 0, "tanh": 1, "relu": 2}


def reference(kind: str, bent: int, W: np.ndarray, c: np.ndarray, s0: np.ndarray) -> np.ndarray:
    """Give s (T, B, S), in NumPy."""
    functions: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "identity": lambda x: x, "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0),
    }  # fmt: skip
    function = functions[kind]
    s, out = s0, np.empty_like(c)
    for t in range(len(c)):
        s = s @ W.T + c[t]
        s[:, :bent] = function(s[:, :bent])
        out[t] = s
    return out


def _padded(rows: np.ndarray, B: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    S, pairs = len(rows), -(-B // 2)
    S4 = -(-S // 4) * 4
    padded = np.zeros((S4, S), rows.dtype)
    padded[:S] = rows
    return pairs, padded, np.zeros((2 * pairs, S4), rows.dtype), np.zeros((2 * pairs, S4), rows.dtype)


def forward(
    kind: str, bent: int, W: np.ndarray, c: np.ndarray, s0: np.ndarray, s: np.ndarray, threads: int = 1
) -> None:
    """Fill s (T, B, S). Any strides, but neighbours of the last axis side by side."""
    from .compiled_recurrent import compiled

    pairs, rows, state, fresh = _padded(W.T, s0.shape[0])
    group = min(PAIRS, -(-pairs // max(1, threads))) or 1
    on_lanes(
        compiled("forward", s.dtype), pairs, threads, group, KINDS[kind], bent, rows, c, s0, s, state, fresh,
        grain=group,
    )  # fmt: skip


def backward(
    kind: str, bent: int, W: np.ndarray, s: np.ndarray, g: np.ndarray, g_last: np.ndarray, gc: np.ndarray,
    gs0: np.ndarray, threads: int = 1,
) -> None:  # fmt: skip
    """Fill gc (T, B, S) and gs0 (B, S) from the gradients of s and, in addition, of its last step."""
    from .compiled_recurrent import compiled

    pairs, rows, state, fresh = _padded(W, s.shape[1])
    group = min(PAIRS, -(-pairs // max(1, threads))) or 1
    on_lanes(
        compiled("backward", s.dtype), pairs, threads, group, KINDS[kind], bent, rows, s, g, g_last, gc, gs0, state,
        fresh, grain=group,
    )  # fmt: skip
