"""One operator for a whole sequence: gradients, transforms, compilation, refusals."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch.op import SequenceOp

product = SequenceOp(
    "test_product",
    lambda x, _: [x[0] * x[1], x[0].clone()],
    lambda x, r, g, needs, _: [g[0] * x[1], g[0] * x[0]],
    lambda x, _: [x[0], x[0]],
    outputs=1,
)


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return [torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)]


def test_gradients_and_registration(pair) -> None:
    assert torch.autograd.gradcheck(lambda a, b: product([a, b])[0], pair)
    torch.library.opcheck(product.forward_operator, ([t.detach() for t in pair], ""))


def test_only_what_is_needed_comes_back(pair) -> None:
    a, b = pair[0], pair[1].detach()
    product([a, b])[0].sum().backward()
    torch.testing.assert_close(a.grad, b)


def test_transforms(pair) -> None:
    a, b = (t.detach() for t in pair)
    both = torch.func.grad(lambda a, b: product([a, b])[0].sum(), (0, 1))
    for found, expected in zip(torch.vmap(both, (0, None))(a, b[0]), (b[0].expand(3, 4), a), strict=True):
        torch.testing.assert_close(found, expected)
    assert torch.vmap(lambda a, b: product([a, b])[0], (1, None))(a, b[:, 0]).shape == (4, 3)
    jacobian = torch.func.jacrev(lambda a: product([a, b])[0])(a)
    torch.testing.assert_close(jacobian.reshape(12, 12), torch.diag(b.flatten()))


def test_what_has_no_kernel_raises(pair) -> None:
    a, b = pair
    (g,) = torch.autograd.grad(product([a, b])[0].sum(), a, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative; build the layer with backend='torch'"):
        g.sum().backward()
    with pytest.raises(RuntimeError, match="jvp"):
        torch.func.jvp(lambda a: product([a, b.detach()])[0], (a.detach(),), (a.detach(),))


def test_results_that_are_not_read_are_not_kept(pair) -> None:
    reduced = SequenceOp(
        "test_reduced",
        lambda x, _: [x[0] + 0, x[0] * x[1], x[1] * 2],
        lambda x, r, g, needs, _: [g[0] + g[1] * r[-1] / 2, g[1] * x[0]],
        lambda x, _: [x[0], x[0], x[1]],
        outputs=-1, reads=(-1,),
    )  # fmt: skip
    a, b = pair
    first, second = reduced(pair)
    (first * 3).sum().backward()  # the other output has no gradient
    assert torch.equal(a.grad, torch.full_like(a, 3)) and torch.equal(b.grad, torch.zeros_like(b))
    assert torch.autograd.gradcheck(lambda a, b: reduced([a, b]), pair)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.clone()) or t, lambda t: t):
        reduced(pair)
    assert len(kept) == 3 and torch.equal(kept[-1], 2 * b)
    (g,) = torch.autograd.grad(reduced(pair)[1].sum(), a, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative"):
        g.sum().backward()


def test_bare_options_where_no_gradient_is_needed(pair) -> None:
    seen = []

    def run(x, options):
        seen.append(options)
        return [x[0] * 2]

    op = SequenceOp(
        "test_bare",
        run,
        lambda x, r, g, needs, _: [g[0] * 2],
        lambda x, _: [x[0]],
        outputs=1,
        bare=lambda o: f"{o}, bare",
    )
    x = pair[0]
    op([x], "all")[0].sum().backward()
    with torch.no_grad():
        op([x], "all")
        torch.vmap(lambda t: op([t], "all")[0])(x[:1])
    op([x.detach()], "all")
    torch.func.grad(lambda t: op([t], "all")[0].sum())(x.detach())
    assert seen == ["all", "all, bare", "all, bare", "all, bare", "all"]


def test_compiles_in_one_graph(pair) -> None:
    compiled = torch.compile(lambda a, b: product([a, b])[0].sin().sum(), fullgraph=True, backend="aot_eager")
    compiled(*pair).backward()
    torch.testing.assert_close(pair[0].grad, (pair[0] * pair[1]).cos() * pair[1])
