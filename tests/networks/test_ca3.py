"""The CA3 memory against the published rasters and weights, and against an oracle by another author."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ca3_oracle as oracle
import ca3_published as published
import numpy as np
import pytest

from spikegram.networks import CA3Memory, FromList, Learn, Network, Recall, Result, SpikeArray
from spikegram.networks.ca3 import OUT, STATIC, firing_weight
from spikegram.neurons.spinnaker_lif import FAST, SLOW
from spikegram.plasticity.stdp import CA3STDP

INNER = ("CueCue", "ContCue", "CueCont", "ContCont", "Cond", "Int", "MergeCue", "MergeCont")
SINGLE = pytest.param("numba", "float32", marks=pytest.mark.slow)  # compiles a second time
KINDS = [("numba", "float64"), ("reference", "float64"), SINGLE, ("reference", "float32")]
WEIGHTS = {"float64": 1e-9, "float32": 1e-5}  # nA


def case(name: str) -> list:
    return [getattr(published, f"{name}_{field}") for field in ("CUES", "BITS", "STEPS", "OPERATIONS")]


def as_schedule(operations: list) -> list[Learn | Recall]:
    """The oracle's operations as those of the memory."""
    make: dict[str, Callable] = {
        "learn": lambda t, cue, bits: Learn(cue, bits, at=t),
        "cue": lambda t, cue, bits: Recall(cue=cue, at=t),
        "content": lambda t, cue, bits: Recall(bits=bits, at=t),
    }
    return [make[kind](t, cue, bits) for t, kind, cue, bits in operations]


def raster(result: Result, name: str) -> list[tuple[int, int]]:
    spikes = result[name].spikes
    return [(int(t), int(i)) for t, i in zip(spikes.steps, spikes.ids, strict=True)]


def simulated(cues: int, bits: int, steps: int, operations: list) -> dict:
    return oracle.simulate(cues, bits, oracle.operation_spikes(cues, operations), steps)


@pytest.fixture(scope="module")
def truth() -> dict[str, dict]:
    return {name: simulated(*case(name)) for name in ("T1", "T2", "T3")}


# -- the published tests ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("backend", "dtype"), KINDS)
@pytest.mark.parametrize("name", ["T1", "T2", "T3"])
def test_all_ten_rasters_and_the_weights_are_those_of_the_oracle(
    name: str, backend: str, dtype: str, truth: dict[str, dict]
) -> None:
    cues, bits, steps, operations = case(name)
    memory = CA3Memory(cues, bits, backend=backend, dtype=dtype)
    result = memory.schedule(as_schedule(operations), duration=steps)
    for population in ("IN", *INNER, "OUT"):
        assert raster(result, population) == truth[name]["spikes"][population], population
    inner = sum(len(result[population].spikes) for population in (*INNER, "OUT"))
    assert inner == published.SPIKE_TOTALS[name]
    out = raster(result, "OUT")
    assert oracle.wrong_operations(cues, operations, out) == []
    memory.schedule([], duration=1)  # post spikes that are on their way reach the synapses
    weights = memory.weights
    np.testing.assert_allclose(weights.cue_to_content, truth[name]["S1"], rtol=0, atol=WEIGHTS[dtype])
    np.testing.assert_allclose(weights.content_to_cue, truth[name]["S2"], rtol=0, atol=WEIGHTS[dtype])


def test_t1_output_and_weights_are_the_published_ones() -> None:
    cues, bits, steps, operations = case("T1")
    memory = CA3Memory(cues, bits)
    assert raster(memory.schedule(as_schedule(operations), duration=steps), "OUT") == published.T1_OUT
    memory.schedule([], duration=1)
    for cue, row in published.T1_S1.items():
        assert memory.weights.cue_to_content[cue] == pytest.approx(row, abs=6e-4)
    for cue, column in published.T1_S2.items():
        assert memory.weights.content_to_cue[:, cue] == pytest.approx(column, abs=6e-4)
    assert memory.recall(bits={6}) == {4}  # 3 was re-learned without it
    assert memory.stored() == {0: {0, 1, 8, 9}, 3: {1, 3, 4, 8}, 4: {1, 5, 6}}


def test_t3_gives_the_places_of_each_flag() -> None:
    cues, bits, steps, operations = case("T3")
    out = CA3Memory(cues, bits).schedule(as_schedule(operations), duration=steps)["OUT"].spikes
    for step, places in published.T3_CELLS.items():
        assert {int(i) for i in out.ids[out.steps == step] if i < cues} == places


# -- its parts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("cell", "name"), [(SLOW, "SLOW"), (FAST, "FAST"), (OUT, "OUT")])
def test_threshold_for_a_single_input(cell, name: str) -> None:
    """Each round runs 50 cells with weights 1/49 of the last interval apart."""
    low, high = 2.0, 4.0
    while high - low > 1e-4:
        weights = np.linspace(low, high, 50)
        net = Network(dt=1)
        source, cells = net.population(1, SpikeArray([[0]])), net.population(50, cell)
        net.project(source, cells, FromList([(0, j) for j in range(50)]), weight=weights, delay=1, target="in_E")
        net.record(cells)
        fired = net.run(10, backend="reference")[cells.name].spikes.ids
        assert sorted(fired) == list(range(50 - len(fired), 50))
        low, high = weights[49 - len(fired)], weights[50 - len(fired)]
    card = {"SLOW": 3.293, "FAST": 3.358, "OUT": 2.744}[name]
    assert high == pytest.approx(card, abs=1e-3)
    assert firing_weight(cell) == pytest.approx(published.SINGLE_INPUT_THRESHOLDS[name], abs=1e-4)
    assert low <= firing_weight(cell) <= high


@pytest.mark.parametrize("start", [0.0, 2.5, 6.0])
def test_coincident_pair_depresses_to_zero(start: float) -> None:
    """Pre at 0 and 2, post at 1 seen at 2: + 6 exp(-2/3), at most 6, then - 6."""
    net = Network(dt=1)
    source = net.population(2, SpikeArray([[0, 2], [0]]), name="source")
    cell = net.population(1, SLOW, name="cell")
    net.project(source[1:], cell, FromList([(0, 0)]), weight=6, delay=1, target="in_E")
    plastic = net.project(
        source[:1], cell, FromList([(0, 0)]), weight=start, delay=1, dendritic_delay=1, target="in_E", synapse=CA3STDP
    )
    net.record(cell)
    assert net.run(6, backend="reference")["cell"].spikes.steps.tolist()[0] == 1
    assert plastic.weights.tolist() == [0.0]


def test_sizes_and_wiring_are_those_of_the_card() -> None:
    net = CA3Memory(5, 10).network
    sizes = dict(IN=15, CueCue=5, ContCue=10, CueCont=5, ContCont=10, Cond=10, Int=1, MergeCue=5, MergeCont=10, OUT=15)
    assert {name: p.size for name, p in net.populations.items()} == sizes
    assert len(net.projections) == len(STATIC) + 2 == 18
    inhibition = net.projections["CueCue -> CueCont inhibition"]
    assert inhibition.size == 5 * 4
    assert not np.any(inhibition.pre_ids == inhibition.post_ids)
    assert inhibition.weights == pytest.approx(np.full(20, 60.0)) and set(inhibition.delays) == {3.0}
    assert [net.projections[n].size for n in ("cue to content", "content to cue")] == [50, 50]


# -- as a table of sets -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(5, 10), (16, 6)])
def test_equals_a_table_of_sets(shape: tuple[int, int]) -> None:
    """360 random operations, 20 ms apart, queries by one bit."""
    memory, count = CA3Memory(*shape), 0
    for seed in range(6):
        operations = oracle.random_operations(*shape, seed)
        memory.reset()
        out = raster(memory.schedule(as_schedule(operations)), "OUT")
        assert out == oracle.ideal_output(shape[0], operations)
        count += len(operations)
    assert count == 360


def test_asked_one_by_one_it_answers_like_a_dictionary() -> None:
    memory, table = CA3Memory(5, 10), {}
    for _, kind, cue, bits in oracle.random_operations(5, 10, seed=11):
        if kind == "learn":
            memory.learn(cue, bits)
            table[cue] = bits
        elif kind == "cue":
            assert memory.recall(cue=cue) == table.get(cue, set())
        else:
            assert memory.recall(bits=bits) == {c for c, content in table.items() if content & bits}
        assert memory.stored() == table
    assert memory.time == 60 * 20


def test_digits_are_learned_recalled_forgotten_and_learned_anew() -> None:
    from sklearn.datasets import load_digits

    data = load_digits()
    images = data.data >= 8
    other = int(np.flatnonzero(data.target == 8)[1])
    assert data.target[:10].tolist() == list(range(10)) and other == 18
    operations = oracle.digit_operations(images[:10], 3, images[other])
    result = CA3Memory(10, 64).schedule(as_schedule(operations))
    assert len(operations) == 169
    assert raster(result, "OUT") == oracle.ideal_output(10, operations)
    truth = simulated(10, 64, 169 * 20, operations)
    for population in INNER:
        assert raster(result, population) == truth["spikes"][population], population


# -- the face ---------------------------------------------------------------------------------------------------------
def test_learn_recall_and_query() -> None:
    memory = CA3Memory(cues=4, bits=8)
    memory.learn(3, [5, 0, 5])
    memory.learn(cue=1, bits=np.array([1, 0, 0, 0, 1, 0, 0, 0], dtype=bool).reshape(2, 4))
    assert (memory.recall(cue=3), memory.recall(cue=1), memory.recall(cue=0)) == ({0, 5}, {0, 4}, set())
    assert memory.recall(bits={5}) == {3}
    assert memory.recall(bits=[0]) == {1, 3}
    assert memory.recall(bits={4, 5, 7}) == {1, 3}
    memory.learn(cue=3, bits={7})
    assert (memory.recall(cue=3), memory.recall(bits={5}), memory.recall(bits={0})) == ({7}, set(), {1})
    assert memory.stored() == {1: {0, 4}, 3: {7}}
    assert "at t = 280 ms" in repr(memory)


def test_bits_asked_one_by_one_do_not_disturb() -> None:
    """Asked together, bits 0 and 1 would each come near to linking with the other's cue (+ 3.08 nA)."""
    apart, together = CA3Memory(2, 4), CA3Memory(2, 4)
    for memory in (apart, together):
        memory.learn(0, {0})
        memory.learn(1, {1})
    assert apart.recall(bits={0, 1}) == {0, 1}
    out = together.schedule([Recall(bits={0, 1})])["OUT"].spikes
    assert set(out.ids[out.steps == 40 + 6]) == {0, 1}
    cross = [(0, 1), (1, 0)]
    assert max(apart.weights.content_to_cue[k] for k in cross) < 0.1
    assert min(together.weights.content_to_cue[k] for k in cross) == pytest.approx(6 * np.exp(-2 / 3), abs=0.01)


def test_schedule_takes_spikes_and_counts_from_now() -> None:
    cues, bits, steps, operations = case("T1")
    times, ids = np.array(oracle.operation_spikes(cues, operations)).T
    memory = CA3Memory(cues, bits)
    assert raster(memory.schedule(SpikeArray(times, ids), duration=steps), "OUT") == published.T1_OUT
    before = memory.time
    memory.schedule([Recall(cue=3), Recall(cue=4, at=30)])  # the first at once, the end one gap after the last
    assert memory.time == before + 50
    found = [(t - int(before), i) for t, i in raster(memory.result, "OUT") if t >= before]
    recalled = [(5, 3), *((6, cues + b) for b in (1, 3, 4, 8)), (35, 4), *((36, cues + b) for b in (1, 5, 6))]
    assert found == recalled


def test_reset_forgets() -> None:
    memory = CA3Memory(3, 4)
    memory.learn(0, {1})
    memory.reset()
    assert memory.time == 0 and memory.stored() == {} and memory.recall(cue=0) == set()
    assert memory.network.populations["IN"].model.times.size == 1  # only the recall


def test_state_can_be_saved_in_the_middle_of_a_schedule(tmp_path: Path) -> None:
    cues, bits, steps, operations = case("T1")
    whole = CA3Memory(cues, bits)
    whole.schedule(as_schedule(operations), duration=steps)
    first, second = CA3Memory(cues, bits), CA3Memory(cues, bits)
    times, ids = np.array(oracle.operation_spikes(cues, operations)).T
    first.network.add_spikes(first.network.populations["IN"], times, ids)
    first.network.run(63)  # in the middle of learning
    first.network.save_state(tmp_path / "state.npz")
    second.network.restore_state(tmp_path / "state.npz")
    second.network.run(steps - 63)
    for population in (*INNER, "OUT"):
        late = [(t, i) for t, i in raster(whole.result, population) if t >= 63]
        assert raster(second.result, population) == late, population
    assert np.array_equal(second.weights.cue_to_content, whole.weights.cue_to_content)


def test_plot(tmp_path: Path) -> None:
    memory = CA3Memory(2, 3, backend="reference")
    memory.learn(0, {1})
    memory.plot(tmp_path / "raster.png", start=0, stop=10)
    assert (tmp_path / "raster.png").stat().st_size > 10_000


# -- what is refused --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.learn(0, set()), "bits: expected .* got none .*forgotten in one direction only"),
        (lambda m: m.learn(4, {1}), r"cue: expected a whole number in 0 \.\.\. 3, got 4"),
        (lambda m: m.learn(-1, {1}), r"cue: .* got -1"),
        (lambda m: m.learn(True, {1}), r"cue: .* got True"),
        (lambda m: m.learn(0, {1, 6}), r"bits: .*0 \.\.\. 5 .* got 6"),
        (lambda m: m.learn(0, np.ones(5, bool)), "bits: .*boolean array of 6, got a boolean array of 5"),
        (lambda m: m.recall(), "recall: expected either a cue or bits, got cue=None, bits=None"),
        (lambda m: m.recall(cue=0, bits={1}), "expected either a cue or bits"),
        (lambda m: m.recall(bits=set()), "bits: .* got none"),
        (lambda m: m.schedule([Recall(cue=0, at=-1)]), "at: .* got -1"),
        (lambda m: m.schedule([Learn(0, {1})], duration=2), "duration: expected more than 2 ms, got 2 ms"),
        (lambda m: m.schedule(SpikeArray([0], [10])), "IN has 10 neurons, got spikes of neuron 10"),
    ],
)
def test_wrong_values(call: Callable, words: str) -> None:
    memory = CA3Memory(4, 6)
    with pytest.raises(ValueError, match=words):
        call(memory)
    assert memory.time == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.learn(0, "abc"), "bits: .* got 'abc'"),
        (lambda m: m.learn(0, None), "bits: .* got None"),
        (lambda m: m.learn(0, [1.0]), "bits: .* got float64"),
        (lambda m: m.schedule([(0, {1})]), r"operations\[0\]: expected a Learn or Recall"),
    ],
)
def test_wrong_types(call: Callable, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call(CA3Memory(4, 6))


def test_gaps_that_are_too_short_or_too_long() -> None:
    with pytest.raises(ValueError, match="gap: expected a whole number of ms >= 10 .*, got 9"):
        CA3Memory(4, 6, gap=9)
    with pytest.raises(ValueError, match="gap: expected at most 1000000 ms, got 1000001"):
        CA3Memory(4, 6, gap=1_000_001)
    with pytest.warns(UserWarning, match="with less than 20 ms .* got 14 ms"):
        CA3Memory(4, 6, gap=14)
    with pytest.raises(ValueError, match="cues: expected a whole number in 1"):
        CA3Memory(0, 6)
    with pytest.raises(ValueError, match="backend: expected 'numba' or 'reference', .* got 'brian2'"):
        CA3Memory(3, 6, backend="brian2")
    with pytest.raises(ValueError, match="bits: .* got 2.5"):
        CA3Memory(3, 2.5)
