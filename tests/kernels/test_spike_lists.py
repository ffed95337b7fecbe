"""Reading the spike lists of a chunk, against sorting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spikegram.kernels.spike_lists import by_population


@given(st.data())
def test_spikes_come_by_population_step_and_neuron(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(sum))
    start = np.concatenate([[0], np.cumsum(sizes)])
    cells, steps = int(start[-1]), data.draw(st.integers(1, 6))
    first, step0 = data.draw(st.integers(0, steps - 1)), data.draw(st.integers(0, 10**12))
    edges = np.array([0, *sorted(data.draw(st.lists(st.integers(0, cells), max_size=2))), cells])
    fired = data.draw(st.lists(st.booleans(), min_size=steps * cells, max_size=steps * cells))
    at, who = np.nonzero(np.array(fired).reshape(steps, cells))
    ptr = np.zeros((len(edges) - 1, steps + 1), dtype=np.int64)
    ids = np.full((len(edges) - 1, steps * cells), -1, dtype=np.int32)
    for t in range(len(edges) - 1):
        mine = (who >= edges[t]) & (who < edges[t + 1])
        ids[t, : mine.sum()] = who[mine]
        ptr[t] = np.searchsorted(at[mine], np.arange(steps + 1))
    got, numbers, begins = by_population(ptr, ids, first, steps - first, step0, start)
    wanted = at >= first
    order = np.lexsort((who[wanted], at[wanted], np.searchsorted(start, who[wanted], side="right")))
    assert got.tolist() == (at[wanted][order] - first + step0).tolist()
    holder = np.searchsorted(start, who[wanted][order], side="right") - 1
    assert numbers.tolist() == (who[wanted][order] - start[holder]).tolist()
    assert begins.tolist() == [0, *np.cumsum(np.bincount(holder, minlength=len(sizes)))]
