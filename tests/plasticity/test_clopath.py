"""Voltage-based plasticity: clamped potentials in closed form, thresholds, bounds, homeostasis, pairs at two rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spike_pairs as spikes

from spikegram.networks import AllToAll, Network, OneToOne, SpikeArray
from spikegram.neurons import ClopathAdEx, NeuronModel, extend
from spikegram.plasticity import Clopath, ClopathHomeostatic

# a cell whose potential and averages are what they are set to
CLAMPED = NeuronModel("v : volt\nu_minus : volt\nu_plus : volt\nu_long : volt\ng : 1", name="clamped")
TAU_X = 15.0


def clamped(times, v, u_minus=None, u_plus=None, u_long=-70.6, rule=Clopath, start=0.5, dt=0.1, duration=200.0):
    """Change of one synapse per potential; the averages are the potential unless given."""
    v = np.atleast_1d(np.asarray(v, dtype=float))
    net = Network(dt=dt)
    pre = net.population(1, SpikeArray([times]))
    init = dict(v=v, u_minus=v if u_minus is None else u_minus, u_plus=v if u_plus is None else u_plus, u_long=u_long)
    cells = net.population(v.size, CLAMPED, init=init)
    q = net.project(pre, cells, AllToAll(), weight=start, target="g", synapse=rule)
    net.run(duration, backend="reference")
    return q.weights - start


# (a), (b): voltage clamp
def test_below_the_lower_threshold_nothing_changes() -> None:
    assert clamped([10, 30], [-90, -75, -70.6]).tolist() == [0, 0, 0]


def test_between_the_thresholds_depression_is_linear() -> None:
    v = np.array([-65.6, -60.6, -50.6, -45.3])
    assert clamped([10, 30, 31], v) == pytest.approx(-3 * 1.4e-4 * (v + 70.6), rel=1e-9)


def test_above_both_potentiation_in_closed_form() -> None:
    """After one spike the trace's integral is tau_x; the step adds dt/2, 0.3 %."""
    v = np.array([-40.0, -30.0, 0.0])
    gain = 8e-5 * (v + 45.3) * (v + 70.6)  # times the integral of x/tau_x, which is 1
    expected = gain * (0.1 / TAU_X) / (1 - math.exp(-0.1 / TAU_X)) * (1 - math.exp(-190 / TAU_X))
    change = clamped([10], v) + 1.4e-4 * (v + 70.6)
    assert change == pytest.approx(expected, rel=1e-5)
    assert expected == pytest.approx(gain, rel=4e-3)


def test_potentiation_needs_both_the_potential_and_its_average() -> None:
    up = dict(u_minus=-80)  # no depression
    assert clamped([10], [0, -50, 0], u_plus=np.array([-80, 0, -40]), **up)[:2].tolist() == [0, 0]
    assert clamped([10], [0], u_plus=-40, **up)[0] > 0.01


def test_the_error_of_potentiation_halves_with_the_step() -> None:
    errors = [clamped([10], [-40], u_minus=-80, dt=dt)[0] - 8e-5 * 5.3 * 30.6 for dt in (0.4, 0.2, 0.1)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.02)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.02)


# (d) bounds and homeostasis
def test_bounds_hold() -> None:
    up = clamped([10], [30], start=2.9)
    down = clamped([10, 20, 30], [-45.3], start=0.005)
    assert 2.9 + up[0] == pytest.approx(3, abs=1e-12) and 0.005 + down[0] == 0


def test_depression_follows_the_square_of_the_mean_depolarisation() -> None:
    v = np.full(3, -60.6)
    load = np.array([0, math.sqrt(60), 2 * math.sqrt(60)])
    change = clamped([10], v, u_long=-70.6 + load, rule=ClopathHomeostatic)
    assert change == pytest.approx(-1.4e-4 * 10 * np.array([0, 1, 4]), abs=1e-12)


# the experiment that the rule is for
def paired(rate: float, sign: int, n: int = 5) -> float:
    """Change by n pairs at +-10 ms in a cell that spikes by itself."""
    first = [60 + 1000 / rate * k for k in range(n)]
    second = [t + 10 for t in first]
    pre, post = (first, second) if sign > 0 else (second, first)
    net = Network(dt=0.1)
    source = net.population(1, SpikeArray([pre]))
    cell = net.population(1, extend(ClopathAdEx, "g : 1"), name="cell")
    kicks = net.population(1, SpikeArray([post]), name="kicks")
    net.project(kicks, cell, OneToOne(), weight=80, target="v")
    q = net.project(source, cell, OneToOne(), weight=0.5, target="g", synapse=Clopath)
    net.record(cell, "spikes")
    result = net.run(max(pre + post) + 80, backend="reference")
    assert len(result["cell"].spikes) == n
    return q.weights[0] - 0.5


def test_post_before_pre_turns_from_depression_to_potentiation() -> None:
    assert paired(0.1, -1, n=1) < 0 < paired(50, -1)
    assert paired(50, 1) > 0.005 and abs(paired(0.1, 1, n=1)) < 0.001


# (e), (h)
@pytest.mark.slow
def test_numba_agrees(seed: int) -> None:
    results = []
    for backend in ("reference", "numba"):
        net = Network(dt=0.1, seed=seed)
        pre = net.population(4, spikes.RANDOM(rate=60), name="pre")
        cells = net.population(3, ClopathAdEx(i_offset=0.9), name="cells", init=dict(v="-70*mV + 10*mV*rand()"))
        q = net.project(
            pre, cells, AllToAll(), weight=0.02, delay=1, target="I", synapse=Clopath(A_LTP=1e-6, A_LTD=2e-6)
        )
        net.run(200, backend=backend)
        results.append(q.weights)
    assert np.abs(results[0] - results[1]).max() < 1e-9 * np.abs(results[0]).max()
    assert np.ptp(results[0]) > 1e-3


def test_a_cell_without_averages_is_refused() -> None:
    with pytest.raises(ValueError, match="the target cell has no variable '[vu]"):
        spikes.pairs(Clopath, [[1]], [[2]], 0.5)
