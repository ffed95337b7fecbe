"""Normalised sums and powers of signals: as in the reference."""

from __future__ import annotations

from sparsey_frames import compare, two


def test_a_fixed_norm_and_several_hypotheses_equal_the_reference(seed: int) -> None:
    compare(two(norm="fixed", expected=4, least=2, most=6, most_hypotheses=1), dict(replay=True), seed)


def test_powers_equal_the_reference(seed: int) -> None:
    compare(two(lambda_h=3, lambda_d=2), {}, seed)
