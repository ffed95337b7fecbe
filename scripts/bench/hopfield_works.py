"""Hopfield memories beside NumPy and torch: retrieval among many real patterns, sweeps of binary networks.

The peers are written here, with the same equations and sizes, and must give the same answers:

- ``plain torch``: the products and the softmax as the authors' layers make them, with the whole matrix of weights;
- ``torch SDPA``: the fused attention of torch;
- ``authors' way``, ``MultiheadAttention`` (of torch, which gives p as well unless told not to): for the layer;
- ``NumPy, overlaps``: a visit is one product over patterns, a flip updates the overlaps (as ours; 4 bytes a bit);
- ``NumPy, fields``: of the classic network, the matrix J and the fields of all spins are kept: a visit looks one number
  up, a flip adds a row of J. J (400 MB for 10,000 spins) is made before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spikegram.networks import Classic, HopfieldNetwork, ModernHopfield, Polynomial

from .works import Work, same

__all__ = ["WORKS"]

SWEEPS = 50


# -- real patterns ----------------------------------------------------------------------------------------------------
def retrieval(beta: float) -> Callable[[int, bool], Mapping[str, Callable[[], Any]]]:
    """256 queries among 100,000 unit vectors of length 512, one update, single precision."""

    def make(threads: int, quick: bool) -> Mapping[str, Callable[[], Any]]:
        import torch
        from torch.nn import functional as F  # noqa: N812

        P, N, Q = (5_000, 128, 64) if quick else (100_000, 512, 256)
        rng = np.random.default_rng(1)
        X = rng.standard_normal((P, N), dtype=np.float32)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        cues = X[:Q] + np.float32(0.3 / np.sqrt(N)) * rng.standard_normal((Q, N), dtype=np.float32)
        memory = ModernHopfield(N, beta=beta, dtype="float32")
        memory.store(X)
        k, q = torch.from_numpy(X)[None], torch.from_numpy(cues)[None]

        def plain() -> Any:
            with torch.no_grad():
                p = torch.softmax(torch.bmm(q * beta, k.transpose(1, 2)), dim=-1)
                return torch.bmm(p, k)[0].numpy()

        def fused() -> Any:
            with torch.no_grad():
                return F.scaled_dot_product_attention(q[None], k[None], k[None], scale=beta)[0, 0].numpy()

        return {"spikegram": lambda: memory.recall(cues, threads=threads)[0], "plain torch": plain, "torch SDPA": fused}

    return make


def near(answers: Mapping[str, Any]) -> None:
    """Real answers differ by rounding only."""
    first, *others = answers
    for label in others:
        worst = float(np.abs(answers[label] - answers[first]).max())
        if worst > 2e-6:
            raise ValueError(f"{label}: an answer differs by {worst:.3g}")


# -- the layer --------------------------------------------------------------------------------------------------------
def layer(threads: int, quick: bool) -> Mapping[str, Callable[[], Any]]:
    """Forward pass of `Hopfield` without LayerNorm beside torch's own layer and the authors' way, the same weights.

    The authors' way holds the weights p of all heads and normalises them by a softmax of its own call.
    """
    import torch
    from torch.nn import functional as F  # noqa: N812

    from spikegram.bridges.torch import Hopfield

    B, L, width, heads = (2, 32, 32, 4) if quick else (16, 512, 256, 8)
    torch.manual_seed(3)
    plain = dict.fromkeys(("state_pattern", "stored_pattern", "pattern_projection"), False)
    ours = Hopfield(width, num_heads=heads, **{f"normalize_{name}": on for name, on in plain.items()})
    other = torch.nn.MultiheadAttention(width, heads, batch_first=True)
    parts = (ours.q_proj, ours.k_proj, ours.v_proj)
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        other.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
        other.out_proj.load_state_dict(ours.out_proj.state_dict())
    x, y = torch.randn(B, L, width), torch.randn(B, L, width)

    def authors() -> Any:
        q, k, v = (
            p(s).transpose(0, 1).reshape(L, B * heads, -1).transpose(0, 1)
            for p, s in zip(parts, (x, y, y), strict=True)
        )
        p = F.softmax(torch.bmm(q * ours.scaling, k.transpose(1, 2)), dim=-1)
        read = torch.bmm(F.dropout(p, 0.0), v).transpose(0, 1).reshape(L, B, -1)
        return ours.out_proj(read).transpose(0, 1)

    def without_gradient(call: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with torch.no_grad():
                return call().numpy()

        return run

    calls = {
        "spikegram": lambda: ours((y, x, y)), "authors' way": authors,
        "MultiheadAttention": lambda: other(x, y, y)[0],
        "MultiheadAttention, no p": lambda: other(x, y, y, need_weights=False)[0],
    }  # fmt: skip
    return {label: without_gradient(call) for label, call in calls.items()}


# -- binary patterns --------------------------------------------------------------------------------------------------
def sweeps(form: Classic | Polynomial) -> Callable[[int, bool], Mapping[str, Callable[[], Any]]]:
    """Cues with a tenth of their bits turned run until nothing changes; spins in the order 0, 1, 2, ..."""

    def make(threads: int, quick: bool) -> Mapping[str, Callable[[], Any]]:
        N, K, Q = (500, 40, 2) if quick else (10_000, 1_000, 2)
        rng = np.random.default_rng(2)
        patterns = rng.choice(np.array([-1, 1], dtype=np.int8), (K, N))
        wrong = rng.permuted(np.tile(np.arange(N) < N // 10, (Q, 1)), axis=1)
        cues = np.where(wrong, -patterns[:Q], patterns[:Q])
        memory = HopfieldNetwork(N, form)
        memory.store(patterns)
        columns = np.ascontiguousarray(patterns.T, dtype=np.float32 if isinstance(form, Classic) else np.float64)
        by_overlaps = numpy_classic if isinstance(form, Classic) else numpy_cubic

        def ours() -> Any:
            return memory.recall(cues, steps=SWEEPS, order="sequential", threads=threads)[0]

        systems = {"spikegram": ours, "NumPy, overlaps": lambda: np.array([by_overlaps(columns, c) for c in cues])}
        if isinstance(form, Classic):
            J = columns @ columns.T
            np.fill_diagonal(J, 0)
            systems["NumPy, fields"] = lambda: np.array([numpy_fields(J, c) for c in cues])
        return systems

    return make


def numpy_classic(columns: np.ndarray, cue: np.ndarray) -> np.ndarray:
    """Classic sweeps with overlaps: ``columns`` [N, K] in single precision (exact: whole numbers below 2^24)."""
    s, K = cue.astype(np.float32), columns.shape[1]
    X = s @ columns
    for _ in range(SWEEPS):
        changed = False
        for i in range(len(s)):
            xi = columns[i]
            if s[i] * (xi @ X) < K:
                X -= 2 * s[i] * xi
                s[i] = -s[i]
                changed = True
        if not changed:
            break
    return s.astype(np.int8)


def numpy_fields(J: np.ndarray, cue: np.ndarray) -> np.ndarray:
    """Classic sweeps with J [N, N] (times N) and all fields."""
    s = cue.astype(np.float32)
    h = J @ s
    for _ in range(SWEEPS):
        changed = False
        for i in range(len(s)):
            if s[i] * h[i] < 0:
                h -= 2 * s[i] * J[i]
                s[i] = -s[i]
                changed = True
        if not changed:
            break
    return s.astype(np.int8)


def numpy_cubic(columns: np.ndarray, cue: np.ndarray) -> np.ndarray:
    """Sweeps with F(x) = x^3; the difference of F for both values of spin i is 6 a^2 + 2, a the overlap without it."""
    s = cue.astype(np.float64)
    X = s @ columns
    for _ in range(SWEEPS):
        changed = False
        for i in range(len(s)):
            xi = columns[i]
            a = X - s[i] * xi
            if s[i] * (xi @ (6 * a * a + 2)) < 0:
                X -= 2 * s[i] * xi
                s[i] = -s[i]
                changed = True
        if not changed:
            break
    return s.astype(np.int8)


WORKS = [
    Work(
        "hopfield-retrieval-mixed", "256 queries among 100,000 patterns of 512, all patterns have weight (beta 8)",
        retrieval(8.0), near, {"plain torch": 1.0, "torch SDPA": 1.0},
    ),
    Work(
        "hopfield-retrieval-separated", "256 queries among 100,000 patterns of 512, single patterns (beta 64)",
        retrieval(64.0), near, {"plain torch": 1.0, "torch SDPA": 1.0},
    ),
    Work(
        "hopfield-layer", "forward pass of the layer, 16 x 512 states and patterns of 256, 8 heads", layer, near,
        {"authors' way": 1.5, "MultiheadAttention": 1.0, "MultiheadAttention, no p": 1.0},
    ),
    Work(
        "hopfield-classic", "classic, 10,000 spins, 1,000 patterns: 2 cues with 10 % turned until convergence",
        sweeps(Classic()), same, {"NumPy, overlaps": 20.0},
    ),
    Work(
        "hopfield-cubic", "separation function x^3, 10,000 spins, 1,000 patterns: 2 cues with 10 % turned",
        sweeps(Polynomial(3)), same, {"NumPy, overlaps": 20.0},
    ),
]  # fmt: skip
