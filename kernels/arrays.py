"""The arrays that a run hands to the generated modules: which there are, in which order, and what each holds.

Generated code knows them by these names with a line before them: ``_X``. Letters of axes: N neurons of the group, S
synapses of the bundle, Z classes of delay and kind, M kinds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["GROUP_ARRAYS", "SYNAPSE_ARRAYS", "GroupArrays", "SynapseArrays", "chosen"]


class GroupArrays(NamedTuple):
    """Of a group of populations, made by `networks.layout.Group.arrays`.

    A stretch is neurons of one or more populations that have the same constants.
    """

    X: np.ndarray  # state variables, then inputs [rows, N and more]
    A: np.ndarray  # sums of what arrives, for this and later steps [accumulators, slots, N and more]
    V: np.ndarray  # constants with a value for each neuron [vectors, N]
    C: np.ndarray  # constants with a value for each stretch [stretches, scalars]
    nr: np.ndarray  # not refractory [N]
    last: np.ndarray  # step of the last spike [N]
    ref: np.ndarray  # steps that a neuron is refractory after a spike [N]
    fired: np.ndarray  # over threshold in this step [N + 64]
    lo: np.ndarray  # first neuron of a thread in a stretch [threads, stretches]
    hi: np.ndarray  # the end of these [threads, stretches]
    start: np.ndarray  # first neuron of a stretch [stretches]
    stream: np.ndarray  # random stream of a stretch [stretches]
    ids: np.ndarray  # neurons that spiked, step after step [threads, room]
    ptr: np.ndarray  # where each step begins in them [threads, steps + 1]
    acc_row: np.ndarray  # row of X to which each accumulator belongs [accumulators]
    acc_mode: np.ndarray  # 0 input, 1 added, 2 added unless refractory, 3 the same by `until`, -1 idle [accumulators]
    until: np.ndarray  # place in the list of steps from which on a neuron is free [N]
    zero: int  # 0, which the compiler does not know
    every: int  # steps from one update to the next


class SynapseArrays(NamedTuple):
    """Of a bundle of projections, made by `networks.bundle.Bundle.arrays`."""

    row: np.ndarray  # where the synapses of (source, class) begin [threads, sources Z + 1]
    tgt: np.ndarray  # target, as a number within its thread's part [S]
    src: np.ndarray  # source, where something asks for it [S] or [0]
    Y: np.ndarray  # variables with a value for each synapse [variables, S]
    when: np.ndarray  # step at which event-driven variables were last brought up to date [S] or [0]
    C: np.ndarray  # constants of a kind [M, scalars]
    kind: np.ndarray  # kind of each synapse, where classes do not tell it [S] or [0]
    ckind: np.ndarray  # kind of a class [Z]
    sid: np.ndarray  # number in its projection, where there are random numbers [S] or [0]
    stream: np.ndarray  # random stream of a kind [M]
    base: np.ndarray  # first neuron of the two populations [M, 2]
    ax: np.ndarray  # axonal steps of a class [Z]
    dend: np.ndarray  # dendritic steps of a class [Z]
    early: np.ndarray  # delivered before the state update [Z]
    colptr: np.ndarray  # where the synapses onto a target begin in `col` [Z, N + 1]
    col: np.ndarray  # numbers of synapses by target, where postsynaptic spikes do something [S] or [0]
    rpre: np.ndarray  # rows of the source's X that are read
    rpost: np.ndarray  # rows of the target's X that are read
    racc: np.ndarray  # accumulators, or rows of X, that are added to
    late: np.ndarray  # 1 where that is an input, which holds a step later
    rsum: np.ndarray  # rows of the target's X that are sums over synapses
    summed: np.ndarray  # populations of the target that have them
    xtr: np.ndarray  # traces of sources [traces, threads, Z, sources]
    ytr: np.ndarray  # traces of targets [traces, Z, N]
    seg: np.ndarray  # room for the rows that are delivered in one go [threads, room]
    due: np.ndarray  # rows that become due in coming steps [threads, room]
    book: np.ndarray  # what is in `due`, see `synapse_delivery` [threads, 4, slots]
    rules: np.ndarray  # of rows that are drawn anew, see `networks.procedural` [rules, 7]
    scales: np.ndarray  # of these [rules]
    crule: np.ndarray  # where the rules of a class begin [Z + 1]


GROUP_ARRAYS = tuple(f"_{name}" for name in GroupArrays._fields)
SYNAPSE_ARRAYS = tuple(f"_{name}" for name in SynapseArrays._fields)


def chosen(arrays: GroupArrays | SynapseArrays, names: tuple[str, ...]) -> tuple:
    """Give those arrays whose names in generated code are ``names``."""
    return tuple(getattr(arrays, name[1:]) for name in names)
