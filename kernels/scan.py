r"""Linear recurrences over a sequence, and their exact adjoints: what every linear memory is made of.

    diagonal    h_t = a_t * h_{t-1} + b_t                  a (T, B, N), or (B, N) for all steps; b, h (T, B, N)
    matrix      h_t = A_t h_{t-1} + b_t                    A (T, B, N, N), or (N, N) for all steps and lanes
    outer       S_t = a_t S_{t-1} + k_t v_t^T,             a (T, B, 1) or (T, B, K) (a factor for each row),
                o_t = S_t^T q_t                            k, q (T, B, K), v, o (T, B, V), S (B, K, V)

Real and complex. With g = dL/dh and r_t = g_t + conj(a_{t+1}) r_{t+1} the adjoint of the diagonal one is

    dL/db_t = r_t,    dL/da_t = r_t conj(h_{t-1}),    dL/dh_0 = conj(a_1) r_1

(complex gradients as torch has them: conjugates of the derivatives), and likewise with A^H and outer products for the
others; the outer one keeps S every few steps and works the steps in between out once more.

Each step is carried out as written. Sums of logarithms or cumulative products, which make a scan of parallel products,
lose digits or overflow for long sequences and are not used.

The functions of one name (`diagonal`, `matrix`, `outer`) are the reference in NumPy, the others compiled. Lanes are
shared out to threads, with the same bits for any number of them.

>>> a, b = np.full((1, 1), 0.5), np.ones((3, 1, 1))
>>> diagonal(a, b, np.zeros((1, 1)))[:, 0, 0].tolist()
[1.0, 1.5, 1.75]
"""

from __future__ import annotations

import math

import numpy as np

from .lanes import on_lanes

__all__ = [
    "diagonal",
    "diagonal_backward",
    "diagonal_forward",
    "matrix",
    "matrix_backward",
    "matrix_forward",
    "outer",
    "outer_backward",
    "outer_every",
    "outer_forward",
]

PAIRS = 8  # of lanes that share what is loaded of a matrix
_LEAST, _MOST = 256, 4096  # channels of a tile: wide, since pieces of long rows meet in the same lines of the cache
_AGAIN = 2**18  # bytes of states that are worked out once more at a time: they stay in the second-level cache


def diagonal(a: np.ndarray, b: np.ndarray, h0: np.ndarray) -> np.ndarray:
    """Give h (T, B, N)."""
    h, out = h0, np.empty(b.shape, np.result_type(a, b, h0))
    for t in range(len(b)):
        h = out[t] = (a[t] if a.ndim == b.ndim else a) * h + b[t]
    return out


def matrix(A: np.ndarray, b: np.ndarray, h0: np.ndarray) -> np.ndarray:
    """Give h (T, B, N)."""
    h, out = h0, np.empty(b.shape, np.result_type(A, b, h0))
    for t in range(len(b)):
        h = out[t] = ((A[t] if A.ndim == 4 else A) @ h[..., None])[..., 0] + b[t]
    return out


def outer(a: np.ndarray, k: np.ndarray, v: np.ndarray, q: np.ndarray, S0: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give o (T, B, V) and the last S (B, K, V)."""
    S, o = S0, np.empty(v.shape, np.result_type(a, k, v, q, S0))
    for t in range(len(k)):
        S = a[t][..., None] * S + k[t][..., None] * v[t][..., None, :]
        o[t] = (q[t][..., None, :] @ S)[..., 0, :]
    return o, S


def _compiled(name: str, like: np.ndarray):
    from .compiled_scan import compiled

    return compiled(name, like.dtype)


def _tile(B: int, N: int, threads: int) -> int:
    """Width of a tile: the widest with one for each thread."""
    each = -(-N // max(1, threads // max(1, B)))
    return max(_LEAST, min(_MOST, -(-each // 64) * 64))


def diagonal_forward(a: np.ndarray, b: np.ndarray, h0: np.ndarray, h: np.ndarray, threads: int = 1) -> None:
    """Fill h (T, B, N); a (T, B, N) or (B, N). Neighbours of the last axis lie side by side in every array."""
    _, B, N = b.shape
    tile = _tile(B, N, threads)
    a, fixed = (a, False) if a.ndim == 3 else (a[None], True)
    on_lanes(_compiled("diagonal_forward", h), B * -(-N // tile), threads, tile, fixed, a, b, h0, h)


def diagonal_backward(
    a: np.ndarray, h0: np.ndarray, h: np.ndarray, g: np.ndarray, g_last: np.ndarray, ga: np.ndarray, gb: np.ndarray,
    gh0: np.ndarray, threads: int = 1,
) -> None:  # fmt: skip
    """Fill ga (shape of a), gb (T, B, N) and gh0 (B, N) from the gradients of h and, in addition, of its last row."""
    T, B, N = h.shape
    tile = _tile(B, N, threads)
    fixed = a.ndim == 2
    if not T:
        ga[...] = 0
        gh0[...] = g_last
        return
    a, ga = (a[None], ga[None]) if fixed else (a, ga)
    on_lanes(
        _compiled("diagonal_backward", h), B * -(-N // tile), threads, tile, fixed, a, h0, h, g, g_last, ga, gb, gh0
    )


def _fixed_matrix(
    reverse: bool, rows: np.ndarray, b: np.ndarray, start: np.ndarray, extra: np.ndarray, h: np.ndarray, threads: int
) -> None:
    _, B, N = b.shape
    pairs, N4 = -(-B // 2), -(-N // 4) * 4
    padded = np.zeros((N4, N), rows.dtype)
    padded[:N] = rows
    state, fresh = np.zeros((2 * pairs, N4), rows.dtype), np.zeros((2 * pairs, N4), rows.dtype)
    group = min(PAIRS, -(-pairs // max(1, threads))) or 1
    on_lanes(
        _compiled("matrix", h), pairs, threads, group, reverse, padded, b, start, extra, h, state, fresh, grain=group
    )


def matrix_forward(A: np.ndarray, b: np.ndarray, h0: np.ndarray, h: np.ndarray, threads: int = 1) -> None:
    """Fill h (T, B, N); A (N, N), or (T, B, N, N) with its last two axes side by side."""
    T, B, N = b.shape
    if A.ndim == 2:
        _fixed_matrix(False, A.T, b, h0, np.zeros_like(h0), h, threads)
    elif N:
        on_lanes(_compiled("matrices_forward", h), B, threads, A.reshape(T, B, N * N), b, h0, h)


def matrix_backward(
    A: np.ndarray, h0: np.ndarray, h: np.ndarray, g: np.ndarray, g_last: np.ndarray, gA: np.ndarray | None,
    gb: np.ndarray, gh0: np.ndarray, threads: int = 1,
) -> None:  # fmt: skip
    """Fill gA (shape of A), gb (T, B, N) and gh0 (B, N), as `diagonal_backward`.

    For a fixed A the sum over steps and lanes of ``gb_t conj(h_{t-1})^T`` may be left to the caller: gA is None.
    """
    T, B, N = h.shape
    if not T or not N:
        if gA is not None:
            gA[...] = 0
        gh0[...] = g_last
    elif A.ndim == 2:
        _fixed_matrix(True, np.conj(A), g, np.zeros_like(g_last), g_last, gb, threads)
        np.matmul(gb[0], np.conj(A), out=gh0)
        if gA is not None:
            np.matmul(gb[0].T, np.conj(h0), out=gA)
            gA += gb[1:].reshape(-1, N).T @ np.conj(h[:-1].reshape(-1, N))
    else:
        flat = (T, B, N * N)
        on_lanes(
            _compiled("matrices_backward", h), B, threads, A.reshape(flat), h0, h, g, g_last, gA.reshape(flat), gb, gh0
        )


def outer_every(T: int, K: int, V: int, itemsize: int) -> int:
    """Choose how many steps lie between two states that are kept: about the root of T, fewer if a stretch is large."""
    return max(1, min(math.isqrt(max(T, 1) - 1) + 1, 64, _AGAIN // max(1, K * V * itemsize)))


def outer_forward(
    a: np.ndarray, k: np.ndarray, v: np.ndarray, q: np.ndarray, S: np.ndarray, kept: np.ndarray, o: np.ndarray,
    every: int, threads: int = 1,
) -> None:  # fmt: skip
    """Fill o (T, B, V) and change S (B, K, V) from the first to the last.

    ``kept`` (ceil(T/every), B, K, V) gets the states before the steps 0, ``every``, 2 ``every``, ...; with ``every`` 0
    none is kept.
    """
    B, K, V = S.shape
    flat = (len(kept), B, K * V)
    on_lanes(_compiled("outer_forward", o), B, threads, every, a, k, v, q, S.reshape(flat[1:]), kept.reshape(flat), o)


def outer_backward(
    a: np.ndarray, k: np.ndarray, v: np.ndarray, q: np.ndarray, kept: np.ndarray, g: np.ndarray, G: np.ndarray,
    ga: np.ndarray, gk: np.ndarray, gv: np.ndarray, gq: np.ndarray, every: int, threads: int = 1,
) -> None:  # fmt: skip
    """Fill ga, gk, gv, gq from the gradient g of o; G changes from the gradient of the last S to that of the first."""
    B, K, V = G.shape
    again = np.empty((B, every + 1, K * V), G.dtype)
    on_lanes(
        _compiled("outer_backward", g), B, threads, every, a, k, v, q, kept.reshape(len(kept), B, K * V), g,
        G.reshape(B, K * V), ga, gk, gv, gq, again,
    )  # fmt: skip
