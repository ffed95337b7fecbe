"""One pair of kernels behind one operator of PyTorch: a whole sequence forward, a whole sequence backward.

The operator takes a list of tensors and a text of options, and is opaque to ``torch.compile``: a fake implementation
tells the shapes. Eager calls go through an `torch.autograd.Function`, the cheaper way to attach a gradient; under
``vmap`` each entry of the mapped axis is one call. Second derivatives and forward mode raise instead of returning wrong
numbers: a layer's plain torch path has them.

>>> import torch
>>> double = SequenceOp(
...     "doctest_double", lambda x, _: [2 * x[0]], lambda x, y, g, needs, _: [2 * g[0]], lambda x, _: [x[0]], outputs=1)
>>> x = torch.ones(3, requires_grad=True)
>>> double([x])[0].sum().backward(); x.grad.tolist()
[2.0, 2.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._C._functorch import unwrap_if_dead

__all__ = ["SequenceOp", "as_array", "flat"]

_LIBRARY = torch.library.Library("spikegram", "FRAGMENT")
_KINDS = (Tensor, torch.nn.Parameter)
_NOTHING = torch.empty(0)

Forward = Callable[[list[Tensor], str], list[Tensor]]
Backward = Callable[[list[Tensor], list[Tensor], list[Tensor], list[bool], str], list[Tensor]]
Fake = Callable[[list[Tensor], str], list[Tensor]]


def as_array(t: Tensor) -> np.ndarray:
    """See a tensor as an array without gaps (a copy if need be)."""
    if (found := getattr(t, "array", None)) is not None:  # of constants; to make it takes longer than a small kernel
        return found
    t = t.detach() if t.requires_grad else t
    return (t if t.is_contiguous() else t.contiguous()).numpy()


def flat(t: Tensor, axes: int) -> np.ndarray:
    """The same with the last two axes, samples and neurons, as one; ``axes`` stand before them."""
    a = as_array(t)
    return a.reshape(*a.shape[:axes], a.shape[-2] * a.shape[-1])


class SequenceOp:
    """A differentiable operator from a list of tensors to a list of tensors.

    Parameters
    ----------
    name : str
        ``spikegram::NAME`` and ``spikegram::NAME_backward`` are registered; each name once in a process.
    forward : callable (inputs, options) -> results
        Fresh tensors, not views of the inputs. The first ``outputs`` are what the caller gets, what follows is kept
        for the backward only (checkpoints).
    backward : callable (inputs, results, gradients, needs, options) -> list
        Gradients of the outputs in, one fresh tensor for each input out; where ``needs`` is false, anything (an empty
        tensor costs nothing).
    shapes : callable (inputs, options) -> list
        Tensors with the shapes and dtypes of all results; only their shape, dtype and device are used.
    outputs : int
        Number of differentiable results; below 0: all but so many.
    reads : sequence of int, optional
        Places of the results that ``backward`` reads; eager calls keep no others. Default: all.
    bare : callable (options) -> options, optional
        Options with which a call makes nothing for a backward pass, as no input needs a gradient.

    Notes
    -----
    ``options`` must hold all that is no tensor; it is a constant of a compiled graph.
    """

    def __init__(
        self, name: str, forward: Forward, backward: Backward, shapes: Fake, outputs: int,
        reads: Sequence[int] | None = None, bare: Callable[[str], str] = str,
    ) -> None:  # fmt: skip
        self.name, self.outputs, self.reads, self.bare = name, outputs, reads, bare
        _LIBRARY.define(f"{name}(Tensor[] inputs, str options) -> Tensor[]")
        _LIBRARY.define(
            f"{name}_backward(Tensor[] inputs, Tensor[] results, Tensor[] gradients, bool[] needs, str options)"
            " -> Tensor[]"
        )

        def fake_forward(inputs: list[Tensor], options: str) -> list[Tensor]:
            return [t.new_empty(t.shape) for t in shapes(inputs, options)]

        def fake_backward(
            inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
        ) -> list[Tensor]:
            return [t.new_empty(t.shape if need else (0,)) for t, need in zip(inputs, needs, strict=True)]

        def run_backward(
            inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
        ) -> list[Tensor]:
            found = backward(inputs, results, gradients, needs, options)
            return [g if need else t.new_empty(0) for g, t, need in zip(found, inputs, needs, strict=True)]

        for suffix, kernel, fake in (("", forward, fake_forward), ("_backward", run_backward, fake_backward)):
            _LIBRARY.impl(name + suffix, kernel, "CPU")
            torch.library.register_fake(f"spikegram::{name}{suffix}", fake, lib=_LIBRARY)
            operator = getattr(torch.ops.spikegram, name + suffix).default
            torch.library.register_vmap(f"spikegram::{name}{suffix}", _mapped(operator), lib=_LIBRARY)
        self.forward_kernel, self.backward_kernel = forward, backward
        self.forward_operator = getattr(torch.ops.spikegram, name).default
        self.backward_operator = getattr(torch.ops.spikegram, f"{name}_backward").default
        self.transformed, self.eager = _attach(self)

    def __call__(self, inputs: Sequence[Tensor], options: str = "") -> tuple[Tensor, ...]:
        """Return the differentiable results."""
        compiling, enabled = torch.compiler.is_compiling(), torch.is_grad_enabled()
        if not compiling and torch._C._are_functorch_transforms_active():  # not each of its tensors knows what it needs
            return self.transformed.apply(options if enabled else self.bare(options), *inputs)[: self.outputs]
        if enabled and _needed(inputs):
            if compiling:
                return self.transformed.apply(options, *inputs)[: self.outputs]
            return self.eager(options, *map(unwrap_if_dead, inputs))
        direct = not compiling and _plain(inputs)  # the compiler cannot trace the function where no gradient is needed
        run = self.forward_kernel if direct else self.forward_operator
        return tuple(run(list(inputs), self.bare(options))[: self.outputs])


def _needed(tensors: Sequence[Tensor]) -> bool:
    """Tell whether any needs a gradient."""
    for t in tensors:
        if t.requires_grad:
            return True
    return False


def _plain(tensors: Sequence[Tensor]) -> bool:
    """Tell whether the dispatcher would do nothing but call the kernel, for as long as a small kernel takes."""
    for t in tensors:
        if type(t) not in _KINDS or not t.is_cpu:
            return False
    return not torch._C._len_torch_dispatch_stack()


def _filled(gradients: Sequence[Tensor | None], shapes: Sequence[torch.Size], like: Tensor) -> list[Tensor]:
    """One gradient for each output, zeros where there is none: the same zeros for neighbours of one shape."""
    found: list[Tensor] = []
    nothing: Tensor | None = None
    for g, shape in zip(gradients, shapes, strict=False):  # after the outputs come results without gradients
        if g is None:
            if nothing is None or nothing.shape != shape:
                nothing = like.new_zeros(shape)
            g = nothing
        found.append(g)
    return found


def _attach(op: SequenceOp) -> tuple[type[torch.autograd.Function], Callable[..., Any]]:
    n, name = op.outputs, op.name  # methods name these and not op, which the compiler does not know
    forward_operator, backward_operator = op.forward_operator, op.backward_operator
    forward_kernel, backward_kernel, reads = op.forward_kernel, op.backward_kernel, op.reads

    def derive(
        options: str, inputs: list[Tensor], results: list[Tensor], given: list[Tensor], needs: list[bool]
    ) -> tuple[Tensor | None, ...]:
        if torch.compiler.is_compiling():  # the compiler refuses second derivatives itself
            found = backward_operator(inputs, results, given, needs, options)
        elif not torch.is_grad_enabled():  # nobody can ask for a second derivative
            run = backward_kernel if _plain((*inputs, *results, *given)) else backward_operator
            found = run(inputs, results, given, needs, options)
        else:
            found = Backward.apply(options, (len(inputs), len(results)), needs, *inputs, *results, *given)
        return None, *(g if need else None for g, need in zip(found, needs, strict=True))

    class Backward(torch.autograd.Function):
        """The backward operator; its own derivative is refused."""

        generate_vmap_rule = True

        @staticmethod
        def forward(options: str, counts: tuple[int, int], needs: list[bool], *tensors: Tensor) -> Any:
            a, b = counts
            inputs, results, gradients = list(tensors[:a]), list(tensors[a : a + b]), list(tensors[a + b :])
            return tuple(backward_operator(inputs, results, gradients, needs, options))

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            pass

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            raise RuntimeError(
                f"spikegram::{name}: the fused kernel has no second derivative; build the layer with backend='torch'"
            )

    class Function(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(options: str, *inputs: Tensor) -> Any:
            return tuple(forward_operator(list(inputs), options))

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.options, ctx.n_inputs = inputs[0], len(inputs) - 1
            ctx.mark_non_differentiable(*output[n:])
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(*inputs[1:], *output)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            saved = ctx.saved_tensors
            inputs, results = list(saved[: ctx.n_inputs]), list(saved[ctx.n_inputs :])
            given = _filled(gradients, [r.shape for r in results[:n]], results[0])
            return derive(ctx.options, inputs, results, given, list(ctx.needs_input_grad[1:]))

    class Eager(torch.autograd.Function):
        """The same without ``setup_context``, and no result is kept or given that need not be."""

        @staticmethod
        def forward(ctx: Any, options: str, *inputs: Tensor) -> Any:
            run = forward_kernel if _plain(inputs) else forward_operator
            results = run(list(inputs), options)
            ctx.given = options, len(inputs), len(results)
            ctx.save_for_backward(*inputs, *(results if reads is None else [results[k] for k in reads]))
            return tuple(results[:n])

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            saved, (options, n_inputs, n_results) = ctx.saved_tensors, ctx.given
            inputs, results = list(saved[:n_inputs]), list(saved[n_inputs:])
            if reads is not None:
                kept, results = results, [_NOTHING] * n_results
                for k, r in zip(reads, kept, strict=True):
                    results[k] = r
            return derive(options, inputs, results, list(gradients), list(ctx.needs_input_grad[1:]))

    # what `Eager.apply` calls in the end; the rest of it is for transforms, and costs as much again
    return Function, super(torch.autograd.Function, Eager).apply


def _mapped(operator: Any) -> Callable:
    """Make the vmap rule of an operator on lists of tensors: one call for each entry of the mapped axis."""

    def rule(info: Any, in_dims: tuple, *arguments: Any) -> tuple[list[Tensor], list[int]]:
        def entry(k: int) -> list[Any]:
            return [
                [t if d is None else t.select(d, k) for t, d in zip(a, dims, strict=True)]
                if isinstance(a, list | tuple) and a and isinstance(a[0], Tensor)
                else a
                for a, dims in zip(arguments, in_dims, strict=True)
            ]

        if not info.batch_size:
            raise ValueError("vmap: the mapped axis has no entry")
        each = [operator(*entry(k)) for k in range(info.batch_size)]
        return [torch.stack(list(r)) for r in zip(*each, strict=True)], [0] * len(each[0])

    return rule
