"""Linear recurrences on tensors: gradients, shapes, the plain loop, compile, vmap, errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from spikegram.bridges.torch.scan import matrix_scan, outer_scan, scan

KINDS = [torch.float64, pytest.param(torch.complex128, marks=pytest.mark.slow)]  # each is compiled anew
SHAPES = {
    "diagonal": (scan, [(5, 2, 3), (5, 2, 3), (2, 3)]),
    "diagonal-fixed": (scan, [(3,), (5, 2, 3), (2, 3)]),
    "diagonal-one-row": (scan, [(5, 1, 3), (5, 2, 3), (2, 3)]),
    "diagonal-one-number": (scan, [(), (4,), ()]),
    "diagonal-many-axes": (scan, [(2, 1), (4, 2, 2, 3), (2, 2, 3)]),
    "matrix-fixed": (matrix_scan, [(3, 3), (4, 2, 3), (2, 3)]),
    "matrix": (matrix_scan, [(4, 1, 3, 3), (4, 2, 3), (2, 3)]),
    "matrix-no-batch": (matrix_scan, [(4, 3, 3), (4, 3), (3,)]),
    "outer": (outer_scan, [(4, 2, 1), (4, 2, 3), (4, 2, 2), (4, 2, 3), (2, 3, 2)]),
    "outer-rows": (outer_scan, [(3,), (4, 2, 3), (4, 2, 2), (4, 2, 3), (2, 3, 2)]),
}


def draw(shapes: list[tuple[int, ...]], dtype: torch.dtype) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [(torch.randn(s, dtype=dtype, generator=generator) / 2).requires_grad_() for s in shapes]


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_diagonal_gradients_of_complex_numbers_too(dtype: torch.dtype) -> None:
    assert gradcheck(scan, draw([(5, 2, 3), (5, 2, 3), (2, 3)], dtype))
    assert gradcheck(scan, draw([(3,), (5, 2, 3), (2, 3)], dtype))


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("name", SHAPES)
def test_gradients_and_the_plain_loop(name: str, dtype: torch.dtype) -> None:
    function, shapes = SHAPES[name]
    x = draw(shapes, dtype)
    assert gradcheck(function, x)
    plain = function(*x, backend="torch")
    for ours, expected in zip(function(*x), plain, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    # without a first state: zeros
    fresh = [*x[:-1], torch.zeros_like(x[-1])]
    for ours, expected in zip(function(*x[:-1]), function(*fresh), strict=True):
        assert torch.equal(ours, expected)
    results = function(*x)
    gradients = torch.autograd.grad(results[1].abs().sum(), x, retain_graph=True, allow_unused=True)
    for ours, expected in zip(
        gradients, torch.autograd.grad(plain[1].abs().sum(), x, allow_unused=True, materialize_grads=True), strict=True
    ):
        torch.testing.assert_close(ours, expected, rtol=1e-11, atol=1e-12)


def test_batch_first_is_read_in_place() -> None:
    generator = torch.Generator().manual_seed(0)
    b = torch.randn((4, 50, 6), generator=generator, dtype=torch.float64)
    a = torch.rand((6,), generator=generator, dtype=torch.float64)
    h, last = scan(a, b.transpose(0, 1))
    expected, _ = scan(a, b.transpose(0, 1).contiguous())
    assert torch.equal(h, expected) and torch.equal(last, h[-1])
    h.transpose(0, 1).cumsum(1)


@pytest.mark.parametrize("name", SHAPES)
def test_no_steps_and_no_lanes(name: str) -> None:
    function, shapes = SHAPES[name]
    x = draw(shapes, torch.float64)
    short = [t if t.ndim == 0 or t.shape[0] != shapes[1][0] else t[:0] for t in x]
    y, last = function(*short)
    assert y.shape[0] == 0 and torch.equal(last, x[-1])
    if len(shapes[1]) > 2:
        none = [t if t.ndim < 2 or t.shape[-1] == t.shape[-2] else t.narrow(t.ndim - 2, 0, 0) for t in x[:-1]]
        if function is scan:
            assert function(*none)[0].shape == none[1].shape


def test_half_precision_is_computed_in_single() -> None:
    generator = torch.Generator().manual_seed(1)
    b = torch.randn((200, 8), generator=generator).to(torch.bfloat16)
    a = torch.full((8,), 0.9375, dtype=torch.bfloat16)
    h, last = scan(a, b)
    assert h.dtype == last.dtype == torch.bfloat16
    assert torch.equal(h, scan(a.float(), b.float())[0].to(torch.bfloat16))


@pytest.mark.slow
def test_compiles_in_one_graph() -> None:
    torch._dynamo.reset()
    compiled = torch.compile(scan, fullgraph=True, backend="aot_eager", dynamic=True)
    for T in (6, 9):
        a, b = draw([(3,), (T, 2, 3)], torch.float64)
        h, _ = compiled(a, b)
        assert torch.equal(h, scan(a, b)[0])
        h.square().sum().backward()
        assert b.grad is not None and torch.isfinite(b.grad).all()


def test_mapped_over_an_axis() -> None:
    a, b = draw([(3,), (2, 5, 4, 3)], torch.float64)
    together = torch.vmap(lambda x: scan(a, x)[0])(b)
    torch.testing.assert_close(together, torch.stack([scan(a, x)[0] for x in b]), rtol=0, atol=0)


def test_second_derivatives_are_refused_or_plain() -> None:
    a, b = draw([(3,), (5, 3)], torch.float64)
    assert torch.autograd.gradgradcheck(lambda a, b: scan(a, b, backend="torch")[0], (a, b))
    (g,) = torch.autograd.grad(scan(a, b)[0].square().sum(), a, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative"):
        g.sum().backward()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: scan(x(4, 3), x(5, 3)), r"scan: a must be \(T, ...\) = \(5, ...\) .* b \(5, 3\); got \(4, 3\)"),
        (lambda x: scan(x(2), x(5, 3)), r"scan: a must be .* got \(2,\)"),
        (lambda x: scan(x(3), x(5, 3), x(4)), r"scan: h0 must be \(3,\), got \(4,\) \(b is \(5, 3\)\)"),
        (lambda x: scan(x(3).float(), x(5, 3)), r"scan: a is torch.float32 on cpu, expected torch.float64"),
        (lambda x: scan(x(3), x(5, 3), backend="cuda"), r"scan: backend: expected 'numba' or 'torch', got 'cuda'"),
        (lambda x: scan(x(3), x()), r"scan: b must be \(T, ...\), got a number"),
        (lambda x: matrix_scan(x(3, 2), x(5, 3)), r"matrix_scan: A must be .* N = 3; got \(3, 2\)"),
        (lambda x: matrix_scan(x(4, 3, 3), x(5, 3)), r"matrix_scan: A must be .* got \(4, 3, 3\)"),
        (lambda x: matrix_scan(x(3, 3), x(3)), r"matrix_scan: b must be \(T, ..., N\), got \(3,\)"),
        (lambda x: outer_scan(x(1), x(5, 3), x(4, 2), x(5, 3)), r"outer_scan: v must be \(5, 2\) for k \(5, 3\)"),
        (lambda x: outer_scan(x(1), x(5, 3), x(5, 2), x(5, 2)), r"outer_scan: q must be \(5, 3\)"),
        (lambda x: outer_scan(x(2), x(5, 3), x(5, 2), x(5, 3)), r"outer_scan: a must fit .* got \(2,\)"),
    ],
)
def test_refused(call: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(lambda *s: torch.zeros(s, dtype=torch.float64))


def test_refused_kinds() -> None:
    with pytest.raises(TypeError, match=r"scan: b is torch.int64, expected floating point or complex; use b.float\(\)"):
        scan(torch.zeros(3), torch.zeros(5, 3, dtype=torch.int64))
    with pytest.raises(TypeError, match=r"scan: a must be a tensor, got float"):
        scan(0.5, torch.zeros(5, 3))
