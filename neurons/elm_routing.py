r"""Which input each synapse of an ELM neuron listens to.

**None.** Synapse i listens to input i.

**Random.** Each synapse draws an input with replacement.

**NeuronIO.** The excitatory first half and the inhibitory second half of the inputs are interleaved (0, N/2, 1,
N/2 + 1, ...); branch d listens to the K neighbouring places d*stride ... d*stride + K - 1 with stride = ceil(N/D).
Windows overlap where K > stride. Places beyond the end have no input: such a synapse is dead, its weight counts as a
parameter.

Letters: N inputs, D branches, K synapses per branch, S = D*K synapses.

**Reference.** A. Spieler, N. Rahaman, G. Martius, B. Schoelkopf, A. Levina 2024, ICLR (arXiv 2306.16922), section 2;
the order of the NeuronIO windows is that of the authors' published code.

>>> r = neuronio_routing(6, 2, 4)     # interleaved: 0 3 1 4 2 5; stride 3; the second window has three places left
>>> r.source.reshape(2, 4).tolist()
[[0, 3, 1, 4], [4, 2, 5, -1]]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..units import is_whole

__all__ = ["ELMRouting", "neuronio_routing", "random_routing"]


@dataclass(frozen=True, eq=False)
class ELMRouting:
    """The input of each synapse.

    Attributes
    ----------
    inputs : int
        Number of inputs N.
    source : ndarray
        [S] of int64; -1 is a dead synapse.

    Raises
    ------
    ValueError, TypeError
        If a source is no input.
    """

    inputs: int
    source: np.ndarray

    def __post_init__(self) -> None:
        _count("ELMRouting.inputs", self.inputs)
        source = np.asarray(self.source)
        if source.ndim != 1 or not np.issubdtype(source.dtype, np.integer):
            raise TypeError(f"ELMRouting.source: expected integers [S], got {source.dtype} {list(source.shape)}")
        if source.size and not (-1 <= source.min() and source.max() < self.inputs):
            raise ValueError(
                f"ELMRouting.source: expected inputs 0 ... {self.inputs - 1} or -1, "
                f"got {source.min()} ... {source.max()}"
            )
        object.__setattr__(self, "source", source.astype(np.int64))

    def apply(self, inputs: np.ndarray) -> np.ndarray:
        """Give what arrives at each synapse, (..., S), from (..., N)."""
        return np.where(self.source >= 0, inputs[..., self.source], 0)


def random_routing(inputs: int, branches: int, per_branch: int, rng: np.random.Generator) -> ELMRouting:
    """Let each of ``branches * per_branch`` synapses draw one of ``inputs`` inputs, with replacement."""
    for name, value in (("inputs", inputs), ("branches", branches), ("per_branch", per_branch)):
        _count(name, value)
    return ELMRouting(inputs, rng.integers(inputs, size=branches * per_branch))


def neuronio_routing(inputs: int, branches: int, per_branch: int) -> ELMRouting:
    """Give overlapping windows over interleaved halves of the inputs, see the module.

    Raises
    ------
    ValueError
        If ``inputs`` is odd, or the windows leave inputs out: ``per_branch`` must be at least ceil(inputs/branches).
    """
    for name, value in (("inputs", inputs), ("branches", branches), ("per_branch", per_branch)):
        _count(name, value)
    if inputs % 2:
        raise ValueError(f"inputs: expected two halves of equal size, got {inputs}")
    stride = -(-inputs // branches)
    if per_branch < stride:
        raise ValueError(
            f"per_branch: {branches} windows cover {inputs} inputs only with at least {stride} synapses each, "
            f"got {per_branch}"
        )
    order = np.arange(inputs)
    order = order // 2 + order % 2 * (inputs // 2)
    place = (np.arange(branches)[:, None] * stride + np.arange(per_branch)).ravel()
    return ELMRouting(inputs, np.where(place < inputs, order[np.minimum(place, inputs - 1)], -1))


def _count(name: str, value: int) -> None:
    if not is_whole(value) or value < 1:
        raise ValueError(f"{name}: expected an integer >= 1, got {value!r}")
