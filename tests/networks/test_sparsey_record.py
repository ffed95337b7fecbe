"""Equal winners of two codes."""

from __future__ import annotations

import numpy as np

from spikegram.networks.sparsey_record import code_overlap


def test_code_overlap_by_hand() -> None:
    assert code_overlap(np.array([1, 2, 3, -1]), np.array([1, 0, 3, -1])) == 2 / 3
    assert code_overlap(np.array([-1, -1]), np.array([-1, -1])) == 0
