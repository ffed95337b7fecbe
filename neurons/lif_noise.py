r"""Leaky integrate-and-fire cells in noise with a memory: a current (`LIFNoise`), two conductances (`LIFCondNoise`).

**Dynamics.** Ornstein-Uhlenbeck processes: Gaussian, mean mu, standard deviation sigma, correlation exp(-|s|/tau):

    LIFNoise:      tau_m dv/dt = v_rest - v + R (I + I_noise + i_offset + I_ext),    tau_syn dI/dt = -I
                   dI_noise/dt = (mu_noise - I_noise)/tau_noise + sigma_noise sqrt(2/tau_noise) xi
    LIFCondNoise:  C_m dv/dt = g_L (v_rest - v) + (g_E + n_E) (e_rev_E - v) + (g_I + n_I) (e_rev_I - v)
                               + i_offset + I_ext
                   dn_E/dt = (mu_E - n_E)/tau_E + sigma_E sqrt(2/tau_E) xi_E,   and so for I
                   tau_syn_E dg_E/dt = -g_E,   tau_syn_I dg_I/dt = -g_I

xi is white noise of unit intensity. Steps are Euler-Maruyama: in a step of dt a process of time constant tau takes
``sigma sqrt(2 dt/tau) randn()``, so its standard deviation is sigma/sqrt(1 - dt/(2 tau)), 0.5 % too much where tau is
50 dt. For a tau far below tau_m, `LIFNoise` is driven by white noise of intensity 2 (R sigma)^2 tau/tau_m^2.
Spike when ``v >= v_th``; then ``v = v_reset``, held while refractory (Brian 2's count); the noise goes on.

**Input.** A spike adds its weight to ``I`` (nA), or to ``g_E``, ``g_I`` (uS, positive). ``I_ext``: injected currents.

===========  ============  ===========  ==================================================================
name         default       symbol       meaning; larger means
===========  ============  ===========  ==================================================================
mu_noise     0 nA          mu           LIFNoise: mean of the noise
sigma_noise  0.1 nA        sigma        LIFNoise: its standard deviation; irregular spikes
tau_noise    5 ms          tau_n        LIFNoise: its correlation time; slower noise reaches v more
mu_E, mu_I   0.0121,       g_e0, g_i0   LIFCondNoise: mean conductances
             0.0573 uS
sigma_E, _I  0.003,        sigma_e, _i  LIFCondNoise: their standard deviations
             0.0066 uS
tau_E, _I    2.7, 10.5 ms  tau_e, _i    LIFCondNoise: their correlation times
others       as LIF, and for LIFCondNoise as LIFCond, with C_m 0.35 nF, g_L 0.0157 uS, v_rest -80 mV,
             e_rev_I -75 mV, tau_syn_E 2.7 ms, tau_syn_I 10.5 ms
===========  ============  ===========  ==================================================================

For another cell add the lines of the noise to its equations and ``+ I_noise`` where its current stands; `OU_CURRENT`
and `OU_PARAMETERS` are these lines and their parameters. Each neuron draws its own noise.

**State** [N]: v (mV), I, I_noise (nA); or v, g_E, g_I, n_E, n_I (uS). Output: spikes.

**Left out.** Noise that neurons share. A conductance of `LIFCondNoise` that falls below 0 (by 4 or more standard
deviations with these values) is used as it is. dt should be well below each tau.

**Reference.** G. E. Uhlenbeck and L. S. Ornstein 1930, Phys. Rev. 36; A. Destexhe, M. Rudolph, J.-M. Fellous, T. J.
Sejnowski 2001, Neuroscience 107, eqs. 2-4 and table 1 (layer VI cell; its spikes come from ion channels there).

>>> from spikegram.networks import Network            # without noise the current relaxes to its mean: 0.1 (1 - 0.8) nA
>>> net = Network(dt=1)
>>> cell = net.population(1, LIFNoise(mu_noise=0.1, sigma_noise=0), init=dict(I_noise=0))
>>> _ = net.run(1, backend="reference")
>>> cell.get("I_noise").round(6).tolist()
[0.02]
"""

from .lif import LIF
from .lif_cond import LIFCond
from .model import NeuronModel

__all__ = ["OU_CURRENT", "OU_PARAMETERS", "LIFCondNoise", "LIFNoise"]

OU_CURRENT = "dI_noise/dt = (mu_noise - I_noise)/tau_noise + sigma_noise*sqrt(2/tau_noise)*xi : amp"
OU_PARAMETERS = dict(
    mu_noise=("0*nA", "mean of the noise"),
    sigma_noise=("0.1*nA", "standard deviation of the noise"),
    tau_noise=("5*ms", "correlation time of the noise"),
)

LIFNoise = NeuronModel(
    equations=LIF.equations.replace("I + i_offset", "I + I_noise + i_offset") + "\n" + OU_CURRENT,
    threshold=LIF.threshold,
    reset=LIF.reset,
    refractory=LIF.refractory,
    method="euler",
    parameters={**LIF.parameters, **OU_PARAMETERS},
    init=dict(v="v_rest", I_noise="mu_noise + sigma_noise*randn()"),
    name="LIFNoise",
    source="Uhlenbeck and Ornstein 1930; LIF",
    description="leaky integrate-and-fire with an Ornstein-Uhlenbeck noise current",
)

LIFCondNoise = NeuronModel(
    equations="""
        dv/dt = (g_L*(v_rest - v) + (g_E + n_E)*(e_rev_E - v) + (g_I + n_I)*(e_rev_I - v) + i_offset + I_ext)/C_m
            : volt (unless refractory)
        dn_E/dt = (mu_E - n_E)/tau_E + sigma_E*sqrt(2/tau_E)*xi_E : siemens
        dn_I/dt = (mu_I - n_I)/tau_I + sigma_I*sqrt(2/tau_I)*xi_I : siemens
        dg_E/dt = -g_E/tau_syn_E : siemens
        dg_I/dt = -g_I/tau_syn_I : siemens
        I_ext : amp (input)
    """,
    threshold=LIFCond.threshold,
    reset=LIFCond.reset,
    refractory=LIFCond.refractory,
    method="euler",
    parameters={
        **LIFCond.parameters,
        "C_m": ("346*pF", "capacitance"),
        "g_L": ("15.7*nS", "leak conductance"),
        "v_rest": ("-80*mV", "resting potential without noise"),
        "e_rev_I": ("-75*mV", "inhibitory reversal potential"),
        "tau_syn_E": ("2.7*ms", "decay of the excitatory conductance"),
        "tau_syn_I": ("10.5*ms", "decay of the inhibitory conductance"),
        "mu_E": ("12.1*nS", "mean excitatory conductance"),
        "sigma_E": ("3*nS", "standard deviation of the excitatory conductance"),
        "tau_E": ("2.7*ms", "correlation time of the excitatory conductance"),
        "mu_I": ("57.3*nS", "mean inhibitory conductance"),
        "sigma_I": ("6.6*nS", "standard deviation of the inhibitory conductance"),
        "tau_I": ("10.5*ms", "correlation time of the inhibitory conductance"),
    },
    init=dict(v="v_rest", n_E="mu_E + sigma_E*randn()", n_I="mu_I + sigma_I*randn()"),
    name="LIFCondNoise",
    source="Destexhe et al. 2001, eqs. 2-4, table 1",
    description="leaky integrate-and-fire with Ornstein-Uhlenbeck noise conductances",
)
