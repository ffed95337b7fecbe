"""Published numbers of the theory of Hopfield networks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import hopfield_theory as theory


def test_critical_load_of_amit_gutfreund_and_sompolinsky() -> None:
    load, overlap = theory.critical_load()
    assert load == pytest.approx(0.1379, abs=5e-5) and overlap == pytest.approx(0.967, abs=5e-4)
    assert theory.classic_overlap(load * 0.999999) == pytest.approx(overlap, abs=2e-3)
    assert theory.classic_overlap(load * 1.000001) == 0.0
    assert theory.classic_overlap(1e-4) == 1.0


@pytest.mark.parametrize("load", [0.01, 0.05, 0.1, 0.13])
def test_overlap_solves_the_mean_field_equations(load: float) -> None:
    m = theory.classic_overlap(load)  # m = erf(m / sqrt(2 alpha r)), r = (1 - C)^-2, C = sqrt(2 / (pi alpha r)) exp()
    from scipy.special import erfinv

    y = float(erfinv(m)) if m < 1 - 1e-13 else None
    if y is None:
        return
    width = m / y / math.sqrt(2)  # sqrt(alpha r)
    C = math.sqrt(2 / math.pi) / width * math.exp(-y * y)
    assert width == pytest.approx(math.sqrt(load) / (1 - C), rel=1e-6)


def test_dense_capacities() -> None:
    assert round(theory.dense_capacity(100, 3)) == 362 and round(theory.dense_capacity(100, 4)) == 7238
    assert theory.dense_capacity(1000, 2) == pytest.approx(1000 / (2 * math.log(1000)))
    for n, K in ((3, 1000), (4, 20000)):
        error = theory.dense_bit_error(100, K, n)
        assert error == pytest.approx(0.034, abs=0.001)
        assert theory.dense_capacity(100, n, error) == pytest.approx(K)
    # Krotov and Hopfield: 0.14 N patterns of the classic network have an error of 0.36 %
    assert theory.dense_bit_error(1000, 138, 2) == pytest.approx(0.0036, abs=2e-4)


def test_exponential_capacity() -> None:
    assert theory.exponential_capacity(20) == pytest.approx(2**10 + 1)
    a = 0.5
    rate = ((1 + a) * math.log(1 + a) + (1 - a) * math.log(1 - a)) / 2
    assert theory.exponential_capacity(100, 0.25) == pytest.approx(math.exp(50 * rate) + 1)
    assert theory.exponential_capacity(10**6) == math.inf


def test_sphere_capacity_of_the_paper() -> None:
    one, two = theory.sphere_capacity(1.0, 3.0, 20, 0.001), theory.sphere_capacity(1.0, 1.0, 75, 0.001)
    assert one.base == pytest.approx(3.15461, abs=5e-6) and two.base == pytest.approx(1.37188, abs=5e-6)
    assert one.valid and two.valid
    assert one.patterns == pytest.approx(math.sqrt(0.001) * one.base ** (19 / 4))
    assert not theory.sphere_capacity(0.1, 1.0, 20, 0.001).valid


def test_separation_by_hand_and_in_blocks(seed: int) -> None:
    assert theory.separation([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]).tolist() == [0.0, 2.0, 0.0]
    assert theory.separation([[1.0, 0.0]]).tolist() == [math.inf]
    X = np.random.default_rng(seed).standard_normal((17, 5))
    assert np.allclose(theory.separation(X, block=4), theory.separation(X), rtol=1e-13)


def test_bounds_by_hand() -> None:
    X = np.eye(4)  # M = 1, Delta = 1
    assert theory.retrieval_error_bound(X, X[0], 8.0, 0) == pytest.approx(6 * math.exp(-8))
    state = [1.0, 0.25, 0.0, 0.0]
    assert theory.retrieval_error_bound(X, state, 8.0, 0) == pytest.approx(6 * math.exp(-8 * 0.5))
    assert theory.retrieval_error_bound(X[:1], state, 8.0, 0) == 0.0
    assert theory.jacobian_bound(X, 3.0) == pytest.approx(3.0)
    least = 2 / 4 / 8 + math.log(2 * 3 * 4 * 8) / 8
    assert theory.has_fixed_point(X, 8.0).all() == (1 >= least)
    assert not theory.has_fixed_point(X, 1.0).any() and theory.has_fixed_point(X[:1], 1.0).all()


def test_messages() -> None:
    for call, message in [
        (lambda: theory.dense_capacity(10, 3, 0.5), "error: expected a probability"),
        (lambda: theory.exponential_capacity(10, 0.5), "turned: expected a share"),
        (lambda: theory.classic_overlap(-1), "load: expected a finite number >= 0"),
        (lambda: theory.sphere_capacity(0, 1, 20, 0.1), "beta: expected a finite number > 0"),
        (lambda: theory.retrieval_error_bound(np.eye(3), [1, 2], 1, 0), "state: expected shape"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
