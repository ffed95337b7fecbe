"""Which systems there are, which can run what, what is missing."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.catalogue import NETWORKS, find
from spikegram.scripts.bench.systems import OURS, SYSTEMS, System, has, missing, pick


def test_pick() -> None:
    assert pick(None) == ["brian2", "nest"]
    assert pick(["nest", "brian2-runtime", "nest"]) == ["nest", "brian2-runtime"]
    with pytest.raises(
        ValueError, match="peers: expected some of brian2, brian2-runtime, nest, hand-written, got 'spik"
    ):
        pick(["spikegram"])


def test_has() -> None:
    assert all(has(OURS, n) for n in NETWORKS.values())
    assert has("brian2-runtime", find("cuba4k")) and not has("brian2-runtime", find("coba4k"))
    assert has("hand-written", find("brunel")) and not has("hand-written", find("coba4k"))
    assert not any(has("nest", find(name)) for name in ("scale", "million", "recording"))


def test_names_of_peers_in_the_catalogue_are_systems() -> None:
    assert {peer for n in NETWORKS.values() for peer in n.peers} <= set(SYSTEMS)


def test_missing_says_what_to_install() -> None:
    assert missing(SYSTEMS[OURS]) is None
    absent = System("Other", "m:run", "no_such_package_at_all.part", "pip install other")
    assert missing(absent) == "Other is not installed: pip install other"


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "needs a C++ compiler" in missing(SYSTEMS["brian2"])
