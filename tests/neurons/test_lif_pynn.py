"""IFCurrExp and IFCondExp: PyNN's names, values and timing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import IFCondExp, IFCurrExp
from spikegram.units import to_edge

OUR_NAMES = {"cm": "C_m", "tau_refrac": "t_ref", "v_thresh": "v_th"}


@pytest.mark.parametrize(("model", "cell_type"), [(IFCurrExp, "IF_curr_exp"), (IFCondExp, "IF_cond_exp")])
def test_parameters_are_those_of_pynn(model, cell_type: str) -> None:
    cells = pytest.importorskip("pyNN.standardmodels.cells")
    theirs = getattr(cells, cell_type).default_parameters
    ours = {n: to_edge(p.value, p.dims) for n, p in model.parameters.items()}
    assert ours == pytest.approx({OUR_NAMES.get(n, n): v for n, v in theirs.items()})


def test_one_step_by_hand() -> None:
    net = Network(dt=1)
    cell = net.population(1, IFCurrExp(i_offset=0.1, tau_syn_I=10, t_ref=1), init=dict(v=-60, I_E=0.3, I_I=-0.2))
    net.run(1, backend="reference")
    e = {tau: math.exp(-1 / tau) for tau in (5, 10, 20)}
    v = -65 + 20 * 0.1 * (1 - e[20]) + 5 * e[20]  # R = 20 ms/1 nF = 20 MOhm
    v += 20 * 5 / 15 * (e[20] - e[5]) * 0.3 - 20 * 10 / 10 * (e[20] - e[10]) * 0.2
    assert cell.get("v")[0] == pytest.approx(v, abs=1e-12)
    assert cell.get("I_I")[0] == pytest.approx(-0.2 * e[10], rel=1e-12)


def test_intervals_are_those_of_nest() -> None:
    """The cell is held in t_ref/dt steps, so an interval is t_ref and the steps that the rise to threshold needs."""
    currents = [1.0, 1.5, 4.0]
    net = Network(dt=0.1)
    cells = net.population(3, IFCurrExp(t_ref=2), name="cells", parameters=dict(i_offset=currents))
    net.record(cells, "spikes")
    spikes = net.run(200, backend="reference")["cells"].spikes
    for k, current in enumerate(currents):
        rise = 20 * math.log(20 * current / (20 * current - 15))
        assert np.allclose(spikes.isi(k), 2 + math.ceil(rise / 0.1) * 0.1)


def test_conductance_input_against_a_fine_solution() -> None:
    """Halving dt halves the distance to the solution; inhibition at rest shunts and drives towards e_rev_I."""

    def end(dt: float) -> np.ndarray:
        net = Network(dt=dt)
        cells = net.population(2, IFCondExp(t_ref=2))
        for k, target in enumerate(("g_E", "g_I")):
            spikes = net.population(1, SpikeArray([[2.0]]))
            net.project(spikes, cells[k], AllToAll(), weight=0.02, target=target)
        net.run(10, backend="reference")
        return cells.get("v")

    # the arrival acts from the end of its step: compare at equal distance from that
    errors = [np.abs(end(dt) - end(dt / 2)) for dt in (0.2, 0.1)]
    assert np.all((errors[0] / errors[1] > 1.7) & (errors[0] / errors[1] < 2.3))
    v = end(0.05)
    assert -62 < v[0] < -57 and -65.4 < v[1] < -65.1
