"""What a run recorded: spikes, traces and weights as arrays, with plots and conversions.

Everything is in the edge units: ms, mV, nA, nF, MOhm, uS, Hz. A `Result` holds plain arrays and
knows nothing of the engine that made it.

>>> spikes = SpikeTrains([2, 4], [0, 1], size=2, dt=1.0, t_stop=10)
>>> v = Trace("v", times=[0.0, 1.0], ids=[1], values=[[-60.0], [-58.5]], unit="mV")
>>> exc = PopulationRecord("exc", 2, spikes, {"v": v})
>>> result = Result({"exc": exc}, meta=dict(dt=1.0, duration=10.0))
>>> result["exc"].v[:, 0].tolist(), result["exc"].rates().tolist()
([-60.0, -58.5], [100.0, 100.0])
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .records import PopulationRecord, ProjectionRecord, Trace, plain_json
from .spiketrains import SpikeTrains, require

if TYPE_CHECKING:
    import neo
    import pandas
    from matplotlib.figure import Figure

__all__ = ["PopulationRecord", "ProjectionRecord", "Result", "SpikeTrains", "Trace"]


class _Records(dict[str, Any]):
    """A dictionary whose missing key is a `ValueError` that lists the names."""

    def __init__(self, records: Mapping[str, Any], kind: str, record_type: type[Any]) -> None:
        super().__init__(records)
        self.kind = kind
        for key, record in records.items():
            if not isinstance(record, record_type):
                raise TypeError(f"{kind} {key!r}: expected a {record_type.__name__}, got {record!r}")
            if key != record.name:
                raise ValueError(f"{kind} {key!r}: its record has the name {record.name!r}")

    def __missing__(self, name: Any) -> Any:
        raise ValueError(f"no {self.kind} {name!r}; recorded: {', '.join(self) or 'nothing'}")


class Result:
    """All that a run recorded; ``result["exc"]`` is the record of population ``exc``.

    Parameters
    ----------
    populations : dict of str to PopulationRecord
    projections : dict of str to ProjectionRecord, optional
    meta : dict
        ``dt`` and ``duration`` in ms; further ``seed``, ``backend``, ``dtype``, ``versions``,
        ``interrupted`` and anything that JSON can hold. NumPy numbers become Python's, tuples and
        arrays become lists.

    Iterating gives the names of the populations. A name that is not there is a ValueError that
    lists the names.
    """

    def __init__(
        self,
        populations: Mapping[str, PopulationRecord],
        projections: Mapping[str, ProjectionRecord] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        self.populations = _Records(populations, "population", PopulationRecord)
        self.projections = _Records(projections or {}, "projection", ProjectionRecord)
        self.meta = plain_json(meta or {}, "meta")
        for key in ("dt", "duration"):
            if isinstance(value := self.meta.get(key), bool) or not isinstance(value, int | float):
                raise ValueError(f"meta: expected {key!r} as a number of ms, got {value!r}")
        self.meta.setdefault("interrupted", False)

    @property
    def dt(self) -> float:
        """Step in ms."""
        return self.meta["dt"]

    @property
    def duration(self) -> float:
        """Simulated time in ms."""
        return self.meta["duration"]

    @property
    def interrupted(self) -> bool:
        """True if the run was stopped before its end."""
        return self.meta["interrupted"]

    def __getitem__(self, name: str) -> PopulationRecord:
        return self.populations[name]

    def __contains__(self, name: object) -> bool:
        return name in self.populations

    def __iter__(self) -> Iterator[str]:
        return iter(self.populations)

    def __len__(self) -> int:
        return len(self.populations)

    def keys(self) -> Any:
        """Names of the populations."""
        return self.populations.keys()

    def __repr__(self) -> str:
        lines = [f"Result of {self.duration:g} ms at dt {self.dt:g} ms"]
        lines[0] += " (interrupted)" if self.interrupted else ""
        for record in self.populations.values():
            parts = [f"  {record.name}: {record.size} neurons"]
            if record.spikes is not None:
                parts.append(f"{len(record.spikes)} spikes ({record.spikes.rate():.3g} Hz)")
            parts += [f"{key} of {trace.ids.size}" for key, trace in record.traces.items()]
            lines.append(", ".join(parts))
        lines += [f"  {p.name}: {p.weights.size} synapses from {p.pre} to {p.post}" for p in self.projections.values()]
        return "\n".join(lines)

    def plot(self, path: str | Path | None = None, what: Any = None, **options: Any) -> Figure:
        """Raster, rates, and traces with threshold and spikes; see `figures.plot_result`."""
        from .figures import plot_result

        return plot_result(self, path, what, **options)

    def plot_weights(self, name: str, path: str | Path | None = None) -> Figure:
        """Weight matrix of one projection, before and after; see `weight_figures.plot_weights`."""
        from .weight_figures import plot_weights

        return plot_weights(self.projections[name], path)

    def plot_weight_histogram(self, name: str, path: str | Path | None = None, bins: int = 40) -> Figure:
        """Histogram of the weights of one projection; see `weight_figures.plot_weight_histogram`."""
        from .weight_figures import plot_weight_histogram

        return plot_weight_histogram(self.projections[name], path, bins)

    def to_pandas(self) -> pandas.DataFrame:
        """Table of all spikes in the order of time: ``time`` (ms), ``population``, ``id``."""
        pd = require("pandas")
        tables = [
            r.spikes.to_pandas().assign(population=r.name)[["time", "population", "id"]]
            for r in self.populations.values()
            if r.spikes is not None
        ]
        if not tables:
            return pd.DataFrame({"time": [], "population": [], "id": []})
        return pd.concat(tables, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)

    def to_neo(self) -> neo.Block:
        """A ``neo.Block`` with one segment that holds all spike trains and traces.

        Spike trains (ms) are annotated with ``population`` and ``id``; traces are analog signals
        with their unit, annotated with ``population`` and ``variable`` and, per column, ``id``.
        """
        neo = require("neo")
        block = neo.Block(name="spikegram", meta=json.dumps(self.meta))
        segment = neo.Segment(name="run")
        block.segments.append(segment)
        for record in self.populations.values():
            if record.spikes is not None:
                segment.spiketrains.extend(record.spikes.to_neo(population=record.name))
            for trace in record.traces.values():
                _add_signal(segment, trace, record.name, self.dt)
        return block

    def save(self, path: str | Path) -> None:
        """Write everything to an HDF5 file, bit for bit; see `result_file.save`."""
        from .result_file import save

        save(self, path)

    @staticmethod
    def load(path: str | Path) -> Result:
        """Read a file of `save`; ValueError if it is damaged or another kind of file."""
        from .result_file import load

        return load(path)

    def save_neo(self, path: str | Path) -> None:
        """Write a file that Neo reads, ``.nix`` or ``.mat``; see `result_file.save_neo`."""
        from .result_file import save_neo

        save_neo(self, path)


def _add_signal(segment: neo.Segment, trace: Trace, population: str, dt: float) -> None:
    if trace.times.size == 0:
        return
    neo, pq = require("neo"), require("quantities")
    about = dict(name=f"{population} {trace.name}", population=population, variable=trace.name)
    units = _neo_unit(trace.unit)
    if units is None:  # a unit that Neo has no name for is kept as text
        units, about["unit"] = pq.dimensionless, trace.unit
    gaps = np.diff(trace.times)
    period = (trace.times[-1] - trace.times[0]) / gaps.size if gaps.size else dt
    if np.allclose(gaps, period, rtol=1e-6, atol=0):
        period = period * pq.ms
        signal = neo.AnalogSignal(trace.values, units, t_start=trace.times[0] * pq.ms, sampling_period=period, **about)
        segment.analogsignals.append(signal)
    else:
        signal = neo.IrregularlySampledSignal(trace.times * pq.ms, trace.values, units, **about)
        segment.irregularlysampledsignals.append(signal)
    signal.array_annotate(id=trace.ids)


def _neo_unit(unit: str) -> Any:
    """Unit for Neo by name, never by evaluating text; a compound is ``metre^2 second^-1``."""
    pq = require("quantities")
    total = pq.dimensionless
    for part in unit.split():
        name, _, power = part.partition("^")
        factor = getattr(pq, name, None)
        if not isinstance(factor, pq.UnitQuantity):
            return None
        try:
            total = total * factor ** float(power or 1)
        except ValueError:
            return None
    return total.units
