"""What arguments of layers of cells mean; their errors are tested with the layer (`test_spiking.py`)."""

from __future__ import annotations

import pytest

from spikegram.bridges.torch.spiking_checks import features_of, inputs_of, names_of, through_of
from spikegram.neurons import LIF, BellecALIF, SpiNNakerLIF


def test_features_are_a_shape() -> None:
    assert features_of(3) == (3,)
    assert features_of([2, 3]) == (2, 3)
    for bad in ((), (2, 0), (2.0,)):
        with pytest.raises(ValueError, match="features: expected whole numbers >= 1"):
            features_of(bad)


def test_names_may_be_one() -> None:
    assert names_of("v", ("v", "w"), "x") == ("v",)
    with pytest.raises(ValueError, match="x: each name once, got v, v"):
        names_of(("v", "v"), ("v", "w"), "x")


def test_inputs_that_are_clear_need_no_name() -> None:
    assert inputs_of(LIF, None, "cells") == ("I_ext",)
    assert inputs_of(SpiNNakerLIF, ("in_I", "v"), "cells") == ("in_I", "v")
    with pytest.raises(ValueError, match="input: expected at least one of"):
        inputs_of(LIF, (), "cells")


def test_reset_gradients() -> None:
    assert through_of(BellecALIF, "detach", "cells") == ()
    assert through_of(BellecALIF, "through", "cells") == tuple(BellecALIF.states)
    assert through_of(BellecALIF, ["v"], "cells") == ("v",)
