"""Readings of this process and machine."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from spikegram.scripts.bench import machine

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_describe_and_versions() -> None:
    found = machine.describe()
    assert found["cores"] == os.cpu_count() and found["processor"] and found["memory_gib"] > 0
    assert found["core"] and " " not in found["core"]  # LLVM's name, "generic" where it knows none
    assert machine.versions()["numpy"] == np.__version__
    assert set(machine.versions()) >= {"spikegram", "numba", "brian2"}


@pytest.mark.slow
@linux
def test_memory_grows_with_what_is_held() -> None:
    before = machine.resident()
    held = np.ones(50_000_000, np.uint8)
    assert machine.resident() - before == pytest.approx(held.nbytes, rel=0.1)
    assert machine.peak_memory() >= machine.resident()
    parts = [np.ones(100_000, np.uint8) for _ in range(1000)]
    last = np.ones(1000)  # behind the parts: what lies in front of it cannot be given back without being asked for
    full = machine.resident()
    parts.clear()
    assert full - machine.resident() > 80_000_000 and last.all()


@linux
def test_the_peak_of_a_child_is_its_own() -> None:
    """What the parent holds is not counted as the child's, as ``getrusage`` does."""
    held = np.ones(400_000_000, np.uint8)
    code = "from spikegram.scripts.bench import machine; print(machine.peak_memory())"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(answer.stdout) < held.nbytes / 2


@linux
def test_clocks() -> None:
    assert 0 < machine.age() < 24 * 3600
    first = machine.busy_seconds()
    sum(k for k in range(3_000_000))
    assert machine.busy_seconds() >= first > 0
    assert machine.load() >= 0
