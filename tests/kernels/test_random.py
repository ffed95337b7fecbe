"""Philox 4x32-10 against the published vectors, and its two forms against each other."""

import numpy as np
import pytest

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
