"""Tsodyks-Markram synapses: order at a spike, steady states of the literature, saturation, clock-driven form, NEST."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel, TsodyksMarkram, TsodyksMarkramDepression
from spikegram.plasticity import tsodyks_markram as presets

SUM = NeuronModel("g : amp", name="sum")  # collects what is transmitted
SETS = {
    "depressing": (TsodyksMarkramDepression(U=0.5, tau_d=800), 0.5, 0.8, 0.0),
    "facilitating": (TsodyksMarkram(U=0.15, tau_d=130, tau_f=530), 0.15, 0.13, 0.53),
    "default": (TsodyksMarkram, 0.2, 0.2, 0.6),
}
# u* x* at 1, 10, 20, 50 Hz
STEADY = {
    "depressing": (0.4164, 0.1051, 0.0571, 0.0241),
    "facilitating": (0.1722, 0.3524, 0.2746, 0.1385),
    "default": (0.2352, 0.3169, 0.2066, 0.0940),
}
CLOCKED = SynapseModel(
    "w : weight\ndx/dt = (1 - x)/tau_d : 1 (clock-driven)\ndu/dt = -u/tau_f : 1 (clock-driven)",
    on_pre=TsodyksMarkram.on_pre,
    parameters=TsodyksMarkram.parameters,
    init=dict(x=1),
    name="clocked",
)


def responses(synapse, trains, dt=1.0, duration=None) -> list[np.ndarray]:
    """What each spike of each train (ms) transmits, in nA for a weight of 1 nA."""
    steps = round((duration or max(max(t) for t in trains) + 2 * dt) / dt)
    net = Network(dt=dt)
    source = net.population(len(trains), SpikeArray(trains))
    cells = net.population(len(trains), SUM, name="cells")
    net.project(source, cells, OneToOne(), weight=1, target="g", synapse=synapse)
    net.record(cells, "g")
    total = net.run(steps * dt, backend="reference")["cells"].g
    jumps = np.diff(total, axis=0)
    return [jumps[np.rint(np.asarray(t) / dt).astype(int), k] for k, t in enumerate(trains)]


def by_definition(times, U: float, tau_d: float, tau_f: float) -> list[float]:
    """The recursion over intervals (s), without stored traces."""
    u, x, last, out = 0.0, 1.0, None, []
    for t in times:
        if last is not None:
            u *= math.exp(-(t - last) / tau_f) if tau_f else 0.0
            x = 1 + (x - 1) * math.exp(-(t - last) / tau_d)
        u += U * (1 - u)
        out.append(u * x)
        x -= u * x
        last = t
    return out


def steady(rate: float, U: float, tau_d: float, tau_f: float) -> float:
    T = 1 / rate
    u = U / (1 - (1 - U) * math.exp(-T / tau_f)) if tau_f else U
    return u * (1 - math.exp(-T / tau_d)) / (1 - (1 - u) * math.exp(-T / tau_d))


# (a) hand-computed
def test_two_spikes_by_hand() -> None:
    """U 0.2, 100 ms apart: u 0.2, then 0.2 + 0.8*0.2 exp(-1/6); x 1, then 1 - 0.2 exp(-1/2)."""
    (got,) = responses(TsodyksMarkram, [[5, 105]])
    u = 0.2 + 0.8 * 0.2 * math.exp(-100 / 600)
    assert got == pytest.approx([0.2, u * (1 - 0.2 * math.exp(-100 / 200))], rel=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_irregular_trains_against_the_recursion(name: str) -> None:
    synapse, *values = SETS[name]
    rng = np.random.default_rng(2)
    trains = [np.flatnonzero(rng.random(600) < p).tolist() for p in (0.01, 0.03, 0.1)]
    for train, got in zip(trains, responses(synapse, trains), strict=True):
        assert got == pytest.approx(by_definition(np.array(train) / 1e3, *values), rel=1e-11)


# (b) published numbers
@pytest.mark.parametrize("name", SETS)
def test_steady_states(name: str) -> None:
    """The last of many spikes at 1, 10, 20, 50 Hz is u* x*, by the formula and by the table."""
    synapse, *values = SETS[name]
    trains = [(1000 / f * np.arange(n)).tolist() for f, n in ((1, 9), (10, 60), (20, 100), (50, 200))]
    got = [r[-1] for r in responses(synapse, trains, dt=10)]
    assert got == pytest.approx([steady(f, *values) for f in (1, 10, 20, 50)], rel=1e-3)
    assert got == pytest.approx(STEADY[name], abs=6e-5)


def test_depression_saturates_at_one_over_tau_d() -> None:
    """Rate times efficacy tends to 1/tau_d = 1.25 Hz; from 100 to 500 Hz it is within 5 %."""
    trains = [np.arange(0, 4000, T).tolist() for T in (10, 2)]
    for T, r in zip((0.01, 0.002), responses(TsodyksMarkramDepression, trains, dt=2), strict=True):
        assert r[-1] / T == pytest.approx(1.25, rel=0.05)
        assert r[-1] / T == pytest.approx(steady(1 / T, 0.5, 0.8, 0) / T, rel=1e-3)


def test_presets() -> None:
    """Depressing ones fall along a train of 10 Hz, facilitating ones rise first."""
    train = [list(range(0, 601, 100))]
    found = {n: responses(getattr(presets, n), train, dt=10)[0] for n in presets.__all__ if n.isupper()}
    falling = {n for n, r in found.items() if (np.diff(r) < 0).all()}
    rising = {n for n, r in found.items() if r[1] > r[0]}
    assert falling == {"DEPRESSING", "COLUMN_EE", "COLUMN_IE", "COLUMN_II"}
    assert rising == {"FACILITATING", "COLUMN_EI"}
    assert found["COLUMN_IE"][0] == 0.25 and found["COLUMN_II"][0] == 0.32
    assert found["DEPRESSING"][1] == pytest.approx(0.5 * (1 - 0.5 * math.exp(-100 / 800)))


# (c) the step
def test_event_driven_equals_clock_driven() -> None:
    rng = np.random.default_rng(5)
    trains = [np.flatnonzero(rng.random(400) < 0.05).tolist() for _ in range(4)]
    for a, b in zip(responses(TsodyksMarkram, trains), responses(CLOCKED, trains), strict=True):
        assert a == pytest.approx(b, abs=1e-9)


def test_the_step_does_not_matter() -> None:
    train = [[4, 20, 24, 80]]
    (coarse,), (fine,) = (responses(TsodyksMarkram, train, dt=dt) for dt in (4, 0.5))
    assert coarse == pytest.approx(fine, rel=1e-12)


def test_the_limit_of_short_facilitation_is_the_model_of_depression() -> None:
    train = [[0, 7, 50, 51, 120]]
    (limit,) = responses(TsodyksMarkram(U=0.5, tau_d=800, tau_f=1e-3), train)
    (alone,) = responses(TsodyksMarkramDepression, train)
    assert limit == pytest.approx(alone, rel=1e-12)


# (d) invariants
def test_resources_stay_between_nothing_and_all() -> None:
    (got,) = responses(TsodyksMarkram(U=0.9), [list(range(200))])
    assert (got > 0).all() and (got <= 1).all()
    assert got.sum() <= 1 + 0.2 / 0.2  # what was there and what can have recovered in 0.2 s


# (h) errors
def test_start_values_outside_the_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"x: 'TsodyksMarkram' keeps x in \[0, 1\].*got 2"):
        responses(TsodyksMarkram(init=dict(x=2)), [[1]])


def test_a_weight_of_another_unit_is_refused() -> None:
    net = Network(dt=1)
    pre, post = net.population(1, SpikeArray([[1]])), net.population(1, SUM)
    with pytest.raises(ValueError, match="weight.*mV"):
        net.project(pre, post, OneToOne(), weight="1*mV", target="g", synapse=TsodyksMarkram)


# another simulator
@pytest.mark.slow
@pytest.mark.parametrize("name", ["facilitating", "default"])
def test_nest(name: str) -> None:
    """``tsodyks2_synapse`` sends the same amount at each spike; its u is that of the last spike, at first U."""
    nest = pytest.importorskip("nest")
    synapse, U, tau_d, tau_f = SETS[name]
    train = np.flatnonzero(np.random.default_rng(6).random(800) < 0.05)[1:].astype(float)
    (ours,) = responses(synapse, [train.tolist()])
    nest.ResetKernel()
    nest.set(resolution=0.1, verbosity=nest.VerbosityLevel.ERROR)
    source, relay = nest.Create("spike_generator", params=dict(spike_times=train)), nest.Create("parrot_neuron")
    still = dict(tau_m=1e15, C_m=1.0, E_L=0.0, V_m=0.0, V_reset=0.0, V_th=1e6, t_ref=0.1)
    cell, meter = (
        nest.Create("iaf_psc_delta", params=still),
        nest.Create("multimeter", params=dict(record_from=["V_m"], interval=0.1)),
    )
    nest.Connect(source, relay, syn_spec=dict(delay=0.1))
    values = dict(U=U, u=U, x=1.0, tau_rec=1e3 * tau_d, tau_fac=1e3 * tau_f, weight=1.0, delay=0.1)
    nest.Connect(relay, cell, syn_spec=dict(synapse_model="tsodyks2_synapse", **values))
    nest.Connect(meter, cell)
    nest.Simulate(float(train[-1]) + 5)
    t, v = meter.events["times"], meter.events["V_m"]
    at = np.searchsorted(t, train + 0.5)  # after the two delays
    assert np.diff(v[at], prepend=0) == pytest.approx(ours, abs=1e-9)
