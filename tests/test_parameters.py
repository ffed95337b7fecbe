"""Parameters: declaring, replacing, the weight's pseudo-unit, messages."""

import pytest

from spikegram.parameters import WEIGHT, declare, replace_values
from spikegram.units import DIMENSIONLESS, TIME


def test_forms_of_a_declaration() -> None:
    p = declare(dict(tau="20*ms", r=("100*Mohm", "resistance"), k=3, a="0.5*weight"), "model 'm'")
    assert (p["tau"].value, p["tau"].dims) == (0.02, TIME)
    assert p["r"].meaning == "resistance" and p["r"].value == 1e8
    assert (p["k"].value, p["k"].dims) == (3.0, DIMENSIONLESS)
    assert (p["a"].value, p["a"].dims) == (0.5, WEIGHT)
    assert [str(x) for x in p.values()] == ["20 ms", "100 MOhm", "3", "0.5 weight"]


def test_other_values_keep_unit_and_meaning() -> None:
    old = declare(dict(tau=("20*ms", "slow"), a="0.5*weight"), "model 'm'")
    new = replace_values(old, dict(tau=10, a=2), "model 'm'")
    assert new["tau"].value == 0.01 and new["tau"].meaning == "slow"
    assert new["a"].value == 2.0 and new["a"].dims == WEIGHT
    assert old["tau"].value == 0.02
    assert replace_values(old, dict(a="6*nA"), "model 'm'")["a"].value == pytest.approx(6e-9)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (dict(tau=("20*ms", 3)), ValueError, r"model 'm': parameter tau: expected \(value, 'meaning'\)"),
        (dict(tau=[1, 2]), TypeError, "one number"), (dict(tau="nonsense"), ValueError, "unknown unit 'nonsense'"),
        (dict(tau=float("nan")), ValueError, "finite"), (dict(tau=float("inf")), ValueError, "finite"),
        ({3: "1*ms"}, TypeError, "must be a text"), ({"_x": 1}, ValueError, "_x"), (dict(dt="1*ms"), ValueError, "reserved"),
        (dict(tau=True), TypeError, "one number"), (dict(tau="2*ms*weight"), ValueError, "plain number times weight"),
    ],
)  # fmt: skip
def test_messages_of_declare(values: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        declare(values, "model 'm'")


def test_messages_of_replace() -> None:
    known = declare(dict(tau="20*ms"), "model 'm'")
    with pytest.raises(ValueError, match="model 'm': no parameter 'tua'; expected one of tau"):
        replace_values(known, dict(tua=1), "model 'm'")
    with pytest.raises(ValueError, match="tau.*second.*volt"):
        replace_values(known, dict(tau="1*mV"), "model 'm'")
    with pytest.raises(TypeError, match="must be a dict"):
        declare([("tau", 1)], "model 'm'")
