"""Panels of synapses and rules: windows against their formulas, traces against what a synapse must do."""

import numpy as np
import pytest

from spikegram.plasticity import STDP
from spikegram.scripts._gallery_synapses import LEARNING, RESPONSES, WINDOWS, draw_response, draw_window


def test_the_window_of_the_pair_rule() -> None:
    curves = draw_window(next(w for w in WINDOWS if w.name == "STDP"))
    p = {n: q.value for n, q in STDP.parameters.items()}
    s = curves.x
    expected = np.where(
        s > 0, p["A_plus"] * np.exp(-s * 1e-3 / p["tau_plus"]), -p["A_minus"] * np.exp(s * 1e-3 / p["tau_minus"])
    )
    assert curves.y["_"] == pytest.approx(expected, rel=1e-9)


def test_a_window_of_e_prop_needs_the_presynaptic_spike_first() -> None:
    curves = draw_window(next(w for w in WINDOWS if w.name == "EProp"))
    assert (curves.y["_"][curves.x < 0] == 0).all() and (curves.y["_"][curves.x > 2] < 0).all()


def test_depression_depresses() -> None:
    curves = draw_response(next(r for r in RESPONSES if r.name == "TsodyksMarkramDepression"))
    (v,) = curves.y.values()
    first = v[(curves.x > 20) & (curves.x < 70)].max()
    last = v[(curves.x > 370) & (curves.x < 420)].max()
    assert first - v[0] > 2 * (last - v[0]) > 0


def test_magnesium_blocks_nmda_at_rest_all_the_time() -> None:
    """B(-50 mV)/B(-70 mV) = (1 + exp(4.34)/3.57)/(1 + exp(3.1)/3.57) = 3.08; its current brings a cell nearer 0."""
    curves = draw_response(next(r for r in RESPONSES if r.name == "NMDA"))
    near, far = (y[(curves.x > 30) & (curves.x < 800)] for y in curves.y.values())
    assert (near > 3.07 * far).all() and (near < 3.6 * far).all()


def test_each_model_is_there_once() -> None:
    names = [row.name for table in (WINDOWS, RESPONSES, LEARNING) for row in table]
    assert len(names) == len(set(names))
