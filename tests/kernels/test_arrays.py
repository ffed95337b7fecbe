"""The names of a run's arrays fit its tuples."""

from spikegram.kernels.arrays import GROUP_ARRAYS, SYNAPSE_ARRAYS
from spikegram.networks import AllToAll, Network
from spikegram.networks.layout import Layout
from spikegram.neurons import LIF


def test_there_is_a_name_for_each_array() -> None:
    net = Network(dt=0.1)
    cells = net.population(3, LIF)
    net.project(cells, cells, AllToAll(), weight=1, target="I")
    layout = Layout(list(net.populations.values()), list(net.projections.values()), net.dt_si, net.dtype, "reference")
    layout.groups[0].finish(net.dt_si)
    for names, arrays in (
        (GROUP_ARRAYS, layout.groups[0].arrays(1, 3, 1, 0)),
        (SYNAPSE_ARRAYS, layout.bundles[0].arrays(1)),
    ):
        assert len(set(names.split(", "))) == len(names.split(", ")) == len(arrays)
