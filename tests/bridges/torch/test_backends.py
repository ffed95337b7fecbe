"""Which backend a layer may use."""

import pytest
import torch

from spikegram.bridges.torch.backends import check_backend, may_compile


def test_only_the_three_names_are_backends() -> None:
    for backend in ("auto", "numba", "torch"):
        check_backend("cell", backend)
    with pytest.raises(ValueError, match="cell: backend: expected auto, numba or torch, got 'jax'"):
        check_backend("cell", "jax")


def test_compiled_code_works_on_the_cpu_only() -> None:
    here, elsewhere = torch.zeros(1), torch.zeros(1, device="meta")
    assert [may_compile("cell", backend, here) for backend in ("auto", "numba", "torch")] == [True, True, False]
    assert not may_compile("cell", "auto", elsewhere) and not may_compile("cell", "torch", elsewhere)
    with pytest.raises(ValueError, match="cell: backend 'numba' needs tensors on the CPU, got x on meta"):
        may_compile("cell", "numba", elsewhere)
