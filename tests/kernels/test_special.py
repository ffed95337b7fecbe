"""exprel against its series and definition."""

import numpy as np

from spikegram.kernels.special import exprel


def test_definition_and_limit() -> None:
    x = np.array([-3.0, -1e-9, 0.0, 1e-17, 1e-9, 2.0])
    expected = [np.expm1(-3) / -3, 1 - 0.5e-9, 1.0, 1.0, 1 + 0.5e-9, np.expm1(2) / 2]
    np.testing.assert_allclose(exprel(x), expected, rtol=1e-15)


def test_what_is_far_away_or_no_number() -> None:
    with np.errstate(all="ignore"):
        assert exprel(-np.inf) == 0 and np.isnan(exprel(np.nan))
        assert exprel(1000.0) == np.inf and exprel(-1000.0) == 1e-3
    assert exprel(0) == 1.0 and exprel(np.zeros((2, 3))).shape == (2, 3)


def test_it_is_the_mean_of_exp_between_0_and_x() -> None:
    x = np.linspace(-5, 5, 40)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    mean = np.sum(weights * np.exp(x[:, None] * (nodes + 1) / 2), axis=1) / 2
    np.testing.assert_allclose(exprel(x), mean, rtol=1e-13)
