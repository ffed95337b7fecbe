"""Short films of shapes that move: one shape and one motion make a class; and a reader for films of real actions.

`moving_shapes` draws outlines (square, disc, triangle, cross, ring, bar) that go left, right, up or down, turn, grow or
shrink, with a random place, size and speed. `read_films` reads the Weizmann actions, or other films, if the files are
there: they are not part of the package.

>>> films, labels, names = moving_shapes(shapes=("square", "disc"), motions=("left", "right"), films=2, seed=0)
>>> films.shape, labels.tolist(), names
((8, 8, 32, 32), [0, 0, 1, 1, 2, 2, 3, 3], ['square left', 'square right', 'disc left', 'disc right'])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..units import is_number, is_whole

__all__ = ["MOTIONS", "SHAPES", "moving_shapes", "outlines", "read_films"]

SHAPES = ("square", "disc", "triangle", "cross", "ring", "bar")
MOTIONS = ("left", "right", "up", "down", "turn", "grow", "shrink")


def moving_shapes(
    shapes: Sequence[str] = SHAPES[:4], motions: Sequence[str] = MOTIONS[:4], films: int = 10, frames: int = 8,
    side: int = 32, jitter: float = 1.0, seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, list[str]]:  # fmt: skip
    """Make films of every shape in every motion.

    Parameters
    ----------
    shapes, motions : sequence of str
        Out of `SHAPES` and `MOTIONS`.
    films : int
        Of each class.
    frames : int
        T, of each film.
    side : int
        Pixels of an edge.
    jitter : float
        How much place, size and speed vary: 1 is up to 2 pixels, 10 % and 20 %; 0 makes all films of a class equal,
        and from 5 on a shape could go backwards.
    seed : int

    Returns
    -------
    tuple
        bool [P, T, side, side] outlines, class int [P], name of each class.

    Raises
    ------
    ValueError
        An unknown shape or motion, no film, or too much jitter.
    """
    for what, given, known in (("shapes", shapes, SHAPES), ("motions", motions, MOTIONS)):
        if strange := [name for name in given if name not in known]:
            raise ValueError(f"{what}: expected some of {', '.join(known)}, got {strange[0]!r}")
    for name, value, low in (("films", films, 1), ("frames", frames, 1), ("side", side, 12)):
        if not is_whole(value) or value < low:
            raise ValueError(f"{name}: expected a whole number >= {low}, got {value!r}")
    if not is_number(jitter) or not 0 <= jitter < 5:
        raise ValueError(f"jitter: expected a number >= 0 and < 5, got {jitter!r}")
    rng = np.random.default_rng(seed)
    made, labels = [], []
    names: list[str] = []
    for shape in shapes:
        for motion in motions:
            for _ in range(films):
                made.append(_film(shape, motion, frames, side, rng.uniform(-1, 1, 4) * jitter))
                labels.append(len(names))
            names.append(f"{shape} {motion}")
    return np.array(made), np.array(labels), names


def _film(shape: str, motion: str, frames: int, side: int, change: np.ndarray) -> np.ndarray:
    """One film, bool [T, side, side]; ``change`` of row, column, size and speed."""
    film = np.empty((frames, side, side), bool)
    middle, radius, speed = (side - 1) / 2, 0.2 * side * (1 + 0.1 * change[2]), 1 + 0.2 * change[3]
    for t in range(frames):
        way = speed * (t / max(frames - 1, 1) - 0.5)  # from -1/2 to 1/2
        row, column = middle + 2 * change[0], middle + 2 * change[1]
        row += {"up": -1, "down": 1}.get(motion, 0) * 0.5 * side * way
        column += {"left": -1, "right": 1}.get(motion, 0) * 0.5 * side * way
        r = radius * (1 + {"grow": 1, "shrink": -1}.get(motion, 0) * way)
        angle = math.pi / 2 * way if motion == "turn" else 0.0
        film[t] = outlines(_filled(shape, side, row, column, r, angle)[None])[0]
    return film


def _filled(shape: str, side: int, row: float, column: float, r: float, angle: float) -> np.ndarray:
    y, x = np.indices((side, side))
    y, x = y - row, x - column
    y, x = math.cos(angle) * y - math.sin(angle) * x, math.sin(angle) * y + math.cos(angle) * x
    far = np.hypot(x, y)
    if shape == "square":
        return np.maximum(abs(x), abs(y)) <= 0.9 * r
    if shape == "disc":
        return far <= r
    if shape == "ring":
        return (far <= r) & (far > 0.55 * r)
    if shape == "triangle":
        return (y <= 0.8 * r) & (abs(x) <= (y + r) / 1.8)
    wide = 0.3 * r
    bar = (abs(x) <= wide) & (abs(y) <= r)
    return bar if shape == "bar" else bar | ((abs(y) <= wide) & (abs(x) <= r))


def outlines(images: np.ndarray) -> np.ndarray:
    """Keep of filled shapes, bool [..., rows, columns], the pixels that have an empty neighbour above or beside."""
    images = np.asarray(images, bool)
    wide = np.pad(images, [(0, 0)] * (images.ndim - 2) + [(1, 1), (1, 1)])
    inside = wide[..., :-2, 1:-1] & wide[..., 2:, 1:-1] & wide[..., 1:-1, :-2] & wide[..., 1:-1, 2:]
    return images & ~inside


def read_films(folder: str | Path, frames: int = 8, shape: tuple[int, int] = (32, 44)) -> tuple[
    np.ndarray, np.ndarray, list[str], np.ndarray
]:  # fmt: skip
    """Read films of actions from files PERSON_ACTION.avi (the names of the Weizmann set) and find what moves in them.

    The background is the median of a film; where a frame differs by more than a fifth of the grey scale, something is
    there. The outline of that, cut to the part where there is something in any frame and scaled to ``shape``, is the
    frame.

    Parameters
    ----------
    folder : str or Path
        Needs the package ``imageio`` with its plugin ``imageio-ffmpeg``; ``.npy`` files, grey uint8 [T, rows, columns],
        are read without.
    frames : int
        T, taken evenly from each film.
    shape : tuple of two int
        Rows and columns of the result.

    Returns
    -------
    tuple
        bool [P, T, rows, columns], class [P], names of the classes, number of the person [P].

    Raises
    ------
    FileNotFoundError
        If there are no such files.
    ModuleNotFoundError
        If a film cannot be decoded for want of a package.
    """
    paths = sorted(p for p in Path(folder).glob("*_*.*") if p.suffix in (".avi", ".npy"))
    if not paths:
        raise FileNotFoundError(f"folder: expected files PERSON_ACTION.avi (or .npy) in {folder}, got none")
    actions = [p.stem.split("_")[1].rstrip("12") for p in paths]  # run1 and run2 are one action
    names, people = sorted(set(actions)), sorted({p.stem.split("_")[0] for p in paths})
    films = np.array([_silhouettes(_grey(p), frames, shape) for p in paths])
    person = np.array([people.index(p.stem.split("_")[0]) for p in paths])
    return films, np.array([names.index(a) for a in actions]), names, person


def _grey(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        film = np.load(path, allow_pickle=False)
    else:
        try:
            import imageio.v3
        except ModuleNotFoundError:
            raise ModuleNotFoundError("films need a decoder: pip install imageio imageio-ffmpeg") from None
        film = imageio.v3.imread(path)
    film = np.asarray(film, float)
    film = film.mean(-1) if film.ndim == 4 else film
    if film.ndim != 3 or not len(film):
        raise ValueError(f"{path}: expected a film [T, rows, columns], got {list(film.shape)}")
    return film


def _silhouettes(film: np.ndarray, frames: int, shape: tuple[int, int]) -> np.ndarray:
    there = abs(film - np.median(film, axis=0)) > 51
    rows, columns = (np.flatnonzero(there.any((0, other))) for other in (2, 1))
    if rows.size:
        there = there[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    there = there[np.linspace(0, len(there) - 1, frames).round().astype(int)]
    y, x = (((np.arange(n) + 0.5) * old / n).astype(int) for n, old in zip(shape, there.shape[1:], strict=True))
    return outlines(there[:, y[:, None], x])
