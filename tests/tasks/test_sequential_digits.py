"""Digits as sequences: the images are those of scikit-learn, parts do not overlap."""

import pytest
from sklearn.datasets import load_digits

from spikegram.tasks import sequential_digits


@pytest.mark.parametrize(("by", "width"), [("row", 8), ("pixel", 1)])
def test_images_can_be_read_back(by: str, width: int) -> None:
    images, labels = load_digits(return_X_y=True)
    known = {tuple(image): label for image, label in zip(images.astype(int), labels, strict=True)}
    x, target = sequential_digits(by=by, seed=1).test()
    assert x.shape == (64 // width, 359, width)
    for k in (0, 100, 358):
        assert known[tuple((x[:, k].ravel() * 16).astype(int))] == target[k]


def test_training_samples_are_not_in_the_test_set() -> None:
    task = sequential_digits()
    seen = {s.tobytes() for s in task.test()[0].transpose(1, 0, 2)}
    train = {s.tobytes() for s in task.batch(5000)[0].transpose(1, 0, 2)}
    assert len(seen) == 359 and len(train) > 1200 and not seen & train


def test_empty_steps_at_the_end_and_errors() -> None:
    x, _ = sequential_digits(by="row", T=20).batch(3)
    assert x.shape == (20, 3, 8) and x[:8].any() and not x[8:].any()
    with pytest.raises(ValueError, match="T: expected at least 64 steps by pixel, got 8"):
        sequential_digits(by="pixel", T=8)
    with pytest.raises(ValueError, match="by: expected row or pixel, got 'column'"):
        sequential_digits(by="column")
