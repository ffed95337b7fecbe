"""Compiled recurrences are compiled once for a number type; what they compute is tested in `test_scan.py`."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels.compiled_scan import compiled


def test_one_compilation_for_all_strides() -> None:
    function = compiled("diagonal_forward", np.dtype("float64"))
    assert compiled("diagonal_forward", np.dtype("float64")) is function
    flat, turned = np.zeros((3, 2, 4)), np.zeros((2, 3, 4)).transpose(1, 0, 2)
    for b in (flat, turned, turned[::2]):
        function(0, 2, 4, True, np.ones((1, 2, 4)), b, np.ones((2, 4)), np.zeros(b.shape))
    assert len(function.signatures) == 1


def test_unknown_name() -> None:
    with pytest.raises(KeyError, match="nothing"):
        compiled("nothing", np.dtype("float64"))
