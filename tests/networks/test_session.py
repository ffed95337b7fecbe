"""Asking a network while it runs."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import CA3Memory, Network, OneToOne, SpikeArray
from spikegram.networks.session import Session, check_gap, check_ids, check_number
from spikegram.neurons.spinnaker_lif import SLOW


@pytest.fixture
def session() -> Session:
    net = Network(dt=1)
    source = net.population(4, SpikeArray([], [], size=4), name="IN")
    cells = net.population(4, SLOW, name="OUT")
    net.project(source, cells, OneToOne(), weight=6, delay=3, target="in_E")
    net.record(cells)
    return Session(net, source, backend="reference")


def test_answers_count_from_the_presentation(session: Session) -> None:
    first = session.present([(0, [1]), (2, {0, 2})], duration=8)
    second = session.present([(1, [3])], duration=9)
    assert (first.start, second.start, session.network.time) == (0, 8, 17)
    assert [first.fired("OUT", k) for k in range(2, 6)] == [set(), {1}, set(), {0, 2}]
    assert first.fired("OUT", 3, 5) == {0, 1, 2}
    with pytest.raises(ValueError, match="population 'IN': its spikes are not recorded"):
        first.fired("IN", 0)
    assert (second.fired("OUT", 4), second.fired("OUT", 0, 8)) == ({3}, {3})


def test_a_presentation_without_spikes_only_runs_on(session: Session) -> None:
    assert session.present([], duration=5).fired("OUT", 0, 4) == set()
    assert session.network.time == 5


def test_what_ctrl_c_cut_short_is_finished_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    run = session.network.run

    def cut(duration: float, **options: object) -> object:
        result = run(2, **options)
        result.meta["interrupted"] = True
        return result

    monkeypatch.setattr(session.network, "run", cut)
    with pytest.raises(KeyboardInterrupt):
        session.present([(0, [0]), (5, [1])], duration=20)
    assert session.network.time == 2
    monkeypatch.setattr(session.network, "run", run)
    answer = session.present([(0, [2])], duration=10)
    assert answer.start == 20
    spikes = answer.result["OUT"].spikes
    assert list(zip(spikes.steps.tolist(), spikes.ids.tolist(), strict=True)) == [(3, 0), (8, 1), (23, 2)]


def test_an_interrupted_schedule_gives_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = CA3Memory(2, 2, backend="reference")
    run = memory.network.run

    def cut(duration: float, **options: object) -> object:
        result = run(4, **options)
        result.meta["interrupted"] = True
        return result

    monkeypatch.setattr(memory.network, "run", cut)
    assert memory.schedule(SpikeArray([0, 50], [0, 1])).interrupted
    assert memory.time == 4


def test_numbers_and_gaps() -> None:
    assert check_number(np.int32(3), "n", 0, 3) == 3
    assert check_gap(np.int64(20), 10, "why") == 20
    for wrong in (-1, 4, 1.0, True, "1", None):
        with pytest.raises(ValueError, match=r"n: expected a whole number in 0 \.\.\. 3, got"):
            check_number(wrong, "n", 0, 3)
    for wrong in (9, 10.5, True):
        with pytest.raises(ValueError, match=r"gap: expected a whole number of ms >= 10 \(why\), got"):
            check_gap(wrong, 10, "why")
    with pytest.raises(ValueError, match="gap: expected at most 1000000 ms, got 10000000"):
        check_gap(10**7, 10, "why")


def test_sets_of_numbers() -> None:
    assert check_ids((3, 1, 1), "b", 4) == {1, 3}
    assert check_ids(range(2), "b", 4) == {0, 1}
    assert check_ids(np.eye(2, dtype=bool), "b", 4) == {0, 3}
    assert check_ids([True, False, False, True], "b", 4) == {0, 3}
    for wrong in ([4], [-1], [], np.zeros(4, bool), np.ones(3, bool)):
        with pytest.raises(ValueError, match=r"b: expected whole numbers in 0 \.\.\. 3 or a boolean array of 4, got"):
            check_ids(wrong, "b", 4)
    for wrong in (3, None, "12", {1: 2}, [0.5], [[1], [2, 3]]):
        with pytest.raises((TypeError, ValueError)):
            check_ids(wrong, "b", 4)
