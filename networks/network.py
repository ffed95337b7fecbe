"""`Network`: populations, projections, inputs, recordings, and the run.

>>> from spikegram.neurons import NeuronModel
>>> leaky = NeuronModel("dv/dt = (20*mV - v)/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV")
>>> net = Network(dt=0.1)
>>> cell = net.population(1, leaky, name="cell")
>>> net.record(cell, "spikes")
>>> net.run(20, backend="reference")["cell"].spikes.times.round(1).tolist()
[6.9, 13.9]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from ..neurons.model import NeuronModel
from ..plasticity.model import SynapseModel
from .add_spikes import add_spikes
from .backends import check_backend
from .connectors import Connector
from .description import describe
from .injection import Injection, make_injection
from .memory_claims import memory_of_cells
from .network_checks import (
    check_cell_units,
    check_cells,
    check_dt,
    check_dtype,
    check_open,
    check_own,
    check_seed,
    check_synapse_units,
    check_threads,
    free_name,
)
from .poisson_input import PoissonInput, make_poisson_input
from .population import Population, PopulationView
from .procedural import ProceduralProjection
from .progress import progress_bar
from .projection import Projection
from .recording import SpikeRecorder, TraceRecorder, collect, record_cells, record_weights
from .result import Result
from .sources import SpikeArray
from .state_file import on_its_way, restore, save
from .values import time_steps

if TYPE_CHECKING:
    from .engine import Engine

__all__ = ["Network"]


class Network:
    """A network of spiking neurons.

    Order within a step, as in Brian 2: record states, state update, threshold, delivery of due spikes (``on_pre``, then
    ``on_post``), arrivals and reset. A spike found in step n has time n*dt; with a delay of d steps it is delivered in
    step n + d after the threshold, so that the update of step n + d + 1 feels it first. An ``(input)`` variable instead
    holds in step n + d, before the state update, the sum of what arrives in that step.

    Parameters
    ----------
    dt : float
        Time step in ms.
    seed : int
        Seed of wiring, start values and noise. The same seed gives the same bits on any number of threads.
    dtype : str
        ``"float64"`` or ``"float32"`` for states, weights and parameters.

    Raises
    ------
    ValueError
        If ``dt`` is not a positive time, or ``seed`` not a whole number in 0 ... 2**64 - 1.
    """

    def __init__(self, dt: Any = 0.1, seed: int = 0, dtype: str = "float64") -> None:
        self._dt, self.dt_si = check_dt(dt)
        self.seed, self.dtype = check_seed(seed), check_dtype(dtype)
        self.populations: dict[str, Population] = {}
        self.projections: dict[str, Projection] = {}
        self.step = 0
        self._spike_recorders: list[SpikeRecorder] = []
        self._trace_recorders: list[TraceRecorder] = []
        self._weight_recorders: dict[Projection, np.ndarray] = {}
        self._injections: list[Injection] = []
        self._poisson_inputs: list[PoissonInput] = []
        self._claimed = 0.0
        self._checked: set[tuple[int, int, int]] = set()  # synapse models whose units were seen to fit two cells
        self._engine: Engine | None = None
        self._restored: Mapping[str, np.ndarray] | None = None
        self._last: Result | None = None

    # -- structure --------------------------------------------------------------------------------------------------
    @property
    def dt(self) -> float:
        """Time step in ms."""
        return self._dt

    @property
    def time(self) -> float:
        """Time simulated since the last reset, in ms."""
        return self.step * self.dt

    def population(
        self, n: int, model: NeuronModel | SpikeArray, name: str | None = None, init: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None, positions: Any = None, dt: Any = None,
    ) -> Population:  # fmt: skip
        """Add ``n`` neurons of a model.

        Parameters
        ----------
        n : int
            Number of neurons, 0 allowed.
        model : NeuronModel or SpikeArray
        name : str, optional
            By default the model's name with a number if it is taken.
        init : dict
            Start values: numbers in edge units, arrays [n] or expressions such as ``"-60*mV + 10*mV*rand()"``.
        parameters : dict
            Values that differ between neurons (or simply other values), in the same forms.
        positions : array [n, dimensions]
            In metres, for distance-dependent connectors.
        dt : float, optional
            In ms, a multiple of the network's step: the cells are updated, their threshold is tested, at multiples of
            ``dt`` only (slow cells, such as astrocytes). What arrives is added at once. Not for models with ``(input)``
            variables.

        Returns
        -------
        Population
        """
        check_cells(n, model)
        check_open(self, "population")
        name = free_name(name, model.name if isinstance(model, NeuronModel) else "spikes", self.populations)
        memory = memory_of_cells(self, n, model, name)
        p = Population(self, len(self.populations), int(n), model, name, init, parameters, positions, dt)
        check_cell_units(model)
        self.populations[name] = p
        self._claimed += memory
        return p

    def project(
        self, pre: Population | PopulationView, post: Population | PopulationView, connector: Connector,
        weight: Any = None, delay: Any = 0, target: str | None = None, synapse: SynapseModel | None = None,
        dendritic_delay: Any = 0, name: str | None = None, parameters: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] | None = None, round_delays: bool = False, procedural: bool = False,
    ) -> Projection:  # fmt: skip
        """Connect two populations or parts of them.

        Parameters
        ----------
        pre, post : Population or PopulationView
        connector : Connector
            `OneToOne`, `AllToAll`, `FixedProbability`, ...
        weight : number, array [S] or expression
            In the edge unit of the target variable; an expression may use ``i``, ``j``, ``d`` (distance), ``rand()``.
        delay : number, array [S] or expression
            Total delay in ms, a multiple of ``dt``; 0 acts within the step in which the spike is found.
        target : str
            Variable of the postsynaptic model that a spike adds to.
        synapse : SynapseModel, optional
            By default static: ``target_post += w``.
        dendritic_delay : number, array [S] or expression
            The part of ``delay`` between the synapse and the soma: a postsynaptic spike needs as long to reach the
            synapse. The rest is axonal.
        parameters, init : dict
            Other parameter values of the synapse model, and start values of its variables.
        round_delays : bool
            Round delays to the nearest step instead of refusing others.
        procedural : bool
            Store no synapses: draw the targets of each spike anew, from a stream that always gives the same ones. For
            networks that do not fit into memory; about ten times slower for each synaptic event. One weight and one
            delay, static synapses, and as connector `AllToAll`, `FixedProbability` or `FixedOutDegree`, whose synapses
            are others than those that the same connector draws to be stored.

        Returns
        -------
        Projection

        Raises
        ------
        ValueError, TypeError
            If an argument is malformed, has a wrong unit or cannot be met by these neurons; nothing is added then.
        """
        check_own(self, pre, "project: pre")
        check_own(self, post, "project: post")
        check_open(self, "projection")
        name = free_name(name, f"{pre.name} -> {post.name}", self.projections)
        q = (ProceduralProjection if procedural else Projection)(
            self, len(self.projections), name, pre, post, connector, weight, delay, target, synapse, dendritic_delay,
            parameters, init, round_delays,
        )  # fmt: skip
        check_synapse_units(self, q)
        self.projections[name] = q
        self._claimed += q.memory
        return q

    def inject(
        self, view: Population | PopulationView, amplitude: Any, start: Any = 0, stop: Any = None,
        target: str | None = None, interval: Any = None,
    ) -> None:  # fmt: skip
        """Inject a current (or whatever unit the input variable has).

        Parameters
        ----------
        view : Population or PopulationView
        amplitude : number, quantity, array [T] or array [T, n]
            One value; or values over time, each held for ``interval``; or those for each of the view's neurons.
        start, stop : float
            In ms; from step start/dt up to, but without, step stop/dt.
        target : str
            A variable flagged ``(input)``; may be left out if there is only one.
        interval : float
            In ms, for values over time; by default ``dt``.
        """
        check_own(self, view, "inject: view")
        self._injections.append(make_injection(self, view, amplitude, start, stop, target, interval))

    def poisson_input(
        self, view: Population | PopulationView, target: str | None = None, rate: Any = None, weight: Any = None,
        n: int = 1,
    ) -> None:  # fmt: skip
        """Drive each neuron by Poisson events of its own, without cells and synapses for them.

        In each step a neuron gets k events, k Poisson-distributed with mean ``n * rate * dt``, and ``k * weight`` is
        added to its target variable, as spikes that arrive in this step would be: after the threshold, lost where the
        variable stands still while refractory; or into an ``(input)`` variable for this step. Brian 2: `PoissonInput`;
        NEST: one ``poisson_generator``.

        Parameters
        ----------
        view : Population or PopulationView
        target : str
            Variable that the events add to; may be left out if there is one input variable only.
        rate : float
            Of each of the ``n`` sources, in Hz.
        weight : number or quantity
            Of an event, in the edge unit of the target variable.
        n : int
            Number of sources for each neuron.

        Raises
        ------
        ValueError, TypeError
            Unknown variables, negative rates, more than 10,000 events a step.
        """
        check_own(self, view, "poisson_input: view")
        check_open(self, "Poisson input")
        drive = make_poisson_input(self, view, target, rate, weight, n)
        self._poisson_inputs.append(drive)

    def add_spikes(self, population: Population, times: Any, ids: Any) -> None:
        """Give spikes to a spike array, before the first run or between two runs.

        `reset` forgets them, `save_state` keeps them. ``population.model`` is from then on a `SpikeArray` of all
        spikes, so that what is exported or run again elsewhere is the input that the network really had.

        Parameters
        ----------
        population : Population
            Made with a `SpikeArray`.
        times : float or array [S]
            In ms, not before the present time (`time`): a spike at exactly that time comes in the next step.
        ids : int or array [S]
            Neuron of each spike; one time may stand for several neurons, one neuron for several times.

        Raises
        ------
        ValueError, TypeError
            Times in the past or off the grid, neurons out of range, a neuron that spikes twice in one step. The
            network is then unchanged.
        """
        add_spikes(self, population, times, ids)

    def record(
        self, view: Population | PopulationView | Projection, what: str | Sequence[str] = "spikes", interval: Any = None
    ) -> None:
        """Record spikes, state variables, or (of a projection) weights before and after.

        Parameters
        ----------
        view : Population, PopulationView or Projection
        what : str or list of str
            ``"spikes"``, names of variables (states, inputs, expressions), or ``"weights"`` of a projection.
        interval : float
            Between samples of a variable in ms, by default ``dt``. A sample at t is taken at the start of the step.
        """
        if isinstance(view, Projection):
            record_weights(self, view, what)
        else:
            record_cells(self, view, what, interval)

    # -- running ----------------------------------------------------------------------------------------------------
    def run(self, duration: Any, backend: str = "numba", threads: int = 1, progress: bool = False) -> Result:
        """Simulate; a second call goes on where the first ended.

        Parameters
        ----------
        duration : float
            In ms, a multiple of ``dt``.
        backend : str
            ``"numba"`` (compiled), ``"reference"`` (NumPy, slow and readable) or ``"brian2"`` (from the start only).
        threads : int
            Threads of the ``numba`` backend. The result does not depend on it.
        progress : bool
            Show a progress bar.

        Returns
        -------
        Result
            Everything recorded since the last `reset`. After Ctrl-C it holds what was recorded until then and its
            ``interrupted`` is true.
        """
        check_backend(backend)
        steps = time_steps(duration, self.dt_si, "run: duration")
        threads = check_threads(threads, backend)
        if not self.populations:
            raise ValueError("run: the network has no population")
        if backend == "brian2":
            from ..bridges.brian2 import run_in_brian2  # a backend that lives in another world

            self._last = run_in_brian2(self, steps)
            return self._last
        if self._engine is not None and self._engine.backend != backend:
            raise ValueError(
                f"run: backend: this network is running on {self._engine.backend!r}; reset() it before changing to "
                f"{backend!r}"
            )
        if self._engine is None:
            from .engine import Engine

            self._engine = Engine(self, backend)
        with progress_bar(steps, self.dt) if progress else nullcontext() as advanced:
            interrupted = self._engine.run(steps, threads, advanced)
        self._last = collect(self, backend, interrupted)
        return self._last

    @property
    def result(self) -> Result:
        """The result of the last run."""
        if self._last is None:
            raise ValueError("the network has not run yet")
        return self._last

    def reset(self) -> None:
        """Go back to time 0: start values, start weights, no spikes on their way, recordings emptied."""
        self._drop_engine()
        for p in self.populations.values():
            p.reset()
        for q in self.projections.values():
            q.reset()
        self._restored, self._last, self.step = None, None, 0
        self.clear_recordings()

    def park(self) -> None:
        """Take the network out of its run; the next `run` goes on with arrays made anew."""
        if self._engine is not None:
            self._restored = on_its_way(self)
            self._drop_engine()

    def _drop_engine(self) -> None:
        if self._engine is not None:
            self._engine.release()
            self._engine = None

    def clear_recordings(self) -> None:
        """Forget what was recorded until now; what is recorded from here on begins at the present time."""
        for r in (*self._spike_recorders, *self._trace_recorders):
            r.begin = self.step
            r.steps.clear()
            (r.numbers if isinstance(r, SpikeRecorder) else r.values).clear()
        self._weight_recorders = {q: q.weights for q in self._weight_recorders}

    def save_state(self, path: Any) -> None:
        """Write the whole state (variables, weights, spikes on their way, time) to a file; see `restore_state`."""
        save(self, path)

    def restore_state(self, path: Any) -> None:
        """Read a state written by a network of the same structure; what follows is the same bit for bit."""
        restore(self, path)

    def describe(self) -> str:
        """Describe the network in a few lines: populations, projections, delays, and how the engine lays them out.

        What is constant costs nothing: a weight that was given as one value, the delay, and the traces of plastic
        synapses that belong to one of the two neurons are not stored with the synapses.
        """
        return describe(self)

    def __repr__(self) -> str:
        neurons = sum(p.size for p in self.populations.values())
        synapses = sum(q.about for q in self.projections.values())
        return f"Network({neurons} neurons, {synapses} synapses, t = {self.time:g} ms)"
