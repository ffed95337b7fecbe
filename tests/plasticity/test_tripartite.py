"""Tripartite synapses: short-term plasticity, gliotransmission, coupling of astrocytes; the same in Brian 2."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, FromList, Network, OneToOne, SpikeArray
from spikegram.neurons import GChI, LIFCond, LiRinzel, NeuronModel, ensheathed
from spikegram.neurons.astrocyte import Perisynaptic
from spikegram.plasticity import GlialSensing, Gliotransmission, IP3GapJunction, Tripartite

UM = 1e-3  # uM in the units of the edge, mM
# what stands still, so that releases can be read off: g is the sum of all r
STILL = NeuronModel("g : 1\nY_S : mmolar\nGamma_S : 1\nG_A : mmolar", name="still")
RATES = {1: 0.555765, 5: 0.297849, 10: 0.175270, 20: 0.094246, 50: 0.039145}  # Hz -> released by a spike, U = 0.6
PLASTICITY = dict(Omega_f=3.33, Omega_d=2.0)


def by_hand(times, u_of=lambda t: 0.6) -> list[float]:
    """What each spike at ``times`` (s) releases, with release probability ``u_of(t)``."""
    u, x, last, released = 0.0, 1.0, 0.0, []
    for t in times:
        u *= math.exp(-3.33 * (t - last))
        x = 1 - (1 - x) * math.exp(-2 * (t - last))
        u += u_of(t) * (1 - u)
        released.append(u * x)
        x, last = x - u * x, t
    return released


def releases(trains, synapse=Tripartite, duration=None, **init) -> tuple[np.ndarray, Network]:
    """Sums of what the spikes of each train (ms) release, [N]."""
    net = Network(dt=1)
    source = net.population(len(trains), SpikeArray(trains))
    cells = net.population(len(trains), STILL, "cells", init=init)
    net.project(source, cells, OneToOne(), weight=1, target="g", synapse=synapse, name="q")
    net.run(duration or max(map(max, trains)) + 1, backend="reference")
    return cells.get("g"), net


# short-term plasticity
@pytest.mark.parametrize("rate", RATES)
def test_periodic_spikes(rate: int) -> None:
    """The steady state in closed form, its value in the table, and the simulation."""
    d = 1 / rate
    u = 0.6 / (1 - 0.4 * math.exp(-3.33 * d))
    x = (1 - math.exp(-2 * d)) / (1 - (1 - u) * math.exp(-2 * d))
    assert u * x == pytest.approx(RATES[rate], abs=1e-6)
    net = Network(dt=10)
    spikes = np.arange(0, 12_000, 1000 // rate)
    cells = net.population(1, STILL, "cells")
    source = net.population(1, SpikeArray([spikes]))
    net.project(source, cells, OneToOne(), weight=1, target="g", synapse=Tripartite)
    net.run(float(spikes[-1]), backend="reference")
    before = cells.get("g")[0]
    net.run(10, backend="reference")
    assert cells.get("g")[0] - before == pytest.approx(RATES[rate], abs=1e-6)


@pytest.fixture
def trains(seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [np.sort(random.choice(600, size, replace=False)) for size in (3, 12, 40, 90)]


def test_the_order_at_a_spike(trains) -> None:
    """Without gliotransmission it is Tsodyks and Markram's synapse; Y_S gets what is released into it."""
    found, net = releases(trains)
    np.testing.assert_allclose(found, [sum(by_hand(t / 1e3)) for t in trains], rtol=1e-12)
    np.testing.assert_allclose(net.populations["cells"].get("Y_S"), 0.005 * 500 * found, rtol=1e-12)


def test_event_driven_is_clocked(trains) -> None:
    fields = Tripartite._fields()
    fields["equations"] = fields["equations"].replace("event-driven", "clock-driven")
    one, other = releases(trains)[0], releases(trains, type(Tripartite)(**fields))[0]
    assert one == pytest.approx(other, abs=1e-9)


def test_release_stays_within_bounds(trains) -> None:
    for alpha, bound in ((0, 0.5), (1, 1.0), (1, 0.0)):
        _, net = releases(trains, Tripartite(alpha=alpha, U_0=0.9), Gamma_S=bound)
        q = net.projections["q"]
        for name in ("u", "x"):
            assert 0 <= q.values[name].min() and q.values[name].max() <= 1


@pytest.mark.parametrize(("alpha", "change"), [(0.0, -1), (0.6, 0), (0.9, 1)])
def test_bound_receptors_change_release(trains, alpha: float, change: int) -> None:
    """U = (1 - Gamma) U_0 + alpha Gamma: less, the same (alpha = U_0 is invisible) or more."""
    found, _ = releases(trains, Tripartite(alpha=alpha), Gamma_S=0.7)
    expected = [sum(by_hand(t / 1e3, lambda _: 0.3 * 0.6 + alpha * 0.7)) for t in trains]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    plain = np.array([sum(by_hand(t / 1e3)) for t in trains])
    first = releases([t[:1] for t in trains], Tripartite(alpha=alpha), Gamma_S=0.7)[0] - 0.6
    assert np.sign(np.round(first, 12)).tolist() == [change] * 4
    assert (found == pytest.approx(plain, rel=1e-12)) == (change == 0)


# gliotransmission
def test_one_astrocyte_event() -> None:
    """G_A jumps by 78 uM, Gamma_S comes within 0.002 of 0.8577, and a spike then releases a seventh of what it did."""
    net = Network(dt=1)
    astrocyte = net.population(1, SpikeArray([[5]]))
    spikes = net.population(1, SpikeArray([[150]]))
    space = net.population(1, Perisynaptic, "space")
    net.project(astrocyte, space, OneToOne(), synapse=Gliotransmission)
    net.project(spikes, space, OneToOne(), weight=0, target="G_A", synapse=Tripartite)
    net.record(space, ["G_A", "Gamma_S", "Y_S"])
    found = net.run(200, backend="reference")["space"]
    assert found.G_A[5:7, 0] / UM == pytest.approx([0, 78], abs=1e-12)
    assert found.Gamma_S.max() == pytest.approx(0.8577, abs=0.002)
    assert found.Y_S[151, 0] == pytest.approx(2.5 * 0.6 * (1 - found.Gamma_S[151, 0]), rel=1e-12)
    assert found.Y_S[151, 0] / 2.5 == pytest.approx(0.085, abs=2e-3)


def test_resources_of_the_astrocyte() -> None:
    """A second event 1 s later finds 1 - U_A exp(-Omega_A) of the resources."""
    net = Network(dt=1)
    events = net.population(1, SpikeArray([[0, 1000]]))
    space = net.population(1, STILL)
    net.project(events, space, OneToOne(), synapse=Gliotransmission)
    net.run(1001, backend="reference")
    assert space.get("G_A") / UM == pytest.approx(78 + 78 * (1 - 0.6 * math.exp(-0.6)), rel=1e-12)


def test_no_receptors_no_gliotransmission(trains) -> None:
    """O_G = 0: what the astrocyte releases changes nothing."""
    net = Network(dt=1)
    events = net.population(1, SpikeArray([[5, 100]]))
    source = net.population(4, SpikeArray(trains))
    cell = ensheathed(LIFCond, O_G="0/umolar/second")
    both = [net.population(4, cell) for _ in range(2)]
    for cells in both:
        net.project(source, cells, OneToOne(), weight=0.02, target="g_E", synapse=Tripartite)
    net.project(events, both[0], AllToAll(), synapse=Gliotransmission)
    net.run(300, backend="reference")
    assert both[0].get("G_A").min() > 0 == both[1].get("G_A").max()
    for name in ("v", "g_E", "Y_S", "Gamma_S"):
        assert np.array_equal(both[0].get(name), both[1].get(name))


def test_what_an_astrocyte_senses() -> None:
    """The weighted sum over its cells, of the beginning of the step."""
    net = Network(dt=1)
    cells = net.population(3, Perisynaptic, init=dict(Y_S=["1*umolar", "2*umolar", "4*umolar"]))
    astrocytes = net.population(2, GChI)
    pairs = [(0, 0), (1, 0), (1, 1), (2, 1)]
    net.project(cells, astrocytes, FromList(pairs), weight=[0.5, 0.25, 1, 1], synapse=GlialSensing)
    net.run(1, backend="reference")
    assert astrocytes.get("Y_S") / UM == pytest.approx([0.5 + 0.5, 2 + 4], rel=1e-12)


# coupling
def ring(n: int, flux: float = 0.09) -> np.ndarray:
    """Pairs (i, j) of neighbours, both ways, and the greatest flux of each in mM/s."""
    i = np.arange(n)
    neighbours = np.column_stack((i, (i + 1) % n))
    return np.concatenate((neighbours, neighbours[:, ::-1])), np.full(2 * n, flux * UM)


def test_coupling_conserves_ip3(seed: int) -> None:
    """What leaves one cell enters the other: the sum of all fluxes is 0."""
    ip3 = np.random.default_rng(seed).uniform(0, 2 * UM, 20)
    net = Network(dt=50)
    cells = net.population(20, GChI, init=dict(I=ip3))
    pairs, flux = ring(20)
    net.project(cells, cells, FromList(pairs), weight=flux, synapse=IP3GapJunction)
    net.run(50, backend="reference")
    fluxes = cells.get("J_coupling")
    assert abs(fluxes.sum()) < 1e-12 * np.abs(fluxes).sum() != 0
    difference = [(ip3 - np.roll(ip3, k)) / UM for k in (1, -1)]
    by_formula = sum(-0.045 * UM * (1 + np.tanh((np.abs(d) - 0.3) / 0.05)) * np.sign(d) for d in difference)
    np.testing.assert_allclose(fluxes, by_formula, rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize(("difference", "part"), [(0.1, 3.4e-4), (0.3, 0.5), (0.5, 1 - 3.4e-4), (0.0, 0.0)])
def test_threshold_of_the_flux(difference: float, part: float) -> None:
    net = Network(dt=50)
    cells = net.population(2, GChI, init=dict(I=[0.2 * UM, (0.2 + difference) * UM]))
    net.project(cells, cells, FromList([(0, 1), (1, 0)]), weight="0.09*umolar/second", synapse=IP3GapJunction)
    net.run(50, backend="reference")
    assert cells.get("J_coupling") / (0.09 * UM) == pytest.approx([part, -part], abs=6e-6)


def test_the_order_of_the_cells_does_not_matter(seed: int) -> None:
    n, random = 12, np.random.default_rng(seed)
    order = random.permutation(n)  # cell k of the first ring is order[k] in the second
    ip3 = random.uniform(0, 1.5 * UM, n)

    def run(place: np.ndarray) -> np.ndarray:
        net = Network(dt=20)
        start = np.empty(n)
        start[place] = ip3
        cells = net.population(n, GChI, init=dict(I=start))
        pairs, flux = ring(n)
        net.project(cells, cells, FromList(place[pairs]), weight=flux, synapse=IP3GapJunction)
        net.run(10_000, backend="reference")
        return np.array([cells.get(name)[place] for name in ("C", "h", "I")])

    np.testing.assert_allclose(run(np.arange(n)), run(order), rtol=1e-9)


# all of it
def closed_loop(seed: int) -> Network:
    """Noisy spikes -> tripartite synapses on cells -> coupled astrocytes -> back."""
    random = np.random.default_rng(seed)
    net = Network(dt=0.5)
    steps = [np.sort(random.choice(800, 60, replace=False)) * 0.5 for _ in range(6)]
    source = net.population(6, SpikeArray(steps), "source")
    start = dict(v=-60 + 5 * random.random(3))
    cells = net.population(3, ensheathed(LIFCond, tau_syn_E=5), "cells", init=start)
    start = dict(C=[0.3 * UM, 0.45 * UM, 0.49 * UM], I=[1.5 * UM, 0.9 * UM, 1.2 * UM])
    astrocytes = net.population(3, GChI(F_ex="2*umolar/second", I_bias="1*umolar"), "astrocytes", init=start)
    delay = dict(delay=1)
    net.project(source, cells, AllToAll(), weight=0.03, target="g_E", synapse=Tripartite, name="tripartite", **delay)
    net.project(cells, astrocytes, OneToOne(), weight=1 / 6, synapse=GlialSensing, name="sensing")
    net.project(astrocytes, cells, OneToOne(), synapse=Gliotransmission, name="gliotransmission", delay=5)
    pairs, flux = ring(3, 0.9)
    net.project(astrocytes, astrocytes, FromList(pairs), weight=flux, synapse=IP3GapJunction, name="coupling")
    net.record(cells, ["v", "Y_S", "Gamma_S", "G_A", "spikes"])
    net.record(astrocytes, ["C", "h", "I", "Gamma_A", "spikes"])
    return net


def test_brian2_agrees(seed: int) -> None:
    ours, theirs = (closed_loop(seed).run(400, backend) for backend in ("reference", "brian2"))
    for name, variables in (("cells", ("v", "Y_S", "Gamma_S", "G_A")), ("astrocytes", ("C", "h", "I", "Gamma_A"))):
        assert ours[name].spikes == theirs[name].spikes and len(ours[name].spikes) >= 3
        for v in variables:
            a, b = (r[name].trace(v).values for r in (ours, theirs))
            assert np.ptp(a) > 0
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max())


@pytest.mark.slow
def test_compiled_code_and_threads_agree(seed: int) -> None:
    plain = closed_loop(seed).run(400, "reference")
    one, two = (closed_loop(seed).run(400, "numba", threads) for threads in (1, 2))
    for name in ("cells", "astrocytes"):
        assert plain[name].spikes == one[name].spikes == two[name].spikes
        for v in plain[name].traces:
            a, b, c = (r[name].trace(v).values for r in (plain, one, two))
            assert np.array_equal(b, c)
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max())


def test_mistakes_are_told() -> None:
    net = Network(dt=1)
    spikes, cells = net.population(1, SpikeArray([[1]])), net.population(1, LIFCond)
    with pytest.raises(ValueError, match="Tripartite.*the target cell has no variable 'Gamma_S'"):
        net.project(spikes, cells, OneToOne(), weight=0.1, target="g_E", synapse=Tripartite)
    astrocytes = net.population(1, LiRinzel)
    with pytest.raises(ValueError, match="GlialSensing.*the (target|presynaptic) cell has no variable 'Y_S'"):
        net.project(cells, astrocytes, OneToOne(), weight=1, synapse=GlialSensing)
    with pytest.raises(ValueError, match="weight: expected a value in"):
        net.project(astrocytes, astrocytes, OneToOne(), synapse=GlialSensing)
