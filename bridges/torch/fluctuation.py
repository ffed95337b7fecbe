r"""Weights with which the potential of cells fluctuates as aimed: fluctuation-driven initialisation.

Let n inputs spike independently, each with probability p = rate dt in a step, let weights have mean m and variance s^2,
and let eps_t be the response of a cell's distance u from its threshold (negative below) to an input of 1 in one step.
Then without reset

    mean(u) = u_rest + n m p sum eps_t,        var(u) = n (s^2 + m^2) p (1 - p) sum eps_t^2

(mean over cells, variance over time averaged over weights). Aimed at are the mean, as its place between rest (0) and
threshold (1), and xi, the distance from mean to threshold in standard deviations; so with g = -u_rest

    m = mean g / (n p sum eps),        s^2 = ((1 - mean) g / xi)^2 / (n p (1 - p) sum eps^2) - m^2

These are the equations of the paper (its eps_bar and eps_hat are dt sum eps and dt sum eps^2, its theta is g);
p (1 - p) stands for rate dt, since an input is 0 or 1 in a step and no Poisson count. ``share`` is the part of mean and
variance that these inputs bring, where others (recurrent weights) bring the rest: the parts add up.

eps is measured, not assumed: any model that rests below its threshold will do, nonlinear ones by their linear response.
The threshold is the model's condition: for cells whose spikes rise by themselves (`AdEx`) it lies above their start.

**Reference.** J. Rossbroich, J. Gygax, F. Zenke 2022, "Fluctuation-driven initialization for spiking neural network
training", Neuromorph. Comput. Eng. 2, 044016 (arXiv 2206.10226); mean and variance of weights as in the authors' code
(stork, ``FluctuationDrivenNormalInitializer``).

>>> from spikegram.neurons import BellecALIF
>>> layer = SpikingLayer(BellecALIF(beta=0, tau_m=20), 3)        # eps_t = exp(-t/20), g = 1
>>> mean, std = fluctuation_weights(layer, 100, rate=10.0, xi=2.0)
>>> [round(s, 4) for s in std.tolist()]                          # (1/2)/sqrt(100 0.01 0.99/(1 - exp(-1/10)))
[0.155, 0.155, 0.155]
"""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from .spiking import SpikingLayer

__all__ = ["fluctuation_", "fluctuation_weights", "impulse_response"]

_LONGEST = 20_000
_STILL = 1e-9  # of its largest value: what a variable at rest changes by in a step
_GONE = 1e-6  # of its largest value: where a response ends


def _step(layer: SpikingLayer, x: Tensor, state: Any) -> Any:
    y, state = layer.step(x, state)
    if not layer.output and bool(y.any()):
        raise ValueError(f"{layer._owner}: its cells spike without input, so there is no rest to fluctuate about")
    return state


def _settled(layer: SpikingLayer, zero: Tensor) -> Any:
    """The state in which nothing changes without input."""
    state = layer.init_state(len(zero), dtype=zero.dtype)
    largest = [t.abs().max() for t in state]
    for _ in range(_LONGEST):
        later = _step(layer, zero, state)
        largest = [torch.maximum(m, t.abs().max()) for m, t in zip(largest, later, strict=True)]
        still = all(
            bool((a - b).abs().max() <= _STILL * m) for a, b, m in zip(state, later, largest, strict=True)
        )  # fmt: skip
        state = later
        if still:
            return state
    raise ValueError(f"{layer._owner}: its cells do not come to rest within {_LONGEST} steps without input")


def impulse_response(layer: SpikingLayer, channel: int = 0) -> tuple[Tensor, Tensor]:
    """Measure what an input of 1 in one step does to the distance from the threshold.

    Parameters
    ----------
    layer : SpikingLayer
    channel : int
        Which input, if there are several.

    Returns
    -------
    eps : tensor (T, *features), float64
        Change of the distance in steps 0, 1, ..., until it has vanished; SI for one unit of x.
    rest : tensor (*features)
        Distance at rest: negative.

    Raises
    ------
    ValueError
        If the cells have no resting state below the threshold, or a response does not vanish.
    """
    if not 0 <= channel < len(layer.inputs):
        raise ValueError(f"{layer._owner}: channel: expected 0 ... {len(layer.inputs) - 1}, got {channel!r}")
    layer = copy.deepcopy(layer).cpu().double()
    with torch.no_grad():
        zero = torch.zeros((2, *layer.in_shape), dtype=torch.float64)
        still = _settled(layer, zero)
        rest = layer.distance(still)[0]
        if not bool((rest < 0).all()):
            raise ValueError(f"{layer._owner}: its cells do not rest below the threshold")
        size = torch.full(layer.features, 1e-6, dtype=torch.float64)
        for _ in range(2):  # the first response only tells how large an input stays small
            eps = _response(layer, channel, zero, still, size)
            peak = eps.abs().amax(0)
            if not bool((peak > 0).all()):
                raise ValueError(f"{layer._owner}: x does not reach the threshold of all cells")
            size = 1e-3 * -rest / peak
    return eps, rest


def _response(layer: SpikingLayer, channel: int, zero: Tensor, state: Any, size: Tensor) -> Tensor:
    """The response to an input of this size in the first step, over its size; the other sample has no input."""
    x = zero.clone()
    (x[1] if len(layer.inputs) == 1 else x[1, channel]).copy_(size)
    late = layer.inputs[channel] not in layer.model.inputs  # arrives after the threshold was compared
    found, largest = [], [0.0] * len(state)
    for t in range(_LONGEST):
        state = _step(layer, x, state)
        x = zero
        u = layer.distance(state)
        found.append(torch.zeros_like(size) if late and not t else (u[1] - u[0]) / size)
        gaps = [float((s[1] - s[0]).abs().max()) for s in state]
        largest = [max(m, g) for m, g in zip(largest, gaps, strict=True)]
        if t and all(g <= _GONE * m for g, m in zip(gaps, largest, strict=True)):
            return torch.stack(found)
    raise ValueError(f"{layer._owner}: the response to an input does not vanish within {_LONGEST} steps")


def fluctuation_weights(
    layer: SpikingLayer, n: int | Tensor, rate: float, *, mean: float = 0.0, xi: float = 1.0, share: float = 1.0,
    channel: int = 0,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Give mean and standard deviation of the weights of each cell.

    Parameters
    ----------
    layer : SpikingLayer
        The cells that are driven.
    n : int or tensor (*features)
        Inputs of each cell.
    rate : float
        Of each input, in Hz: rate dt < 1.
    mean : float
        Aimed mean potential, 0: at rest, 1: at the threshold.
    xi : float
        Aimed distance from the mean to the threshold, in standard deviations: 1 to 3 (the paper). Without reset the
        potential is above the threshold in a share of 1 - Phi(xi) of the steps: 0.16, 0.023, 0.0013.
    share : float
        Part of mean and variance that these inputs bring, > 0 and at most 1.
    channel : int
        Which input of the cells, if there are several.

    Returns
    -------
    mean, std : tensors (*features), float64
    """
    p = rate * layer.dt * 1e-3
    if not 0 < p < 1:
        raise ValueError(f"rate: expected between 0 and {1e3 / layer.dt:g} Hz at dt = {layer.dt:g} ms, got {rate!r}")
    if not 0 < xi < math.inf:
        raise ValueError(f"xi: expected a number > 0, got {xi!r}")
    if not 0 < share <= 1:
        raise ValueError(f"share: expected a number > 0 and <= 1, got {share!r}")
    if not mean < 1:
        raise ValueError(f"mean: expected a number < 1, the threshold, got {mean!r}")
    eps, rest = impulse_response(layer, channel)
    number = torch.as_tensor(n, dtype=torch.float64)
    if not bool((number > 0).all()):
        raise ValueError("n: expected at least one input for each cell, got none")
    m = share * mean * -rest / (number * p * eps.sum(0))
    variance = share * ((1 - mean) * -rest / xi) ** 2 / (number * p * (1 - p) * eps.square().sum(0)) - m**2
    if not bool((variance >= 0).all()):
        raise ValueError(
            f"mean = {mean:g} with xi = {xi:g}: equal weights alone fluctuate more than that with {n} inputs of "
            f"{rate:g} Hz; expected a smaller xi or mean, or more inputs"
        )
    return m, variance.sqrt()


@torch.no_grad()
def fluctuation_(
    target: nn.Linear | SpikingLayer, layer: SpikingLayer, rate: float, *, mean: float = 0.0, xi: float = 1.0,
    share: float = 1.0, channel: int = 0, generator: torch.Generator | None = None,
) -> Any:  # fmt: skip
    """Draw normal weights with which the cells of ``layer`` fluctuate as aimed; a bias becomes 0.

    Parameters
    ----------
    target : nn.Linear or the layer itself
        The weights in front of the cells, one output for each; or, given the layer, its recurrent weights.
    layer : SpikingLayer
    rate : float
        Of each input, in Hz; for recurrent weights that of the cells.
    mean, xi, share, channel
        As in `fluctuation_weights`. With input and recurrent weights shares of 0.9 and 0.1, say.
    generator : torch.Generator, optional

    Returns
    -------
    target

    Examples
    --------
    >>> from spikegram.neurons import BellecALIF
    >>> cells = SpikingLayer(BellecALIF, 256)
    >>> linear = fluctuation_(nn.Linear(100, 256), cells, rate=10.0, xi=2.0)
    >>> 0.15 < linear.weight.std().item() < 0.16
    True
    """
    aims: dict[str, Any] = dict(mean=mean, xi=xi, share=share, channel=channel)
    if isinstance(target, nn.Linear):
        if target.out_features != layer._size:
            raise ValueError(f"target: expected one output for each of {layer._size} cells, got {target.out_features}")
        weight, mask, number = target.weight, None, target.in_features
    elif target is layer and layer.recurrent_weight is not None:
        weight, mask = layer.recurrent_weight.t(), layer.recurrent_mask
        number = layer._size if mask is None else mask.sum(0).reshape(layer.features)
    else:
        raise TypeError(f"target: expected nn.Linear, or the layer with recurrent weights, got {type(target).__name__}")
    m, std = (t.reshape(-1, 1) for t in fluctuation_weights(layer, number, rate, **aims))
    drawn = m + std * torch.randn(weight.shape, dtype=torch.float64, generator=generator)
    weight.copy_(drawn if mask is None else drawn * mask.t().cpu())
    if isinstance(target, nn.Linear) and target.bias is not None:
        target.bias.zero_()
    return target
