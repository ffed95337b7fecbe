r"""The links of a tripartite synapse: a synapse that an astrocyte modulates, what the astrocyte senses and releases.

**Dynamics.** `Tripartite` is a synapse with short-term plasticity; gliotransmission changes its release probability.
Between presynaptic spikes, and at a spike, in this order,

    du/dt = -Omega_f u,   dx/dt = Omega_d (1 - x)
    U = (1 - Gamma_S) U_0 + alpha Gamma_S;   u <- u + U (1 - u);   r = u x;   x <- x - r
    Y_S <- Y_S + rho_c Y_T r,   target <- target + w r

u decays to 0, not to U, as U enters at spikes only; r is the part of the resources that is released, with the u after
and the x before it. Y_S, Gamma_S and G_A belong to the space around the synapses of the target cell
(`neurons.astrocyte.Perisynaptic`, or any cell made `ensheathed`), which is one for all of them: the Y_S of many
synapses decay as their sum does, and their Gamma_S, which begin alike and see the same gliotransmitter, stay alike.

The links between that space and the astrocyte:

- `GlialSensing`, cell to astrocyte: in each step the astrocyte's Y_S is the sum of w Y_S over its cells. A weight of 1
  adds up all synapses, 1/(synapses of the astrocyte) takes their mean.
- `Gliotransmission`, astrocyte to cell: an astrocyte's event (its "spike") raises G_A by rho_e G_T U_A x_A and takes
  the part U_A from the resources x_A, which come back with dx_A/dt = Omega_A (1 - x_A).
- `IP3GapJunction`, between astrocytes, both ways: IP3 flows along a difference d = I_post - I_pre beyond I_Theta,
  J_coupling = sum of -w/2 (1 + tanh((|d| - I_Theta)/omega_I)) sign(d). What leaves one cell enters the other.

=========  ==============  =========  =====================================================================
name       default         symbol     meaning; larger means
=========  ==============  =========  =====================================================================
U_0        0.6             U_0*       release probability without gliotransmission; depressing above
                                      Omega_d/(Omega_d + Omega_f) = 0.375, facilitating below
alpha      0               alpha      release probability that gliotransmission leads to; above U_0 it
                                      increases release, at U_0 it has no effect
Omega_f    3.33 /s         Omega_f    rate at which facilitation is lost
Omega_d    2 /s            Omega_d    rate at which resources come back
rho_c      0.005           rho_c      vesicles' volume, of that of the space outside; more is sensed
Y_T        500 mM          Y_T        neurotransmitter in vesicles
rho_e      6.5e-4          rho_e      vesicles' volume of the astrocyte, of that of the space outside
G_T        200 mM          G_T        gliotransmitter in vesicles; larger effect
U_A        0.6             U_A        part of the resources that an event releases
Omega_A    0.6 /s          Omega_A    rate at which the astrocyte's resources come back
I_Theta    0.3 uM          I_Theta    difference of IP3 from which on it flows
omega_I    0.05 uM         omega_I    width of that threshold
=========  ==============  =========  =====================================================================

Weights: of `Tripartite` what one whole release adds to the target variable; of `IP3GapJunction` the greatest flux F
(``"0.09*umolar/second"``), of `GlialSensing` a number.

**Variables** [S]: w; u, x of `Tripartite`, x_A of `Gliotransmission`. Input: spikes of cells, events of astrocytes,
Y_S and I of the cell on the other side. Output: as above.

**Left out.** One astrocyte for all synapses of a target cell: those of a cell that belong to different astrocytes need
a `Perisynaptic` of their own each. Vesicles are a continuum.

**Reference.** M. Tsodyks, K. Pawelzik, H. Markram 1998, Neural Comput. 10 (u, x); M. De Pitta, V. Volman, H. Berry, E.
Ben-Jacob 2011, PLoS Comput. Biol. 7, e1002293 (gliotransmission); M. Goldberg, M. De Pitta, V. Volman, H. Berry, E.
Ben-Jacob 2010, PLoS Comput. Biol. 6, e1000909 (gap junctions); M. Stimberg, D. F. M. Goodman, R. Brette, M. De Pitta
2019, in Computational Glioscience, Springer (values).

>>> from spikegram.networks import Network, OneToOne, SpikeArray
>>> from spikegram.neurons.astrocyte import Perisynaptic        # a first spike releases 0.6 of 500 mM into a space
>>> net = Network(dt=1); spikes = net.population(1, SpikeArray([[1]]))             # that is 200 times as large: 1.5 mM
>>> space = net.population(1, Perisynaptic)
>>> _ = net.project(spikes, space, OneToOne(), weight=0, target="G_A", synapse=Tripartite)
>>> _ = net.run(2, backend="reference"); space.get("Y_S").round(9).tolist()
[1.5]
"""

from .model import SynapseModel

__all__ = ["GlialSensing", "Gliotransmission", "IP3GapJunction", "Tripartite"]

Tripartite = SynapseModel(
    equations="""
        w : weight
        du/dt = -Omega_f*u : 1 (event-driven)
        dx/dt = Omega_d*(1 - x) : 1 (event-driven)
    """,
    on_pre="""
        U = (1 - Gamma_S_post)*U_0 + alpha*Gamma_S_post
        u += U*(1 - u)
        r = u*x
        x -= r
        Y_S_post += rho_c*Y_T*r
        target_post += w*r
    """,
    parameters=dict(
        U_0=(0.6, "release probability without gliotransmission"),
        alpha=(0.0, "release probability that gliotransmission leads to"),
        Omega_f=("3.33/second", "rate at which facilitation is lost"),
        Omega_d=("2/second", "rate at which resources come back"),
        rho_c=(0.005, "vesicles' volume, of that of the space outside"),
        Y_T=("500*mmolar", "neurotransmitter in vesicles"),
    ),
    init=dict(x=1),
    name="Tripartite",
    source="De Pitta et al. 2011; values of Stimberg et al. 2019",
    description="short-term plasticity, release modulated by an astrocyte",
)

Gliotransmission = SynapseModel(
    equations="dx_A/dt = Omega_A*(1 - x_A) : 1 (event-driven)",
    on_pre="""
        r_A = U_A*x_A
        x_A -= r_A
        G_A_post += rho_e*G_T*r_A
    """,
    parameters=dict(
        rho_e=(6.5e-4, "vesicles' volume of the astrocyte, of that of the space outside"),
        G_T=("200*mmolar", "gliotransmitter in vesicles"),
        U_A=(0.6, "part of the resources that an event releases"),
        Omega_A=("0.6/second", "rate at which the astrocyte's resources come back"),
    ),
    init=dict(x_A=1),
    name="Gliotransmission",
    source="De Pitta et al. 2011; values of Stimberg et al. 2019",
    description="gliotransmitter that an astrocyte releases at an event",
)

GlialSensing = SynapseModel(
    equations="""
        w : 1
        Y_S_post = w*Y_S_pre : mmolar (summed)
    """,
    on_pre="",
    name="GlialSensing",
    source="Stimberg et al. 2019",
    description="neurotransmitter that reaches an astrocyte",
)

IP3GapJunction = SynapseModel(
    equations="""
        w : mmolar/second
        delta = I_post - I_pre : mmolar
        J_coupling_post = -w/2*(1 + tanh((abs(delta) - I_Theta)/omega_I))*sign(delta) : mmolar/second (summed)
    """,
    on_pre="",
    parameters=dict(
        I_Theta=("0.3*umolar", "difference of IP3 from which on it flows"),
        omega_I=("0.05*umolar", "width of that threshold"),
    ),
    name="IP3GapJunction",
    source="Goldberg et al. 2010; values of Stimberg et al. 2019",
    description="IP3 that flows between coupled astrocytes",
)
