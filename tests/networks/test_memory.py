"""The face, the checks and the file of associative memories."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from spikegram.networks import memory as m


class Table(m.AssociativeMemory):
    """A memory that gives the nearest stored row."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.rows = np.zeros((0, size), dtype=np.int8)

    def store(self, patterns: Any) -> None:
        self.rows = np.concatenate([self.rows, m.check_signs(patterns, "patterns", self.size)])

    def recall(self, cues: Any) -> tuple[np.ndarray, m.RecallInfo]:
        cues = m.check_signs(cues, "cues", self.size)
        best = (cues.astype(int) @ self.rows.T).argmax(1)
        return self.rows[best], m.RecallInfo(np.ones(len(cues), dtype=int), np.ones(len(cues), dtype=bool))

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"size": self.size}, {"rows": self.rows}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        made = cls(**settings)
        made.rows = m.check_signs(arrays["rows"], "rows", made.size)
        return made


def test_saved_and_loaded_memory_is_the_same(tmp_path: Path) -> None:
    table = Table(3)
    table.store([[1, -1, 1], [-1, -1, -1]])
    table.save(tmp_path / "a.mem")
    assert [f.name for f in tmp_path.iterdir()] == ["a.mem"]
    again = Table.load(tmp_path / "a.mem")
    assert again.nbytes == 6 and again.size == 3 and np.array_equal(again.rows, table.rows)
    states, info = again.recall([[True, False, False]])
    assert states.tolist() == [[1, -1, 1]] and info.converged.tolist() == [True]


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(FileNotFoundError, match="no file"):
        Table.load(path)
    m.write_memory(path, "Table", {"size": 2}, {})
    with pytest.raises(ValueError, match="not a complete Table .*rows"):
        Table.load(path)
    m.write_memory(path, "Other", {"size": 2}, {})
    with pytest.raises(ValueError, match="expected a Table, got a Other"):
        Table.load(path)
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="expected a file of the format"):
        Table.load(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="not a readable memory file"):
        Table.load(path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        m.write_memory(tmp_path / "none" / "x.npz", "Table", {}, {})


def test_signs() -> None:
    made = m.check_signs(np.array([[1.0, -1.0]]).T[::-1], "patterns")
    assert made.dtype == np.int8 and made.flags.c_contiguous and made.tolist() == [[-1], [1]]
    for bad, message in [
        ([[0, 1]], r"cues: expected -1 and \+1 \(or bool\), got 0; 2 \* x - 1"),
        ([[1, 2]], "got 2$"),
        ([[np.nan, 1]], "got nan"),
        ([1, -1], r"expected shape \[., N = 2\], got \[2\]; x\[None\]"),
        ([[1, -1, 1]], r"expected shape \[., N = 2\], got \[1, 3\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            m.check_signs(bad, "cues", 2)
    with pytest.raises(TypeError, match="expected numbers or bool"):
        m.check_signs([["a", "b"]], "cues", 2)


def test_letters() -> None:
    made = m.check_letters(np.array([[1.0, 0.0, -1.0]]).T[::-1], "patterns")
    assert made.dtype == np.int8 and made.flags.c_contiguous and made.tolist() == [[-1], [0], [1]]
    for bad, message in (
        ([[0, 2]], r"cues: expected -1, 0 and \+1, got 2"),
        ([[np.nan, 1]], "got nan"),
        ([1], r"\[1\]"),
    ):
        with pytest.raises(ValueError, match=message):
            m.check_letters(bad, "cues", 2)
    with pytest.raises(TypeError, match="cues: expected numbers, got bool"):
        m.check_letters([[True, False]], "cues", 2)


def test_packed_bits() -> None:
    bits = np.zeros((2, 70), dtype=bool)
    bits[0, [0, 63, 65]] = True
    words = m.pack_bits(bits)
    assert words.tolist() == [[2**63 + 1, 2], [0, 0]] and np.array_equal(m.unpack_bits(words, 70), bits)
    assert m.pack_bits(bits, 16).shape == (2, 5) and np.array_equal(m.unpack_bits(m.pack_bits(bits, 16), 70), bits)


def test_bits_and_reals() -> None:
    assert m.check_bits([[0, 1]], "x").tolist() == [[False, True]]
    with pytest.raises(ValueError, match="x: expected 0 and 1"):
        m.check_bits([[-1, 1]], "x")
    with pytest.raises(TypeError, match="x: expected bool"):
        m.check_bits([["a"]], "x")
    assert m.check_real([[1, 2]], "x", 2, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="x: expected finite numbers, got inf"):
        m.check_real([[1, np.inf]], "x")
    with pytest.raises(TypeError, match="x: expected real numbers"):
        m.check_real([[1j]], "x")


def test_numbers() -> None:
    assert m.check_count(np.int64(3), "n") == 3
    assert m.check_number(0, "t", 0) == 0.0
    assert m.check_choice("a", "c", ("a", "b")) == "a"
    for call, error, message in [
        (lambda: m.check_count(0, "n"), ValueError, "n: expected at least 1, got 0"),
        (lambda: m.check_count(True, "n"), TypeError, "n: expected a whole number, got True"),
        (lambda: m.check_number(0, "t", 0, above=True), ValueError, "t: expected a finite number > 0, got 0"),
        (lambda: m.check_number(2, "t", 0, 1), ValueError, "t: expected a finite number >= 0 and <= 1, got 2"),
        (lambda: m.check_number("1", "t"), TypeError, "t: expected a number, got '1'"),
        (lambda: m.check_choice("x", "c", ("a", "b")), ValueError, "c: expected one of a, b, got 'x'"),
    ]:
        with pytest.raises(error, match=message):
            call()
