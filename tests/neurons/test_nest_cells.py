"""Cells against those of NEST (slow). A spike of NEST is stamped with the end of its step, ours with its beginning.

NEST integrates AdEx, Hodgkin-Huxley and the conductance cells with adaptive Runge-Kutta steps inside the resolution, so
those agree to the order of our dt; Izhikevich's cell is the same program on both sides and agrees spike for spike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import GIF, AdEx, HodgkinHuxley, Izhikevich, IzhikevichOriginal, LIFCond, LIFCondAlpha
from spikegram.neurons import adex as adex_presets
from spikegram.neurons import izhikevich as izhikevich_presets

pytestmark = pytest.mark.slow

STIMULUS = [2.0, 3.5, 4.0, 9.0, 9.5, 10.0, 20.0, 21.0]  # ms


def nest_run(
    model: str,
    dt: float,
    duration: float,
    parameters: list[dict[str, Any]],
    weights: dict[float, list[float]] | None = None,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Spike times and potentials of one cell each; ``weights`` gives spike times to each weight."""
    nest = pytest.importorskip("nest")
    nest.ResetKernel()
    nest.set(resolution=dt, verbosity=nest.VerbosityLevel.ERROR, rng_seed=3)
    cells = nest.Create(model, len(parameters))
    for cell, values in zip(cells, parameters, strict=True):
        cell.set(values)
    recorder = nest.Create("spike_recorder")
    meter = nest.Create("multimeter", params=dict(record_from=["V_m"], interval=dt))
    nest.Connect(cells, recorder)
    nest.Connect(meter, cells)
    for weight, times in (weights or {}).items():
        source = nest.Create("spike_generator", params=dict(spike_times=times))
        nest.Connect(source, cells, syn_spec=dict(weight=weight, delay=dt))
    nest.Simulate(duration)
    events, traces = recorder.events, meter.events
    times = [np.sort(events["times"][events["senders"] == cell.global_id]) for cell in cells]
    return times, [traces["V_m"][traces["senders"] == cell.global_id] for cell in cells]


@pytest.mark.parametrize("scheme", ["original", "euler"])
def test_izhikevich_spike_for_spike(scheme: str) -> None:
    """Stamps differ by one step. Rounding grows from spike to spike: compared as long as it does not decide."""
    dt, duration = (1.0, 150.0) if scheme == "original" else (0.1, 300.0)
    model = IzhikevichOriginal if scheme == "original" else Izhikevich
    classes = [izhikevich_presets.CLASSES[name] for name in ("RS", "IB", "CH", "FS", "LTS")]
    consistent = dict(consistent_integration=scheme == "euler", I_e=10.0)
    nests, _ = nest_run(
        "izhikevich", dt, duration, [{**c, **consistent, "V_m": -65.0, "U_m": -65.0 * c["b"]} for c in classes]
    )
    net = Network(dt=dt)
    values = {p: np.array([c[p] for c in classes]) for p in "abcd"}
    cells = net.population(len(classes), model(i_offset=10), name="cells", parameters=values)
    net.record(cells, "spikes")
    spikes = net.run(duration, backend="reference")["cells"].spikes
    for k, expected in enumerate(nests):
        assert len(expected) >= 3
        assert np.allclose(spikes[k][spikes[k] < duration - dt] + dt, expected, atol=1e-9)


def test_adex_patterns() -> None:
    """Both converge on the same spikes: within 0.3 % of the time, which is 0.1 ms for the first ones."""
    names = ("TONIC", "ADAPTING", "INITIAL_BURST", "DELAYED_ACCELERATING", "TRANSIENT")
    parameters = []
    for name in names:
        p = {n: x.value for n, x in getattr(adex_presets, name).parameters.items()}
        parameters.append(
            dict(
                C_m=p["C_m"] * 1e12, g_L=p["g_L"] * 1e9, E_L=p["v_rest"] * 1e3, V_th=p["v_th"] * 1e3,
                Delta_T=p["delta_T"] * 1e3, a=p["a"] * 1e9, tau_w=p["tau_w"] * 1e3, b=p["b"] * 1e12,
                V_reset=p["v_reset"] * 1e3, V_peak=0.0, I_e=p["i_offset"] * 1e12, V_m=p["v_rest"] * 1e3,
            )
        )  # fmt: skip
    nests, _ = nest_run("aeif_psc_exp", 0.01, 300, parameters)
    net = Network(dt=0.005)
    for name in names:
        net.record(net.population(1, getattr(adex_presets, name), name=name), "spikes")
    result = net.run(300, backend="numba")
    for name, expected in zip(names, nests, strict=True):
        ours = result[name].spikes[0]
        n = min(len(ours), len(expected))
        assert n >= 1 and abs(len(ours) - len(expected)) <= 1  # one may fall beyond the end
        assert np.all(np.abs(ours[:n] - expected[:n]) <= 0.1 + 0.003 * expected[:n])
    assert AdEx.parameters["C_m"].value == pytest.approx(281e-12)  # NEST's default as well


def test_hodgkin_huxley_intervals() -> None:
    """NEST stamps the peak, we the crossing of 0 mV before it: the same distance for each spike."""
    nests, potentials = nest_run("hh_psc_alpha", 0.02, 100, [dict(I_e=1000.0), dict(I_e=2000.0), dict(I_e=200.0)])
    net = Network(dt=0.02)
    model = HodgkinHuxley(area="1e-4*cm2", E_L=-54.402, method="rk4")  # converged at this dt, as NEST's steps are
    cells = net.population(3, model, name="cells", parameters=dict(i_offset=[1, 2, 0.2]))
    net.record(cells, ["spikes", "v"])
    record = net.run(100, backend="reference")["cells"]
    assert [len(t) for t in nests] == record.spikes.counts().tolist() and len(nests[0]) > 5 and len(nests[2]) == 0
    for k in (0, 1):
        late = nests[k] - record.spikes[k]
        assert np.all((late > 0) & (late < 0.6)) and np.ptp(late) < 0.25
        assert np.diff(nests[k]) == pytest.approx(record.spikes.isi(k), abs=0.04)
    v = record.v[1 : 1 + len(potentials[2]), 2]  # NEST records the end of each step
    assert np.abs(v - potentials[2][: len(v)]).max() < 0.02


@pytest.mark.parametrize(("name", "model", "target"), [
    ("iaf_cond_exp", LIFCond, "g"), ("iaf_cond_alpha", LIFCondAlpha, "h"),
], ids=["exp", "alpha"])  # fmt: skip
def test_conductance_cells(name: str, model: Any, target: str) -> None:
    """Potentials under excitation and inhibition: the distance halves with dt."""
    errors = []
    for dt in (0.02, 0.01):
        taus = dict(tau_syn_ex=2.0, tau_syn_in=5.0, V_th=-40.0)
        _, (expected,) = nest_run(name, dt, 40, [taus], {5.0: STIMULUS, -8.0: [5.0, 6.0, 25.0]})
        net = Network(dt=dt)
        cell = net.population(1, model(tau_syn_E=2, tau_syn_I=5, v_th=-40), name="cell")
        for train, weight, end in ((STIMULUS, 0.005, "E"), ([5.0, 6.0, 25.0], 0.008, "I")):
            # a spike of NEST's generator at t with a delay of dt acts from t + dt on; ours is there after its step
            source = net.population(1, SpikeArray([train]))
            net.project(source, cell, AllToAll(), weight=weight, target=f"{target}_{end}", delay=0)
        net.record(cell, "v")
        v = net.run(40, backend="reference")["cell"].v[1:, 0]
        n = min(len(v), len(expected))
        errors.append(np.abs(v[:n] - expected[:n]).max())
        assert np.ptp(v) > 2
    assert errors[1] < 0.04 and errors[1] == pytest.approx(errors[0] / 2, rel=0.2)


def test_gif_statistics() -> None:
    """Rate and spread of intervals with all parts at work, four standard errors."""
    n, duration = 100, 2000.0
    same = dict(
        I_e=170.0, tau_sfa=(10.0, 100.0), q_sfa=(2.0, 1.0), tau_stc=(10.0, 100.0), q_stc=(20.0, 5.0), lambda_0=10.0,
        Delta_V=2.0,
    )  # fmt: skip
    nests, _ = nest_run("gif_psc_exp", 0.1, duration, [same] * n)
    model = GIF(i_offset=0.17, a_gamma_2=2, a_gamma_3=1, a_eta_2=0.02, a_eta_3=0.005, lambda_0=10, delta_v=2)
    net = Network(dt=0.1, seed=1)
    net.record(net.population(n, model, name="cells"), "spikes")
    spikes = net.run(duration, backend="numba")["cells"].spikes
    ours, theirs = spikes.isi(), np.concatenate([np.diff(t) for t in nests])
    assert len(ours) > 500
    error = np.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs))
    assert ours.mean() == pytest.approx(theirs.mean(), abs=4 * error)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.1)
