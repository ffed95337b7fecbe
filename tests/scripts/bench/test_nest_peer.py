"""NEST as a peer: parameters of its cells, and runs in range."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.nest_peer import cell_values
from spikegram.scripts.bench.runner import execute
from spikegram.scripts.bench.systems import SYSTEMS, missing
from spikegram.scripts.bench.task import Task


def test_cells() -> None:
    common = dict(V_th=-50, V_reset=-60, t_ref=5, C_m=200, tau_syn_ex=5, tau_syn_in=10)
    assert cell_values("cuba") == dict(common, E_L=-49, tau_m=20)
    assert cell_values("coba") == dict(common, E_L=-60, g_L=10, E_ex=0, E_in=-80, I_e=200)
    assert cell_values("brunel") == dict(V_th=20, V_reset=10, t_ref=2, C_m=1, E_L=0, tau_m=20)


@pytest.mark.slow
@pytest.mark.skipif(missing(SYSTEMS["nest"]) is not None, reason=str(missing(SYSTEMS["nest"])))
@pytest.mark.parametrize("name", ["cuba4k", "coba4k", "brunel_stdp"])
def test_in_range(name: str) -> None:
    found = execute(Task(name, "nest", 1.0))
    assert "error" not in found, found
    assert found["misses"] == [] and found["sim_s"] > 0 and found["bytes_per_synapse"] > 50
    synapses = 625_000 if name == "brunel_stdp" else pytest.approx(320_000, rel=0.01)
    assert found["synapses"] == synapses
