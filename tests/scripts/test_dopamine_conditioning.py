"""Distal reward: the watchers that pay, the example in closed form, and (slow) the experiment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.neurons import extend
from spikegram.scripts import dopamine_conditioning
from spikegram.scripts._spike_pairs import TOLD
from spikegram.scripts.dopamine_conditioning import CELLS, INPUTS, WATCHING, Course


def test_watchers_pay_for_pairs_within_ten_milliseconds_in_turn() -> None:
    """Input spikes at 10, 50, 100, 150; the cell follows after 1, 10, 11 ms and not at all, then before its input."""
    net = Network(dt=1)
    pre = net.population(3, SpikeArray([[10, 50, 100, 150]] * 3))
    cell = net.population(3, SpikeArray([[11, 60, 111, 140]] * 3))
    watchers = net.population(3, WATCHING(ways=2), name="watchers", parameters=dict(turn=[0, 1, 5]))
    net.project(pre, watchers, OneToOne(), weight=1, delay=1, target="recent")
    net.project(cell, watchers, OneToOne(), weight=1, delay=1, target="cell")
    net.record(watchers, "spikes")
    spikes = net.run(200, backend="reference")["watchers"].spikes
    assert [spikes[k].tolist() for k in range(3)] == [[61], [12], []]


def test_the_example_follows_the_closed_form() -> None:
    found = dopamine_conditioning.one_reward()
    assert found["w"][-1] == pytest.approx(np.exp(-0.5 - 1.49) / 6, rel=5e-3)
    at = int(np.flatnonzero(found["t"] == 1.0)[0])
    assert found["c"][at] == pytest.approx(np.exp(-0.5 - 0.989), rel=1e-6)  # after step 999
    assert found["w"][at] == 0 and found["dopamine"][at] == 0


def test_chosen_others_and_yoked() -> None:
    weights = np.arange(2 * CELLS * INPUTS, dtype=float).reshape(1, 2 * CELLS, INPUTS)
    chosen, others, yoked = dopamine_conditioning.parts(weights)
    assert chosen.shape == yoked.shape == (1, CELLS) and others.shape == (1, CELLS, INPUTS - 1)
    assert chosen[0].tolist() == [k * INPUTS + 3 * k for k in range(CELLS)]
    assert np.array_equal(yoked, chosen + CELLS * INPUTS)
    assert others.sum() + chosen.sum() == weights[0, :CELLS].sum()


def test_the_picture(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    course = Course(np.arange(4) * 20.0, rng.random((4, 2 * CELLS, INPUTS)) * 40, np.array([3, 5, 9]))
    dopamine_conditioning.draw(tmp_path / "a.png", dict.fromkeys(("t", "c", "dopamine", "w"), np.arange(5.0)), course)
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_too_short_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="duration: expected at least 100 s, got 50"):
        dopamine_conditioning.run(Report("x", None), duration=50)


def test_cells_that_learn_have_dopamine() -> None:
    assert "dopamine" in dopamine_conditioning.SUMMING.states and "dopamine" not in extend(TOLD, "n : 1").states


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    assert run_script("dopamine-conditioning", out=tmp_path, show=False).ok
