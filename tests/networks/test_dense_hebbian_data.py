"""Noisy examples have the quality asked for; digits are what they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import dense_hebbian_data as data


def test_quality_of_examples(seed: int) -> None:
    xi, eta = data.noisy_examples(N=400, K=20, M=10, r=0.3, seed=seed)
    assert xi.dtype == eta.dtype == np.int8 and set(np.unique(eta)) == set(np.unique(xi)) == {-1, 1}
    product = (eta * xi[:, None]).astype(float)
    assert product.mean() == pytest.approx(0.3, abs=4 / np.sqrt(product.size))
    assert abs(xi.mean()) < 4 / np.sqrt(xi.size)
    assert (data.noisy_examples(5, 2, 3, 1.0)[1] == data.noisy_examples(5, 2, 3, 1.0)[0][:, None]).all()


def test_sums_without_examples(seed: int) -> None:
    xi, sums = data.noisy_sums(N=500, K=20, M=9, r=0.4, seed=seed)
    S = sums * xi / 9
    assert set(np.unique(sums)) <= set(range(-9, 10, 2))
    assert S.mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.84 / 9 / S.size))
    assert (S**2).mean() == pytest.approx(0.16 + 0.84 / 9, abs=0.01)


def test_diluted_patterns(seed: int) -> None:
    xi, eta = data.diluted_examples(N=2000, K=5, M=6, d=0.7, r=0.4, seed=seed)
    assert np.array_equal(xi, data.diluted_patterns(2000, 5, 0.7, seed)) and xi.dtype == np.int8
    assert (xi == 0).mean() == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / xi.size))
    assert abs(xi[xi != 0].mean()) < 4 / np.sqrt((xi != 0).sum())
    assert ((eta == 0) == (xi == 0)[:, None]).all()
    product = (eta * xi[:, None])[eta != 0]
    assert product.mean() == pytest.approx(0.4, abs=4 / np.sqrt(product.size))


def test_digits() -> None:
    digits = data.digit_classes(M=30, unseen=5, seed=1)
    assert digits.examples.shape == (10, 30, 64) and digits.unseen.shape == (10, 5, 64)
    assert digits.archetypes[0, 8 * 3 + 3] == -1 and digits.archetypes[1, 8 * 3 + 3] == 1  # the hole of 0, the bar of 1
    # an archetype is nearer to its own examples than to others
    nearness = np.einsum("kn,lmn->kl", digits.archetypes.astype(float), digits.examples.astype(float))
    assert (nearness.argmax(0) == np.arange(10)).mean() >= 0.7
    seen = {image.tobytes() for image in digits.examples.reshape(-1, 64)}
    assert np.mean([image.tobytes() in seen for image in digits.unseen.reshape(-1, 64)]) < 0.3


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"r: expected a finite number > 0 and <= 1, got 0"):
        data.noisy_examples(5, 2, 3, 0)
    with pytest.raises(ValueError, match="M: expected at least 1, got 0"):
        data.noisy_sums(5, 2, 0, 0.5)
    with pytest.raises(ValueError, match=r"d: expected a number in \[0, 1\), got 1"):
        data.diluted_patterns(5, 2, 1)
    with pytest.raises(ValueError, match="M \\+ unseen: expected at most 174 images of a digit, got 170 \\+ 20"):
        data.digit_classes(M=170)
