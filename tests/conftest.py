"""What every test shares: one seed, a plotting backend without a screen, repeatable examples."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
pytest.register_assert_rewrite("brian2_networks", "sparsey_frames")

# No clock and no memory of earlier runs: the same examples on every machine.
settings.register_profile("spikegram", deadline=None, derandomize=True, database=None)
settings.load_profile("spikegram")


@pytest.fixture
def seed() -> int:
    """Return the one seed of the suite."""
    return 20240229
