"""The names of a run's arrays, and the shapes that are said of them."""

from spikegram.kernels.arrays import GROUP_ARRAYS, SYNAPSE_ARRAYS, GroupArrays, SynapseArrays, chosen
from spikegram.networks import FixedProbability, Network
from spikegram.networks.layout import Layout
from spikegram.neurons import LIF


def test_generated_code_knows_each_array_by_one_name() -> None:
    names = (*GROUP_ARRAYS, *(f"{n}_" for n in SYNAPSE_ARRAYS))
    assert len(set(names)) == len(GroupArrays._fields) + len(SynapseArrays._fields)
    arrays = GroupArrays(*range(len(GROUP_ARRAYS)))
    assert chosen(arrays, GROUP_ARRAYS) == tuple(arrays)
    assert chosen(arrays, ("_every", "_X")) == (arrays.every, arrays.X)


def test_shapes_are_those_that_are_said() -> None:
    net = Network(dt=0.1)
    cells = net.population(7, LIF)
    slow = net.population(5, LIF(tau_m=30))
    synapses = 0
    for post, delay in ((cells, 1), (slow, 2)):
        synapses += net.project(cells, post, FixedProbability(0.5), weight=1, delay=delay, target="I").size
    layout = Layout(list(net.populations.values()), list(net.projections.values()), net.dt_si, net.dtype, "reference")
    (group,), (bundle,) = layout.groups, layout.bundles
    group.finish(net.dt_si)
    threads, steps = 3, 4
    g, s = group.arrays(threads, 20, steps, 0), bundle.arrays(threads)
    rows, stretches, scalars = len(LIF.states) + len(LIF.inputs), 2, len(group.module.SCALARS)
    assert g.X.shape[0] == rows and g.X.shape[1] >= 12 and g.A.shape[2] == g.X.shape[1]
    assert g.C.shape == (stretches, scalars) and g.lo.shape == g.hi.shape == (threads, stretches)
    assert g.nr.shape == g.last.shape == g.ref.shape == g.until.shape == (12,) and g.fired.shape == (12 + 64,)
    assert g.start.tolist() == [0, 7] and g.stream.shape == (stretches,)
    assert g.ids.shape == (threads, 20) and g.ptr.shape == (threads, group.depth + steps + 1)
    assert g.acc_row.shape == g.acc_mode.shape and (g.zero, g.every) == (0, 1)
    classes = 2
    assert s.row.shape == (threads, 12 * classes + 1) and s.row[-1, -1] == synapses
    assert s.tgt.shape == (synapses,) and s.Y.shape == (0, synapses)
    assert s.ax.tolist() == [10, 20] and s.dend.tolist() == [0, 0] and s.early.shape == s.ckind.shape == (classes,)
    assert s.base.shape == (len(s.C), 2) and s.stream.shape == (len(s.C),)
