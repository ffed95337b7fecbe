r"""Short-term plasticity: depression by used-up vesicles and facilitation by residual calcium (Tsodyks and Markram).

**Dynamics.** x is the part of the resources that is ready, u the part of it that a spike uses. Between spikes

    tau_d dx/dt = 1 - x,   tau_f du/dt = -u

both event-driven: brought up to date when a spike arrives, exactly. At a presynaptic spike, in this order,

    u <- u + U (1 - u),   transmit w u x,   x <- x - u x

u is raised before it is used, x lowered after. The first spike sends w U (u = 0, x = 1 at rest).

- `TsodyksMarkramDepression`: the limit tau_f -> 0, in which u = U at every spike and only x is kept.

For spikes at a constant interval T the state settles at

    u* = U/(1 - (1 - U) exp(-T/tau_f)),   x* = (1 - exp(-T/tau_d))/(1 - (1 - u*) exp(-T/tau_d)),

u* just after and x* just before a spike. Depression makes the rate times u* x* saturate at 1/tau_d.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
U          0.2        U           share that a first spike uses, in (0, 1]; stronger first response, more
                                  depression, less facilitation. 0.5 for TsodyksMarkramDepression
tau_d      200 ms     tau_rec     recovery from depression; weaker at high rates. 800 ms for
                                  TsodyksMarkramDepression
tau_f      600 ms     tau_facil   decay of facilitation; a synapse that grows stronger along a train
=========  =========  ==========  ====================================================================

Presets: `DEPRESSING` (U 0.5, tau_d 800 ms, no facilitation), `FACILITATING` (0.15, 130, 530 ms: strongest at about
10 Hz), and those of a cortical column between excitatory (E) and inhibitory (I) cells, the presynaptic one named
first: `COLUMN_EE`, `COLUMN_EI`, `COLUMN_IE`, `COLUMN_II`.

**Variables** [S]: w (largest weight, that of u x = 1), u (as the last spike left it, decaying), x. Input: presynaptic
spikes; output: w u x added to the target variable.

**Left out.** Chance (every spike releases its mean), the synaptic current's shape (part of the cell), the dependence
of recovery on activity. tau_f must be above 0: use `TsodyksMarkramDepression` instead.

**Reference.** M. Tsodyks and H. Markram 1997, Proc. Natl. Acad. Sci. USA 94 (depression); H. Markram, Y. Wang, M.
Tsodyks 1998, same journal 95 (facilitation); M. Tsodyks, K. Pawelzik, H. Markram 1998, Neural Comput. 10, equations
2.1 to 2.4; column: W. Maass, T. Natschlaeger, H. Markram 2002, Neural Comput. 14. NEST's ``tsodyks2_synapse`` is the
same model; its u is the one that the last spike used, and U at the first spike.

>>> from spikegram.networks import Network, OneToOne, SpikeArray         # u x of two spikes 100 ms apart, U 0.5:
>>> from spikegram.neurons import LIFDelta                               # 0.5, then 0.5 (1 - 0.5 exp(-100/800))
>>> net = Network(dt=1); pre = net.population(1, SpikeArray([[0, 100]]))
>>> cell = net.population(1, LIFDelta(tau_m=1e12))
>>> _ = net.project(pre, cell, OneToOne(), weight=4, target="v", synapse=DEPRESSING)
>>> _ = net.run(102, backend="reference"); cell.get("v").round(6).tolist()             # -60 + 4 (0.5 + 0.279376)
[-56.882497]
"""

from .model import SynapseModel

__all__ = [
    "COLUMN_EE",
    "COLUMN_EI",
    "COLUMN_IE",
    "COLUMN_II",
    "DEPRESSING",
    "FACILITATING",
    "TsodyksMarkram",
    "TsodyksMarkramDepression",
]

_RECOVERY = "w : weight\ndx/dt = (1 - x)/tau_d : 1 (event-driven)"

TsodyksMarkram = SynapseModel(
    f"{_RECOVERY}\ndu/dt = -u/tau_f : 1 (event-driven)",
    on_pre="u += U*(1 - u)\ntarget_post += w*u*x\nx -= u*x",
    parameters=dict(
        U=(0.2, "share that a first spike uses"),
        tau_d=("200*ms", "recovery from depression"),
        tau_f=("600*ms", "decay of facilitation"),
    ),
    init=dict(x=1),
    bounds=dict(x=(0, 1), u=(0, 1)),
    name="TsodyksMarkram",
    source="Tsodyks, Pawelzik and Markram 1998, equations 2.1 to 2.4",
    description="short-term depression and facilitation",
)

TsodyksMarkramDepression = SynapseModel(
    _RECOVERY,
    on_pre="target_post += w*U*x\nx -= U*x",
    parameters=dict(U=(0.5, "share that a spike uses"), tau_d=("800*ms", "recovery from depression")),
    init=dict(x=1),
    bounds=dict(x=(0, 1)),
    name="TsodyksMarkramDepression",
    source="Tsodyks and Markram 1997",
    description="short-term depression alone",
)

DEPRESSING = TsodyksMarkramDepression(name="DEPRESSING")
FACILITATING = TsodyksMarkram(name="FACILITATING", U=0.15, tau_d=130, tau_f=530)
COLUMN_EE = TsodyksMarkram(name="COLUMN_EE", U=0.5, tau_d=1100, tau_f=50)
COLUMN_EI = TsodyksMarkram(name="COLUMN_EI", U=0.05, tau_d=125, tau_f=1200)
COLUMN_IE = TsodyksMarkram(name="COLUMN_IE", U=0.25, tau_d=700, tau_f=20)
COLUMN_II = TsodyksMarkram(name="COLUMN_II", U=0.32, tau_d=144, tau_f=60)
