"""Units that share an astrocyte: it follows the mean of their spikes, and they feel it in the next step."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network
from spikegram.neurons import AMSU
from spikegram.neurons.am_su import AMSUAstrocyte, AMSUPooled
from spikegram.plasticity.am_su import AMSUModulation, AMSUSensing

STEPS, UNITS = 150, 12
UNIT = dict(tau_v=7, gain=0.8, shift=0.5)


@pytest.fixture
def x(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.2, 0.6, (STEPS, UNITS))


def pooled(x: np.ndarray, groups: int) -> dict[str, np.ndarray]:
    """v, s [T, N] after each step, and the a that a unit finds at the beginning of the next one."""
    net, n = Network(dt=1), UNITS // groups
    units = net.population(UNITS, AMSUPooled(**UNIT), "units")
    astrocytes = net.population(groups, AMSUAstrocyte(tau_a=40), "astrocytes")
    net.inject(units, x)
    for g in range(groups):
        mine = units[g * n : (g + 1) * n]
        net.project(mine, astrocytes[g], AllToAll(), weight=1 / n, synapse=AMSUSensing)
        net.project(astrocytes[g], mine, AllToAll(), weight=1, synapse=AMSUModulation)
    net.record(units, ["v", "s"])
    net.record(astrocytes, "a")
    result = net.run(STEPS + 1, backend="reference")
    found = {name: result["units"].trace(name).values[1:] for name in ("v", "s")}
    return found | dict(a=np.repeat(result["astrocytes"].a[1:], n, axis=1))


@pytest.mark.parametrize("groups", [UNITS, 3, 1])
def test_a_shared_astrocyte(x: np.ndarray, groups: int) -> None:
    v = s = a = np.zeros(UNITS)
    found = pooled(x, groups)
    for t, now in enumerate(x):
        v = math.exp(-1 / 7) * v * (1 - s) + now * (1 + 0.8 * a)
        s = (v >= 1 - 0.5 * a).astype(float)
        mean = np.repeat(s.reshape(groups, -1).mean(axis=1), UNITS // groups)
        a = math.exp(-1 / 40) * a + (1 - math.exp(-1 / 40)) * mean
        np.testing.assert_array_equal(found["s"][t], s)
        np.testing.assert_allclose(found["v"][t], v, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found["a"][t], a, rtol=1e-12, atol=1e-14)
    assert 0 < found["s"].mean() < 1


def test_groups_of_one_unit_are_units_with_an_astrocyte_of_their_own(x: np.ndarray) -> None:
    net = Network(dt=1)
    units = net.population(UNITS, AMSU(tau_a=40, **UNIT), "units")
    net.inject(units, x)
    net.record(units, ["s", "a"])
    own, shared = net.run(STEPS + 1, backend="reference")["units"], pooled(x, UNITS)
    assert np.array_equal(own.s[1:], shared["s"])
    np.testing.assert_allclose(own.a[1:], shared["a"], rtol=1e-12)


@pytest.mark.parametrize("name", ["tau_a"])
def test_a_wrong_unit_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        AMSUAstrocyte(**{name: "1*ms"})
