r"""Legendre Memory Unit as a layer: `spikegram.neurons.lmu` states the cell.

    u_t = f_u(e_x x_t + e_h h_{t-1} + e_m m_{t-1} + b_u)
    m_t = Abar m_{t-1} + Bbar u_t
    h_t = f_h(W_x x_t + W_h h_{t-1} + W_m m_t + b_h),   y_t = h_t

How a sequence is computed depends on which couplings there are:

================  ==============================================================================================
e_h or e_m        the whole cell is one dense recurrence: with s = [h, m] and f_u = identity,
                  s_t = f(K s_{t-1} + c_t) with K = [[W_h + W_m B e_h, W_m (A + B e_m)], [B e_h, A + B e_m]], in
                  one compiled operator (`spikegram.kernels.recurrent`); what depends on x alone is one product
only W_h          all m as in `LegendreMemory`, then the recurrence of h
neither           the parallel form of 2021: all m, then one product
================  ==============================================================================================

>>> import torch
>>> _ = torch.manual_seed(0)
>>> layer = LMU(1, 20, order=8, theta=50.0)
>>> y, state = layer(torch.randn(100, 4, 1))
>>> y.shape, state.m.shape, sum(p.numel() for p in layer.parameters())
(torch.Size([100, 4, 20]), torch.Size([4, 1, 8]), 609)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from ...kernels import recurrent as kernels
from ...neurons.lmu import LMUState
from .legendre import LegendreDynamics, _last
from .op import SequenceOp
from .scan import array
from .sequence import SequenceLayer

__all__ = ["LMU"]

_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {"identity": lambda x: x, "relu": torch.relu, "tanh": torch.tanh}
_OPTIONAL = ("e_h", "e_m", "W_x", "W_h")


def _kind(options: str) -> tuple[str, int]:
    kind, bent = options.split()
    return kind, int(bent)


def _recurrent(inputs: list[Tensor], options: str) -> list[Tensor]:
    W, c, s0 = inputs
    s = torch.empty(c.shape, dtype=c.dtype)
    kernels.forward(*_kind(options), *map(array, (W, c, s0, s)), threads=torch.get_num_threads())
    return [s, _last(s, s0)]


def _recurrent_backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    W, c, s0 = inputs
    s = results[0]
    gc, gs0 = torch.empty(c.shape, dtype=c.dtype), torch.empty(s0.shape, dtype=c.dtype)
    kernels.backward(*_kind(options), *map(array, (W, s, *gradients, gc, gs0)), threads=torch.get_num_threads())
    gW = gc[0].T @ s0 + gc[1:].flatten(0, 1).T @ s[:-1].flatten(0, 1) if needs[0] else W
    return [gW, gc, gs0]


_recurrent_op = SequenceOp("lmu_recurrent", _recurrent, _recurrent_backward, lambda i, _: [i[1], i[2]], outputs=2)


def _joined(top: Tensor, base: Tensor, write: Tensor, back: Tensor) -> Tensor:
    return torch.cat([top, base + write @ back])


def _whole(inputs: list[Tensor], options: str) -> list[Tensor]:
    *parts, c, s0 = inputs
    return _recurrent([_joined(*parts), c, s0], options)


def _whole_backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    """What the matrix is made of gets its gradient by thin products, but for A, if theta is learned."""
    *parts, c, s0 = inputs
    top, base, write, back = parts
    _, gc, gs0 = _recurrent_backward([_joined(*parts), c, s0], results, gradients, [False, True, True], options)
    n = len(top)
    before = torch.cat([s0[None], results[0][:-1]]).flatten(0, 1)
    r = gc.flatten(0, 1)
    r_h, r_m = r[:, :n], r[:, n:]
    return [
        r_h.T @ before if needs[0] else top,
        r_m.T @ before if needs[1] else base,
        r_m.T @ (before @ back.T) if needs[2] else write,
        (r_m @ write).T @ before if needs[3] else back,
        gc,
        gs0,
    ]


_whole_op = SequenceOp("lmu_whole", _whole, _whole_backward, lambda i, _: [i[4], i[5]], outputs=2)


class LMU(SequenceLayer):
    """Run Legendre Memory Units over a sequence: x (T, B, features) -> y (T, B, hidden).

    Parameters
    ----------
    features : int
        k, inputs.
    hidden : int
        n, nonlinear units, which are the output.
    order : int
        q, coefficients of each memory.
    theta : float
        Length of the memories' window, ms.
    memories : int
        d.
    couplings : sequence of "e_h", "e_m", "W_x", "W_h"
        Which of the couplings there are beside e_x and W_m; default all, the cell of 2019. ("W_x",) is the parallel
        form of 2021, with ``bias=True`` and ``encoder="relu"``.
    encoder, activation : "identity", "relu" or "tanh"
        f_u and f_h. With e_h or e_m the encoder is the identity.
    bias : bool
        b_u and b_h; the original has none.
    dt, method, form, learn, init_state, batch_first, backend
        As in `LegendreMemory`. With e_h or e_m the form is "recurrent".

    Notes
    -----
    State: ``h`` (B, n) and ``m`` (B, d, q), zero at rest; half precision is computed in float32. Parameters are named
    as in `spikegram.neurons.LMUParams`, with the same shapes. First values: e_x, e_h uniform of variance 1/fan-in
    (LeCun), e_m and constants 0, W_x, W_h, W_m normal of variance 2/(fan-in + fan-out) (Glorot), as in the paper.

    Cost of a step and sample: 2 (n + d q)^2 operations for the whole cell, 2 n d q and the memory's without recurrence.
    Bytes for the backward: states of all steps. Not in NIR. Split sequences agree to rounding: the products over all
    steps before and after the recurrence depend on their number.
    """

    State = LMUState

    def __init__(
        self, features: int, hidden: int, order: int, theta: float, *, memories: int = 1,
        couplings: Sequence[str] = _OPTIONAL, encoder: str = "identity", activation: str = "tanh", bias: bool = False,
        dt: float = 1.0, method: str = "zoh", form: str = "recurrent", learn: Sequence[str] = (),
        init_state: str = "rest", batch_first: bool = False, backend: str = "numba", device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        for name, value in (("features", features), ("hidden", hidden), ("memories", memories)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"LMU: {name}: expected a whole number >= 1, got {value!r}")
        super().__init__((features,), batch_first)
        for name in couplings:
            if name not in _OPTIONAL:
                raise ValueError(f"LMU: couplings: expected some of {', '.join(_OPTIONAL)}, got {name!r}")
        for name, function in (("encoder", encoder), ("activation", activation)):
            if function not in _FUNCTIONS:
                raise ValueError(f"LMU: {name}: expected one of {', '.join(_FUNCTIONS)}, got {function!r}")
        back = [name for name in ("e_h", "e_m") if name in couplings]
        if back and encoder != "identity":
            raise ValueError(f"LMU: encoder: expected 'identity' with the coupling {back[0]!r}, got {encoder!r}")
        if back and form != "recurrent":
            raise ValueError(f"LMU: form: expected 'recurrent' with the coupling {back[0]!r}, got {form!r}")
        self._config = dict(
            features=features, hidden=hidden, order=order, theta=theta, memories=memories, couplings=list(couplings),
            encoder=encoder, activation=activation, bias=bias, dt=dt, method=method, form=form, learn=list(learn),
            init_state=init_state, batch_first=batch_first, backend=backend,
        )  # fmt: skip
        self.hidden, self.memories, self.encoder, self.activation = hidden, memories, encoder, activation
        self.feedback = bool(back)
        self.dynamics = LegendreDynamics(order, theta, dt, method, form, learn, backend, device, dtype)
        n, k, d, q = hidden, features, memories, order
        shapes = dict(
            e_x=(d, k), e_h=(d, n), e_m=(d, d * q), W_x=(n, k), W_h=(n, n), W_m=(n, d * q), b_u=(d,), b_h=(n,)
        )
        for name, shape in shapes.items():
            there = bias if name[0] == "b" else name in couplings or name in ("e_x", "W_m")
            weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype)) if there else None
            self.register_parameter(name, weight)
        self.reset_parameters()
        self._learn_start(init_state, device, dtype)

    def reset_parameters(self) -> None:
        """Draw the first values."""
        for name, p in self.named_parameters(recurse=False):
            if name in ("e_x", "e_h"):
                bound = math.sqrt(3.0 / p.shape[1])
                nn.init.uniform_(p, -bound, bound)
            elif name[0] == "W":
                nn.init.xavier_normal_(p)
            else:
                nn.init.zeros_(p)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Hidden units."""
        return (self.hidden,)

    @property
    def theta(self) -> float:
        """Length of the window, ms."""
        return self.dynamics.theta()

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Give the shapes of ``h`` and ``m``."""
        return {"h": (self.hidden,), "m": (self.memories, self.dynamics.order)}

    def _weight(self, name: str, like: Tensor) -> Tensor | None:
        p = getattr(self, name)
        return None if p is None else p.to(like.dtype)

    def _sum(self, like: Tensor, constant: str, *terms: tuple[Tensor, str]) -> Tensor | float:
        """Add what comes over the couplings that are there, in the dtype of ``like``."""
        total: Any = self._weight(constant, like)
        for value, name in terms:
            weight = self._weight(name, like)
            if weight is not None:
                part = linear(value, weight).to(like.dtype)
                total = part if total is None else total + part
        return 0.0 if total is None else total

    def run(self, x: Tensor, state: LMUState) -> tuple[Tensor, LMUState]:
        """Run a whole sequence."""
        u, a = self._sum(x, "b_u", (x, "e_x")), self._sum(x, "b_h", (x, "W_x"))
        if self.feedback:
            if self.dynamics.backend == "torch":
                return self._by_steps(x, state)
            return self._cell(u, a, state)
        m, m_last = self.dynamics.run(_FUNCTIONS[self.encoder](u), state.m)
        a = a + linear(m.flatten(2), self._weight("W_m", x)).to(x.dtype)
        if self.W_h is None:
            y = _FUNCTIONS[self.activation](a)
            return y, LMUState(y[-1], m_last)
        if self.dynamics.backend == "torch":
            h, W_h, out = state.h, self._weight("W_h", x), []
            for now in a.unbind(0):
                h = _FUNCTIONS[self.activation](now + linear(h, W_h).to(x.dtype))
                out.append(h)
            return torch.stack(out), LMUState(h, m_last)
        self.dynamics._needs_cpu(x)
        y, h = _recurrent_op([self._weight("W_h", x), a, state.h], f"{self.activation} {self.hidden}")
        return y, LMUState(h, m_last)

    def _cell(self, u: Tensor, a: Tensor | float, state: LMUState) -> tuple[Tensor, LMUState]:
        """Run hidden state and memories as one dense recurrence."""
        self.dynamics._needs_cpu(u)
        with torch.autocast(u.device.type, enabled=False):  # the memory keeps its digits
            return self._dense(u, a, state)

    def _dense(self, u: Tensor, a: Tensor | float, state: LMUState) -> tuple[Tensor, LMUState]:
        n, d, q = self.hidden, self.memories, self.dynamics.order
        A, B = self.dynamics.matrices(u.dtype)
        one = torch.eye(d, dtype=u.dtype, device=u.device)
        write = torch.kron(one, B[:, None])  # (d q, d): what an input adds to the memories
        e_h, e_m, W_h, W_m = (self._weight(name, u) for name in ("e_h", "e_m", "W_h", "W_m"))
        e_h = u.new_zeros((d, n)) if e_h is None else e_h
        e_m = u.new_zeros((d, d * q)) if e_m is None else e_m
        back, base = torch.cat([e_h, e_m], 1), torch.cat([u.new_zeros((d * q, n)), torch.kron(one, A)], 1)
        read = W_m @ write  # (n, d): what an input adds to the hidden units at once
        top = W_m @ base + read @ back
        if W_h is not None:
            top = top + nn.functional.pad(W_h, (0, d * q))
        c = torch.cat([a + linear(u, read), linear(u, write)], -1)
        s0 = torch.cat([state.h, state.m.flatten(1)], 1)
        s, last = _whole_op([top, base, write, back, c, s0], f"{self.activation} {n}")
        return s[..., :n], LMUState(last[:, :n], last[:, n:].reshape(state.m.shape))

    def _by_steps(self, x: Tensor, state: LMUState) -> tuple[Tensor, LMUState]:
        out = []
        for x_t in x.unbind(0):
            y, state = self.advance(x_t, state)
            out.append(y)
        return torch.stack(out), state

    def advance(self, x: Tensor, state: LMUState) -> tuple[Tensor, LMUState]:
        """Run one step in plain torch."""
        u = self._sum(x, "b_u", (x, "e_x"), (state.h, "e_h"), (state.m.flatten(1), "e_m"))
        m = self.dynamics.one(_FUNCTIONS[self.encoder](u), state.m)
        h = self._sum(x, "b_h", (x, "W_x"), (state.h, "W_h"), (m.flatten(1), "W_m"))
        h = _FUNCTIONS[self.activation](h)
        return h, LMUState(h, m)

    def last(self, x: Tensor, state: LMUState | None = None) -> tuple[Tensor, LMUState]:
        """Give only the last y (B, hidden), and the state, by one product over time; without e_h, e_m and W_h."""
        for name in ("e_h", "e_m", "W_h"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"{self._name}: last needs a layer without the coupling {name!r}; take layer(x)[0][-1]"
                )
        if self.batch_first:
            x = x.movedim(1, 0)
        if self._single(x, "x", 1):
            raise ValueError(f"{self._name}: last needs a batch axis, got shape {tuple(x.shape)}")
        work = self._work(x)
        state = self._checked(state, x, 1, work)
        if not x.shape[0]:
            return state.h.to(x.dtype), state
        z = x.to(work)
        m = self.dynamics.last(_FUNCTIONS[self.encoder](self._sum(z, "b_u", (z, "e_x"))), state.m)
        h = _FUNCTIONS[self.activation](self._sum(z, "b_h", (z[-1], "W_x"), (m.flatten(1), "W_m")))
        return h.to(x.dtype), LMUState(h, m)

    def config(self) -> dict[str, Any]:
        """Give the arguments of the constructor."""
        return dict(self._config)
