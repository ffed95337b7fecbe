"""Columns of Sparsey's tables: all different, threes in a row."""

from __future__ import annotations

import numpy as np

from spikegram.kernels import sparsey_columns as c


def test_three_columns_follow_each_other() -> None:
    for name in ("BEGIN", "END", "START", "HEARD", "POSSIBLE"):
        first = getattr(c, name)
        assert (getattr(c, f"{name}_H"), getattr(c, f"{name}_D")) == (first + 1, first + 2)
    assert (c.POWER_H, c.POWER_D, c.AGE_02, c.AGE_12, c.WEIGHT_2, c.SIGMA_3) == (
        *(c.POWER + 1, c.POWER + 2, c.AGE_0 + 2, c.AGE_1 + 2, c.WEIGHT + 2, c.SIGMA + 3),
    )


def test_rows_of_codes() -> None:
    codes = c.Codes(*(np.arange(3) for _ in range(5)))
    assert all(a.tolist() == [2] for a in codes.rows(slice(2, None)))
