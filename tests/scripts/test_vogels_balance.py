"""Balance of excitation and inhibition: the network's parts, and (slow) the experiment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from seen import hidden, saved_figures

from spikegram.experiment import Report, run_script
from spikegram.scripts import vogels_balance
from spikegram.scripts.vogels_balance import CHANNELS, EXCITATORY, GROUP, INHIBITORY, TARGETS


def test_the_network() -> None:
    net, learned, tuning = vogels_balance.build(20, 1e-5, 3)
    assert {n: p.size for n, p in net.populations.items()} == dict(
        exc=CHANNELS * EXCITATORY, inh=CHANNELS * INHIBITORY, cells=4 * GROUP
    )
    assert [q.synapse.parameters["rho_0"].value for q in learned] == list(TARGETS)
    assert tuning.argmax() == 4 and tuning.mean() == pytest.approx(vogels_balance.WEIGHT)
    learned[0].set(w=learned[0].pre_ids // INHIBITORY * 1e-3)
    assert vogels_balance.by_channel(learned[0]) == pytest.approx(np.arange(CHANNELS))


def test_wandering_rates(seed: int) -> None:
    rate = vogels_balance.wandering(np.random.default_rng(seed), 20_000)
    assert rate.min() >= 0
    assert rate.mean() == pytest.approx(10, rel=0.05) and rate.std() == pytest.approx(4, rel=0.1)
    lag = np.corrcoef(rate[:-10], rate[10:])[0, 1]
    assert lag == pytest.approx(np.exp(-1), abs=0.08)  # ten steps of 5 ms are one correlation time


def test_the_picture(tmp_path: Path) -> None:
    times = np.arange(1, 31)
    rates = 3 + 50 * np.exp(-times / 5)[:, None] * np.ones(4)
    weights = np.linspace(0, 1, 30)[:, None, None] * vogels_balance.profile() * np.ones((3, 1))
    with saved_figures() as figures:
        vogels_balance.draw(tmp_path / "balance.png", times, rates, weights, vogels_balance.profile())
    assert [hidden(figure) for figure in figures] == [[]]
    assert (tmp_path / "balance.png").stat().st_size > 10_000


def test_too_short_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="duration: expected at least 20 s, got 5"):
        vogels_balance.run(Report("x", None), duration=5)


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    assert run_script("vogels-balance", out=tmp_path, show=False).ok
