"""Populations of neurons and parts of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..neurons.model import NeuronModel
from ..parameters import check_duration
from ..units import DIMENSIONLESS, LENGTH, TIME, Dims, to_edge, to_si
from .sources import SpikeArray
from .values import grid_steps, resolve

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Population", "PopulationView"]

NEVER = -(2**40)  # the step of the last spike of a neuron that has not spiked


class Population:
    """Neurons of one model; made by `Network.population`.

    Attributes
    ----------
    name, size, model
    parameters : dict
        Name -> SI value, a float or one per neuron.
    positions : ndarray or None
        Coordinates in metres [size, dimensions].
    every : int
        Steps of the network from one update of the cells to the next.
    """

    def __init__(
        self, network: Network, number: int, size: int, model: NeuronModel | SpikeArray, name: str,
        init: Mapping[str, Any] | None, parameters: Mapping[str, Any] | None, positions: Any, dt: Any = None,
    ) -> None:  # fmt: skip
        self.network, self.number, self.size, self.model, self.name = network, number, size, model, name
        self._given = model
        self.every = self._steps_of(dt)
        self.parameters: dict[str, float | np.ndarray] = {}
        self.init = dict(init or {})
        self.positions = _check_positions(positions, size, name)
        self._rows: tuple[str, ...] = ()
        if isinstance(model, SpikeArray):
            if init or parameters:
                raise ValueError(f"population {name!r}: a SpikeArray has neither parameters nor start values")
            model.steps(network.dt_si)  # times off the grid are told here, not at the run
            self.reset()
            return
        self.parameters = {n: p.value for n, p in model.parameters.items()}
        for n, value in (parameters or {}).items():
            if n not in self.parameters:
                raise ValueError(
                    f"population {name!r}: model {model.name!r} has no parameter {n!r}; "
                    f"expected one of {', '.join(self.parameters)}"
                )
            what = f"population {name!r}: parameters[{n!r}]"
            place = list(self.parameters).index(n)
            self.parameters[n] = resolve(value, size, model.dims(n), self._names(), self._stream(place), what)
            check_duration(self.parameters[n], model.dims(n), what)
        self._rows = (*model.states, *model.inputs)
        for n in self.init:
            if n not in model.states:
                raise ValueError(
                    f"population {name!r}: init: {n!r} is no state variable of model {model.name!r} "
                    f"({', '.join(model.states)})"
                )
        self.reset()

    def _steps_of(self, dt: Any) -> int:
        if dt is None:
            return 1
        what, step = f"population {self.name!r}: dt", self.network.dt_si
        steps = int(grid_steps(resolve(dt, 1, TIME, {}, self._stream(0), what), step, what))
        if steps < 1:
            raise ValueError(f"{what}: expected a multiple of the network's step ({step * 1e3:g} ms), got {dt!r}")
        if steps > 1 and (isinstance(self.model, SpikeArray) or self.model.inputs):
            kind = (
                "a spike array" if isinstance(self.model, SpikeArray) else f"a model with inputs ({self.model.name!r})"
            )
            raise ValueError(f"{what}: {kind} needs the step of the network, {step * 1e3:g} ms, got {dt!r}")
        return steps

    # -- values -----------------------------------------------------------------------------------------------------
    def reset(self) -> None:
        """Set the state to the start values; spikes given by `Network.add_spikes` are forgotten."""
        self.model = self._given
        self._state = np.zeros((len(self._rows), self.size), dtype=self.network.dtype)
        self._last = np.full(self.size, NEVER, dtype=np.int64)
        self._free = np.ones(self.size, dtype=bool)
        if isinstance(self.model, SpikeArray):
            return
        for row, n in enumerate(self.model.states):
            given = self.init.get(n, self.model.init.get(n))
            if given is not None:
                self._state[row] = resolve(
                    given, self.size, self.model.dims(n), self._names(), self._stream(1000 + row),
                    f"population {self.name!r}: init[{n!r}]",
                )  # fmt: skip

    def get(self, variable: str) -> np.ndarray:
        """Give the current values of a state variable or parameter [size] in edge units (mV, nA, ...)."""
        dims = self.dims(variable)
        if variable in self.parameters:
            return to_edge(np.broadcast_to(self.parameters[variable], (self.size,)).astype(float), dims)
        return to_edge(self._state[self._row(variable)].astype(float), dims)

    def set(self, **values: Any) -> None:
        """Set state variables now: a number or array in edge units, or an expression."""
        for n, value in values.items():
            row = self._row(n)
            what = f"population {self.name!r}: {n}"
            stream = self._stream(2000 + row + 64 * self.network.step)
            self._state[row] = resolve(value, self.size, self.dims(n), self._names(), stream, what)

    def dims(self, variable: str) -> Dims:
        """Dimensions of a variable or parameter."""
        if isinstance(self.model, SpikeArray):
            raise ValueError(f"population {self.name!r} is a spike array and has no variable {variable!r}")
        return self.model.dims(variable)

    def _row(self, variable: str) -> int:
        if variable not in self._rows:
            raise ValueError(
                f"population {self.name!r}: {variable!r} is no state variable; expected one of {', '.join(self._rows)}"
            )
        return self._rows.index(variable)

    def _names(self) -> dict[str, tuple[Any, Dims]]:
        names: dict[str, tuple[Any, Dims]] = {"i": (np.arange(self.size), DIMENSIONLESS)}
        names["N"] = self.size, DIMENSIONLESS
        return names | {n: (v, self.dims(n)) for n, v in self.parameters.items()}

    def _stream(self, place: int) -> tuple[int, int, int]:
        return self.network.seed, 64 * self.number, 2**62 + place

    # -- parts ------------------------------------------------------------------------------------------------------
    def __getitem__(self, index: Any) -> PopulationView:
        return PopulationView(self, np.arange(self.size)[_index(index, self.size, self.name)])

    @property
    def population(self) -> Population:
        """The population itself: views answer to the same name."""
        return self

    @property
    def ids(self) -> np.ndarray:
        """Numbers of all its neurons."""
        return np.arange(self.size)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[PopulationView]:
        return (self[i] for i in range(self.size))

    def __repr__(self) -> str:
        kind = "spike array" if isinstance(self.model, SpikeArray) else self.model.name
        return f"Population({self.name!r}, {self.size} x {kind})"


class PopulationView:
    """Some neurons of a population: ``exc[:10]``, ``exc[[1, 5]]``, ``exc[mask]``, ``exc[3]``."""

    def __init__(self, population: Population, ids: np.ndarray) -> None:
        ids = np.atleast_1d(np.asarray(ids, dtype=np.int64))
        if len(np.unique(ids)) != len(ids):
            raise ValueError(f"population {population.name!r}: a view holds each neuron once")
        self.population, self.ids = population, ids

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def name(self) -> str:
        return self.population.name

    def get(self, variable: str) -> np.ndarray:
        """Current values of these neurons in edge units."""
        return self.population.get(variable)[self.ids]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: Any) -> PopulationView:
        return PopulationView(self.population, self.ids[_index(index, len(self.ids), f"view of {self.name}")])

    def __repr__(self) -> str:
        return f"PopulationView({self.name!r}, {self.size} of {self.population.size})"


def _index(index: Any, size: int, name: str) -> Any:
    if isinstance(index, slice):
        return index
    array = np.asarray(index)
    if array.dtype == bool:
        if array.shape != (size,):
            raise IndexError(f"population {name!r}: a mask needs shape ({size},), got {array.shape}")
        return array
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if not np.issubdtype(array.dtype, np.integer) or array.ndim > 1:
        raise TypeError(f"population {name!r}: expected whole numbers, a slice or a mask as index, got {index!r}")
    if array.min() < -size or array.max() >= size:
        raise IndexError(f"population {name!r}: index {index!r} is out of range for {size} neurons")
    return np.where(array < 0, array + size, array)


def _check_positions(positions: Any, size: int, name: str) -> np.ndarray | None:
    if positions is None:
        return None
    what = f"population {name!r}: positions"
    array = np.asarray(to_si(positions, LENGTH, what))
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[0] != size:
        raise ValueError(f"{what}: expected [{size}, dimensions] in metres, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what}: expected finite numbers in metres")
    return array
