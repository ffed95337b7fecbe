"""The CA3 oracle against the published rasters, weights and limits."""

from __future__ import annotations

import ca3_oracle as oracle
import ca3_published as published
import numpy as np
import pytest


def _case(name):
    fields = ("CUES", "BITS", "STEPS", "OPERATIONS")
    return [getattr(published, f"{name}_{field}") for field in fields]


def _simulate(name, **options):
    cues, bits, steps, operations = _case(name)
    return oracle.simulate(cues, bits, oracle.operation_spikes(cues, operations), steps, **options)


def _by_step(spikes):
    rows = {}
    for t, i in spikes:
        rows.setdefault(t, []).append(i)
    return rows


def test_first_step_by_hand():
    """6 nA through 11.11 MOhm: g0 6 R (1 - exp(-1/3)) = 5.467 mV above rest, over threshold."""
    neurons = oracle.Neurons(1, **oracle.SLOW)
    spikes = neurons.step(np.array([6.0]), np.zeros(1))
    assert spikes[0] and neurons.v[0] == -60.0
    assert neurons.before_reset[0] == pytest.approx(-60 + 0.289298 * 6 * 11.1111 * 0.283469, abs=1e-4)
    assert neurons.i_exc[0] == pytest.approx(6 * 0.289298 * 0.035674, abs=1e-6)


def test_shortest_interval_is_two_steps():
    neurons = oracle.Neurons(1, **oracle.SLOW)
    fired = [t for t in range(7) if neurons.step(np.array([20.0]), np.zeros(1))[0]]
    assert fired == [0, 2, 4, 6]


def test_t1_raster_is_the_published_one():
    assert _simulate("T1")["spikes"]["OUT"] == published.T1_OUT
    cues, _, _, operations = _case("T1")
    assert oracle.ideal_output(cues, operations) == published.T1_OUT


def test_t1_weights():
    result = _simulate("T1")
    for cue, row in published.T1_S1.items():
        assert result["S1"][cue] == pytest.approx(row, abs=6e-4)
    for cue, column in published.T1_S2.items():
        assert result["S2"][:, cue] == pytest.approx(column, abs=6e-4)


@pytest.mark.parametrize("name", ["T1", "T2", "T3"])
def test_no_operation_is_wrong(name):
    cues, _, _, operations = _case(name)
    result = _simulate(name)
    assert oracle.wrong_operations(cues, operations, result["spikes"]["OUT"]) == []
    assert result["margin"] == pytest.approx(getattr(published, f"{name}_MARGIN"), abs=0.006)
    total = sum(len(s) for population, s in result["spikes"].items() if population != "IN")
    assert total == published.SPIKE_TOTALS[name]


def test_t2_has_sixty_operations():
    assert len(published.T2_OPERATIONS) == 60
    assert published.T2_OPERATIONS[-1][0] == 827


def test_t3_cells():
    rows = _by_step(_simulate("T3")["spikes"]["OUT"])
    for step, cells in published.T3_CELLS.items():
        assert {i for i in rows[step] if i < published.T3_CUES} == cells


def test_a_wrong_raster_is_seen():
    """Dropping one spike, adding one, or scaling the amplitudes by w_max must be noticed."""
    cues, bits, steps, operations = _case("T1")
    assert oracle.wrong_operations(cues, operations, published.T1_OUT[1:]) == [0]
    assert oracle.wrong_operations(cues, operations, [*published.T1_OUT, (86, 3)]) == [8]
    spikes = oracle.operation_spikes(cues, operations)
    scaled = oracle.simulate(cues, bits, spikes, steps, rule=lambda w: oracle.Stdp(w, a_plus=36, a_minus=36))
    assert scaled["spikes"]["OUT"] != published.T1_OUT


@pytest.mark.parametrize("name", ["T1", "T2", "T3"])
def test_lazy_and_clocked_plasticity_agree(name):
    clocked, lazy = _simulate(name), _simulate(name, rule=oracle.LazyStdp)
    assert clocked["spikes"] == lazy["spikes"]
    np.testing.assert_allclose(clocked["S1"], lazy["S1"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(clocked["S2"], lazy["S2"], rtol=0, atol=1e-9)


def test_lazy_weights_wait_for_the_flush():
    flushed = _simulate("T1", rule=oracle.LazyStdp)
    pending = _simulate("T1", rule=oracle.LazyStdp, flush=False)
    assert np.abs(flushed["S1"] - pending["S1"]).max() > 1.0


@pytest.mark.parametrize("name", ["T1", "T2", "T3"])
def test_single_precision_gives_the_same_rasters(name):
    assert _simulate(name, dtype=np.float32)["spikes"] == _simulate(name)["spikes"]


@pytest.mark.parametrize("kind", ["SLOW", "FAST", "OUT"])
def test_single_input_threshold(kind):
    low, high = 0.0, 10.0
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        neurons = oracle.Neurons(1, **getattr(oracle, kind))
        steps = [neurons.step(np.array([middle * (t == 0)]), np.zeros(1))[0] for t in range(20)]
        low, high = (low, middle) if any(steps) else (middle, high)
    assert high == pytest.approx(published.SINGLE_INPUT_THRESHOLDS[kind], abs=1e-4)


@pytest.mark.parametrize("rule", [oracle.Stdp, oracle.LazyStdp])
@pytest.mark.parametrize("start", [0.0, 2.5, 6.0])
def test_coincident_pair_depresses_to_zero(rule, start):
    """Pre at 0 and 2, post at 1 seen at 2: + 6 exp(-2/3), at most 6, then - 6."""
    synapse = rule(np.full((1, 1), start))
    for t in range(3):
        synapse.step(np.array([t in (0, 2)]), np.array([t == 2]))
    assert synapse.w[0, 0] == 0.0


def test_forgotten_pair_is_not_found():
    rows = _by_step(_simulate("T1")["spikes"]["OUT"])
    assert rows[46] == [3, 4] and rows[86] == [4]


def test_ideal_memory_on_random_streams():
    for seed in range(6):
        operations = oracle.random_operations(5, 10, seed)
        spikes = oracle.operation_spikes(5, operations)
        out = oracle.simulate(5, 10, spikes, 60 * 20 + 10)["spikes"]["OUT"]
        assert oracle.wrong_operations(5, operations, out) == []


@pytest.mark.parametrize(("gap", "wrong"), [(9, [3]), (10, [])])
def test_forgetting_needs_ten_steps_before_the_next_recall(gap, wrong):
    """A recall adds 6 exp(-gap/3) to the forgotten 3.0805 nA; the limit is 3.358 nA."""
    operations = [(0, "learn", 0, {0}), (40, "learn", 0, {1}), (40 + gap, "cue", 0, set())]
    operations.append((200, "content", None, {0}))
    result = oracle.simulate(2, 2, oracle.operation_spikes(2, operations), 220)
    assert oracle.wrong_operations(2, operations, result["spikes"]["OUT"]) == wrong
    if not wrong:
        assert result["S2"][0, 0] == pytest.approx(6 * np.exp(-2 / 3) + 6 * np.exp(-gap / 3), abs=1e-3)


def test_learning_nothing_clears_one_direction_only():
    """Why an empty content has to be refused."""
    operations = [(0, "learn", 0, {0, 1}), (40, "learn", 0, set()), (80, "cue", 0, set())]
    operations.append((120, "content", None, {0}))
    result = oracle.simulate(2, 2, oracle.operation_spikes(2, operations), 140)
    rows = _by_step(result["spikes"]["OUT"])
    assert rows[85] == [0] and 86 not in rows
    assert rows[126] == [0]


def test_digits_demonstration():
    datasets = pytest.importorskip("sklearn.datasets")
    data = datasets.load_digits()
    images = data.data >= 8
    first = [int(np.flatnonzero(data.target == k)[0]) for k in range(10)]
    other = int(np.flatnonzero(data.target == 8)[1])
    operations = oracle.digit_operations(images[first], 3, images[other])
    spikes = oracle.operation_spikes(10, operations)
    result = oracle.simulate(10, 64, spikes, operations[-1][0] + 10)
    assert len(operations) == 169
    assert oracle.wrong_operations(10, operations, result["spikes"]["OUT"]) == []
    rows = _by_step(result["spikes"]["OUT"])
    last = [op for op in operations if op[1] == "cue"][-10:]
    for t, _, cue, _ in last:
        recalled = np.zeros(64, bool)
        recalled[np.array(rows[t + 6]) - 10] = True
        assert np.array_equal(recalled, images[other] if cue == 3 else images[first[cue]])


def test_oscillatory_net():
    presentations, steps = published.OSCILLATORY_PRESENTATIONS, published.OSCILLATORY_STEPS
    fired = oracle.simulate_oscillatory(presentations, steps)["spikes"]["PC"]
    for i, wanted in published.OSCILLATORY_PC.items():
        assert [t for t, n in fired if n == i] == wanted


@pytest.mark.parametrize(
    ("fragment", "added"),
    [
        ([14, 1, 2, 3, 4, 5], [*range(6, 13)]),
        ([0, 1, 2, 3, 4, 5], [*range(6, 14)]),
        ([14, 1, 2, 3, 4], []),
    ],
)
def test_regulated_net(fragment, added):
    """Six neurons complete their own pattern in one step, five do not; then silence."""
    learn = published.REGULATED_LEARN
    result = oracle.simulate_regulated(learn, [(101, fragment)], 140)
    rows = _by_step(result["spikes"]["PC"])
    wanted = {t + 1: sorted(pattern) for t, pattern in learn} | {102: sorted(fragment)}
    assert rows == (wanted | {103: added} if added else wanted)


def test_binary_cue_latencies():
    operations = [(0, "learn", 3, {0, 2}), (20, "cue", 3, set()), (40, "learn", 3, {1})]
    operations += [(60, "cue", 3, set()), (80, "cue", 1, set())]
    out = oracle.simulate_binary_cue(5, 4, operations, 100)["spikes"]["OUT"]  # lines 0..2, bits 3..6
    assert _by_step(out) == {
        **{4: [0, 1, 3, 5], 6: [0, 1, 3, 5], 24: [0, 1], 25: [3, 5]},
        **{44: [0, 1, 4], 45: [3, 5], 46: [0, 1, 4], 64: [0, 1], 65: [4], 84: [0]},
    }


@pytest.mark.parametrize(("out_delay", "first"), [(1, 2), (2, 3)])
def test_minimal_latencies(out_delay, first):
    operations = [(0, "learn", 1, {0, 2}), (20, "cue", 1, set())]
    out = oracle.simulate_minimal(3, 4, operations, 40, out_delay)["spikes"]["OUT"]
    both = [1, 3, 5]
    assert _by_step(out) == {first: both, first + 2: both, 20 + first: [1], 21 + first: [3, 5]}
