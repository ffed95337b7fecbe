"""The network of neurons and astrocytes: structure, claims at a small size, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import neuron_glia_network as script


def test_structure() -> None:
    net = script.build(0.1, 8000, 0.1, 10, 1, True)
    sizes = {name: p.size for name, p in net.populations.items()}
    assert sizes == dict(exc=320, inh=80, astrocytes=320)
    assert net.populations["astrocytes"].every == 100
    q = net.projections
    incoming = np.bincount(q["exc -> exc"].post_ids, minlength=320)
    sensing = q["exc -> astrocytes"]
    np.testing.assert_allclose(sensing.weights * incoming[sensing.post_ids], 1)
    gaps = q["gap junctions"]
    pairs = set(zip(gaps.pre_ids.tolist(), gaps.post_ids.tolist(), strict=True))
    assert {(j, i) for i, j in pairs} == pairs  # both ways, so that no IP3 is lost
    assert np.bincount(gaps.pre_ids).max() == 4
    assert {abs(i - j) for i, j in pairs} == {1, 17}  # a grid of 17 rows


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("neuron-glia-network", out=tmp_path, show=False)
    assert report.ok, report.table()
    from matplotlib.image import imread

    assert 0.01 < float((imread(tmp_path / "activity.png")[..., :3] < 0.9).any(-1).mean()) < 0.95


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scale: expected a part above 0 and at most 1, got 2"):
        script.run(Report("x", tmp_path), scale=2)
    with pytest.raises(ValueError, match="duration: expected at least 400 ms, got 10"):
        script.run(Report("x", tmp_path), duration=10)
