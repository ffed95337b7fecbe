"""Panel of the ELM neuron: nothing before the burst, slow units keep what fast ones lose."""

import numpy as np

from spikegram.scripts._gallery_elm import BURST, elm


def test_slow_units_keep_the_burst() -> None:
    curves = elm()
    fast, _, slow = curves.y.values()
    assert BURST[0] <= curves.spikes.min() and curves.spikes.max() < BURST[1]
    assert not np.any(fast[: BURST[0]]) and not np.any(slow[: BURST[0]])
    assert fast.max() > slow.max() > 0
    assert fast[-1] < 1e-3 * fast.max() and slow[-1] > 0.5 * slow.max()
