"""The loop of Hopfield updates: heads stop one by one, and one that never stops is an error."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from hopfield_cases import maker  # noqa: E402

from spikegram.bridges.torch.hopfield_updates import associate  # noqa: E402


@pytest.fixture
def make(seed: int) -> Any:
    return maker(seed)


@pytest.mark.parametrize("stop_on", ["p", "state"])
def test_heads_stop_one_by_one(stop_on: str, make: Any) -> None:
    q, k = make(2, 3, 4, 5, dtype=torch.float64), make(2, 3, 6, 5, dtype=torch.float64)
    beta, eps = torch.tensor([0.05, 0.8, 3.0], dtype=torch.float64), 1e-3
    for head in range(3):  # written out, a head at a time
        state = q[:, head]
        p = torch.softmax(beta[head] * state @ k[:, head].transpose(1, 2), -1)
        for _ in range(500):
            fresh = p @ k[:, head]
            q_change = (fresh - state).norm(dim=(1, 2)).max()
            state = fresh
            again = torch.softmax(beta[head] * state @ k[:, head].transpose(1, 2), -1)
            p_change = (again - p).norm(dim=(1, 2)).max()
            p = again
            if (p_change if stop_on == "p" else q_change) <= eps:
                break
        came = associate(q, k, k, beta, steps=None, eps=eps, stop_on=stop_on)[:, head]
        assert (came - p @ k[:, head]).abs().max() < 1e-12


def test_a_loop_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    monkeypatch.setattr("spikegram.bridges.torch.hopfield_updates._MOST_STEPS", 3)
    Y = make(1, 1, 40, 3)
    for stop_on in ("p", "state"):
        with pytest.raises(RuntimeError, match="update_steps_max=None: not converged to update_steps_eps=1e-300"):
            associate(Y, Y, Y, steps=None, eps=1e-300, stop_on=stop_on)
