"""What a kernel depends on is a value that can be written down."""

from __future__ import annotations

import json

from spikegram.kernels.layer_form import LayerForm, SurrogateForm


def test_forms_are_json() -> None:
    kind = SurrogateForm("atan", names=("k",))
    form = LayerForm(("x",), (1.0,), "", 1.0, (), ("tau",), ("v",), False, False, kind)
    assert json.loads(json.dumps(list(form))) == [["x"], [1.0], "", 1.0, [], ["tau"], ["v"], False, False,
                                                  ["atan", "", "", ["k"]], 0, ""]  # fmt: skip
