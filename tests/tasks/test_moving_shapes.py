"""Films of moving shapes, and films read from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.tasks.moving_shapes import MOTIONS, SHAPES, moving_shapes, outlines, read_films


def middle(frame: np.ndarray) -> np.ndarray:
    return np.argwhere(frame).mean(0)


def test_shapes_move_as_their_names_say() -> None:
    films, labels, names = moving_shapes(SHAPES, MOTIONS, films=1, frames=5, side=48, jitter=0)
    assert films.shape == (42, 5, 48, 48) and labels.tolist() == list(range(42))
    way = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
    for film, name in zip(films, names, strict=True):
        motion = name.split()[1]
        moved = middle(film[4]) - middle(film[0])
        if motion in way:
            assert np.abs(moved - 24 * np.array(way[motion])).max() < 1.5, name
        else:
            assert np.abs(moved).max() < 3, name  # the middle of a triangle is not the point it turns about
        area = [np.ptp(np.argwhere(frame), axis=0).max() for frame in film]
        if motion in ("grow", "shrink"):
            assert np.argmax(area) == (4 if motion == "grow" else 0) and max(area) > 2 * min(area)


def test_jitter_makes_films_differ_and_the_seed_repeats_them(seed: int) -> None:
    a, b, c = (moving_shapes(films=3, seed=s)[0] for s in (seed, seed, seed + 1))
    assert np.array_equal(a, b) and not np.array_equal(a, c) and len(np.unique(a[:3], axis=0)) == 3
    still = moving_shapes(films=3, jitter=0)[0]
    assert len(np.unique(still[:3], axis=0)) == 1


def test_outline_of_a_square() -> None:
    filled = np.zeros((7, 7), bool)
    filled[1:6, 1:6] = True
    expected = filled.copy()
    expected[2:5, 2:5] = False
    assert np.array_equal(outlines(filled), expected)
    assert outlines(np.ones((2, 3, 3), bool))[1].sum() == 8  # the edge of the image is an edge


def test_films_are_read_from_arrays(tmp_path: Path) -> None:
    """A grey block of 10 x 6 moves over a flat background: its outline is what is left."""
    for name, step in (("anna_walk", 3), ("anna_run1", 6), ("bert_run2", 6)):
        film = np.full((10, 40, 90), 90, np.uint8)
        for t in range(10):
            film[t, 20:30, 5 + step * t : 11 + step * t] = 200
        np.save(tmp_path / f"{name}.npy", film)
    films, labels, names, people = read_films(tmp_path, frames=4, shape=(10, 60))
    assert films.shape == (3, 4, 10, 60) and names == ["run", "walk"]
    assert labels.tolist() == [0, 1, 0] and people.tolist() == [0, 0, 1]
    assert films[0, 0].sum() == 2 * 10 + 2 * 6 - 4 and films[0, 0, :, 6:].sum() == 0  # 54 + 6 columns in all
    assert films[0, 3, :, :54].sum() == 0 and films[0, 3].sum() == 28


def test_wrong_calls(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shapes: expected some of square, disc, .* got 'star'"):
        moving_shapes(shapes=["star"])
    with pytest.raises(ValueError, match="films: expected a whole number >= 1, got 0"):
        moving_shapes(films=0)
    for jitter in (-0.1, 5, float("nan"), "1"):
        with pytest.raises(ValueError, match="jitter: expected a number >= 0 and < 5, got"):
            moving_shapes(jitter=jitter)
    with pytest.raises(FileNotFoundError, match="expected files PERSON_ACTION.avi"):
        read_films(tmp_path)
    np.save(tmp_path / "a_b.npy", np.zeros((3, 4)))
    with pytest.raises(ValueError, match="expected a film"):
        read_films(tmp_path)
