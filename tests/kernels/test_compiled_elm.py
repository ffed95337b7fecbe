"""Pieces of the compiled passes of the ELM neuron beside NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from spikegram.kernels import compiled_elm
from spikegram.neurons.elm import AMPLITUDE, SLOPE


@njit
def bounded(z):
    compiled_elm._phi(z)  # which only compiled code can call


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_bounded_function(kind: type, seed: int) -> None:
    """phi(z) = 1.7159 tanh(2 z/3), also far away, and of what is no number."""
    z = np.concatenate([np.random.default_rng(seed).normal(0, 3, 50), [0, -0.0, 1e4, -1e4, np.inf, np.nan]]).astype(
        kind
    )
    want = AMPLITUDE * np.tanh(SLOPE * z.astype(float))
    bounded(z)
    np.testing.assert_allclose(z, want, rtol=20 * np.finfo(kind).eps, atol=20 * np.finfo(kind).eps)


def test_traces_of_inputs_at_the_end_of_a_sequence(seed: int) -> None:
    """z = sum_t kappa^(T-1-t) x_t, of all inputs."""
    x, kappa = np.random.default_rng(seed).normal(size=(7, 3, 4)), 0.8
    z, nothing = np.zeros((3, 4)), np.zeros(0, np.int64)
    compiled_elm.tail(0, 3, 7, x, (nothing, nothing, np.zeros(0, np.int32), np.zeros(0)), np.float64(kappa), z)
    np.testing.assert_allclose(z, np.tensordot(kappa ** np.arange(6, -1, -1.0), x, 1), rtol=1e-13)
