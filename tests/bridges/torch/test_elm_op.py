"""The ELM operator: its registration with and without sparse inputs, and what it keeps."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch import ELM, elm_op


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch):
    """Give what the operator is called with by a layer."""

    def of(x: torch.Tensor, **arguments) -> tuple[list[torch.Tensor], str]:
        torch.manual_seed(0)
        layer = ELM(10, 2, 3, dtype=torch.float64, **arguments)
        called = []
        original = elm_op._op

        def spy(inputs, options):
            called.append(([t.detach().clone() for t in inputs], options))
            return original(inputs, options)

        monkeypatch.setattr(elm_op, "_op", spy)
        layer(x)
        monkeypatch.setattr(elm_op, "_op", original)
        return called[0]

    return of


def sequence(density: float = 0.1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(7, 3, 10, generator=generator) < density).double()


@pytest.mark.parametrize("density", [0.1, 0.9])
def test_registration(pieces, density: float) -> None:
    torch.library.opcheck(elm_op._op.forward_operator, pieces(sequence(density)))


def test_registration_of_sparse_inputs(pieces) -> None:
    torch.library.opcheck(elm_op._op.forward_operator, pieces(sequence().to_sparse()))


@pytest.mark.parametrize("x", [sequence(), sequence(0.9), sequence().to_sparse()])
@pytest.mark.parametrize("save", ["auto", "state", "checkpoint"])
def test_shapes_are_those_of_the_results(pieces, x: torch.Tensor, save: str) -> None:
    inputs, options = pieces(x, save=save)
    results, told = elm_op._forward(inputs, options), elm_op._shapes(inputs, options)
    if x.is_sparse:  # what is kept of the events is nothing: they are inputs
        results = [*results[:-4], *(t[:0] for t in results[-4:])]
    assert [(t.shape, t.dtype) for t in results] == [(t.shape, t.dtype) for t in told]


def test_sparse_inputs_keep_no_copy_of_their_events(pieces) -> None:
    inputs, options = pieces(sequence().to_sparse())
    assert [len(t) for t in elm_op._forward(inputs, options)[-4:]] == [0, 0, 0, 0]
