"""`SpikingLayer`: it is the simulation, its compiled passes are the generated step, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from layer_models import CELLS

from spikegram.bridges.torch import SpikingLayer, Surrogate
from spikegram.networks import Network
from spikegram.neurons import GIF, LIF, BellecALIF, NeuronModel, SpiNNakerLIF

QUICK = ("LIF",)
ROUNDED = {"HodgkinHuxley": 1e-13}  # exp is not that of NumPy to the last bit; all others are the network bit for bit


def inputs(layer: SpikingLayer, size: float, steps: int = 60, batch: int = 3, dtype=torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return (size * torch.rand((steps, batch, *layer.in_shape), generator=generator, dtype=torch.float64)).to(dtype)


@pytest.mark.parametrize(
    "name", [n if n in ("LIF", "ALIF", "AdEx") else pytest.param(n, marks=pytest.mark.slow) for n in CELLS]
)
def test_spikes_are_those_of_a_network(name: str) -> None:
    cell, n, steps = CELLS[name], 4, 80
    arguments = {k: v for k, v in cell.arguments.items() if k not in ("learn", "reset_grad")}
    layer = SpikingLayer(cell.model, n, backend="torch", **arguments)
    if any(v in cell.model.states for v in layer.inputs):
        pytest.skip("x arrives as spikes of a projection would; see test_arrivals_at_a_state_variable")
    x = inputs(layer, cell.size, steps, 1)
    y, state = layer(x)
    net = Network(dt=layer.dt, seed=1)
    cells = net.population(n, cell.model, name="cells")
    for c, target in enumerate(layer.inputs):
        values = x[:, 0] if len(layer.inputs) == 1 else x[:, 0, c]
        net.inject(cells, values.numpy(), target=target)
    if cell.model.threshold:
        net.record(cells, "spikes")
    result = net.run(steps * layer.dt, backend="reference")["cells"]
    for variable in cell.model.states:
        ours, its = getattr(state, variable)[0].numpy(), cells._state[cells._row(variable)]
        np.testing.assert_allclose(ours, its, rtol=ROUNDED.get(name, 0), atol=0)
    if cell.model.threshold:
        found = np.zeros((steps, n))
        found[np.rint(result.spikes.times / layer.dt).astype(int), result.spikes.ids] = 1
        np.testing.assert_array_equal(y[:, 0].numpy(), found)


def test_arrivals_at_a_state_variable() -> None:
    cell = NeuronModel("dv/dt = -v/tau : volt (unless refractory)\nI : volt (input)", threshold="v >= 10*mV",
                       reset="v = 1*mV", refractory="2*ms", parameters=dict(tau="10*ms"))  # fmt: skip
    layer = SpikingLayer(cell, 1, input="v", backend="torch").double()
    y, state = layer(torch.tensor([12.0, 0.0, 5.0, 5.0, 5.0], dtype=torch.float64).reshape(5, 1, 1))
    # 12 mV arrive after the update of step 0: a spike in step 1; what arrives in the steps it is held is lost
    assert y.flatten().tolist() == [0, 1, 0, 0, 0]
    e = np.exp(-0.1)
    assert state.v.item() == pytest.approx(1e-3 * ((1 * e + 5) * e + 5))


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CELLS])
@pytest.mark.parametrize("dtype", [torch.float64, pytest.param(torch.float32, marks=pytest.mark.slow)])
def test_compiled_passes_are_the_generated_step(name: str, dtype: torch.dtype) -> None:
    """70 steps of 530 cells: several kept states, tails that fill no vector; for one cell, several tiles."""
    cell, results, samples = CELLS[name], [], 160 if name in QUICK else 10
    assert name not in QUICK or samples * 53 > 8192
    for backend in ("numba", "torch"):
        torch.manual_seed(1)
        layer = SpikingLayer(cell.model, 53, backend=backend, **cell.arguments).to(dtype)
        x = inputs(layer, cell.size, 70, samples, dtype).requires_grad_()
        y, state = layer(x)
        assert layer.backend_used == backend
        weight = torch.linspace(-1, 1, y.numel(), dtype=dtype).reshape(y.shape)
        (y * weight).sum().backward()
        results.append((y.detach(), [t.detach() for t in state], x.grad, [p.grad for p in layer.parameters()]))
    (y1, s1, g1, p1), (y2, s2, g2, p2) = results
    if dtype == torch.float64:
        assert torch.equal(y1, y2)
        for a, b in zip([*s1, g1, *p1], [*s2, g2, *p2], strict=True):
            # 1e-13: a gradient that is 0 is a sum that cancels but for its rounding
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10 * float(b.abs().max()) + 1e-13)
    else:  # a rounding may move a spike of a cell that spikes by growing fast
        assert (y1 != y2).float().mean() < 2e-3


class _CapturedError(Exception):
    pass


@pytest.mark.parametrize("learn", [(), ("tau_m",)], ids=["fixed", "learned"])
def test_linear_cells_are_one_graph(learn: tuple[str, ...]) -> None:
    """Their propagator is a matrix exponential of the learned time constants; without gradients there are none."""
    layer = SpikingLayer(LIF, 3, learn=learn)
    x = inputs(layer, 0.8, 10, 2, torch.float32)
    graphs = []

    def capture(graph, given):
        graphs.append(graph)

        def run(*tensors):
            raise _CapturedError  # the graph is what counts; running it would compile the kernels

        return run

    torch._dynamo.reset()
    with pytest.raises(_CapturedError):
        torch.compile(layer, fullgraph=True, backend=capture)(x)
    calls = [str(node.target) for node in graphs[0].graph.nodes]
    assert sum("cells" in c or "autograd_function" in c for c in calls) == (2 if learn else 1)
    program = torch.export.export(layer, (x,))
    assert sum("spikegram.cells" in str(node.target) for node in program.graph.nodes) == 1


@pytest.mark.slow
def test_the_loop_of_steps_compiles_too() -> None:
    layer = SpikingLayer(BellecALIF, 3, backend="torch", learn=("tau_m",))
    x = inputs(layer, 0.8, 2, 2, torch.float32)
    torch._dynamo.reset()
    y, _ = torch.compile(layer, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(y, layer(x)[0])
    found = torch.autograd.grad(y.sum(), layer.raw_tau_m)
    torch.testing.assert_close(found, torch.autograd.grad(layer(x)[0].sum(), layer.raw_tau_m))


def test_checkpoints_are_all_that_is_kept() -> None:
    layer = SpikingLayer(BellecALIF, 40, learn=("tau_m",))
    x = inputs(layer, 0.8, 256, 2, torch.float32).requires_grad_()
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        y, _ = layer(x)
    sizes = {t.data_ptr(): t.numel() for t in kept}
    others = sum(sizes.values()) - x.numel() - y.numel()  # 3 states in 8 of 256 steps, twice the ends
    assert others <= 3 * 8 * 80 + 2 * 3 * 80 + 100
    assert others < 0.1 * (x.numel() + y.numel())


def test_parameters_are_in_edge_units_and_learned() -> None:
    layer = SpikingLayer(LIF, 3, learn=("tau_m", "v_th"), parameters=dict(tau_m=[5.0, 10.0, 20.0]), backend="torch")
    torch.testing.assert_close(layer.parameter("tau_m"), torch.tensor([5.0, 10.0, 20.0]))
    assert layer.parameter("v_th").item() == pytest.approx(-50)
    assert layer.scales == pytest.approx((0.01,))
    layer = layer.double()
    x = inputs(layer, 0.8)
    y, _ = layer(x)
    y.sum().backward()
    assert (layer.raw_tau_m.grad != 0).all()
    assert layer.raw_v_th.grad < 0  # a higher threshold, fewer spikes


@pytest.mark.parametrize("kind", ["sigmoid", "logtau", "softplus", "stable_exp", "bitshift"])
def test_decay_parameters(kind: str) -> None:
    layer = SpikingLayer(BellecALIF(tau_a=500), 2, learn=("tau_m",), decay_param=kind, backend="torch", output="v")
    value = layer.parameter("tau_m").item()
    assert value == pytest.approx(20.0 if kind != "bitshift" else -1 / np.log(1 - 2**-4), rel=1e-5)
    y, _ = layer(torch.full((4, 1, 2), 0.1))
    decay = np.exp(-1 / value)
    assert y[3, 0, 0].item() == pytest.approx(0.1 * (1 + decay + decay**2 + decay**3), rel=1e-5)
    y.sum().backward()
    assert layer.raw_tau_m.grad.abs() > 0


def test_second_derivatives_and_forward_mode_on_the_plain_path() -> None:
    layer = SpikingLayer(
        BellecALIF, 2, smooth=True, reset_grad="through", surrogate="sigmoid", backend="torch"
    ).double()
    x = inputs(layer, 0.8, 4, 1).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: layer(x)[0], (x,))
    assert torch.autograd.gradcheck(lambda x: layer(x)[0], (x,), check_forward_ad=True)


def test_custom_surrogate_and_what_prints() -> None:
    layer = SpikingLayer(BellecALIF, 2, surrogate=Surrogate.custom("exp(-abs(u)*k)", k=3.0), backend="torch")
    assert "custom(k=3)" in repr(layer)
    x = inputs(layer, 0.8, 5, 1).requires_grad_()
    layer.double()(x)[0].sum().backward()
    assert torch.isfinite(x.grad).all()


def test_several_inputs_are_channels() -> None:
    layer = SpikingLayer(SpiNNakerLIF, 3, input=("in_E", "in_I"), backend="torch")
    assert layer.in_shape == (2, 3)
    x = torch.zeros(20, 1, 2, 3)
    x[:, :, 0] = 4.0
    excited = layer(x)[0].sum()
    x[:, :, 1] = 4.0
    assert excited > 0
    assert layer(x)[0].sum() == 0


SPARSE = torch.eye(7).roll(1, 0).to_sparse()


@pytest.mark.parametrize(
    ("n", "arguments"),
    [
        (7, dict(recurrent="dense", inhibition=0.1)),
        pytest.param(600, dict(recurrent="dense"), marks=pytest.mark.slow),
        pytest.param(7, dict(inhibition=0.2), marks=pytest.mark.slow),
        pytest.param(7, dict(recurrent=SPARSE, smooth=True, surrogate="sigmoid"), marks=pytest.mark.slow),
    ],
    ids=["dense", "wide", "inhibition", "sparse"],
)
def test_recurrent_passes_are_the_generated_step(n: int, arguments: dict) -> None:
    results = []
    for backend in ("numba", "torch"):
        torch.manual_seed(0)
        layer = SpikingLayer(
            BellecALIF(t_ref=2), n, backend=backend, learn=("tau_m",), reset_grad="through", **arguments
        ).double()
        x = inputs(layer, 0.4, 70, 3).requires_grad_()
        first, middle = layer(x[:33])
        second, state = layer(x[33:], middle)
        y = torch.cat([first, second])
        weight = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).reshape(y.shape)
        ((y * weight).sum() + (state.v**2).sum() + (state.spikes * weight[0]).sum()).backward()
        results.append((y, [t.detach() for t in state], x.grad, [p.grad for p in layer.parameters()]))
    (y1, s1, g1, p1), (y2, s2, g2, p2) = results
    assert 0 < y1.mean() < 1
    for a, b in zip([y1, *s1, g1, *p1], [y2, *s2, g2, *p2], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)


def test_recurrent_spikes_arrive_one_step_later() -> None:
    weights = torch.tensor([[0.0, 1.5, 0.0], [0.0, 0.0, 1.5], [0.0, 0.0, 0.0]])  # a chain
    layer = SpikingLayer(BellecALIF, 3, recurrent=weights, backend="torch")
    x = torch.zeros(4, 1, 3)
    x[0, 0, 0] = 1.5
    y, state = layer(x)
    assert y[:, 0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert state.spikes.shape == (1, 3)
    held = SpikingLayer(BellecALIF, 3, inhibition=0.4, backend="torch", output=None)
    x = torch.full((2, 1, 3), 0.6)
    x[0, 0, 0] = 1.5
    _, state = held(x)
    assert state.v[0].tolist() == pytest.approx([1.5 * 0.951229 + 0.6 - 1, *[0.6 * 0.951229 + 0.6 - 0.4] * 2], rel=1e-4)


def test_sparse_weights_stay_sparse_and_are_saved(tmp_path: Path) -> None:
    from spikegram.bridges.torch import load, save

    layer = SpikingLayer(BellecALIF, 7, recurrent=SPARSE, backend="torch")
    x = inputs(layer, 0.8, 10, 1, torch.float32)
    layer(x)[0].sum().backward()
    assert not layer.recurrent_weight.grad[~layer.recurrent_mask].any()
    assert layer.recurrent_mask.sum() == 7
    save(tmp_path / "layer.pt", layer)
    again = load(tmp_path / "layer.pt")
    assert torch.equal(again(x)[0], layer(x)[0])


LINE = "dv/dt = -v/tau : 1"
TAU = dict(tau="10*ms")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SpikingLayer(LIF, 0), "features: expected whole numbers >= 1, got 0"),
        (lambda: SpikingLayer(LIF, 3, learn=("tau",)), r"learn: expected names among .*got 'tau' \(did you mean tau_m"),
        (lambda: SpikingLayer(LIF, 3, learn=("t_ref",)), "'t_ref' has no gradient .*whole number of steps"),
        (lambda: SpikingLayer(LIF, 3, input="J"), "input: expected names among I_ext, v, I, got 'J'"),
        (lambda: SpikingLayer(SpiNNakerLIF, 3), "say which variable x drives, one or several of in_E, in_I, v"),
        (lambda: SpikingLayer(LIF, 3, dt=0), "dt: expected a time > 0 ms"),
        (lambda: SpikingLayer(LIF, 3, dt=0.3), "refractory period: 5 ms is not a multiple of the time step"),
        (lambda: SpikingLayer(LIF, 3, reset_grad="no"), "reset_grad: expected 'detach', 'through' or names"),
        (lambda: SpikingLayer(LIF, 3, backend="cuda"), "backend: expected auto, numba or torch, got 'cuda'"),
        (lambda: SpikingLayer(LIF, 3, decay_param="tau"), "decay_param: expected one of sigmoid"),
        (lambda: SpikingLayer(LIF, 3, surrogate="atn"), "nearest are atan"),
        (lambda: SpikingLayer(LIF, 3, parameters=dict(tau=3)), "no such parameter; expected one of tau_m"),
        (lambda: SpikingLayer(LIF, 3, parameters=dict(tau_m=[1.0, 2.0])), "expected one value or 3 values"),
        (lambda: SpikingLayer(LIF, 3, init=dict(u=1)), "'u' is no state variable; expected one of v, I"),
        (lambda: SpikingLayer(LIF(v_rest=-50), 3), "its start is at the threshold .*give surrogate_scale="),
        (lambda: SpikingLayer(LIF, 3, surrogate_scale=0), "surrogate_scale: expected a number > 0"),
        (lambda: SpikingLayer(LIF, 3, recurrent="all"), r"recurrent: expected 'dense' or a tensor \(3, 3\), got 'all'"),
        (lambda: SpikingLayer(LIF, 3, recurrent=torch.ones(2, 3)), r"a tensor \(3, 3\), got \(2, 3\)"),
        (lambda: SpikingLayer(LIF, 3, inhibition=-1), "inhibition: expected a number >= 0, got -1"),
        (lambda: SpikingLayer(LIF, 3, inhibition=1, output="v"), "need spikes as output"),
        (lambda: SpikingLayer(GIF, 3), "draws random numbers"),
        (lambda: SpikingLayer(NeuronModel(LINE, parameters=TAU), 3), "has no spikes: output: name one of v"),
        (lambda: SpikingLayer(NeuronModel(LINE + "\nx : 1 (input)", threshold="v > t/second", reset="v = 0",
                                          parameters=TAU), 3), "uses 't' .*does not know"),
        (lambda: SpikingLayer(NeuronModel(LINE + "\nx : 1 (input)", threshold="v > 1", reset="v = 0", method="euler",
                                          parameters=dict(tau="0.5*ms")), 3), "cannot serve dt = 1 ms"),
    ],
)  # fmt: skip
def test_mistakes_are_told(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_model_must_be_a_model() -> None:
    with pytest.raises(TypeError, match="expected a NeuronModel, got str"):
        SpikingLayer("LIF", 3)
