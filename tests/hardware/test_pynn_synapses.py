"""Synapses are recognised by what their statements compute."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.hardware.polynomial import PolynomialError
from spikegram.hardware.pynn_synapses import SynapseForm, recognise_synapse
from spikegram.plasticity import STDP, SynapseModel
from spikegram.units import CURRENT

TRACES = "w : weight\ndx/dt = -x/tau_plus : 1 (event-driven)\ndy/dt = -y/tau_minus : 1 (event-driven)"
PRE = "w = clip(w - A_minus*y, 0*w_max, w_max)\ntarget_post += w\nx += 1"
POST = "w = clip(w + A_plus*x, 0*w_max, w_max)\ny += 1"
PARAMETERS = dict(tau_plus="20*ms", tau_minus="30*ms", A_plus="0.01*weight", A_minus="0.02*weight", w_max="2*weight")


def rule(pre: str = PRE, post: str = POST, equations: str = TRACES, **more: object) -> SynapseModel:
    return SynapseModel(equations, on_pre=pre, on_post=post, parameters=PARAMETERS, name="rule", **more)


def form(model: SynapseModel, **values: object) -> SynapseForm:
    bound = model.bind("I", CURRENT)
    given = {n: np.asarray(values.get(n, np.zeros(2)), dtype=float) for n in bound.variables}
    return recognise_synapse(bound, given)


def test_static() -> None:
    found = form(SynapseModel(), w=[1e-9, 2e-9])
    assert found.variable == "I" and found.rule is None
    np.testing.assert_array_equal(found.weights, [1e-9, 2e-9])
    scaled = SynapseModel("w : weight\ng : 1", on_pre="target_post -= 2*g*w")
    np.testing.assert_allclose(form(scaled, w=[1e-9, 2e-9], g=[1, 3]).weights, [-2e-9, -12e-9])


def test_pair_rule() -> None:
    found = form(rule(), w=[1e-9, 0])
    values = vars(found.rule)
    expected = dict(tau_plus=20, tau_minus=30, A_plus=1e-11, A_minus=2e-11, w_min=0, w_max=2e-9)
    assert values == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(found.weights, [1e-9, 0])


def test_amplitudes_in_the_traces() -> None:
    """The same rule, with the amplitudes added to the traces and other names."""
    equations = TRACES.replace("dx", "dapre").replace("-x", "-apre").replace("dy", "dapost").replace("-y", "-apost")
    parameters = {**PARAMETERS, "a": 0.01, "b": -0.02}
    model = SynapseModel(
        equations, parameters=parameters,
        on_pre="target_post += w\napre += a\nw = clip(w + apost*w_max/2, 0*w_max, w_max)",
        on_post="apost += b\nw = clip(w + apre*w_max/2, 0*w_max, w_max)",
    )  # fmt: skip
    found = form(model)
    assert vars(found.rule) == pytest.approx(vars(form(rule()).rule), rel=1e-12)
    assert any("before its own depression" in note for note in found.notes)


def test_built_in_rule_and_notes() -> None:
    assert form(STDP).rule.A_minus == pytest.approx(0.00525e-9)
    assert any("pre before post" in note for note in form(STDP).notes)
    assert form(STDP(order=("post", "pre"))).notes == ()
    assert any("start at 0 there" in note for note in form(STDP(order=("post", "pre")), x=[0.5, 0]).notes)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (rule(pre=PRE.replace("x += 1", "x = 1")), "does not add up all spikes"),
        (rule(pre=PRE.replace("A_minus*y", "A_minus*y*w/w_max")), "not additive"),
        (rule(post=POST.replace("clip(w + A_plus*x, 0*w_max, w_max)", "w + A_plus*x")), "no bounds"),
        (rule(post=POST.replace("0*w_max", "-w_max")), "bounds of w differ"),
        (rule(pre="target_post += w\nx += 1"), "expected depression"),
        (rule(pre=PRE.replace("+= w", "+= 2*w")), "is not w"),
        (rule(post=POST + "\ntarget_post += w"), "changes the target"),
        (rule(pre=PRE + "\ny += 1"), "expected one trace"),
        (rule(equations=TRACES.replace("-x/", "-x*x/"), method="exact"), "exponential decay"),
        (rule(equations=TRACES + "\ndz/dt = -z/tau_plus : 1 (event-driven)"), "two exponential traces"),
        (SynapseModel(on_pre="target_post += w*v_post/mV"), "'v_post' has no fixed value"),
        (SynapseModel(on_pre="target_post += w*rand()"), "no fixed value"),
        (SynapseModel(on_pre="target_post += w\ng_post += w"), "acts on the target twice"),
        (SynapseModel(on_post="target_post += w"), "changes the target"),
        (SynapseModel("w : weight\ndu/dt = -u/ms : 1 (clock-driven)"), "every step"),
        (SynapseModel("w : weight\nI_post = w : amp (summed)", on_pre=""), "summed"),
    ],
)
def test_what_pynn_does_not_have(model: SynapseModel, words: str) -> None:
    with pytest.raises(PolynomialError, match=words):
        form(model)
