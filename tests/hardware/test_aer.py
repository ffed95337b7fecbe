"""Address-event words: golden bytes, round trips, and everything that does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.hardware import AddressField, AddressPacking, read_aer, write_aer

DVS = AddressPacking(
    (AddressField("polarity", 0, 1, ("off", "on")), AddressField("x", 1, 7), AddressField("y", 8, 7)),
    byte_order="big",
    order=("address", "time"),
)
CELLS = AddressPacking((AddressField("neuron", 0, 12), AddressField("population", 12, 4)))


def test_golden_bytes(tmp_path: Path) -> None:
    path = tmp_path / "dvs.aer"
    write_aer(path, [10, 0x01020304], DVS, polarity=[1, 0], x=[5, 127], y=[1, 64])
    # 5 << 1 | 1 | 1 << 8 = 0x10B; 127 << 1 | 64 << 8 = 0x40FE
    assert path.read_bytes() == bytes.fromhex("0000010b 0000000a 000040fe 01020304")
    little = AddressPacking(DVS.fields, time_bits=64, order=("time", "address"))
    write_aer(path, [10], little, polarity=[1], x=[5], y=[1])
    assert path.read_bytes() == bytes.fromhex("0a00000000000000 0b010000")


def test_description_stands_beside_the_file(tmp_path: Path) -> None:
    write_aer(tmp_path / "a.aer", [1], CELLS, neuron=[3], population=[2])
    described = json.loads((tmp_path / "a.aer.json").read_text())
    assert described["time_unit"] == "us" and described["byte_order"] == "little"
    assert described["order"] == ["address", "time"]
    assert described["fields"] == [
        {"name": "neuron", "lowest_bit": 0, "bits": 12},
        {"name": "population", "lowest_bit": 12, "bits": 4},
    ]
    assert AddressPacking.from_json(DVS.to_json()) == DVS


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 4095), st.integers(0, 15)), max_size=30),
    st.sampled_from(["little", "big"]),
    st.sampled_from([("address", "time"), ("time", "address")]),
    st.sampled_from([32, 64]),
)
def test_round_trip_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, events: list, byte_order: str, order: tuple, width: int
) -> None:
    folder = tmp_path_factory.mktemp("aer")
    packing = AddressPacking(CELLS.fields, width, width, byte_order, order)
    times, neurons, populations = (np.array([e[k] for e in events], dtype=np.int64) for k in range(3))
    write_aer(folder / "a.aer", times, packing, sort=True, neuron=neurons, population=populations)
    found = read_aer(folder / "a.aer")
    sequence = np.argsort(times, kind="stable")
    assert found.packing == packing
    np.testing.assert_array_equal(found.times, times[sequence])
    np.testing.assert_array_equal(found.fields["neuron"], neurons[sequence])
    np.testing.assert_array_equal(found.fields["population"], populations[sequence])
    write_aer(folder / "b.aer", found.times, found.packing, **found.fields)
    assert (folder / "b.aer").read_bytes() == (folder / "a.aer").read_bytes()
    assert (folder / "b.aer.json").read_bytes() == (folder / "a.aer.json").read_bytes()


@pytest.mark.parametrize(
    ("times", "fields", "error", "words"),
    [
        ([-1], dict(neuron=[0], population=[0]), ValueError, "times: expected numbers >= 0, got -1"),
        ([2**32], dict(neuron=[0], population=[0]), ValueError, "does not fit into 32 bits"),
        ([0.5], dict(neuron=[0], population=[0]), TypeError, "times: expected whole numbers"),
        ([0], dict(neuron=[4096], population=[0]), ValueError, "field 'neuron': 4096 does not fit into 12 bits"),
        ([0], dict(neuron=[0], population=[-2]), ValueError, "field 'population': expected numbers >= 0"),
        ([0], dict(neuron=[0]), ValueError, "expected the fields"),
        ([5, 4], dict(neuron=[0, 0], population=[0, 0]), ValueError, "ascending times, got 4 us after 5 us"),
        ([5, 6], dict(neuron=[0], population=[0]), ValueError, "times: expected one for each event"),
    ],
)
def test_refuses_what_does_not_fit(tmp_path: Path, times: list, fields: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        write_aer(tmp_path / "a.aer", times, CELLS, **fields)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        (dict(fields=(AddressField("a", 0, 4), AddressField("b", 3, 2))), "bit 3 is in 'a' and in 'b'"),
        (dict(fields=(AddressField("a", 30, 4),)), "'a' ends at bit 33, an address has 32 bits"),
        (dict(fields=()), "fields: expected"),
        (dict(fields=(AddressField("a", 0, 4), AddressField("a", 4, 4))), "same name"),
        (dict(fields=(AddressField("a", 0, 4),), address_bits=24), "address_bits: expected one of"),
        (dict(fields=(AddressField("a", 0, 4),), byte_order="middle"), "byte_order"),
        (dict(fields=(AddressField("a", 0, 4),), order=("time", "time")), "order"),
    ],
)
def test_refuses_a_wrong_packing(kwargs: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AddressPacking(**kwargs)


@pytest.mark.parametrize(
    "field", [("a b", 0, 1), ("a", -1, 1), ("a", 0, 0), ("a", 0, True), ("a", 0, 1, ("x", "y", "z"))]
)
def test_refuses_a_wrong_field(field: tuple) -> None:
    with pytest.raises(ValueError, match="AddressField"):
        AddressField(*field)


def test_reader_guesses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.aer"
    write_aer(path, [1, 2], CELLS, neuron=[3, 4], population=[2, 0])
    beside = tmp_path / "a.aer.json"
    text = beside.read_text()
    beside.unlink()
    with pytest.raises(ValueError, match="no description 'a.aer.json' beside the file"):
        read_aer(path)
    assert read_aer(path, CELLS).fields["neuron"].tolist() == [3, 4]
    with pytest.raises(ValueError, match="bits outside of the fields"):
        read_aer(path, AddressPacking((AddressField("neuron", 0, 12),)))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="15 bytes are no whole number of events of 8 bytes"):
        read_aer(path, CELLS)
    path.write_bytes(bytes.fromhex("00000000 05000000 00000000 04000000"))
    with pytest.raises(ValueError, match="times go back"):
        read_aer(path, CELLS)
    for damage in ("{", text.replace("lowest_bit", "bit"), text.replace('"us"', '"ms"'), '{"fields": 3}'):
        beside.write_text(damage)
        with pytest.raises(ValueError, match=r"a\.aer\.json"):
            read_aer(path)
