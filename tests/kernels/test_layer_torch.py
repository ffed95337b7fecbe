"""The generated step for tensors, by hand for small cells; its constants are those of the simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from spikegram.kernels import layer_module, neuron_module
from spikegram.kernels.layer_form import LayerForm, SurrogateForm
from spikegram.neurons import LIF, BellecALIF, LIFAlpha

KIND = SurrogateForm("atan", names=("k",))
LIKE = torch.zeros((), dtype=torch.float64)


def test_step_by_hand() -> None:
    form = LayerForm(("x",), (1.0,), "", 1.0, (), ("tau_m",), (), False, False, KIND)
    m = layer_module(BellecALIF, form, "torch")
    values = {n: p.value for n, p in BellecALIF.parameters.items()}
    found = dict(neuron_module(BellecALIF, target="reference").constants(values, 1e-3)) | values
    found |= {"_sur_k": 2.0, "_per0": 1.0}
    C = {n: torch.tensor(found[n], dtype=torch.float64) for n in m.CONSTANTS} | {"_like": LIKE}
    state = [torch.tensor([v], dtype=torch.float64) for v in (0.9, 1.0, 1.0)]  # v, a, z: it spiked before
    y, (v, a, z) = m.step([torch.tensor([1.5], dtype=torch.float64)], state, C)
    assert v.item() == pytest.approx(0.9 * math.exp(-1 / 20) + 1.5 - 1)
    assert a.item() == pytest.approx(math.exp(-1 / 200) + 1)
    assert (y.item(), z.item()) == (1.0, 1.0)  # 1.356 > 1 + 0.1*1.995


@pytest.mark.parametrize("model", [LIF, LIFAlpha])
def test_learned_constants_are_those_of_the_simulation(model) -> None:
    learn = ("tau_m", "tau_syn", "R")
    form = LayerForm(("I_ext",), (1e-9,), "", 1.0, ("tau_m",), learn, (), True, False, KIND)
    m = layer_module(model, form, "torch")
    values = {n: p.value for n, p in model.parameters.items()} | {"tau_m": np.array([0.005, 0.01, 0.02])}
    expected = neuron_module(model, target="reference").constants(values, 1e-3)
    given = {n: torch.as_tensor(v, dtype=torch.float64) for n, v in values.items()}
    found = m.constants(given, 1e-3, LIKE, {})
    assert set(found) == set(m.LEARNED)
    for n, value in found.items():
        np.testing.assert_allclose(value.numpy(), expected[n], rtol=1e-10, atol=1e-16)  # tau_m = tau_syn is no trouble
