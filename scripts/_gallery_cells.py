"""Panels of cells for the gallery: what a cell does under a constant drive, and its response over the drive.

A line of `CELLS` says which model is drawn and how it is driven; a cell that is not in the table is not drawn.

>>> trace, response = draw_cell(next(cell for cell in CELLS if cell.name == "LIF"))
>>> trace.title, trace.ylabel, response.ylabel, len(trace.spikes) > 5
('LIF', 'v (mV)', 'rate (Hz)', True)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .. import neurons
from ..networks import Network, PopulationRecord

__all__ = ["CELLS", "Cell", "Curves", "draw_cell"]

VALUES = 13  # of the drive, from ``least`` to ``most``: one cell for each


class Curves(NamedTuple):
    """What one pair of axes shows."""

    title: str
    x: np.ndarray
    y: dict[str, np.ndarray]  # label -> values; labels with a leading _ are not in the legend
    xlabel: str
    ylabel: str
    spikes: Any = None  # times, drawn as ticks above the lines
    raster: Any = None  # (times, y), drawn as points
    points: bool = False


@dataclass(frozen=True)
class Cell:
    """How a cell is driven and what is drawn of it.

    Attributes
    ----------
    name : str
        Of the model in `neurons`.
    page : str
        On which it is drawn.
    most : float
        Largest drive.
    drive : str
        What is varied: an input (a step), a parameter or a start value.
    unit : str
        Of the drive, for the axis.
    shown : str
        Variable of the trace, empty: spikes of all cells.
    label : str
        Of its axis.
    response : str
        ``"rate"``: spikes per second of drive; ``"end"``: the last value; ``"range"``: least and greatest in the
        second half.
    least : float
        Smallest drive.
    at : float
        Share of ``most`` at which the trace is drawn.
    scale : float
        The trace's unit, in edge units.
    begin, duration, dt : float
        Beginning of the drive and its length, time step, in ms.
    parameters, init : dict
        Other than the model's.
    """

    name: str
    page: str
    most: float
    drive: str = "I_ext"
    unit: str = "nA"
    shown: str = "v"
    label: str = "v (mV)"
    response: str = "rate"
    least: float = 0.0
    at: float = 0.7
    scale: float = 1.0
    begin: float = 30.0
    duration: float = 300.0
    dt: float = 0.2
    parameters: dict[str, Any] = field(default_factory=dict)
    init: dict[str, Any] = field(default_factory=dict)


A, B, C, D = "integrate-and-fire", "adapting", "other cells", "astrocytes"
_IZHIKEVICH = dict(unit="mV/ms")
_RATE = dict(drive="drive_ext", unit="1", shown="r", label="rate r", response="end", duration=20, begin=10, dt=1)
_RASTER = dict(shown="", label="cell", unit="Hz", begin=0, duration=1000, dt=1)
_CALCIUM = dict(
    shown="C", label="calcium (µM)", response="range", scale=1e-3, dt=20, begin=0, duration=80_000,
    unit="µM",
)  # fmt: skip

CELLS = (
    Cell("LIF", A, 0.4),
    Cell("LIFDelta", A, 0.4),
    Cell("LIFAlpha", A, 0.4),
    Cell("IFCurrExp", A, 2, dt=0.1),
    Cell("LIFCond", A, 1),
    Cell("LIFCondDelta", A, 1),
    Cell("LIFCondAlpha", A, 1),
    Cell("IFCondExp", A, 2, dt=0.1),
    Cell("LIFGap", A, 0.4),
    Cell("LIFNMDA", A, 1.2),
    Cell("SpiNNakerLIF", A, 2, drive="in_E", dt=1),
    Cell("LeakyIntegrator", A, 0.4, response="end"),
    Cell("ALIF", B, 0.4),
    Cell("BellecALIF", B, 0.2, drive="x", unit="1 per step", label="v (1)", dt=1),
    Cell("LIFIntrinsic", B, 0.4, parameters=dict(eta=0.3)),
    Cell("MihalasNiebur", B, 0.3, parameters=dict(a=5)),
    Cell("GIF", B, 0.5),
    Cell("AdEx", B, 1.6),
    Cell("ClopathAdEx", B, 2, dt=0.1),
    Cell("Izhikevich", B, 20, **_IZHIKEVICH),
    Cell("IzhikevichOriginal", B, 20, dt=1, **_IZHIKEVICH),
    Cell("HodgkinHuxley", C, 20, unit="µA/cm²", dt=0.05, duration=100, begin=10),
    Cell("ResonateAndFire", C, 500, unit="1/s", shown="y", label="y (1)", duration=200),
    Cell("TwoCompartment", C, 0.5, drive="I_s", shown="v_s", label="soma v_s (mV)"),
    Cell("LIFNoise", C, 0.4),
    Cell("LIFCondNoise", C, 1.5),
    Cell("Poisson", C, 100, drive="rate_ext", **_RASTER),
    Cell("InhomogeneousPoisson", C, 100, drive="rate_ext", **_RASTER),
    Cell("Regular", C, 200, drive="interval", least=20, **{**_RASTER, "unit": "ms"}),
    Cell("RateUnit", C, 1, least=-1, **_RATE),
    Cell("RectifiedUnit", C, 1, least=-1, **_RATE),
    Cell("AMSU", C, 1, drive="x", unit="1", label="v (1)", duration=60, begin=10, dt=1, parameters=dict(gain=0.5)),
    Cell("LiRinzel", D, 1.5e-3, drive="I", least=1e-4, at=0.4, parameters=dict(K_P=1e-4), **_CALCIUM),
    Cell("GChI", D, 1e-2, drive="Y_S", at=0.1, **_CALCIUM),
)  # fmt: skip


def run_cell(cell: Cell) -> tuple[np.ndarray, PopulationRecord]:
    """Run a cell for each value of the drive; gives the values, the last one that of the trace."""
    model = getattr(neurons, cell.name)
    values = np.append(np.linspace(cell.least, cell.most, VALUES), cell.at * cell.most)
    varied = {cell.drive: values}
    parameters, init = dict(cell.parameters), dict(cell.init)
    if cell.drive in model.parameters:
        parameters |= varied
    elif cell.drive in model.states:
        init |= varied
    net = Network(dt=cell.dt, seed=7)
    population = net.population(len(values), model, "cells", init=init, parameters=parameters)
    if cell.drive in model.inputs:
        end = cell.begin + cell.duration
        net.inject(population, values[None, :], start=cell.begin, stop=end, target=cell.drive, interval=cell.duration)
    if model.threshold:
        net.record(population, "spikes")
    if cell.shown:
        net.record(population, cell.shown, interval=cell.dt * max(1, round(cell.duration / 2000 / cell.dt)))
    return values, net.run(cell.begin + cell.duration, backend="reference")["cells"]


def draw_cell(cell: Cell) -> tuple[Curves, Curves]:
    """Give the trace of one cell (or the spikes of all) and the response over the drive."""
    values, record = run_cell(cell)
    unit = cell.scale
    long = cell.duration >= 10_000
    second = 1e3 if long else 1.0
    time = "time (s)" if long else "time (steps)" if cell.name in ("AMSU", "RateUnit", "RectifiedUnit") else "time (ms)"
    spikes = record.spikes[VALUES] / second if record.spikes is not None else None
    if cell.shown:
        trace = record.trace(cell.shown)
        x, late = trace.times / second, trace.values / unit
        first = Curves(cell.name, x, {"_": late[:, -1]}, time, cell.label, spikes)
    else:
        raster = (record.spikes.times / second, record.spikes.ids)
        first = Curves(cell.name, np.array([0, cell.duration]), {}, time, cell.label, raster=raster)
    drive, kept = f"{cell.drive} ({cell.unit})", values[:VALUES] / unit
    if cell.response == "rate":
        counts = np.array([len(record.spikes[k]) for k in range(VALUES)])
        per = "spikes per step" if time == "time (steps)" else "rate (Hz)"
        rate = counts / cell.duration * (1 if time == "time (steps)" else 1e3)
        return first, Curves("", kept, {"_": rate}, drive, per, points=True)
    if cell.response == "end":
        return first, Curves("", kept, {"_": late[-1, :VALUES]}, drive, cell.label, points=True)
    late = late[len(late) // 2 :, :VALUES]
    ends = {"greatest": late.max(axis=0), "least": late.min(axis=0)}
    return first, Curves("", kept, ends, drive, cell.label, points=True)
