"""Sizes that no machine has are refused, with an estimate, before anything is made."""

from __future__ import annotations

import os

import pytest
from sample_networks import COUNTER

from spikegram.networks import AllToAll, FixedProbability, FixedTotalNumber, Network, OneToOne, SpikeArray


@pytest.fixture
def net():
    return Network(dt=0.1, seed=1)


def test_absurd_sizes_are_estimated_not_tried(net):
    for n in (2**31, 2**40, 10**15):
        with pytest.raises(
            ValueError, match=rf"population 'big': (n: at most 2\*\*31 - 1|{n} neurons: needs about .* GiB)"
        ):
            net.population(n, COUNTER, name="big")
    with pytest.raises(
        ValueError, match=r"needs about 1\.\d+e\+08 GiB, .* GiB are claimed already and this machine has"
    ):
        net.population(10**15, COUNTER)
    million = net.population(10**6, SpikeArray([]), name="million")
    other = net.population(10**6, COUNTER, name="other")
    for connector, count in (
        (AllToAll(), r"1e\+12"), (FixedProbability(0.5), r"5e\+11"), (FixedTotalNumber(10**12), r"1e\+12")
    ):  # fmt: skip
        with pytest.raises(ValueError, match=rf"projection 'all': .*makes about {count} synapses: needs about .* GiB"):
            net.project(million, other, connector, weight=1, target="x", name="all")
    assert net.project(million, other, OneToOne(), weight=1, target="x").size == 10**6


def test_claims_add_up(net, monkeypatch):
    pages = {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": 100_000}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    for _ in range(3):
        net.population(200, COUNTER)
    with pytest.raises(ValueError, match="are claimed already"):
        net.population(200, COUNTER)
    net.population(1, COUNTER)
