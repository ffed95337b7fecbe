"""Functions of compiled loops against NumPy, in both precisions."""

import numpy as np
import pytest
from numba import njit

from spikegram.kernels import compiled_special as special
from spikegram.kernels.special import exprel


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


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan, 700.0, -700.0, 1e-8, -0.0, 3.0])
def test_edges_are_those_of_numpy(x: float, kind: type) -> None:
    value = kind(x)
    with np.errstate(all="ignore"):
        np.testing.assert_equal(special.clip(value, kind(-1), kind(1)), np.clip(value, kind(-1), kind(1)))
        np.testing.assert_equal(special.mod(value, kind(3)), np.mod(value, kind(3)))
        np.testing.assert_equal(special.mod(kind(5), value), np.mod(kind(5), value))
        if kind is np.float64 and not np.isinf(x):
            assert special.exprel(value) == pytest.approx(exprel(value), rel=1e-15, nan_ok=True)


@njit
def _kinds(x, y):
    return np.array([special.clip(x, y, y)]), np.array([special.mod(x, y)]), np.array([special.exprel(x)])


def test_single_precision_stays_single_and_double_stays_double() -> None:
    for kind in (np.float32, np.float64):
        assert all(a.dtype == kind for a in _kinds(kind(0.5), kind(2)))


@njit
def _exp(x, y):
    for i in range(x.shape[0]):
        y[i] = special.exp(x[i])


@pytest.mark.parametrize(("kind", "most"), [(np.float64, 708), (np.float32, 87)])
def test_exponential_function(kind: type, most: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.uniform(-most, most, 5000), rng.uniform(-1, 1, 5000), 1e-9 * rng.normal(size=50)])
    x, y = x.astype(kind), np.empty(len(x), dtype=kind)
    _exp(x, y)
    exact = np.exp(x.astype(np.longdouble))
    assert np.abs((y - exact) / exact).max() < 1.0 * np.finfo(kind).eps
    edges = [0, -0.0, 1e-300, np.inf, -np.inf, np.nan, 709.7, 709.8, -740, -745.2, 88.7, 88.8, -104.1, 1e30, -1e30]
    edges = np.array(edges, dtype=kind)
    found = np.empty_like(edges)
    _exp(edges, found)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(
            found, np.exp(edges), rtol=2 * np.finfo(kind).eps, atol=np.finfo(kind).smallest_subnormal
        )
