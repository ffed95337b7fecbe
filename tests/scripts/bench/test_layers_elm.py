"""The benchmark of the ELM layer: it measures the same numbers, and says so when they differ."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench import layers_elm


def test_small_run() -> None:
    found = layers_elm.elm(repeats=2, T=12, B=3, inputs=30, memory=4, script=False)
    assert set(found["seconds"]) == {"layer", "torch loop"}
    assert all(len(t) == 2 and min(t) > 0 for t in found["seconds"].values())
    assert found["ratios"].keys() == found["differences"].keys() == {"torch loop"}
    assert 0 <= found["differences"]["torch loop"] < 1e-5
    assert found["sizes"]["threads"] == 1


def test_other_numbers_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers_elm, "_by_loop", lambda loop, layer, x: 1.01 * layer(x)[0])
    with pytest.raises(ArithmeticError, match="the layer and the torch loop differ by"):
        layers_elm.elm(repeats=1, T=12, B=3, inputs=30, memory=4, script=False)


@pytest.mark.slow
def test_script_gives_the_same_numbers() -> None:
    found = layers_elm.elm(repeats=1, T=50, B=3, inputs=30, memory=4)
    assert found["differences"]["TorchScript loop"] < 1e-5
