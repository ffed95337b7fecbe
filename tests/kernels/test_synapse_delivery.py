"""Text of the delivery of spikes: how rows are found, and what a list of rows holds."""

import pytest

from spikegram.kernels.build import build_synapse
from spikegram.kernels.synapse_form import SynapseForm
from spikegram.kernels.synapse_numba import numba_synapse
from spikegram.plasticity import STDP, SynapseModel
from spikegram.units import CURRENT, VOLTAGE

POST = {"v": VOLTAGE, "I": CURRENT}
STATIC, PLASTIC = (build_synapse(model.bind("I", CURRENT), {}, POST) for model in (SynapseModel(), STDP))


def functions(program, form: SynapseForm) -> dict[str, str]:
    """The text of each function by its name."""
    pieces = numba_synapse(program, form, True).split("\ndef ")[1:]
    return {piece.split("(")[0]: piece for piece in pieces}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (SynapseForm(), {"_rows", "on_pre"}),
        (SynapseForm(ahead=True), {"_rows", "_seek", "_enter", "on_pre"}),
        (SynapseForm(constant=("w",), drawn=True), {"_rows", "on_pre"}),
    ],
)
def test_rows_are_looked_up_listed_or_drawn(form: SynapseForm, expected: set[str]) -> None:
    found = functions(STATIC, form)
    assert set(found) == expected
    assert ("_draw_row(" in found["on_pre"]) == form.drawn and ("_enter(" in found["on_pre"]) == form.ahead


def test_a_list_holds_what_delivery_reads_of_a_row() -> None:
    assert "_list[2 * _q + 1]" in functions(STATIC, SynapseForm(direct=("I",)))["_rows"]
    assert "_c = _i8(_list[3 * _q + 2])" in functions(STATIC, SynapseForm())["_rows"]  # a sum for each dendritic delay
    text = functions(PLASTIC, SynapseForm(direct=("I",), traces=True, ahead=True))
    assert "_i = _i8(_list[4 * _q + 3])" in text["_rows"] and "_due[_thread, _s + 3] = _i" in text["_enter"]


def test_the_earliest_spikes_come_first() -> None:
    for form in (SynapseForm(), SynapseForm(drawn=True, constant=("w",))):
        assert (
            "for _c in range(_" in functions(STATIC, form)["on_pre"]
            and "- 1, -1, -1)" in functions(STATIC, form)["on_pre"]
        )
    assert "range(max(_book[_thread, 3, 0]" in functions(STATIC, SynapseForm(ahead=True))["_enter"]
