r"""Linear recurrences on tensors, one operator for a whole sequence, with exact gradients: `spikegram.kernels.scan`.

    scan          h_t = a_t * h_{t-1} + b_t
    matrix_scan   h_t = A_t h_{t-1} + b_t
    outer_scan    S_t = a_t S_{t-1} + k_t v_t^T,  o_t = S_t^T q_t

Real and complex. On CPU tensors the steps run in compiled code; ``backend="torch"`` is a plain loop over time, on any
device, with second derivatives and forward mode. Half precision is computed in float32.

The backward of `scan` and `matrix_scan` needs the states, which are the output; `outer_scan` keeps S every sqrt(T)
steps.

>>> import torch
>>> h, last = scan(torch.tensor([0.5]), torch.ones(3, 1))
>>> h.squeeze().tolist(), last.tolist()
([1.0, 1.5, 1.75], [1.75])
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ...kernels import scan as kernels
from .fresh import fresh
from .op import SequenceOp

__all__ = ["matrix_scan", "outer_scan", "scan"]

_HALF = (torch.float16, torch.bfloat16)


def array(t: Tensor) -> Any:
    """See a tensor as a NumPy array whose neighbours on the last axis lie side by side (a copy if need be)."""
    t = t.detach().resolve_conj().resolve_neg()
    return (t if t.stride(-1) == 1 or t.shape[-1] <= 1 else t.contiguous()).numpy()


def _rows(*tensors: Tensor) -> list[Any]:
    """Arrays (T, B, N); joined to (T, 1, B N) if none of them minds, since long rows are quicker."""
    if all(t.is_contiguous() for t in tensors):
        tensors = tuple(t.reshape(*t.shape[:-2], 1, -1) for t in tensors)
    return [array(t) for t in tensors]


def _diagonal(inputs: list[Tensor], options: str) -> list[Tensor]:
    a, b, h0 = inputs
    h = fresh(b.shape, b.dtype)
    kernels.diagonal_forward(*_rows(a, b, h0, h), threads=torch.get_num_threads())
    return [h, (h[-1] if len(h) else h0).clone(memory_format=torch.contiguous_format)]


def _diagonal_backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    a, b, h0 = inputs
    ga, gb, gh0 = (fresh(t.shape, t.dtype) for t in (a, b, h0))
    kernels.diagonal_backward(*_rows(a, h0, results[0], *gradients, ga, gb, gh0), threads=torch.get_num_threads())
    return [ga, gb, gh0]


def _matrix(inputs: list[Tensor], options: str) -> list[Tensor]:
    A, b, h0 = inputs
    h = fresh(b.shape, b.dtype)
    A = A if A.ndim == 2 else A.contiguous()
    kernels.matrix_forward(*map(array, (A, b, h0, h)), threads=torch.get_num_threads())
    return [h, (h[-1] if len(h) else h0).clone(memory_format=torch.contiguous_format)]


def _matrix_backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    A, b, h0 = inputs
    fixed = A.ndim == 2
    gb, gh0 = fresh(b.shape, b.dtype), fresh(h0.shape, b.dtype)
    gA = None if fixed else fresh(A.shape, b.dtype)
    kernels.matrix_backward(
        *map(array, (A if fixed else A.contiguous(), h0, results[0], *gradients)), None if fixed else array(gA),
        *map(array, (gb, gh0)), threads=torch.get_num_threads(),
    )  # fmt: skip
    if fixed and needs[0]:
        gA = torch.zeros_like(A)
        if len(b):
            gA = gb[0].T @ h0.conj() + gb[1:].flatten(0, 1).T @ results[0][:-1].flatten(0, 1).conj()
    return [A if gA is None else gA, gb, gh0]


def _outer(inputs: list[Tensor], options: str) -> list[Tensor]:
    a, k, v, q, S0 = inputs
    every = int(options)
    T, _, K = k.shape
    kept = fresh((-(-T // every) if every else 0, *S0.shape), v.dtype)
    S, o = S0.clone(memory_format=torch.contiguous_format), fresh(v.shape, v.dtype)
    kernels.outer_forward(*map(array, (a, k, v, q, S, kept, o)), every=every, threads=torch.get_num_threads())
    return [o, S, kept]


def _outer_backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    a, k, v, q, _ = inputs
    G = gradients[1].clone(memory_format=torch.contiguous_format)
    found = [fresh(t.shape, v.dtype) for t in (a, k, v, q)]
    kernels.outer_backward(
        *map(array, (a, k, v, q, results[2], gradients[0], G, *found)), every=int(options),
        threads=torch.get_num_threads(),
    )  # fmt: skip
    return [*found, G]


def _outer_shapes(inputs: list[Tensor], options: str) -> list[Tensor]:
    _, k, v, _, S0 = inputs
    every = int(options)
    return [v, S0, S0.new_empty((-(-k.shape[0] // every) if every else 0, *S0.shape))]


_diagonal_op = SequenceOp("diagonal_scan", _diagonal, _diagonal_backward, lambda i, _: [i[1], i[2]], outputs=2)
_matrix_op = SequenceOp("matrix_scan", _matrix, _matrix_backward, lambda i, _: [i[1], i[2]], outputs=2)
_outer_op = SequenceOp("outer_scan", _outer, _outer_backward, _outer_shapes, outputs=2)


def _prepare(
    name: str, tensors: dict[str, Tensor | None], start: tuple[str, tuple[int, ...]], backend: str
) -> tuple[list[Tensor], torch.dtype]:
    """Check kinds, devices and the first state, which is made if it is None; give all in the dtype to work in."""
    if backend not in ("numba", "torch"):
        raise ValueError(f"{name}: backend: expected 'numba' or 'torch', got {backend!r}")
    given: dict[str, Tensor] = {}
    for key, t in tensors.items():
        if isinstance(t, Tensor):
            given[key] = t
        elif key != start[0] or t is not None:
            raise TypeError(f"{name}: {key} must be a tensor, got {type(t).__name__}")
    first, like = next(iter(given.items()))
    if not (like.is_floating_point() or like.is_complex()):
        raise TypeError(f"{name}: {first} is {like.dtype}, expected floating point or complex; use {first}.float()")
    given.setdefault(start[0], like.new_zeros(start[1]))
    for key, t in given.items():
        if t.dtype != like.dtype or t.device != like.device:
            raise ValueError(
                f"{name}: {key} is {t.dtype} on {t.device}, expected {like.dtype} on {like.device} as {first}"
            )
    if tuple(given[start[0]].shape) != tuple(start[1]):
        raise ValueError(
            f"{name}: {start[0]} must be {tuple(start[1])}, got {tuple(given[start[0]].shape)} "
            f"({first} is {tuple(like.shape)})"
        )
    if backend == "numba" and like.device.type != "cpu":
        raise ValueError(f"{name}: {first} is on {like.device}; compiled code runs on the CPU, use backend='torch'")
    work = torch.float32 if like.dtype in _HALF else like.dtype
    return [given[key].to(work) for key in tensors], like.dtype


def scan(a: Tensor, b: Tensor, h0: Tensor | None = None, *, backend: str = "numba") -> tuple[Tensor, Tensor]:
    """Run ``h_t = a_t * h_{t-1} + b_t`` over the first axis.

    Parameters
    ----------
    a : tensor
        With as many axes as b: (T, ...), one for each step; with fewer: the same in all steps. Broadcast to b.
    b : tensor (T, *shape)
    h0 : tensor (*shape), optional
        Zeros by default.
    backend : "numba" or "torch"

    Returns
    -------
    h : tensor (T, *shape)
    last : tensor (*shape)
        h0 if T is 0.
    """
    shape = tuple(b.shape) if isinstance(b, Tensor) else ()
    if isinstance(b, Tensor) and not shape:
        raise ValueError("scan: b must be (T, ...), got a number")
    (b, a, h0), dtype = _prepare("scan", dict(b=b, a=a, h0=h0), ("h0", shape[1:]), backend)
    varying = a.ndim == b.ndim
    if a.ndim > b.ndim or (varying and a.shape[0] != shape[0]) or not _fits(a, b.shape[0 if varying else 1 :]):
        raise ValueError(
            f"scan: a must be (T, ...) = ({shape[0]}, ...) or, the same in all steps, have fewer axes, "
            f"and fit b {shape}; got {tuple(a.shape)}"
        )
    a = a.expand(b.shape if varying else b.shape[1:])
    if not b.numel():
        return (b + 0 * a).to(dtype), h0.to(dtype)
    if backend == "torch":
        rows = a.unbind(0) if varying else [a] * shape[0]
        return _plain(lambda t, h, x: torch.addcmul(x, rows[t], h), b, h0, dtype)
    N = shape[-1] if len(shape) > 1 else 1
    B = math.prod(shape[1:]) // N
    h, last = _diagonal_op(
        [a.reshape((shape[0], B, N) if varying else (B, N)), b.reshape(shape[0], B, N), h0.reshape(B, N)]
    )
    return h.reshape(shape).to(dtype), last.reshape(shape[1:]).to(dtype)


def _fits(a: Tensor, shape: Any) -> bool:
    """Tell whether a can be broadcast to this shape."""
    return a.ndim <= len(shape) and all(n in (1, m) for n, m in zip(reversed(a.shape), reversed(shape), strict=False))


def _plain(step: Any, b: Tensor, h: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Carry the steps out one by one."""
    out = []
    for t, x in enumerate(b.unbind(0)):
        h = step(t, h, x)
        out.append(h)
    return torch.stack(out).to(dtype), h.to(dtype)


def matrix_scan(A: Tensor, b: Tensor, h0: Tensor | None = None, *, backend: str = "numba") -> tuple[Tensor, Tensor]:
    """Run ``h_t = A_t h_{t-1} + b_t`` over the first axis.

    Parameters
    ----------
    A : tensor (N, N) or (T, *batch, N, N)
        The same in all steps and samples, or one for each; axes of the batch may be 1.
    b : tensor (T, *batch, N)
    h0 : tensor (*batch, N), optional
        Zeros by default.
    backend : "numba" or "torch"

    Returns
    -------
    h : tensor (T, *batch, N)
    last : tensor (*batch, N)
        h0 if T is 0.
    """
    shape = tuple(b.shape) if isinstance(b, Tensor) else ()
    if isinstance(b, Tensor) and len(shape) < 2:
        raise ValueError(f"matrix_scan: b must be (T, ..., N), got {shape}")
    (b, A, h0), dtype = _prepare("matrix_scan", dict(b=b, A=A, h0=h0), ("h0", shape[1:]), backend)
    N = shape[-1]
    fixed = A.ndim == 2
    each = A.ndim == len(shape) + 1 and A.shape[0] == shape[0] and _fits(A, (*shape, N))
    if tuple(A.shape[-2:]) != (N, N) or not (fixed or each):
        raise ValueError(
            f"matrix_scan: A must be (N, N) or (T, ..., N, N) and fit b {shape}, N = {N}; got {tuple(A.shape)}"
        )
    if not fixed:
        A = A.expand(*shape, N)
    if not b.numel():
        return (b + 0 * A.sum()).to(dtype), h0.to(dtype)
    if backend == "torch":
        rows = [A] * shape[0] if fixed else A.unbind(0)
        return _plain(lambda t, h, x: x + (rows[t] @ h.unsqueeze(-1)).squeeze(-1), b, h0, dtype)
    B = math.prod(shape[1:-1])
    h, last = _matrix_op([A if fixed else A.reshape(shape[0], B, N, N), b.reshape(shape[0], B, N), h0.reshape(B, N)])
    return h.reshape(shape).to(dtype), last.reshape(shape[1:]).to(dtype)


def outer_scan(
    a: Tensor, k: Tensor, v: Tensor, q: Tensor, S0: Tensor | None = None, *, backend: str = "numba"
) -> tuple[Tensor, Tensor]:
    """Run ``S_t = a_t S_{t-1} + k_t v_t^T``, ``o_t = S_t^T q_t`` over the first axis.

    Parameters
    ----------
    a : tensor, broadcastable to (T, *batch, K)
        Decay of each row of S, or with a last axis of 1 of all of S.
    k, q : tensors (T, *batch, K)
    v : tensor (T, *batch, V)
    S0 : tensor (*batch, K, V), optional
        Zeros by default.
    backend : "numba" or "torch"

    Returns
    -------
    o : tensor (T, *batch, V)
    S : tensor (*batch, K, V)
        After the last step.
    """
    for name, t in (("k", k), ("v", v)):
        if isinstance(t, Tensor) and t.ndim < 2:
            raise ValueError(f"outer_scan: {name} must be (T, ..., features), got {tuple(t.shape)}")
    shape = tuple(k.shape) if isinstance(k, Tensor) else ()
    V = v.shape[-1] if isinstance(v, Tensor) else 0
    (v, k, q, a, S0), dtype = _prepare(
        "outer_scan", dict(v=v, k=k, q=q, a=a, S0=S0), ("S0", (*shape[1:], V)), backend
    )  # fmt: skip
    for name, t, wanted in (("q", q, shape), ("v", v, (*shape[:-1], V))):
        if tuple(t.shape) != wanted:
            raise ValueError(f"outer_scan: {name} must be {wanted} for k {shape}, got {tuple(t.shape)}")
    if not a.ndim or not _fits(a, shape):
        raise ValueError(f"outer_scan: a must fit (T, ..., K) = {shape} or (T, ..., 1), got {tuple(a.shape)}")
    T, K = shape[0], shape[-1]
    a = a.expand(*shape[:-1], a.shape[-1])
    if not k.numel() or not V:
        return (0 * (a * k * q).sum() + v * 0).to(dtype), S0.to(dtype)
    if backend == "torch":
        S, out = S0, []
        for decay, key, value, query in zip(a.unbind(0), k.unbind(0), v.unbind(0), q.unbind(0), strict=True):
            S = decay.unsqueeze(-1) * S + key.unsqueeze(-1) * value.unsqueeze(-2)
            out.append((query.unsqueeze(-2) @ S).squeeze(-2))
        return torch.stack(out).to(dtype), S.to(dtype)
    B = math.prod(shape[1:-1])
    needed = torch.is_grad_enabled() and any(t.requires_grad for t in (a, k, v, q, S0))
    needed = needed or torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
    every = kernels.outer_every(T, K, V, v.element_size()) if needed else 0
    o, S = _outer_op(
        [a.reshape(T, B, -1), k.reshape(T, B, K), v.reshape(T, B, V), q.reshape(T, B, K), S0.reshape(B, K, V)],
        str(every),
    )
    return o.reshape(*shape[:-1], V).to(dtype), S.reshape(*shape[1:], V).to(dtype)
