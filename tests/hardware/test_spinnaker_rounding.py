"""What fixed point does is said before, with numbers."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.hardware.spinnaker_parts import Plan, PopulationPlan, ProjectionPlan
from spikegram.hardware.spinnaker_rounding import check_parameters, check_weights

CELLS = PopulationPlan("cells", "cells", 4, "IF_curr_exp", {}, "LIF", -60.0)


def parameters(**values: object) -> tuple[bool, Plan]:
    plan = Plan(1.0, 0)
    good = dict(tau_m=20.0, cm=0.25, v_rest=-60.0, tau_syn_E=5.0, tau_syn_I=5.0)
    held = check_parameters(PopulationPlan("cells", "cells", 2, "IF_curr_exp", {**good, **values}, v=-60.0), plan)
    return held, plan


def test_exact_parameters_are_not_mentioned() -> None:
    held, plan = parameters()
    assert held and not plan.rounded and not plan.refused


def test_rounded_parameters() -> None:
    held, plan = parameters(cm=0.3, v_rest=np.array([-60.0, -60.1]))
    assert held and [str(f) for f in plan.rounded] == ["population 'cells': cm, v_rest to S16.15, error up to 1.2e-05"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (dict(v_rest=-65536.5), "v_rest = -65536.5: outside of S16.15, -65536 to 65536"),
        (dict(v_rest=np.array([0.0, np.inf])), "v_rest = inf: outside"),
        (dict(tau_m=np.nan), "tau_m = nan: outside"),
        (dict(tau_m=1e-6), "tau_m = 1e-06: must be > 0"),
        (dict(cm=0.0), "cm = 0: must be > 0"),
        (dict(tau_syn_I=-1.0), "tau_syn_I = -1: must be > 0"),
    ],
)
def test_parameters_that_do_not_fit(values: dict, words: str) -> None:
    held, plan = parameters(**values)
    assert not held and words in str(plan.refused[0])


def weights(values: list[float], steps: list[int], rule: dict | None = None, receptor: str = "excitatory") -> list[str]:
    plan, n = Plan(1.0, 0), len(values)
    source = PopulationPlan("source", "source", n, "SpikeSourceArray", {})
    q = ProjectionPlan(
        "p", "p", source, CELLS, receptor, np.arange(n), np.arange(n) % 4, np.array(values), np.array(steps), rule
    )
    check_weights([q], plan)
    return [str(f) for f in plan.rounded]


def test_weights() -> None:
    # one delay and one synapse each: the largest is 2.0, so the shift is 2 and the step 2**-13
    found = weights([0.3, 2.0, 0.0004, 1.7], [3, 3, 3, 3])
    assert found == ["projection 'p': weights in steps of about 0.000122, relative error up to 0.084"]
    assert weights([0.5, 2.0, 0.25, 1.0], [3, 3, 3, 3]) == []
    assert "1 of 4 weights become 0" in weights([-0.5, -2.0, -0.00003, 0.0], [1, 1, 1, 1], receptor="inhibitory")[0]


def test_plastic_weights_are_scaled_by_their_bound() -> None:
    rule = dict(tau_plus=20, tau_minus=20, A_plus=1e-4, A_minus=0.5, w_min=0.0, w_max=6.0)
    found = weights([0.0, 0.0], [1, 1], rule)
    assert found == ["projection 'p': A_plus = 0.0001 is less than a weight step"]  # 2**(3 - 15)
