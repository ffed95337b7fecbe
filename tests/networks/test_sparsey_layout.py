"""Fields, neighbours and parents of Sparsey's macs."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks.sparsey_layout import D, H, SparseyLevel, U, make_layout
from spikegram.neurons.sparsey import SparseyParams

MAC = SparseyParams(2, 3)


def test_fields_tile_or_overlap_evenly() -> None:
    layout = make_layout((1, 10), [SparseyLevel(MAC, grid=(1, 3), field=(1, 4))])
    assert [s[U].tolist() for s in layout.sources] == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    tiles = make_layout((4, 4), [SparseyLevel(MAC, grid=(2, 2), field=(2, 2))])
    assert sorted(np.concatenate([s[U] for s in tiles.sources])) == list(range(16))
    whole = make_layout((3, 5), [SparseyLevel(MAC)])
    assert whole.sources[0][U].tolist() == list(range(15))


def test_two_levels_hear_each_other() -> None:
    lower = SparseyLevel(MAC, grid=(2, 3), field=(2, 2), neighbours=1)
    upper = SparseyLevel(SparseyParams(4, 5), grid=(1, 2), field=(2, 2), signals="UH")
    layout = make_layout((4, 4), [lower, upper])
    assert layout.sources[6][U].tolist() == [0, 1, 3, 4] and layout.sources[7][U].tolist() == [1, 2, 4, 5]
    assert [layout.sources[m][D].tolist() for m in range(8)] == [[6], [6, 7], [7], [6], [6, 7], [7], [], []]
    assert layout.sources[0][H].tolist() == [0, 1, 3, 4] and layout.sources[1][H].tolist() == [0, 1, 2, 3, 4, 5]
    assert layout.sources[6][H].tolist() == [6]
    assert layout.rows[0].tolist() == [4, 4 * 6, 20] and layout.rows[7].tolist() == [4 * 6, 20, 0]
    assert list(layout.macs(-1)) == [6, 7] and layout.level(5) is lower and layout.modules == 4


def test_signals_that_are_left_out_have_no_sources() -> None:
    layout = make_layout((4, 4), [SparseyLevel(MAC, signals="U"), SparseyLevel(MAC)])
    assert layout.rows[0].tolist() == [16, 0, 0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(grid=(0, 1)), r"SparseyLevel.grid: expected two whole numbers >= 1"),
        (dict(field=(1.5, 1)), r"SparseyLevel.field: expected two whole numbers >= 1"),
        (dict(neighbours=-1), r"SparseyLevel.neighbours: expected a whole number >= 0, got -1"),
        (dict(signals="HD"), r"SparseyLevel.signals: expected 'U' with or without H and D, got 'HD'"),
    ],
)
def test_wrong_values(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SparseyLevel(MAC, **wrong)


def test_wrong_layouts() -> None:
    with pytest.raises(ValueError, match=r"SparseyLevel.field of level 0: expected at most \[1, 4\], got \[2, 2\]"):
        make_layout((1, 4), [SparseyLevel(MAC, field=(2, 2))])
    with pytest.raises(ValueError, match="levels: expected at least one, got none"):
        make_layout((1, 4), [])
    with pytest.raises(ValueError, match="norm='fixed' needs the expected number"):
        make_layout((1, 4), [SparseyLevel(SparseyParams(2, 3, norm="fixed"))])
    with pytest.raises(TypeError, match="SparseyLevel.mac: expected SparseyParams"):
        SparseyLevel(3)
