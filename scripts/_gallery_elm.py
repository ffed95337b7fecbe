"""Panel of the ELM neuron for the gallery: what its slow and fast memory units keep of a burst of input spikes.

>>> curves = elm()
>>> curves.title, list(curves.y)
('elm_step', ['tau 5 ms', 'tau 50 ms', 'tau 500 ms'])
"""

from __future__ import annotations

import numpy as np

from ..neurons import ELMParams, elm_init, elm_step
from ._gallery_cells import Curves

__all__ = ["elm"]

TAUS = (5.0, 50.0, 500.0)  # ms
STEPS, BURST = 300, (50, 80)


def elm() -> Curves:
    """Give three memory units that are told of one synapse, as shares of what each holds at most."""
    M = len(TAUS)
    params = ELMParams(
        w_raw=np.ones(1), W1=np.eye(1, 1 + M), b1=np.zeros(1), W2=np.full((M, 1), 0.5), b2=np.zeros(M),
        tau_m=np.array(TAUS),
    )  # fmt: skip
    x = np.zeros((STEPS, 1))
    x[slice(*BURST)] = np.random.default_rng(5).random((BURST[1] - BURST[0], 1)) < 0.3
    state, memory = elm_init((), params), []
    for inputs in x:
        m, state = elm_step(state, inputs, params, dt=1.0)
        memory.append(m / (1.7159 * params.lam))
    lines = {f"tau {tau:g} ms": line for tau, line in zip(TAUS, np.array(memory).T, strict=True)}
    return Curves("elm_step", np.arange(STEPS), lines, "time (ms)", "memory", spikes=np.flatnonzero(x))
