"""Bringing synapses into the order of a run, against loops that can be read."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.kernels import packing

PRE, POST, SOURCES, TARGETS, WIDTH = 2, 1, 9, 8, 3  # offsets of the projection's neurons, sizes of the groups, classes
NONE = np.zeros(0, dtype=np.int64)

synapses = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, WIDTH - 1)), max_size=30)


def packed(rows, edge, one_class=None):
    """Rows and arrays of a projection with 6 sources and 7 targets, sorted by (source, target, class)."""
    rows = sorted(rows)
    pre, post, classes = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    row = np.concatenate(([0], np.cumsum(np.bincount(pre, minlength=6))))
    classes = classes.astype(np.uint16) if one_class is None else np.array([one_class], dtype=np.uint16)
    given_ = row, post.astype(np.uint16), classes
    counts = np.zeros((len(edge) - 1, SOURCES * WIDTH + 1), dtype=np.int64)
    packing.count(*given_, PRE, POST, edge, WIDTH, counts)
    assert packing.starts(counts) == len(rows)
    tgt, Y = np.full(len(rows), 999, dtype=np.uint16), np.full((2, len(rows)), np.nan)
    kind, member, own = (np.full(len(rows), -1, dtype=np.int64) for _ in range(3))
    values = np.stack([np.arange(len(rows)) * 1.0, np.arange(len(rows)) * -2.0])
    number = np.array([7, 5])
    packing.fill(
        *given_[:3], values, number, PRE, POST, edge, WIDTH, counts.copy(), tgt, Y, kind, member, own, NONE
    )  # fmt: skip
    return rows, counts, tgt, Y, kind, member, own


@settings(max_examples=60)
@given(synapses, st.lists(st.integers(0, TARGETS), min_size=0, max_size=3), st.sampled_from([None, 0, 2]))
def test_every_synapse_has_its_place(rows, cuts, one_class):
    edge = np.array([0, *sorted(cuts), TARGETS])
    rows, starts, tgt, Y, kind, member, own = packed(rows, edge, one_class)
    assert (kind == 7).all() and (member == 5).all() and sorted(own.tolist()) == list(range(len(rows)))
    found = []
    for t in range(len(edge) - 1):
        for i in range(SOURCES):
            for c in range(WIDTH):
                numbers = []
                for s in range(starts[t, i * WIDTH + c], starts[t, i * WIDTH + c + 1]):
                    assert 0 <= tgt[s] < edge[t + 1] - edge[t]
                    assert Y[:, s].tolist() == [own[s], -2 * own[s]]
                    numbers.append(int(own[s]))
                    found.append((i - PRE, int(tgt[s]) + edge[t] - POST, c))
                assert numbers == sorted(numbers)  # the order of the projection
    expected = [(a, b, c if one_class is None else one_class) for a, b, c in rows]
    assert sorted(found) == sorted(expected)


@settings(max_examples=60)
@given(synapses, st.integers(0, TARGETS))
def test_the_way_back(rows, cut):
    edge = np.array([0, cut, TARGETS])
    rows, starts, tgt, Y, _, member, _ = packed(rows, edge)
    row, targets = np.empty(7, dtype=np.int64), np.empty(len(rows), dtype=np.uint16)
    which, place = np.empty(len(rows), dtype=np.int16), np.empty(len(rows), dtype=np.int64)
    classes = np.arange(WIDTH)
    packing.unpack(starts, WIDTH, edge, tgt, member, 5, classes, PRE, 6, POST, 7, row, targets, which, place)
    sources = np.repeat(np.arange(6), np.diff(row))
    assert list(zip(sources.tolist(), targets.tolist(), which.tolist(), strict=True)) == rows
    assert Y[0, place].tolist() == list(range(len(rows)))
    packing.unpack(starts, WIDTH, edge, tgt, member, 6, classes, PRE, 6, POST, 7, row, targets, which, place)
    assert row.tolist() == [0] * 7  # another projection has none of them


@settings(max_examples=60)
@given(synapses, st.integers(0, TARGETS))
def test_synapses_by_target_and_their_sources(rows, cut):
    edge = np.array([0, cut, TARGETS])
    rows, starts, tgt, _, _, _, own = packed(rows, edge)
    src = np.full(len(rows), 99, dtype=np.uint16)
    packing.sources(starts, WIDTH, src)
    colptr, col = np.zeros((WIDTH, TARGETS + 1), dtype=np.int64), np.full(len(rows), 99, dtype=np.uint32)
    packing.columns(starts, WIDTH, edge, tgt, colptr, col)
    first = np.where(np.arange(len(rows)) < starts[1, 0], 0, cut)  # neuron of each synapse's thread
    for c in range(WIDTH):
        for j in range(TARGETS):
            mine = [
                (int(src[s]) - PRE, int(tgt[s] + first[s]) - POST, int(own[s]))
                for s in col[colptr[c, j] : colptr[c, j + 1]]
            ]
            assert mine == [(a, b, n) for n, (a, b, k) in enumerate(rows) if k == c and b == j - POST]
