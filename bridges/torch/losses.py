r"""Losses on what a layer returned: spikes, membranes or readouts (T, B, C), one number to be made small.

With s the spikes, v a membrane or readout, c the right class, L the steps of a sample (``lengths``, else T), CE(z, c) =
log sum_k exp(z_k) - z_c, and means over the samples of the batch:

=============================  ============================================================  ======================
function                       of a sample                                                   reads
=============================  ============================================================  ======================
`last_step_cross_entropy`      CE(v_{L-1}, c)                                                the last step
`step_cross_entropy`           mean over t of CE(v_t, c)                                     every step
`efficient_cross_entropy`      (1 - a) mean over t of CE(v_t, c)                             every step
                               + a mean over t, k of (v_tk - level)^2
`rate_cross_entropy`           CE(gain n/L, c), n_k = sum over t of s_tk; gain L if not      counts of spikes
                               given
`count_mse`                    mean over k of (n_k - wanted_k)^2; wanted is ``right`` for    counts of spikes
                               k = c, else ``wrong``
`max_membrane_cross_entropy`   CE(max over t of v_t, c)                                      the highest membrane
`first_spike_cross_entropy`    CE(-f/scale, c), f_k the steps before the first spike, L if   times of first spikes
                               there is none
`van_rossum_distance`          1/tau integral of (x - y)^2, mean over k; x and y are the     all times of spikes
                               two trains filtered by exp(-t/tau)
=============================  ============================================================  ======================

`first_spike_steps` is f = sum over t of (1 - s_0)(1 - s_1) ... (1 - s_t): exact for spikes, and a polynomial in them,
so that gradients reach the spike and every step before it. The distance is that of spikes at the beginning of their
steps, in continuous time up to infinity: two spikes of which one is dt later differ by 1 - exp(-dt/tau), a spike that
is missing counts 1/2.

All take ``time_first=False`` for (B, T, C), and ``lengths`` (B,): later steps do not count. For targets that are
numbers read ``last_step(v)`` and take `torch.nn.functional.mse_loss`.

**References.** Counts: S. B. Shrestha, G. Orchard 2018, NeurIPS 31. Highest membrane: B. Cramer et al. 2022, IEEE
Trans. Neural Netw. Learn. Syst. 33. First spike: H. Mostafa 2018, IEEE Trans. Neural Netw. Learn. Syst. 29.
`efficient_cross_entropy`: S. Deng, Y. Li, S. Zhang, S. Gu 2022, ICLR. Distance: M. C. W. van Rossum 2001, Neural
Comput. 13.

>>> import torch
>>> s = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]]).unsqueeze(1)        # T = 3, one sample, two cells
>>> first_spike_steps(s).tolist()
[[1.0, 3.0]]
>>> count_mse(s, torch.tensor([0]), right=3, wrong=0).item()                     # ((2 - 3)^2 + 0)/2
0.5
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from .scan import scan

__all__ = [
    "counts",
    "count_mse",
    "efficient_cross_entropy",
    "first_spike_cross_entropy",
    "first_spike_steps",
    "last_step",
    "last_step_cross_entropy",
    "max_membrane_cross_entropy",
    "rate_cross_entropy",
    "rates",
    "step_cross_entropy",
    "van_rossum_distance",
]


def counts(spikes: Tensor, *, lengths: Tensor | None = None, time_first: bool = True) -> Tensor:
    """Spikes of each cell in each sample: (T, B, *features) -> (B, *features)."""
    return arranged(spikes, "spikes", lengths, time_first)[0].sum(0)


def rates(spikes: Tensor, *, lengths: Tensor | None = None, time_first: bool = True) -> Tensor:
    """Spikes per step of each cell in each sample: (T, B, *features) -> (B, *features); 10 Hz are 0.01 at 1 ms."""
    s, _, steps = arranged(spikes, "spikes", lengths, time_first)
    return s.sum(0) / steps


def last_step(v: Tensor, *, lengths: Tensor | None = None, time_first: bool = True) -> Tensor:
    """What stands at each sample's own last step: (T, B, *features) -> (B, *features)."""
    v, inside, steps = arranged(v, "v", lengths, time_first)
    if inside is None:
        return v[-1]
    return v[steps.flatten().long() - 1, torch.arange(v.shape[1], device=v.device)]


def last_step_cross_entropy(
    v: Tensor, target: Tensor, *, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Cross-entropy of the last step's values; ``target`` (B,) holds the classes."""
    _classes(v, target, time_first)
    return functional.cross_entropy(last_step(v, lengths=lengths, time_first=time_first), target)


def step_cross_entropy(v: Tensor, target: Tensor, *, lengths: Tensor | None = None, time_first: bool = True) -> Tensor:
    """Cross-entropy at each step, its mean over a sample's steps, and the mean of that over the samples."""
    _classes(v, target, time_first)
    v, inside, steps = arranged(v, "v", lengths, time_first)
    each = functional.cross_entropy(v.movedim(-1, 1), target.expand(v.shape[0], -1), reduction="none")  # [T, B]
    return _over_steps(each, inside, steps).mean()


def efficient_cross_entropy(
    v: Tensor,
    target: Tensor,
    *,
    level: float = 1.0,
    share: float = 0.05,
    lengths: Tensor | None = None,
    time_first: bool = True,
) -> Tensor:
    """`step_cross_entropy`, with a part that holds values near a level.

    Parameters
    ----------
    v, target : tensors (T, B, C), (B,)
    level : float
        To which values are drawn: the threshold of the cells.
    share : float
        Of the second part, 0 to 1 (``a`` of the table above).
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share: expected a number from 0 to 1, got {share!r}")
    first = step_cross_entropy(v, target, lengths=lengths, time_first=time_first)
    v, inside, steps = arranged(v, "v", lengths, time_first)
    second = _over_steps(((v - level) ** 2).mean(-1), inside, steps).mean()
    return (1 - share) * first + share * second


def rate_cross_entropy(
    spikes: Tensor, target: Tensor, *, gain: float | None = None, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Cross-entropy of ``gain`` times the spikes per step; without a gain of the number of spikes."""
    if gain is not None and not gain > 0:
        raise ValueError(f"gain: expected a number > 0, got {gain!r}")
    _classes(spikes, target, time_first)
    read = counts if gain is None else rates
    z = read(spikes, lengths=lengths, time_first=time_first)
    return functional.cross_entropy(z if gain is None else gain * z, target)


def count_mse(
    spikes: Tensor,
    target: Tensor,
    *,
    right: float,
    wrong: float,
    lengths: Tensor | None = None,
    time_first: bool = True,
) -> Tensor:
    """Mean squared distance of the numbers of spikes from those wanted.

    Parameters
    ----------
    spikes, target : tensors (T, B, C), (B,)
    right, wrong : float
        Wanted number of spikes of the cell of the right class, and of each other.
    """
    if not 0 <= wrong < right:
        raise ValueError(f"right, wrong: expected numbers of spikes, right > wrong >= 0, got {right!r} and {wrong!r}")
    _classes(spikes, target, time_first)
    n = counts(spikes, lengths=lengths, time_first=time_first)
    return ((n - wrong - (right - wrong) * functional.one_hot(target, n.shape[-1])) ** 2).mean()


def max_membrane_cross_entropy(
    v: Tensor, target: Tensor, *, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Cross-entropy of the highest values over time."""
    _classes(v, target, time_first)
    v, inside, _ = arranged(v, "v", lengths, time_first)
    return functional.cross_entropy((v if inside is None else v.masked_fill(~inside, -math.inf)).amax(0), target)


def first_spike_steps(spikes: Tensor, *, lengths: Tensor | None = None, time_first: bool = True) -> Tensor:
    """Steps before the first spike of each cell, all of the sample if there is none: (T, B, *features) -> (B, ...)."""
    s, inside, _ = arranged(spikes, "spikes", lengths, time_first)
    silent = torch.cumprod(1 - s, 0)
    return (silent if inside is None else torch.where(inside, silent, 0)).sum(0)


def first_spike_cross_entropy(
    spikes: Tensor, target: Tensor, *, scale: float, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Cross-entropy of minus the steps before the first spike, in units of ``scale`` steps: the earliest wins."""
    if not scale > 0:
        raise ValueError(f"scale: expected a number of steps > 0, got {scale!r}")
    _classes(spikes, target, time_first)
    f = first_spike_steps(spikes, lengths=lengths, time_first=time_first)
    return functional.cross_entropy(-f / scale, target)


def van_rossum_distance(
    spikes: Tensor,
    wanted: Tensor,
    *,
    tau: float,
    dt: float = 1.0,
    lengths: Tensor | None = None,
    time_first: bool = True,
) -> Tensor:
    """Squared distance of spike trains, mean over samples and cells.

    Parameters
    ----------
    spikes, wanted : tensors (T, B, *features)
    tau : float
        Time constant in ms: short ones tell times apart, long ones numbers.
    dt : float
        Time step in ms.
    """
    for name, value in (("tau", tau), ("dt", dt)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name}: expected a time > 0 ms, got {value!r}")
    if spikes.shape != wanted.shape:
        raise ValueError(f"wanted: expected shape {tuple(spikes.shape)} as spikes, got {tuple(wanted.shape)}")
    d, _, _ = arranged(spikes - wanted, "spikes", lengths, time_first)
    decay = math.exp(-dt / tau)
    h, end = scan(d.new_tensor([decay]), d.flatten(1), backend="numba" if d.device.type == "cpu" else "torch")
    # the integral over a step is (1 - decay^2)/2 h^2, that over all time after the last step decay^2/2 h^2
    return ((1 - decay**2) * (h**2).sum(0) + decay**2 * end**2).mean() / 2


def arranged(
    x: Tensor, what: str, lengths: Tensor | None, time_first: bool
) -> tuple[Tensor, Tensor | None, Tensor | int]:
    """Put time first, with 0 where steps do not count; tell which do, (T, B, 1, ...), and how many, (B, 1, ...).

    Raises
    ------
    TypeError, ValueError
        ``x`` is no sequence of a batch, or ``lengths`` do not fit it.
    """
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise TypeError(f"{what}: expected a floating point tensor, got {getattr(x, 'dtype', type(x).__name__)}")
    axes = "(T, B, ...)" if time_first else "(B, T, ...)"
    if x.ndim < 3 or not x.numel():
        raise ValueError(f"{what}: expected {axes} with at least one step, sample and cell, got {tuple(x.shape)}")
    x = x if time_first else x.movedim(1, 0)
    if lengths is None:
        return x, None, x.shape[0]
    lengths = torch.as_tensor(lengths, device=x.device)
    if lengths.shape != (x.shape[1],) or lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(
            f"lengths: expected {x.shape[1]} whole numbers, got {lengths.dtype} of shape {tuple(lengths.shape)}"
        )
    if not 1 <= int(lengths.min()) <= int(lengths.max()) <= x.shape[0]:
        raise ValueError(f"lengths: expected 1 to T = {x.shape[0]}, got {lengths.tolist()}")
    steps = lengths.reshape(-1, *(1,) * (x.ndim - 2))
    inside = torch.arange(x.shape[0], device=x.device).reshape(-1, *(1,) * (x.ndim - 1)) < steps
    return torch.where(inside, x, 0), inside, steps


def _over_steps(each: Tensor, inside: Tensor | None, steps: Tensor | int) -> Tensor:
    """Mean over the steps that count: [T, B] -> [B]."""
    if inside is None:
        return each.mean(0)
    return torch.where(inside.squeeze(-1), each, 0).sum(0) / torch.as_tensor(steps).squeeze(-1)


def _classes(x: Tensor, target: Tensor, time_first: bool) -> None:
    """Refuse sequences with another number of axes than (T, B, C), and targets that are no classes of theirs."""
    if not isinstance(x, Tensor) or x.ndim != 3:
        came = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"expected a tensor {'(T, B, C)' if time_first else '(B, T, C)'} to read classes, got {came}")
    batch, classes = x.shape[int(time_first)], x.shape[2]
    if not isinstance(target, Tensor) or target.dtype != torch.int64 or target.shape != (batch,):
        what = f"{target.dtype} of shape {tuple(target.shape)}" if isinstance(target, Tensor) else type(target).__name__
        raise ValueError(f"target: expected {batch} classes as int64, got {what}")
    if batch and not 0 <= int(target.min()) <= int(target.max()) < classes:
        raise ValueError(f"target: expected classes 0 to {classes - 1}, got {sorted(set(target.tolist()))}")
