"""Parameters, start values and refractory steps of layers of cells."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikegram.bridges.torch import SpikingLayer
from spikegram.bridges.torch.spiking_values import parameters_of, start_of, steps_held
from spikegram.neurons import LIF, BellecALIF


def test_values_have_the_shape_of_the_cells() -> None:
    tau = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    values = parameters_of(LIF, (2, 2), {"tau_m": tau, "v_th": -45}, "cells")
    np.testing.assert_allclose(values["tau_m"], [1e-3, 2e-3, 3e-3, 4e-3])
    assert values["v_th"] == pytest.approx(-0.045)
    start = start_of(LIF, (2, 2), {"v": "v_rest + i*mV"}, values, "cells")
    np.testing.assert_allclose(start["v"], values["v_rest"] + 1e-3 * np.arange(4))


def test_refractory_steps_after_the_spike() -> None:
    values = parameters_of(LIF, (3,), {"t_ref": [1.0, 2.0, 5.0]}, "cells")
    assert steps_held(LIF, values, 1.0, "cells").tolist() == [0, 1, 4]
    assert steps_held(LIF, values, 0.5, "cells").tolist() == [1, 3, 9]


def test_learned_constants_are_those_of_the_parameters() -> None:
    fixed = SpikingLayer(BellecALIF, 3, parameters=dict(tau_m=[5.0, 10.0, 20.0]))
    learned = SpikingLayer(BellecALIF, 3, parameters=dict(tau_m=[5.0, 10.0, 20.0]), learn=("tau_m",))
    like = torch.zeros((), dtype=torch.float64)
    for a, b in zip(fixed._constants(like), learned._constants(like), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=0)  # stored in single precision
