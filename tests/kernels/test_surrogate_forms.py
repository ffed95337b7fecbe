"""Forms of surrogates as algebra; their numbers are tested in `tests/bridges/torch/test_surrogates.py`."""

from __future__ import annotations

import pytest

from spikegram.bridges.torch.surrogates import DEFAULTS
from spikegram.kernels.surrogate_forms import FORMS, custom_form, form_of


def test_every_kind_has_a_form_of_its_parameters() -> None:
    assert FORMS.keys() == DEFAULTS.keys()
    for kind, values in DEFAULTS.items():
        form = form_of(kind, "", "", tuple(values))
        for e in form:
            assert {s.name for s in e.free_symbols} <= {"u", *values}


def test_custom_forms_know_their_names_only() -> None:
    assert custom_form("k*u", "", ("k",)).primitive is None
    with pytest.raises(ValueError, match="'q'"):
        custom_form("q*u", "", ("k",))
