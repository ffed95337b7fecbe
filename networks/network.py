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

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..neurons.model import NeuronModel
from ..plasticity.model import SynapseModel
from ..units import TIME, is_number, to_edge, to_si
from .backends import check_backend
from .connectors import Connector
from .injection import Injection, make_injection
from .poisson_input import PoissonInput, make_poisson_input
from .population import Population, PopulationView
from .procedural import ProceduralProjection
from .projection import Projection
from .recording import SpikeRecorder, TraceRecorder, collect, recorders_of
from .result import Result
from .sources import SpikeArray
from .values import grid_steps

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
        si = to_si(dt, TIME, "dt")
        if not isinstance(si, float) or not 0 < si < math.inf:
            raise ValueError(f"dt: expected a time step > 0 ms, got {dt!r}")
        # "100*us" is 0.1 ms, not its neighbour: fifteen digits are what a text or quantity can mean
        self._dt = float(dt) if is_number(dt) else float(f"{to_edge(si, TIME):.15g}")
        self.dt_si = to_si(self._dt, TIME, "dt")
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
            raise ValueError(f"seed: expected a whole number in 0 ... 2**64 - 1, got {seed!r}")
        if str(dtype) not in ("float32", "float64"):
            raise ValueError(f"dtype: expected 'float64' or 'float32', got {dtype!r}")
        self.seed, self.dtype = int(seed), np.dtype(str(dtype))
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
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise ValueError(f"population: n: expected a whole number >= 0, got {n!r}")
        if not isinstance(model, NeuronModel | SpikeArray):
            raise TypeError(f"population: model: expected a NeuronModel or SpikeArray, got {type(model).__name__}")
        if isinstance(model, SpikeArray) and model.size > n:
            raise ValueError(f"population: n: the spike array has spikes of {model.size} neurons, got n = {n}")
        self._may_change("population")
        name = self._name(name, model.name if isinstance(model, NeuronModel) else "spikes", self.populations)
        rows = len(model.states) + len(model.inputs) if isinstance(model, NeuronModel) else 0
        memory = self._fitting(n * (self.dtype.itemsize * (2 * rows + 2) + 40), f"population {name!r}: {n} neurons")
        if n >= 2**31:
            raise ValueError(f"population {name!r}: n: at most 2**31 - 1 neurons, got {n}")
        p = Population(self, len(self.populations), int(n), model, name, init, parameters, positions, dt)
        if isinstance(model, NeuronModel):
            from ..kernels import neuron_module

            neuron_module(model, target="reference")  # unit errors are told here, not at the run
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
        self._check_own(pre, "project: pre")
        self._check_own(post, "project: post")
        self._may_change("projection")
        name = self._name(name, f"{pre.name} -> {post.name}", self.projections)
        q = (ProceduralProjection if procedural else Projection)(
            self, len(self.projections), name, pre, post, connector, weight, delay, target, synapse, dendritic_delay,
            parameters, init, round_delays,
        )  # fmt: skip
        from ..kernels import synapse_module
        from .layout import state_dims

        checked = id(q.synapse), id(pre.population.model), id(post.population.model)
        if procedural or checked not in self._checked:
            facts = synapse_module(q.synapse, state_dims(pre.population), state_dims(post.population), "reference")
            self._checked.add(checked)
            if isinstance(q, ProceduralProjection):
                q.check(facts)
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
        self._check_own(view, "inject: view")
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
        self._check_own(view, "poisson_input: view")
        self._may_change("Poisson input")
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
        if not isinstance(population, Population) or population.network is not self:
            raise TypeError(f"add_spikes: population: expected a population of this network, got {population!r}")
        if not isinstance(population.model, SpikeArray):
            raise ValueError(f"add_spikes: population: {population.name!r} has cells, not a SpikeArray")
        what = f"add_spikes to {population.name!r}"
        ms = np.asarray(to_si(times, TIME, f"{what}: times")) * 1e3
        try:
            ms, ids = (np.atleast_1d(a) for a in np.broadcast_arrays(ms, np.asarray(ids)))
        except ValueError:
            raise ValueError(f"{what}: ids: expected as many as times, {ms.shape}, got {np.shape(ids)}") from None
        if not ms.size:
            return
        more = SpikeArray(ms, ids, rounding=population.model.rounding)
        if more.size > population.size:
            raise ValueError(f"{what}: ids: expected 0 to {population.size - 1}, got {more.size - 1}")
        steps, numbers = more.steps(self.dt_si)
        if steps[0] < self.step:
            raise ValueError(f"{what}: times: expected at least {self.time:g} ms (now), got {more.times[0]:g} ms")
        model = population.model.extended(more.times, more.ids)
        model.steps(self.dt_si, start=more.times[0])  # refuses a neuron that would spike twice in a step
        population.model = model
        if self._engine is not None:
            self._engine.add_spikes(population, steps, numbers)

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
        if not isinstance(what, Sequence):
            raise TypeError(f"record: what: expected 'spikes' or names of variables, got {what!r}")
        names = [what] if isinstance(what, str) else list(what)
        if isinstance(view, Projection):
            if view.network is not self:
                raise TypeError(f"record: view: expected a projection of this network, got {view!r}")
            if names not in (["weights"], ["spikes"]) or "w" not in view.values:
                raise ValueError(f"record: {view.what}: expected 'weights', got {what!r}")
            self._weight_recorders.setdefault(view, view.weights)
            return
        self._check_own(view, "record: view")
        p, every = view.population, self._interval(interval, "record: interval")
        if interval is not None and set(names) <= {"spikes"}:
            raise ValueError(f"record: interval: all spikes are kept, an interval is for variables; got {interval!r}")
        spikes: list[SpikeRecorder] = []
        traces: list[TraceRecorder] = []
        for n in names:
            taken = (*self._spike_recorders, *spikes) if n == "spikes" else (*self._trace_recorders, *traces)
            if any(r.population is p and (getattr(r, "part_of", "") or getattr(r, "variable", n)) == n for r in taken):
                raise ValueError(f"record: {n!r} of population {p.name!r} is recorded already")
            if n != "spikes":
                traces += recorders_of(p, n, view.ids, every, self.step)
                continue
            if isinstance(p.model, NeuronModel) and not p.model.threshold:
                what = f"model {p.model.name!r} of population {p.name!r}"
                raise ValueError(f"record: {what} has no threshold and never spikes")
            spikes.append(SpikeRecorder(p, np.sort(view.ids), self.step))
        self._spike_recorders += spikes
        self._trace_recorders += traces

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
        steps = self._steps(duration, "run: duration")
        if isinstance(threads, bool) or not isinstance(threads, int | np.integer) or not 1 <= threads <= 1024:
            raise ValueError(f"run: threads: expected a whole number in 1 ... 1024, got {threads!r}")
        if threads > 1 and backend != "numba":
            raise ValueError(f"run: threads: the {backend!r} backend runs on one thread, got {threads}")
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
        if progress:
            from tqdm import tqdm

            form = "{l_bar}{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}]"
            with tqdm(total=steps * self.dt, desc="simulating", bar_format=form) as bar:

                def advanced(n: int) -> None:
                    bar.update(min(n * self.dt, bar.total - bar.n))

                interrupted = self._engine.run(
                    steps, int(threads), lambda n: bar.update(min(n * self.dt, bar.total - bar.n))
                )
        else:
            interrupted = self._engine.run(steps, int(threads), None)
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
        from .state_file import on_its_way

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
        from .state_file import save

        save(self, path)

    def restore_state(self, path: Any) -> None:
        """Read a state written by a network of the same structure; what follows is the same bit for bit."""
        from .state_file import restore

        restore(self, path)

    def describe(self) -> str:
        """Describe the network in a few lines: populations, projections, delays, and how the engine lays them out.

        What is constant costs nothing: a weight that was given as one value, the delay, and the traces of plastic
        synapses that belong to one of the two neurons are not stored with the synapses.
        """
        lines = [f"Network: dt {self.dt:g} ms, seed {self.seed}, {self.dtype}, at t = {self.time:g} ms"]
        for p in self.populations.values():
            kind = p.model.name if isinstance(p.model, NeuronModel) else "spike array"
            slow = f", updated every {p.every} steps" if p.every > 1 else ""
            lines.append(f"  population {p.name!r}: {p.size} x {kind}{slow}")
        for drive in self._poisson_inputs:
            where = f"{len(drive.ids)} neurons of {drive.population.name!r}, {drive.target}"
            lines.append(f"  Poisson input to {where}: {drive.n} x {drive.rate:g} Hz")
        for q in self.projections.values():
            steps = sorted(a + d for a, d in q.delay_pairs())
            delays = f"{steps[0] * self.dt:g} ... {steps[-1] * self.dt:g} ms" if steps else "-"
            what = f"{'about ' if q.procedural else ''}{q.about} synapses ({q.synapse.name}) -> {q.target or '-'}"
            lines.append(f"  projection {q.name!r}: {what}, delay {delays}")
        if self._engine is not None:
            for b in self._engine.layout.bundles:
                lines.append(f"  layout of {', '.join(repr(q.name) for q in b.projections)}: {b.describe()}")
            slab = self._engine.slab
            often = "in every step" if slab <= 1 else f"every {slab} steps"
            lines.append(f"  backend {self._engine.backend!r}: threads meet {often}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        neurons = sum(p.size for p in self.populations.values())
        synapses = sum(q.about for q in self.projections.values())
        return f"Network({neurons} neurons, {synapses} synapses, t = {self.time:g} ms)"

    # -- help -------------------------------------------------------------------------------------------------------
    def _name(self, name: str | None, default: str, taken: Mapping[str, Any]) -> str:
        if name is None:
            name, k = default, 2
            while name in taken:
                name, k = f"{default} {k}", k + 1
        if not isinstance(name, str) or not name or not name.isprintable() or "/" in name:
            raise ValueError(f"name: expected a printable text without '/', got {name!r}")
        if name in taken:
            raise ValueError(f"name: {name!r} is taken already")
        return name

    def _may_change(self, what: str) -> None:
        if self._engine is not None or self._restored is not None:
            when = "before the first run or after reset()"
            raise ValueError(f"a {what} can be added {when}, not at t = {self.time:g} ms")

    def _check_own(self, view: Any, what: str) -> None:
        if not isinstance(view, Population | PopulationView) or view.population.network is not self:
            raise TypeError(f"{what}: expected a population of this network, got {view!r}")

    def _steps(self, time: Any, what: str) -> int:
        """Give one time in ms as a number of steps."""
        si = to_si(time, TIME, what)
        if not isinstance(si, float):
            raise TypeError(f"{what}: expected one time, got {time!r}")
        return int(grid_steps(si, self.dt_si, what))

    def _interval(self, interval: Any, what: str) -> int:
        every = 1 if interval is None else self._steps(interval, what)
        if every < 1:
            raise ValueError(f"{what}: expected at least dt = {self.dt:g} ms, got {interval!r}")
        return every

    def _fitting(self, size: float, what: str) -> float:
        """Give ``size`` (bytes) back; refuse what cannot fit into memory, with the estimate, before it is made."""
        import os

        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if self._claimed + size > 0.9 * total:
            raise ValueError(
                f"{what}: needs about {size / 2**30:.3g} GiB, {self._claimed / 2**30:.3g} GiB are claimed already and "
                f"this machine has {total / 2**30:.3g} GiB"
            )
        return size
