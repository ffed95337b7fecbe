"""`HopfieldNetwork`: binary associative memory with the classic, a polynomial or the exponential energy.

Energies, dynamics and the numbers that are drawn stand in `hopfield_binary.py`, which also holds the reference;
capacities in `hopfield_theory.py`; the compiled sweeps, which work on bits, in `kernels/hopfield.py`. Stored are the
patterns, one bit a spin; a spin that is visited costs O(K), one that flips O(K) more, and no matrix [N, N] is made.

>>> memory = HopfieldNetwork(4, Polynomial(3), backend="reference")
>>> memory.store([[1, 1, 1, 1], [1, -1, 1, -1]])
>>> states, info = memory.recall([[1, 1, 1, -1], [-1, 1, 1, 1]], order="sequential")
>>> states.tolist(), info.steps.tolist(), info.converged.all()
([[1, -1, 1, -1], [1, 1, 1, 1]], [2, 2], np.True_)
>>> memory.energy(states).tolist(), round(memory.capacity(), 2)
([-4.0, -4.0], 1.92)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple, Self

import numpy as np

from ..kernels.lanes import on_lanes
from . import hopfield_theory as theory
from .hopfield_binary import LANES, Classic, Exponential, Form, Polynomial, Run, overlaps, run
from .memory import (
    BACKENDS,
    AssociativeMemory,
    check_choice,
    check_count,
    check_number,
    check_signs,
    pack_bits,
    unpack_bits,
)

__all__ = ["HopfieldInfo", "HopfieldNetwork"]

_FORMS = {form.__name__: form for form in (Classic, Polynomial, Exponential)}
_BLOCK = 2**22  # overlaps that are held at a time where a state needs no dynamics


class HopfieldInfo(NamedTuple):
    """How a recall ended: sweeps, whether the last one changed nothing, spins that flipped; each [Q]."""

    steps: np.ndarray
    converged: np.ndarray
    flips: np.ndarray


class HopfieldNetwork(AssociativeMemory):
    """Complete patterns of -1 and +1 by descent of an energy.

    Parameters
    ----------
    size : int
        Number of spins N.
    form : Classic, Polynomial or Exponential
        The energy; `Classic` by default.
    backend : str
        ``"numba"`` or ``"reference"``; the same states bit for bit.

    Raises
    ------
    ValueError, TypeError
        Arguments out of range, patterns that are not -1 and +1 or of another size.

    Notes
    -----
    The continuous network is `ModernHopfield`.
    """

    def __init__(self, size: int, form: Form | None = None, backend: str = "numba") -> None:
        self.size = check_count(size, "size", 2)
        self.form = Classic() if form is None else form
        if not isinstance(self.form, Form):
            raise TypeError(f"form: expected Classic(), Polynomial(n) or Exponential(), got {form!r}")
        self.backend = check_choice(backend, "backend", BACKENDS)
        self._rows = np.zeros((0, -(-self.size // 64)), dtype=np.uint64)  # one bit a spin
        self._prepared: Callable[..., Run] | None = None

    # -- what is stored -----------------------------------------------------------------------------------------------
    def store(self, patterns: Any) -> None:
        """Add patterns [P, N] of -1 and +1 (or bool)."""
        fresh = pack_bits(check_signs(patterns, "patterns", self.size) > 0)
        self._rows = np.concatenate([self._rows, fresh])
        self._prepared = None

    @property
    def patterns(self) -> np.ndarray:
        """What is stored: int8 [K, N]."""
        return unpack_bits(self._rows, self.size).view(np.int8) * np.int8(2) - np.int8(1)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"HopfieldNetwork({self.size}, {self.form}, {self.backend!r}; {len(self)} patterns)"

    # -- dynamics -----------------------------------------------------------------------------------------------------
    def recall(
        self, cues: Any, steps: int = 100, dynamics: str = "asynchronous", order: str = "random",
        temperature: float = 0.0, seed: int = 0, threads: int = 1,
    ) -> tuple[np.ndarray, HopfieldInfo]:  # fmt: skip
        """Let each cue run.

        Parameters
        ----------
        cues : array_like
            [Q, N] of -1 and +1 (or bool).
        steps : int
            Most sweeps over all spins. At temperature 0 a cue is done when a sweep changes nothing.
        dynamics : str
            ``"asynchronous"``: spins are visited one after the other. ``"synchronous"``: all at once.
        order : str
            Of asynchronous visits: ``"random"``, drawn anew in each sweep, or ``"sequential"``.
        temperature : float
            0, or that of a heat bath in units of the energy; then all sweeps are made.
        seed : int
            Of the random numbers; the same for every backend and number of threads.
        threads : int
            Cues are shared out between so many; of the compiled backend.

        Returns
        -------
        states : ndarray
            int8 [Q, N].
        info : HopfieldInfo
        """
        cues = check_signs(cues, "cues", self.size)
        options: dict[str, Any] = dict(
            steps=check_count(steps, "steps"),
            dynamics=check_choice(dynamics, "dynamics", ("asynchronous", "synchronous")),
            order=check_choice(order, "order", ("random", "sequential")),
            temperature=check_number(temperature, "temperature", 0),
            seed=check_count(seed, "seed", 0),
        )
        check_count(threads, "threads")
        self._need_patterns()
        if self.backend == "reference":
            result = run(self.form, self.patterns, cues, **options)
        else:
            if self._prepared is None:
                self._prepared = _prepare(self.form, self._rows, self.size)
            result = self._prepared(cues, threads=threads, **options)
        return result.states, HopfieldInfo(*result[1:])

    # -- theory -------------------------------------------------------------------------------------------------------
    def energy(self, states: Any) -> np.ndarray:
        """Energy of each state [Q, N]: float64 [Q]; the formulas stand in `hopfield_binary`."""
        states = check_signs(states, "states", self.size)
        self._need_patterns()
        patterns = self.patterns
        block = max(_BLOCK // len(patterns), 1)
        parts = [states[k : k + block] for k in range(0, len(states), block)]
        found = [self.form.energy(overlaps(patterns, part), self.size) for part in parts]
        return np.concatenate(found) if found else np.zeros(0)

    def capacity(self, criterion: str = "one") -> float:
        """How many random patterns the theory allows.

        Parameters
        ----------
        criterion : str
            ``"one"``: a given pattern stays without an error; N / (2 ln N) for the classic network,
            N^(n-1) / (2 (2n-3)!! ln N) for power n, 2^(N/2) + 1 for the exponential. ``"all"``: of the classic one, all
            patterns at once: N / (4 ln N). ``"retrieval"``: of the classic one, the critical load at temperature 0,
            0.138 N, up to which a state near the pattern exists.
        """
        check_choice(criterion, "criterion", ("one", "all", "retrieval"))
        if criterion != "one" and not isinstance(self.form, Classic):
            raise ValueError(f"criterion: {criterion!r} is known for Classic() only, this is {self.form}")
        if isinstance(self.form, Exponential):
            return theory.exponential_capacity(self.size)
        if criterion == "retrieval":
            return theory.critical_load()[0] * self.size
        n = self.form.n if isinstance(self.form, Polynomial) else 2
        return theory.dense_capacity(self.size, n) / (2 if criterion == "all" else 1)

    # -- help ---------------------------------------------------------------------------------------------------------
    def _need_patterns(self) -> None:
        if not len(self):
            raise ValueError("nothing is stored: call store(patterns) first")

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        form = {"name": type(self.form).__name__, **asdict(self.form)}
        return {"size": self.size, "form": form, "backend": self.backend}, {"rows": self._rows}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        form = dict(settings["form"])
        made = cls(settings["size"], _FORMS[form.pop("name")](**form), settings["backend"])
        rows = arrays["rows"]
        if rows.dtype != np.uint64 or rows.shape[1:] != made._rows.shape[1:]:
            raise ValueError(f"rows: expected uint64 [., {made._rows.shape[1]}], got {rows.dtype} {list(rows.shape)}")
        made._rows = rows
        return made


def _prepare(form: Form, rows: np.ndarray, size: int) -> Callable[..., Run]:
    """Lay patterns out for the compiled sweeps; gives a function with the arguments of `hopfield_binary.run`."""
    from ..kernels.hopfield import classic_sweeps, dense_sweeps

    K, bits = len(rows), unpack_bits(rows, size).T  # [N, K]
    if isinstance(form, Classic):
        columns, valid = pack_bits(bits), pack_bits(np.ones((1, K), dtype=bool))[0]
        fixed: tuple = (columns, bits.sum(1, dtype=np.int64), valid)

        def scratch() -> tuple:
            return (np.zeros((size.bit_length(), columns.shape[1]), dtype=np.uint64),)
    else:
        columns = pack_bits(np.concatenate([bits, np.ones((1, K), dtype=bool)]), LANES)
        fixed, table, padded = (columns,), form.gains(size), columns.shape[1] * LANES

        def scratch() -> tuple:
            return np.zeros(K, dtype=np.int32), np.zeros(padded), np.zeros(padded)

    def sweep(
        states: np.ndarray, steps: int, dynamics: str, order: str, temperature: float, seed: int, threads: int
    ) -> Run:
        result = Run(states.copy(), np.zeros(len(states), np.int64), np.zeros(len(states), bool), _zeros(len(states)))
        work = (steps, dynamics == "synchronous", order == "random", temperature, np.uint64(seed))

        def part(first: int, last: int) -> None:
            common = (np.zeros(rows.shape[1], dtype=np.uint64), _zeros(size), np.zeros(size, dtype=np.int8))
            if isinstance(form, Classic):
                classic_sweeps(rows, *fixed, result.states, first, last, *work, *scratch(), *common, *result[1:])
            else:
                tables = (table.a, table.b, table.below_most, table.scale)
                dense_sweeps(rows, *fixed, result.states, first, last, *work, *tables, *scratch(), *common, *result[1:])

        on_lanes(part, len(states), threads)
        return result

    return sweep


def _zeros(n: int) -> np.ndarray:
    return np.zeros(n, dtype=np.int64)
