"""Handwritten digits as large as MNIST's: the real files if they are there, else images made from small ones.

`made_digits` enlarges scikit-learn's 8 x 8 digits to 28 x 28 and turns, shears, scales and moves each a little. Images
to learn and images to test come from different originals. `read_mnist` reads the four files of MNIST from a folder.
`ridges` and `strokes` make sparse binary inputs of grey images.

>>> train, test = made_digits(train=20, test=10, seed=0)
>>> train.images.shape, test.images.shape, train.images.dtype
((20, 28, 28), (10, 28, 28), dtype('uint8'))
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..units import is_whole

__all__ = ["Digits", "made_digits", "read_mnist", "ridges", "strokes"]

_FILES = (
    *("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    *("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)


class Digits(NamedTuple):
    """``images`` uint8 [P, rows, columns], 0 white ... 255 black; ``labels`` int [P]."""

    images: np.ndarray
    labels: np.ndarray


def made_digits(train: int = 60_000, test: int = 10_000, seed: int = 0, side: int = 28) -> tuple[Digits, Digits]:
    """Make images from the 1,797 small digits of scikit-learn, 1,400 of them for learning and the others for tests.

    An original is scaled to 20/28 of the side times 0.9 ... 1.1, turned by a normal angle of 8 degrees, sheared by 0.1,
    moved by up to 1.5 pixels, and interpolated linearly.

    Parameters
    ----------
    train, test : int
        How many.
    seed : int
        Of the choice of originals and of the changes.
    side : int
        Pixels of an edge.

    Returns
    -------
    tuple of two Digits

    Raises
    ------
    ValueError
        A number out of range.
    """
    from sklearn.datasets import load_digits

    for name, value, low in (("train", train, 1), ("test", test, 1), ("seed", seed, 0), ("side", side, 8)):
        if not is_whole(value) or value < low:
            raise ValueError(f"{name}: expected a whole number >= {low}, got {value!r}")
    data, rng = load_digits(), np.random.default_rng(seed)
    order = rng.permutation(len(data.images))
    made = []
    for number, originals in ((train, order[:1400]), (test, order[1400:])):
        chosen = rng.choice(originals, number)
        blocks = [_changed(data.images[chosen[k : k + 2000]], side, rng) for k in range(0, number, 2000)]
        made.append(Digits(np.concatenate(blocks), data.target[chosen].astype(np.int64)))
    return made[0], made[1]


def _changed(small: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Enlarged and changed images of small ones [P, 8, 8]: each pixel looks up its place in the original."""
    P, old = len(small), small.shape[1]
    angle, shear = np.radians(rng.normal(0, 8, P)), rng.normal(0, 0.1, P)
    scale = old / (side * 20 / 28) / rng.uniform(0.9, 1.1, P)
    moved = rng.uniform(-1.5, 1.5, (2, P)) * side / 28
    y, x = np.indices((side, side)).reshape(2, 1, -1) - (side - 1) / 2 - moved[:, :, None]  # [P, side * side] each
    y = y + shear[:, None] * x
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    y, x = scale[:, None] * (cos * y - sin * x), scale[:, None] * (sin * y + cos * x)
    wide = np.pad(small, ((0, 0), (1, 1), (1, 1)))  # a white frame
    y, x = (np.clip(v + (old + 1) / 2, 0, old + 1 - 1e-9) for v in (y, x))
    r, c = y.astype(int), x.astype(int)
    fy, fx, k = y - r, x - c, np.arange(P)[:, None]
    grey = (1 - fy) * ((1 - fx) * wide[k, r, c] + fx * wide[k, r, c + 1])
    grey += fy * ((1 - fx) * wide[k, r + 1, c] + fx * wide[k, r + 1, c + 1])
    return np.rint(grey * (255 / 16)).astype(np.uint8).reshape(P, side, side)


def read_mnist(folder: str | Path) -> tuple[Digits, Digits]:
    """Read MNIST's four files, with or without ``.gz``, from a folder.

    Raises
    ------
    FileNotFoundError
        If one is missing.
    ValueError
        If one is not what it should be.
    """
    found = []
    for name, dims in zip(_FILES, (3, 1, 3, 1), strict=True):
        path = next((p for p in (Path(folder, name), Path(folder, name + ".gz")) if p.is_file()), None)
        if path is None:
            raise FileNotFoundError(f"folder: expected {name} or {name}.gz in {folder}")
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        head = 4 * (1 + dims)
        magic, *shape = struct.unpack(f">{1 + dims}I", data[:head]) if len(data) >= head else (0, 0)
        if magic != 0x800 + dims or len(data) - head != np.prod(shape):
            raise ValueError(f"{path}: expected an idx file of unsigned bytes with {dims} axes")
        found.append(np.frombuffer(data, np.uint8, offset=head).reshape(shape))
    if len(found[0]) != len(found[1]) or len(found[2]) != len(found[3]):
        raise ValueError(f"{folder}: expected as many labels as images")
    return Digits(found[0], found[1].astype(np.int64)), Digits(found[2], found[3].astype(np.int64))


def strokes(images: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Pixels that have at least ``share`` of the darkest grey of their image: bool [P, rows, columns]."""
    images = np.asarray(images)
    return images >= np.maximum(share * images.max((1, 2), keepdims=True), 1e-9)


def ridges(images: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Of `strokes`, those darker than their neighbours along a row or along a column: thin lines.

    Of equally dark neighbours the last one in the row or column counts.
    """
    images = np.asarray(images)
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    row = (images >= wide[:, 1:-1, :-2]) & (images > wide[:, 1:-1, 2:])
    column = (images >= wide[:, :-2, 1:-1]) & (images > wide[:, 2:, 1:-1])
    return strokes(images, share) & (row | column)
