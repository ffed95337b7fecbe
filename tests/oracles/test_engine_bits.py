"""The same bits on any number of threads, in any pieces and beside another network; and ten million steps."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import exact_networks as exact
import long_run
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.networks import bundle as bundle_module
from spikegram.networks import engine as engine_module
from spikegram.scripts.bench import ours

SEED = 20240229
LARGE = dict(cuba=4000, brunel=2500, brunel_het=2500, brunel_stdp=2500)  # cells; 2048 are cut at cache lines
QUICK_SINGLE = ("brunel_stdp",)  # each network is compiled for a type in 7 s; this one has most that the others have
STEPS = 600  # of each run that is compared, 60 ms
SMALL = 300  # cells of networks that run on NumPy too
NEAR = dict(rtol=1e-12, atol=1e-15)  # of states (SI) on the two backends
MEMORY = 1e6  # bytes that eight million steps may add; those that were freed do not count
DT = 0.1


def build(name, cells, dtype="float64"):
    return ours.build(exact.NETWORKS[name](cells), SEED, dtype).net


@cache
def whole(name, cells, dtype="float64"):
    """Everything after one run on one thread."""
    net = build(name, cells, dtype)
    result = net.run(STEPS * DT)
    spikes = sum(len(result[k].spikes) for k in "EI")
    assert spikes > cells / 4, "too quiet to tell anything"
    return exact.everything(result, net)


# -- threads, pieces, chunks ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        *((name, "float64") for name in LARGE),
        *(pytest.param(name, "float32", marks=() if name in QUICK_SINGLE else pytest.mark.slow) for name in LARGE),
    ],
)
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_a_bit(name, threads, dtype):
    net = build(name, LARGE[name], dtype)
    result = net.run(STEPS * DT, threads=threads)
    assert exact.everything(result, net) == whole(name, LARGE[name], dtype)
    (group,) = net._engine.layout.groups
    cut = group.bounds(threads)[1:-1]
    # the split of 2,500 cells is at a cache line for two threads only
    assert (cut % 64 == 0).all() == (LARGE[name] == 4000 or threads == 2)
    assert net._engine.slab == dict(cuba=0, brunel=15, brunel_het=5, brunel_stdp=15)[name]
    plastic = [b for b in net._engine.layout.bundles if b.traces is not None]
    assert len(plastic) == (name == "brunel_stdp")


@pytest.mark.parametrize("name", LARGE)
def test_pieces_do_not_change_a_bit(name):
    @settings(max_examples=8)
    @given(st.lists(st.tuples(st.integers(0, STEPS // 2), st.integers(1, 3)), max_size=6))
    def check(pieces):
        net = build(name, SMALL)
        for steps, threads in pieces:
            net.run(min(steps, STEPS - net.step) * DT, threads=threads)
        result = net.run((STEPS - net.step) * DT)
        assert exact.everything(result, net) == whole(name, SMALL)

    check()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("seconds", [1e-12, 1e12], ids=["one-step", "long"])
@pytest.mark.parametrize("name", LARGE)
def test_chunks_do_not_change_a_bit(name, seconds, threads, monkeypatch):
    """Chunks of one step from the 17th on, or chunks that only the room for spikes ends."""
    expected = whole(name, SMALL)
    monkeypatch.setattr(engine_module, "_CHUNK_SECONDS", seconds)
    monkeypatch.setattr(engine_module, "_SPIKES", 64)
    lengths, chunk = [], engine_module.Engine._chunk

    def note(self, *arguments):
        lengths.append(chunk(self, *arguments))
        return lengths[-1]

    monkeypatch.setattr(engine_module.Engine, "_chunk", note)
    net = build(name, SMALL)
    result = net.run(STEPS * DT, threads=threads)
    assert exact.everything(result, net) == expected
    assert sum(lengths) == STEPS
    assert (max(lengths[1:]) == 1) == (seconds < 1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("room", [0, 4])
def test_rows_that_find_no_room_in_a_list_are_looked_up(room, threads, monkeypatch):
    monkeypatch.setattr(bundle_module, "_LISTED", (room, 2**60))
    net = build("brunel_het", SMALL)
    result = net.run(STEPS * DT, threads=threads)
    assert any(b.form.ahead and b.due.shape[1] == room * 2 * b.book.shape[2] for b in net._engine.layout.bundles)
    assert exact.everything(result, net) == whole("brunel_het", SMALL)


def test_rows_listed_ahead_and_looked_up_give_the_same_bits(monkeypatch):
    monkeypatch.setattr(bundle_module, "_MANY_DELAYS", 1000)
    net = build("brunel_het", SMALL)
    result = net.run(STEPS * DT, threads=2)
    assert not any(b.form.ahead for b in net._engine.layout.bundles)
    assert exact.everything(result, net) == whole("brunel_het", SMALL)


@pytest.mark.parametrize("name", LARGE)
def test_numpy_gives_the_same_spikes(name):
    nets = [build(name, SMALL) for _ in range(2)]
    a, b = (net.run(30, backend=backend) for net, backend in zip(nets, ("numba", "reference"), strict=True))
    assert exact.spike_bytes(a) == exact.spike_bytes(b)
    assert len(a["E"].spikes) > 50
    for p in nets[0].populations.values():
        for v in p._rows:
            assert np.allclose(p.get(v), nets[1].populations[p.name].get(v), **NEAR)
    for q in nets[0].projections.values():
        for v, values in q.values.items():
            assert np.allclose(values, nets[1].projections[q.name].values[v], **NEAR)


# -- two networks at once ---------------------------------------------------------------------------------------------
def test_two_networks_at_once_do_not_disturb_each_other():
    found, problems, start = {}, [], threading.Barrier(2)

    def simulate(name):
        try:
            net = build(name, SMALL)
            start.wait()
            for _ in range(6):
                result = net.run(STEPS // 6 * DT, threads=2)
            found[name] = exact.everything(result, net)
        except Exception as error:
            problems.append(error)

    workers = [threading.Thread(target=simulate, args=(name,)) for name in ("cuba", "brunel")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not problems
    assert found == {name: whole(name, SMALL) for name in ("cuba", "brunel")}


# -- long runs --------------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_ten_million_steps_without_drift_or_growth():
    """In a process of its own: what other tests leave behind moves the memory of this one by megabytes."""
    done = subprocess.run([sys.executable, long_run.__file__], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MEMORY
