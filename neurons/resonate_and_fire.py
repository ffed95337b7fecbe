r"""Resonate-and-fire cell: a damped oscillation that counts spikes which come at its own rhythm.

**Dynamics.** With z = x + i y, b = -1/tau and omega = 2 pi frequency,

    dz/dt = (b + i omega) z + I_ext,    or    dx/dt = -x/tau - omega y + I_ext,   dy/dt = omega x - y/tau

integrated exactly (a step turns z by omega dt and shrinks it by exp(-dt/tau)). Spike when ``y >= v_th``; then x = 0,
y = 1. v_th must not lie below 1 exp(-dt/tau) cos(omega dt), or the cell fires in every step.

**Input.** A spike adds its weight (no unit) to ``x``, which is like a current; y is like a voltage and follows a
quarter of a period later. ``I_ext`` (Hz) takes injected currents. From rest a pulse of weight w makes y = w exp(-t/tau)
sin(omega t). Two pulses half a period apart cancel, a whole period apart they add: the cell is selective for the
interval, and an inhibitory pulse can make it fire.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
tau        10 ms      -1/b        decay of the oscillation; sharper resonance
frequency  40 Hz      omega/2pi   rhythm of the oscillation
v_th       1          1           threshold of y
=========  =========  ==========  ====================================================================

**State** [N]: x, y (1), both 0 at rest. Output: spikes.

**Left out.** A spike shape and a refractory period; the threshold is noticed at the end of a step only.

**Reference.** E. M. Izhikevich 2001, "Resonate-and-fire neurons", Neural Networks 14, eqs. 1-3.

>>> from spikegram.networks import Network      # after a quarter of 24 ms all of x is in y: 0.9 exp(-6/10) = 0.494
>>> net = Network(dt=0.5)
>>> cell = net.population(1, ResonateAndFire(frequency=1000/24), name="cell", init=dict(x=0.9))
>>> _ = net.run(6, backend="reference")
>>> [float(cell.get(s)[0].round(3)) + 0.0 for s in "xy"]
[0.0, 0.494]
"""

from .model import NeuronModel

__all__ = ["ResonateAndFire"]

ResonateAndFire = NeuronModel(
    equations="""
        dx/dt = -x/tau - 2*pi*frequency*y + I_ext : 1
        dy/dt = 2*pi*frequency*x - y/tau : 1
        I_ext : Hz (input)
    """,
    threshold="y >= v_th",
    reset="x = 0\ny = 1",
    parameters=dict(
        tau=("10*ms", "decay of the oscillation"),
        frequency=("40*Hz", "rhythm of the oscillation"),
        v_th=(1, "threshold of y"),
    ),
    name="ResonateAndFire",
    source="Izhikevich 2001, eqs. 1-3",
    description="damped oscillation with a threshold",
)
