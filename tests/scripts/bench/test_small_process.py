"""The memory of a program, not of the process that asked for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spikegram.scripts.bench import small_process


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux counts in KiB")
def test_memory_and_status(tmp_path: Path) -> None:
    held = bytearray(200_000_000)
    file = tmp_path / "peak"
    command = [sys.executable, "-S", "-E", small_process.__file__, str(file), sys.executable, "-S", "-c"]
    assert subprocess.call([*command, "raise SystemExit(3)"]) == 3
    small = int(file.read_text())
    assert small * 1024 < 50_000_000 < len(held)
    assert subprocess.call([*command, "x = bytearray(100_000_000)"]) == 0
    assert int(file.read_text()) - small == pytest.approx(100_000_000 / 1024, rel=0.1)
