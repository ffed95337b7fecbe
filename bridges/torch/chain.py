"""Layers one behind the other, with their states in a tuple."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .sequence import SequenceLayer

__all__ = ["Chain", "Stream"]


class Chain(nn.Module):
    """Run layers one behind the other: ``y, states = chain(x, states)``.

    Parameters
    ----------
    *layers : SequenceLayer, Chain or any module without a state
        A module without a state sees (T, B, ...) at once and has the state None.

    Notes
    -----
    ``states`` is a tuple with one entry for each layer.
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        for k, layer in enumerate(layers):
            if not isinstance(layer, nn.Module):
                raise TypeError(f"Chain: layer {k} must be a torch module, got {type(layer).__name__}")
        self.layers = nn.ModuleList(layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, k: int) -> nn.Module:
        return self.layers[k]

    def _states(self, states: Any) -> Any:
        if states is None:
            return (None,) * len(self.layers)
        if not isinstance(states, tuple) or len(states) != len(self.layers):
            came = f"{len(states)} entries" if isinstance(states, tuple) else type(states).__name__
            raise ValueError(f"Chain: state must be a tuple of {len(self.layers)} entries, got {came}")
        return states

    def forward(self, x: Tensor, state: Any = None, *, lengths: Tensor | None = None) -> tuple[Tensor, tuple]:
        """Run a whole sequence through all layers."""
        found = []
        for layer, s in zip(self.layers, self._states(state), strict=True):
            if isinstance(layer, SequenceLayer | Chain):
                x, s = layer(x, s, lengths=lengths)
            else:
                x = layer(x)
            found.append(s)
        return x, tuple(found)

    def step(self, x: Tensor, state: Any = None) -> tuple[Tensor, tuple]:
        """Run one time step through all layers."""
        found = []
        for layer, s in zip(self.layers, self._states(state), strict=True):
            if isinstance(layer, SequenceLayer | Chain):
                x, s = layer.step(x, s)
            else:
                x = layer(x)
            found.append(s)
        return x, tuple(found)

    def init_state(self, batch_shape: Any = (), **keywords: Any) -> tuple:
        """Make the states of all layers."""
        return tuple(
            layer.init_state(batch_shape, **keywords) if isinstance(layer, SequenceLayer | Chain) else None
            for layer in self.layers
        )


class Stream:
    """Feed a layer one step after the other, and let it keep its state: ``y_t = stream(x_t)``.

    The one place in which a state is kept for the user (robots, online use). ``stream.state`` can be read and set.
    """

    def __init__(self, layer: SequenceLayer | Chain) -> None:
        self.layer = layer
        self.state: Any = None

    def __call__(self, x: Tensor) -> Tensor:
        """Run one step: x (B, *features)."""
        y, self.state = self.layer.step(x, self.state)
        return y

    def reset(self) -> None:
        """Start a new sequence."""
        self.state = None
