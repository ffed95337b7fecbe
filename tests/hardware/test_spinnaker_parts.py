"""Limits as data, names for files and variables, plain numbers."""

from __future__ import annotations

import keyword

import numpy as np
import pytest

from spikegram.hardware.spinnaker_parts import limits, plain, slug


def test_every_limit_names_its_source() -> None:
    sections = {k: v for k, v in limits().items() if k != "target"}
    assert {"cells", "synapses", "parameters", "weights", "delays", "cores", "step"} == set(sections)
    assert all(len(section["source"]) > 20 for section in sections.values())


def test_limits() -> None:
    assert limits()["parameters"]["step"] == 2.0**-15
    assert limits()["parameters"]["highest"] == 2**16 - 2.0**-15
    assert limits()["delays"]["longest_steps"][1] == [64, 1152]


def test_slugs_are_names_of_variables_and_files() -> None:
    taken: set[str] = set()
    names = ["exc", "Exc", "in", "E -> I", "ψ", "../../etc", "3 cells", "sim", "", "x" * 99, "x" * 99, "print", "nul"]
    found = [slug(name, taken) for name in names]
    assert len(set(found)) == len(names)
    assert all(s.isidentifier() and s.isascii() and not keyword.iskeyword(s) and len(s) < 70 for s in found)
    assert found[:5] == ["exc", "exc_2", "pop_in", "e_to_i", "part"]
    assert "sim" not in found and "print" not in found


def test_plain() -> None:
    assert plain(-0.06 * 1e3) == -60.0 and isinstance(plain(np.full(3, 0.1 + 0.2)), float)
    assert plain(np.full(3, 0.1 + 0.2)) == 0.3
    np.testing.assert_array_equal(plain([1.0, 2.0]), [1.0, 2.0])
    assert plain(np.array([[1.0]])[0]) == pytest.approx(1.0)
