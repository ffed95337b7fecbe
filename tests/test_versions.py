"""Versions of packages that are there, and of none that is not."""

from __future__ import annotations

import numpy as np

from spikegram.versions import versions_of


def test_versions_of_installed_packages_in_the_order_asked_for() -> None:
    found = versions_of("pytest", "no-such-package", "numpy")
    assert list(found) == ["pytest", "numpy"] and found["numpy"] == np.__version__
