r"""Expressive leaky memory (ELM) neuron: synaptic traces, a small network, memory units with fixed time constants.

**Dynamics.** Each synapse filters its input with tau_s; the traces of a branch add up; memory unit i leaks with tau_m,i
towards what a network of one hidden layer proposes from branches and memory: tau_m dm/dt = -m + lambda phi(MLP(b, m)).

**Update** per step dt, for an input x [..., N] that `ELMRouting` brings to the synapses:

    w_s = max(0, w_raw),   kappa_s = exp(-dt/tau_s),   kappa_m = exp(-dt/tau_m),   phi(a) = 1.7159 tanh(2a/3)
    s   <- kappa_s s + w_s x                                      [..., S]
    b    = sum of s over the K synapses of each branch            [..., D]
    k    = kappa_m m                                              (what is kept; the network sees it decayed)
    m   <- k + g phi(W2 act(W1 [b, k] + b1) + b2)                 [..., M]
    y    = Wy m + by                                              [..., O]

``variant="v1"`` (the paper): gain g = lambda (1 - kappa_m); the steady state is lambda phi for every tau_m.
``variant="v2"`` (the authors' later code): g = 1 - exp(-lambda dt/tau_m), which stays below 1; the trace lives on the
branch: s [..., D], s <- kappa_s s + sum of w_s x, so that b = s. With lambda = 1 and one tau_s both are the same map.

Plain ELM: one synapse per branch, D = S = N. Branch-ELM: K > 1, fewer weights at equal fit.

============  =============  =========  =====================================================================
name          default        symbol     meaning; larger means
============  =============  =========  =====================================================================
w_raw         0.5            w          synaptic weights before rectification [S]; stronger input
W1, b1        drawn          W_1, b_1   hidden layer, [H, D + M] and [H]; H = 2 M by default
W2, b2        drawn          W_2, b_2   proposal layer, [M, H] and [M]
Wy, by        drawn          W_y, b_y   readout, [O, M] and [O]; None for both: y = m
tau_m         1 ... 1000 ms  tau_m      time constants of the memory [M], log-spaced; longer memory
tau_s         5 ms           tau_s      of the traces: one, [S] (v1) or [D] (v2); smoother input
lam           5              lambda     gain of the update; wider range of m
activation    relu           act        of the hidden layer: ``relu`` or ``silu``
routing       None           -          which input reaches which synapse
============  =============  =========  =====================================================================

**State**: s [..., S] (v1) or [..., D] (v2), m [..., M], both zero at first. Input: spike counts or any numbers; output:
analogue. \|m\| <= 1.7159 lambda in v1, and less than 1.7159 lambda in v2, whatever the input.

**Left out.** More than one hidden layer. A memory unit with tau_m far below dt holds nothing, which is intended where
bins are wide.

**Reference.** A. Spieler, N. Rahaman, G. Martius, B. Schoelkopf, A. Levina 2024, ICLR (arXiv 2306.16922), section 2; v2
and default values: the authors' published code.

>>> p = ELMParams(w_raw=[0.5], W1=np.zeros((2, 2)), b1=[0, 0], W2=np.zeros((1, 2)), b2=[1.5], tau_m=[10.0], lam=1.0)
>>> y, state = elm_step(elm_init((), p), np.array([1.0]), p, dt=1.0)   # 1.7159 tanh(1) (1 - exp(-0.1)); s = 0.5
>>> y.round(6).tolist(), state.s.tolist()
([0.12436], [0.5])
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

import numpy as np

from ..units import is_whole
from .elm_routing import ELMRouting

__all__ = ["ELMParams", "ELMState", "elm_init", "elm_random", "elm_step", "elm_timescales"]

AMPLITUDE, SLOPE = 1.7159, 2 / 3  # of LeCun's tanh
_LEARNED = ("w_raw", "W1", "b1", "W2", "b2", "Wy", "by")


@dataclass(frozen=True, eq=False)
class ELMParams:
    """Parameters of `elm_step`, see the module. Arrays are kept as they come, lists become float64.

    Raises
    ------
    ValueError
        With the field, what was expected and what came.
    """

    w_raw: np.ndarray
    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray
    tau_m: np.ndarray
    tau_s: float | np.ndarray = 5.0
    lam: float = 5.0
    Wy: np.ndarray | None = None
    by: np.ndarray | None = None
    variant: Literal["v1", "v2"] = "v1"
    activation: Literal["relu", "silu"] = "relu"
    routing: ELMRouting | None = None

    def __post_init__(self) -> None:
        for name in (*_LEARNED, "tau_m", "tau_s"):
            value = getattr(self, name)
            if value is not None:
                array = np.asarray(value)
                object.__setattr__(self, name, array if array.dtype.kind == "f" else array.astype(float))
        for name, words in (("variant", ("v1", "v2")), ("activation", ("relu", "silu"))):
            if getattr(self, name) not in words:
                raise ValueError(f"ELMParams.{name}: expected {' or '.join(words)}, got {getattr(self, name)!r}")
        if (self.Wy is None) != (self.by is None):
            raise ValueError("ELMParams: give both Wy and by, or neither")
        M = self.tau_m.shape[0] if self.tau_m.ndim == 1 else -1
        H = self.b1.shape[0] if self.b1.ndim == 1 else -1
        D = self.W1.shape[1] - M if self.W1.ndim == 2 else -1
        S = self.w_raw.shape[0] if self.w_raw.ndim == 1 else -1
        for name, n in (("tau_m", M), ("b1", H), ("w_raw", S)):
            if n < 1:
                raise ValueError(
                    f"ELMParams.{name}: expected a row of numbers, got shape {_shape(getattr(self, name))}"
                )
        if D < 1 or S % D:
            raise ValueError(
                f"ELMParams.W1: expected [H, D + M] = [{H}, D + {M}] with D a divisor of the {S} synapses, "
                f"got {_shape(self.W1)}"
            )
        O = self.by.shape[0] if self.by is not None and self.by.ndim == 1 else -1
        wanted = dict(W1=(H, D + M), W2=(M, H), b2=(M,), Wy=(O, M), by=(O,))
        for name, shape in wanted.items():
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                raise ValueError(f"ELMParams.{name}: expected shape {list(shape)}, got {_shape(value)}")
        traces = S if self.variant == "v1" else D
        if self.tau_s.shape not in ((), (traces,)):
            raise ValueError(f"ELMParams.tau_s: expected one value or [{traces}], got shape {_shape(self.tau_s)}")
        for name in ("tau_m", "tau_s"):
            value = getattr(self, name)
            if not (np.all(value > 0) and np.all(np.isfinite(value))):
                raise ValueError(f"ELMParams.{name}: must be > 0 ms and finite, got {value.min()} ... {value.max()}")
        if not (np.ndim(self.lam) == 0 and 0 < self.lam < np.inf):
            raise ValueError(f"ELMParams.lam: expected a number > 0, got {self.lam!r}")
        if self.routing is not None and self.routing.source.shape != (S,):
            raise ValueError(f"ELMParams.routing: expected {S} synapses, got {self.routing.source.size}")

    @property
    def inputs(self) -> int:
        """Number of inputs N."""
        return self.w_raw.shape[0] if self.routing is None else self.routing.inputs

    @property
    def memory(self) -> int:
        """Number of memory units M."""
        return self.tau_m.shape[0]

    @property
    def branches(self) -> int:
        """Number of branches D."""
        return self.W1.shape[1] - self.memory

    @property
    def traces(self) -> int:
        """Number of synaptic traces: S in v1, D in v2."""
        return self.w_raw.shape[0] if self.variant == "v1" else self.branches

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned: S + (D + M + 1) H + (H + 1) M + (M + 1) O; time constants are not."""
        return sum(value.size for name in _LEARNED if (value := getattr(self, name)) is not None)

    def astype(self, dtype: Any) -> ELMParams:
        """Give the same neuron with all arrays in this number type."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        made: dict[str, Any] = {n: v.astype(dtype) if isinstance(v, np.ndarray) else v for n, v in given.items()}
        return ELMParams(**made)


class ELMState(NamedTuple):
    """Synaptic traces s [..., S] (v1) or [..., D] (v2) and memory m [..., M]."""

    s: np.ndarray
    m: np.ndarray


def elm_init(shape: tuple[int, ...], params: ELMParams) -> ELMState:
    """Give zero traces and memory for a batch of this shape, in the number type of the weights."""
    kind = params.W1.dtype
    return ELMState(np.zeros((*shape, params.traces), kind), np.zeros((*shape, params.memory), kind))


def elm_step(state: ELMState, inputs: np.ndarray, params: ELMParams, dt: float) -> tuple[np.ndarray, ELMState]:
    """Do one step of ``dt`` ms: inputs (..., N) give output (..., O), or (..., M) without readout, and state."""
    p = params
    if inputs.shape[-1:] != (p.inputs,):
        raise ValueError(f"inputs: expected (..., N) with N = {p.inputs}, got {_shape(inputs)}")
    if not 0 < dt < np.inf:
        raise ValueError(f"dt: must be > 0 ms, got {dt!r}")
    for name, size in (("s", p.traces), ("m", p.memory)):
        value = getattr(state, name)
        if value.shape != (*inputs.shape[:-1], size):
            raise ValueError(f"state.{name}: expected {[*inputs.shape[:-1], size]}, got {_shape(value)}")
    arriving = np.maximum(p.w_raw, 0) * (inputs if p.routing is None else p.routing.apply(inputs))
    kappa_s, kappa_m = np.exp(-dt / p.tau_s), np.exp(-dt / p.tau_m)
    if p.variant == "v1":
        s = kappa_s * state.s + arriving
        b = _by_branch(s, p.branches)
        gain = p.lam * (1 - kappa_m)
    else:
        s = b = kappa_s * state.s + _by_branch(arriving, p.branches)
        gain = 1 - np.exp(-dt * p.lam / p.tau_m)
    kept = kappa_m * state.m
    hidden = _act(np.concatenate([b, kept], axis=-1) @ p.W1.T + p.b1, p.activation)
    m = kept + gain * AMPLITUDE * np.tanh(SLOPE * (hidden @ p.W2.T + p.b2))
    y = m if p.Wy is None else m @ p.Wy.T + p.by
    return y, ELMState(s, m)


def elm_timescales(memory: int, low: float = 1.0, high: float = 1000.0) -> np.ndarray:
    """Give M time constants [ms], log-spaced from ``low`` to ``high``."""
    if not is_whole(memory) or memory < 1:
        raise ValueError(f"memory: expected an integer >= 1, got {memory!r}")
    if not 0 < low < high < np.inf:
        raise ValueError(f"low, high: expected 0 < low < high in ms, got {low!r} and {high!r}")
    return np.geomspace(low, high, memory)


def elm_random(
    inputs: int, memory: int, outputs: int | None, rng: np.random.Generator, *, hidden: int | None = None,
    branches: int | None = None, tau_m: np.ndarray | None = None, routing: ELMRouting | None = None, **others: Any,
) -> ELMParams:  # fmt: skip
    """Draw parameters as the authors do: weights 0.5, layers uniform within 1/sqrt(fan-in).

    Parameters
    ----------
    inputs, memory, outputs : int
        N, M, O; ``outputs=None`` for no readout.
    rng : numpy.random.Generator
    hidden : int
        H, by default 2 M.
    branches : int
        D, by default one for each synapse.
    tau_m : ndarray
        [M] in ms, by default `elm_timescales`.
    routing : ELMRouting
    **others
        Further fields of `ELMParams`.
    """
    synapses = inputs if routing is None else routing.source.size
    if routing is not None and routing.inputs != inputs:
        raise ValueError(f"routing: expected {inputs} inputs, got {routing.inputs}")
    branches, hidden = synapses if branches is None else branches, 2 * memory if hidden is None else hidden

    def layer(rows: int, fan_in: int) -> tuple[np.ndarray, np.ndarray]:
        bound = fan_in**-0.5
        return rng.uniform(-bound, bound, (rows, fan_in)), rng.uniform(-bound, bound, rows)

    W1, b1 = layer(hidden, branches + memory)
    W2, b2 = layer(memory, hidden)
    Wy, by = (None, None) if outputs is None else layer(outputs, memory)
    tau_m = elm_timescales(memory) if tau_m is None else tau_m
    return ELMParams(np.full(synapses, 0.5), W1, b1, W2, b2, tau_m, Wy=Wy, by=by, routing=routing, **others)


def _by_branch(x: np.ndarray, branches: int) -> np.ndarray:
    return x.reshape(*x.shape[:-1], branches, -1).sum(axis=-1)


def _act(a: np.ndarray, kind: str) -> np.ndarray:
    return np.maximum(a, 0) if kind == "relu" else a * (0.5 + 0.5 * np.tanh(0.5 * a))


def _shape(value: np.ndarray) -> list[int]:
    return list(np.shape(value))
