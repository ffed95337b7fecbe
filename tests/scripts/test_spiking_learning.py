"""The experiment spiking-learning: a few steps make the loss fall, claims are held, the picture is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import spiking_learning as script
from spikegram.scripts._training import Curve
from spikegram.tasks import make_task

GOOD = {
    name: {what: Curve([0, 10], [start, end], 5) for what in nets}
    for (name, nets), (start, end) in zip(script.NETS.items(), ((0.1, 0.97), (1.1, 0.005)), strict=True)
}
GOOD["adding"][script.TANH] = Curve([0, 10], [1.1, 0.1], 5)
RATES = {name: dict.fromkeys(nets, 0.1) for name, nets in script.NETS.items()}


def test_it_is_listed() -> None:
    assert scripts()["spiking-learning"].title.startswith("Spiking networks learn to read digits")


def test_a_few_steps_make_the_loss_fall() -> None:
    """On one batch, with the network of the experiment, small."""
    torch.manual_seed(0)
    task = make_task("sequential_digits", by="row")
    net = script.spiking(task, 12, script.Net(beta=0.1))
    assert {name.partition(".")[0] for name, _ in net.named_parameters()} == {"lines", "layers", "out", "read"}
    x, target = (torch.from_numpy(a) for a in task.batch(32))
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-2)
    losses = []
    for _ in range(25):
        y, spikes = net(x)
        assert y.shape == (8, 32, 10) and [s.shape for s in spikes] == [(8, 32, 12)]
        loss = torch.nn.functional.cross_entropy(y[-1], target)
        optimiser.zero_grad()
        loss.backward()
        assert all(w.grad.isfinite().all() for w in net.parameters())
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    assert {*spikes[0].detach().unique().tolist()} == {0.0, 1.0}


def test_ordinary_units_have_about_as_many_weights() -> None:
    task = make_task("adding", T=10)
    plain = sum(w.numel() for w in script.ordinary(task, 12).parameters())
    spiking = sum(w.numel() for w in script.spiking(task, 12, script.Net()).parameters())
    assert abs(plain / spiking - 1) < 0.1


@pytest.mark.parametrize(
    ("name", "what", "score"),
    [
        ("digits", script.ADAPTIVE, 0.5),
        ("digits", script.ADAPTIVE, 0.85),
        ("digits", script.PLAIN, 0.5),
        ("digits", script.TANH, 1.2),
        ("adding", script.ADAPTIVE, 1 / 6),
        ("adding", script.PLAIN, 1 / 6),
        ("adding", script.SHORT, 1 / 6),
        ("adding", script.TANH, 0.006),
    ],
)
def test_claims_can_fail(name: str, what: str, score: float) -> None:
    good, bad = (Report("spiking-learning", None, show=False) for _ in range(2))
    script.check(good, GOOD, RATES)
    assert good.ok, good.table()
    script.check(bad, GOOD | {name: GOOD[name] | {what: Curve([0, 10], [0.1, score], 5)}}, RATES)
    assert not bad.ok


def test_too_many_spikes_are_told() -> None:
    report = Report("spiking-learning", None, show=False)
    script.check(report, GOOD, RATES | {"digits": {"plain LIF": 0.5}})
    assert not report.ok


def test_picture(tmp_path: Path) -> None:
    script.draw(tmp_path / "learning.png", GOOD, 50)
    assert (tmp_path / "learning.png").stat().st_size > 10_000


@pytest.mark.parametrize(("option", "value"), [("batches", 3), ("cells", 1), ("layers", 0), ("steps", 1)])
def test_too_few(option: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{option}: expected at least .* got {value}"):
        script.run(Report("x", None), **{option: value})


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("spiking-learning", out=tmp_path, show=False)
    assert report.ok, report.table()
    assert json.loads((tmp_path / "result.json").read_text())["ok"] is True
