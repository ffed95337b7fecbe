r"""Several principal components at once: Sanger's rule, and Oja's subspace rule.

**Update**, for one input x [N] and weights W [K, N], one row per unit:

    y = W x,   W <- W + eta (y x' - L W),   L = lower triangle of y y' with the diagonal (`ordered`), or all of y y'

Sanger's rule (ordered) subtracts from the input of unit i what units 1 to i stand for: rows tend to the eigenvectors of
E[x x'] in descending order of eigenvalue, each of length 1 with either sign. The subspace rule tends to any orthonormal
basis of the same subspace. With one unit both are Oja's rule (`oja.py`).

This is a matrix rule, not a `SynapseModel`: the change of one synapse needs the sum of y_k w_kj over other synapses of
the same presynaptic unit, which neither of its two cells has.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
eta        0.01       eta         learning rate; faster, noisier; diverges from about 2/|x|^2 on
ordered    True       -           Sanger's rule; False: the subspace rule
=========  =========  ==========  ====================================================================

**State**: w [K, N]. Input: x [N]; output: y [K].

**Left out.** Locality; inputs are not centred.

**Reference.** T. D. Sanger 1989, Neural Networks 2, equation 3; subspace rule: E. Oja 1989, Int. J. Neural Syst. 1.

>>> state = SangerState(np.array([[1.0, 0.0], [1.0, 0.0]]))       # both y = 1: the first row is at its goal,
>>> y, state = sanger_step(state, [1, 0], SangerParams(eta=0.5))  # the second loses 0.5 (1 - 1 - 1)
>>> y.tolist(), state.w.tolist()
([1.0, 1.0], [[1.0, 0.0], [0.5, 0.0]])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["SangerParams", "SangerState", "sanger_init", "sanger_step"]


@dataclass(frozen=True)
class SangerParams:
    """Parameters of `sanger_step`, see the module."""

    eta: float = 0.01
    ordered: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.eta, bool) or not isinstance(self.eta, int | float | np.number) or not 0 < self.eta < np.inf:
            raise ValueError(f"SangerParams.eta: expected a number > 0, got {self.eta!r}")
        if not isinstance(self.ordered, bool):
            raise TypeError(f"SangerParams.ordered: expected True or False, got {self.ordered!r}")


class SangerState(NamedTuple):
    """Weights w [K, N]."""

    w: np.ndarray


def sanger_init(shape: tuple[int, int], rng: np.random.Generator) -> SangerState:
    """Give small random weights [K, N] of row length about 0.1."""
    k, n = shape
    if not 1 <= k <= n:
        raise ValueError(f"sanger_init: shape: expected [K, N] with 1 <= K <= N, got {list(shape)}")
    return SangerState(rng.normal(0, 0.1 / np.sqrt(n), (k, n)))


def sanger_step(state: SangerState, x: ArrayLike, params: SangerParams) -> tuple[np.ndarray, SangerState]:
    """Learn one input x [N]: give the output y [K] before learning, and the new state."""
    w = np.asarray(state.w, dtype=float)
    x = np.asarray(x, dtype=float)
    if w.ndim != 2 or x.shape != w.shape[1:]:
        raise ValueError(f"x: expected shape [N] = {list(w.shape[1:])}, got {list(x.shape)}")
    y = w @ x
    claimed = np.outer(y, y)
    if params.ordered:
        claimed = np.tril(claimed)
    return y, SangerState(w + params.eta * (np.outer(y, x) - claimed @ w))
