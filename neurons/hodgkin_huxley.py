r"""The Hodgkin-Huxley squid axon membrane with modern sign.

**Dynamics.** Densities times the membrane area, rates in 1/ms with v in mV

    C_m dv/dt = g_Na m^3 h (E_Na - v) + g_K n^4 (E_K - v) + g_L (E_L - v) + (I + i_offset + I_ext)/area
    dx/dt = alpha_x (1 - x) - beta_x x   for x = m, h, n,      tau_syn dI/dt = -I
    alpha_m = 0.1 (v + 40)/(1 - exp(-(v + 40)/10))    beta_m = 4 exp(-(v + 65)/18)
    alpha_h = 0.07 exp(-(v + 65)/20)                  beta_h = 1/(1 + exp(-(v + 35)/10))
    alpha_n = 0.01 (v + 55)/(1 - exp(-(v + 55)/10))   beta_n = 0.125 exp(-(v + 65)/80)

alpha_m(-40) = 1 and alpha_n(-55) = 0.1 are the limits of 0/0; ``exprel(x) = (exp(x) - 1)/x`` takes them by itself.
The update is exponential Euler: each of v, m, h, n relaxes for one step with the values of the others at its
beginning.

**Spike condition.** v crosses v_th from below: threshold ``v > v_th``, and the cell is refractory as long as ``v >
v_th`` holds, so a spike counts once. Nothing is reset. (A cell that starts above v_th counts one spike.)

**Input.** A spike adds its weight (nA) to ``I``; ``I_ext`` takes injected currents (nA). The default area is 1e-3
cm2, so 10 uA/cm2 of the papers are 10 nA here, and 1 nA is 1 uA/cm2.

=========  ==============  ========  ==================================================================
name       default         symbol    meaning; larger means
=========  ==============  ========  ==================================================================
C_m        1 uF/cm2        C         capacitance per area; slower
g_Na       120 mS/cm2      g_Na      sodium conductance; more excitable
g_K        36 mS/cm2       g_K       potassium conductance; less excitable
g_L        0.3 mS/cm2      g_L       leak conductance; less excitable
E_Na       50 mV           E_Na      sodium reversal potential
E_K        -77 mV          E_K       potassium reversal potential
E_L        -54.387 mV      E_L       leak reversal potential (NEST: -54.402)
v_th       0 mV            V_th      where an upward crossing is counted
area       1e-3 cm2        A         membrane area; less effect per nA
tau_syn    5 ms            tau_s     decay of the synaptic current
i_offset   0 nA            I         constant current
=========  ==============  ========  ==================================================================

**State** [N]: v (mV), m, h, n (1), I (nA); start at rest, v = -65 mV. Output: spikes.

**Left out.** Temperature (6.3 degrees C as fitted), channel noise. First order in dt: 0.01 ms for published counts,
0.05 ms at most. Near the onset of firing (6.2 uA/cm2) the count depends on the scheme.

**Reference.** A. L. Hodgkin and A. F. Huxley 1952, J. Physiol. 117, eqs. 7, 12-26; here with modern sign and rest at
-65 mV.

>>> from spikegram.networks import Network         # the start values are the rest, nothing moves
>>> net = Network(dt=0.01)
>>> cell = net.population(1, HodgkinHuxley, name="cell")
>>> [float(cell.get(x)[0].round(4)) for x in "mhn"]
[0.0529, 0.5961, 0.3177]
>>> _ = net.run(5, backend="reference")
>>> cell.get("v").round(1).tolist()
[-65.0]
"""

from .model import NeuronModel

__all__ = ["HodgkinHuxley"]

HodgkinHuxley = NeuronModel(
    equations="""
        dv/dt = (g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + g_L*(E_L - v) + (I + i_offset + I_ext)/area)/C_m : volt
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        dI/dt = -I/tau_syn : amp
        alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : Hz
        beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : Hz
        alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : Hz
        beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : Hz
        alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : Hz
        beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : Hz
        I_ext : amp (input)
    """,
    threshold="v > v_th",
    reset="pass",
    refractory="v > v_th",
    method="exponential_euler",
    parameters=dict(
        C_m=("1*uF/cm2", "capacitance per area"),
        g_Na=("120*mS/cm2", "sodium conductance per area"),
        g_K=("36*mS/cm2", "potassium conductance per area"),
        g_L=("0.3*mS/cm2", "leak conductance per area"),
        E_Na=("50*mV", "sodium reversal potential"),
        E_K=("-77*mV", "potassium reversal potential"),
        E_L=("-54.387*mV", "leak reversal potential"),
        v_th=("0*mV", "where an upward crossing is counted"),
        area=("1e-3*cm2", "membrane area"),
        tau_syn=("5*ms", "decay of the synaptic current"),
        i_offset=("0*nA", "constant current"),
    ),
    init=dict(  # alpha/(alpha + beta) at -65 mV
        v="-65*mV",
        m="2.5/(2.5 + 4*(exp(2.5) - 1))",
        h="0.07/(0.07 + 1/(1 + exp(3)))",
        n="0.1/(0.1 + 0.125*(exp(1) - 1))",
    ),
    name="HodgkinHuxley",
    source="Hodgkin and Huxley 1952, eqs. 7, 12-26, modern sign",
    description="squid axon membrane, spikes by upward crossing",
)
