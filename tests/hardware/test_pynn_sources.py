"""Poisson sources in PyNN's words."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.hardware.pynn_cells import NotHeldError
from spikegram.hardware.pynn_sources import recognise_poisson
from spikegram.neurons import LIF, NeuronModel, Poisson, Regular


def values(model: NeuronModel) -> dict[str, float]:
    return {n: p.value for n, p in model.parameters.items()}


def test_built_in() -> None:
    source = Poisson(rate=25, start=10, duration=40)
    found = recognise_poisson(source, values(source), 1e-4, {})
    assert found["rate"] == 25.0
    assert (found["start"], found["duration"]) == pytest.approx((10, 40))
    assert recognise_poisson(Poisson, values(Poisson), 1e-3, {})["duration"] == pytest.approx(1e10)
    more = recognise_poisson(source, values(source), 1e-4, {"rate_ext": np.array([5.0, 0.0])})
    np.testing.assert_allclose(more["rate"], [30, 25], rtol=2e-3)
    each = recognise_poisson(Poisson, {**values(Poisson), "rate": np.array([5.0, -1.0])}, 1e-4, {})
    np.testing.assert_allclose(each["rate"], [5, 0])


def test_bernoulli() -> None:
    source = NeuronModel(threshold="rand() < rate*dt", reset="pass", parameters=dict(rate="100*Hz"))
    assert recognise_poisson(source, values(source), 1e-4, {})["rate"] == pytest.approx(100)
    turned = NeuronModel(threshold="0.01 >= rand()", reset="pass")
    assert recognise_poisson(turned, {}, 1e-3, {})["rate"] == pytest.approx(10)


def test_other_models_are_no_poisson_sources() -> None:
    assert recognise_poisson(LIF, values(LIF), 1e-4, {}) is None
    assert recognise_poisson(Regular, values(Regular), 1e-4, {}) is None
    assert recognise_poisson(NeuronModel("dv/dt = -v/ms : volt"), {}, 1e-4, {}) is None


@pytest.mark.parametrize("threshold", ["rand() < 0.1*sin(t/ms)", "rand() < 0.1 and sin(t/ms) > 0"])
def test_rate_that_changes(threshold: str) -> None:
    with pytest.raises(NotHeldError, match="the rate of a Poisson source"):
        recognise_poisson(NeuronModel(threshold=threshold, reset="pass"), {}, 1e-4, {})


def test_source_with_memory() -> None:
    with pytest.raises(NotHeldError, match="refractory"):
        recognise_poisson(NeuronModel(threshold="rand() < 0.1", reset="pass", refractory=5), {}, 1e-4, {})
