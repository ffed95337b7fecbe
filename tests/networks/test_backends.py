"""The table of backends and what is said about one that is not there."""

from __future__ import annotations

import importlib.util

import pytest

from spikegram.networks import Network, backends
from spikegram.networks.backends import BACKENDS, check_backend
from spikegram.neurons import NeuronModel


def test_table():
    assert {"reference", "numba", "brian2"} <= set(BACKENDS)
    for name, backend in BACKENDS.items():
        assert backend.name == name
        assert backend.package
        assert backend.what
        assert backend.is_available() == (importlib.util.find_spec(backend.package) is not None)


def test_known():
    assert check_backend("reference") is BACKENDS["reference"]


@pytest.mark.parametrize("name", ["fast", "", "Numba", None, 3, ["numba"]])
def test_unknown(name):
    with pytest.raises(ValueError, match="^backend: expected one of .*numba.*, got "):
        check_backend(name)


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda package: None)
    with pytest.raises(ImportError, match="backend 'numba' needs the package numba: pip install numba"):
        check_backend("numba")
    net = Network()
    net.population(1, NeuronModel("x : 1"))
    with pytest.raises(ImportError, match="backend 'numba' needs"):  # and nothing else is taken in its place
        net.run(1)
    assert net._engine is None
