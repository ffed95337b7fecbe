r"""ELM neuron as a sequence layer: the equations of `spikegram.neurons.elm`, trained by one fused kernel each way.

>>> import torch
>>> layer = ELM(30, 9, memory=20, tau_range=(1.0, 150.0))
>>> y, state = layer((torch.rand(50, 8, 30) < 0.1).float())
>>> y.shape, state.m.shape, layer.parameter_count
(torch.Size([50, 8, 9]), torch.Size([8, 20]), 3079)
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ...neurons.elm import AMPLITUDE, SLOPE, ELMParams, elm_timescales
from ...neurons.elm_routing import ELMRouting, neuronio_routing, random_routing
from .decays import TimeConstant
from .elm_op import elm_operator
from .laws import Law, drawn
from .sequence import SequenceLayer

__all__ = ["ELM", "ELMLayerState"]


class ELMLayerState(NamedTuple):
    """Traces s (B, traces), see `ELM.traces`, and memory m (B, memory)."""

    s: Tensor
    m: Tensor


class ELM(SequenceLayer):
    r"""Expressive leaky memory neuron, plain or with branches.

    The update is that of `spikegram.neurons.elm_step`. Gradients of all weights, of learned ``tau_m``, of the state and
    of the input are exact.

    The state holds traces s and memory m. What a trace is depends on `traces`: with one ``tau_s`` for all and at least
    as many branches as hidden units, filter and first layer are exchanged, which gives the same output for less work,
    and s (B, hidden) is the share of the traces in the arguments of the hidden units ("hidden"); else s (B, branches)
    are the branches' sums ("branch"), or (B, synapses) in v1 if ``tau_s`` differs between synapses ("synapse").

    Parameters
    ----------
    in_features, out_features : int
        Inputs N and outputs O; ``out_features=None``: no readout, the output is the memory.
    memory : int
        Memory units M.
    hidden : int
        Units H of the hidden layer, by default 2 M.
    branches, per_branch : int
        D and K; by default each input is a branch. Without routing N must be D*K.
    routing : {"random", "neuronio"} or sequence of int, optional
        Which input each of the D*K synapses listens to, see `spikegram.neurons.elm_routing`; a sequence names the
        inputs, -1 for none.
    routing_seed : int
        Of the random routing.
    variant : {"v1", "v2"}
        v1 is the paper's; v2 the authors' later form, whose gain stays below 1.
    activation : {"relu", "silu"}
        Of the hidden layer.
    tau_s : float, sequence or law
        Time constant of the traces in ms; a sequence or a law (`laws`) for each synapse (v1) or branch (v2).
    tau_range : pair of float
        Shortest and longest time constant of the memory in ms: log-spaced; bounds of learned ones.
    tau_m : sequence of float or law, optional
        The M time constants themselves.
    lam : float
        Gain of the update.
    dt : float
        Time step in ms.
    learn : sequence of str
        ``("tau_m",)`` trains the time constants of the memory.
    decay_param : str
        How they are stored then, see `spikegram.bridges.torch.decays`.
    save : {"auto", "state", "checkpoint"}
        Keep inner values for the backward pass, T*B*(H + M) numbers, or make them anew there; auto: keep up to 256 MB.
    backend : {"auto", "numba", "torch"}
        ``torch`` runs step by step: any device, second derivatives, forward mode. auto: the kernel on the CPU.
    init_state : {"rest", "learn"}
        Where sequences start: at zero, or in learned traces and memory ``start_s``, ``start_m``.
    batch_first : bool
    device, dtype
        Of the parameters.

    Raises
    ------
    ValueError
        With the argument, what was expected and what came.

    Notes
    -----
    Shapes: x (T, B, N), y (T, B, O). x may be a sparse COO tensor (T, B, N): only its events are touched. A dense x of
    which less than a fifth is not zero is treated in the same way after one look at it; numbers are the same.

    Weights: w_raw = 0.5, layers uniform within 1/sqrt(fan-in). Parameters ``w_raw, W1, b1, W2, b2, Wy, by`` as in
    `ELMParams`, and ``tau_m.raw`` if learned. Time constants are evaluated in at least single precision.

    Work per step and sample: (events) H + 2 M H + M O multiply-adds forward, twice that backward. The result does not
    depend on the number of threads; samples of a batch are dealt out to them by four.

    Nothing is exported to NIR, which has no such node.

    References
    ----------
    A. Spieler, N. Rahaman, G. Martius, B. Schoelkopf, A. Levina 2024, ICLR (arXiv 2306.16922); v2: the authors' code.
    """

    State = ELMLayerState

    source: Tensor

    def __init__(
        self, in_features: int, out_features: int | None, memory: int = 100, *, hidden: int | None = None,
        branches: int | None = None, per_branch: int = 1,
        routing: Literal["random", "neuronio"] | Sequence[int] | None = None, routing_seed: int = 0,
        variant: Literal["v1", "v2"] = "v1", activation: Literal["relu", "silu"] = "relu",
        tau_s: float | Sequence[float] | Law = 5.0, tau_range: Sequence[float] = (1.0, 1000.0),
        tau_m: Sequence[float] | Law | None = None, lam: float = 5.0, dt: float = 1.0, learn: Sequence[str] = (),
        decay_param: str = "sigmoid_tau", save: Literal["auto", "state", "checkpoint"] = "auto",
        backend: Literal["auto", "numba", "torch"] = "auto", init_state: Literal["rest", "learn"] = "rest",
        batch_first: bool = False, device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        super().__init__((in_features,), batch_first)
        self._config = dict(
            in_features=in_features, out_features=out_features, memory=memory, hidden=hidden, branches=branches,
            per_branch=per_branch,
            routing=routing if routing is None or isinstance(routing, str) else [*map(int, routing)],
            routing_seed=routing_seed, variant=variant, activation=activation,
            tau_range=(*map(float, tau_range),), lam=lam, dt=dt, learn=tuple(learn), decay_param=decay_param, save=save,
            backend=backend, init_state=init_state, batch_first=batch_first,
        )  # fmt: skip
        for name, value, least in (
            ("in_features", in_features, 1), ("out_features", out_features, 1), ("memory", memory, 1),
            ("hidden", hidden, 1), ("branches", branches, 1), ("per_branch", per_branch, 1),
        ):  # fmt: skip
            optional = name in ("out_features", "hidden", "branches")
            if not (optional and value is None) and (type(value) is not int or value < least):
                raise ValueError(f"ELM: {name}: expected an integer >= {least}, got {value!r}")
        words = dict(
            variant=("v1", "v2"), activation=("relu", "silu"), save=("auto", "state", "checkpoint"),
            backend=("auto", "numba", "torch"),
        )  # fmt: skip
        for name, known in words.items():
            if self._config[name] not in known:
                raise ValueError(f"ELM: {name}: expected one of {', '.join(known)}, got {self._config[name]!r}")
        if set(learn) - {"tau_m"}:
            raise ValueError(f'ELM: learn: only "tau_m" can be learned, got {tuple(learn)!r}')
        if not 0 < lam < math.inf:
            raise ValueError(f"ELM: lam: expected a number > 0, got {lam!r}")
        self.variant, self.activation, self.lam, self.save, self.backend = (
            variant,
            activation,
            float(lam),
            save,
            backend,
        )
        self.memory, self.hidden, self.out_features = memory, hidden or 2 * memory, out_features
        self.branches, self.per_branch = self._layout(routing, routing_seed, branches, per_branch, device)
        synapses = self.branches * self.per_branch

        own = synapses if variant == "v1" else self.branches
        tau_m, tau_s = drawn(tau_m, (memory,)), drawn(tau_s, (own,))
        self._config |= dict(
            tau_s=float(tau_s) if np.ndim(tau_s) == 0 else [*map(float, tau_s)],
            tau_m=None if tau_m is None else [*map(float, tau_m)],
        )
        times = elm_timescales(memory, *tau_range) if tau_m is None else np.asarray(tau_m, float)
        if times.shape != (memory,):
            raise ValueError(f"ELM: tau_m: expected {memory} values, got shape {list(times.shape)}")
        self.tau_m = TimeConstant(
            times, dt, learn="tau_m" in learn, param=decay_param, device=device, dtype=dtype,
            low=tau_range[0] if decay_param == "sigmoid_tau" else None,
            high=tau_range[1] if decay_param == "sigmoid_tau" else None,
        )  # fmt: skip
        if np.shape(tau_s) not in ((), (own,)):
            raise ValueError(f"ELM: tau_s: expected one value or {own}, got shape {list(np.shape(tau_s))}")
        self.tau_s = TimeConstant(tau_s, dt, device=device)
        if np.ndim(tau_s) == 0:
            self.traces = "hidden" if self.branches >= self.hidden else "branch"
        else:
            self.traces = "synapse" if variant == "v1" else "branch"

        given = dict(device=device, dtype=dtype)
        self.w_raw = nn.Parameter(torch.full((synapses,), 0.5, **given))
        self.W1, self.b1 = _layer(self.hidden, self.branches + memory, given)
        self.W2, self.b2 = _layer(memory, self.hidden, given)
        self.Wy, self.by = (None, None) if out_features is None else _layer(out_features, memory, given)
        self._learn_start(init_state, device, dtype)

    def _layout(self, routing: Any, seed: int, branches: int | None, per_branch: int, device: Any) -> tuple[int, int]:
        """Set ``source``, the input of each synapse with N for none; give D and K."""
        (N,) = self.in_shape
        if routing is None:
            branches = N // per_branch if branches is None else branches
            if branches * per_branch != N:
                raise ValueError(
                    f"ELM: without routing there is a synapse for each of {N} inputs, "
                    f"got branches * per_branch = {branches} * {per_branch}"
                )
            table = ELMRouting(N, np.arange(N))
        elif isinstance(routing, str):
            if routing not in ("random", "neuronio"):
                raise ValueError(f'ELM: routing: expected "random", "neuronio" or inputs of synapses, got {routing!r}')
            if branches is None:
                raise ValueError(f"ELM: routing={routing!r} needs branches and per_branch")
            if routing == "random":
                table = random_routing(N, branches, per_branch, np.random.default_rng(seed))
            else:
                table = neuronio_routing(N, branches, per_branch)
        else:
            table = ELMRouting(N, np.asarray(routing))
            branches = table.source.size // per_branch if branches is None else branches
            if branches * per_branch != table.source.size:
                raise ValueError(
                    f"ELM: routing: expected branches * per_branch = {branches} * {per_branch} synapses, "
                    f"got {table.source.size}"
                )
        source = torch.from_numpy(np.where(table.source < 0, N, table.source))
        self.register_buffer("source", source.to(device), persistent=False)
        self._straight = routing is None
        return branches, per_branch

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Outputs of a step."""
        return (self.memory if self.out_features is None else self.out_features,)

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Sizes of traces and memory."""
        sizes = dict(hidden=self.hidden, branch=self.branches, synapse=self.w_raw.shape[0])
        return {"s": (sizes[self.traces],), "m": (self.memory,)}

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned, time constants not counted."""
        return sum(p.numel() for p in self.parameters(recurse=False))

    @property
    def backend_used(self) -> str:
        """``numba`` or ``torch``, as the device and the choice of ``backend`` have it."""
        return "numba" if self.backend != "torch" and self.w_raw.device.type == "cpu" else "torch"

    def config(self) -> dict[str, Any]:
        """Give the arguments of the constructor."""
        return dict(self._config)

    # -- the layer's work --
    def _weights(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """Arrange the parameters as `spikegram.kernels.elm.ELMWeights`."""
        D, K, (N,) = self.branches, self.per_branch, self.in_shape
        W1, w = self.W1.to(dtype), torch.relu(self.w_raw.to(dtype))
        W1b = W1[:, :D].t()
        branch = torch.arange(D * K, device=w.device) // K
        if self.traces == "synapse":
            W1b, branch = W1b[branch], torch.arange(D * K, device=w.device)
        if self.traces == "hidden":
            rows = w[:, None] * (W1b if K == 1 else W1b[branch])
            E = rows if self._straight and K == 1 else w.new_zeros(N + 1, W1b.shape[1]).index_add(0, self.source, rows)
        else:
            E = w.new_zeros(N + 1, W1b.shape[0]).index_put((self.source, branch), w, accumulate=True)
        tau, kappa_m, gain = self.tau_m(dtype)
        gain = self.lam * gain if self.variant == "v1" else -torch.expm1(-self.lam * self.tau_m.dt / tau)
        _, kappa, _ = self.tau_s(dtype)
        made = dict(
            E=E[:N], b1=self.b1.to(dtype), W1m=W1[:, D:].t(), W2=self.W2.to(dtype).t(), b2=self.b2.to(dtype),
            kappa=kappa.expand(E.shape[1]), kappa_m=kappa_m, gain=gain,
        )  # fmt: skip
        if self.traces != "hidden":
            made["W1b"] = W1b
        if self.Wy is not None:
            made |= dict(Wy=self.Wy.to(dtype).t(), by=self.by.to(dtype))
        return made

    def run(self, x: Tensor, state: ELMLayerState) -> tuple[Tensor, ELMLayerState]:
        """Run a sequence (T, B, N)."""
        if self.backend == "numba" and x.device.type != "cpu":
            raise ValueError(f"ELM: backend='numba' works on the CPU, got x on {x.device}; use backend='torch'")
        if self.backend_used == "numba":
            y, s, m = elm_operator(x, self._weights(x.dtype), state.s, state.m, self.activation, self.save)
            return y, ELMLayerState(s, m)
        if self.backend == "auto":
            warnings.warn(
                f"ELM: no kernel for {x.device}: running step by step (set backend='torch' to silence)", stacklevel=4
            )
        weights, outputs = self._weights(x.dtype), []
        for x_t in (x.to_dense() if x.is_sparse else x).unbind(0):
            y, state = self._step(x_t, state, weights)
            outputs.append(y)
        return torch.stack(outputs), state

    def advance(self, x: Tensor, state: ELMLayerState) -> tuple[Tensor, ELMLayerState]:
        """Do one step (B, N) in plain torch."""
        return self._step(x, state, self._weights(x.dtype))

    def _step(self, x: Tensor, state: ELMLayerState, w: dict[str, Tensor]) -> tuple[Tensor, ELMLayerState]:
        device = x.device.type if torch.amp.is_autocast_available(x.device.type) else "cpu"
        with torch.autocast(device, enabled=False):
            s = w["kappa"] * state.s + x @ w["E"]
            kept = w["kappa_m"] * state.m
            a = (s @ w["W1b"] if "W1b" in w else s) + w["b1"] + kept @ w["W1m"]
            hidden = torch.relu(a) if self.activation == "relu" else nn.functional.silu(a)
            m = kept + w["gain"] * AMPLITUDE * torch.tanh(SLOPE * (hidden @ w["W2"] + w["b2"]))
            y = m @ w["Wy"] + w["by"] if "Wy" in w else m
        return y, ELMLayerState(s, m)

    # -- to and from the reference --
    def to_params(self) -> ELMParams:
        """Give the neuron as parameters of `spikegram.neurons.elm_step`, in float64."""
        N = self.in_shape[0]
        arrays = {
            name: None if p is None else p.detach().cpu().double().numpy().copy()
            for name in ("w_raw", "W1", "b1", "W2", "b2", "Wy", "by")
            for p in (getattr(self, name),)
        }
        source = self.source.cpu().numpy()
        return ELMParams(
            **arrays, tau_m=self.tau_m.tau().detach().cpu().double().numpy(),
            tau_s=self.tau_s.tau().cpu().double().numpy(), lam=self.lam, variant=self.variant,
            activation=self.activation,
            routing=None if self._straight else ELMRouting(N, np.where(source == N, -1, source)),
        )  # fmt: skip


def _layer(rows: int, fan_in: int, given: dict[str, Any]) -> tuple[nn.Parameter, nn.Parameter]:
    bound = fan_in**-0.5
    weight, bias = torch.empty(rows, fan_in, **given), torch.empty(rows, **given)
    return nn.Parameter(weight.uniform_(-bound, bound)), nn.Parameter(bias.uniform_(-bound, bound))
