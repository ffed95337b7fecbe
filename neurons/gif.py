r"""Generalised integrate-and-fire cell: spike-triggered currents, a moving threshold, spikes by chance (escape noise).

**Dynamics.** Between spikes

    C_m dv/dt = g_L (v_rest - v) - eta_1 - eta_2 - eta_3 + I + i_offset + I_ext
    theta = v_th + gamma_1 + gamma_2 + gamma_3,    hazard = lambda_0 exp((v - theta)/delta_v)
    tau_eta_k deta_k/dt = -eta_k,   tau_gamma_k dgamma_k/dt = -gamma_k,   tau_syn dI/dt = -I

The equations are linear, so the update is the matrix exponential: exact for every dt.

**Spike condition.** In each step outside the refractory period the cell spikes with probability ``1 - exp(-hazard
dt)``, with the hazard at the end of the step. Then ``v = v_reset``, held while refractory (Brian 2's count, see
`lif.py`); ``eta_k += a_eta_k`` and ``gamma_k += a_gamma_k``, which decay also while refractory. So the chance that a
cell held at v is silent for a time T is exp(-hazard T), and a spike train {t_k} has the log-likelihood
``sum_k log hazard(t_k) - integral hazard dt``. As delta_v goes to 0 the cell becomes a `LIF` with threshold theta.

**Input.** A spike adds its weight (nA; negative inhibits) to ``I``; ``I_ext`` takes injected currents (nA).

=============  ============  ===========  ================================================================
name           default       symbol       meaning; larger means
=============  ============  ===========  ================================================================
C_m            0.08 nF       C            capacitance; slower
g_L            0.004 uS      g_L          leak conductance; less depolarisation per current
v_rest         -70 mV        E_L          resting potential
v_reset        -55 mV        V_r          potential after a spike
v_th           -35 mV        V_T*         threshold without adaptation
delta_v        0.5 mV        Delta_V      width of the threshold; more irregular spikes
lambda_0       1 Hz          lambda_0     hazard at the threshold; spikes at lower v
t_ref          4 ms          t_ref        refractory period
tau_syn        2 ms          tau_s        decay of the synaptic current
tau_eta_k      1, 10, 100    tau_eta      decay of the current after a spike (k = 1, 2, 3; ms)
a_eta_k        0 nA          a_eta        jump of that current at a spike; longer intervals
tau_gamma_k    1, 10, 100    tau_gamma    decay of the threshold (ms)
a_gamma_k      0 mV          a_gamma      jump of the threshold at a spike; longer intervals
i_offset       0 nA          I_0          constant current
=============  ============  ===========  ================================================================

**State** [N]: v (mV), I, eta_1, eta_2, eta_3 (nA), gamma_1, gamma_2, gamma_3 (mV). ``theta`` (mV) and ``hazard`` (Hz)
can be recorded. Output: spikes.

**Left out.** Filters that are no sum of three exponentials; conductances. More than one spike in a step; the exponent
is cut off at 50. Adaptation is off by default, as in NEST's ``gif_psc_exp``, whose other values these are; PyNN's
``GIF_cond_exp`` has the same time constants.

**Reference.** S. Mensi, R. Naud, C. Pozzorini, M. Avermann, C. C. H. Petersen, W. Gerstner 2012, J. Neurophysiol.
107, eqs. 1-4; C. Pozzorini et al. 2015, PLoS Comput. Biol. 11(6) e1004275, eqs. 1-3.

>>> from spikegram.networks import Network                  # kept 1 mV above threshold: 1 Hz exp(1/0.5) = 7.39 Hz
>>> net = Network(dt=0.1)
>>> cell = net.population(1, GIF(v_rest=-34), name="cell"); net.record(cell, "hazard")
>>> net.run(1, backend="reference")["cell"].hazard[0].round(2).tolist()
[7.39]
"""

from .model import NeuronModel

__all__ = ["GIF"]

_DECAYS = {1: 1, 2: 10, 3: 100}  # ms

GIF = NeuronModel(
    equations="""
        dv/dt = (g_L*(v_rest - v) - eta_1 - eta_2 - eta_3 + I + i_offset + I_ext)/C_m : volt (unless refractory)
        dI/dt = -I/tau_syn : amp
        theta = v_th + gamma_1 + gamma_2 + gamma_3 : volt
        hazard = lambda_0*exp(clip((v - theta)/delta_v, -500, 50)) : Hz
        I_ext : amp (input)
    """
    + "\n".join(f"deta_{k}/dt = -eta_{k}/tau_eta_{k} : amp" for k in _DECAYS)
    + "\n"
    + "\n".join(f"dgamma_{k}/dt = -gamma_{k}/tau_gamma_{k} : volt" for k in _DECAYS),
    threshold="rand() < -expm1(-hazard*dt)",
    reset="v = v_reset\n" + "\n".join(f"eta_{k} += a_eta_{k}\ngamma_{k} += a_gamma_{k}" for k in _DECAYS),
    refractory="t_ref",
    parameters=dict(
        C_m=("80*pF", "capacitance"),
        g_L=("4*nS", "leak conductance"),
        v_rest=("-70*mV", "resting potential"),
        v_reset=("-55*mV", "potential after a spike"),
        v_th=("-35*mV", "threshold without adaptation"),
        delta_v=("0.5*mV", "width of the threshold"),
        lambda_0=("1*Hz", "hazard at the threshold"),
        t_ref=("4*ms", "refractory period"),
        tau_syn=("2*ms", "decay of the synaptic current"),
        i_offset=("0*nA", "constant current"),
        **{f"tau_eta_{k}": (f"{tau}*ms", "decay of the current after a spike") for k, tau in _DECAYS.items()},
        **{f"a_eta_{k}": ("0*nA", "jump of that current at a spike") for k in _DECAYS},
        **{f"tau_gamma_{k}": (f"{tau}*ms", "decay of the threshold") for k, tau in _DECAYS.items()},
        **{f"a_gamma_{k}": ("0*mV", "jump of the threshold at a spike") for k in _DECAYS},
    ),
    init=dict(v="v_rest"),
    name="GIF",
    source="Mensi et al. 2012, eqs. 1-4; Pozzorini et al. 2015, eqs. 1-3; values of NEST gif_psc_exp",
    description="leaky integrate-and-fire with spike-triggered currents, moving threshold and escape noise",
)
