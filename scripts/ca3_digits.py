"""A spiking memory learns ten handwritten digits, recalls them, is asked by pixel, forgets one and learns another.

The content-addressable memory of Casanueva-Morato et al. 2024 (Neural Networks 178, 106474; see `networks/ca3.py`) with
10 cues and 64 content bits: the 8 x 8 digits that come with scikit-learn, black where a pixel has at least half of the
darkest grey. The paper tests 5 cues with 10 bits and a map of 16 places; here the contents are images that overlap.

What to see: every recalled image is the learned one, bit for bit; asking by one pixel names exactly the digits in which
it is black; learning another image under a used cue makes the old one vanish from both directions; and every output
spike comes in the millisecond in which an exact memory (a table of sets with the latencies of the paper) would send it.

Files: raster, images, membrane traces and weights as PNG; the recording as HDF5 and as a .mat file that Neo reads; the
network with its input for SpiNNaker; result.json. The file is long because half of it draws the pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ..experiment import Report
from ..networks import CA3Memory, Result
from ..networks.ca3 import firing_weight
from ..networks.figure_style import BLUE, GREEN, INK, RED, figure_style, finish, new_figure
from ..neurons.spinnaker_lif import FAST

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["run"]

CUES, SIDE = 10, 8
BITS = SIDE * SIDE
HALF_GREY = 8  # pixels are 0 ... 16
COLOURS = dict(Cue=BLUE, Cont=RED, Cond=GREEN, Int=GREEN)
LOWEST = -66.0  # mV, end of the axis


class Operation(NamedTuple):
    """What is asked of the memory, and what an exact one answers."""

    phase: str
    kind: Literal["learn", "cue", "pixel"]
    cue: int
    bits: frozenset[int]
    expected: frozenset[int]


def run(
    report: Report, forget: int = 3, instead: int = 8, gap: int = 20, backend: Literal["numba", "reference"] = "numba",
    dtype: Literal["float64", "float32"] = "float64", seed: int = 0,
) -> None:  # fmt: skip
    """Let the memory do 159 operations and hold its answers against those of a table of sets.

    Parameters
    ----------
    report : Report
    forget : int
        Cue whose image is replaced.
    instead : int
        The digit of which another image is learned under that cue.
    gap : int
        Time in ms from one operation to the next; the memory is exact from 20 on.
    backend : str
        How it is simulated.
    dtype : str
        Number type of states and weights.
    seed : int
        0 takes the first image of each digit, another number draws the images.
    """
    for name, digit in (("forget", forget), ("instead", instead)):
        if not 0 <= digit < CUES:
            raise ValueError(f"{name}: expected a digit 0 ... {CUES - 1}, got {digit}")
    first, other, samples = load_images(seed, instead)
    second = first.copy()
    second[forget] = other
    todo = operations(first, second, forget)
    memory = CA3Memory(CUES, BITS, gap=gap, backend=backend, seed=seed, dtype=dtype)
    pixel = forgotten_pixel(first, second, forget)
    record_traces(memory, forget, pixel)
    weights = {"before learning": memory.weights}
    answers, starts = [], []
    report.say("the first operation compiles the network (about ten seconds, once on a machine)")
    for n, operation in enumerate(report.progress(todo, "spiking memory", unit="operations")):
        if n and operation.phase != todo[n - 1].phase:
            weights[f"after: {todo[n - 1].phase}"] = memory.weights
        starts.append(int(memory.time))
        answers.append(perform(memory, operation))
    weights["at the end"] = memory.weights

    check_answers(report, todo, answers, memory, first, second, forget)
    came = {(int(t), int(i)) for t, i in zip(*raster(memory.result, "OUT"), strict=True)}
    ideal = ideal_output(todo, starts)
    report.check("output spikes, each in its millisecond", f"{len(ideal)} spikes", _same(ideal, came), came == ideal)
    report.numbers.update(
        samples=samples, operations=len(todo), simulated_ms=memory.time, forgotten_pixel=pixel,
        spikes={name: len(memory.result[name].spikes) for name in memory.result},
    )  # fmt: skip

    draw_raster(report.file("raster.png", "spikes of all populations"), memory, todo, starts)
    draw_images(
        report.file("images.png", "learned and recalled images, digits found by a pixel"), todo, answers, forget
    )
    path = report.file("traces.png", "membrane potentials while recalling, asking and learning anew")
    draw_traces(path, memory, todo, starts, forget, pixel)
    draw_weights(report.file("weights.png", "weights before and after, as images"), weights, forget, instead)
    save(report, memory)


# -- what is asked ----------------------------------------------------------------------------------------------------
def load_images(seed: int, instead: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Ten images bool [10, 64], one of each digit; a second one of ``instead``; their numbers in the data set."""
    from sklearn.datasets import load_digits

    data = load_digits()
    rng = np.random.default_rng(seed)
    of_digit = [np.flatnonzero(data.target == k) for k in range(CUES)]
    if seed:
        of_digit = [rng.permutation(samples) for samples in of_digit]
    samples = [int(s[0]) for s in of_digit] + [int(of_digit[instead][1])]
    images = data.data[samples] >= HALF_GREY
    return images[:CUES], images[CUES], samples


def operations(first: np.ndarray, second: np.ndarray, forget: int) -> list[Operation]:
    """Learn ten, recall ten, ask 64 pixels; learn one anew, recall ten, ask 64 pixels."""

    def bits(black: np.ndarray) -> frozenset[int]:
        return frozenset(int(b) for b in np.flatnonzero(black))

    def ask(images: np.ndarray, again: str) -> list[Operation]:
        recalls = [Operation(f"recall{again}", "cue", c, frozenset(), bits(images[c])) for c in range(CUES)]
        return recalls + [
            Operation(f"ask pixels{again}", "pixel", -1, frozenset({b}), bits(images[:, b])) for b in range(BITS)
        ]

    learn = [Operation("learn", "learn", c, bits(first[c]), frozenset()) for c in range(CUES)]
    anew = Operation("learn anew", "learn", forget, bits(second[forget]), bits(first[forget] & ~second[forget]))
    return [*learn, *ask(first, ""), anew, *ask(second, " again")]


def forgotten_pixel(first: np.ndarray, second: np.ndarray, forget: int) -> int:
    """A pixel of the old image that the new one has not, shared with as few other digits as possible."""
    gone = np.flatnonzero(first[forget] & ~second[forget])
    return int(gone[np.argmin(first[:, gone].sum(0))]) if gone.size else int(np.flatnonzero(first[forget])[0])


def perform(memory: CA3Memory, operation: Operation) -> set[int]:
    """Carry it out and give the answer."""
    if operation.kind == "learn":
        memory.learn(operation.cue, operation.bits)
        return set()
    return memory.recall(cue=operation.cue) if operation.kind == "cue" else memory.recall(bits=operation.bits)


def ideal_output(todo: list[Operation], starts: list[int]) -> set[tuple[int, int]]:
    """Spikes (ms, neuron of OUT) of an exact memory with the latencies of the paper."""
    spikes = set()
    for (_, kind, cue, bits, expected), t in zip(todo, starts, strict=True):
        content = {CUES + b for b in bits}
        if kind == "learn":
            spikes |= {(t + late, i) for late in (5, 7) for i in {cue} | content}
        else:
            spikes |= {(t + 5, i) for i in ({cue} if kind == "cue" else content)}
        answer = expected if kind == "pixel" else {CUES + b for b in expected}  # of learning: the bits forgotten
        spikes |= {(t + 6, i) for i in answer}
    return spikes


# -- what came --------------------------------------------------------------------------------------------------------
def check_answers(
    report: Report, todo: list[Operation], answers: list[set[int]], memory: CA3Memory, first: np.ndarray,
    second: np.ndarray, forget: int,
) -> None:  # fmt: skip
    """Enter each phase into the table."""
    names = {
        "recall": "images recalled by cue, bit for bit",
        "ask pixels": "pixels asked: exactly the digits that have them",
        "recall again": f"after another image under cue {forget}: recalled",
        "ask pixels again": f"after another image under cue {forget}: pixels",
    }
    for phase, what in names.items():
        right = [a == o.expected for o, a in zip(todo, answers, strict=True) if o.phase == phase]
        report.check(what, f"{len(right)} of {len(right)}", f"{sum(right)} of {len(right)}")
    gone = set(map(int, np.flatnonzero(first[forget] & ~second[forget])))
    asked = {min(o.bits): a for o, a in zip(todo, answers, strict=True) if o.phase == "ask pixels again"}
    still = sum(forget in asked[b] for b in gone)
    report.check(f"of {len(gone)} forgotten pixels, still lead to cue {forget}", 0, still)
    table = {c: set(map(int, np.flatnonzero(image))) for c, image in enumerate(second)}
    stored = memory.stored()
    right = sum(stored.get(c) == content for c, content in table.items())
    report.check("images read off the weights at the end", f"{CUES} of {CUES}", f"{right} of {CUES}")


def _same(expected: set, came: set) -> str:
    missing, more = len(expected - came), len(came - expected)
    return f"{len(came)} spikes" + (f" ({missing} missing, {more} not expected)" if missing or more else "")


def raster(result: Result, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Times in ms and neurons."""
    return result[name].spikes.steps, result[name].spikes.ids


def save(report: Report, memory: CA3Memory) -> None:
    """Write the recording twice and read it back, then export the network."""
    from neo.io import NeoMatlabIO

    from ..hardware import export

    result = memory.result
    path = report.file("recording.h5", "all spikes and traces; spikegram.networks.Result.load reads it")
    result.save(path)
    again = Result.load(path)
    spikes = sum(len(result[name].spikes) for name in result)
    same = all(again[name].spikes == result[name].spikes for name in result)
    report.check("spikes read back from HDF5", spikes, sum(len(again[n].spikes) for n in again) if same else "others")
    path = report.file("recording.mat", "the same for Neo: neo.io.NeoMatlabIO")
    result.save_neo(path)
    trains = NeoMatlabIO(str(path)).read_block().segments[0].spiketrains
    report.check("spikes read back by Neo", spikes, sum(len(train) for train in trains))
    path = report.file(
        "spinnaker", "the network for SpiNNaker: PyNN script, input and expected spikes; see its README.txt"
    )
    exported = export(memory.network, target="spinnaker", path=path, result=result)
    report.check("parts of the network refused by the SpiNNaker export", 0, len(exported.refused))


# -- pictures ---------------------------------------------------------------------------------------------------------
def record_traces(memory: CA3Memory, cue: int, pixel: int) -> None:
    """Record the membrane potential of the cells on the way of one cue and one pixel."""
    cells = memory.network.populations
    for name, ids in traced(cue, pixel).items():
        memory.network.record(cells[name][ids], "v")


def traced(cue: int, pixel: int) -> dict[str, list[int]]:
    """Population -> recorded neurons."""
    return dict(CueCue=[cue], ContCue=[pixel], Cond=[pixel], ContCont=[pixel], CueCont=[cue], OUT=[cue, CUES + pixel])


def draw_raster(path: Path, memory: CA3Memory, todo: list[Operation], starts: list[int]) -> None:
    """Output over the whole run; below it all populations during four operations."""
    result, phases, names = memory.result, [o.phase for o in todo], list(memory.result)
    shown = [0, phases.index("recall"), phases.index("ask pixels") + 27, phases.index("learn anew")]
    titles = [
        "learn a 0 under cue 0",
        "recall by cue 0",
        "ask by pixel 27",
        f"learn anew under cue {todo[shown[3]].cue}",
    ]
    with figure_style():
        figure = new_figure(7.2, 7.2)
        upper, lower = figure.subfigures(2, 1, height_ratios=[1.0, 2.5])
        _whole_run(upper.subplots(), memory, phases, starts)
        axes = lower.subplots(
            len(names),
            4,
            sharex="col",
            gridspec_kw=dict(hspace=0.03, height_ratios=[max(result[n].size, 14) for n in names]),
        )
        for column, (n, title) in enumerate(zip(shown, titles, strict=True)):
            for row, name in enumerate(names):
                _zoom(axes[row, column], result, name, starts[n])
            axes[0, column].set_title(title, fontsize=7.5)
            axes[-1, column].set_xlabel("ms from its beginning")
            axes[-1, column].tick_params(bottom=True)
            axes[-1, column].spines["bottom"].set_visible(True)
        for row, name in enumerate(names):
            label = f"{name} ({result[name].size})"
            axes[row, 0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=7, color=_colour(name))
        finish(figure, path)


def _whole_run(ax: Axes, memory: CA3Memory, phases: list[str], starts: list[int]) -> None:
    times, ids = raster(memory.result, "OUT")
    for which, colour in ((ids >= CUES, RED), (ids < CUES, BLUE)):
        ax.plot(times[which], ids[which], "|", ms=1.8, mew=0.8, color=colour)
    begins = [n for n, p in enumerate(phases) if n == 0 or p != phases[n - 1]]
    ends = [*(starts[n] for n in begins[1:]), int(memory.time)]
    for n, end in zip(begins, ends, strict=True):
        ax.axvline(starts[n], color="0.8", lw=0.6, zorder=0)
        single = end - starts[n] < 0.02 * memory.time  # one operation: its name stands higher, beside its line
        y = CUES + BITS + (8 if single else 1)
        ax.text((starts[n] + end) / 2, y, phases[n], fontsize=6.5, ha="center", va="bottom", color=INK)
    ax.set(xlim=(0, memory.time), ylim=(-1, BITS + CUES), xlabel="time (ms)")
    ax.set_yticks([0, CUES, BITS + CUES - 1], ["cue 0", "pixel 0", f"pixel {BITS - 1}"])
    ax.set_ylabel("OUT", rotation=0, ha="right", va="center")


def _zoom(ax: Axes, result: Result, name: str, start: int) -> None:
    times, ids = raster(result, name)
    now = (times >= start) & (times < start + 10)
    colours = [BLUE if i < CUES else RED for i in ids[now]] if name in ("IN", "OUT") else _colour(name)
    ax.scatter(times[now] - start, ids[now], s=5, c=colours, marker="s", linewidths=0)
    size = result[name].size
    ax.set(xlim=(-0.6, 9.6), ylim=(-1 - 0.02 * size, size + 0.02 * size), yticks=[], xticks=range(0, 10, 2))
    ax.tick_params(bottom=False)
    ax.spines["left"].set_color("0.8")
    ax.spines["bottom"].set_visible(False)
    for t in range(10):
        ax.axvline(t, color="0.93", lw=0.5, zorder=0)


def _colour(name: str) -> str:
    """Cells that stand for cues, for content, and the gate between them."""
    return next((c for word, c in COLOURS.items() if name.removeprefix("Merge").startswith(word)), INK)


def draw_images(path: Path, todo: list[Operation], answers: list[set[int]], forget: int) -> None:
    """Learned and recalled images; which digits answer to a pixel, before and after one was replaced."""

    def of(phase: str) -> list[tuple[Operation, set[int]]]:
        return [(o, a) for o, a in zip(todo, answers, strict=True) if o.phase == phase]

    learned = [set(o.bits) for o, _ in of("learn")]
    wanted = [set(o.expected) for o, _ in of("recall again")]
    recalled, later = ([a for _, a in of(phase)] for phase in ("recall", "recall again"))
    gone = learned[forget] - wanted[forget] or learned[forget]
    pixel = max(gone, key=lambda b: sum(b in image for image in learned))
    before, after = (next(a for o, a in of(phase) if pixel in o.bits) for phase in ("ask pixels", "ask pixels again"))
    rows = (  # label, images, what they should be, cues in a frame, all others faint
        ("learned", learned, learned, set(), False),
        ("recalled by cue", recalled, learned, set(), False),
        (f"cue {forget} learned anew,\nrecalled by cue", later, wanted, {forget}, False),
        (f"asked by pixel {pixel}\nbefore", recalled, learned, before, True),
        (f"asked by pixel {pixel}\nafter", later, wanted, after, True),
    )
    with figure_style({"axes.spines.top": True, "axes.spines.right": True}):
        figure = new_figure(7.2, 3.5)
        axes = figure.subplots(len(rows), CUES)
        for row, (label, images, truth, framed, faint) in enumerate(rows):
            for cue, ax in enumerate(axes[row]):
                _digit(ax, images[cue], truth[cue], faint and cue not in framed)
                if faint:
                    ax.plot(pixel % SIDE, pixel // SIDE, "s", ms=3.4, color=RED, mec="white", mew=0.5)
                for spine in ax.spines.values():
                    spine.set(color=RED if cue in framed else "0.75", linewidth=1.3 if cue in framed else 0.5)
            axes[row, 0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=7, labelpad=6)
        for cue, ax in enumerate(axes[0]):
            ax.set_title(f"cue {cue}", fontsize=7)
        finish(figure, path)


def _digit(ax: Axes, image: set[int], truth: set[int], faint: bool) -> None:
    """Black pixels of an image; one too many would be red, a missing one yellow."""
    picture = np.ones((BITS, 3))
    picture[sorted(image)] = 0.84 if faint else 0.15
    picture[sorted(image - truth)] = (0.85, 0.1, 0.1)
    picture[sorted(truth - image)] = (1.0, 0.8, 0.1)
    ax.imshow(picture.reshape(SIDE, SIDE, 3), interpolation="nearest")
    ax.set(xticks=[], yticks=[])


def draw_traces(
    path: Path, memory: CA3Memory, todo: list[Operation], starts: list[int], cue: int, pixel: int
) -> None:  # fmt: skip
    """Membrane potentials on the way of one cue and of one pixel that it loses, during four operations."""
    phases = [o.phase for o in todo]
    shown = {
        f"recall by cue {cue}": phases.index("recall") + cue,
        f"ask by pixel {pixel}": phases.index("ask pixels") + pixel,
        f"learn anew under cue {cue},\nwithout pixel {pixel}": phases.index("learn anew"),
        f"ask by pixel {pixel} again": phases.index("ask pixels again") + pixel,
    }
    rows = [(name, neuron) for name, ids in traced(cue, pixel).items() for neuron in ids]
    with figure_style():
        figure = new_figure(7.2, 6.0)
        axes = figure.subplots(len(rows), len(shown), sharex=True, sharey=True, gridspec_kw=dict(hspace=0.05))
        for column, (title, n) in enumerate(shown.items()):
            for row, (name, neuron) in enumerate(rows):
                _trace(axes[row, column], memory.result, name, neuron, starts[n])
            axes[0, column].set_title(title, fontsize=7.5, va="bottom")
            axes[-1, column].set_xlabel("ms from its beginning")
        for row, (name, neuron) in enumerate(rows):
            is_cue = name.startswith("Cue") or (name == "OUT" and neuron < CUES)
            label = f"{name}\n{'cue' if is_cue else 'pixel'} {cue if is_cue else pixel}\n(mV)"
            axes[row, 0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=7, labelpad=4)
        axes[0, 0].set(xlim=(-0.5, 10.5), ylim=(LOWEST, -54), yticks=[-65, -60, -55], xticks=range(0, 11, 2))
        finish(figure, path)


def _trace(ax: Axes, result: Result, name: str, neuron: int, start: int) -> None:
    """One potential with threshold and spikes; a potential below the axis, or just below threshold, is written."""
    record, trace = result[name], result[name].trace("v")
    now = (trace.times > start) & (trace.times <= start + 12)
    times, v = trace.times[now] - start - 1, trace.of(neuron)[now]  # the value at t + 1 is that after step t
    ax.step(times, v, where="mid", color=_colour(name), lw=1.0)
    ax.axhline(record.threshold, color=INK, lw=0.5, ls=(0, (4, 3)))
    spikes = record.spikes[neuron] - start
    spikes = spikes[(spikes >= 0) & (spikes < 11)]
    ax.vlines(spikes, -60, -54.6, color=_colour(name), lw=1.6)
    short = record.threshold - v.max()
    if not spikes.size and short < 1:
        ax.text(
            times[v.argmax()] + 1.2, -55.2, f"{short:.2f} mV short\nof threshold", fontsize=6, color=INK, va="center"
        )
    if v.min() < LOWEST:
        ax.text(times[v.argmin()] + 0.7, LOWEST + 0.4, f"to {v.min():.0f} mV", fontsize=6, color=INK, va="bottom")


def draw_weights(path: Path, weights: dict[str, Any], forget: int, instead: int) -> None:
    """Both plastic projections as ten images each: before, after learning, after learning anew."""
    moments = {
        "before": weights["before learning"],
        "ten digits learned": weights["after: learn"],
        f"another {instead} under cue {forget}": weights["at the end"],
    }
    blocks = ("cue \u2192 content", "content \u2192 cue")
    with figure_style():
        figure = new_figure(7.2, 4.6)
        axes = figure.subplots(2 * len(moments), CUES)
        for block, title in enumerate(blocks):
            for row, (label, both) in enumerate(moments.items(), len(moments) * block):
                matrix = both.content_to_cue.T if block else both.cue_to_content  # [C, K]
                for cue, ax in enumerate(axes[row]):
                    image = matrix[cue].reshape(SIDE, SIDE)
                    drawn = ax.imshow(image, cmap="viridis", vmin=0, vmax=6, interpolation="nearest")
                    ax.set(xticks=[], yticks=[])
                    ax.spines[:].set_visible(False)
                    if row % len(moments) == 0:
                        ax.set_title(f"cue {cue}", fontsize=7)
                text = f"{title}\n{label}"
                axes[row, 0].set_ylabel(text, rotation=0, ha="right", va="center", fontsize=7, labelpad=6)
        bar = figure.colorbar(
            drawn, ax=axes, label="weight (nA); from the line on, one spike fires the target", aspect=40
        )
        bar.ax.axhline(firing_weight(FAST), color="white", lw=1.2)
        bar.outline.set_visible(False)
        finish(figure, path)
