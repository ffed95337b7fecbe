"""``.spikes`` text: exact bytes, round trips, order never guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.hardware import read_spikes, write_spikes
from spikegram.networks import SpikeArray, SpikeTrains


def test_exact_text(tmp_path: Path) -> None:
    path = tmp_path / "a.spikes"
    write_spikes(path, SpikeArray([[0.3, 12.0], [0.1 + 0.2], []]))
    assert path.read_bytes() == b"# time (ms)\tneuron\n# neurons: 3\n0.3\t0\n0.3\t1\n12\t0\n"
    write_spikes(path, SpikeTrains([3, 1], [0, 4], size=9, dt=0.1, t_stop=1.0), comments=["mine"])
    assert path.read_text() == "# mine\n0.1\t4\n0.3\t0\n"


@given(
    st.sets(st.tuples(st.integers(0, 10**7), st.integers(0, 50)), max_size=40),
    st.sampled_from([1.0, 0.1, 0.025, 1 / 3, 1.7]),
)
def test_round_trip_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, spikes: set, dt: float) -> None:
    folder = tmp_path_factory.mktemp("spikes")
    steps, ids = (np.array([s[k] for s in sorted(spikes)], dtype=np.int64) for k in range(2))
    write_spikes(folder / "a.spikes", SpikeArray(steps * dt, ids, size=51))
    found = read_spikes(folder / "a.spikes", order="time_id")
    assert found.array.size == 51 and found.comments == ("time (ms)\tneuron", "neurons: 51")
    np.testing.assert_array_equal(found.array.steps(dt * 1e-3)[0], steps)
    np.testing.assert_array_equal(found.array.ids, ids)
    write_spikes(folder / "b.spikes", found.array, found.comments)
    assert (folder / "a.spikes").read_bytes() == (folder / "b.spikes").read_bytes()


def test_order_is_never_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.spikes"
    path.write_text("# older order\n3 7\n4 8\n")
    with pytest.raises(TypeError, match="order"):
        read_spikes(path)  # type: ignore[call-arg]
    assert read_spikes(path, order="time_id").array.times.tolist() == [3.0, 4.0]
    assert read_spikes(path, order="id_time").array.times.tolist() == [7.0, 8.0]
    assert read_spikes(path, order="id_time", size=9).array.size == 9
    with pytest.raises(ValueError, match="order"):
        read_spikes(path, order="guess")


@pytest.mark.parametrize("line", ["1.0", "1.0 2 3", "one 2", "1.0 2.5"])
def test_names_the_line_that_cannot_be_read(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.spikes"
    path.write_text(f"0.5\t1\n{line}\n")
    with pytest.raises(ValueError, match="line 2"):
        read_spikes(path, order="time_id")


def test_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="spikes: expected SpikeArray or SpikeTrains, got list"):
        write_spikes(tmp_path / "a", [1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="comments"):
        write_spikes(tmp_path / "a", SpikeArray([[1.0]]), ["two\nlines"])
