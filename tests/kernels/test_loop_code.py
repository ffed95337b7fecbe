"""Order of the time loop, read from its text."""

import re

from spikegram.kernels.loop_code import GroupCall, LoopPlan, SynapseCall, numba_loop

CELL = GroupCall("neuron_a", (("advance", ("_thread", "_X")), ("reset", ("_ids",))), True, True, True, False)
SOURCE = GroupCall("", (), False, False, False, False)
TAKEN = tuple((f, ("_thread", "_k", "_row", "_Xt")) for f in ("on_pre", "on_post", "clocked", "summed", "fade"))
STATIC = SynapseCall("synapse_s", TAKEN, 0, 1, True, False, False, False, False, False, False)


def calls(plan: LoopPlan) -> list[str]:
    """Names of what a step calls, in order."""
    body = numba_loop(plan).split("for j in range(n):")[1]
    return re.findall(r"^ +(?:neuron_a_|synapse_s_)?(\w+)\(", body, re.M)


def test_order_of_a_step() -> None:
    found = calls(LoopPlan((SOURCE, CELL), (STATIC,)))
    expected = ["play", "inject", "take_inputs", "advance", "arrive", "wait", "wait", "on_pre", "gather", "reset"]
    assert [c for c in found if c != "record"] == expected
    assert found.index("record") < found.index("advance")


def test_postsynaptic_spikes_first_if_the_model_says_so() -> None:
    both = STATIC._replace(on_post=True)
    assert calls(LoopPlan((CELL,), (both._replace(target=0),))).index("on_pre") < calls(
        LoopPlan((CELL,), (both._replace(target=0),))
    ).index("on_post")
    turned = calls(LoopPlan((CELL,), (both._replace(target=0, pre_first=False),)))
    assert turned.index("on_post") < turned.index("on_pre")


def test_threads_meet_again_where_one_reads_what_another_owns() -> None:
    reads = STATIC._replace(reads_pre=True, target=0)
    assert calls(LoopPlan((CELL,), (reads,))).count("barrier") == 4
    assert calls(LoopPlan((CELL,), (STATIC._replace(target=0),))).count("barrier") == 0
    sums = calls(LoopPlan((CELL,), (reads._replace(summed=True),)))
    assert sums.index("summed") < sums.index("barrier", 1) < sums.index("advance")


def test_threads_meet_once_a_slab_where_delays_allow_it() -> None:
    begin, meet = "if slab > 0 and j % slab == 0:\n            ", "if slab == 0:\n            "
    text = numba_loop(LoopPlan((SOURCE, CELL), (STATIC,)))
    assert f"{begin}wait(sync, threads, j // slab)" in text and f"{meet}wait(sync, threads, j + 1)" in text
    text = numba_loop(LoopPlan((CELL,), (STATIC._replace(reads_pre=True, target=0),)))
    assert f"{begin}barrier" in text and f"{meet}barrier" in text and "arrive(" not in text


def test_what_comes_onto_inputs_is_waited_for_before_the_cells() -> None:
    assert calls(LoopPlan((CELL,), (STATIC._replace(early=True, target=0),)))[:2] == ["wait", "record"]
    text = numba_loop(LoopPlan((CELL,), (STATIC._replace(early=True, target=0),)))
    assert "sync[16] = j + 1\n" in text
    assert "sync[16] = j + 1 + slab\n" in numba_loop(LoopPlan((CELL,), (STATIC._replace(target=0),)))


def test_functions_take_what_they_read() -> None:
    text = numba_loop(LoopPlan((SOURCE, CELL), (STATIC._replace(traces=True),)))
    assert "synapse_s_on_pre(thread, k, p0_row, X1)" in text and "p0_row = p0[0]" in text
    assert "neuron_a_advance(thread, g1_X)" in text and "synapse_s_fade(" in text


def test_a_poisson_input_comes_after_the_spikes_or_before_the_inputs() -> None:
    driven = calls(LoopPlan((CELL._replace(driven=True),), (STATIC._replace(target=0),)))
    first, second = (k for k, c in enumerate(driven) if c == "poisson")
    assert driven.index("inject") < first < driven.index("take_inputs")
    assert driven.index("on_pre") < second < driven.index("gather")


def test_text_is_python() -> None:
    compile(numba_loop(LoopPlan((SOURCE, CELL), (STATIC,))), "loop", "exec")
