"""Text for NumPy: whole arrays, functions of the same names with the same arguments whatever the model."""

import numpy as np

from spikegram.kernels.build import build_synapse
from spikegram.kernels.synapse_form import SynapseForm
from spikegram.kernels.synapse_numpy import reference_synapse
from spikegram.plasticity import SynapseModel
from spikegram.units import CURRENT, VOLTAGE


def test_a_step_by_hand() -> None:
    """Two rows of a spike of neuron 1: onto targets 0 and 2 with weights 5 and 7, twice onto 2."""
    program = build_synapse(SynapseModel().bind("I", CURRENT), {}, {"v": VOLTAGE, "I": CURRENT})
    space: dict = {}
    exec(compile(reference_synapse(program, SynapseForm()), "module", "exec"), space)  # our own generated module
    names = space["on_pre"].__code__.co_varnames[: space["on_pre"].__code__.co_argcount]
    assert names[:6] == ("_thread", "_k", "_step", "dt", "_seed", "_syn") and names[-1] == "_phase"
    assert {"on_pre", "on_post", "fade", "clocked", "summed"} <= space.keys()
    syn: list = [None] * 25
    syn[0] = np.array([[0, 1, 4, 4]])  # rows of three sources, one class
    syn[1], syn[3] = np.array([1, 0, 2, 2]), np.array([[9.0, 5.0, 7.0, 0.5]])
    syn[11], syn[12], syn[13], syn[18] = np.array([1]), np.array([0]), np.array([0]), np.array([0])
    A = np.zeros((1, 2, 3))
    ids, ptr = np.array([[1, 0]]), np.array([[0, 0, 1, 2]])  # neuron 1 at place 1, neuron 0 at place 2
    space["on_pre"](0, 2, 10, 1e-4, 0, tuple(syn), None, None, A, ids, ptr, 0)
    assert A.tolist() == [[[5.0, 0.0, 7.5], [0.0, 0.0, 0.0]]]
    space["on_pre"](0, 2, 10, 1e-4, 0, tuple(syn), None, None, A, ids, ptr, 1)  # another phase
    assert A.sum() == 12.5
