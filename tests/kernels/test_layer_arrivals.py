"""Lines for spikes that are sent: executed as they stand, with plain Python for what they call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikegram.kernels.layer_arrivals import arrivals_of

N, M, T, D, STRIDE, WIDTH = 3, 6, 7, 4, 9, 6
FREE = 2  # rows of _work before those of the spikes: what arrives, or dy


def functions(delays: np.ndarray) -> dict[str, Any]:
    """What the lines call; ``delays`` [N, N] are those of pairs."""

    def product(x: np.ndarray, W: np.ndarray) -> np.ndarray:
        return (x.reshape(-1, N) @ W).ravel()

    def sent(past: np.ndarray, before: np.ndarray, t: int) -> np.ndarray:
        return past[t] if t >= 0 else before[len(before) + t]

    def gather(spikes, W, given, out, n):
        out[:] = given + product(spikes, W)

    def late(past, before, own, t, start, out, n):
        out[:] = [sent(past, before, t - own[j % n])[start + j] for j in range(len(out))]

    def arrive_late(past, before, D_, S_, P_, marks, W, t, start, given, out, n):
        out[:] = given
        for d in range(1, len(before) + 1):
            assert marks[len(before) + t - d] == 1
            out += product(sent(past, before, t - d)[start : start + len(out)], W * (delays == d))

    def take(waiting, given, out):
        out[:] = given + waiting
        waiting[:] = 0

    def give(dy, own, t, work, base, stride, depth, n):
        for j in range(len(dy)):
            work[(base + (t - own[j % n]) % depth) * stride + j] += dy[j]

    def turn(dx, work, first, n):
        work[first : first + len(dx)] = dx

    def tell(work, base, stride, depth, t, steps, D_, S_, P_, W, blocks, out, n):
        blocks[:] = np.nan  # room that is this function's own
        for d in range(1, depth + 1):
            if 0 <= t + d < steps:
                first = (base + (t + d) % depth) * stride
                out += product(work[first : first + len(out)], (W * (delays == d)).T)

    def part(a, row, first, n):
        return a[first : first + n] if a.ndim == 1 else a[row, first : first + n]

    return {
        "_gather": gather, "_late": late, "_arrive_late": arrive_late, "_take": take, "_give": give, "_turn": turn,
        "_mark": lambda spikes, marks, row, start, n: marks.__setitem__(row, 1),
        "_tell": tell, "_part": part, "_spread": lambda dx, B, out, n: out.__setitem__(..., product(dx, B)),
        "_copy": lambda source, target: target.__setitem__(slice(None), source), "_clear": lambda row: row.fill(0),
        "_add": lambda row, other: row.__iadd__(other),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["", "cells", "pairs"])
def test_lines_are_the_sums_of_the_docstring(kind: str) -> None:
    rng = np.random.default_rng(1)
    steps = {
        "": np.ones((N, N), int), "cells": np.repeat([[2], [1], [4]], N, 1),
        "pairs": np.array([[1, 4, 2], [3, 3, 1], [2, 1, 4]]),
    }[kind]  # fmt: skip
    depth, arrivals = steps.max(), arrivals_of(kind)(N, WIDTH, STRIDE)
    W, ys, dys, given = rng.normal(size=(N, N)), *rng.normal(size=(3, T, M))
    before = rng.normal(size=(depth, M))
    dxs = rng.normal(size=(T, M))
    work = np.full((FREE + arrivals.rows + depth) * STRIDE, np.nan)
    space = functions(steps) | {
        "_ys": ys, "_s0": before, "_W": W, "_B": W.T, "_work": work, "_a": 0, "_n": M, "_steps": T,
        "_ds0": np.full((depth, M), np.nan), "_D": steps[:, 0], "_S": None, "_P": None, "_M": np.zeros(depth + T),
        "given": given, "dys": dys, "dxs": dxs, "heard": np.full((T, M), np.nan), "told": np.full((T, M), np.nan),
        "ahead": np.full((T, M), np.nan),
    }  # fmt: skip
    dy = arrivals.row(FREE - 1)
    lines = [*arrivals.start(), "for _t in range(_steps):"]
    lines += [f"    {line}" for line in arrivals.arrive("given[_t]", "ahead[_t]", FREE)]
    lines += ["    pass", *(f"    {line}" for line in arrivals.sent()), "_M[:] = 0; _work[:] = float('nan')"]
    lines += [*arrivals.begin(dy, FREE), "for _t in range(_steps - 1, -1, -1):"]
    lines += [f"    {line}" for line in arrivals.arrive("given[_t]", "heard[_t]", FREE)]  # while others wait
    lines += [f"    {line}" for line in arrivals.receive(dy, "dys[_t]", FREE)]
    lines += [f"    told[_t] = {dy}"]
    lines += [f"    {line}" for line in arrivals.send(dy, "dxs[_t]", FREE)]
    lines += arrivals.end(dy, FREE)
    exec("\n".join(lines), space)

    heard, told = given.copy(), np.concatenate([np.zeros((depth, M)), dys])
    sent = np.concatenate([before, ys])
    for t in range(T):
        for d in range(1, depth + 1):
            own = W * (steps == d)
            heard[t] += (sent[depth + t - d].reshape(-1, N) @ own).ravel()
            told[depth + t - d] += (dxs[t].reshape(-1, N) @ own.T).ravel()
    np.testing.assert_allclose(space["heard"], heard, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(space["ahead"], space["heard"])
    np.testing.assert_allclose(space["told"], told[depth:], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(space["_ds0"], told[:depth], rtol=1e-12, atol=1e-12)


def test_imports_are_what_is_called() -> None:
    assert arrivals_of("").imports == ""
    for kind in ("cells", "pairs"):
        arrivals = arrivals_of(kind)(N, WIDTH, STRIDE)
        text = "\n".join(
            [*arrivals.start(), *arrivals.arrive("a", "b", 0), *arrivals.sent(),
             *arrivals.begin("a", 0), *arrivals.receive("a", "b", 0),
             *arrivals.send("a", "b", 0), *arrivals.end("a", 0)]
        )  # fmt: skip
        space: dict[str, Any] = {}
        exec(arrivals.imports, space)
        made = [name for name in space if name.startswith("_") and not name.startswith("__")]
        assert made
        assert all(f"{name}(" in text for name in made)
