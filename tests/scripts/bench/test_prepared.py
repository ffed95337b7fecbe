"""What runs before the clock starts, in which order, and which part of the time each takes."""

from __future__ import annotations

import time
from types import SimpleNamespace

from spikegram.scripts.bench.prepared import prepare


def test_small_network_then_the_real_one_laid_out_and_warmed_up() -> None:
    done: list[object] = []

    def made(name: str) -> SimpleNamespace:
        done.append(name)
        time.sleep(0.01)

        def run(duration: float, threads: int) -> None:
            done.append((name, duration, threads))
            time.sleep(0.02)

        return SimpleNamespace(name=name, net=SimpleNamespace(run=run))

    began = time.perf_counter()
    p = prepare(lambda: made("small"), lambda: made("real"), 0.1, 5, 2)
    assert done == ["small", ("small", 0.1, 2), "real", ("real", 0, 2), ("real", 5, 2)]
    assert p.built.name == "real" and p.build_s == p.draw_s + p.layout_s
    assert p.compile_s >= 0.03 and p.draw_s >= 0.01 and p.layout_s >= 0.02 and p.warm_up_s >= 0.02
    assert p.compile_s + p.build_s + p.warm_up_s <= p.ready - began
