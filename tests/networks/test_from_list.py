"""Listed synapses: their order, equality, every message."""

from __future__ import annotations

import numpy as np
import pytest
from draws import draw

from spikegram.networks.connectors import OneToOne
from spikegram.networks.from_list import FromList


def test_list_keeps_its_order_and_repeats() -> None:
    listed = [(2, 0), (0, 1), (2, 0)]
    for given_as in (listed, np.array(listed), np.array(listed, float), iter(listed)):
        rows, columns = draw(FromList(given_as), 3, 2)
        assert rows.tolist() == [2, 0, 2]
        assert columns.tolist() == [0, 1, 0]


def test_equal_lists_are_equal_values() -> None:
    assert FromList([(0, 1)]) == FromList(np.array([[0, 1]])) != FromList([(1, 0)])
    assert len({FromList([(0, 1)]), FromList(np.array([[0.0, 1]]))}) == 1
    assert FromList([]) != OneToOne()


def test_a_list_does_not_change_with_the_array_it_was_made_of() -> None:
    listed = np.array([[0, 1]])
    rule = FromList(listed)
    listed[0, 0] = 9
    assert rule.synapses.tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="read-only"):
        rule.synapses[0, 0] = 9
    draw(rule, 2, 2)[0][0] = 5
    assert rule.synapses.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    "row",
    [
        *[(0, -1), (1.5, 0), (float("nan"), 0), (0, float("inf")), (0, "1"), (0, None), (0,)],
        *[(0, 1, 2), 3, "01", (0, 2**60), (0, 2**70), (0, 1j)],
    ],
    ids=repr,
)
def test_list_names_the_bad_row(row: object) -> None:
    message = r"FromList\.synapses: row 2: expected two whole numbers from 0 on, got "
    with pytest.raises(ValueError, match=message):
        FromList([(0, 1), (1, 1), row, (-5, -5)])


@pytest.mark.parametrize("bad", [-1, 0.5, np.nan, np.inf, -np.inf])
def test_list_names_the_bad_row_of_an_array(bad: float) -> None:
    listed = np.array([[0, 1], [1, bad], [bad, 0]])
    with pytest.raises(ValueError, match=r"row 1: expected two whole numbers from 0 on, got \[1"):
        FromList(listed)


def test_list_of_wrong_kind() -> None:
    with pytest.raises(ValueError, match=r"expected shape \[S, 2\], got \[4, 3\]"):
        FromList(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"expected shape \[S, 2\], got \[4\]"):
        FromList(np.zeros(4))
    with pytest.raises(ValueError, match="row 0: expected two whole numbers"):
        FromList(np.ones((1, 2), bool))
    for wrong in ("0 1", 3, None, {0: 1}, {(0, 1)}):
        with pytest.raises(TypeError, match=r"expected a sequence of pairs or an array \[S, 2\]"):
            FromList(wrong)


def test_list_past_the_end() -> None:
    rule = FromList([(0, 0), (1, 3), (5, 0)])
    with pytest.raises(ValueError, match=r"row 2 is \[5, 0\]: expected a presynaptic .* below 5"):
        draw(rule, 5, 4)
    with pytest.raises(ValueError, match=r"row 1 is \[1, 3\]: expected a postsynaptic .* below 3"):
        draw(rule, 6, 3)
    with pytest.raises(ValueError, match="row 0 is"):
        draw(rule, 0, 3)
