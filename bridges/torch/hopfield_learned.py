"""Hopfield layers that hold one of the sets themselves: pooling by learned states, look-up in learned patterns.

Both are a `Hopfield` (see `bridges.torch.hopfield`) with learned inputs, N(0, 0.02^2) at first.

>>> import torch
>>> HopfieldPooling(6, quantity=2, output_size=3)(torch.zeros(4, 9, 6)).shape  # four sets of nine
torch.Size([4, 6])
>>> HopfieldLayer(6, quantity=5)(torch.zeros(4, 9, 6)).shape
torch.Size([4, 9, 6])
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .hopfield import Hopfield, check_whole

__all__ = ["HopfieldLayer", "HopfieldPooling"]


class HopfieldPooling(nn.Module):
    """Pool a set by learned states: (B, S, input_size) -> (B, quantity * output_size).

    Parameters
    ----------
    input_size : int
    quantity : int
        Number of learned states.
    trainable : bool
        False leaves them as they were drawn.
    **options
        Those of `Hopfield`.
    """

    def __init__(self, input_size: int, quantity: int = 1, trainable: bool = True, **options: Any) -> None:
        super().__init__()
        self.hopfield = Hopfield(input_size, **options)
        own = dict(input_size=input_size, quantity=quantity, trainable=trainable)
        self._config = own | _kept(options, self.hopfield)
        make = dict(device=options.get("device"), dtype=options.get("dtype"))
        drawn = torch.empty(check_whole("quantity", quantity), input_size, **make).normal_(std=0.02)
        self.pooling_weights = nn.Parameter(drawn, requires_grad=trainable)

    def config(self) -> dict[str, Any]:
        """Give the arguments that make the layer anew, as JSON values."""
        return dict(self._config)

    def forward(
        self, input: Tensor | tuple[Tensor, Tensor], stored_pattern_padding_mask: Tensor | None = None,
        association_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Pool ``input``: stored patterns, or the pair stored patterns and projections."""
        y = self.hopfield(self._triple(input), stored_pattern_padding_mask, association_mask)
        return (y if self.hopfield.batch_first else y.transpose(0, 1)).flatten(1)

    def associations(
        self, input: Tensor | tuple[Tensor, Tensor], stored_pattern_padding_mask: Tensor | None = None
    ) -> Tensor:
        """Give the weights (B, H, quantity, S) that each member of the set has."""
        return self.hopfield.associations(self._triple(input), stored_pattern_padding_mask)

    def _triple(self, input: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        stored, projection = (input, input) if isinstance(input, Tensor) else input
        return stored, _for_batch(self.pooling_weights, stored, self.hopfield.batch_first), projection


class HopfieldLayer(nn.Module):
    """Look each state up in learned patterns: (B, L, input_size) -> (B, L, output_size).

    Parameters
    ----------
    input_size : int
    quantity : int
        Number of learned patterns.
    lookup_weights_as_separated : bool
        Learn what is read out apart from the patterns.
    lookup_targets_as_trainable : bool
        Whether what is read out is learned, if it is apart.
    **options
        Those of `Hopfield`; ``stored_pattern_size`` and ``pattern_projection_size`` are the widths of what is learned.
    """

    def __init__(
        self, input_size: int, quantity: int = 1, lookup_weights_as_separated: bool = False,
        lookup_targets_as_trainable: bool = True, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        self.hopfield = Hopfield(input_size, **options)
        own = dict(
            input_size=input_size, quantity=quantity, lookup_weights_as_separated=lookup_weights_as_separated,
            lookup_targets_as_trainable=lookup_targets_as_trainable,
        )  # fmt: skip
        self._config = own | _kept(options, self.hopfield)
        make = dict(device=options.get("device"), dtype=options.get("dtype"))
        _, stored, projected = self.hopfield.widths
        count = check_whole("quantity", quantity)
        self.lookup_weights = nn.Parameter(torch.empty(count, stored, **make).normal_(std=0.02))
        self.target_weights = None
        if lookup_weights_as_separated:
            drawn = torch.empty(count, projected, **make).normal_(std=0.02)
            self.target_weights = nn.Parameter(drawn, requires_grad=lookup_targets_as_trainable)
        elif stored != projected:
            raise ValueError(
                f"pattern_projection_size: patterns of width {stored} are read out themselves; to read out width "
                f"{projected} set lookup_weights_as_separated"
            )

    def config(self) -> dict[str, Any]:
        """Give the arguments that make the layer anew, as JSON values."""
        return dict(self._config)

    def forward(
        self, input: Tensor, stored_pattern_padding_mask: Tensor | None = None, association_mask: Tensor | None = None
    ) -> Tensor:
        """Look up the states ``input``."""
        return self.hopfield(self._triple(input), stored_pattern_padding_mask, association_mask)

    def associations(self, input: Tensor) -> Tensor:
        """Give the weights (B, H, L, quantity) of the learned patterns."""
        return self.hopfield.associations(self._triple(input))

    def _triple(self, input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        targets = self.lookup_weights if self.target_weights is None else self.target_weights
        first = self.hopfield.batch_first
        return _for_batch(self.lookup_weights, input, first), input, _for_batch(targets, input, first)


def _kept(options: dict[str, Any], layer: Hopfield) -> dict[str, Any]:
    """Options of a layer as its ``config`` has them; ``device`` and ``dtype`` are not of it."""
    config = layer.config()
    return {name: config[name] for name in options if name in config}


def _for_batch(patterns: Tensor, like: Tensor, batch_first: bool) -> Tensor:
    """The same patterns for each sample, without a copy."""
    if batch_first:
        return patterns.unsqueeze(0).expand(len(like), -1, -1)
    return patterns.unsqueeze(1).expand(-1, like.shape[1], -1)
