"""The experiment on digits: its claims hold, its picture is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from seen import hidden, saved_figures

from spikegram.experiment import Report, run_script
from spikegram.networks import SparseyLevel
from spikegram.neurons import SparseyParams
from spikegram.scripts import sparsey_digits


def test_small_fields_read_better_than_one_mac() -> None:
    chosen = sparsey_digits.digits(20, seed=0)
    assert len(chosen.stored) == 200 and len(chosen.asked) == 500 and not set(chosen.stored) & set(chosen.asked)
    assert np.bincount(chosen.labels[chosen.stored]).tolist() == [20] * 10
    mac = SparseyParams(24, 8, lambda_u=4)
    one = sparsey_digits.answers(chosen, chosen.pixels, SparseyLevel(mac, signals="U"), 0)
    many = sparsey_digits.answers(chosen, chosen.pixels, SparseyLevel(mac, (6, 6), (3, 3), signals="U"), 0)
    assert one["nearest"] < 0.25 and many["nearest"] > 0.45 and many["counts"] > 0.6 and one["frozen"] == 0


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    with saved_figures() as figures:
        report = run_script("sparsey-digits", out=tmp_path, show=False)
    assert report.ok, report.table()
    assert [hidden(figure) for figure in figures] == [[]]
    assert len(report.checks) == 11
    from matplotlib.image import imread

    picture = imread(tmp_path / "digits.png")
    assert picture.shape[1] == 1120 and 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.5
    assert report.numbers["ladder"]["36 macs, freezing"]["frozen"] > 0.5


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (dict(seeds=0), "seeds: expected at least 1, got 0"),
        (dict(per_class=9), "per_class: expected 20 ... 120, got 9"),
    ],
)
def test_wrong_options(option: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sparsey_digits.run(Report("x", None), **option)
