"""Spike trains: hand-counted statistics, windows, comparison, conversions, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks.spiketrains import SpikeDifference, SpikeTrains, check_size, require


def example(**more):
    # neuron 0 at 1 and 4 ms, neuron 2 at 1, 2 and 5 ms, neuron 1 silent
    return SpikeTrains([2, 10, 2, 4, 8], [0, 2, 2, 2, 0], size=3, dt=0.5, t_stop=10, **more)


def test_spikes_are_ordered_by_step_then_neuron():
    spikes = example()
    assert spikes.steps.tolist() == [2, 2, 4, 8, 10]
    assert spikes.ids.tolist() == [0, 2, 2, 0, 2]
    assert spikes.times.tolist() == [1.0, 1.0, 2.0, 4.0, 5.0]
    assert len(spikes) == 5
    assert spikes.duration == 10.0


def test_times_do_not_drift():
    spikes = SpikeTrains([36_000_000], [0], size=1, dt=0.1, t_stop=3_600_001.0)
    assert spikes.times[0] == 36_000_000 * 0.1


def test_access_by_neuron():
    spikes = example()
    assert spikes[0].tolist() == [1.0, 4.0]
    assert spikes[1].tolist() == []
    assert spikes[2].tolist() == [1.0, 2.0, 5.0]
    assert {i: t.size for i, t in spikes.by_neuron().items()} == {0: 2, 1: 0, 2: 3}


def test_counts_and_rates():
    spikes = example()
    assert spikes.counts().tolist() == [2, 0, 3]
    assert spikes.rates().tolist() == [200.0, 0.0, 300.0]
    assert spikes.rate() == pytest.approx(500 / 3)
    # from 2 up to, but without, 5 ms
    assert spikes.counts(2, 5).tolist() == [1, 0, 1]
    assert spikes.rates(2, 4)[2] == 500.0


def test_rates_of_no_time_and_no_neurons_are_nan():
    assert np.isnan(example().rates(3, 3)).all()
    assert np.isnan(SpikeTrains([], [], size=0, dt=1.0, t_stop=10).rate())


def test_only_recorded_neurons_count():
    spikes = example(recorded=[0, 2])
    assert np.isnan(spikes.rates()[1])
    assert spikes.rate() == 250.0
    assert list(spikes.by_neuron()) == [0, 2]
    with pytest.raises(ValueError, match="neuron 1 were not recorded"):
        spikes[1]
    with pytest.raises(ValueError, match="neuron 1 were not recorded"):
        spikes.select([1])
    with pytest.raises(ValueError, match="neuron 2 has spikes but is not in recorded"):
        example(recorded=[0, 1])


def test_intervals_and_cv():
    spikes = example()
    assert spikes.isi(2).tolist() == [1.0, 3.0]
    assert spikes.isi().tolist() == [3.0, 1.0, 3.0]
    # of the intervals 1 and 3 the mean is 2 and the deviation 1
    np.testing.assert_array_equal(spikes.cv(), [np.nan, np.nan, 0.5])
    np.testing.assert_array_equal(spikes.cv(min_intervals=1), [0.0, np.nan, 0.5])
    assert np.isnan(spikes.cv(min_intervals=3)).all()


def test_cv_agrees_with_elephant():
    statistics = pytest.importorskip("elephant.statistics")
    rng = np.random.default_rng(3)
    steps = np.sort(rng.choice(10_000, 300, replace=False))
    spikes = SpikeTrains(steps, rng.integers(0, 4, 300), size=4, dt=0.1, t_stop=1000)
    expected = [statistics.cv(statistics.isi(train)) for train in spikes.to_neo()]
    np.testing.assert_allclose(spikes.cv(), [float(e) for e in expected], rtol=1e-10)


def test_histogram_with_a_short_last_bin():
    counts, edges = example().histogram(4)
    assert counts.tolist() == [3, 2, 0]
    assert edges.tolist() == [0.0, 4.0, 8.0, 10.0]
    counts, edges = example().between(1, 5).histogram(2)
    assert (counts.tolist(), edges.tolist()) == ([3, 1], [1.0, 3.0, 5.0])


def test_between_and_select():
    part = example().between(1, 5)
    assert (part.t_start, part.t_stop) == (1.0, 5.0)
    assert part.times.tolist() == [1.0, 1.0, 2.0, 4.0]
    assert part.rates().tolist() == [500.0, 0.0, 500.0]
    chosen = example().select([2, 1])
    assert chosen.recorded_ids.tolist() == [1, 2]
    assert chosen.times.tolist() == [1.0, 2.0, 5.0]
    assert chosen.rate() == 150.0


def test_windows_on_the_grid_lose_no_spike_to_rounding():
    # 3 * 0.1 is 0.30000000000000004: a comparison of times would move this spike
    spikes = SpikeTrains([3], [0], size=1, dt=0.1, t_stop=1)
    assert spikes.counts(0.3, 0.4).tolist() == [1]
    assert spikes.counts(0.2, 0.3).tolist() == [0]


def spikes_at(*pairs):
    steps, ids = [p[0] for p in pairs], [p[1] for p in pairs]
    return SpikeTrains(steps, ids, size=3, dt=0.5, t_stop=50)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([(2, 0), (5, 1)], [(5, 1), (2, 0)], None),
        ([], [], None),
        ([(2, 0), (5, 1)], [(2, 0)], SpikeDifference(2.5, 1, "self")),
        ([(2, 0)], [(2, 0), (5, 1)], SpikeDifference(2.5, 1, "other")),
        ([(2, 0), (9, 0)], [(2, 0), (5, 1)], SpikeDifference(2.5, 1, "other")),
        ([(2, 0), (2, 2)], [(2, 0), (2, 1)], SpikeDifference(1.0, 1, "other")),
    ],
)
def test_first_difference(left, right, expected):
    a, b = spikes_at(*left), spikes_at(*right)
    assert a.first_difference(b) == expected
    assert (a == b) is (expected is None)


def test_comparison_needs_the_same_step():
    with pytest.raises(ValueError, match=r"expected dt = 0.5 ms, got 1.0 ms"):
        example().first_difference(SpikeTrains([], [], size=3, dt=1.0, t_stop=5))
    assert example() != SpikeTrains([], [], size=3, dt=1.0, t_stop=5)


def test_integer_type_is_kept_and_arrays_are_read_only():
    spikes = SpikeTrains(np.array([1], np.int32), np.array([0], np.uint16), 1, 1.0, 5)
    assert (spikes.steps.dtype, spikes.ids.dtype) == (np.int64, np.uint16)
    with pytest.raises(ValueError, match="read-only"):
        spikes.ids[0] = 0


def test_an_empty_recording_is_true_and_not_iterable():
    spikes = SpikeTrains([], [], size=2, dt=1.0, t_stop=5)
    assert spikes
    assert len(spikes) == 0
    with pytest.raises(TypeError, match="not iterable"):
        list(spikes)


def test_to_neo_holds_silent_neurons_and_annotations():
    trains = example().to_neo(population="exc")
    assert [t.magnitude.tolist() for t in trains] == [[1.0, 4.0], [], [1.0, 2.0, 5.0]]
    assert [t.annotations for t in trains] == [{"population": "exc", "id": i} for i in range(3)]
    assert trains[1].name == "exc 1"
    assert float(trains[0].t_stop.rescale("s")) == 0.01
    assert float(trains[0].sampling_rate.rescale("Hz")) == 2000.0


def test_to_pandas():
    frame = example().to_pandas()
    assert list(frame.columns) == ["time", "id"]
    assert frame[frame.id == 2].time.tolist() == [1.0, 2.0, 5.0]


def test_from_times_refuses_times_off_the_grid():
    spikes = SpikeTrains.from_times([0.3, 0.7], [1, 0], size=2, dt=0.1, t_stop=1, recorded=[0, 1])
    assert spikes.steps.tolist() == [3, 7]
    for bad in (0.35, np.nan):
        with pytest.raises(ValueError, match="times: expected multiples of dt = 0.1 ms"):
            SpikeTrains.from_times([0.3, bad], [1, 0], size=2, dt=0.1, t_stop=1)


GOOD = dict(steps=[1], ids=[0], size=2, dt=0.5, t_stop=10)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (dict(ids=[2]), ValueError, "ids: expected 0 <= value < 2, got 2"),
        (dict(ids=[-1]), ValueError, "ids: expected 0 <= value < 2, got -1"),
        (dict(ids=[0, 1]), ValueError, "ids: expected as many as steps, 1, got 2"),
        (dict(ids=[0.0]), TypeError, "ids: expected whole numbers in one dimension"),
        (dict(steps=[20]), ValueError, "steps: expected 0 <= value < 20, got 20"),
        (dict(steps=[1], t_start=1.0), ValueError, "steps: expected 2 <= value < 20, got 1"),
        (dict(steps=[[1]]), TypeError, r"steps: .* got shape \[1, 1\]"),
        (dict(size=-1), ValueError, "size: expected at least 0, got -1"),
        (dict(size=2.0), TypeError, "size: expected a whole number, got 2.0"),
        (dict(dt=0), ValueError, "dt: expected a step > 0 ms, got 0"),
        (dict(dt=np.nan), ValueError, "dt: expected a step > 0 ms, got nan"),
        (dict(t_stop=10.2), ValueError, "t_stop: expected a multiple of dt = 0.5 ms, got 10.2"),
        (dict(t_stop=np.inf), ValueError, "t_stop: expected a time >= 0 ms, got inf"),
        (dict(t_start=11), ValueError, "t_stop: expected at least t_start = 11 ms, got 10 ms"),
        (dict(recorded=[0, 5]), ValueError, "recorded: expected 0 <= value < 2, got 5"),
    ],
)
def test_wrong_arguments_are_named(change, error, message):
    with pytest.raises(error, match=message):
        SpikeTrains(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s[3], ValueError, "neuron: expected 0 to 2, got 3"),
        (lambda s: s[-1], ValueError, "neuron: expected at least 0, got -1"),
        (lambda s: s["0"], TypeError, "neuron: expected a whole number, got '0'"),
        (lambda s: s.rates(0, 11), ValueError, "0 <= start <= stop <= 10 ms, got 0 and 11"),
        (lambda s: s.rates(5, 2), ValueError, "got 5 and 2"),
        (lambda s: s.between(0.2, 5), ValueError, "start: expected a multiple of dt"),
        (lambda s: s.histogram(0.7), ValueError, "bin_ms: expected a multiple of dt"),
        (lambda s: s.histogram(0), ValueError, "bin_ms: expected at least dt"),
        (lambda s: s.cv(0), ValueError, "min_intervals: expected at least 1, got 0"),
        (lambda s: s.select([7]), ValueError, "ids: expected 0 <= value < 3, got 7"),
    ],
)
def test_wrong_queries_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(example())


def test_a_missing_package_says_what_to_install():
    with pytest.raises(ImportError, match="pip install no_such_package_here"):
        require("no_such_package_here.io")


def test_check_size_refuses_booleans():
    assert check_size(np.int32(4), "n") == 4
    with pytest.raises(TypeError, match="n: expected a whole number, got True"):
        check_size(True, "n")


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 4)), max_size=60), st.randoms())
def test_views_of_the_spikes_agree(pairs, random):
    shuffled = pairs[:]
    random.shuffle(shuffled)
    a = SpikeTrains([p[0] for p in pairs], [p[1] for p in pairs], 5, 0.1, 10)
    b = SpikeTrains([p[0] for p in shuffled], [p[1] for p in shuffled], 5, 0.1, 10)
    assert a == b
    assert a.first_difference(b) is None
    assert a.counts().sum() == a.histogram(0.7)[0].sum() == len(pairs)
    assert a.counts().tolist() == [a[i].size for i in range(5)]
    assert sorted(np.concatenate([a[i] for i in range(5)])) == a.times.tolist()
    assert len(a.between(0, 4)) + len(a.between(4, 10)) == len(a)
