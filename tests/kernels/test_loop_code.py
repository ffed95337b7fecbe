"""Order of the time loop, read from its text."""

import re

from spikegram.kernels.loop_code import GroupCall, LoopPlan, SynapseCall, numba_loop

CELL = GroupCall("neuron_a", has_inputs=True, has_reset=True)
SOURCE = GroupCall("", has_inputs=False, has_reset=False)
STATIC = SynapseCall("synapse_s", 0, 1, True, False, False, False, False, False)


def calls(plan: LoopPlan) -> list[str]:
    """Names of what a step calls, in order."""
    body = numba_loop(plan).split("for j in range(n):")[1]
    return re.findall(r"^ +(?:neuron_a_|synapse_s_)?(\w+)\(", body, re.M)


def test_order_of_a_step() -> None:
    found = calls(LoopPlan((SOURCE, CELL), (STATIC,)))
    expected = ["play", "inject", "take_inputs", "advance", "barrier", "on_pre", "gather", "reset"]
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
    assert calls(LoopPlan((CELL,), (reads,))).count("barrier") == 3
    assert calls(LoopPlan((CELL,), (STATIC._replace(target=0),))).count("barrier") == 1
    sums = calls(LoopPlan((CELL,), (reads._replace(summed=True),)))
    assert sums.index("summed") < sums.index("barrier") < sums.index("advance")


def test_text_is_python() -> None:
    compile(numba_loop(LoopPlan((SOURCE, CELL), (STATIC,))), "loop", "exec")
