"""Compiled Legendre memories: one compilation for all strides; what they compute is tested in `test_lmu.py`."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels.compiled_lmu import compiled, lanes_of


def test_compiled_once() -> None:
    function = compiled("bilinear_forward", np.dtype("float64"))
    assert compiled("bilinear_forward", np.dtype("float64")) is function
    assert len(function.signatures) == 1


def test_lanes_of_a_block() -> None:
    assert lanes_of(np.dtype("float32")) == 32
    assert lanes_of(np.dtype("float64")) == 16


def test_unknown_name() -> None:
    with pytest.raises(KeyError, match="nothing"):
        compiled("nothing", np.dtype("float64"))
