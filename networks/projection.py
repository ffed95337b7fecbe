"""Synapses between two populations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plasticity.model import SynapseModel
from ..units import DIMENSIONLESS, LENGTH, TIME, Dims, edge_unit, to_edge
from .connectors import Connector
from .population import Population, PopulationView
from .sources import SpikeArray
from .values import grid_steps, resolve

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Projection"]


class Projection:
    """Synapses of one model from ``pre`` to ``post``; made by `Network.project`.

    Attributes
    ----------
    name, pre, post, target
    synapse : SynapseModel
        Bound to the target variable and its unit.
    pre_ids, post_ids : int arrays [S]
        Neuron numbers within the two populations.
    axonal_steps, dendritic_steps : int arrays [S]
        The two parts of the delay: from the soma to the synapse, and from the synapse to the target's soma (the way
        that a postsynaptic spike needs to reach the synapse).
    """

    def __init__(
        self, network: Network, number: int, name: str, pre: Population | PopulationView,
        post: Population | PopulationView, connector: Connector, weight: Any, delay: Any, target: str | None,
        synapse: SynapseModel | None, dendritic_delay: Any, parameters: Mapping[str, Any] | None,
        init: Mapping[str, Any] | None, round_delays: bool,
    ) -> None:  # fmt: skip
        self.network, self.number, self.name, self.pre, self.post = network, number, name, pre, post
        what = self.what
        if isinstance(post.population.model, SpikeArray):
            raise ValueError(f"{what}: post: a spike array receives nothing")
        model = SynapseModel(name="static") if synapse is None else synapse
        if not isinstance(model, SynapseModel):
            raise TypeError(f"{what}: synapse: expected a SynapseModel, got {type(model).__name__}")
        self.target, dims = self._target(model, target)
        if parameters:
            model = model(**dict(parameters))
        self.synapse = model.bind(self.target, dims)
        self._check_sums()
        self._check_size(connector)
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([network.seed, 1, number])))
        same = pre.population is post.population
        rows, columns = connector.pairs(pre.ids, post.ids, same, rng, self._positions())
        self.pre_ids, self.post_ids = pre.ids[rows], post.ids[columns]
        self._given = weight, dict(init or {})
        self.reset()
        self._set_delays(delay, dendritic_delay, round_delays)

    @property
    def what(self) -> str:
        """The words with which messages begin."""
        return f"projection {self.name!r}"

    @property
    def size(self) -> int:
        """Number of synapses."""
        return len(self.pre_ids)

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        target = self.target or "variables of its own"
        return f"Projection({self.name!r}, {self.size} x {self.synapse.name} -> {target})"

    # -- values -----------------------------------------------------------------------------------------------------
    @property
    def values(self) -> dict[str, np.ndarray]:
        """Synaptic variables in SI: name -> array [S]. Change them with `set`."""
        names = self._variables()
        if self._merged is None:
            return {n: self._values[k].astype(float) for k, n in enumerate(names)}
        return {n: self._merged[k, self._place].astype(float) for k, n in enumerate(names)}

    @property
    def weights(self) -> np.ndarray:
        """Current weights [S] in the edge unit of the target variable."""
        return self.get("w")

    @property
    def delays(self) -> np.ndarray:
        """Total delays [S] in ms."""
        return (self.axonal_steps + self.dendritic_steps) * self.network.dt

    def get(self, variable: str) -> np.ndarray:
        """Current values [S] of a synaptic variable in edge units."""
        return to_edge(self.values[self._known(variable)], self.synapse.dims(variable))

    def set(self, **values: Any) -> None:
        """Set synaptic variables now: a number or array [S] in edge units, or an expression."""
        for n, value in values.items():
            row = self._variables().index(self._known(n))
            stream = self._stream(256 + row + 64 * self.network.step)
            si = resolve(value, self.size, self.synapse.dims(n), self._names(), stream, f"{self.what}: {n}")
            self._check_bounds(n, si)
            if self._merged is None:
                self._values[row] = si
            else:
                self._merged[row, self._place] = si

    def unit(self, variable: str = "w") -> str:
        """Edge unit of a synaptic variable."""
        return edge_unit(self.synapse.dims(variable))[0]

    def reset(self) -> None:
        """Set all variables to their start values."""
        self._values = self._start_values(*self._given)
        self._place: np.ndarray | None = None  # where each synapse lies in the arrays of a run
        self._merged: np.ndarray | None = None

    # -- building ---------------------------------------------------------------------------------------------------
    def _variables(self) -> tuple[str, ...]:
        summed = {e.name for e in self.synapse.summed}
        return tuple(v for v in self.synapse.variables if v not in summed)

    def _known(self, variable: str) -> str:
        if variable not in self._variables():
            raise ValueError(f"{self.what}: no variable {variable!r}; expected one of {', '.join(self._variables())}")
        return variable

    def _target(self, model: SynapseModel, target: str | None) -> tuple[str, Dims]:
        cell = self.post.population.model
        possible = (*cell.states, *cell.inputs)
        if not model.uses_target:
            if target is not None:
                raise ValueError(f"{self.what}: target: {model.owner} names its variables itself; leave it out")
            return "", DIMENSIONLESS
        if target is None:
            raise ValueError(
                f"{self.what}: target: name the variable of {cell.name!r} that spikes act on; "
                f"one of {', '.join(possible)}"
            )
        if target not in possible:
            raise ValueError(
                f"{self.what}: target: model {cell.name!r} has no variable {target!r}; "
                f"expected one of {', '.join(possible)}"
            )
        return target, cell.dims(target)

    def _check_sums(self) -> None:
        cell = self.post.population.model
        for line in self.synapse.summed:
            n = line.name.removesuffix("_post")
            if n in cell.inputs or any(e.name == n and e.kind != "parameter" for e in cell.lines):
                raise ValueError(
                    f"{self.what}: {line.text()!r}: {n!r} of {cell.name!r} is set by the cell itself in each step; "
                    f"expected a variable declared as '{n} : unit'"
                )

    def _check_size(self, connector: Connector) -> None:
        if not isinstance(connector, Connector):
            raise TypeError(f"{self.what}: connector: expected one such as FixedProbability(0.1), got {connector!r}")
        count = connector.expected_count(self.pre.size, self.post.size)
        need = count * (48 + 16 * len(self._variables()))
        self.memory = self.network._fitting(need, f"{self.what}: {connector!r} makes about {count:.3g} synapses")

    def _positions(self) -> tuple[np.ndarray, np.ndarray] | None:
        pre, post = self.pre.population.positions, self.post.population.positions
        return None if pre is None or post is None else (pre[self.pre.ids], post[self.post.ids])

    def _names(self) -> dict[str, tuple[Any, Dims]]:
        names = {"i": (self.pre_ids, DIMENSIONLESS), "j": (self.post_ids, DIMENSIONLESS)}
        pre, post = self.pre.population.positions, self.post.population.positions
        if pre is not None and post is not None:
            names["d"] = (np.linalg.norm(pre[self.pre_ids] - post[self.post_ids], axis=1), LENGTH)
        names.update({n: (p.value, p.dims) for n, p in self.synapse.parameters.items()})
        return names

    def _stream(self, place: int) -> tuple[int, int, int]:
        return self.network.seed, 2**31 + 64 * self.number, 2**62 + place

    def _start_values(self, weight: Any, init: Mapping[str, Any]) -> np.ndarray:
        names = self._variables()
        values = np.zeros((len(names), self.size), dtype=self.network.dtype)
        given = {**self.synapse.init, **init}
        if "w" in names and "w" not in given:
            if weight is None:
                raise ValueError(f"{self.what}: weight: expected a value in {self.unit() or '1'}")
            given["w"] = weight
        elif weight is not None:
            raise ValueError(f"{self.what}: weight: {self.synapse.owner} has no variable 'w' to be set")
        for row, n in enumerate(names):
            if n in given:
                what = f"{self.what}: weight" if n == "w" else f"{self.what}: init[{n!r}]"
                si = resolve(given.pop(n), self.size, self.synapse.dims(n), self._names(), self._stream(row), what)
                self._check_bounds(n, si)
                values[row] = si
        if given:
            bad = next(iter(given))
            raise ValueError(f"{self.what}: init: no variable {bad!r}; expected one of {', '.join(names)}")
        return values

    def _check_bounds(self, name: str, si: Any) -> None:
        if name not in self.synapse.bounds or self.size == 0:
            return
        unit, scale = edge_unit(self.synapse.dims(name))
        low, high = (
            self.synapse.parameters[b].value if isinstance(b, str) else b * scale for b in self.synapse.bounds[name]
        )
        lowest, highest = np.min(si), np.max(si)
        below = lowest < low - 1e-12 * abs(low)  # 0.1/1e9 and 0.1*1e-9 are neighbours
        if below or highest > high + 1e-12 * abs(high):
            bad = lowest if below else highest
            word = "weight" if name == "w" else name
            raise ValueError(
                f"{self.what}: {word}: {self.synapse.name!r} keeps {name} in [{low / scale:g}, {high / scale:g}] "
                f"{unit}, got {bad / scale:g}"
            )

    def _set_delays(self, delay: Any, dendritic: Any, rounding: bool) -> None:
        dt = self.network.dt_si
        steps = []
        for place, (word, value) in enumerate((("delay", delay), ("dendritic_delay", dendritic))):
            si = resolve(value, self.size, TIME, self._names(), self._stream(128 + place), f"{self.what}: {word}")
            found = grid_steps(si, dt, f"{self.what}: {word}", rounding)
            steps.append(np.broadcast_to(found, (self.size,)).astype(np.int32))
        total, self.dendritic_steps = steps
        self.axonal_steps = total - self.dendritic_steps
        if self.size and self.axonal_steps.min() < 0:
            k = int(np.argmin(self.axonal_steps))
            raise ValueError(
                f"{self.what}: dendritic_delay: it is a part of the delay ({total[k] * self.network.dt:g} ms) and "
                f"cannot be longer, got {self.dendritic_steps[k] * self.network.dt:g} ms"
            )
        outside = {s.name for s in self.synapse.pre_statements} - set(self.synapse.variables)
        added = {n for n in self.post.population.model.inputs if f"{n}_post" in outside}
        if added and self.size and total.min() < 1:
            raise ValueError(
                f"{self.what}: delay: an input variable ({min(added)!r}) needs at least one step "
                f"({self.network.dt:g} ms), got 0"
            )
