"""Kernels on PyTorch's threads: all parts, at the same time, with what went wrong, and not after a fork."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from spikegram.bridges.torch import team
from spikegram.kernels import lanes

gnu = pytest.mark.skipif(team._region() is None, reason="PyTorch is not linked to GNU's OpenMP")


@pytest.fixture(autouse=True)
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_pool", None)  # so that a pool of our own would be seen
    monkeypatch.setattr(lanes, "_runner", lanes._runner)  # comes back after the test
    team.join()


@gnu
def test_parts_are_done_at_the_same_time_by_no_thread_of_ours() -> None:
    meet, seen = threading.Barrier(3, timeout=20), []

    def kernel(first: int, end: int, out: np.ndarray) -> None:
        meet.wait()
        out[first:end] += 1
        seen.append(threading.get_ident())

    out = np.zeros(10)
    lanes.on_lanes(kernel, 10, 3, out)
    assert (out == 1).all() and len(set(seen)) == 3 and threading.get_ident() in seen
    assert lanes._pool is None


@gnu
@pytest.mark.parametrize("bad", [0, 5])
def test_an_error_in_any_thread_is_raised_when_all_are_done(bad: int) -> None:
    done = []

    def kernel(first: int, end: int) -> None:
        if first == bad:
            raise ZeroDivisionError(first)
        done.append(first)

    with pytest.raises(ZeroDivisionError, match=str(bad)):
        lanes.on_lanes(kernel, 10, 2)
    assert done == [5 - bad]


@gnu
def test_python_threads_do_not_disturb_each_other() -> None:
    out = np.zeros((4, 1000))

    def work(k: int) -> None:
        for _ in range(200):
            lanes.on_lanes(lambda a, b: out[k, a:b].__iadd__(k + 1), 1000, 2)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (out == 200 * np.arange(1, 5)[:, None]).all()


_ALONE = """
import numpy as np, spikegram.bridges.torch
from spikegram.kernels.lanes import on_lanes
out = np.zeros(9)
on_lanes(lambda a, b: out[a:b].__iadd__(1), 9, 3)
assert (out == 1).all(), out
"""


def test_fewer_threads_than_parts() -> None:
    subprocess.run([sys.executable, "-c", _ALONE], check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"}, timeout=60)


_FORK = """
import os, signal
child = os.fork()
signal.alarm(30)  # a child that waits for threads which it has not
on_lanes(lambda a, b: out[a:b].__iadd__(1), 9, 3)
assert (out == 2).all(), out
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_the_child_of_a_fork_has_threads_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", _ALONE + _FORK], check=True, timeout=90)


def test_other_threads_of_pytorch_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__file__", "/nowhere/torch/__init__.py")
    lanes.run_parts_with(lanes._on_own_threads)
    assert team.join() is False
    out = np.zeros(10)
    lanes.on_lanes(lambda a, b: out[a:b].__iadd__(1), 10, 2)
    assert (out == 1).all() and lanes._pool is not None
