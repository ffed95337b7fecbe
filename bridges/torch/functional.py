r"""Layers as functions: ``y, state = F.lif(x, state, tau_m=tau)``. Parameters go in, nothing is kept.

Every function is the layer of that name with its tensors given from outside, so no equation stands here. All work
under `torch.func` (``grad``, ``vmap``, ``jacrev``), and x is always (T, B, *features). What can be worked out once for
a model (its compiled passes, the constants of parameters that are numbers) is found again at the next call.

- `spiking`: any model of cells; `lif`, `alif`, `bellec_alif`, `izhikevich`, `adex`, `hodgkin_huxley` are that of one
  model, with its parameters as keywords. A parameter that is a tensor (one number, or one per cell, in edge units) has
  a gradient; a number or a text with a unit has none.
- `elm`, `lmu`, `legendre`: with the weights in a mapping, named as the parameters of `ELM` and `LMU`.
- `scan`, `matrix_scan`, `outer_scan`, `associate` are functions anyway.
- Inside ``torch.compile`` take the layers, which are built once outside.
- For a layer that exists, ``torch.func.functional_call(layer, parameters, (x, state))`` is its function.

>>> import torch
>>> tau = torch.tensor(20.0)
>>> def spikes(tau):
...     y, state = bellec_alif(torch.full((50, 1, 1), 0.2), tau_m=tau, beta=0.0, backend="torch")
...     return y.sum()
>>> spikes(tau).item(), torch.func.grad(spikes)(tau).item() > 0
(8.0, True)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch.func import functional_call

from ...neurons import ALIF, LIF, AdEx, BellecALIF, HodgkinHuxley, Izhikevich, NeuronModel
from ...units import to_edge
from .elm import ELM
from .hopfield_updates import associate
from .legendre import LegendreMemory
from .lmu import LMU
from .scan import matrix_scan, outer_scan, scan
from .sequence import SequenceLayer
from .spiking import SpikingLayer
from .surrogates import Surrogate

__all__ = [
    "adex", "alif", "associate", "bellec_alif", "elm", "hodgkin_huxley", "izhikevich", "legendre", "lif", "lmu",
    "matrix_scan", "outer_scan", "scan", "spiking",
]  # fmt: skip

_HALF = (torch.float16, torch.bfloat16)
_templates = lru_cache(maxsize=128)


def _sequence(name: str, x: Any) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: x must be a tensor, got {type(x).__name__}")
    if x.ndim < 3:
        raise ValueError(f"{name}: x must be (T, B, *features), got shape {tuple(x.shape)}")


@contextmanager
def _unseen() -> Iterator[None]:
    """Build something that no transform of torch.func sees and that moves no random stream."""
    with temporarily_clear_interpreter_stack(), torch.random.fork_rng(devices=()):
        yield


@_templates
def _cells(
    model: NeuronModel, features: tuple[int, ...], tensors: tuple[tuple[str, bool], ...],
    numbers: tuple[tuple[str, Any], ...], recurrent: bool, options: tuple[tuple[str, Any], ...],
) -> SpikingLayer:  # fmt: skip
    """The layer whose passes are used; the values of its own parameters play no part but in ``surrogate_scale``."""
    size = math.prod(features)
    wide = {n: [to_edge(model.parameters[n].value, model.dims(n))] * size for n, own in tensors if own}
    with _unseen():
        layer = SpikingLayer(
            model, features, learn=[n for n, _ in tensors], decay_param="logtau", parameters={**dict(numbers), **wide},
            recurrent=torch.zeros(size, size) if recurrent else None, **dict(options),
        )  # fmt: skip
        return layer.requires_grad_(False)


def spiking(
    model: NeuronModel, x: Tensor, state: Any = None, parameters: Mapping[str, Any] | None = None, *,
    weights: Tensor | None = None, dt: float = 1.0, input: str | Sequence[str] | None = None, output: str | None = None,
    surrogate: str | Surrogate = "fast_sigmoid", reset_grad: str | Sequence[str] = "detach",
    surrogate_scale: Any = None, smooth: bool = False, backend: str = "auto",
) -> tuple[Tensor, Any]:  # fmt: skip
    """Run cells over a sequence.

    Parameters
    ----------
    model : NeuronModel
    x : tensor (T, B, *features), with several inputs (T, B, inputs, *features)
    state : optional
        Where the last call stopped, as `SpikingLayer` has it; None: the start values of the model.
    parameters : mapping, optional
        Parameter of the model -> tensor () or (*features) in edge units, with a gradient; or a number or text, without.
    weights : tensor (N, N), optional
        Recurrent weights: y_{t-1} @ weights is added to x_t (its first channel).
    dt, input, output, surrogate, reset_grad, smooth, backend
        As in `SpikingLayer`.
    surrogate_scale : optional
        Unit of the surrogate's argument. By default from the model and the parameters that are numbers: tensors, whose
        values may change from call to call, do not change it.

    Returns
    -------
    y, state

    Raises
    ------
    ValueError
        As `SpikingLayer`; for a tensor of another shape.

    Examples
    --------
    >>> x = torch.full((3, 1, 2), 0.6)
    >>> y, state = spiking(BellecALIF, x, parameters=dict(tau_m=torch.tensor([5.0, 20.0]), beta=0.0), backend="torch")
    >>> y[:, 0].tolist()
    [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    """
    _sequence("spiking", x)
    channels = 1 if input is None or isinstance(input, str) else len(input)
    features = tuple(x.shape[2 if channels == 1 else 3 :])
    given = dict(parameters or {})
    tensors = {n: p for n, p in given.items() if isinstance(p, Tensor)}
    for n, p in given.items():
        if not isinstance(p, Tensor | int | float | str):
            raise TypeError(f"spiking: {n}: expected a tensor, a number or a text, got {type(p).__name__}")
        if n not in model.parameters:
            raise ValueError(f"spiking: no parameter {n!r}; expected one of {', '.join(model.parameters)}")
    for n, p in tensors.items():
        if p.ndim and tuple(p.shape) != features:
            raise ValueError(f"spiking: {n}: expected a tensor () or {features}, got {tuple(p.shape)}")
        if p.device != x.device:
            raise ValueError(f"spiking: {n} is on {p.device}, x on {x.device}")
    options = dict(
        dt=float(dt), input=input if input is None or isinstance(input, str) else tuple(input), output=output,
        surrogate=surrogate, reset_grad=reset_grad if isinstance(reset_grad, str) else tuple(reset_grad),
        surrogate_scale=surrogate_scale, smooth=bool(smooth), backend=backend,
    )  # fmt: skip
    layer = _cells(
        model, features, tuple((n, p.ndim > 0) for n, p in tensors.items()),
        tuple((n, v) for n, v in given.items() if n not in tensors), weights is not None, tuple(options.items()),
    )  # fmt: skip
    if weights is not None and tuple(weights.shape) != (layer._size,) * 2:
        raise ValueError(f"spiking: weights: expected ({layer._size}, {layer._size}), got {tuple(weights.shape)}")
    work = torch.float32 if x.dtype in _HALF else x.dtype
    if not x.is_floating_point():
        raise TypeError(f"spiking: x is {x.dtype}, expected floating point; use x.float()")
    state = layer._checked(state, x, 1, work)
    if not x.shape[0]:
        return x.new_empty((0, x.shape[1], *features)), state
    constants = layer._constants_of(tensors, x.new_empty(0, dtype=work))
    y, state = layer._sequence(x.to(work), state, constants, None if weights is None else weights.to(work))
    return y.to(x.dtype), state


def _of(model: NeuronModel, name: str) -> Callable[..., tuple[Tensor, Any]]:
    """`spiking` of one model, its parameters as keywords."""
    options = ("weights", "dt", "input", "output", "surrogate", "reset_grad", "surrogate_scale", "smooth", "backend")

    def run(x: Tensor, state: Any = None, **keywords: Any) -> tuple[Tensor, Any]:
        chosen = {k: keywords.pop(k) for k in options if k in keywords}
        return spiking(model, x, state, keywords, **chosen)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = (
        f"Run cells of the model ``{model.name}`` over a sequence: x (T, B, *features) -> y, state.\n\n"
        f"    Parameters of the model ({', '.join(model.parameters)}) and the options of `spiking` are keywords."
    )
    return run


lif = _of(LIF, "lif")
alif = _of(ALIF, "alif")
bellec_alif = _of(BellecALIF, "bellec_alif")
izhikevich = _of(Izhikevich, "izhikevich")
adex = _of(AdEx, "adex")
hodgkin_huxley = _of(HodgkinHuxley, "hodgkin_huxley")


@_templates
def _template(kind: Callable[..., SequenceLayer], options: tuple[tuple[str, Any], ...]) -> SequenceLayer:
    with _unseen():
        return kind(**dict(options)).requires_grad_(False)


def _hashed(options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((n, tuple(v) if isinstance(v, list) else v) for n, v in options.items())


def _needed(name: str, weights: Mapping[str, Tensor], needed: Sequence[str], possible: Sequence[str]) -> None:
    for n in needed:
        if n not in weights:
            raise ValueError(f"{name}: weights: expected {', '.join(needed)}, got {', '.join(weights) or 'none'}")
    for n in weights:
        if n not in needed and n not in possible:
            raise ValueError(f"{name}: weights: expected some of {', '.join((*needed, *possible))}, got {n!r}")


def elm(x: Tensor, state: Any, weights: Mapping[str, Tensor], **options: Any) -> tuple[Tensor, Any]:
    """Run ELM neurons over a sequence: x (T, B, N) -> y, state.

    Parameters
    ----------
    x : tensor (T, B, N)
    state : ELMLayerState or None
    weights : mapping
        ``w_raw, W1, b1, W2, b2``, with a readout ``Wy, by``, as in `ELM`; also ``tau_m`` and ``tau_s``, tensors in ms,
        with a gradient for ``tau_m``. The sizes of the neuron are theirs.
    **options
        ``routing, routing_seed, variant, activation, tau_s, tau_range, tau_m, lam, dt, save, backend`` of `ELM`.
    """
    _sequence("elm", x)
    _needed("elm", weights, ("w_raw", "W1", "b1", "W2", "b2"), ("Wy", "by", "tau_m", "tau_s"))
    memory, hidden = weights["W2"].shape
    branches = weights["W1"].shape[1] - memory
    sizes = dict(
        in_features=x.shape[-1], out_features=weights["Wy"].shape[0] if "Wy" in weights else None, memory=memory,
        hidden=hidden, branches=branches, per_branch=weights["w_raw"].shape[0] // max(1, branches),
    )  # fmt: skip
    given = dict(weights)
    for n in ("tau_m", "tau_s"):
        if n in given:
            given[f"{n}.fixed"] = given.pop(n).double()
    if "tau_s" in weights and weights["tau_s"].ndim:
        options = {**options, "tau_s": (1.0,) * len(weights["tau_s"])}
    return functional_call(_template(ELM, _hashed({**sizes, **options})), given, (x, state))


def lmu(x: Tensor, state: Any, weights: Mapping[str, Tensor], *, theta: float, **options: Any) -> tuple[Tensor, Any]:
    """Run Legendre memory units over a sequence: x (T, B, features) -> y, state.

    Parameters
    ----------
    x : tensor (T, B, features)
    state : LMUState or None
    weights : mapping
        ``e_x`` and ``W_m``, and those of ``e_h, e_m, W_x, W_h, b_u, b_h`` that there are, as in `LMU`.
    theta : float
        Window in ms.
    **options
        ``encoder, activation, dt, method, form, backend`` of `LMU`.
    """
    _sequence("lmu", x)
    _needed("lmu", weights, ("e_x", "W_m"), ("e_h", "e_m", "W_x", "W_h", "b_u", "b_h"))
    if ("b_u" in weights) != ("b_h" in weights):
        raise ValueError("lmu: weights: expected b_u and b_h, or neither")
    memories, features = weights["e_x"].shape
    hidden, values = weights["W_m"].shape
    couplings = tuple(n for n in ("e_h", "e_m", "W_x", "W_h") if n in weights)
    sizes = dict(
        features=features, hidden=hidden, order=values // memories, theta=float(theta), memories=memories,
        couplings=couplings, bias="b_u" in weights,
    )  # fmt: skip
    return functional_call(_template(LMU, _hashed({**sizes, **options})), dict(weights), (x, state))


def legendre(x: Tensor, state: Any = None, *, order: int, theta: float, **options: Any) -> tuple[Tensor, Any]:
    """Run Legendre memories over a sequence: x (T, B, *features) -> y (T, B, *features, order), state.

    ``options`` are ``dt, method, form, backend`` of `LegendreMemory`.
    """
    _sequence("legendre", x)
    sizes = dict(features=tuple(x.shape[2:]), order=order, theta=float(theta))
    return _template(LegendreMemory, _hashed({**sizes, **options}))(x, state)
