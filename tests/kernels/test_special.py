"""exprel against its series and definition."""

import numpy as np

from spikegram.kernels.special import exprel


def test_definition_and_limit() -> None:
    x = np.array([-3.0, -1e-9, 0.0, 1e-17, 1e-9, 2.0])
    expected = [np.expm1(-3) / -3, 1 - 0.5e-9, 1.0, 1.0, 1 + 0.5e-9, np.expm1(2) / 2]
    np.testing.assert_allclose(exprel(x), expected, rtol=1e-15)
