r"""Izhikevich's quadratic cell: equations for any dt (`Izhikevich`), the published 1 ms scheme (`IzhikevichOriginal`).

**Dynamics.** With v in mV, t in ms, u and I in mV/ms

    v' = 0.04 v^2 + 5 v + 140 - u + I,   u' = a (b v - u);   spike if v >= v_peak, then v = c, u += d

`Izhikevich` integrates by Euler steps, v and u from the same old values. `IzhikevichOriginal` is the published
program: two half steps of v with u fixed, then a whole step of u with the new v; made for dt = 1 ms,

    v <- v + dt/2 v'(v, u);   v <- v + dt/2 v'(v, u);   u <- u + dt a (b v - u)

The two are different models: at 1 ms the scheme is far from converged (a regular spiking cell at I = 10 gives 20
spikes in 1 s, the equations 23), and in most classes chaotic, so that rounding decides spikes after about 150 ms.
Compare like with like; dt <= 0.01 ms makes `Izhikevich` converged.

**Input.** ``I_ext`` (mV/ms): injected, or synaptic pulses of one step as in the published network. A synapse may
instead target ``v`` (mV jumps, as in PyNN and NEST).

========  ==========  =======  ========================================================================
name      default     symbol   meaning; larger means
========  ==========  =======  ========================================================================
a         0.02        a        rate of u per ms; faster recovery
b         0.2         b        coupling of u to v per ms; resonance, lower threshold
c         -65 mV      c        v after a spike; nearer to threshold, bursts
d         8 mV/ms     d        jump of u at a spike; more adaptation
v_peak    30 mV       30       peak at which the spike is cut off
i_offset  0 mV/ms     I        constant input
========  ==========  =======  ========================================================================

Plain numbers are those of the paper: ``Izhikevich(a=0.1, b=0.2, c=-65, d=2)``. Presets: `REGULAR_SPIKING`,
`INTRINSICALLY_BURSTING`, `CHATTERING`, `FAST_SPIKING`, `LOW_THRESHOLD_SPIKING`, `RESONATOR`, `THALAMO_CORTICAL`;
their values by short name are in `CLASSES`: ``IzhikevichOriginal(**CLASSES["FS"])``.

**State** [N]: v (mV), u (mV/ms); start v = -65 mV, u = b v. Output: spikes; the published program notes them one step
later, at the head of its loop.

**Left out.** The numbers 0.04, 5, 140 are fixed (cortical cells). v is cut at the step in which it passes v_peak,
without interpolation, so spike times carry an error of order dt.

**Reference.** E. M. Izhikevich 2003, "Simple model of spiking neurons", IEEE Trans. Neural Networks 14(6), eqs. 1-3.

>>> from spikegram.networks import Network    # for b = 0.2 rest is a root of 0.04 v^2 + 4.8 v + 140: -70 mV exactly
>>> net = Network(dt=0.5)
>>> cell = net.population(1, Izhikevich, name="cell")
>>> _ = net.run(2000, backend="reference")
>>> cell.get("v").round(6).tolist(), cell.get("u").round(6).tolist()
([-70.0], [-14.0])
"""

from typing import Any

from .model import NeuronModel

__all__ = [
    "CHATTERING",
    "CLASSES",
    "FAST_SPIKING",
    "INTRINSICALLY_BURSTING",
    "LOW_THRESHOLD_SPIKING",
    "REGULAR_SPIKING",
    "RESONATOR",
    "THALAMO_CORTICAL",
    "Izhikevich",
    "IzhikevichOriginal",
]

_SLOPE = "(0.04*{v}**2/mV + 5*{v} + 140*mV)/ms - u + i_offset + I_ext"
_COMMON: dict[str, Any] = dict(
    threshold="v >= v_peak",
    reset="v = c\nu += d",
    parameters=dict(
        a=(0.02, "rate of u per ms"),
        b=(0.2, "coupling of u to v per ms"),
        c=("-65*mV", "v after a spike"),
        d=("8*mV/ms", "jump of u at a spike"),
        v_peak=("30*mV", "peak at which the spike is cut off"),
        i_offset=("0*mV/ms", "constant input"),
    ),
    init=dict(v="-65*mV", u="b*(-65*mV)/ms"),
    source="Izhikevich 2003, eqs. 1-3",
)

Izhikevich = NeuronModel(
    equations=f"""
        dv/dt = {_SLOPE.format(v="v")} : volt
        du/dt = a*(b*v/ms - u)/ms : volt/second
        I_ext : volt/second (input)
    """,
    method="euler",
    name="Izhikevich",
    description="quadratic cell with a recovery variable, Euler steps",
    **_COMMON,
)

IzhikevichOriginal = NeuronModel(
    equations="""
        v : volt
        u : volt/second
        I_ext : volt/second (input)
    """,
    update=f"""
        v = v + dt/2*({_SLOPE.format(v="v")})
        v = v + dt/2*({_SLOPE.format(v="v")})
        u = u + dt*a*(b*v/ms - u)/ms
    """,
    name="IzhikevichOriginal",
    description="the published scheme: two half steps of v, one of u, dt = 1 ms",
    **_COMMON,
)

CLASSES = dict(
    RS=dict(a=0.02, b=0.2, c=-65, d=8),
    IB=dict(a=0.02, b=0.2, c=-55, d=4),
    CH=dict(a=0.02, b=0.2, c=-50, d=2),
    FS=dict(a=0.1, b=0.2, c=-65, d=2),
    LTS=dict(a=0.02, b=0.25, c=-65, d=2),
    RZ=dict(a=0.1, b=0.26, c=-65, d=2),
    TC=dict(a=0.02, b=0.25, c=-65, d=0.05),
)
REGULAR_SPIKING = Izhikevich(name="RS", **CLASSES["RS"])
INTRINSICALLY_BURSTING = Izhikevich(name="IB", **CLASSES["IB"])
CHATTERING = Izhikevich(name="CH", **CLASSES["CH"])
FAST_SPIKING = Izhikevich(name="FS", **CLASSES["FS"])
LOW_THRESHOLD_SPIKING = Izhikevich(name="LTS", **CLASSES["LTS"])
RESONATOR = Izhikevich(name="RZ", **CLASSES["RZ"])
THALAMO_CORTICAL = Izhikevich(name="TC", **CLASSES["TC"])
