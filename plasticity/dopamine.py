r"""Spike-timing-dependent plasticity that waits for dopamine: an eligibility trace, and a reward that comes later.

**Dynamics.** Pairs of spikes do not change the weight but an eligibility trace c, which fades slowly; the weight
follows c in proportion to the dopamine of the postsynaptic cell (three factors: pre, post, reward),

    tau_plus dx/dt = -x,   tau_minus dy/dt = -y,   tau_c dc/dt = -c
    presynaptic spike:    transmit w,  c <- c - A_minus y,  x <- x + 1
    postsynaptic spike:   c <- c + A_plus x,                y <- y + 1
    dw/dt = eta c (dopamine - b),   w_min <= w <= w_max

A step computes w <- clip(w + eta c (dopamine - b) dt), with c from before its decay and dopamine from after it (order 1
in dt), and c <- c exp(-dt/tau_c) exactly.

**The cell** must have a variable ``dopamine`` (no unit). ``extend(LIF, **DOPAMINE)`` gives any cell one that decays
with tau_d = 200 ms; a projection with ``target="dopamine"`` from the cells that signal reward raises it. For one pair
that left c_0 and a pulse h of dopamine t_1 later, w changes by eta c_0 h exp(-t_1/tau_c) tau_c tau_d/(tau_c + tau_d).

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
tau_plus   20 ms        tau_+       width of the potentiating side
tau_minus  20 ms        tau_-       width of the depressing side
tau_c      1000 ms      tau_c       decay of eligibility; later rewards still count, so do more chance pairs
A_plus     1            A_+         rise of c by one pair pre before post
A_minus    1.5          A_-         fall of c by one pair post before pre
eta        1 Hz         -           learning rate, for dopamine 1 and c 1
b          0            b           dopamine at which nothing is learned; rewards below it punish
w_min      0            w_min       lowest weight
w_max      4            w_max       highest weight
=========  ===========  ==========  ====================================================================

A_plus, A_minus and the bounds are in the edge unit of the weight.

**Variables** [S]: w, c (in the unit of w), x, y. Input: spikes of both cells and the dopamine of the target; output: w
added to the target variable.

**Left out.** c and w are advanced in every step, so a synapse costs as much as a cell. Dopamine is well mixed: one
value per cell.

**Reference.** E. M. Izhikevich 2007, Cereb. Cortex 17(10):2443-2452, "Solving the distal reward problem through linkage
of STDP and dopamine signaling"; N. Fremaux and W. Gerstner 2016, Front. Neural Circuits 9:85 (three factors).

>>> from spikegram.networks import Network, OneToOne, SpikeArray   # pre at 0, post at 20 ms, reward at 500 ms:
>>> from spikegram.neurons import LIF, extend                      # e^(-20/20) e^(-480/1000) 1*0.2/1.2 = 0.0379
>>> net = Network(dt=1); cell = net.population(1, extend(LIF, **DOPAMINE))
>>> pre, reward = net.population(1, SpikeArray([[0.0]])), net.population(1, SpikeArray([[500.0]]))
>>> net.inject(cell, 100, start=20, stop=21)
>>> synapse = net.project(pre, cell, OneToOne(), weight=0, target="I", synapse=DopamineSTDP)
>>> _ = net.project(reward, cell, OneToOne(), weight=1, target="dopamine")
>>> _ = net.run(3000, backend="reference"); synapse.weights.round(4).tolist()
[0.0379]
"""

from .model import SynapseModel

__all__ = ["DOPAMINE", "DopamineSTDP"]

#: What `neurons.extend` adds to a cell that is to have a dopamine level.
DOPAMINE = dict(
    equations="ddopamine/dt = -dopamine/tau_d : 1",
    parameters=dict(tau_d=("200*ms", "decay of dopamine")),
)

DopamineSTDP = SynapseModel(
    equations="""
        dw/dt = (clip(w + eta*c*(dopamine_post - b)*dt, w_min, w_max) - w)/dt : weight (clock-driven)
        dc/dt = c*(exp(-dt/tau_c) - 1)/dt : weight (clock-driven)
        dx/dt = -x/tau_plus : 1 (event-driven)
        dy/dt = -y/tau_minus : 1 (event-driven)
    """,
    on_pre="""
        target_post += w
        c -= A_minus*y
        x += 1
    """,
    on_post="""
        c += A_plus*x
        y += 1
    """,
    parameters=dict(
        tau_plus=("20*ms", "width of the potentiating side"),
        tau_minus=("20*ms", "width of the depressing side"),
        tau_c=("1000*ms", "decay of eligibility"),
        A_plus=("1*weight", "rise of c by one pair pre before post"),
        A_minus=("1.5*weight", "fall of c by one pair post before pre"),
        eta=("1*Hz", "learning rate, for dopamine 1 and c 1"),
        b=(0.0, "dopamine at which nothing is learned"),
        w_min=("0*weight", "lowest weight"),
        w_max=("4*weight", "highest weight"),
    ),
    bounds=dict(w=("w_min", "w_max")),
    method="euler",
    name="DopamineSTDP",
    source="Izhikevich 2007",
    description="pair rule on an eligibility trace, turned into weight by dopamine, hard bounds",
)
