"""Rows drawn from a counter-based stream: against the same rule in NumPy, in pieces, and as a distribution."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from spikegram.kernels.compiled_rows import RULE, draw_row, row_lengths, rows_of
from spikegram.kernels.random import philox

SPAN = 8192


def words(seed: int, stream: int, index: int, count: int) -> list[float]:
    """The two uniform numbers of a block, in plain integers."""
    low = 0xFFFFFFFF
    four = philox(*(np.uint64(c) for c in (index, count & low, stream, count >> 32)), np.uint64(seed & low),
                  np.uint64(seed >> 32))  # fmt: skip
    a, b, c, d = (int(w) for w in four)
    return [((a << 32 | b) >> 11) * 2.0**-53, ((c << 32 | d) >> 11) * 2.0**-53]


def expected(rule: dict[str, int], p: float, source: int, seed: int) -> list[int]:
    """One row by the words of the module's docstring."""
    index, size = source - rule["first_source"], rule["targets"]
    me = source - rule["first_target"] if rule["no_autapses"] else -1
    found = []
    if rule["degree"] >= 0:
        left = size - (0 <= me < size)
        for d in range(rule["degree"]):
            j = int(words(seed, rule["stream"], index, d // 2)[d % 2] * left)
            found.append(j + (0 <= me <= j and me < size))
    else:
        for span in range(0, size, SPAN):
            j, draw = span, 0
            while True:
                u = words(seed, rule["stream"], index, (span // SPAN << 16) + draw // 2)[draw % 2]
                draw += 1
                j += int(min(math.log(1 - u) * (1 / math.log1p(-p) if p < 1 else 0), 2 * SPAN))
                if j >= min(span + SPAN, size):
                    break
                found += [j] if j != me else []
                j += 1
    return [j + rule["first_target"] for j in found]


def table(rule: dict[str, int], p: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([[rule[n] for n in RULE]]), np.array([1 / math.log1p(-p) if p < 1 else 0.0])


RULES = st.fixed_dictionaries(
    dict(
        first_source=st.integers(0, 50), end_of_sources=st.just(10**6), first_target=st.integers(0, 30_000),
        targets=st.integers(1, 20_000), degree=st.integers(-1, 40), no_autapses=st.integers(0, 1),
        stream=st.integers(0, 2**32 - 1),
    )
)  # fmt: skip


@given(RULES, st.sampled_from([0.001, 0.02, 0.3]), st.integers(0, 2**64 - 1), st.integers(0, 30_000), st.data())
def test_a_row_is_the_one_of_plain_integers_also_in_pieces(
    rule: dict[str, int], p: float, seed: int, place: int, data: st.DataObject
) -> None:
    if rule["targets"] == 1:
        rule["no_autapses"] = 0
    source, out = rule["first_source"] + place, np.empty(20_000, dtype=np.uint32)
    rules, scales = table(rule, p)
    first, end = rule["first_target"], rule["first_target"] + rule["targets"]
    count = draw_row(rules, scales, 0, source, 0, end, np.uint64(seed), out)
    whole = out[:count].tolist()
    assert whole == expected(rule, p, source, seed)
    edge = data.draw(st.integers(first, end))
    pieces = []
    for a, b in ((0, edge), (edge, 2**40)):
        count = draw_row(rules, scales, 0, source, a, b, np.uint64(seed), out)
        pieces += (out[:count].astype(np.int64) + a).tolist()
    assert sorted(pieces) == sorted(whole)


@pytest.mark.parametrize("p", [0.002, 0.1, 0.7])
def test_pairs_are_bernoulli(p: float) -> None:
    rule = dict(zip(RULE, (0, 4000, 0, 10_000, -1, 0, 7), strict=True))
    lengths, scratch = np.empty(4000, dtype=np.int64), np.empty(10_000, dtype=np.uint32)
    rules, scales = table(rule, p)
    row_lengths(rules, scales, np.uint64(5), scratch, lengths)
    row = np.concatenate(([0], np.cumsum(lengths)))
    targets = np.empty(row[-1], dtype=np.uint32)
    rows_of(rules, scales, np.uint64(5), row, targets)
    assert abs(row[-1] - 4e7 * p) < 5 * math.sqrt(4e7 * p * (1 - p))
    spread = lengths.var() / (1e4 * p * (1 - p))  # of binomial numbers, and of how often each target is chosen
    assert abs(spread - 1) < 5 * math.sqrt(2 / 4000)
    chosen = np.bincount(targets, minlength=10_000)
    assert abs(chosen.var() / (4000 * p * (1 - p)) - 1) < 5 * math.sqrt(2 / 10_000)
    if p > 0.05:  # gaps of other chances are often cut off by the end of a row or span
        gaps = np.diff(targets.astype(np.int64))
        share = np.bincount(gaps[gaps > 0])[1:9] / (gaps > 0).sum()
        assert np.abs(share - stats.geom.pmf(np.arange(1, 9), p)).max() < 0.002


def test_rows_are_sorted_and_autapses_left_out() -> None:
    rule = dict(zip(RULE, (100, 400, 100, 300, 50, 1, 9), strict=True))
    rules, scales = table(rule, 0.5)
    row, targets = np.arange(301) * 50, np.empty(15_000, dtype=np.uint16)
    rows_of(rules, scales, np.uint64(1), row, targets)
    rows = targets.reshape(300, 50).astype(int)
    assert (np.diff(rows, axis=1) >= 0).all() and rows.min() == 100 and rows.max() == 399
    assert not (rows == np.arange(100, 400)[:, None]).any()
    counts = np.bincount(targets, minlength=400)[100:]
    assert stats.chisquare(counts).pvalue > 1e-4
