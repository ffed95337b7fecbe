r"""Mihalas-Niebur cell: linear, with two spike-triggered currents and a threshold that follows the potential.

**Dynamics.** Between spikes

    C_m dv/dt = g_L (v_rest - v) + I_1 + I_2 + I + i_offset + I_ext
    dtheta/dt = a (v - v_rest) - b (theta - theta_inf)
    dI_1/dt = -k_1 I_1,   dI_2/dt = -k_2 I_2,   tau_syn dI/dt = -I

integrated exactly. Spike when ``v >= theta``; then, in this order, ``I_1 = R_1 I_1 + A_1``, ``I_2 = R_2 I_2 + A_2``,
``v = v_reset``, ``theta = max(theta_reset, theta)``. (NEST and others call it GIF or GLIF too; the cell with escape
noise is `gif.py`.)

**Input.** A spike adds its weight (nA; negative inhibits) to ``I``; ``I_ext`` takes injected currents (nA).

===========  ==========  ==========  ================================================================
name         default     symbol      meaning; larger means
===========  ==========  ==========  ================================================================
C_m          0.1 nF      C           capacitance; slower. The paper gives currents over C: 1 V/s is 0.1 nA
g_L          0.005 uS    G           leak conductance (G/C = 50/s); less depolarisation per current
v_rest       -70 mV      E_L         resting potential
v_reset      -70 mV      V_r         potential after a spike
theta_inf    -50 mV      Theta_inf   threshold at rest
theta_reset  -60 mV      Theta_r     least threshold after a spike
a            0 Hz        a           how the threshold follows v; adaptation, phasic spiking; < 0 latency
b            10 Hz       b           rate at which the threshold returns
k_1          200 Hz      k_1         decay rate of I_1
k_2          20 Hz       k_2         decay rate of I_2
R_1          0           R_1         part of I_1 that a spike leaves
R_2          1           R_2         part of I_2 that a spike leaves
A_1          0 nA        A_1         added to I_1 at a spike; > 0 makes bursts
A_2          0 nA        A_2         added to I_2 at a spike; < 0 ends them
tau_syn      5 ms        tau_s       decay of the synaptic current
i_offset     0 nA        I_e         constant current
===========  ==========  ==========  ================================================================

`PATTERNS` has a, A_1, A_2 and the currents over time of the 20 patterns of figure 1: name -> (a, A_1, A_2, ((I_e, ms),
...)); the lengths of the pulses are those read off the figure by Detorakis. `pattern` makes the cell of one of them.

**State** [N]: v, theta (mV), I_1, I_2, I (nA). Output: spikes.

**Left out.** The paper solves for the time of a spike; here it is the step in which v passes theta. Class 1 and 2 are
driven 1e-6 above the least current, so that their first spike depends on the last digits.

**Reference.** S. Mihalas and E. Niebur 2009, Neural Comput. 21(3), eqs. 2.1-2.2, table 1 and figure 1; G. Detorakis
2017, ReScience 3(1) (lengths of the pulses).

>>> from spikegram.networks import Network      # 1.5 V/s: from -70 to -50 mV of -40 mV in 20 ms ln 3 = 21.97 ms
>>> net = Network(dt=0.01)
>>> net.record(net.population(1, MihalasNiebur(i_offset=0.15), name="cell"), "spikes")
>>> net.run(60, backend="reference")["cell"].spikes.times.round(1).tolist()
[22.0, 44.0]
"""

from .model import NeuronModel

__all__ = ["PATTERNS", "MihalasNiebur", "pattern"]

MihalasNiebur = NeuronModel(
    equations="""
        dv/dt = (g_L*(v_rest - v) + I_1 + I_2 + I + i_offset + I_ext)/C_m : volt
        dtheta/dt = a*(v - v_rest) - b*(theta - theta_inf) : volt
        dI_1/dt = -k_1*I_1 : amp
        dI_2/dt = -k_2*I_2 : amp
        dI/dt = -I/tau_syn : amp
        I_ext : amp (input)
    """,
    threshold="v >= theta",
    reset="""
        I_1 = R_1*I_1 + A_1
        I_2 = R_2*I_2 + A_2
        v = v_reset
        theta = where(theta > theta_reset, theta, theta_reset)
    """,
    parameters=dict(
        C_m=("100*pF", "capacitance"),
        g_L=("5*nS", "leak conductance"),
        v_rest=("-70*mV", "resting potential"),
        v_reset=("-70*mV", "potential after a spike"),
        theta_inf=("-50*mV", "threshold at rest"),
        theta_reset=("-60*mV", "least threshold after a spike"),
        a=("0*Hz", "how the threshold follows v"),
        b=("10*Hz", "rate at which the threshold returns"),
        k_1=("200*Hz", "decay rate of I_1"),
        k_2=("20*Hz", "decay rate of I_2"),
        R_1=(0, "part of I_1 that a spike leaves"),
        R_2=(1, "part of I_2 that a spike leaves"),
        A_1=("0*nA", "added to I_1 at a spike"),
        A_2=("0*nA", "added to I_2 at a spike"),
        tau_syn=("5*ms", "decay of the synaptic current"),
        i_offset=("0*nA", "constant current"),
    ),
    init=dict(v="v_rest", theta="theta_inf"),
    name="MihalasNiebur",
    source="Mihalas and Niebur 2009, eqs. 2.1-2.2",
    description="linear cell with two spike-triggered currents and a threshold that follows the potential",
)

# a (1/s), A_1/C and A_2/C (V/s), I_e/C (V/s) with its length (ms)
PATTERNS = dict(
    tonic_spiking=(0, 0, 0, ((1.5, 200),)),
    class_1=(0, 0, 0, ((1 + 1e-6, 500),)),
    spike_frequency_adaptation=(5, 0, 0, ((2, 200),)),
    phasic_spiking=(5, 0, 0, ((1.5, 500),)),
    accommodation=(5, 0, 0, ((1.5, 100), (0, 500), (0.5, 100), (1, 100), (1.5, 100), (0, 100))),
    threshold_variability=(5, 0, 0, ((1.5, 20), (0, 180), (-1.5, 25), (0, 25), (1.5, 25), (0, 125))),
    rebound_spike=(5, 0, 0, ((0, 50), (-3.5, 756), (0, 194))),
    class_2=(5, 0, 0, ((2 + 2e-6, 300),)),
    integrator=(5, 0, 0, ((1.5, 20), (0, 10), (1.5, 20), (0, 250), (1.5, 20), (0, 20), (1.5, 20), (0, 40))),
    input_bistability=(5, 0, 0, ((1.5, 100), (1.7, 400), (1.5, 100), (1.7, 400))),
    hyperpolarization_induced_spiking=(30, 0, 0, ((-1, 400),)),
    hyperpolarization_induced_bursting=(30, 10, -0.6, ((-1, 400),)),
    tonic_bursting=(5, 10, -0.6, ((2, 500),)),
    phasic_bursting=(5, 10, -0.6, ((1.5, 500),)),
    rebound_burst=(5, 10, -0.6, ((0, 100), (-3.5, 500), (0, 400))),
    mixed_mode=(5, 5, -0.3, ((2, 500),)),
    afterpotentials=(5, 5, -0.3, ((2, 15), (0, 185))),
    basal_bistability=(0, 8, -0.1, ((5, 10), (0, 90), (5, 10), (0, 90))),
    preferred_frequency=(5, -3, 0.5, ((5, 5), (0, 5), (4, 5), (0, 385), (5, 5), (0, 45), (4, 5), (0, 345))),
    spike_latency=(-80, 0, 0, ((8, 2), (0, 48))),
)


def pattern(name: str) -> NeuronModel:
    """Give the cell of one of the `PATTERNS`, without its current."""
    if name not in PATTERNS:
        raise ValueError(f"pattern: expected one of {', '.join(PATTERNS)}, got {name!r}")
    a, A_1, A_2, _ = PATTERNS[name]
    return MihalasNiebur(name=name, a=a, A_1=A_1 / 10, A_2=A_2 / 10)  # 0.1 nF: 1 V/s is 0.1 nA
