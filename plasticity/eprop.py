r"""Eligibility propagation: gradient descent for recurrent spiking networks, without going back in time.

**Dynamics**, a map per step for the cells of `BellecALIF`, with alpha = exp(-dt/tau_m), rho = exp(-dt/tau_a), kappa =
exp(-dt/tau_out); z is 1 where a presynaptic spike arrives,

    zbar <- alpha zbar + z
    psi = gamma/v_th max(0, 1 - |v - v_th - beta a|/v_th)         how easily a spike could be moved
    e = psi (zbar - beta eps),   eps <- psi zbar + (rho - psi beta) eps
    ebar <- kappa ebar + e
    grad <- grad + L ebar,   w <- w - eta L ebar

e is the local part of the gradient, L the learning signal of the target cell (``learn``): its share in the error of the
readout in this step, L = sum_k B_k (y_k - y*_k). ``grad`` sums up what a weight would descend; with eta = 0 the
weights stand still and ``grad`` is the gradient of a batch.

**The cell** is ``extend(BellecALIF, **LEARNING_SIGNAL)``: ``learn`` is an input, injected or sent by spikes.
tau_m, tau_a, beta and v_th are repeated here and must be those of the cell; with beta = 0 the rule is the one for LIF
cells.

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
tau_m      20 ms        tau_m       membrane time constant of the cell
tau_a      200 ms       tau_a       decay of its adaptation; longer memory of eligibility
tau_out    20 ms        tau_out     time constant of the readout
beta       0.1          beta        rise of the cell's threshold per spike
v_th       1            v_th        threshold of the cell
gamma      0.3          gamma       height of the pseudo-derivative; larger gradients
eta        0.001        eta         learning rate
=========  ===========  ==========  ====================================================================

**Variables** [S]: w, zbar, eps, ebar, grad. Input: presynaptic spikes, v, a and ``learn`` of the target; output: w
added to the target variable, which must be the input ``x`` of the cell: a spike counts in the step in which it arrives.

**Left out.** The reset is taken as a constant, and what a spike of the cell causes in others is left to the learning
signal: with a readout and no recurrence the gradient is exact, else that of a network in which spikes sent inside are
constants. The refractory period (t_ref 0). Optimisers, rate regularisation. Five values are advanced in every step.

**Reference.** G. Bellec, F. Scherr, A. Subramoney, E. Hajek, D. Salaj, R. Legenstein, W. Maass 2020, Nat. Commun.
11:3625, equations 4, 21 to 25 and 28.

>>> from spikegram.networks import Network, OneToOne, SpikeArray   # v = 0.5 in the step of the spike:
>>> from spikegram.neurons import BellecALIF, extend               # psi = 0.3 (1 - 0.5), grad = 2*0.15*1
>>> net = Network(dt=1); pre = net.population(1, SpikeArray([[3.0]]))
>>> cell = net.population(1, extend(BellecALIF, **LEARNING_SIGNAL))
>>> synapse = net.project(pre, cell, OneToOne(), weight=0.5, delay=1, target="x", synapse=EProp)
>>> net.inject(cell, 2, start=4, stop=5, target="learn")
>>> _ = net.run(9, backend="reference"); synapse.get("grad").round(6).tolist()
[0.3]
"""

from .model import SynapseModel

__all__ = ["LEARNING_SIGNAL", "EProp"]

#: What `neurons.extend` adds to a cell that is to learn.
LEARNING_SIGNAL = dict(equations="learn : 1 (input)")

EProp = SynapseModel(
    equations="""
        dw/dt = -eta*learn_post*now/dt : weight (clock-driven)
        dgrad/dt = learn_post*now/dt : 1 (clock-driven)
        debar/dt = (now - ebar)/dt : 1 (clock-driven)
        deps/dt = (psi*zbar + (exp(-dt/tau_a) - psi*beta)*eps - eps)/dt : 1 (clock-driven)
        dzbar/dt = zbar*(exp(-dt/tau_m) - 1)/dt : 1 (clock-driven)
        psi = gamma/v_th*clip(1 - abs(v_post - v_th - beta*a_post)/v_th, 0, 1) : 1
        now = exp(-dt/tau_out)*ebar + psi*(zbar - beta*eps) : 1
    """,
    on_pre="""
        target_post += w
        zbar += 1
    """,
    parameters=dict(
        tau_m=("20*ms", "membrane time constant of the cell"),
        tau_a=("200*ms", "decay of its adaptation"),
        tau_out=("20*ms", "time constant of the readout"),
        beta=(0.1, "rise of the cell's threshold per spike"),
        v_th=(1.0, "threshold of the cell"),
        gamma=(0.3, "height of the pseudo-derivative"),
        eta=("0.001*weight", "learning rate"),
    ),
    method="euler",
    name="EProp",
    source="Bellec et al. 2020, equations 4, 21 to 25 and 28",
    description="eligibility traces of adaptive LIF cells and their product with a learning signal",
)
