"""The benchmark of the ELM layer: it measures the same numbers, and says so when they differ."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench import layers_elm
from spikegram.scripts.bench.works import measure


@pytest.mark.slow
def test_loop_and_layer_agree() -> None:
    systems = layers_elm.make(quick=True, script=False)
    assert list(systems) == ["spikegram", "torch loop"]
    layers_elm.agree({name: run() for name, run in systems.items()})


def test_other_numbers_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers_elm, "_by_loop", lambda loop, layer, x: 1.01 * layer(x)[0])
    answers = {name: run() for name, run in layers_elm.make(quick=True, script=False).items()}
    with pytest.raises(ValueError, match="the layer and the torch loop differ by"):
        layers_elm.agree(answers)


@pytest.mark.slow
def test_script_gives_the_same_numbers() -> None:
    (work,) = layers_elm.WORKS
    row = measure(work, repeats=1, quick=True)
    assert not row["complaint"] and set(row["ratios"]) == {"torch loop", "TorchScript loop"}
