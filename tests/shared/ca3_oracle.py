"""Independent oracle for the CA3 content-addressable memory and its relatives.

Plain NumPy, one step of 1 ms at a time, written from the published description (Casanueva-Morato
et al., Neural Networks 178 (2024) 106474, arXiv 2310.05868) without using anything of the toolkit.
Edge units throughout: steps of 1 ms, mV, nA, nF, MOhm.

A step t, in this order:

1. inputs that are due are added to the two exponential currents;
2. every neuron is updated and may spike;
3. plastic synapses see (a) the post spikes that arrive now (fired `delay` steps ago), then
   (b) the pre spikes of this step, and (c) pass on the weight left after (b), due at t + delay.

All nets share `run`; they are kept in one file because the tests load it by its path.
"""

from __future__ import annotations

import numpy as np

G0 = 0.3 * (1.0 - np.exp(-1.0 / 0.3))  # mean of exp(-t / 0.3 ms) over one step of 1 ms
SYN_DECAY = np.exp(-1.0 / 0.3)


def cell(c_m=0.27, tau_m=3.0, v_th=-57.0, t_ref=1):
    """Parameters of one LIF class: nF, ms, mV, steps."""
    return {"c_m": c_m, "tau_m": tau_m, "v_th": v_th, "t_ref": t_ref, "v_rest": -60.0}


SLOW = cell()
FAST = cell(c_m=0.14, tau_m=0.5)
OUT = cell(v_th=-57.5)


class Neurons:
    """One population of LIF neurons with two exponential synaptic currents."""

    def __init__(self, n, c_m, tau_m, v_th, t_ref, v_rest, dtype=np.float64):
        self.dtype = dtype
        self.v_rest, self.v_th, self.t_ref = dtype(v_rest), dtype(v_th), t_ref
        self.resistance = dtype(tau_m / c_m)
        self.decay = dtype(np.exp(-1.0 / tau_m))
        self.g0, self.syn_decay = dtype(G0), dtype(SYN_DECAY)
        self.v = np.full(n, v_rest, dtype)
        self.i_exc = np.zeros(n, dtype)
        self.i_inh = np.zeros(n, dtype)
        self.counter = np.zeros(n, int)
        self.before_reset = self.v.copy()

    def step(self, in_exc, in_inh):
        """Advance one step; `in_exc`, `in_inh` in nA arrive now. Returns spikes, bool[n]."""
        self.i_exc = self.i_exc + self.g0 * in_exc.astype(self.dtype)
        self.i_inh = self.i_inh + self.g0 * in_inh.astype(self.dtype)
        free = self.counter == 0
        v_inf = self.v_rest + self.resistance * (self.i_exc - self.i_inh)
        self.v = np.where(free, v_inf - (v_inf - self.v) * self.decay, self.v)
        self.counter = np.where(free, 0, self.counter - 1)
        spikes = free & (self.v >= self.v_th)
        self.before_reset = self.v.copy()
        self.v = np.where(spikes, self.v_rest, self.v)
        self.counter = np.where(spikes, self.t_ref, self.counter)
        self.i_exc = self.i_exc * self.syn_decay
        self.i_inh = self.i_inh * self.syn_decay
        return spikes


class Stdp:
    """Additive pair STDP, all spike pairs, absolute amplitudes, clocked (every step)."""

    def __init__(self, weights, tau_plus=3.0, tau_minus=3.0, a_plus=6.0, a_minus=6.0, w_max=6.0, mask=None):
        self.w = np.array(weights, dtype=float)
        n_pre, n_post = self.w.shape
        self.keep_x, self.keep_y = np.exp(-1.0 / tau_plus), np.exp(-1.0 / tau_minus)
        self.a_plus, self.a_minus, self.w_max = a_plus, a_minus, w_max
        self.mask = np.ones((n_pre, n_post), bool) if mask is None else mask
        self.x = np.zeros(n_pre)
        self.y = np.zeros(n_post)

    def step(self, pre, post_arriving):
        """One step; `pre` bool[n_pre], `post_arriving` bool[n_post]. Returns nA per post."""
        self.x *= self.keep_x
        self.y *= self.keep_y
        for j in np.flatnonzero(post_arriving):  # (a); x holds only spikes strictly before now
            self.w[:, j] = np.minimum(self.w_max, self.w[:, j] + self.a_plus * self.x)
            self.y[j] += 1.0
        self.w[~self.mask] = 0.0
        sent = np.zeros(self.w.shape[1])
        for i in np.flatnonzero(pre):  # (b), then (c)
            self.w[i] = np.maximum(0.0, self.w[i] - self.a_minus * self.y)
            self.x[i] += 1.0
            sent += self.w[i]
        return sent

    def flush(self):
        """Nothing is ever pending in the clocked form."""


class LazyStdp:
    """The same rule, each row of synapses updated only when its pre neuron spikes."""

    def __init__(self, weights, tau_plus=3.0, tau_minus=3.0, a_plus=6.0, a_minus=6.0, w_max=6.0):
        self.w = np.array(weights, dtype=float)
        n_pre, n_post = self.w.shape
        self.tau_plus, self.tau_minus = tau_plus, tau_minus
        self.a_plus, self.a_minus, self.w_max = a_plus, a_minus, w_max
        self.now = -1
        self.x = np.zeros(n_pre)  # just after the last pre spike
        self.last_pre = np.full(n_pre, -1)
        self.arrivals = [[] for _ in range(n_post)]  # steps at which post spikes reached the synapse

    def _catch_up(self, i, j, until):
        """Potentiate synapse i, j for the post spikes that arrived after the last pre spike."""
        for s in self.arrivals[j]:
            if self.last_pre[i] < s <= until and self.x[i] > 0.0:
                trace = self.x[i] * np.exp(-(s - self.last_pre[i]) / self.tau_plus)
                self.w[i, j] = min(self.w_max, self.w[i, j] + self.a_plus * trace)

    def step(self, pre, post_arriving):
        self.now += 1
        t = self.now
        for j in np.flatnonzero(post_arriving):
            self.arrivals[j].append(t)
        n_post = self.w.shape[1]
        sent = np.zeros(n_post)
        for i in np.flatnonzero(pre):
            for j in range(n_post):
                self._catch_up(i, j, t)
                y = sum(np.exp(-(t - s) / self.tau_minus) for s in self.arrivals[j])
                self.w[i, j] = max(0.0, self.w[i, j] - self.a_minus * y)
            self.x[i] = 1.0 + self.x[i] * np.exp(-(t - self.last_pre[i]) / self.tau_plus)
            self.last_pre[i] = t
            sent += self.w[i]
        return sent

    def flush(self):
        """Apply the post spikes that no pre spike has called for yet."""
        for i in range(self.w.shape[0]):
            for j in range(self.w.shape[1]):
                self._catch_up(i, j, self.now)
            self.x[i] *= np.exp(-(self.now - self.last_pre[i]) / self.tau_plus)
            self.last_pre[i] = self.now


def one_to_one(n, w):
    return w * np.eye(n)


def all_to_all(n_pre, n_post, w):
    return np.full((n_pre, n_post), float(w))


def all_but_self(n, w):
    return w * (1.0 - np.eye(n))


def run(populations, projections, inputs, steps, flush=True, record_v=False, dtype=np.float64):
    """Simulate a net of `Neurons`, sources and projections with clocked steps.

    populations: name -> (size, cell parameters), or (size, None) for a spike source.
    projections: list of (pre, post, weights [n_pre, n_post] or plastic rule, delay, "exc" | "inh").
        A plastic rule has its whole delay on the dendritic side.
    inputs: name of a source -> list of (step, neuron).
    Returns spikes (name -> list of (step, neuron), by step then neuron), `margin` (smallest
    |v - v_th| in mV of a neuron that was free to spike) and, if asked for, `v` (name -> [T, n],
    before the reset).
    """
    fired = {name: np.zeros((steps + 1, size), bool) for name, (size, _) in populations.items()}
    for name, events in inputs.items():
        for t, i in events:
            if t < steps:
                fired[name][t, i] = True
    cells = {n: Neurons(size, **p, dtype=dtype) for n, (size, p) in populations.items() if p}
    plastic = [k for k, p in enumerate(projections) if not isinstance(p[2], np.ndarray)]
    sent = {k: np.zeros((steps, populations[projections[k][1]][0])) for k in plastic}
    v = {n: np.zeros((steps, populations[n][0])) for n in cells} if record_v else {}
    margin = np.inf
    for t in range(steps):
        due = {n: {kind: np.zeros(populations[n][0]) for kind in ("exc", "inh")} for n in cells}
        for k, (pre, post, weights, delay, kind) in enumerate(projections):
            if t >= delay:
                if k in sent:
                    due[post][kind] += sent[k][t - delay]
                elif fired[pre][t - delay].any():
                    due[post][kind] += fired[pre][t - delay] @ weights
        for name, neurons in cells.items():
            free = neurons.counter == 0
            fired[name][t] = neurons.step(due[name]["exc"], due[name]["inh"])
            distance = np.abs(neurons.before_reset - neurons.v_th)[free]
            margin = min(margin, distance.min(initial=np.inf))
            if record_v:
                v[name][t] = neurons.before_reset
        for k in plastic:
            pre, post, rule, delay, _ = projections[k]
            arriving = fired[post][t - delay] if t >= delay else np.zeros_like(fired[post][0])
            sent[k][t] = rule.step(fired[pre][t], arriving)
    if flush:  # post spikes still on their way reach the synapse, then lazy rules are settled
        for k in plastic:
            pre, post, rule, delay, _ = projections[k]
            for t in range(steps, steps + delay):
                rule.step(np.zeros(populations[pre][0], bool), fired[post][t - delay])
            rule.flush()
    spikes = {n: [(int(t), int(i)) for t, i in np.argwhere(fired[n][:steps])] for n in populations}
    return {"spikes": spikes, "margin": float(margin), "v": v}


def simulate(C, K, inputs, steps, flush=True, record_v=False, dtype=np.float64, rule=Stdp):  # noqa: N803
    """Run the CA3 memory of `C` cues and `K` content bits for `steps` ms.

    inputs: list of (step, neuron of IN); 0..C-1 are cues, C..C+K-1 content bits.
    Returns what `run` returns, plus the weights S1 [C, K] and S2 [K, C] in nA.
    """
    populations = {
        "InCue": (C, None),
        "InCont": (K, None),
        "CueCue": (C, SLOW),
        "ContCue": (K, SLOW),
        "CueCont": (C, FAST),
        "ContCont": (K, SLOW),
        "Cond": (K, FAST),
        "Int": (1, FAST),
        "MergeCue": (C, SLOW),
        "MergeCont": (K, SLOW),
        "OutCue": (C, OUT),
        "OutCont": (K, OUT),
    }
    s1, s2 = rule(np.zeros((C, K))), rule(np.zeros((K, C)))
    projections = [
        ("InCue", "CueCue", one_to_one(C, 6), 1, "exc"),
        ("InCont", "ContCue", one_to_one(K, 6), 1, "exc"),
        ("CueCue", "CueCont", one_to_one(C, 6), 2, "exc"),
        ("CueCue", "CueCont", all_but_self(C, 6 * K), 3, "inh"),
        ("CueCue", "Cond", all_to_all(C, K, 6), 2, "inh"),
        ("ContCue", "Cond", one_to_one(K, 9), 1, "exc"),
        ("ContCue", "Int", all_to_all(K, 1, 6), 1, "exc"),
        ("Int", "Cond", all_to_all(1, K, 2), 1, "exc"),
        ("Cond", "ContCont", one_to_one(K, 6), 1, "exc"),
        ("CueCont", "CueCont", all_but_self(C, 6 * K), 2, "inh"),
        ("CueCue", "MergeCue", one_to_one(C, 6), 3, "exc"),
        ("ContCue", "MergeCont", one_to_one(K, 6), 3, "exc"),
        ("CueCont", "MergeCue", one_to_one(C, 6), 1, "exc"),
        ("ContCont", "MergeCont", one_to_one(K, 6), 1, "exc"),
        ("MergeCue", "OutCue", one_to_one(C, 6), 1, "exc"),
        ("MergeCont", "OutCont", one_to_one(K, 6), 1, "exc"),
        ("CueCue", "ContCue", s1, 1, "exc"),
        ("ContCont", "CueCont", s2, 1, "exc"),
    ]
    sources = {
        "InCue": [(t, i) for t, i in inputs if i < C],
        "InCont": [(t, i - C) for t, i in inputs if i >= C],
    }
    result = run(populations, projections, sources, steps, flush, record_v, dtype)
    spikes = result["spikes"]
    for whole, cue, cont in (("IN", "InCue", "InCont"), ("OUT", "OutCue", "OutCont")):
        spikes[whole] = sorted(spikes.pop(cue) + [(t, i + C) for t, i in spikes.pop(cont)])
    return {**result, "S1": s1.w, "S2": s2.w}


def operation_spikes(C, operations):  # noqa: N803
    """Spikes of IN for operations (step, kind, cue or None, set of content bits).

    Kinds: "learn" (cue and bits held three steps), "cue" (recall by cue), "content" (by bits).
    """
    spikes = []
    for t, kind, cue, bits in operations:
        wanted = ([] if cue is None else [cue]) + [C + b for b in sorted(bits)]
        for step in range(t, t + (3 if kind == "learn" else 1)):
            spikes += [(step, i) for i in wanted]
    return sorted(set(spikes))


def ideal_output(C, operations):  # noqa: N803
    """OUT raster of an exact memory (a dict of sets) with the latencies of the network."""
    stored, spikes = {}, set()
    for t, kind, cue, bits in operations:
        if kind == "learn":
            spikes |= {(t + d, i) for d in (5, 7) for i in [cue] + [C + b for b in bits]}
            spikes |= {(t + 6, C + b) for b in stored.get(cue, set()) - set(bits)}
            stored[cue] = set(bits)
        elif kind == "cue":
            spikes.add((t + 5, cue))
            spikes |= {(t + 6, C + b) for b in stored.get(cue, ())}
        else:
            spikes |= {(t + 5, C + b) for b in bits}
            spikes |= {(t + 6, c) for c, content in stored.items() if content & set(bits)}
    return sorted(spikes)


def wrong_operations(C, operations, out):  # noqa: N803
    """Indices of the operations whose part of the OUT raster is not that of the exact memory.

    The output of an operation is looked for in the steps t+5 up to the next operation's t+4.
    """
    wanted, got = set(ideal_output(C, operations)), set(out)
    starts = [op[0] for op in operations]
    return sorted({int(np.searchsorted(starts, t - 5, side="right")) - 1 for t, _ in wanted ^ got})


def random_operations(C, K, seed, gap=20, n=60):  # noqa: N803
    """Stream of 45 % learn (half of the bits), 30 % cue recall, 25 % recall by one bit."""
    rng = np.random.default_rng(seed)
    operations = []
    for t in range(0, n * gap, gap):
        kind = rng.choice(["learn", "cue", "content"], p=[0.45, 0.30, 0.25])
        one_bit = {int(rng.integers(K))}
        bits = {int(b) for b in np.flatnonzero(rng.random(K) < 0.5)} or one_bit
        cue = None if kind == "content" else int(rng.integers(C))
        operations.append((t, str(kind), cue, {"learn": bits, "cue": set()}.get(kind, one_bit)))
    return operations


def digit_operations(images, replaced, replacement, gap=20):
    """Schedule of the digits demonstration: cue k learns image k, one cue is learnt anew.

    images: bool [N, K]; replaced: a cue; replacement: bool [K]. One operation every `gap` steps:
    learn all, recall all, ask for every bit, recall all, learn `replaced` anew, recall all, ask
    for every bit. Returns the operations.
    """
    images = np.asarray(images, bool)
    bits = [{int(b) for b in np.flatnonzero(image)} for image in images]
    recalls = [("cue", k, set()) for k in range(len(images))]
    queries = [("content", None, {b}) for b in range(images.shape[1])]
    todo = [("learn", k, b) for k, b in enumerate(bits)] + recalls + queries + recalls
    todo.append(("learn", replaced, {int(b) for b in np.flatnonzero(replacement)}))
    todo += recalls + queries
    return [(gap * n, *operation) for n, operation in enumerate(todo)]


def _held(presentations):
    """(first step, last step, neurons) -> list of (step, neuron)."""
    return [(t, i) for first, last, ids in presentations for t in range(first, last + 1) for i in ids]


def simulate_oscillatory(presentations, steps, N=15):  # noqa: N803
    """Auto-associative net that keeps oscillating; presentations as (first, last step, neurons)."""
    rule = Stdp(np.zeros((N, N)), tau_minus=2.0, a_minus=3.0, w_max=12.0, mask=~np.eye(N, dtype=bool))
    populations = {"DG": (N, None), "PC": (N, cell(v_th=-55.0, t_ref=1))}
    projections = [
        ("DG", "PC", one_to_one(N, 6 * (N - 1)), 1, "exc"),
        ("PC", "PC", rule, 1, "exc"),
        ("PC", "PC", all_but_self(N, 1.5), 1, "inh"),
    ]
    result = run(populations, projections, {"DG": _held(presentations)}, steps)
    return {**result, "W": rule.w}


def simulate_regulated(learn, recall, steps, N=15):  # noqa: N803
    """Auto-associative net with learning gated by inhibition.

    learn, recall: lists of (step, neurons), one step each; LEARNING spikes with each `learn`.
    """
    rule = Stdp(
        np.zeros((N, N)),
        tau_plus=9.0,
        tau_minus=5.0,
        a_minus=3.0,
        w_max=12.0,
        mask=~np.eye(N, dtype=bool),
    )
    lif = cell(v_th=-55.0, t_ref=2)
    populations = {"LEARNING": (1, None), "DG": (N, None), "INH": (N, lif), "PC": (N, lif)}
    projections = [
        ("LEARNING", "INH", all_to_all(1, N, 8), 1, "exc"),
        ("DG", "INH", one_to_one(N, 8), 1, "inh"),
        ("INH", "PC", one_to_one(N, 12 * N), 1, "inh"),
        ("DG", "PC", one_to_one(N, 12), 1, "exc"),
        ("PC", "PC", rule, 1, "exc"),
        ("PC", "PC", all_but_self(N, 11), 1, "inh"),
    ]
    sources = {
        "DG": _held([(t, t, ids) for t, ids in learn + recall]),
        "LEARNING": [(t, 0) for t, _ in learn],
    }
    result = run(populations, projections, sources, steps)
    return {**result, "W": rule.w}


def simulate_binary_cue(C, K, operations, steps):  # noqa: N803
    """DG-CA3-CA1 memory with addresses 1..C on ceil(log2(C + 1)) binary lines.

    operations: (step, "learn" | "cue", address, set of content bits). OUT holds the lines, then the
    content bits.
    """
    n = int(np.ceil(np.log2(C + 1)))
    code = np.array([[a >> b & 1 for b in range(n)] for a in range(1, C + 1)], float)  # [C, n]
    rule = Stdp(np.zeros((C, K)))
    populations = {
        "InLine": (n, None),
        "InCont": (K, None),
        "DG": (C, cell(c_m=0.14, tau_m=0.5, v_th=-57.5)),
        "CA3cue": (C, SLOW),
        "CA3cont": (K, OUT),
        "CA1": (n, OUT),
        "OutLine": (n, OUT),
        "OutCont": (K, OUT),
    }
    projections = [
        ("InLine", "DG", (3.0 * code / code.sum(1, keepdims=True)).T, 1, "exc"),
        ("InLine", "DG", (3.0 * (1.0 - code)).T, 1, "inh"),
        ("DG", "DG", all_but_self(C, 2.5), 1, "inh"),
        ("DG", "CA3cue", one_to_one(C, 6), 1, "exc"),
        ("InCont", "CA3cont", one_to_one(K, 6), 2, "exc"),
        ("CA3cue", "CA3cont", rule, 1, "exc"),
        ("CA3cue", "CA1", 6.0 * code, 1, "exc"),
        ("CA1", "OutLine", one_to_one(n, 6), 1, "exc"),
        ("CA3cont", "OutCont", one_to_one(K, 6), 2, "exc"),
    ]
    lines, cont = [], []
    for t, kind, address, bits in operations:
        for step in range(t, t + (3 if kind == "learn" else 1)):
            lines += [(step, b) for b in range(n) if address >> b & 1]
            cont += [(step, b) for b in bits]
    result = run(populations, projections, {"InLine": lines, "InCont": cont}, steps)
    spikes = result["spikes"]
    out = spikes.pop("OutLine") + [(t, i + n) for t, i in spikes.pop("OutCont")]
    spikes["OUT"] = sorted(out)
    return {**result, "S1": rule.w}


def simulate_minimal(C, K, operations, steps, out_delay=1):  # noqa: N803
    """CA3 alone with one-hot cues: sources -> cue and content -> OUT, one plastic projection.

    `out_delay` is 1 as described; 2 gives the latencies stated for this version.
    """
    rule = Stdp(np.zeros((C, K)))
    populations = {
        "InCue": (C, None),
        "InCont": (K, None),
        "CA3cue": (C, SLOW),
        "CA3cont": (K, OUT),
        "OutCue": (C, OUT),
        "OutCont": (K, OUT),
    }
    projections = [
        ("InCue", "CA3cue", one_to_one(C, 6), 1, "exc"),
        ("InCont", "CA3cont", one_to_one(K, 6), 1, "exc"),
        ("CA3cue", "CA3cont", rule, 1, "exc"),
        ("CA3cue", "OutCue", one_to_one(C, 6), out_delay, "exc"),
        ("CA3cont", "OutCont", one_to_one(K, 6), out_delay, "exc"),
    ]
    spikes_in = operation_spikes(C, operations)
    sources = {
        "InCue": [(t, i) for t, i in spikes_in if i < C],
        "InCont": [(t, i - C) for t, i in spikes_in if i >= C],
    }
    result = run(populations, projections, sources, steps)
    spikes = result["spikes"]
    out = spikes.pop("OutCue") + [(t, i + C) for t, i in spikes.pop("OutCont")]
    spikes["OUT"] = sorted(out)
    return {**result, "S1": rule.w}
