"""Synapses between two populations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plasticity.model import SynapseModel
from ..units import DIMENSIONLESS, LENGTH, TIME, Dims, edge_unit, to_edge
from .connectors import Connector
from .memory_claims import fitting
from .population import Population, PopulationView
from .sources import SpikeArray
from .synapse_target import bind_synapse
from .values import check_bounds, grid_steps, resolve
from .wiring import Wiring

if TYPE_CHECKING:
    from .bundle import Bundle
    from .network import Network

__all__ = ["Projection"]


class Projection:
    """Synapses of one model from ``pre`` to ``post``; made by `Network.project`.

    Attributes
    ----------
    name, pre, post, target
    synapse : SynapseModel
        Bound to the target variable and its unit.
    size : int
        Number of synapses, S.
    wiring : Wiring
        Who is joined to whom, and how late.
    procedural : bool
        No synapse is stored; see `procedural`.
    """

    procedural = False

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
        self.synapse, self.target = bind_synapse(synapse, parameters, target, post.population.model, what)
        self._given = weight, dict(init or {})
        self._values: dict[str, np.ndarray] = {}  # in stored order, [S], or [] if given as one
        self._lent: tuple[Bundle, int] | None = None  # to a run, which then holds what there is one of per synapse
        self._drawn: tuple[np.ndarray, np.ndarray] | None = None
        if not isinstance(connector, Connector):
            raise TypeError(f"{what}: connector: expected one such as FixedProbability(0.1), got {connector!r}")
        self._connect(connector, delay, dendritic_delay, round_delays)

    def _connect(self, connector: Connector, delay: Any, dendritic_delay: Any, round_delays: bool) -> None:
        """Draw the synapses, their delays and start values."""
        pre, post, network = self.pre, self.post, self.network
        self._check_size(connector)
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([network.seed, 1, self.number])))
        same = pre.population is post.population
        rows, columns = connector.pairs(pre.ids, post.ids, same, rng, self._positions())
        sources, targets = _ids(pre, rows), _ids(post, columns)
        del rows, columns
        self.size = len(sources)
        self._drawn = sources, targets
        axonal, dendritic = self._delays(delay, dendritic_delay, round_delays)
        start = self._start_values()
        self._wiring: Wiring | None = Wiring.of(
            sources, targets, pre.population.size, post.population.size, axonal, dendritic
        )
        self._numbers = self._wiring.places, self._wiring.order
        self._drawn = None
        self._start(start)

    @property
    def what(self) -> str:
        """The words with which messages begin."""
        return f"projection {self.name!r}"

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        target = self.target or "variables of its own"
        return f"{type(self).__name__}({self.name!r}, {self.about} x {self.synapse.name} -> {target})"

    @property
    def about(self) -> int:
        """Number of synapses, or, where they are drawn whenever they are needed, what it is on average."""
        return self.size

    # -- wiring -----------------------------------------------------------------------------------------------------
    @property
    def wiring(self) -> Wiring:
        """Compressed rows of the synapses; made from the arrays of the run while there is one."""
        if self._lent is None:
            return self._wiring
        bundle, k = self._lent
        return bundle.find(k)[0]

    @property
    def pre_ids(self) -> np.ndarray:
        """Presynaptic neuron of each synapse within its population: int64 [S]."""
        if self._drawn is not None:
            return self._drawn[0]
        wiring = self.wiring
        return wiring.shown(wiring.sources())

    @property
    def post_ids(self) -> np.ndarray:
        """Postsynaptic neuron of each synapse within its population: int64 [S]."""
        if self._drawn is not None:
            return self._drawn[1]
        wiring = self.wiring
        return wiring.shown(wiring.targets).astype(np.int64)

    @property
    def axonal_steps(self) -> np.ndarray:
        """Steps from the soma to the synapse: int32 [S]."""
        wiring = self.wiring
        return wiring.shown(wiring.axonal).astype(np.int32)

    @property
    def dendritic_steps(self) -> np.ndarray:
        """Steps from the synapse to the target's soma, which a postsynaptic spike needs to reach it: int32 [S]."""
        wiring = self.wiring
        return wiring.shown(wiring.dendritic).astype(np.int32)

    @property
    def delays(self) -> np.ndarray:
        """Total delays [S] in ms."""
        return (self.axonal_steps + self.dendritic_steps) * self.network.dt

    def delay_pairs(self) -> set[tuple[int, int]]:
        """All combinations of axonal and dendritic steps that occur."""
        wiring = self.wiring
        if not self.size:
            return set()
        width = int(wiring.dendritic.max()) + 1
        found = np.unique(wiring.axonal.astype(np.int64) * width + wiring.dendritic)
        return {divmod(int(pair), width) for pair in found}

    # -- values -----------------------------------------------------------------------------------------------------
    @property
    def values(self) -> dict[str, np.ndarray]:
        """Synaptic variables in SI: name -> array [S]. Change them with `set`."""
        return {n: self._stored(n).astype(float) for n in self._variables()}

    @property
    def raw(self) -> np.ndarray:
        """All variables in the network's own precision: [variables, S]."""
        names = self._variables()
        return np.stack([self._stored(n) for n in names]) if names else np.zeros((0, self.size), self.network.dtype)

    def _stored(self, name: str) -> np.ndarray:
        """Present values of a variable [S]."""
        if self._lent is None:
            return self._wiring.shown(self._values[name])
        bundle, k = self._lent
        wiring, place = bundle.find(k)
        return wiring.shown(bundle.get(k, name, place))

    @property
    def weights(self) -> np.ndarray:
        """Current weights [S] in the edge unit of the target variable."""
        return self.get("w")

    def get(self, variable: str) -> np.ndarray:
        """Current values [S] of a synaptic variable in edge units."""
        return to_edge(self._stored(self._known(variable)).astype(float), self.synapse.dims(variable))

    def set(self, **values: Any) -> None:
        """Set synaptic variables now: a number or array [S] in edge units, or an expression."""
        for n, value in values.items():
            row = self._variables().index(self._known(n))
            stream = self._stream(256 + row + 64 * self.network.step)
            si = self._resolve(value, self.synapse.dims(n), stream, f"{self.what}: {n}")
            self._check_bounds(n, si)
            stored = self._in_store(si)
            if self._lent is not None and not self._lent[0].set(self._lent[1], n, stored):
                self.network.park()  # the run's arrays are made anew
            if self._lent is None:
                self._values[n] = stored

    def set_raw(self, values: np.ndarray, when: np.ndarray) -> None:
        """Take over `raw` values, and the steps at which synapses were last brought up to date, [S] or [0]."""
        for n, mine in zip(self._variables(), values, strict=True):
            one = self._values[n].ndim == 0 and self.size and (mine == mine[0]).all()
            self._values[n] = mine[0] if one else self._wiring.stored(mine)
        if len(when):
            self._when = np.array(when[0]) if (when == when[0]).all() else self._wiring.stored(when)

    def touched(self) -> np.ndarray:
        """Step at which each synapse was last brought up to date: int64 [S]."""
        if self._lent is None:
            return self._wiring.shown(self._when)
        bundle, k = self._lent
        return self.wiring.shown(bundle.touched(k, self.network.step))

    def is_touched(self, step: int) -> bool:
        """True if all synapses are up to date at this step."""
        return bool(self._when.ndim == 0 and self._when == step)

    def unit(self, variable: str = "w") -> str:
        """Edge unit of a synaptic variable."""
        return edge_unit(self.synapse.dims(variable))[0]

    def reset(self) -> None:
        """Set all variables to their start values."""
        self._start(self._start_values())

    def constant(self, name: str) -> float:
        """SI value of a parameter of the synapse model, or of a variable that has one value for all synapses."""
        if name in self.synapse.parameters:
            return self.synapse.parameters[name].value
        return self._values[name].item()

    # -- a run ------------------------------------------------------------------------------------------------------
    def lend(self, bundle: Bundle, k: int) -> None:
        """Leave the synapses to a run, as its k-th projection of a bundle."""
        self._lent, self._wiring = (bundle, k), None
        module = bundle.module
        for n in (*module.VARYING, *module.PRE_TRACES, *module.POST_TRACES):
            if n in self._values:
                self._values[n] = np.zeros(0)

    def take_back(self, wiring: Wiring, values: dict[str, np.ndarray], when: np.ndarray) -> None:
        """Take the synapses from a run that ends."""
        self._lent, self._wiring, self._values, self._when = None, wiring, values, when

    # -- building ---------------------------------------------------------------------------------------------------
    def _variables(self) -> tuple[str, ...]:
        summed = {e.name for e in self.synapse.summed}
        return tuple(v for v in self.synapse.variables if v not in summed)

    def _known(self, variable: str) -> str:
        if variable not in self._variables():
            raise ValueError(f"{self.what}: no variable {variable!r}; expected one of {', '.join(self._variables())}")
        return variable

    def _check_size(self, connector: Connector) -> None:
        count = connector.expected_count(self.pre.size, self.post.size)
        kept = count * (4 + self.network.dtype.itemsize * len(self._variables()))
        drawing = 40 * count  # pairs of numbers, while they are drawn and sorted
        what = f"{self.what}: {connector!r} makes about {count:.3g} synapses"
        self.memory = fitting(self.network, kept + drawing, what) - drawing

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

    def _in_store(self, si: float | np.ndarray) -> np.ndarray:
        """Give a resolved value as it is kept: in the network's precision, in stored order, one value without axes."""
        value = np.asarray(si).astype(self.network.dtype)
        places, order = self._numbers
        if value.ndim and len(places):
            value[places] = value[order]
        return value

    def _start(self, values: dict[str, float | np.ndarray]) -> None:
        self._when = np.array(0)
        for n, si in values.items():
            self._values[n] = self._in_store(si)

    def _start_values(self) -> dict[str, float | np.ndarray]:
        weight, init = self._given
        variables = self._variables()
        values: dict[str, float | np.ndarray] = dict.fromkeys(variables, 0.0)
        given = {**self.synapse.init, **init}
        if "w" in variables and "w" not in given:
            if weight is None:
                raise ValueError(f"{self.what}: weight: expected a value in {self.unit() or '1'}")
            given["w"] = weight
        elif weight is not None:
            raise ValueError(f"{self.what}: weight: {self.synapse.owner} has no variable 'w' to be set")
        for row, n in enumerate(variables):
            if n in given:
                what = f"{self.what}: weight" if n == "w" else f"{self.what}: init[{n!r}]"
                si = self._resolve(given.pop(n), self.synapse.dims(n), self._stream(row), what)
                self._check_bounds(n, si)
                values[n] = si
        if given:
            bad = next(iter(given))
            raise ValueError(f"{self.what}: init: no variable {bad!r}; expected one of {', '.join(variables)}")
        return values

    def start_values(self) -> dict[str, np.ndarray]:
        """Start values of all variables in SI: name -> array [S]."""
        found = self._start_values()
        return {n: np.broadcast_to(v, (self.size,)).astype(self.network.dtype).astype(float) for n, v in found.items()}

    def _resolve(self, value: Any, dims: Dims, stream: tuple[int, int, int], what: str) -> float | np.ndarray:
        names = self._names() if isinstance(value, str) else {}
        return resolve(value, self.size, dims, names, stream, what)

    def _check_bounds(self, name: str, si: Any) -> None:
        if self.procedural or self.size:
            check_bounds(self.synapse, name, si, self.what)

    def _delays(self, delay: Any, dendritic: Any, rounding: bool) -> tuple[np.ndarray, np.ndarray]:
        """Axonal and dendritic steps, [1] or [S] in the order drawn."""
        dt = self.network.dt_si
        steps, given = [], 0
        for place, (word, value) in enumerate((("delay", delay), ("dendritic_delay", dendritic))):
            si = self._resolve(value, TIME, self._stream(128 + place), f"{self.what}: {word}")
            given += np.ndim(si)
            steps.append(np.atleast_1d(grid_steps(si, dt, f"{self.what}: {word}", rounding)))
        total, late = steps
        # as given, so that no drawn number decides what is compiled
        self.has_dendrites, self.has_one_delay = bool(np.ndim(si) or si), not given
        axonal = total - late
        some = self.procedural or self.size  # to count procedural ones takes time
        if some and axonal.min() < 0:
            k, (total, late) = int(np.argmin(axonal)), np.broadcast_arrays(total, late)
            raise ValueError(
                f"{self.what}: dendritic_delay: it is a part of the delay ({total[k] * self.network.dt:g} ms) and "
                f"cannot be longer, got {late[k] * self.network.dt:g} ms"
            )
        outside = {s.name for s in self.synapse.pre_statements} - set(self.synapse.variables)
        added = {n for n in self.post.population.model.inputs if f"{n}_post" in outside}
        if added and some and total.min() < 1:
            raise ValueError(
                f"{self.what}: delay: an input variable ({min(added)!r}) needs at least one step "
                f"({self.network.dt:g} ms), got 0"
            )
        if not some:
            return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        return axonal, late


def _ids(view: Population | PopulationView, positions: np.ndarray) -> np.ndarray:
    return positions if isinstance(view, Population) else view.ids[positions]
