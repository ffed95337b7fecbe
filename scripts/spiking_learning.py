"""Spiking networks learn to read digits pixel by pixel, and to add two marked numbers.

G. Bellec, D. Salaj, A. Subramoney, R. Legenstein, W. Maass 2018, NeurIPS 31 (recurrent networks of plain and adaptive
LIF cells, surrogate gradients, leaky integrators as read-out); tasks: `spikegram.tasks`.

What to see: a layer of 100 recurrent cells tells more than eight tenths of the digits of scikit-learn that it has not
seen, read in 64 steps of one pixel, with about two spikes per cell and digit. In the adding problem its error falls far
below that of the best answer that does not look (1/6), while as many recurrent units with a tanh, trained as long, stay
there. Cells that adapt make no difference here: membranes have time constants from 2 to 32 ms, learned for each cell,
and the read-out remembers. In the paper, on MNIST in 784 steps, plain cells stay far behind adaptive ones (about 63
against 93 to 95 % right; LSTM 98.5 %). A read-out that forgets in 20 ms is enough for the adding problem, too: then the
cells have to keep the sum, and they do it with more spikes.

Rates outside a band are costs (`regularisers.rate_band`). Files: curves of learning as one PNG; result.json. About two
minutes on one core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from ..experiment import Report
from ..neurons import BellecALIF, NeuronModel
from ..tasks import Task, make_task
from ._training import Curve, Panel, draw_curves, learn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor, nn

__all__ = ["NETS", "READOUT", "Net", "check", "draw", "ordinary", "run", "spiking", "train"]

RATES = 0.01, 0.2  # spikes per step of a cell that cost nothing
RATE, RATE_TANH = 2e-2, 3e-3  # of learning; units with a tanh diverge at the first
ADAPTIVE, PLAIN, SHORT, TANH = "half of the cells adapt", "plain LIF", "read-out forgets soon", "tanh units"
READOUT = NeuronModel("dv/dt = -v/tau_m : 1", parameters=dict(tau_m="20*ms"), name="readout")


class Net(NamedTuple):
    """What a network is made of.

    Attributes
    ----------
    beta : float
        Rise of the threshold per spike, of every other cell.
    memory : float
        Time constant of the read-out at the start, in lengths of the task.
    learned : bool
        Whether it is learned.
    """

    beta: float = 0.0
    memory: float = 1.0
    learned: bool = True


#: task -> what is said of a network -> what it is made of; None: units that do not spike
NETS: dict[str, dict[str, Net | None]] = {
    "digits": {ADAPTIVE: Net(beta=0.1), PLAIN: Net(), TANH: None},
    "adding": {
        ADAPTIVE: Net(beta=0.1, memory=10.0),
        PLAIN: Net(memory=10.0),
        SHORT: Net(beta=0.1, memory=0.4, learned=False),
        TANH: None,
    },
}


def run(
    report: Report,
    batches: int = 400,
    cells: int = 100,
    layers: int = 1,
    steps: int = 50,
    surrogate: Literal["triangle", "fast_sigmoid", "atan", "sigmoid", "exponential", "multi_gaussian"] = "triangle",
    seed: int = 0,
) -> None:
    """Train each network on each task.

    Parameters
    ----------
    report : Report
    batches : int
        Of 64 samples, for each training; at least 20.
    cells, layers : int
        Cells of a layer, and layers.
    steps : int
        Of the adding problem.
    surrogate : str
        What stands for the derivative of a spike.
    seed : int
        Of data and first weights.
    """
    bounds = ("batches", batches, 20), ("cells", cells, 2), ("layers", layers, 1), ("steps", steps, 2)
    for what, value, least in bounds:
        if value < least:
            raise ValueError(f"{what}: expected at least {least}, got {value}")
    tasks = {
        "digits": make_task("sequential_digits", by="pixel", seed=seed),
        "adding": make_task("adding", T=steps, seed=seed),
    }
    curves: dict[str, dict[str, Curve]] = {}
    rates: dict[str, dict[str, float]] = {}
    for name, task in tasks.items():
        curves[name], rates[name] = {}, {}
        for what, net in NETS[name].items():

            def make(task: Task, net: Net | None = net) -> nn.Module:
                if net is None:
                    return ordinary(task, cells, layers)
                return spiking(task, cells, net, layers, surrogate)

            rate = RATE_TANH if net is None else RATE
            curves[name][what], spikes = train(report, f"{name}, {what}", task, make, batches, rate, seed)
            if net:
                rates[name][what] = spikes
    check(report, curves, rates)
    report.numbers.update(
        curves={name: {what: c._asdict() for what, c in found.items()} for name, found in curves.items()},
        spikes_per_step=rates,
    )
    draw(report.file("learning.png", "scores on unseen samples while learning"), curves, steps)


def train(
    report: Report, label: str, task: Task, make: Callable[[Task], nn.Module], batches: int, rate: float, seed: int
) -> tuple[Curve, float]:
    """Train a network; give its curve, and its spikes per cell and step for unseen samples."""
    import torch

    from ..bridges.torch.regularisers import rate_band

    def cost(spikes: list[Tensor]) -> Tensor:
        return sum((rate_band(s, *RATES) for s in spikes), torch.zeros(()))

    curve, model = learn(report, label, task, make, batches, rate, seed, cost)
    with torch.no_grad():
        spikes = model(torch.from_numpy(task.test()[0]))[1]
    return curve, sum(s.mean().item() for s in spikes) / max(1, len(spikes))


def spiking(task: Task, cells: int, net: Net, layers: int = 1, surrogate: str = "triangle") -> nn.Module:
    """Make layers of cells that reach each other, and leaky integrators that read the last one.

    Time constants are learned for each cell, those of membranes from 2 to 32 ms, those of thresholds from the length of
    the task. Before learning, the input of the first layer is 0 on average.
    """
    import torch
    from torch import nn

    from ..bridges.torch import SpikingLayer

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = (task.inputs, *[cells] * layers)
            self.lines = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:], strict=False))
            values = dict(
                tau_m=torch.logspace(1, 5, cells, base=2),
                tau_a=torch.full((cells,), float(task.T)),
                beta=net.beta * (torch.arange(cells) % 2),
            )
            learned = ("tau_m", "tau_a") if net.beta else ("tau_m",)
            self.layers = nn.ModuleList(
                SpikingLayer(
                    BellecALIF, cells, learn=learned, parameters=values, surrogate=surrogate, recurrent="dense"
                )
                for _ in range(layers)
            )
            self.out = nn.Linear(cells, task.outputs)
            memory = net.memory * task.T
            learned = ("tau_m",) if net.learned else ()
            self.read = SpikingLayer(READOUT, task.outputs, output="v", parameters=dict(tau_m=memory), learn=learned)
            with torch.no_grad():
                mean = torch.from_numpy(task.batch(64)[0]).mean((0, 1))
                for k, line in enumerate(self.lines):
                    line.weight.normal_(0, (1.5 if k else 2.0) / line.in_features**0.5)
                    line.bias.zero_()
                self.lines[0].bias.sub_(self.lines[0].weight @ mean)
                self.out.weight.mul_(memory**-0.5)
                self.out.bias.zero_()

        def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
            spikes = []
            for line, layer in zip(self.lines, self.layers, strict=True):
                x, _ = layer(line(x))
                spikes.append(x)
            return self.read(self.out(x))[0], spikes

    return Network()


def ordinary(task: Task, cells: int, layers: int = 1) -> nn.Module:
    """Make as many units with a hyperbolic tangent in place of the cells, and a linear read-out."""
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.units = nn.RNN(task.inputs, cells, layers)
            self.out = nn.Linear(cells, task.outputs)

        def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
            return self.out(self.units(x)[0]), []

    return Network()


def check(report: Report, curves: dict[str, dict[str, Curve]], rates: dict[str, dict[str, float]]) -> None:
    """Hold the last scores against what is claimed."""
    digits, adding = ({what: c.scores[-1] for what, c in curves[name].items()} for name in NETS)
    first = curves["digits"][PLAIN].scores[0]
    report.check("digits: before learning, about", "0.1", first, ok=first < 0.25)
    for what in (ADAPTIVE, PLAIN):
        report.check(f"digits, {what}: share right", ">= 0.8 (chance: 0.1)", digits[what], ok=digits[what] >= 0.8)
    apart = abs(digits[ADAPTIVE] - digits[PLAIN])
    report.check("digits: adapting and plain cells apart", "<= 0.1", apart, ok=apart <= 0.1)
    report.check(
        f"digits, {TANH}: share right", "less than 0.15 more", digits[TANH], ok=digits[TANH] < digits[PLAIN] + 0.15
    )
    for what in (ADAPTIVE, PLAIN, SHORT):
        report.check(f"adding, {what}: squared error", "< 0.05 (blind: 0.1667)", adding[what], ok=adding[what] < 0.05)
    report.check(
        f"adding, {TANH}: squared error", "at least twice that", adding[TANH], ok=adding[TANH] > 2 * adding[PLAIN]
    )
    most = max(rate for found in rates.values() for rate in found.values())
    report.check("spikes per cell and step, at most", "0.2", most, ok=most <= 0.2)


def draw(path: Path, curves: dict[str, dict[str, Curve]], steps: int) -> None:
    """Two panels: share of right digits, error of sums."""
    panels = [
        Panel("digits, pixel by pixel", "classes", 0.1, curves["digits"]),
        Panel(f"adding two of {steps} numbers", "numbers", 1 / 6, curves["adding"]),
    ]
    draw_curves(path, panels)
