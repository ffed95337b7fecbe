"""Philox 4x32-10 against the published vectors, and its two forms against each other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.kernels.random import draw, normal, philox, uniform

VECTORS = [  # Random123, kat_vectors: counter, key, result
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_published_vectors(counter: tuple, key: tuple, expected: tuple) -> None:
    words = philox(*(np.array([c], dtype=np.uint64) for c in counter), *(np.uint64(k) for k in key))
    assert tuple(int(w[0]) for w in words) == expected


def test_moments_and_range() -> None:
    u = uniform(7, 64, np.arange(200_000), 3)
    assert u.min() >= 0 and u.max() < 1
    assert abs(u.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(u))
    z = normal(7, 65, np.arange(200_000), 3)
    assert abs(z.mean()) < 5 / np.sqrt(len(z))
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / len(z))
    assert abs(np.corrcoef(u, z)[0, 1]) < 5 / np.sqrt(len(z))


def test_every_part_of_the_key_counts() -> None:
    base = uniform(1, 2, np.arange(4), 5)
    for other in (uniform(2, 2, np.arange(4), 5), uniform(1, 3, np.arange(4), 5), uniform(1, 2, np.arange(4), 6)):
        assert not np.any(base == other)
    assert np.array_equal(uniform(1 + 2**40, 2, np.arange(4), 5) == base, [False] * 4)
    assert not np.any(uniform(1, 2, np.arange(4), 5 + 2**33) == base)


def test_draw_takes_each_its_stream() -> None:
    streams, index = np.array([3, 9, 3]), np.array([0, 1, 2])
    one = draw(uniform, 1, streams, index, 8)
    assert one[1] == uniform(1, 9, np.array([1]), 8)[0]
    assert one[2] == uniform(1, 3, np.array([2]), 8)[0]


def by_hand(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Philox 4x32-10 in Python's own whole numbers, from the paper."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 % 2**32, (p0 >> 32) ^ c3 ^ k1, p0 % 2**32
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


word64 = st.integers(0, 2**64 - 1)


@given(word64, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**62))
def test_a_draw_is_the_documented_block(seed: int, stream: int, index: int, step: int) -> None:
    a, b, c, d = by_hand((index, step % 2**32, stream, step >> 32), (seed % 2**32, seed >> 32))
    u, w = ((a << 32 | b) >> 11) * 2.0**-53, ((c << 32 | d) >> 11) * 2.0**-53
    assert uniform(seed, stream, np.array([index]), step)[0] == u
    expected = math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * w)
    assert normal(seed, stream, np.array([index]), step)[0] == expected


def test_the_whole_range_is_even_and_neighbours_are_strangers() -> None:
    u = uniform(5, 64, np.arange(100_000), 9)
    counts = np.histogram(u, 50, (0, 1))[0]
    assert ((counts - 2000) ** 2 / 2000).sum() < 49 + 5 * np.sqrt(2 * 49)
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 5 / np.sqrt(len(u))
    later, beside = uniform(5, 64, np.arange(100_000), 10), uniform(5, 65, np.arange(100_000), 9)
    assert abs(np.corrcoef(u, later)[0, 1]) < 5 / np.sqrt(len(u)) > abs(np.corrcoef(u, beside)[0, 1])


def test_normal_numbers_have_the_shape_of_the_bell() -> None:
    z = normal(5, 64, np.arange(200_000), 9)
    assert np.isfinite(z).all()
    for limit, share in ((1, 0.682689), (2, 0.954500), (3, 0.997300)):
        assert np.mean(np.abs(z) < limit) == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / len(z)))
    assert abs(np.mean(z**3)) < 5 * np.sqrt(15 / len(z)) and np.mean(z**4) == pytest.approx(
        3, abs=5 * np.sqrt(96 / len(z))
    )


def test_shapes() -> None:
    index = np.arange(6).reshape(2, 3)
    assert uniform(1, 2, index, 3).shape == normal(1, 2, index, 3).shape == (2, 3)
    assert normal(1, 2, index, 3)[1, 2] == normal(1, 2, 5, 3)
    assert draw(normal, 1, np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64), 3).shape == (0,)
