"""The table of surrogates: peaks, areas, primitives, and that each parameter acts."""

from __future__ import annotations

import math

import pytest
import torch

from spikegram.bridges.torch.surrogates import DEFAULTS, Surrogate, as_surrogate

ROOT_PI = math.sqrt(math.pi)
NORMAL = 1 / math.sqrt(2 * math.pi)
INF = math.inf

# kind -> derivative at 0, area, at the defaults; by hand from the table
TABLE = {
    "fast_sigmoid": (1, 0.2),
    "atan": (1, 1),
    "sigmoid": (1, 1),
    "tanh": (1, 1),
    "triangle": (0.3, 0.3),
    "boxcar": (1, 1),
    "gaussian": (2 * NORMAL, 1),
    "erf": (2 / ROOT_PI, 1),
    "multi_gaussian": (1.15 * 2 * NORMAL - 0.3 / 3 * NORMAL * math.exp(-1 / 72), 0.85),
    "exponential": (1, 1),
    "circular": (1, 1),
    "soft_sign": (1, 1),
    "log_tail": (1, INF),
    "straight_through": (1, INF),
    "leaky_step": (0.1, INF),
    "sparse_fast_sigmoid": (1, 1 / 6),
    "periodic_exponential": (1, INF),
}
KINDS = sorted(TABLE)


def points() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return 6 * torch.rand(400, dtype=torch.float64, generator=generator) - 3


def test_the_table_is_complete() -> None:
    assert set(TABLE) == set(DEFAULTS)


@pytest.mark.parametrize("kind", KINDS)
def test_peak(kind: str) -> None:
    assert Surrogate.named(kind).derivative(torch.zeros(1, dtype=torch.float64)).item() == pytest.approx(TABLE[kind][0])


@pytest.mark.parametrize("kind", [k for k in KINDS if TABLE[k][1] < INF])
def test_area(kind: str) -> None:
    far = torch.tensor([-1e9, 1e9], dtype=torch.float64)
    low, high = Surrogate.named(kind).primitive(far).tolist()
    assert low == pytest.approx(0, abs=1e-8)
    assert high == pytest.approx(TABLE[kind][1], abs=1e-8)
    u = torch.linspace(-60, 60, 240_001, dtype=torch.float64)
    tails = {"fast_sigmoid": 2 / 10 / 601, "atan": 2 / math.pi**2 / 60, "soft_sign": 1 / 121, "circular": 0.25 / 3600}
    area = torch.trapezoid(Surrogate.named(kind).derivative(u), u).item()
    assert area + tails.get(kind, 0) == pytest.approx(TABLE[kind][1], abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_primitive_has_the_derivative(kind: str) -> None:
    surrogate, u, h = Surrogate.named(kind), points(), 1e-6
    slope = (surrogate.primitive(u + h) - surrogate.primitive(u - h)) / (2 * h)
    edges = {"boxcar": [0.5], "sparse_fast_sigmoid": [0.5], "leaky_step": [0.0]}.get(kind, [])
    away = torch.stack([(u.abs() - e).abs() > 1e-4 for e in [*edges, 9.0]]).all(0)
    torch.testing.assert_close(slope[away], surrogate.derivative(u)[away], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k in KINDS for n in DEFAULTS[k]])
def test_doubling_a_parameter_changes_the_gradient(kind: str, name: str) -> None:
    u = points()
    other = Surrogate.named(kind, **{name: 2 * DEFAULTS[kind][name]})
    assert (other.derivative(u) - Surrogate.named(kind).derivative(u)).abs().max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_overflows_far_from_the_threshold(kind: str) -> None:
    u = torch.tensor([-1e4, -1e-30, 0.0, 1e-30, 1e4], requires_grad=True)
    value = Surrogate.named(kind).derivative(u)
    assert value.dtype == torch.float32
    assert torch.isfinite(value).all()
    assert torch.isfinite(Surrogate.named(kind).primitive(u)).all()


def test_forward_is_the_step_with_the_surrogate_as_derivative() -> None:
    u = points().requires_grad_()
    surrogate = Surrogate.atan(k=3)
    s = surrogate.forward(u)
    assert torch.equal(s, (u > 0).double())
    (first,) = torch.autograd.grad(s.sum(), u, create_graph=True)
    torch.testing.assert_close(first, surrogate.derivative(u))
    (second,) = torch.autograd.grad(first.sum(), u)
    x = math.pi * 3 * u.detach() / 2  # by hand: d/du (k/2)/(1 + x^2)
    torch.testing.assert_close(second, -(3**2) * math.pi / 2 * x / (1 + x**2) ** 2)


def test_forward_mode_gives_the_surrogate() -> None:
    u = points()
    _, tangent = torch.func.jvp(Surrogate.tanh().forward, (u,), (torch.full_like(u, 2.0),))
    torch.testing.assert_close(tangent, 2 * (1 - torch.tanh(2 * u) ** 2))


def test_at_the_threshold_there_is_no_spike() -> None:
    assert Surrogate.sigmoid().forward(torch.zeros(1)).item() == 0


def test_custom_form() -> None:
    surrogate = Surrogate.custom("b*exp(-abs(u))", "b*where(u > 0, 2 - exp(-abs(u)), exp(-abs(u)))", b=0.5)
    u = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert surrogate.derivative(u).tolist() == pytest.approx([0.5, 0.5 / math.e])
    assert surrogate.primitive(u).tolist() == pytest.approx([0.5, 0.5 * (2 - 1 / math.e)])
    with pytest.raises(ValueError, match="without a primitive"):
        Surrogate.custom("exp(-abs(u))").primitive(u)


def test_triple() -> None:
    assert Surrogate.triangle(w=2).triple == ("triangle", 2.0, 0.3)
    assert Surrogate.straight_through().triple == ("straight_through", 0.0, 0.0)


def test_plot() -> None:
    ax = Surrogate.triangle().plot()
    assert ax.lines[0].get_ydata().max() == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Surrogate.named("fast_sigmod"), "nearest are fast_sigmoid"),
        (lambda: as_surrogate("atna"), "nearest are atan"),
        (lambda: Surrogate.atan(k=0), "k: expected a number > 0, got 0.0"),
        (lambda: Surrogate.named("atan", w=1), "no parameter 'w'; expected k"),
        (lambda: Surrogate("atan", ()), "expected the parameters k"),
        (lambda: Surrogate.custom(""), "expected an expression of u"),
        (lambda: Surrogate.custom("u > 0"), "expected a number, got the condition"),
        (lambda: Surrogate.custom("exp(-abs(u)*k)"), "unknown unit 'k'|k"),
    ],
)
def test_mistakes_are_told(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_surrogate_must_be_a_name_or_a_surrogate() -> None:
    with pytest.raises(TypeError, match="expected a name or a Surrogate, got 3"):
        as_surrogate(3)
