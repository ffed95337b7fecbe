"""What tests of Hopfield layers share: a pure memory, random tensors, larger weights."""

from __future__ import annotations

from typing import Any

import torch

# no projection, no normalisation
MEMORY: dict[str, Any] = dict(
    state_pattern_as_static=True, stored_pattern_as_static=True, pattern_projection_as_static=True,
    normalize_state_pattern=False, normalize_stored_pattern=False, normalize_pattern_projection=False,
    disable_out_projection=True,
)  # fmt: skip


def maker(seed: int) -> Any:
    """Give a function that draws tensors of a shape; parameters are drawn from the seed too."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    return lambda *shape, dtype=torch.float32: torch.randn(*shape, generator=generator, dtype=dtype)


def widen(layer: Any) -> Any:
    """Larger weights, so that a wrong projection shows."""
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return layer
