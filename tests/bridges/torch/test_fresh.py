"""Memory for results of compiled code: each has its own, and what nobody sees any more serves again."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from spikegram.bridges.torch import fresh as module
from spikegram.bridges.torch.fresh import fresh, room

LARGE = (3, 500, 1000)  # 6 MB in single precision


@pytest.fixture
def empty(monkeypatch) -> list:
    kept: list = []
    monkeypatch.setattr(module, "_kept", kept)
    return kept


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128])
def test_shape_and_type(dtype: torch.dtype) -> None:
    for shape in ((), (0, 3), torch.Size((2, 3)), LARGE):
        t = fresh(shape, dtype)
        assert t.shape == shape and t.dtype == dtype and t.is_contiguous() and not t.requires_grad


@pytest.mark.skipif(sys.platform != "linux", reason="blocks are kept on Linux")
def test_a_block_serves_again_when_its_last_view_is_gone(empty: list) -> None:
    a = fresh(LARGE, torch.float32)
    place = a.data_ptr()
    assert place % 2**21 == 0
    a.fill_(1)
    view = a[1, 3:].detach().view(-1)[5:].numpy()[::2]
    del a
    b = fresh(LARGE, torch.float32)
    assert b.data_ptr() != place and not empty
    b.fill_(2)
    assert (view == 1).all()
    del view
    assert len(empty) == 1
    c = room(LARGE[1:] + LARGE[:1], np.float32)
    assert c.ctypes.data == place and not empty
    c[...] = 3
    assert (b == 2).all()


@pytest.mark.skipif(sys.platform != "linux", reason="blocks are kept on Linux")
def test_other_sizes_and_more_than_the_most_are_not_kept(empty: list, monkeypatch) -> None:
    monkeypatch.setattr(module, "_MOST", 20 * 2**20)
    room(LARGE, np.float32)
    room((2 * LARGE[0], *LARGE[1:]), np.float32)
    assert [len(block) for block in empty] == [14 * 2**20]  # 8 + 14 MiB are too much; the older one goes
    room((10,), np.float32)
    assert len(empty) == 1
