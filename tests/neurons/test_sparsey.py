"""The Code Selection Algorithm against its formulas, by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from spikegram.neurons import sparsey as csa
from spikegram.neurons.sparsey import SparseyParams

ONE = SparseyParams(modules=1, cells=8)
V = np.array([[1.0, 0.5, 0, 0, 0, 0, 0, 0]])
EXACT = 1e-12


def test_expansivity_and_probabilities_by_hand() -> None:
    """G = 0.55, K = 8: eta = 1 + ((0.55 - 0.1)/0.9)^2 100 * 8 = 201."""
    assert csa.expansivity(0.55, ONE) == pytest.approx(201, rel=EXACT)
    assert csa.expansivity(1.0, ONE) == 801
    mu = [200 / (1 + 0.1 * math.exp(-4 * (v - 1))) ** 8 + 1 for v in (1, 0.5, *[0] * 6)]
    rho = csa.probabilities(csa.win_weights(V, 0.55, ONE))[0]
    assert np.abs(rho - np.array(mu) / sum(mu)).max() < EXACT
    assert rho.sum() == pytest.approx(1, rel=EXACT)


@pytest.mark.parametrize("G", [0.0, 0.05, 0.1])
@pytest.mark.parametrize("sigmoid", ["2014", "alt", "java"])
def test_a_novel_input_is_drawn_uniformly(G: float, sigmoid: Any) -> None:
    params = SparseyParams(1, 8, sigmoid=sigmoid)
    assert csa.expansivity(G, params) == 1
    assert (csa.probabilities(csa.win_weights(V, G, params)) == 1 / 8).all()


def test_other_sigmoids_by_hand() -> None:
    alt, java, old = (SparseyParams(1, 8, sigmoid=s) for s in ("alt", "java", "2010"))
    assert csa.win_weights(V, 1.0, alt)[0, 1] == pytest.approx(800 / (1 + (0.1 * math.exp(2)) ** 8) + 1, rel=EXACT)
    assert csa.win_weights(V, 1.0, java)[0, 1] == 801 / 2  # at its inflection 0.5
    assert csa.win_weights(V, 1.0, java, v0=0.9)[0, 1] == pytest.approx(801 / (1 + math.exp(1.6)), rel=EXACT)
    assert csa.win_weights(V, 0.5, old)[0, 1] == 10000 * 0.5**7 / 2 + 1
    assert csa.win_weights(V, 0.0, old).tolist() == [[1.0] * 8]


def test_inflection_rises_by_a_hundredth_at_new_maxima_above_the_threshold() -> None:
    java = SparseyParams(1, 2, sigmoid="java")
    state = 0.5, 0.0
    for mean, expected in ((0.3, 0.5), (0.4, 0.504), (0.35, 0.504), (0.5, 0.508)):
        state = csa.raise_inflection(np.full((1, 2), mean), *state, java)
        assert state[0] == pytest.approx(expected, rel=EXACT)
    assert csa.raise_inflection(np.ones((1, 2)), 0.8999, 0.5, java)[0] == 0.9


def test_support_is_the_product_of_powers_of_the_signals_present() -> None:
    x, y = np.array([[0.5, 1.0]]), np.array([[0.25, 0.5]])
    assert csa.local_support([(x, 3)]).tolist() == [[0.125, 1.0]]
    assert csa.local_support([(x, 2), (y, 1)]).tolist() == [[0.0625, 0.5]]
    with pytest.raises(ValueError, match="signals: expected at least one"):
        csa.local_support([])


def test_familiarity_is_the_mean_of_maxima() -> None:
    V = np.array([[0.2, 1.0, 0.5], [0.25, 0.0, 0.0]])
    assert csa.familiarity(V) == 0.625  # not the largest (1), not the mean (0.325)


def test_hypotheses_and_gain() -> None:
    params = SparseyParams(2, 4, gain_exponent=2, most_hypotheses=3)
    two = np.array([[1.0, 1.0, 0, 0], [0.96, 0.97, 0.95, 0]])
    assert csa.hypotheses(two, params) == 2
    assert csa.hypotheses(np.array([[1.0, 1, 0, 0], [1.0, 0, 0, 0]]), params) == 2  # 1.5 is rounded up
    assert [csa.gain(z, params) for z in range(6)] == [1, 1, 4, 9, 0, 0]


def test_normalise_is_bounded() -> None:
    assert csa.normalise(np.array([0, 127 * 10, 127 * 30]), 127 * 20).tolist() == [0, 0.5, 1]


def test_draw_takes_the_first_cell_whose_cumulative_weight_exceeds_the_number() -> None:
    mu = np.tile([1.0, 2.0, 1.0], (5, 1))
    assert csa.draw(mu, np.array([0.0, 0.24, 0.25, 0.74, 0.75])).tolist() == [0, 0, 1, 1, 2]
    assert csa.draw(mu[:1], np.array([np.nextafter(1, 0)])).tolist() == [2]


def test_draw_has_the_right_frequencies(seed: int) -> None:
    u = np.random.default_rng(seed).random(20000)
    mu = csa.win_weights(V, 0.3, ONE)
    counts = np.bincount(csa.draw(np.tile(mu, (len(u), 1)), u), minlength=8) / len(u)
    rho = csa.probabilities(mu)[0]
    assert (np.abs(counts - rho) < 4 * np.sqrt(rho * (1 - rho) / len(u))).all()


def test_most_likely_breaks_ties_by_the_number() -> None:
    mu = np.array([[1.0, 3.0, 3.0, 2.0]] * 4)
    assert csa.most_likely(mu, np.array([0.0, 0.49, 0.5, 0.99])).tolist() == [1, 1, 2, 2]
    assert csa.most_likely(np.ones((1, 4)), np.array([0.8])).tolist() == [3]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(modules=0), r"SparseyParams.modules: expected a whole number >= 1, got 0"),
        (dict(cells=1), r"SparseyParams.cells: expected a whole number >= 2, got 1"),
        (dict(lambda_u=1.5), r"SparseyParams.lambda_u: expected a whole number >= 1, got 1.5"),
        (dict(least=5, most=3), r"SparseyParams.most: expected a whole number >= 5, got 3"),
        (dict(g_minus=1), r"SparseyParams.g_minus: expected less than 1, got 1"),
        (dict(gamma=-1), r"SparseyParams.gamma: expected a number in 0 ... inf, got -1"),
        (dict(norm="none"), r"SparseyParams.norm: expected 'active' or 'fixed', got 'none'"),
        (dict(sigmoid="2011"), r"SparseyParams.sigmoid: expected one of 2014, alt, java, 2010, got '2011'"),
        (dict(sigma=(1, 2)), r"SparseyParams.sigma: expected four finite numbers, got \(1, 2\)"),
    ],
)
def test_wrong_values(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SparseyParams(**{"modules": 2, "cells": 3, **wrong})


def test_defaults_of_exponents_and_sigma() -> None:
    assert SparseyParams(2, 2, lambda_u=3).first_power == 3
    assert SparseyParams(2, 2, lambda_u=3, lambda_first=5).first_power == 5
    assert SparseyParams(2, 2, sigma=(0.2, 3, 1, 4)).shape == (0.2, 3, 1, 4)
