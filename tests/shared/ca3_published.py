"""Published test cases of the CA3 content-addressable memory, as data.

Source: Casanueva-Morato et al., Neural Networks 178 (2024) 106474, arXiv 2310.05868. An operation
is (step, kind, cue or None, set of content bits); steps are of 1 ms. Rasters are lists of
(step, neuron of OUT): 0..C-1 cues, C..C+K-1 content bits. Weights in nA.
"""

from __future__ import annotations


def _raster(n_cues, table):
    """List of (step, neuron) from step -> (cues, bits)."""
    return sorted((t, i) for t, (cues, bits) in table.items() for i in [*cues, *(n_cues + b for b in bits)])


# T1, functional test: four learning operations (one over a used cue), two cue and three bit recalls
T1_CUES, T1_BITS, T1_STEPS = 5, 10, 90
T1_OPERATIONS = [
    (0, "learn", 0, {0, 1, 8, 9}),
    (10, "learn", 4, {1, 5, 6}),
    (20, "learn", 3, {4, 5, 6}),
    (30, "cue", 0, set()),
    (40, "content", None, {6}),
    (50, "content", None, {0, 4}),
    (60, "learn", 3, {1, 3, 4, 8}),
    (70, "cue", 3, set()),
    (80, "content", None, {6}),
]
T1_OUT = _raster(
    T1_CUES,
    {
        5: ([0], [0, 1, 8, 9]),
        7: ([0], [0, 1, 8, 9]),
        15: ([4], [1, 5, 6]),
        17: ([4], [1, 5, 6]),
        25: ([3], [4, 5, 6]),
        27: ([3], [4, 5, 6]),
        35: ([0], []),
        36: ([], [0, 1, 8, 9]),
        45: ([], [6]),
        46: ([3, 4], []),
        55: ([], [0, 4]),
        56: ([0, 3], []),
        65: ([3], [1, 3, 4, 8]),
        66: ([], [5, 6]),
        67: ([3], [1, 3, 4, 8]),
        75: ([3], []),
        76: ([], [1, 3, 4, 8]),
        85: ([], [6]),
        86: ([4], []),
    },
)
# weights after T1 once the post spikes still on their way have been counted
T1_S1 = {
    0: [6, 6, 0, 0, 0.006, 0, 0.154, 0, 6, 6],
    3: [0, 6, 0, 6, 6, 0, 0.169, 0, 6, 0.323],
}
T1_S2 = {  # column of a cue, from content bits 0..9
    0: [6, 4.053, 0, 0, 2.891, 0.17, 0, 0, 5.368, 6],
    3: [3.318, 6, 0, 6, 6, 3.295, 2.967, 0, 6, 0.024],
}
T1_MARGIN, T2_MARGIN, T3_MARGIN = 0.32, 0.22, 0.73  # smallest |v - v_th| met, mV

# T2, stress test: 60 operations 14 ms apart; contents, their complements, the contents again
T2_CUES, T2_BITS, T2_STEPS = 5, 10, 851


def _t2_operations():
    numbers = [{b for b in range(T2_BITS) if (i + 1) >> b & 1} for i in range(T2_CUES)]
    todo = []
    for flip in (False, True, False):
        contents = [set(range(T2_BITS)) - n if flip else n for n in numbers]
        todo += [("learn", i, c) for i, c in enumerate(contents)]
        todo += [("cue", i, set()) for i in range(T2_CUES)]
        todo += [("content", None, {b}) for b in range(T2_BITS)]
    return [(1 + 14 * n, *operation) for n, operation in enumerate(todo)]


T2_OPERATIONS = _t2_operations()

# T3, application: a map of 4x4 places, each with one of six flags, asked "where is flag ...?"
T3_CUES, T3_BITS, T3_STEPS = 16, 6, 140
T3_MAP = [0, 5, 1, 3, 0, 3, 4, 5, 0, 5, 4, 3, 2, 4, 4, 3]
T3_OPERATIONS = [(7 * i, "learn", i, {flag}) for i, flag in enumerate(T3_MAP)] + [
    (112, "content", None, {1, 2, 4}),
    (118, "content", None, {3}),
    (124, "content", None, {5}),
    (130, "content", None, {0}),
]
T3_CELLS = {  # step -> cues that answer
    118: {2, 6, 10, 12, 13, 14},
    124: {3, 5, 11, 15},
    130: {1, 7, 9},
    136: {0, 4, 8},
}

# all neurons but the sources: eight inner populations, cue and content half of OUT
SPIKE_TOTALS = {"T1": 262, "T2": 1567, "T3": 402}
SINGLE_INPUT_THRESHOLDS = {"SLOW": 3.2924, "FAST": 3.3580, "OUT": 2.7437}  # nA

# oscillatory auto-associative net, arXiv 2205.04782: (first step, last step, neurons) given by DG
OSCILLATORY_PRESENTATIONS = [
    (1, 5, range(0, 5)),
    (15, 19, range(10, 15)),
    (29, 33, range(5, 10)),
    (43, 47, range(1, 5)),
    (57, 61, range(11, 15)),
]
OSCILLATORY_STEPS = 71
OSCILLATORY_PC = {  # spikes of the PC neurons; each group falls silent when the next is given
    **{0: [2, 4, 6, *range(45, 60, 2)]},
    **{i: [2, 4, 6, *range(44, 59, 2)] for i in (1, 2, 3, 4)},
    **{i: [30, 32, 34] for i in range(5, 10)},
    **{10: [16, 18, 20, *range(59, 71, 2)]},
    **{i: [16, 18, 20, *range(58, 71, 2)] for i in (11, 12, 13, 14)},
}

# regulated auto-associative net: two patterns sharing 12 of 15 neurons, each given four times
REGULATED_A = [*range(1, 13), 14]
REGULATED_B = [*range(14)]
REGULATED_LEARN = [(t, REGULATED_A) for t in (1, 11, 21, 31)] + [(t, REGULATED_B) for t in (51, 61, 71, 81)]
