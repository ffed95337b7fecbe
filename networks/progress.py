"""The progress bar of a run, in ms simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]

_FORM = "{l_bar}{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}]"


@contextmanager
def progress_bar(steps: int, dt: float) -> Iterator[Callable[[int], None]]:
    """Show a bar for a run of ``steps`` steps of ``dt`` ms; the function given is told how many are done since."""
    from tqdm import tqdm

    with tqdm(total=steps * dt, desc="simulating", bar_format=_FORM) as bar:
        yield lambda n: bar.update(min(n * dt, bar.total - bar.n))
