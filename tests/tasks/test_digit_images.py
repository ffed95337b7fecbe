"""Large digits made from small ones, and MNIST's files."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from spikegram.tasks.digit_images import made_digits, read_mnist, ridges, strokes


def test_made_digits_are_inside_repeatable_and_in_all_classes(seed: int) -> None:
    train, test = made_digits(300, 200, seed)
    assert train.images.shape == (300, 28, 28) and test.images.shape == (200, 28, 28)
    assert np.unique(train.labels).tolist() == list(range(10)) and len(np.unique(train.images, axis=0)) == 300
    again = made_digits(300, 200, seed)[0]
    assert np.array_equal(again.images, train.images)
    share = (train.images > 0).mean((1, 2))
    assert (share > 0.05).all() and (share < 0.6).all()


def test_made_digits_look_like_their_originals() -> None:
    """The mean over many changes of a digit is most like the mean small image of the same digit, enlarged 2.5 times."""
    from sklearn.datasets import load_digits

    train, _ = made_digits(3000, 1, seed=3)
    small = load_digits()
    enlarged = [np.kron(small.images[small.target == k].mean(0), np.ones((5, 5)))[::2, ::2].ravel() for k in range(10)]
    means = [train.images[train.labels == k].mean(0)[4:24, 4:24].ravel() for k in range(10)]
    alike = np.corrcoef(means, enlarged)[:10, 10:]
    assert alike.argmax(1).tolist() == list(range(10)) and alike.diagonal().min() > 0.85


def test_strokes_and_ridges_by_hand() -> None:
    image = np.array([[[0, 0, 0, 0, 0], [2, 9, 6, 5, 0], [0, 9, 5, 0, 0], [0, 4, 0, 0, 0]]])
    assert np.argwhere(strokes(image)[0]).tolist() == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2]]
    assert np.argwhere(ridges(image)[0]).tolist() == [[1, 1], [1, 2], [1, 3], [2, 1]]
    assert not ridges(np.zeros((1, 3, 3))).any()


def write(folder: Path, name: str, array: np.ndarray, packed: bool) -> None:
    data = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()
    (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(data) if packed else data)


def test_mnist_files(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 256, (5, 28, 28), np.uint8), rng.integers(0, 10, 5).astype(np.uint8)
    for part, packed in (("train", True), ("t10k", False)):
        write(tmp_path, f"{part}-images-idx3-ubyte", images, packed)
        write(tmp_path, f"{part}-labels-idx1-ubyte", labels, packed)
    train, test = read_mnist(tmp_path)
    for part in (train, test):
        assert np.array_equal(part.images, images) and part.labels.tolist() == labels.tolist()
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x09")
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte: expected an idx file"):
        read_mnist(tmp_path)
    write(tmp_path, "t10k-labels-idx1-ubyte", labels[:3], False)
    with pytest.raises(ValueError, match="expected as many labels as images"):
        read_mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="expected t10k-labels-idx1-ubyte"):
        read_mnist(tmp_path)


def test_wrong_numbers() -> None:
    with pytest.raises(ValueError, match="train: expected a whole number >= 1, got 0"):
        made_digits(train=0)
