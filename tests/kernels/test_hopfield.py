"""Compiled sweeps give the states of the reference bit for bit, whatever the number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import Classic, Exponential, HopfieldNetwork, Polynomial

FORMS = (Classic(), Polynomial(3), Polynomial(4, rectified=True), Polynomial(40), Exponential())


@pytest.mark.parametrize("shape", [(70, 37), (64, 128), (5, 3)], ids=lambda s: f"N{s[0]}-K{s[1]}")
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_compiled_is_the_reference(form: object, shape: tuple[int, int], seed: int) -> None:
    (N, K), rng = shape, np.random.default_rng(seed)
    patterns = rng.choice(np.array([-1, 1], dtype=np.int8), (K, N))
    cues = rng.choice(np.array([-1, 1], dtype=np.int8), (3, N))
    reference, compiled = (HopfieldNetwork(N, form, backend=b) for b in ("reference", "numba"))
    for memory in (reference, compiled):
        memory.store(patterns)
    for dynamics in ("asynchronous", "synchronous"):
        for temperature, order in ((0.0, "random"), (0.0, "sequential"), (0.7, "random")):
            options = dict(steps=5, dynamics=dynamics, temperature=temperature, order=order, seed=seed)
            states, info = reference.recall(cues, **options)
            for threads in (1, 2):
                came, how = compiled.recall(cues, threads=threads, **options)
                assert np.array_equal(came, states)
                assert all(np.array_equal(a, b) for a, b in zip(how, info, strict=True))


def test_lanes_of_both_are_the_same() -> None:
    from spikegram.kernels import hopfield
    from spikegram.networks import hopfield_binary

    assert hopfield.LANES == hopfield_binary.LANES
