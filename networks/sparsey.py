"""Sparsey: a hierarchy of macs that stores inputs and sequences in one trial, in a time that no load changes.

A mac (`neurons.sparsey`) gives each input a code, one winner in each of its Q modules; similar inputs get intersecting
codes. `SparseyLevel` lays equal macs over the inputs or over the level below; synapses are set by one co-activity
(`plasticity.sparsey`). What a frame does is stated in `networks.sparsey_reference`, and is the same on both backends.

- `Sparsey.store` learns patterns that stand alone, `Sparsey.learn` a sequence: its codes are linked in time (H) and to
  the codes of the next level (D), so that one picture in two contexts gets two codes.
- `Sparsey.recognise` gives codes and familiarities without learning; `Sparsey.replay` goes on by itself from a cue.
- `Sparsey.recall` completes patterns: a code is read back by the same synapses (`Sparsey.reconstruct`).

**Limits.** Set-once synapses saturate: above `Sparsey.capacity` everything looks familiar. ``decay``, ``freeze``,
larger exponents, several macs and sparser inputs put that off. There is no energy: a code is chosen in one pass.

**Reference.** G. J. Rinkus 2014, "Sparsey: event recognition via deep hierarchical sparse distributed codes",
Front. Comput. Neurosci. 8:160; R. Rinkus and J. Leveille 2017, "Superposed episodic and semantic memory via sparse
distributed representation", arXiv 1710.07829.

>>> memory = Sparsey(12, SparseyParams(modules=6, cells=4), seed=1)
>>> a = np.arange(12) < 4
>>> memory.store([a, ~a])
>>> memory.recognise([a, ~a], separate=True).G[:, 0]
array([1., 1.])
>>> states, info = memory.recall([np.arange(12) < 3])
>>> states.astype(int).tolist(), float(info.G[0, 0])
([[1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]], 1.0)
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from ..kernels.sparsey_columns import POSSIBLE, Codes, K, Memory, Q
from ..neurons.sparsey import SparseyParams
from ..plasticity.sparsey import NEVER, SparseyRule, weight
from .memory import BACKENDS, AssociativeMemory, check_bits, check_choice, check_count, check_number
from .sparsey_backoff import SparseyBackoff
from .sparsey_layout import SIGNALS, SparseyLevel, U, make_layout
from .sparsey_record import SparseyRecall, SparseyRecord
from .sparsey_run import CompiledRunner, How, ReferenceRunner, Runner
from .sparsey_tables import make_tables

__all__ = ["Sparsey"]

_KEPT = ("bits", "stamps", "grown", "frozen", "total", "still", "inflection")


class Sparsey(AssociativeMemory):
    """Store patterns and sequences as sparse distributed codes; recognise, replay and complete them.

    Parameters
    ----------
    inputs : int or tuple of two int
        Number of inputs N, or rows and columns.
    levels : SparseyParams, SparseyLevel or list of SparseyLevel
        From the lowest on; `SparseyParams` alone make one mac that sees all inputs.
    seed : int
        Of the draws.
    backend : str
        ``"numba"`` or ``"reference"``.
    threads : int
        For patterns that stand alone, on ``"numba"``; results do not depend on it.

    Attributes
    ----------
    frames_learned : int
        The memory's time.

    Raises
    ------
    ValueError, TypeError
        A value out of range.
    """

    def __init__(
        self, inputs: int | tuple[int, int], levels: SparseyParams | SparseyLevel | Sequence[SparseyLevel],
        seed: int = 0, backend: str = "numba", threads: int = 1,
    ) -> None:  # fmt: skip
        shape = tuple(inputs) if isinstance(inputs, Iterable) else (1, inputs)
        if len(shape) != 2:
            raise ValueError(f"inputs: expected a number, or rows and columns, got {inputs!r}")
        self.inputs = check_count(shape[0], "inputs"), check_count(shape[1], "inputs")
        made = [SparseyLevel(levels)] if isinstance(levels, SparseyParams) else levels
        if not isinstance(made, SparseyLevel | Iterable):
            raise TypeError(f"levels: expected SparseyParams, a SparseyLevel or a list of them, got {levels!r}")
        made = [made] if isinstance(made, SparseyLevel) else list(made)
        for k, level in enumerate(made):
            if not isinstance(level, SparseyLevel):
                raise TypeError(f"levels[{k}]: expected a SparseyLevel, got {level!r}")
        self.layout = make_layout(self.inputs, made)
        self.seed = check_count(seed, "seed", 0)
        self.backend = check_choice(backend, "backend", BACKENDS)
        self.threads = check_count(threads, "threads")
        self._runner: Runner = (
            CompiledRunner(self.layout, self.threads) if backend == "numba" else ReferenceRunner(self.layout)
        )
        self.frames_learned = 0
        self._active = 0  # inputs that were on in all learned frames together

    @property
    def size(self) -> int:
        """Number of inputs N."""
        return self.inputs[0] * self.inputs[1]

    # -- learning ---------------------------------------------------------------------------------------------------
    def store(self, patterns: Any) -> None:
        """Learn patterns that stand alone, in their order.

        Parameters
        ----------
        patterns : array_like
            bool or 0 and 1, [P, N] or [P, rows, columns].
        """
        self._learn(patterns, "patterns", separate=True)

    def learn(self, frames: Any, separate: bool = False, after: SparseyRecord | None = None) -> SparseyRecord:
        """Learn a sequence and give its codes.

        Parameters
        ----------
        frames : array_like
            bool or 0 and 1, [T, N] or [T, rows, columns].
        separate : bool
            Each frame stands alone, as in `store`.
        after : SparseyRecord, optional
            Go on with the sequence of which these are the codes so far.
        """
        return self._learn(frames, "frames", separate, after)

    def _learn(self, values: Any, what: str, separate: bool, after: SparseyRecord | None = None) -> SparseyRecord:
        frames = self._frames(values, what)
        if self.frames_learned + len(frames) >= 2**29:
            raise ValueError(f"{what}: the memory's time ends at {2**29} frames, got {len(frames)} more")
        now = self.frames_learned
        codes = self._runner.run(frames, self._before(after, separate), How(True, separate, self.seed, now, now))
        self.frames_learned += len(frames)
        self._active += int(frames.sum())
        return _record(codes)

    # -- remembering ------------------------------------------------------------------------------------------------
    def recognise(
        self, frames: Any, separate: bool = False, hard: bool = True, backoff: SparseyBackoff | None = None,
        draw: int = 0, after: SparseyRecord | None = None,
    ) -> SparseyRecord:  # fmt: skip
        """Give the codes of a sequence without learning it.

        Parameters
        ----------
        frames : array_like
            As in `learn`.
        separate : bool
            Each frame stands alone.
        hard : bool
            Take the most likely cell of each module, and draw only between equals; else draw from rho as in learning.
        backoff : SparseyBackoff, optional
            Which signals a mac may leave out when together they fit badly, and whether it may hold or skip a step of
            the sequence; by default none of this.
        draw : int
            Another number gives other draws.
        after : SparseyRecord, optional
            As in `learn`, from the first frame of the sequence on; give ``draw`` too, else the draws of the frames
            before are drawn again.
        """
        how = How(False, separate, self.seed, check_count(draw, "draw", 0) << 32, self.frames_learned, hard, backoff)
        return _record(self._runner.run(self._frames(frames, "frames"), self._before(after, separate), how))

    def replay(self, cue: Any, frames: int, draw: int = 0) -> SparseyRecord:
        """Recognise the first frames of a sequence, then go on without input, by H and D alone.

        Parameters
        ----------
        cue : array_like
            First frames, as in `learn`.
        frames : int
            How many more to give.
        draw : int
            Another number gives other draws between equals.

        Returns
        -------
        SparseyRecord
            Of the cue and the frames after it.
        """
        known = self._frames(cue, "cue")
        blank = np.zeros((check_count(frames, "frames", 0), self.size), bool)
        step = check_count(draw, "draw", 0) << 32
        how = How(False, False, self.seed, step, self.frames_learned, True, None, True)
        return _record(self._runner.run(np.concatenate([known, blank]), None, how))

    def recall(
        self, cues: Any, hard: bool = True, threshold: float = 0.9, draw: int = 0
    ) -> tuple[np.ndarray, SparseyRecall]:
        """Complete patterns that stand alone: their codes, read back into the inputs.

        Parameters
        ----------
        cues : array_like
            bool or 0 and 1, [B, N] or [B, rows, columns].
        hard, draw
            As in `recognise`.
        threshold : float
            Support above which an input is on (see `reconstruct`).

        Returns
        -------
        tuple
            bool [B, N], and `SparseyRecall`.
        """
        check_number(threshold, "threshold", 0, 1)
        record = self.recognise(cues, separate=True, hard=hard, draw=draw)
        support = self.reconstruct(record.codes)
        done = np.ones(len(support), bool)
        return support >= threshold, SparseyRecall(done.astype(np.int64), done, record.codes, record.G, support)

    def reconstruct(self, codes: np.ndarray) -> np.ndarray:
        """Read codes back: for each input, the part of w_max that it has to the winners of all macs that see it.

        Parameters
        ----------
        codes : ndarray
            int [B, M, Q], as in `SparseyRecord`.

        Returns
        -------
        ndarray
            [B, N], 0 for inputs that no active mac sees.
        """
        codes = np.asarray(codes)
        if codes.ndim != 3 or codes.shape[1:] != (len(self.layout.level_of), self.layout.modules):
            wanted = [len(self.layout.level_of), self.layout.modules]
            raise ValueError(
                f"codes: expected shape [., M, Q] = [., {wanted[0]}, {wanted[1]}], got {list(codes.shape)}"
            )
        total, heard = np.zeros((len(codes), self.size)), np.zeros((len(codes), self.size))
        for m in self.layout.macs(0):
            w, p = self._weights(m, U), self.layout.level(m).mac
            on = codes[:, m, 0] >= 0
            seen = self.layout.sources[m][U]
            for q in range(p.modules):
                total[np.ix_(on, seen)] += w[:, q, codes[on, m, q]].T
            heard[np.ix_(on, seen)] += p.modules * self.layout.level(m).rule.weights[0]
        return total / np.maximum(heard, 1)

    # -- what is in it ------------------------------------------------------------------------------------------------
    def weights(self, mac: int, signal: str = "U") -> np.ndarray:
        """Present weights of a bundle, uint8 [inputs or afferent cells, Q, K].

        Parameters
        ----------
        mac : int
            Its number.
        signal : str
            ``"U"``, ``"H"`` or ``"D"``.
        """
        if not 0 <= mac < len(self.layout.level_of):
            raise ValueError(f"mac: expected a number in 0 ... {len(self.layout.level_of) - 1}, got {mac!r}")
        x = SIGNALS.index(check_choice(signal, "signal", ("U", "H", "D")))
        return self._weights(mac, x)

    def saturation(self, signal: str = "U") -> np.ndarray:
        """Part of the synapses of a kind that were ever increased, for each mac [M]; nan where there are none."""
        x = SIGNALS.index(check_choice(signal, "signal", ("U", "H", "D")))
        ints = make_tables(self.layout).ints
        possible = ints[:, POSSIBLE + x] * ints[:, Q] * ints[:, K]
        return self._runner.memory().total[:, x] / np.where(possible > 0, possible, np.nan)

    def frozen(self, signal: str = "U") -> np.ndarray:
        """Part of the cells of each mac whose synapses of a kind are frozen [M]."""
        x = SIGNALS.index(check_choice(signal, "signal", ("U", "H", "D")))
        ints = make_tables(self.layout).ints
        return self._runner.memory().still[:, x] / (ints[:, Q] * ints[:, K])

    def capacity(self, active: int | None = None) -> float:
        """Give the number of random patterns after which a mac that sees the inputs is saturated.

        Each pattern sets a synapse from an active input to one of the K cells of a module: after P patterns the part
        1 - (1 - f/K)^P of the synapses is set, where f is the part of the inputs that are on. The number given is that
        at which it reaches ``rule.saturation`` of the lowest level. It holds for patterns that all count as new.

        Parameters
        ----------
        active : int, optional
            Inputs that are on in a pattern; by default the mean of what was learned.

        Raises
        ------
        ValueError
            If nothing was learned and ``active`` is not given.
        """
        if active is None and not self._active:
            raise ValueError("active: expected the number of active inputs of a pattern, as nothing was learned yet")
        mean = self._active / self.frames_learned if active is None else check_count(active, "active")
        level = self.layout.levels[0]
        if mean > self.size:
            raise ValueError(f"active: expected at most {self.size}, got {active}")
        return math.log(1 - level.rule.saturation) / math.log(1 - mean / self.size / level.mac.cells)

    def __repr__(self) -> str:
        levels = ", ".join(f"{v.grid[0]} x {v.grid[1]} of {v.mac.modules} x {v.mac.cells}" for v in self.layout.levels)
        return (
            f"Sparsey({self.inputs[0]} x {self.inputs[1]} inputs; macs: {levels}; {self.frames_learned} frames learned)"
        )

    # -- help ---------------------------------------------------------------------------------------------------------
    def _before(self, after: SparseyRecord | None, separate: bool) -> Codes | None:
        if after is None:
            return None
        if separate:
            raise ValueError("after: expected None for frames that stand alone, got a record")
        if not len(after.codes) or after.codes.shape[1:] != (len(self.layout.level_of), self.layout.modules):
            raise ValueError(f"after: expected the record of a sequence of this memory, got {list(after.codes.shape)}")
        return Codes(after.codes, after.gains, after.ages, after.G, after.used)

    def _weights(self, m: int, x: int) -> np.ndarray:
        last, stiffness = self._runner.bundle(m, x, self.frames_learned)
        w = weight(stiffness, self.frames_learned - last, self.layout.level(m).rule)
        return np.where(last == NEVER, np.uint8(0), w)

    def _frames(self, values: Any, what: str) -> np.ndarray:
        array = np.asarray(values)
        if array.ndim == 3 and array.shape[1:] == self.inputs:
            array = array.reshape(len(array), -1)
        return check_bits(array, what, self.size)

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings: dict[str, Any] = {name: getattr(self, name) for name in ("inputs", "seed", "backend", "threads")}
        settings |= dict(frames_learned=self.frames_learned, active=self._active)
        levels = [dataclasses.asdict(level) for level in self.layout.levels]
        settings["levels"] = json.loads(json.dumps(levels, default=lambda number: number.item()))  # numbers of NumPy
        memory = self._runner.memory()
        return settings, {name: getattr(memory, name) for name in _KEPT}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        levels = [_level(level) for level in settings["levels"]]
        made = cls(tuple(settings["inputs"]), levels, settings["seed"], settings["backend"], settings["threads"])
        fresh = made._runner.memory()
        for name in _KEPT:
            own, came = getattr(fresh, name), arrays[name]
            if came.shape != own.shape or came.dtype != own.dtype:
                raise ValueError(f"{name}: expected {own.dtype} {list(own.shape)}, got {came.dtype} {list(came.shape)}")
        made.frames_learned, made._active = settings["frames_learned"], settings["active"]
        kept: Memory = fresh._replace(**{name: arrays[name] for name in _KEPT})
        made._runner.restore(kept, made.frames_learned)
        return made


def _record(codes: Codes) -> SparseyRecord:
    return SparseyRecord(codes.codes, codes.G, codes.used, codes.ages, codes.gains)


def _level(values: dict[str, Any]) -> SparseyLevel:
    """A level out of what JSON made of it."""
    mac, rule = dict(values["mac"]), dict(values["rule"])
    if mac["sigma"] is not None:
        mac["sigma"] = tuple(mac["sigma"])
    rule["weights"], rule["ages"] = tuple(rule["weights"]), tuple(tuple(row) for row in rule["ages"])
    kept = {name: values[name] for name in ("neighbours", "signals", "hard_when_frozen")}
    field = None if values["field"] is None else tuple(values["field"])
    return SparseyLevel(SparseyParams(**mac), tuple(values["grid"]), field, rule=SparseyRule(**rule), **kept)
