"""What every test shares: one seed, a plotting backend without a screen, repeatable examples."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores; threads of libraries would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
pytest.register_assert_rewrite("brian2_networks", "sparsey_frames")

# No clock and no memory of earlier runs: the same examples on every machine.
settings.register_profile("spikegram", deadline=None, derandomize=True, database=None)
settings.load_profile("spikegram")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import all tests without looking for garbage, leave what they hold out of later searches, and search seldom.

    Brian 2 and the measures of memory look through all objects at each call: a second, if all tests are imported.
    Compiling makes many objects that stay: with Python's own thresholds a tenth of it is the search for garbage.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="module", autouse=True)
def objects_of_earlier_tests(request: pytest.FixtureRequest) -> None:
    """Leave them out of the searches for garbage that come with each measure of memory: a second each."""
    if request.path.parent.name == "bench":
        gc.collect()
        gc.freeze()


@pytest.fixture
def seed() -> int:
    """Return the one seed of the suite."""
    return 20240229
