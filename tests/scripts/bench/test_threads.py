"""What several threads do at once in units of what one does."""

import pytest

from spikegram.scripts.bench import threads


def test_a_thread_does_as_much_as_itself_and_two_at_most_twice_as_much(monkeypatch) -> None:
    times = {1: 0.3, 2: 0.4}
    monkeypatch.setattr(threads, "_seconds", lambda n, make: times[n])
    assert threads.gain(1, repeats=3) == {"arithmetic": 1, "memory": 1}
    assert threads.gain(2, repeats=3) == pytest.approx({"arithmetic": 1.5, "memory": 1.5})


@pytest.mark.parametrize("make", [threads._products, threads._copies])
def test_every_thread_works_until_the_clock_stops(make) -> None:
    done = []

    def counted():
        work = make()
        return lambda: (work(), done.append(1))

    assert threads._seconds(2, counted) > 0
    assert len(done) == 4  # each once before the clock starts, so that pages and tables are there
