"""The reference loop's own help; the loop itself is compared with the compiled one in tests/networks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spikegram.kernels.reference import ranges


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6)), max_size=12))
def test_ranges_are_joined(rows: list[tuple[int, int]]) -> None:
    start = np.array([a for a, _ in rows], dtype=np.int64)
    stop = start + np.array([n for _, n in rows], dtype=np.int64)
    expected = [k for a, b in zip(start, stop, strict=True) for k in range(a, b)]
    assert ranges(start, stop).tolist() == expected
