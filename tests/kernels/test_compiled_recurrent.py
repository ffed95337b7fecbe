"""Compiled recurrent networks are compiled once; what they compute is tested in `test_recurrent.py`."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels.compiled_recurrent import compiled


def test_compiled_once() -> None:
    function = compiled("forward", np.dtype("float64"))
    assert compiled("forward", np.dtype("float64")) is function
    assert len(function.signatures) == 1
    with pytest.raises(KeyError, match="nothing"):
        compiled("nothing", np.dtype("float64"))
