"""Delays of layers: what kernels weigh, how centres fold at the ends, what is refused."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from spikegram.bridges.torch.delay_times import KERNELS, Delays
from spikegram.bridges.torch.laws import Uniform


def learned(delay, kernel: str = "gaussian", width: float = 1.5, dt: float = 0.5, **k) -> Delays:
    return Delays(delay, (len(delay),), dt, max_delay=5.0, learn=True, kernel=kernel, width=width, **k).double()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("width", [0.5, 1.5])
def test_kernel_is_the_formula(kernel: str, width: float) -> None:
    delays = [0.0, 1.37, 2.5, 5.0]
    found = learned(delays, kernel, width).kernel(torch.float64)
    for row, d in zip(found.tolist(), delays, strict=True):
        off = [(0.5 * k - d) / width for k in range(11)]
        raw = [math.exp(-0.5 * u * u) if kernel == "gaussian" else max(0.0, 1 - abs(u)) for u in off]
        assert row == pytest.approx([r / sum(raw) for r in raw], rel=1e-5, abs=1e-12)  # the start is float32
        assert sum(row) == pytest.approx(1)


def test_narrow_kernels_do_not_vanish() -> None:
    times = Delays([1.26], (1,), 0.5, max_delay=5.0, learn=True, width=0.001)
    assert times.kernel(torch.float32).tolist() == [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]


def test_triangle_as_wide_as_a_step_interpolates_with_a_slope_at_its_corner() -> None:
    times = learned([1.0, 1.25], "triangle", 0.5)
    h = times.kernel(torch.float64)
    torch.testing.assert_close(h[0, 1:4], torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64))
    torch.testing.assert_close(h[1, 1:4], torch.tensor([0.0, 0.5, 0.5], dtype=torch.float64))
    h[:, 3].sum().backward()  # per ms: 2 between the steps, the mean of 0 and 2 at a step
    torch.testing.assert_close(times.raw.grad, torch.tensor([1.0, 2.0], dtype=torch.float64))


def test_centres_fold_at_the_ends_with_slope_one() -> None:
    times = learned([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    times.raw.data = torch.tensor([0.0, -0.75, 5.25, 10.5, 5.0, -10.0], dtype=torch.float64)
    d = times.ms()
    assert d.tolist() == [0.0, 0.75, 4.75, 0.5, 5.0, 0.0]
    d.sum().backward()
    assert times.raw.grad.abs().tolist() == [1.0] * 6


def test_rounds_only_in_evaluation() -> None:
    times = learned([0.6, 1.2, 4.9])
    assert not times.rounded
    times.eval()
    assert times.rounded
    assert times.steps().tolist() == [1, 2, 10]
    h = times.kernel(torch.float64)
    assert not h.requires_grad
    assert h.argmax(-1).tolist() == [1, 2, 10]
    assert h.sum(-1).tolist() == [1, 1, 1]
    assert times.ms().tolist() == pytest.approx([0.6, 1.2, 4.9])


def test_width_is_set_and_kept() -> None:
    times = learned([1.0])
    assert (times.width, times.narrowest) == (1.5, 0.125)
    wide = times.kernel(torch.float64)
    times.set_width(0.3)
    assert times.width == 0.3
    assert times.kernel(torch.float64).max() > wide.max()
    other = copy.deepcopy(times).bfloat16().double()
    other.raw.data = times.raw.data
    assert torch.equal(other.kernel(torch.float64), times.kernel(torch.float64))
    assert Delays(1.0, (2,), 1.0, max_delay=9.0, learn=True).width == 4.5


def test_fixed_delays_are_steps() -> None:
    times = Delays([0.0, 0.3, 0.5], (3,), 0.1)
    assert (times.whole.tolist(), times.last, times.one) == ([0, 3, 5], 5, None)
    assert times.ms().tolist() == pytest.approx([0.0, 0.3, 0.5])
    assert Delays(0.3, (2,), 0.1).one == 3
    drawn = Delays(lambda shape: torch.full(shape, 2.0), (2, 2), 1.0)
    assert drawn.whole.tolist() == [[2, 2], [2, 2]]
    with pytest.raises(ValueError, match="fixed delays have no kernel"):
        times.set_width(1.0)


def test_delays_are_drawn_from_a_law() -> None:
    torch.manual_seed(0)
    times = Delays(Uniform(1.0, 4.0), (50,), 1.0, max_delay=5.0, learn=True)
    torch.manual_seed(0)
    torch.testing.assert_close(times.ms(), Uniform(1.0, 4.0).draw(50).float())
    with pytest.raises(ValueError, match="is not a multiple of the time step"):
        Delays(Uniform(1.0, 4.0), (50,), 1.0)


def test_loaded_delays_are_seen_and_must_fit() -> None:
    times, others = Delays(1.0, (2,), 1.0, max_delay=4.0), Delays([0.0, 3.0], (2,), 1.0)
    times.load_state_dict(others.state_dict())
    assert (times.whole.tolist(), times.one) == ([0, 3], None)
    with pytest.raises(ValueError, match="delays of up to 5 steps, expected at most max_delay = 4 steps"):
        times.load_state_dict(Delays(5.0, (2,), 1.0).state_dict())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(delay=0.25), r"net: delay: 0.25 ms is not a multiple of the time step dt = 1 ms"),
        (dict(delay=-1.0), r"delay: expected times >= 0 ms, got -1"),
        (dict(delay=[1.0, float("nan")]), r"delay: expected times >= 0 ms, got nan"),
        (dict(delay=[1.0, 2.0, 3.0]), r"delay: expected one number or shape \(2,\), got shape \(3,\)"),
        (dict(delay=3.0, max_delay=2.0), r"delay: 3 ms is longer than max_delay = 2 ms"),
        (dict(delay=1.0, max_delay=2.5), r"max_delay: 2.5 ms is not a multiple of the time step"),
        (dict(delay=1.0, learn=True), r"max_delay: a learned delay needs the longest .*got None"),
        (dict(delay=0.0, learn=True, max_delay=0.0), r"needs at least one step, got 0 ms"),
        (dict(delay=1.0, width=2.0), r"width: a fixed delay has no kernel, got width=2.0"),
        (dict(delay=1.0, kernel="box"), r"kernel: expected one of gaussian, triangle, got 'box'"),
        (dict(delay=1.0, dt=0.0), r"dt: expected a time > 0 ms, got 0.0"),
        (dict(delay=1.0, learn=True, max_delay=3.0, width=0.0), r"width: expected > 0 ms, got 0.0"),
        (dict(delay=1.0, learn=True, max_delay=3.0, width=0.5, kernel="triangle"), r"expected at least dt = 1 ms"),
    ],
)  # fmt: skip
def test_mistakes_are_told(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Delays(shape=(2,), what="net", **{"dt": 1.0, **arguments})
