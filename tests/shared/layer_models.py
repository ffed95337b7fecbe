"""Cells with inputs that make them spike, for the tests of layers; equation sets made at random."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from spikegram.neurons import (
    ALIF,
    AMSU,
    LIF,
    AdEx,
    BellecALIF,
    HodgkinHuxley,
    Izhikevich,
    IzhikevichOriginal,
    LeakyIntegrator,
    LIFAlpha,
    LIFCond,
    LIFCondDelta,
    LIFDelta,
    MihalasNiebur,
    NeuronModel,
    ResonateAndFire,
    SpiNNakerLIF,
    TwoCompartment,
)  # fmt: skip

__all__ = ["CELLS", "Cell", "random_models"]


class Cell(NamedTuple):
    """A model, the size of the input that makes it spike, and the arguments of its layer."""

    model: NeuronModel
    size: float
    arguments: dict[str, Any]


def _cell(model: NeuronModel, size: float, learn: str, **arguments: Any) -> Cell:
    return Cell(model, size, dict(learn=tuple(learn.split()), **arguments))


CELLS = {
    c.model.name: c
    for c in (
        _cell(LIF(t_ref=3), 0.8, "tau_m tau_syn R v_th"),
        _cell(ALIF, 0.8, "tau_a beta tau_m", reset_grad="through"),
        _cell(BellecALIF(t_ref=2), 0.8, "tau_m tau_a beta v_th", reset_grad="through"),
        _cell(AdEx, 40.0, "tau_w a b g_L", dt=0.2, reset_grad="through"),
        _cell(Izhikevich, 120.0, "a b c d", dt=0.5, reset_grad=("u",)),
        _cell(IzhikevichOriginal, 60.0, "a d"),
        _cell(LIFCond, 0.2, "tau_syn_E g_L", input="g_E", dt=0.5, reset_grad="through"),
        _cell(LIFCondDelta, 0.4, "C_m", input=("x_E", "x_I"), dt=0.5),
        _cell(TwoCompartment, 8.0, "g_c C_d Mg", input=("I_s", "I_d"), dt=0.2),
        _cell(AMSU, 0.8, "tau_a", reset_grad="through"),
        _cell(HodgkinHuxley, 400.0, "g_Na tau_syn", dt=0.05),
        _cell(MihalasNiebur, 3.0, "a b C_m", dt=0.5, reset_grad="through"),
        _cell(ResonateAndFire, 2000.0, "frequency tau", dt=0.5),
        _cell(LIFDelta, 15.0, "tau_m v_reset", input="v", reset_grad="through"),
        _cell(LIFAlpha, 1.0, "tau_m tau_syn", input="J", reset_grad="through"),
        _cell(SpiNNakerLIF, 4.0, "tau_m tau_syn_E C_m", input=("in_E", "in_I"), dt=0.5),
        _cell(LeakyIntegrator, 0.2, "tau_m tau_syn", output="v"),
    )
}


@st.composite
def random_models(draw: Any) -> NeuronModel:
    """A map of two or three variables with bounded terms, a threshold, a reset."""
    names = draw(st.sampled_from([("v", "w"), ("v", "w", "q")]))
    terms = ["tanh(k*{a} - {b})", "exp(-abs({a}))*{b}", "where({a} > {b}, {a}*k, sin({b}))", "sqrt(1 + {a}**2)",
             "clip({a}, -0.5, k)", "{a}*{b}/(1 + {b}**2)", "exprel(-{a})", "log1p({a}**2)", "cos({a}*k)"]  # fmt: skip
    number = st.integers(-9, 9).map(lambda n: f"({n / 10})")

    def expression() -> str:
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            a, b = draw(st.sampled_from(names)), draw(st.sampled_from([*names, "x"]))
            parts.append(f"{draw(number)}*{draw(st.sampled_from(terms)).format(a=a, b=b)}")
        return " + ".join(parts)

    update = [f"{n} = exp(-dt/tau)*{n} + {expression()}" + (" + 0.1*k*w + x" if n == "v" else "") for n in names]
    resets = [draw(st.sampled_from(["v = 0.1*w", "v -= v_th", "w += k*v", "w = tanh(w)", "v = where(w > 0, 0, 0.2)"]))]
    resets += draw(st.lists(st.sampled_from(["w += k", "v *= 0.5"]), max_size=1))
    threshold = draw(st.sampled_from(["v > v_th", "v >= v_th + k*w", "v > v_th and w < 2", "not (v <= v_th) or w > 3"]))
    return NeuronModel(
        "\n".join(f"{n} : 1" for n in names) + "\nx : 1 (input)",
        update="\n".join(update), threshold=threshold, reset="\n".join(resets),
        refractory=draw(st.sampled_from(["", "2*ms", "w > 1.5"])),
        parameters=dict(tau=("5*ms", ""), k=(0.3, ""), v_th=(0.8, "")), name="made",
    )  # fmt: skip
