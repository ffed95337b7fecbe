"""What every sequence layer keeps (`docs/layers.md`): one table of layers, one list of checks.

A new layer adds an entry to ``LAYERS``.
"""

from __future__ import annotations

import copy
import gc
import io
import pickle
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from running_layer import Running
from torch import Tensor, nn

from spikegram.bridges.torch import (
    ELM,
    LMU,
    Delay,
    DelayedLinear,
    LegendreMemory,
    SequenceLayer,
    SpikingLayer,
    SynapseLayer,
    detach,
    load,
    save,
    select,
)
from spikegram.bridges.torch.op import SequenceOp
from spikegram.neurons import BellecALIF
from spikegram.plasticity import TsodyksMarkram

T, B = 13, 3
KERNEL_TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}


def _sum_forward(inputs: list[Tensor], options: str) -> list[Tensor]:
    x, m, a = (t.detach() for t in inputs)
    out = []
    for x_t in x:
        m = a * m + x_t
        out.append(m)
    return [torch.stack(out), m.clone()]


def _sum_backward(inputs, results, gradients, needs, options):
    x, m0, a = inputs
    y, gm, ga, gx = results[0], gradients[1].clone(), torch.zeros_like(a), torch.empty_like(x)
    for t in range(len(x) - 1, -1, -1):
        gm = gm + gradients[0][t]
        gx[t] = gm
        ga += (gm * (y[t - 1] if t else m0)).sum(0)
        gm = a * gm
    return [gx, gm, ga]


_sum = SequenceOp("test_leaky_sum", _sum_forward, _sum_backward, lambda i, _: [i[0], i[1]], outputs=2)


class LeakySum(Running):
    """``m_t = a m_{t-1} + x_t``: the smallest layer with a parameter and an operator, to test the base."""

    def __init__(self, features: int, decay: float = 0.5, batch_first: bool = False, init_state: str = "rest") -> None:
        super().__init__(features, batch_first=batch_first)
        self.decay = nn.Parameter(torch.full((features,), decay))
        self._learn_start(init_state)

    def run(self, x, state):
        y, m = _sum([x, state.m, self.decay.to(x.dtype)])
        return y, self.State(m)

    def advance(self, x, state):
        m = self.decay.to(x.dtype) * state.m + x
        return m, self.State(m)

    def config(self):
        return {
            "features": self.in_shape[0],
            "decay": 0.5,
            "batch_first": self.batch_first,
            "init_state": self.starts,
        }


class Case(NamedTuple):
    """A layer to test.

    ``make(**keywords)`` gets ``batch_first`` if asked for. ``smooth`` makes one whose output is differentiable.
    ``draw`` makes the inputs of normal numbers. ``split`` is by how much a sequence in two parts may differ: products
    over all steps before or after the recurrence round otherwise for another number of steps. ``threads`` is how much
    results may differ for other numbers of threads, where PyTorch takes the sums and shares them out.
    """

    make: Callable[..., SequenceLayer]
    smooth: Callable[..., SequenceLayer]
    draw: Callable[[Tensor], Tensor] = torch.clone
    savable: bool = True
    split: float = 0.0
    threads: float = 0.0


def same(make: Callable[..., SequenceLayer], split: float = 0.0, **more: Any) -> Case:
    """A layer whose output is differentiable as it is."""
    return Case(make, make, split=split, **more)


def axons(**keywords: Any) -> SynapseLayer:
    return SynapseLayer(TsodyksMarkram, 4, learn=("U", "tau_d", "tau_f"), **keywords)


def connected(**keywords: Any) -> SpikingLayer:
    delays = 1.0 + torch.arange(16).reshape(4, 4) % 5
    return SpikingLayer(BellecALIF, 4, recurrent="dense", inhibition=0.1, recurrent_delay=delays, **keywords)


BRANCHES = dict(branches=3, per_branch=4, routing="random", variant="v2", learn=("tau_m",))
LAYERS = {
    "leaky sum": Case(lambda **k: LeakySum(4, **k), lambda **k: LeakySum(4, **k), savable=False),
    "cells": Case(
        lambda **k: SpikingLayer(BellecALIF, 4, learn=("tau_m", "beta"), **k),
        lambda **k: SpikingLayer(BellecALIF, 4, learn=("tau_m", "beta"), reset_grad="through", smooth=True, **k),
    ),
    "cells, delays of synapses": Case(connected, lambda **k: connected(reset_grad="through", smooth=True, **k)),
    "synapses": same(axons, draw=torch.sigmoid),
    "Legendre memory": same(lambda **k: LegendreMemory((2, 2), 6, 20.0, method="bilinear", learn=("theta",), **k)),
    "Legendre memory, zoh": same(lambda **k: LegendreMemory(3, 5, 20.0, **k)),
    "LMU": same(lambda **k: LMU(2, 4, 6, 20.0, memories=2, bias=True, **k), 1e-6),
    "LMU, memory without feedback": same(
        lambda **k: LMU(2, 4, 6, 20.0, couplings=("W_x", "W_h"), encoder="tanh", **k), 1e-6
    ),
    "ELM": Case(lambda **k: ELM(6, 2, 3, **k), lambda **k: ELM(6, 2, 3, activation="silu", **k)),
    "Branch-ELM": Case(
        lambda **k: ELM(5, None, 4, **BRANCHES, **k), lambda **k: ELM(5, None, 4, activation="silu", **BRANCHES, **k)
    ),
    "Delay": same(lambda **k: Delay(3, [0.0, 1.0, 4.0], **k)),
    "Delay, learned": same(
        lambda **k: Delay((1, 2), [[0.3, 2.6]], max_delay=4.0, learn=("delay",), **k), 1e-6, threads=1e-5
    ),
    "DelayedLinear": same(lambda **k: DelayedLinear(3, 2, max_delay=4.0, bias=True, **k), 1e-6, threads=1e-5),
    "DelayedLinear, fixed": same(
        lambda **k: DelayedLinear(3, 2, max_delay=4.0, learn=("weight",), **k), 1e-6, threads=1e-5
    ),
}


SLOW = (
    "cells, delays of synapses", "Legendre memory, zoh", "LMU, memory without feedback", "Branch-ELM", "Delay, learned",
    "DelayedLinear, fixed",
)  # fmt: skip


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in LAYERS])
def case(request) -> Case:
    torch.manual_seed(0)
    return LAYERS[request.param]


def inputs(layer: SequenceLayer, case: Case, *, steps: int = T, batch: int = B, dtype=None) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn((steps, batch, *layer.in_shape), generator=generator, dtype=torch.float64)
    return case.draw(x).to(dtype or next((p.dtype for p in layer.parameters()), torch.float32))


def by_steps(layer: SequenceLayer, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
    out = []
    for x_t in x.unbind(0):
        y_t, state = layer.step(x_t, state)
        out.append(y_t)
    return torch.stack(out), state


def close(a: Any, b: Any, tolerance: float) -> None:
    for p, q in zip(a if isinstance(a, tuple) else (a,), b if isinstance(b, tuple) else (b,), strict=True):
        torch.testing.assert_close(p, q, rtol=tolerance, atol=tolerance)


def test_state_is_a_value(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    first, second = layer(x), layer(x)
    assert torch.equal(first[0], second[0])
    assert all(torch.equal(p, q) for p, q in zip(first[1], second[1], strict=True))
    assert isinstance(first[1], layer.State)
    assert first[0].shape == (T, B, *layer.out_shape)
    for (name, shape), field in zip(layer.state_shapes().items(), first[1], strict=True):
        assert field.shape == (B, *shape), name
    assert not any("state" in key for key in layer.state_dict())


def test_results_may_be_written_to(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    y, state = layer(x)
    before = y.detach().clone()
    for t in (y, *state, *layer(x[:0])[1], *layer.init_state(B)):
        t.detach().fill_(7)
    assert torch.equal(layer(x)[0], before)


@pytest.mark.parametrize("dtype", KERNEL_TOLERANCE)
def test_kernel_equals_plain_steps_with_gradients(case: Case, dtype: torch.dtype) -> None:
    tolerance = KERNEL_TOLERANCE[dtype]
    results = []
    for run in (lambda layer, x, s: layer(x, s), by_steps):
        torch.manual_seed(0)
        layer = case.smooth().to(dtype)
        x = inputs(layer, case, dtype=dtype).requires_grad_()
        state = layer.State(*(t.requires_grad_() for t in layer.init_state(B, dtype=dtype)))
        y, later = run(layer, x, state)
        weight = torch.linspace(-1, 1, y.numel(), dtype=dtype).reshape(y.shape)
        ((y * weight).sum() + sum((s * s).sum() for s in later)).backward()
        gradients = {name: p.grad for name, p in layer.named_parameters()}
        results.append((y, later, x.grad, [t.grad for t in state], gradients))
    (y1, s1, x1, i1, g1), (y2, s2, x2, i2, g2) = results
    close(y1, y2, tolerance)
    close(tuple(s1), tuple(s2), tolerance)
    for name, a, b in [("x", x1, x2), *zip(case.make().state_shapes(), i1, i2, strict=True)]:
        assert (a is None) == (b is None), name
        if a is not None:
            close(a, b, tolerance * max(1.0, float(b.abs().max())))
    assert g1.keys() == g2.keys()
    for name, g in g1.items():
        assert (g is None) == (g2[name] is None), name
        if g is not None:
            close(g, g2[name], tolerance * max(1.0, float(g2[name].abs().max())))


def starts(layer: SequenceLayer) -> dict[str, nn.Parameter]:
    return {name.removeprefix("start_"): p for name, p in layer.named_parameters() if name.startswith("start_")}


def test_learned_start_is_at_first_the_resting_state(case: Case) -> None:
    layer = case.make()
    torch.manual_seed(0)
    learned = case.make(init_state="learn")
    learned.load_state_dict(layer.state_dict(), strict=False)
    x = inputs(layer, case)
    assert starts(learned).keys() == layer.start_units().keys() <= layer.state_shapes().keys()
    for name, p in starts(learned).items():
        assert p.shape == layer.state_shapes()[name]
    close(learned(x)[0], layer(x)[0], 1e-6)
    close(learned.step(x[0])[0], layer.step(x[0])[0], 1e-6)
    assert layer.starts == "rest"
    with pytest.raises(ValueError, match='needs a layer built with init_state="learn"'):
        layer.init_state(mode="learn")
    with pytest.raises(ValueError, match="init_state: expected 'rest' or 'learn', got 'zero'"):
        case.make(init_state="zero")


def test_learned_start_has_the_gradient_of_the_state(case: Case) -> None:
    torch.manual_seed(0)
    layer = case.smooth(init_state="learn").double()
    with torch.no_grad():
        for p in starts(layer).values():
            p += 0.1 * torch.rand_like(p)
    x = inputs(layer, case, dtype=torch.float64)
    given = layer.init_state(B, dtype=torch.float64)
    for name, p in starts(layer).items():
        expected = (p.detach() * layer.start_units()[name]).expand(B, *p.shape)
        assert torch.equal(getattr(given, name), expected)
    state = layer.State(*(t.detach().requires_grad_() for t in given))
    for run in (layer, lambda x, s=None: by_steps(layer, x, s)):
        values = []
        for start in (None, state):
            layer.zero_grad()
            for t in state:
                t.grad = None
            y, later = run(x, start)
            ((y * y).sum() + sum((s * s).sum() for s in later)).backward()
            values.append(y.detach())
            if start is None:
                found = {name: p.grad for name, p in starts(layer).items()}
            else:  # the start is not used
                assert not any(p.grad is not None and p.grad.any() for p in starts(layer).values())
        assert torch.equal(*values)
        for name, gradient in found.items():
            wanted = getattr(state, name).grad.sum(0) * layer.start_units()[name]
            assert wanted.any()
            close(gradient, wanted, 1e-10 * max(1.0, float(wanted.abs().max())))


def test_learned_start_is_saved(case: Case, tmp_path) -> None:
    layer = case.make(init_state="learn")
    with torch.no_grad():
        for p in starts(layer).values():
            p += 0.5
    x = inputs(layer, case)
    other = type(layer)(**layer.config())
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x)[0], layer(x)[0])
    rest = layer.init_state(B, mode="rest")
    assert not all(torch.equal(a, b) for a, b in zip(layer.init_state(B), rest, strict=True))
    close(tuple(case.make().init_state(B)), tuple(rest), 0)
    if case.savable:
        save(tmp_path / "layer.pt", layer)
        assert torch.equal(load(tmp_path / "layer.pt")(x)[0], layer(x)[0])


@pytest.mark.parametrize(
    "name", [n if n in ("cells", "LMU") else pytest.param(n, marks=pytest.mark.slow) for n in LAYERS]
)
def test_learned_start_compiles(name: str) -> None:
    torch.manual_seed(0)
    case = LAYERS[name]
    layer = case.make(init_state="learn")
    with torch.no_grad():
        for p in starts(layer).values():
            p += 0.5
    x = inputs(layer, case)
    torch.compiler.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    close(compiled(x)[0], layer(x)[0], 1e-6)


def test_split_anywhere(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    y, state = layer(x)
    for cut in (0, 1, 5, T - 1, T):
        a, middle = layer(x[:cut])
        b, last = layer(x[cut:], middle)
        close((torch.cat([a, b]), *last), (y, *state), case.split)


def test_batch_first_is_transposed(case: Case) -> None:
    layer, other = case.make(), case.make(batch_first=True)
    other.load_state_dict(layer.state_dict())
    x = inputs(layer, case)
    y, state = layer(x)
    y2, state2 = other(x.movedim(0, 1))
    assert torch.equal(y2.movedim(1, 0), y)
    assert all(torch.equal(p, q) for p, q in zip(state, state2, strict=True))


def test_without_a_batch(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    y, state = layer(x[:, :1])
    alone, own = layer(x[:, 0])
    assert torch.equal(alone, y[:, 0])
    again, _ = layer(x[:, 0], layer.init_state())
    assert torch.equal(again, alone)
    assert all(torch.equal(p[0], q) for p, q in zip(state, own, strict=True))
    step, _ = layer.step(x[0, 0])
    close(step, y[0, 0], 1e-5)


def test_lengths_are_separate_runs(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case).requires_grad_()
    lengths = torch.tensor([T, 0, 6])
    y, state = layer(x, lengths=lengths)
    y.sum().backward() if y.requires_grad else None
    for k, n in enumerate(lengths.tolist()):
        alone, own = layer(x[:n, k : k + 1])
        close(y[:n, k], alone[:, 0], 1e-5)
        assert not y[n:, k].any()
        close(tuple(s[k] for s in state), tuple(s[0] for s in own), 1e-5)
        if x.grad is not None:
            assert not x.grad[n:, k].any()
    with pytest.raises(ValueError, match="lengths must lie between"):
        layer(x, lengths=torch.tensor([T + 1, 0, 0]))
    with pytest.raises(ValueError, match="lengths must be 3 integers"):
        layer(x, lengths=torch.tensor([1, 2]))


def test_no_steps_and_no_samples(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    _, state = layer(x)
    y, same = layer(x[:0], state)
    assert y.shape == (0, B, *layer.out_shape)
    assert all(torch.equal(p, q) for p, q in zip(state, same, strict=True))
    y, empty = layer(x[:, :0])
    assert y.shape == (T, 0, *layer.out_shape)
    assert all(s.shape[0] == 0 for s in empty)


def test_half_precision_comes_back(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case).to(torch.bfloat16)
    y, state = layer(x)
    assert y.dtype == torch.bfloat16
    assert all(s.dtype == torch.float32 for s in state)
    close(y, layer(x.float())[0].to(torch.bfloat16), 1e-2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer(inputs(layer, case))[0].dtype == torch.float32


def test_threads_give_the_same_bits(case: Case) -> None:
    results = []
    before = torch.get_num_threads()
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            torch.manual_seed(0)
            layer = case.make()
            x = inputs(layer, case, batch=64).requires_grad_()
            y, _ = layer(x)
            if y.requires_grad:
                y.sum().backward()
            results.append([y.detach(), x.grad, *(p.grad for p in layer.parameters())])
    finally:
        torch.set_num_threads(before)
    for a, b in zip(*results, strict=True):
        if case.threads and a is not None:
            close(a, b, case.threads)
        else:
            assert (a is None and b is None) or torch.equal(a, b)


def test_gradcheck(case: Case) -> None:
    layer = case.smooth().double()
    x = inputs(layer, case, steps=4, batch=2, dtype=torch.float64).requires_grad_()
    state = layer.State(*(t.requires_grad_() for t in layer.init_state(2, dtype=torch.float64, mode="rest")))

    def run(x, *fields):
        y, later = layer(x, layer.State(*fields))
        return y, *later

    assert torch.autograd.gradcheck(run, (x, *state), atol=1e-6)


@pytest.mark.parametrize(
    "name",  # synapses are made like cells
    [pytest.param(n, marks=pytest.mark.slow) if n in (*SLOW, "synapses") else n for n in LAYERS],
)
def test_compiles_in_one_graph(name: str) -> None:
    torch.manual_seed(0)
    case = LAYERS[name]
    layer = case.make()
    torch._dynamo.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=True)
    for steps in (T, T + 4):
        x = inputs(layer, case, steps=steps).requires_grad_()
        y, _ = compiled(x)
        close(y, layer(x)[0], 1e-6)
        if y.requires_grad:
            y.sum().backward()
            assert torch.isfinite(x.grad).all()


def test_exports(case: Case) -> None:
    layer = case.make().eval()
    x = inputs(layer, case)
    program = torch.export.export(layer, (x,))
    close(program.module()(x)[0], layer(x)[0], 1e-6)


def test_vmap_and_gradients_of_samples(case: Case) -> None:
    layer = case.smooth()
    x = torch.stack([inputs(layer, case), 0.5 * inputs(layer, case)])
    together = torch.vmap(lambda one: layer(one)[0])(x)
    close(together, torch.stack([layer(one)[0] for one in x]), 1e-5)
    gradient = torch.vmap(torch.func.grad(lambda one: layer(one)[0].square().sum()))(x)
    one = x[1].clone().requires_grad_()
    layer(one)[0].square().sum().backward()
    close(gradient[1], one.grad, 1e-5 * max(1.0, float(one.grad.abs().max())))


def test_copies_pickles_and_rebuilds(case: Case, tmp_path) -> None:
    layer = case.make()
    x = inputs(layer, case)
    y, state = layer(x)
    assert torch.equal(copy.deepcopy(layer)(x)[0], y)
    assert torch.equal(pickle.loads(pickle.dumps(layer))(x)[0], y)
    pickle.dumps(copy.deepcopy(detach(state)))
    other = type(layer)(**layer.config())
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x)[0], y)
    buffer = io.BytesIO()
    torch.save({"model": layer.state_dict(), "state": tuple(state)}, buffer)
    buffer.seek(0)
    torch.load(buffer, weights_only=True)
    if case.savable:
        save(tmp_path / "layer.pt", layer)
        assert torch.equal(load(tmp_path / "layer.pt")(x)[0], y)


def test_nothing_stays_alive(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    y, state = layer(x)
    kept = weakref.ref(layer)
    del layer, y, state
    gc.collect()
    assert kept() is None


def test_errors_name_what_came(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    _, state = layer(x)
    with pytest.raises(ValueError, match=r"has batch 3 but x has batch 2 .*select\(state, idx\)"):
        layer(x[:, :2], state)
    layer(x[:, :2], select(state, [0, 1]))
    with pytest.raises(ValueError, match=r"last ax.s of x is .*expected"):
        layer(torch.zeros((T, B, *(n + 1 for n in layer.in_shape))))
    with pytest.raises(ValueError, match="got shape"):
        layer(torch.zeros(()))
    with pytest.raises(TypeError, match="must be a tensor"):
        layer([1.0])
    with pytest.raises(TypeError, match=f"state must be a {layer.State.__name__}"):
        layer(x, (1,))
    if any(True for _ in layer.parameters()):
        with pytest.raises(ValueError, match="use layer.to"):
            layer(x.double())
    with pytest.raises(ValueError, match=r"state\..* expected torch.float64"):
        layer.double()(x.double(), state)


def test_long_run_is_stable(case: Case) -> None:
    layer = case.make()
    with torch.no_grad():
        y, state = layer(inputs(layer, case, steps=20_000, batch=1))
    assert torch.isfinite(y).all()
    assert all(torch.isfinite(s).all() for s in state)


def test_trace_does_not_change_the_output(case: Case) -> None:
    layer = case.make()
    x = inputs(layer, case)
    y, state = layer(x)
    y2, state2, trace = layer.trace(x, every=4)
    close(y2, y, 1e-5)
    close(tuple(state2), tuple(state), 1e-5)
    for name, shape in layer.state_shapes().items():
        assert trace[name].shape == (4, B, *shape)
    with pytest.raises(ValueError, match="record: expected"):
        layer.trace(x, record=("no_such_field",))
