r"""Astrocytes: calcium alone (`LiRinzel`), with IP3 made and broken down (`GChI`), and the space around their synapses.

**Dynamics.** Calcium C in the cytosol, h the fraction of IP3 receptors that are not inactivated, I the IP3,

    dC/dt = (Omega_C m^3 h^3 + Omega_L) (C_T - (1 + rho_A) C) - O_P C^2/(C^2 + K_P^2)
    dh/dt = O_2 (Q_2 - (Q_2 + C) h),   m = I/(I + d_1) C/(C + d_5),   Q_2 = d_2 (I + d_1)/(I + d_3)

In `LiRinzel` I is given. In `GChI` glutamate Y_S binds to receptors (a fraction Gamma_A) and makes IP3,

    dGamma_A/dt = O_N Y_S (1 - Gamma_A) - Omega_N (1 + zeta C/(C + K_KC)) Gamma_A
    dI/dt = O_beta Gamma_A + O_delta/(1 + I/kappa_delta) C^2/(C^2 + K_delta^2)
            - O_3K C^4/(C^4 + K_D^4) I/(I + K_3K) - Omega_5P I + J_ex + J_coupling
    J_ex = -F_ex/2 (1 + tanh((|d| - I_Theta)/omega_I)) sign(d),   d = I - I_bias - I_ext

by Runge-Kutta steps. `GChIStochastic` adds noise to h, dh/dt times 1 + noise xi sqrt(1/(O_2 (Q_2 + C))), with h cut
to [0, 1] where it is read; Milstein steps. An astrocyte "spikes" when C passes C_Theta upwards and not again before C
was below it: the event at which it releases gliotransmitter.

`Perisynaptic` is the space around synapses that an astrocyte ensheathes, `ensheathed` gives it to any cell:

    dY_S/dt = -Omega_c Y_S,   dG_A/dt = -Omega_e G_A,   dGamma_S/dt = O_G G_A (1 - Gamma_S) - Omega_G Gamma_S

Y_S is the transmitter of all of the cell's synapses together, G_A the gliotransmitter, Gamma_S the fraction of
presynaptic receptors that bind it. The synapses that read and raise these are in `plasticity/tripartite.py`.

**Input.** ``Y_S`` and ``J_coupling`` of `GChI` are written by projections (`GlialSensing`, `IP3GapJunction`) or set by
hand; ``I_ext`` is added to the IP3 of `LiRinzel`, to the outer IP3 of `GChI`; it keeps its value until it is set anew
(``cells.set(I_ext=...)``) or a synapse adds to it. There are no (input) variables, so that astrocytes may have a
coarser step than neurons: ``net.population(n, GChI, dt=10)``. Plain concentrations are in mM, as everywhere in SI;
write ``"0.5*umolar"``.

===========  ================  ===========  =================================================================
name         default           symbol       meaning; larger means
===========  ================  ===========  =================================================================
Omega_C      6 /s              Omega_C      rate of calcium release by IP3 receptors; steeper rise
Omega_L      0.1 /s            Omega_L      rate of the leak from the store; higher rest
C_T          2 uM              C_T          calcium in the cell, by volume of the cytosol
rho_A        0.18              rho_A        volume of the store (ER), of that of the cytosol
O_P          0.9 uM/s          O_P          greatest uptake into the store (SERCA); lower rest
K_P          0.05 uM           K_P          affinity of the uptake; 0.1 modulates amplitude, 0.05 frequency
d_1          0.13 uM           d_1          binding of IP3; more IP3 is needed
d_2          1.05 uM           d_2          inactivation by calcium; weaker
d_3          0.9434 uM         d_3          dissociation of IP3
d_5          0.08 uM           d_5          activation by calcium; more calcium is needed
O_2          0.2 /(uM s)       O_2          rate of inactivation by calcium; faster cycle
C_Theta      0.5 uM            C_Theta      calcium at which gliotransmitter is released; fewer events
I            0.5 uM            I            LiRinzel: IP3
O_N          0.3 /(uM s)       O_N          binding of glutamate to the astrocyte's receptors
Omega_N      0.5 /s            Omega_N      inactivation of those receptors
K_KC         0.5 uM            K_KC         calcium affinity of PKC
zeta         10                zeta         how much PKC speeds up that inactivation
O_beta       3.2 uM/s          O_beta       IP3 made by bound receptors (PLC beta); stronger answer to synapses
O_delta      0.6 uM/s          O_delta      IP3 made by calcium (PLC delta)
kappa_delta  1.5 uM            kappa_delta  IP3 at which that is halved
K_delta      0.1 uM            K_delta      calcium affinity of PLC delta
O_3K         4.5 uM/s          O_3K         IP3 broken down by IP3-3-kinase
K_D          0.7 uM            K_D          calcium affinity of IP3-3K
K_3K         1 uM              K_3K         IP3 affinity of IP3-3K
Omega_5P     0.05 /s           Omega_5P     IP3 broken down by IP-5-phosphatase; faster return
F_ex         0 uM/s            F            greatest flux of IP3 from outside; 0 is none
I_bias       0 uM              I_bias       outer IP3, of which F_ex brings the cell to within I_Theta
I_Theta      0.3 uM            I_Theta      difference of IP3 from which on it flows
omega_I      0.05 uM           omega_I      width of that threshold
noise        1                 -            GChIStochastic: strength of the noise; 0 is `GChI`
Omega_c      40 /s             Omega_c      Perisynaptic: clearance of neurotransmitter
Omega_e      60 /s             Omega_e      Perisynaptic: clearance of gliotransmitter
O_G          1.5 /(uM s)       O_G          Perisynaptic: binding of gliotransmitter; 0 is no gliotransmission
Omega_G      0.5 /min          Omega_G      Perisynaptic: unbinding; shorter effect
===========  ================  ===========  =================================================================

Presets with the values of the figures of the chapter: `ACTIVATED`, `ACTIVATED_STOCHASTIC` (2), `RELEASING` (3, 4),
`COUPLED` (5), `NETWORKED` (6).

**State** [N]: C, I, I_ext (mM), h, Gamma_A; Y_S (mM), J_coupling (mM/s); the store holds ``C_E`` = (C_T - C)/rho_A.
`Perisynaptic`: Y_S, G_A (mM), Gamma_S. Output: spikes, at the step in which C is found above C_Theta.

**Left out.** Calcium that enters from outside; buffers but the constant ones of the fit. Glutamate binds at O_N Y_S,
which explicit steps follow up to dt = 2/(O_N Y_S) or so: 1 ms for 5 mM.

**Reference.** Y.-X. Li, J. Rinzel 1994, J. Theor. Biol. 166; M. De Pitta, M. Goldberg, V. Volman, H. Berry, E.
Ben-Jacob 2009, J. Biol. Phys. 35 (G-ChI); M. De Pitta et al. 2011, PLoS Comput. Biol. 7, e1002293 (gliotransmission);
M. Stimberg, D. F. M. Goodman, R. Brette, M. De Pitta 2019, in Computational Glioscience, Springer (all values, figures
2 to 6).

>>> from spikegram.networks import Network               # what is bound when a release of 78 uM was cleared away:
>>> net = Network(dt=1)                                  # 1 - exp(-1.5*78/60) = 0.8577
>>> space = net.population(1, Perisynaptic(Omega_G="0/second"), init=dict(G_A="78*umolar"))
>>> _ = net.run(500, backend="reference")
>>> space.get("Gamma_S").round(4).tolist()
[0.8577]
"""

from typing import Any

from .extend import extend
from .model import NeuronModel

__all__ = [
    "ACTIVATED",
    "ACTIVATED_STOCHASTIC",
    "COUPLED",
    "NETWORKED",
    "RELEASING",
    "GChI",
    "GChIStochastic",
    "LiRinzel",
    "Perisynaptic",
    "ensheathed",
]

_CALCIUM = """
    dC/dt = J_r + J_l - J_p : mmolar
    dh/dt = (h_inf - {h})/tau_h{noise} : 1
    J_r = Omega_C*m_inf**3*{h}**3*(C_T - (1 + rho_A)*C) : mmolar/second
    J_l = Omega_L*(C_T - (1 + rho_A)*C) : mmolar/second
    J_p = O_P*C**2/(C**2 + K_P**2) : mmolar/second
    m_inf = {I}/({I} + d_1)*C/(C + d_5) : 1
    h_inf = Q_2/(Q_2 + C) : 1
    tau_h = 1/(O_2*(Q_2 + C)) : second
    Q_2 = d_2*({I} + d_1)/({I} + d_3) : mmolar
    C_E = (C_T - C)/rho_A : mmolar
    I_ext : mmolar
"""
_IP3 = """
    dI/dt = J_beta + J_delta - J_3K - J_5P + J_ex + J_coupling : mmolar
    dGamma_A/dt = O_N*Y_S*(1 - Gamma_A) - Omega_N*(1 + zeta*C/(C + K_KC))*Gamma_A : 1
    J_beta = O_beta*Gamma_A : mmolar/second
    J_delta = O_delta/(1 + I/kappa_delta)*C**2/(C**2 + K_delta**2) : mmolar/second
    J_3K = O_3K*C**4/(C**4 + K_D**4)*I/(I + K_3K) : mmolar/second
    J_5P = Omega_5P*I : mmolar/second
    J_ex = -F_ex/2*(1 + tanh((abs(I - I_bias - I_ext) - I_Theta)/omega_I))*sign(I - I_bias - I_ext) : mmolar/second
    Y_S : mmolar
    J_coupling : mmolar/second
"""
_SPACE = """
    dY_S/dt = -Omega_c*Y_S : mmolar
    dG_A/dt = -Omega_e*G_A : mmolar
    dGamma_S/dt = O_G*G_A*(1 - Gamma_S) - Omega_G*Gamma_S : 1
"""
_CALCIUM_PARAMETERS = dict(
    Omega_C=("6/second", "rate of calcium release by IP3 receptors"),
    Omega_L=("0.1/second", "rate of the leak from the store"),
    C_T=("2*umolar", "calcium in the cell"),
    rho_A=(0.18, "volume of the store, of that of the cytosol"),
    O_P=("0.9*umolar/second", "greatest uptake into the store"),
    K_P=("0.05*umolar", "affinity of the uptake"),
    d_1=("0.13*umolar", "binding of IP3"),
    d_2=("1.05*umolar", "inactivation by calcium"),
    d_3=("0.9434*umolar", "dissociation of IP3"),
    d_5=("0.08*umolar", "activation by calcium"),
    O_2=("0.2/umolar/second", "rate of inactivation by calcium"),
    C_Theta=("0.5*umolar", "calcium at which gliotransmitter is released"),
)
_IP3_PARAMETERS = dict(
    O_N=("0.3/umolar/second", "binding of glutamate to the astrocyte's receptors"),
    Omega_N=("0.5/second", "inactivation of those receptors"),
    K_KC=("0.5*umolar", "calcium affinity of PKC"),
    zeta=(10, "how much PKC speeds up that inactivation"),
    O_beta=("3.2*umolar/second", "IP3 made by bound receptors"),
    O_delta=("0.6*umolar/second", "IP3 made by calcium"),
    kappa_delta=("1.5*umolar", "IP3 at which that is halved"),
    K_delta=("0.1*umolar", "calcium affinity of PLC delta"),
    O_3K=("4.5*umolar/second", "IP3 broken down by IP3-3-kinase"),
    K_D=("0.7*umolar", "calcium affinity of IP3-3K"),
    K_3K=("1*umolar", "IP3 affinity of IP3-3K"),
    Omega_5P=("0.05/second", "IP3 broken down by IP-5-phosphatase"),
    F_ex=("0*umolar/second", "greatest flux of IP3 from outside"),
    I_bias=("0*umolar", "outer IP3"),
    I_Theta=("0.3*umolar", "difference of IP3 from which on it flows"),
    omega_I=("0.05*umolar", "width of that threshold"),
)
_SPACE_PARAMETERS = dict(
    Omega_c=("40/second", "clearance of neurotransmitter"),
    Omega_e=("60/second", "clearance of gliotransmitter"),
    O_G=("1.5/umolar/second", "binding of gliotransmitter to presynaptic receptors"),
    Omega_G=("0.5/(60*second)", "unbinding of gliotransmitter"),
)
_EVENT: dict[str, Any] = dict(threshold="C > C_Theta", reset="pass", refractory="C > C_Theta", init=dict(h=0.9))

LiRinzel = NeuronModel(
    equations=_CALCIUM.format(I="(I + I_ext)", h="h", noise=""),
    method="rk4",
    parameters=_CALCIUM_PARAMETERS | dict(I=("0.5*umolar", "IP3")),
    name="LiRinzel",
    source="Li and Rinzel 1994; values of Stimberg et al. 2019",
    description="calcium of an astrocyte at given IP3",
    **_EVENT,
)

GChI = NeuronModel(
    equations=_CALCIUM.format(I="I", h="h", noise="") + _IP3,
    method="rk4",
    parameters=_CALCIUM_PARAMETERS | _IP3_PARAMETERS,
    name="GChI",
    source="De Pitta et al. 2009; values of Stimberg et al. 2019",
    description="astrocyte: calcium, IP3 and glutamate receptors",
    **_EVENT,
)

GChIStochastic = NeuronModel(
    equations=_CALCIUM.format(I="I", h="clip(h, 0, 1)", noise="*(1 + noise*xi*tau_h**0.5)") + _IP3,
    method="milstein",
    parameters=_CALCIUM_PARAMETERS | _IP3_PARAMETERS | dict(noise=(1, "strength of the noise")),
    name="GChIStochastic",
    source="De Pitta et al. 2009; Stimberg et al. 2019, figure 2",
    description="astrocyte with noise in the IP3 receptors",
    **_EVENT,
)

_SINGLE_CELL = dict(
    K_P="0.1*umolar", O_beta="5*umolar/second", O_delta="0.2*umolar/second", K_delta="0.3*umolar", K_D="0.5*umolar",
    Omega_5P="0.1/second", F_ex="0.09*umolar/second",
)  # fmt: skip
ACTIVATED = GChI(name="ACTIVATED", **_SINGLE_CELL)
ACTIVATED_STOCHASTIC = GChIStochastic(name="ACTIVATED_STOCHASTIC", **_SINGLE_CELL)
RELEASING = GChI(name="RELEASING", F_ex="2*umolar/second")
COUPLED = GChI(name="COUPLED", F_ex="0.09*umolar/second")
NETWORKED = GChI(name="NETWORKED", O_beta="0.5*umolar/second", O_delta="1.2*umolar/second")

Perisynaptic = NeuronModel(
    equations=_SPACE,
    method="rk4",
    parameters=_SPACE_PARAMETERS,
    name="Perisynaptic",
    source="De Pitta et al. 2011; values of Stimberg et al. 2019",
    description="transmitters in the space around the synapses of a cell without a membrane",
)


def ensheathed(cell: NeuronModel, method: str = "", **values: Any) -> NeuronModel:
    """Give a cell with the space around its synapses: the variables Y_S, G_A and Gamma_S and their parameters.

    Parameters
    ----------
    cell : NeuronModel
        Given by equations, not by an update rule.
    method : str
        By default the cell's, which can be anything but ``"exact"``: that holds for linear equations only.
    **values
        Parameters of `Perisynaptic` or of the cell, and its ``name``.

    Returns
    -------
    NeuronModel

    Raises
    ------
    ValueError, TypeError
        A cell that cannot be extended.
    """
    if not isinstance(cell, NeuronModel):
        raise TypeError(f"ensheathed: cell: expected a NeuronModel, got {type(cell).__name__}")
    if cell.update.strip():
        raise ValueError(f"ensheathed: cell: expected a model with equations, {cell.name!r} has an update rule")
    method = method or cell.method
    if method == "exact":
        raise ValueError(
            f"ensheathed: method: 'exact' of {cell.name!r} does not hold for G_A*Gamma_S; expected one such as "
            "'exponential_euler'"
        )
    both = extend(cell, _SPACE, dict(Perisynaptic.parameters), name=f"ensheathed {cell.name}")
    return both(method=method, **values)
