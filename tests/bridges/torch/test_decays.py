"""Learned time constants: start values come back, formulas, gradients by differences, the infinite logit, errors."""

from __future__ import annotations

import math

import pytest
import torch

from spikegram.bridges.torch.decays import PARAMS, TimeConstant

TAUS = [1.5, 20.0, 900.0]
BOUNDS = {"sigmoid_tau": dict(low=1.0, high=1000.0), "softplus": dict(low=1.0)}


def make(param: str, tau=TAUS, dt: float = 1.0, **others) -> TimeConstant:
    return TimeConstant(tau, dt, learn=True, param=param, dtype=torch.float64, **{**BOUNDS.get(param, {}), **others})


@pytest.mark.parametrize("param", [p for p in PARAMS if p != "bitshift"])
def test_start_values_come_back(param: str) -> None:
    tau, beta, rest = make(param, dt=0.7)()
    assert tau.tolist() == pytest.approx(TAUS, rel=1e-9)
    assert beta.tolist() == pytest.approx([math.exp(-0.7 / t) for t in TAUS], rel=1e-12)
    assert rest.tolist() == pytest.approx([-math.expm1(-0.7 / t) for t in TAUS], rel=1e-9)


@pytest.mark.parametrize(
    ("param", "w", "beta"),
    [
        ("sigmoid", 0.0, 0.5 * (0.2 + 0.9)),
        ("sigmoid_tau", 0.0, math.exp(-2 / 50)),
        ("logtau", 1.0, math.exp(-2 / math.e)),
        ("softplus", 0.0, math.exp(-2 / (3 + math.log(2)))),
        ("stable_exp", 0.0, math.exp(-1)),
        ("bitshift", 3.4, 1 - 2**-3),
        ("bitshift", -2.0, 1 - 2**-1),
    ],
)
def test_formulas(param: str, w: float, beta: float) -> None:
    bounds = {"sigmoid": dict(low=0.2, high=0.9), "sigmoid_tau": dict(low=0.0, high=100.0), "softplus": dict(low=3.0)}
    hold = TimeConstant(5.0, 2.0, learn=True, param=param, dtype=torch.float64, **bounds.get(param, {}))
    with torch.no_grad():
        hold.raw.fill_(w)
    assert hold()[1].item() == pytest.approx(beta, rel=1e-12)


@pytest.mark.parametrize("param", [p for p in PARAMS if p != "bitshift"])
def test_gradients(param: str) -> None:
    hold = make(param)

    def all_three(w):
        hold.__dict__["_parameters"]["raw"] = w
        return hold()

    assert torch.autograd.gradcheck(all_three, (hold.raw.detach().clone().requires_grad_(),))


def test_bitshift_is_a_power_of_two_and_passes_the_gradient_through() -> None:
    hold = make("bitshift", tau=[9.6])  # beta 0.901: between 7/8 and 15/16, log2 of 1 - beta is -3.34
    beta = hold()[1]
    assert beta.item() == pytest.approx(1 - 2**-3, rel=1e-12)
    beta.backward()
    assert hold.raw.grad.item() == pytest.approx(math.log(2) * 2**-3, rel=1e-9)


def test_ends_of_the_range_keep_a_gradient_in_single_precision() -> None:
    hold = TimeConstant([1.0, 30.0, 1000.0], 1.0, learn=True, param="sigmoid_tau", low=1.0, high=1000.0)
    assert hold.raw.dtype == torch.float32 and hold.raw.abs().max() == 16
    tau, *_ = hold()
    assert tau.tolist() == pytest.approx([1.0, 30.0, 1000.0], rel=2e-4)
    tau.sum().backward()
    assert (hold.raw.grad > 0).all() and torch.isfinite(hold.raw.grad).all()


def test_fixed_ones_are_constants_and_no_part_of_the_weights() -> None:
    hold = TimeConstant(20.0, 1.0)
    assert not list(hold.parameters()) and not hold.state_dict()
    tau, beta, _ = hold(torch.float32)
    assert beta.dtype == torch.float32 and beta.item() == pytest.approx(math.exp(-0.05), rel=1e-7)
    assert hold()[1].item() == math.exp(-0.05)


def test_half_precision_weights_are_mapped_in_single() -> None:
    hold = make("logtau").to(torch.bfloat16)
    assert all(t.dtype == torch.float32 for t in hold())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(tau=5.0, dt=1.0, param="clamp"), "decay_param: expected one of sigmoid, .*got 'clamp'"),
        (dict(tau=0.0, dt=1.0), "tau: must be > 0 ms and finite, got 0.0"),
        (dict(tau=[1.0, math.inf], dt=1.0), "tau: must be > 0 ms and finite"),
        (dict(tau=5.0, dt=-1.0), "dt: must be > 0 ms, got -1.0"),
        (dict(tau=5.0, dt=1.0, learn=True, param="sigmoid_tau"), "needs low < high, got None and None"),
        (
            dict(tau=[5.0, 70.0], dt=1.0, learn=True, param="sigmoid_tau", low=1.0, high=50.0),
            "tau must lie between 1 and 50, got 5 ... 70",
        ),
        (dict(tau=1.0, dt=1.0, learn=True, low=0.5, high=0.9), r"exp\(-dt/tau\) must lie between 0.5 and 0.9"),
        (dict(tau=2.0, dt=1.0, learn=True, param="softplus", low=2.0), "has no finite parameter"),
    ],
)
def test_errors(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TimeConstant(**arguments)
