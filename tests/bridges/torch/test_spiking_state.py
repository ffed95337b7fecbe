"""Classes for states: one for each set of fields, found again by name."""

from __future__ import annotations

import pickle

import pytest
import torch

from spikegram.bridges.torch import spiking_state
from spikegram.bridges.torch.spiking_state import state_class


def test_one_class_for_each_set_of_fields() -> None:
    assert state_class(("v", "I_ext")) is state_class(["v", "I_ext"])
    assert state_class(("v", "I_ext"))._fields == ("v", "I_ext")
    assert state_class(()) is not state_class(("v",))
    assert state_class(("a_1b", "b"))._fields == ("a_1b", "b")


def test_it_is_pickled_by_name() -> None:
    text = pickle.dumps(state_class(("v", "w"))(torch.zeros(2), torch.ones(2)))
    spiking_state._make.cache_clear()  # as in another process
    again = pickle.loads(text)
    assert type(again) is state_class(("v", "w"))
    assert again.w.tolist() == [1, 1]


def test_other_names_are_no_attributes() -> None:
    for name in ("nothing", "SpikingStateX"):
        with pytest.raises(AttributeError):
            getattr(spiking_state, name)
