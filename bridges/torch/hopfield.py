"""Modern Hopfield layer: association of two sets. `hopfield_learned` pools by learned states or looks up patterns.

With states R (L, d), stored patterns Y (S, d_y) and projections V, per head with beta = ``scaling``:

    Q = R W_Q,  K = Y W_K,  A = V W_V  (connected: A = V W_K W_V)
    p = softmax(beta Q K' + mask)
    repeat ``update_steps_max`` times:  Q = p K,  p = softmax(beta Q K' + mask)
    output = concat_heads(dropout(p) A) W_O

The update is that of `networks.hopfield_forms` in the projected space. ``update_steps_max=0`` is the single update of
the paper, and is attention; n makes n further ones, None goes on until each head stops. With ``stop_on="p"`` (as in the
authors' code) a head stops when the Frobenius norm of the change of its p, largest over the batch, is at most
``update_steps_eps``; with ``"state"`` the same of Q, and p is never held. ``update_steps_eps=0`` makes exactly n
further updates. ``activation`` puts another member of the family in the place of softmax: ``"sparsemax"``,
``"entmax15"``, ``"normmax"``, ``("entmax", a)`` or ``("normmax", g)`` leave most patterns out of the sum altogether.

- These layers have no state, so they return y alone, unlike the sequence layers of this package (`Chain` takes them as
  they are), and sets come batch first: (B, L, d); ``batch_first=False`` takes (L, B, d).
- beta defaults to 1 / sqrt(``hidden_size``); to 1 if all three inputs are static and nothing else is projected.
- beta may be one number per head. The authors' code scales along the wrong axis from the second step on; this does not.
- Projections start as N(0, 0.02^2), biases as 0, learned patterns as N(0, 0.02^2).

**Reference.** H. Ramsauer et al. 2021, "Hopfield networks is all you need" (arXiv 2008.02217), section 3; names and
defaults are those of the authors' package. Sparse activations: see `networks.hopfield_forms`.

>>> import torch
>>> memory = Hopfield(  # a pure memory: no projection, no normalisation, beta = 8
...     scaling=8.0, state_pattern_as_static=True, stored_pattern_as_static=True, pattern_projection_as_static=True,
...     normalize_state_pattern=False, normalize_stored_pattern=False, normalize_pattern_projection=False,
...     disable_out_projection=True)
>>> stored = torch.eye(16)[None]
>>> round(memory((stored, stored[:, :1], stored))[0, 0, 0].item(), 5)
0.99499
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ...networks.hopfield_forms import activation_named
from ...units import is_whole
from .hopfield_updates import associate

__all__ = ["Hopfield", "check_whole"]


class Hopfield(nn.Module):
    """Associate two sets: ``y = layer((stored, state, projection))`` or ``y = layer(x)`` for one set with itself.

    Parameters
    ----------
    input_size : int, optional
        Width of the states; also of the others unless given. Needed unless everything is static.
    hidden_size : int, optional
        Width of the Hopfield space of a head; ``input_size / num_heads``.
    output_size : int, optional
        Width of the output; ``input_size``.
    pattern_size : int, optional
        Width of what a head reads out; ``hidden_size``.
    num_heads : int
    scaling : float or sequence of float, optional
        beta, or one for each head.
    update_steps_max : int or None
        Updates after the first one (0: the paper's one update); None: until convergence.
    update_steps_eps : float
    stop_on : str
        ``"p"`` or ``"state"``; see the module.
    normalize_stored_pattern, normalize_state_pattern, normalize_pattern_projection : bool
        LayerNorm of that input.
    normalize_hopfield_space : bool
        LayerNorm (without weights) of queries and keys of each head.
    stored_pattern_as_static, state_pattern_as_static, pattern_projection_as_static : bool
        Take that input as it is: no projection, all heads see the same. Its width is then ``hidden_size`` (of the
        projection: ``pattern_size``).
    pattern_projection_as_connected : bool
        Project the projection by W_K first, as the paper writes it.
    stored_pattern_size, pattern_projection_size : int, optional
    batch_first : bool
        (B, L, d), else (L, B, d).
    dropout : float
        Of the weights p, while training.
    input_bias : bool
        Of the projections, the last one included.
    add_zero_association : bool
        One more stored pattern, zero, whose projection is zero: a state may be associated with nothing.
    disable_out_projection : bool
        Give the heads side by side.
    activation : str or tuple
        Makes p of the overlaps; see the module.
    device, dtype
        Of the parameters.

    Notes
    -----
    Shapes: stored (B, S, d_s), state (B, L, d), projection (B, S, d_p) -> (B, L, output_size).
    """

    def __init__(
        self, input_size: int | None = None, hidden_size: int | None = None, output_size: int | None = None,
        pattern_size: int | None = None, num_heads: int = 1, scaling: float | Sequence[float] | None = None,
        update_steps_max: int | None = 0, update_steps_eps: float = 1e-4, stop_on: str = "p",
        normalize_stored_pattern: bool = True, normalize_state_pattern: bool = True,
        normalize_pattern_projection: bool = True, normalize_hopfield_space: bool = False,
        stored_pattern_as_static: bool = False, state_pattern_as_static: bool = False,
        pattern_projection_as_static: bool = False, pattern_projection_as_connected: bool = False,
        stored_pattern_size: int | None = None, pattern_projection_size: int | None = None, batch_first: bool = True,
        dropout: float = 0.0, input_bias: bool = True, add_zero_association: bool = False,
        disable_out_projection: bool = False, activation: Any = "softmax", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._config = {
            name: value for name, value in locals().items() if name not in ("self", "device", "dtype", "__class__")
        }
        self.activation = activation_named(activation)
        self._config["activation"] = activation if isinstance(activation, str) else list(activation)
        self.num_heads, self.batch_first, self.dropout = (
            check_whole("num_heads", num_heads),
            batch_first,
            float(dropout),
        )
        for name in ("input", "hidden", "output", "pattern", "stored_pattern", "pattern_projection"):
            if (size := self._config[f"{name}_size"]) is not None:
                check_whole(f"{name}_size", size)
        self.stop_on, self.add_zero_association = stop_on, add_zero_association
        self.update_steps_max, self.update_steps_eps = update_steps_max, float(update_steps_eps)
        if stop_on not in ("p", "state"):
            raise ValueError(f"stop_on: expected 'p' or 'state', got {stop_on!r}")
        if update_steps_max is not None:
            check_whole("update_steps_max", update_steps_max, 0)
        if not self.update_steps_eps >= 0 or (update_steps_max is None and self.update_steps_eps == 0):
            least = "> 0 to stop at all" if update_steps_max is None else ">= 0"
            raise ValueError(f"update_steps_eps: expected a number {least}, got {update_steps_eps}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: expected a share from 0 to below 1, got {dropout}")
        static = (state_pattern_as_static, stored_pattern_as_static, pattern_projection_as_static)
        if pattern_projection_as_connected and (stored_pattern_as_static or pattern_projection_as_static):
            raise ValueError("pattern_projection_as_connected: needs projections of stored pattern and projection")
        if input_size is None and not (all(static) and disable_out_projection):
            raise ValueError("input_size: needed unless all inputs are static and disable_out_projection is set")
        memory = all(static) and disable_out_projection and not normalize_hopfield_space
        if hidden_size is None and input_size is not None:
            if input_size % num_heads:
                raise ValueError(f"input_size: expected a multiple of num_heads = {num_heads}, got {input_size}")
            hidden_size = input_size // num_heads
        pattern_size = hidden_size if pattern_size is None else pattern_size
        stored, projected = stored_pattern_size or input_size, pattern_projection_size or input_size
        widths = dict(state_pattern=input_size, stored_pattern=stored, pattern_projection=projected)
        self.widths = tuple(widths.values())
        if hidden_size is not None:
            for name, fixed, width, wanted in (
                ("state_pattern", static[0], input_size, hidden_size),
                ("stored_pattern", static[1], stored, hidden_size),
                ("pattern_projection", static[2], projected, pattern_size),
            ):
                if fixed and width != wanted:
                    raise ValueError(f"{name}_as_static: expected its width to be {wanted}, got {width}")
        wide, make = dict(device=device, dtype=dtype), dict(bias=input_bias, device=device, dtype=dtype)
        heads_k, heads_v = num_heads * (hidden_size or 0), num_heads * (pattern_size or 0)
        source = heads_k if pattern_projection_as_connected else projected
        self.q_proj = None if static[0] else nn.Linear(input_size, heads_k, **make)
        self.k_proj = None if static[1] else nn.Linear(stored, heads_k, **make)
        self.v_proj = None if static[2] else nn.Linear(source, heads_v, **make)
        self.connected = pattern_projection_as_connected
        self.out_proj = None if disable_out_projection else nn.Linear(heads_v, output_size or input_size, **make)
        normalized = (normalize_state_pattern, normalize_stored_pattern, normalize_pattern_projection)
        norms = []
        for (name, width), on in zip(widths.items(), normalized, strict=True):
            if on and width is None:
                raise ValueError(f"normalize_{name}: needs the width of that input, or False")
            norms.append(nn.LayerNorm(width, **wide) if on else None)
        self.norm_state_pattern, self.norm_stored_pattern, self.norm_pattern_projection = norms
        self.normalize_hopfield_space = normalize_hopfield_space
        if scaling is None:
            self.scaling: float | None = 1.0 if memory else 1 / math.sqrt(hidden_size or 1)
            self.register_buffer("_each", None, persistent=False)
        elif isinstance(scaling, int | float):
            self.scaling = float(scaling)
            self.register_buffer("_each", None, persistent=False)
        else:
            self.scaling, each = None, torch.as_tensor(scaling, **wide)
            if each.shape != (num_heads,):
                raise ValueError(f"scaling: expected a number or one for each of {num_heads} heads, got {scaling}")
            self._config["scaling"] = each.tolist()
            self.register_buffer("_each", each, persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the projections anew."""
        for layer in (self.q_proj, self.k_proj, self.v_proj, self.out_proj):
            if layer is not None:
                nn.init.normal_(layer.weight, std=0.02)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        for norm in (self.norm_state_pattern, self.norm_stored_pattern, self.norm_pattern_projection):
            if norm is not None:
                norm.reset_parameters()

    def config(self) -> dict[str, Any]:
        """Give the arguments that make the layer anew, as JSON values."""
        return dict(self._config)

    def extra_repr(self) -> str:
        """Name the arguments that differ from their defaults."""
        import inspect

        usual = inspect.signature(type(self).__init__).parameters
        return ", ".join(f"{n}={v!r}" for n, v in self._config.items() if v != usual[n].default)

    def forward(
        self, input: Tensor | tuple[Tensor, Tensor, Tensor], stored_pattern_padding_mask: Tensor | None = None,
        association_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Associate.

        Parameters
        ----------
        input : Tensor or tuple of three
            Stored patterns, states, projections; one tensor is all three.
        stored_pattern_padding_mask : Tensor, optional
            bool (B, S); True leaves a stored pattern out.
        association_mask : Tensor, optional
            (L, S) or (B, H, L, S); bool: True leaves that association out; else added to the scaled overlaps.
        """
        q, k, v, mask = self._heads(input, stored_pattern_padding_mask, association_mask)
        dropout = self.dropout if self.training else 0.0
        steps, eps = self.update_steps_max, self.update_steps_eps
        y = associate(q, k, v, self._beta(), mask, dropout, steps, eps, self.stop_on, self.activation)
        y = y.transpose(1, 2).flatten(2)
        if self.out_proj is not None:
            y = self.out_proj(y)
        return y if self.batch_first else y.transpose(0, 1)

    def associations(
        self, input: Tensor | tuple[Tensor, Tensor, Tensor], stored_pattern_padding_mask: Tensor | None = None,
        association_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Give the weights p (B, H, L, S) with which `forward` reads out."""
        q, k, _, mask = self._heads(input, stored_pattern_padding_mask, association_mask)
        one = torch.eye(k.shape[2], dtype=k.dtype, device=k.device).expand(*k.shape[:2], -1, -1)
        steps, eps = self.update_steps_max, self.update_steps_eps
        return associate(q, k, one, self._beta(), mask, 0.0, steps, eps, self.stop_on, self.activation)

    def _beta(self) -> float | Tensor:
        return self._each if self.scaling is None else self.scaling

    def _heads(
        self, input: Tensor | tuple[Tensor, Tensor, Tensor], padding: Tensor | None, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Queries, keys, values (B, H, ., d) and what is added to the overlaps."""
        stored, state, projection = (input,) * 3 if isinstance(input, Tensor) else input
        given = (("state", state), ("stored", stored), ("projection", projection))
        for (name, x), width in zip(given, self.widths, strict=True):
            if x.ndim != 3 or (width is not None and x.shape[2] != width):
                wanted = "(B, L, d)" if self.batch_first else "(L, B, d)"
                wanted = wanted if width is None else wanted.replace("d", str(width))
                raise ValueError(f"Hopfield: {name} must be {wanted}, got {tuple(x.shape)}")
        if not self.batch_first:
            stored, state, projection = (x.transpose(0, 1) for x in (stored, state, projection))
        if not (len(stored) == len(state) == len(projection)) or stored.shape[1] != projection.shape[1]:
            came = ", ".join(str(tuple(x.shape)) for x in (stored, state, projection))
            raise ValueError(f"Hopfield: stored, state and projection do not fit each other, got (B, L, d) = {came}")
        if self.norm_stored_pattern is not None:
            stored = self.norm_stored_pattern(stored)
        if self.norm_state_pattern is not None:
            state = self.norm_state_pattern(state)
        if self.norm_pattern_projection is not None:
            projection = self.norm_pattern_projection(projection)
        if self.connected:
            projection = self.k_proj(projection)
        q, k, v = (
            self._split(x, layer)
            for x, layer in ((state, self.q_proj), (stored, self.k_proj), (projection, self.v_proj))
        )
        if q.shape[-1] != k.shape[-1]:
            raise ValueError(f"Hopfield: state and stored patterns differ in width, {q.shape[-1]} and {k.shape[-1]}")
        if self.normalize_hopfield_space:
            q, k = (F.layer_norm(x, x.shape[-1:]) for x in (q, k))
        if self.add_zero_association:
            k, v = (F.pad(x, (0, 0, 0, 1)) for x in (k, v))
        return q, k, v, self._mask(padding, mask, q, len(k), k.shape[2])

    def _split(self, x: Tensor, layer: nn.Module | None) -> Tensor:
        if layer is None:
            return x.unsqueeze(1).expand(-1, self.num_heads, -1, -1)
        return layer(x).unflatten(2, (self.num_heads, -1)).transpose(1, 2)

    def _mask(self, padding: Tensor | None, mask: Tensor | None, q: Tensor, B: int, S: int) -> Tensor | None:
        """Both masks as one that is added; the zero association is never left out."""
        S = S - self.add_zero_association
        added = None
        if padding is not None:
            if padding.dtype != torch.bool or padding.shape != (B, S):
                came = f"{padding.dtype} {tuple(padding.shape)}"
                raise ValueError(f"stored_pattern_padding_mask: expected bool ({B}, {S}), got {came}")
            added = _minus_infinity(padding[:, None, None], q.dtype)
        if mask is not None:
            L = q.shape[2]
            if mask.shape not in ((L, S), (B, self.num_heads, L, S)):
                wanted = f"({L}, {S}) or ({B}, {self.num_heads}, {L}, {S})"
                raise ValueError(f"association_mask: expected {wanted}, got {tuple(mask.shape)}")
            mask = _minus_infinity(mask, q.dtype) if mask.dtype == torch.bool else mask.to(q.dtype)
            added = mask if added is None else added + mask
        if added is not None and self.add_zero_association:
            added = F.pad(added, (0, 1))
        return added


def _minus_infinity(where: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(where.shape, dtype=dtype, device=where.device).masked_fill(where, -math.inf)


def check_whole(name: str, value: Any, least: int = 1) -> int:
    """Give a whole number that is at least ``least``."""
    if not is_whole(value) or value < least:
        raise ValueError(f"{name}: expected a whole number of at least {least}, got {value!r}")
    return value
