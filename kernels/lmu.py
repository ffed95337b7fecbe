r"""Legendre memories over a whole sequence: the bilinear step in O(q), and forms with the dense matrices.

**O(q).** With d_i = (2i+1) dt/theta and s_i = (-1)^i the matrix is semiseparable,

    (A m)_i = -d_i ( sum_{j>i} m_j + s_i sum_{j<=i} s_j m_j ),

so that (I - A/2) y = r is solved by two sweeps over the order. With c = d/2, rho_0 = 1 and

    even i: inv_i = 1/(1 + 2 c_i rho_i),  rho_{i+1} = rho_i inv_i        odd i: rho_{i+1} = rho_i + 2 c_i
    up:     sigma_0 = 0;  even: sigma_{i+1} = (2 rho_i r_i + sigma_i) inv_i;  odd: sigma_{i+1} = sigma_i - 2 r_i
    down:   F = -sigma_q / (1 + rho_q);  odd: y_i = r_i - c_i F,  E = rho_i F + sigma_i
                                         even: y_i = r_i - c_i E,  F = (F + 2 r_i - 2 c_i sigma_i) inv_i

(q even; an odd order gets one more coefficient with d = 0, which stays 0). The bilinear step of `neurons.legendre` is
r = 2 m + B u, m' = y - m. Both sweeps are contractive: float32 is as exact as with the dense matrices, whereas marching
the sums without rho overflows, and the eigenvectors of A have condition numbers of 1e13 at q = 32.

**Adjoint.** z = (I - A^T/2)^-1 g is found by the same sweeps over the reversed order, with r = d g: z = g - F/2 or
g - E/2. Then dL/dm = 2 z - g, dL/du = B z, and dL/d(theta) = -(1/theta) sum_t z_t (m_t - m_{t-1}).

**Parallel.** m_t = sum_j H[t-j] u_j with the impulse response H: a product of spectra of at least 2T - 1 points, else
the sequence meets its own end; or, for the last step alone, one matrix product.

Lanes (rows of the batch times memories) are shared out to threads, with the same bits for any number of them.

**Reference.** A. Voelker, I. Kajic, C. Eliasmith 2019, NeurIPS; N. Chilkuri, C. Eliasmith 2021, ICML (parallel form).

>>> m = np.empty((1, 1, 1, 2))
>>> bilinear_forward(4.0, np.ones((1, 1, 1)), np.zeros((1, 1, 2)), m)
>>> m.round(4).ravel().tolist()
[0.2745, -0.4706]
"""

from __future__ import annotations

import numpy as np

from .lanes import on_lanes

__all__ = ["bilinear_backward", "bilinear_forward", "coefficients", "solve"]


def _rho(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rho, inv = np.ones(len(d) + 1), np.ones(len(d))
    for i, x in enumerate(d):
        if i % 2:
            rho[i + 1] = rho[i] + x
        else:
            inv[i] = 1.0 / (1.0 + x * rho[i])
            rho[i + 1] = rho[i] * inv[i]
    return rho, inv


def solve(d: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Solve (I - A/2) y = r by two sweeps; the reference of the compiled steps. ``d`` has even length."""
    rho, inv = _rho(d)
    c, sigma, y = d / 2, np.zeros(len(d) + 1), np.empty(len(d))
    for i in range(len(d)):
        sigma[i + 1] = sigma[i] - 2 * r[i] if i % 2 else (2 * rho[i] * r[i] + sigma[i]) * inv[i]
    F = -sigma[-1] / (1 + rho[-1])
    for i in reversed(range(len(d))):
        if i % 2:
            y[i] = r[i] - c[i] * F
            E = rho[i] * F + sigma[i]
        else:
            y[i] = r[i] - c[i] * E
            F = (F + 2 * r[i] - 2 * c[i] * sigma[i]) * inv[i]
    return y


def coefficients(order: int, steps: float, dtype: np.dtype, adjoint: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Give what the sweeps multiply with, worked out in float64: c (3,), and k (6, Q) for each index, Q even.

    c is 0, -1/(1 + rho_Q), -1/2. ``steps`` is theta/dt. With "even" and "odd" in the order of the sweeps, which is
    reversed for the adjoint (the columns of k are not), and r = d g there, the rows of k are

        0   d s (input)                                 3   even: 2 rho inv         (times d for the adjoint)
        1   -c (adjoint: 2 d)                           4   even: 2 inv             (times d for the adjoint)
        2   even: inv, odd: rho                         5   even: -2 c inv
    """
    Q = order + order % 2
    d = (2.0 * np.arange(Q) + 1.0) / steps
    d[order:] = 0.0
    way = slice(None, None, -1) if adjoint else slice(None)
    rho, inv = _rho(d[way])
    even = np.arange(Q) % 2 == 0
    k = np.zeros((6, Q))
    k[0, way] = (d * (-1.0) ** np.arange(Q))[way]
    k[1] = 2 * d if adjoint else -d / 2
    scale = d if adjoint else np.ones(Q)
    k[2, way] = np.where(even, inv, rho[:-1])
    k[3, way] = np.where(even, 2 * rho[:-1] * inv * scale[way], 0.0)
    k[4, way] = np.where(even, 2 * inv * scale[way], 0.0)
    k[5, way] = np.where(even, -d[way] * inv, 0.0)
    return np.array([0.0, -1.0 / (1.0 + rho[-1]), -0.5]).astype(dtype), k.astype(dtype)


def _blocks(lanes: int, rows: int, dtype: np.dtype) -> tuple[int, np.ndarray]:
    from .compiled_lmu import lanes_of

    width = lanes_of(dtype)
    blocks = -(-lanes // width)
    return blocks, np.empty((blocks * rows, width), dtype)


def bilinear_forward(steps: float, u: np.ndarray, m0: np.ndarray, m: np.ndarray, threads: int = 1) -> None:
    """Fill m (T, B, d, q) from u (T, B, d) and m0 (B, d, q); theta is ``steps`` steps long.

    Any strides, but neighbours of the last axis of m and m0 side by side.
    """
    from .compiled_lmu import compiled

    order = m.shape[3]
    c, k = coefficients(order, steps, m.dtype)
    blocks, work = _blocks(u[:1].size, 2 * k.shape[1] + 1, m.dtype)
    on_lanes(compiled("bilinear_forward", m.dtype), blocks, threads, c, k, u, m0[None], m, work)


def bilinear_backward(
    steps: float, g: np.ndarray, g_last: np.ndarray, gu: np.ndarray, gm0: np.ndarray, threads: int = 1,
    m0: np.ndarray | None = None, m: np.ndarray | None = None,
) -> float:  # fmt: skip
    """Fill gu (T, B, d) and gm0 (B, d, q) from the gradients of m and, in addition, of its last step.

    With m0 and m given, the derivative of the loss by log(theta) is returned, else 0.
    """
    from .compiled_lmu import compiled

    order, learn = g.shape[3], m is not None
    c, k = coefficients(order, steps, g.dtype, adjoint=True)
    blocks, work = _blocks(g_last.size // order, 5 * k.shape[1] + 1, g.dtype)
    slope = np.zeros(g_last.shape[:2])
    given = (m0[None], m) if learn else (g_last[None], g)
    on_lanes(
        compiled("bilinear_backward", g.dtype), blocks, threads, c, k, learn, g, g_last[None], *given, gu, gm0[None],
        slope, work,
    )  # fmt: skip
    return -float(slope.sum())
