"""The microcircuit's numbers against published ones and by hand, and the network made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.scripts._microcircuit_model import DT, build, circuit, psc_of_psp, redrawn_normal, table


def test_the_table_is_that_of_the_paper() -> None:
    net = table()["network"]
    assert sum(net["sizes"]) == 77169  # van Albada et al. 2018: 77,169 neurons
    assert np.shape(net["probability"]) == (8, 8)
    assert net["probability"][4][5] == 0.3726 and net["probability"][1][0] == 0.1346  # L5I -> L5E, L2/3E -> L2/3I
    assert len(table()["populations"]) == len(net["external"]) == 8


def test_synapses_of_the_full_network() -> None:
    full = circuit(scale=1)
    assert full.sizes.tolist() == table()["network"]["sizes"]
    assert full.synapses.sum() == pytest.approx(0.299e9, rel=1e-3)  # PD14 and van Albada et al. 2018: 0.3 billion
    m, n, p = 21915, 20683, 0.0437  # L4E -> L2/3E by hand; 1 - p is the chance that none of K is this pair
    k = full.synapses[0, 2]
    assert (1 - 1 / (m * n)) ** float(k) == pytest.approx(1 - p, rel=1e-7)
    assert k == round(math.log1p(-p) / math.log1p(-1 / (m * n)))
    assert (full.synapses == 0).sum() == 9  # the projections of probability 0
    inputs = full.synapses.sum(axis=1) / full.sizes
    assert 2000 < inputs.min() and inputs.max() < 6000


def test_weight_of_the_published_potential() -> None:
    assert psc_of_psp(0.15, 10, 0.5, 0.25) * 1e3 == pytest.approx(87.8, abs=0.05)  # pA, PD14 Table 5
    t = np.arange(0, 20, 1e-3)  # and the potential of such a current peaks at 0.15 mV
    v = psc_of_psp(0.15, 10, 0.5, 0.25) / 0.25 * 10 * 0.5 / (10 - 0.5) * (np.exp(-t / 10) - np.exp(-t / 0.5))
    assert v.max() == pytest.approx(0.15, rel=1e-6)
    full = circuit(scale=1)
    assert full.weights[0, 0] == full.psc and full.weights[0, 2] == 2 * full.psc  # L4E -> L2/3E is doubled
    assert np.allclose(full.weights[:, 1::2], -4 * full.psc)
    assert np.count_nonzero(np.isclose(full.weights, 2 * full.psc)) == 1


def test_current_of_the_drive() -> None:
    """One external input of 8 Hz is a mean current of 87.8 pA * 0.5 ms * 8 Hz = 0.351 pA."""
    dc = circuit(scale=1, drive="dc")
    assert dc.external.tolist() == [0] * 8
    assert dc.current * 1e3 == pytest.approx(
        0.3512 * np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100]), rel=1e-3
    )
    poisson = circuit(scale=1)
    assert poisson.current.tolist() == [0] * 8
    assert poisson.external.tolist() == table()["network"]["external"]


@pytest.mark.parametrize("drive", ["poisson", "dc"])
@pytest.mark.parametrize("inputs", [0.2, 0.5])
def test_fewer_inputs_keep_mean_and_variance(drive: str, inputs: float) -> None:
    rates, tau = np.array(table()["published"]["rates"]), 0.5e-3

    def moments(c) -> tuple[np.ndarray, np.ndarray]:
        degree = c.synapses / c.sizes[:, None]
        mean = tau * (degree * c.weights) @ rates + tau * 8 * c.psc * c.external + c.current
        return mean, tau / 2 * ((degree * c.weights**2) @ rates + 8 * c.psc**2 * c.external)

    full, part = moments(circuit(1, drive=drive)), moments(circuit(0.1, inputs, drive))
    assert part[0] == pytest.approx(full[0], abs=2e-3)  # nA; sizes and numbers of synapses are rounded
    assert part[1] == pytest.approx(full[1], rel=0.01)


def test_size_and_inputs_are_two_things() -> None:
    tenth, dense = circuit(0.1), circuit(0.1, inputs=1)
    assert tenth.sizes.tolist() == dense.sizes.tolist() == [2068, 583, 2192, 548, 485, 106, 1440, 295]
    assert dense.synapses.sum() == pytest.approx(10 * tenth.synapses.sum(), rel=1e-5)
    assert dense.psc == circuit(1).psc and tenth.psc == pytest.approx(dense.psc / math.sqrt(0.1))


def test_normal_numbers_are_drawn_again_where_they_are_out_of_range(seed: int) -> None:
    values = redrawn_normal(np.random.default_rng(seed), 200_000, 1.5, 0.75, 0.05, np.inf)
    assert values.dtype == np.float32 and values.min() > 0.05
    cut = (0.05 - 1.5) / 0.75  # mean of a normal distribution cut off below
    density, above = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi), 0.5 * math.erfc(cut / math.sqrt(2))
    assert values.mean() == pytest.approx(1.5 + 0.75 * density / above, abs=0.006)
    assert not np.isclose(values, 0.05).sum() > 50  # drawn again, not clipped
    negative = redrawn_normal(np.random.default_rng(seed), 50_000, -1, 0.8, -np.inf, 0.0)
    assert negative.max() < 0 and negative.min() < -3


def test_the_network(seed: int) -> None:
    numbers = circuit(0.02)
    net = build(numbers, seed)
    assert list(net.populations) == ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
    q = net.projections["L4E -> L23E"]
    assert q.size == numbers.synapses[0, 2]
    assert q.weights.mean() == pytest.approx(2 * numbers.psc, rel=0.01)
    assert q.weights.std() == pytest.approx(0.2 * numbers.psc, rel=0.05)
    assert q.delays.min() == pytest.approx(DT) and q.delays.mean() == pytest.approx(1.54, abs=0.03)
    inhibitory = net.projections["L6I -> L6I"]
    assert inhibitory.weights.max() < 0 and inhibitory.delays.mean() == pytest.approx(0.78, abs=0.03)
    pairs = q.pre_ids * 1000 + q.post_ids
    assert len(np.unique(pairs)) < len(pairs)  # multapses
    recurrent = net.projections["L4E -> L4E"]
    assert (recurrent.pre_ids == recurrent.post_ids).any()  # autapses
    v = net.populations["L6E"].get("v")
    assert v.mean() == pytest.approx(-66.72, abs=1) and v.std() == pytest.approx(5.46, rel=0.15)
    original = build(numbers, seed, start="original").populations["L6E"].get("v")
    assert original.mean() == pytest.approx(-58, abs=2) and original.std() == pytest.approx(10, rel=0.15)


def test_the_seed_is_all_that_is_random(seed: int) -> None:
    numbers = circuit(0.01)
    first, same, other = (build(numbers, s).projections["L4E -> L23E"] for s in (seed, seed, seed + 1))
    assert np.array_equal(first.weights, same.weights) and np.array_equal(first.delays, same.delays)
    assert np.array_equal(first.pre_ids, same.pre_ids)
    assert not np.array_equal(first.weights, other.weights)


@pytest.mark.parametrize("value", [0, -0.1, 1.5, math.nan])
def test_factors_out_of_range(value: float) -> None:
    with pytest.raises(ValueError, match="scale: expected a part of the full size, above 0 and at most 1, got"):
        circuit(value)
    with pytest.raises(ValueError, match="inputs: expected a part of the full size"):
        circuit(0.1, value)


def test_a_constant_current_too_small_to_fire_is_refused() -> None:
    with pytest.raises(ValueError, match="drive: a constant current of at most 366 pA at inputs = 0.1 makes no excit"):
        circuit(0.1, drive="dc")
    assert circuit(0.1, 0.2, "dc").current.max() > 0.375
