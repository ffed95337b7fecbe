"""Functions of compiled loops against NumPy, in both precisions."""

import numpy as np
import pytest

from spikegram.kernels import compiled_special as special


@pytest.mark.parametrize("x", [-2.5, -1.0, -1e-20, 0.0, 0.3, 2.0, 7.9])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_same_as_numpy(x: float, kind: type) -> None:
    value = kind(x)
    assert special.clip(value, kind(-1), kind(1)) == np.clip(value, kind(-1), kind(1))
    assert special.mod(value, kind(3)) == pytest.approx(np.mod(value, kind(3)), rel=1e-6, abs=1e-12)
    expected = 1.0 if x == 0 else np.expm1(x) / x
    assert special.exprel(value) == pytest.approx(expected, rel=1e-6)


def test_clip_keeps_nan() -> None:
    assert np.isnan(special.clip(np.nan, 0.0, 1.0))
