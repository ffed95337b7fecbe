"""Text for Numba: what is read once a row, what once a synapse, which arrays a function takes."""

from spikegram.kernels.build import build_synapse
from spikegram.kernels.synapse_form import SynapseForm
from spikegram.kernels.synapse_numba import numba_synapse
from spikegram.plasticity import SynapseModel
from spikegram.units import CURRENT, VOLTAGE

POST = {"v": VOLTAGE, "I": CURRENT}


def texts(program, form=None):
    return numba_synapse(program, form or SynapseForm(), False), None


def test_static_synapse_touches_nothing_but_its_weight() -> None:
    program = build_synapse(SynapseModel().bind("I", CURRENT), {}, POST)
    text, _ = texts(program)
    assert "w = _Y[0, _s]" in text and "_when" not in text and "_Y[0, _s] =" not in text and "on_post(" not in text
    text, _ = texts(program, SynapseForm(constant=("w",), direct=("I",)))
    row, inner = text.split("def _rows")[1].split("for _s in range(_u8(_a), _u8(_b)):")
    assert (
        "w = _C[_ckind[_c], 0]" in row
        and "_to0 = _part(_Xt, _racc[0], 0, _Xt.shape[1])" in row
        and "_to0[_j] += w" in inner
    )
    assert "_Y" not in text.split("ARGUMENTS")[1]
    text, _ = texts(program, SynapseForm(constant=("w",), mixed=True))
    assert "w = _C[_kind[_s], 0]" in text


def test_functions_take_the_arrays_they_read() -> None:
    space: dict = {}
    text, _ = texts(build_synapse(SynapseModel().bind("I", CURRENT), {}, POST))
    exec(text[text.index("ARGUMENTS =") :], space)  # the last line of our own generated module
    assert set(space["ARGUMENTS"]) == {"_rows", "on_pre"}
    assert {"_tgt", "_Y", "_At", "_seg"} <= set(space["ARGUMENTS"]["on_pre"])
    assert "_when" not in space["ARGUMENTS"]["on_pre"] and "dt" not in space["ARGUMENTS"]["on_pre"]
