"""Synapses between cells that spike when they are told to, for the tests of learning rules."""

from __future__ import annotations

import math

import numpy as np

from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.neurons import NeuronModel

# a cell that fires when it is told to, and collects what is transmitted to it
TOLD = NeuronModel("drive : 1 (input)\ng : amp", threshold="drive > 0.5", reset="pass", name="told")
# one that fires at random and has a target variable
RANDOM = NeuronModel(
    "g : amp", threshold="rand() < 1 - exp(-rate*dt)", reset="pass", parameters=dict(rate="20*Hz"), name="random"
)


def pairs(synapse, pre, post, start, dt=1.0, duration=None, cell=TOLD, backend="reference", **options):
    """Run one synapse per row of ``pre`` and ``post`` (lists of spike times in ms)."""
    n = len(pre)
    duration = duration or 2 * dt + max(max(row, default=0) for row in [*pre, *post]) + options.get("delay", 0)
    net = Network(dt=dt)
    source = net.population(n, SpikeArray(pre))
    target = net.population(n, cell, name="post")
    drive = np.zeros((math.ceil(duration / dt), n))
    for k, row in enumerate(post):
        drive[np.rint(np.asarray(row) / dt).astype(int), k] = 1
    net.inject(target, drive, target="drive")
    projection = net.project(source, target, OneToOne(), weight=start, target="g", synapse=synapse, **options)
    net.run(duration, backend=backend)
    return projection, target


def trains(rng, rows, steps, p):
    """Random spikes: a list of times in steps for each row, each step with probability p."""
    return [np.flatnonzero(rng.random(steps) < p).astype(float) for _ in range(rows)]


def events(pre, post, post_first=False):
    """All spikes of a synapse in the order in which it sees them: (time, 'pre' or 'post')."""
    found = sorted([(t, not post_first, "post") for t in post] + [(t, post_first, "pre") for t in pre])
    return [(t, kind) for t, _, kind in found]
