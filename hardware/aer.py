"""Address events (AER): words of an address and a time, with a description of the address beside the file.

An address packs a few numbers (neuron and population; x, y and polarity) into bits, and there is no standard for that.
So the packing is stated: `AddressPacking` says which bits hold what, how wide the two words are, which comes first and
in which byte order. `write_aer` writes the words and, beside them, the packing as JSON (``events.aer`` and
``events.aer.json``); `read_aer` needs that description and never guesses. Times are whole microseconds.

>>> packing = AddressPacking((AddressField("neuron", 0, 12), AddressField("population", 12, 4)))
>>> hex(packing.pack(neuron=[5], population=[2])[0]), packing.unpack([0x2005])["neuron"].tolist()
('0x2005', [5])
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

__all__ = ["AddressField", "AddressPacking", "AerEvents", "read_aer", "write_aer"]

_FORMAT = "address-event words"
_WIDTHS = (16, 32, 64)


@dataclass(frozen=True)
class AddressField:
    """Bits ``lowest`` ... ``lowest + bits - 1`` of the address; ``labels`` may name its values."""

    name: str
    lowest: int
    bits: int
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(f"AddressField.name: expected a name such as 'neuron', got {self.name!r}")
        for key, least in (("lowest", 0), ("bits", 1)):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"AddressField.{key}: expected a whole number >= {least}, got {value!r}")
        object.__setattr__(self, "labels", tuple(self.labels))
        if not all(isinstance(label, str) for label in self.labels) or len(self.labels) > 2**self.bits:
            raise ValueError(f"AddressField.labels: expected at most 2**{self.bits} names, got {self.labels!r}")


@dataclass(frozen=True)
class AddressPacking:
    """How events lie in a file.

    Parameters
    ----------
    fields : tuple of AddressField
        Must not overlap; bits of no field are 0.
    address_bits, time_bits : int
        Width of the two words: 16, 32 or 64.
    byte_order : str
        ``"little"`` or ``"big"``.
    order : tuple
        ``("address", "time")`` or ``("time", "address")``.
    """

    fields: tuple[AddressField, ...]
    address_bits: int = 32
    time_bits: int = 32
    byte_order: str = "little"
    order: tuple[str, str] = ("address", "time")
    time_unit: str = field(default="us", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", tuple(self.fields))
        object.__setattr__(self, "order", tuple(self.order))
        if not self.fields or not all(isinstance(f, AddressField) for f in self.fields):
            raise ValueError(f"AddressPacking.fields: expected AddressField values, got {self.fields!r}")
        for key in ("address_bits", "time_bits"):
            if isinstance(value := getattr(self, key), bool) or value not in _WIDTHS:
                raise ValueError(f"AddressPacking.{key}: expected one of {_WIDTHS}, got {value!r}")
        if self.byte_order not in ("little", "big"):
            raise ValueError(f"AddressPacking.byte_order: expected 'little' or 'big', got {self.byte_order!r}")
        if sorted(self.order) != ["address", "time"]:
            raise ValueError(f"AddressPacking.order: expected ('address', 'time') or the reverse, got {self.order!r}")
        taken: dict[int, str] = {}
        for f in self.fields:
            if f.lowest + f.bits > self.address_bits:
                raise ValueError(
                    f"AddressPacking.fields: {f.name!r} ends at bit {f.lowest + f.bits - 1}, an address has "
                    f"{self.address_bits} bits"
                )
            for bit in range(f.lowest, f.lowest + f.bits):
                if bit in taken:
                    raise ValueError(f"AddressPacking.fields: bit {bit} is in {taken[bit]!r} and in {f.name!r}")
                taken[bit] = f.name
        if len({f.name for f in self.fields}) < len(self.fields):
            raise ValueError("AddressPacking.fields: two fields have the same name")

    @property
    def dtype(self) -> np.dtype:
        """Numpy type of one event."""
        sign = "<" if self.byte_order == "little" else ">"
        width = {"address": self.address_bits // 8, "time": self.time_bits // 8}
        return np.dtype([(name, f"{sign}u{width[name]}") for name in self.order])

    def pack(self, **values: Any) -> np.ndarray:
        """Pack the fields, arrays of equal length, into addresses [S]; ValueError for what does not fit its bits."""
        names = {f.name for f in self.fields}
        if set(values) != names:
            raise ValueError(f"pack: expected the fields {sorted(names)}, got {sorted(values)}")
        address: Any = np.uint64(0)
        for f in self.fields:
            array = _whole(values[f.name], f"field {f.name!r}", 2**f.bits - 1, f"{f.bits} bits")
            address = address | (array << np.uint64(f.lowest))
        return np.atleast_1d(address)

    def unpack(self, addresses: Any) -> dict[str, np.ndarray]:
        """Give the fields of addresses; ValueError for bits set outside of all fields."""
        array = _whole(addresses, "addresses", 2**self.address_bits - 1, f"{self.address_bits} bits")
        found, rest = {}, array.copy()
        for f in self.fields:
            mask = np.uint64(2**f.bits - 1)
            found[f.name] = ((array >> np.uint64(f.lowest)) & mask).astype(np.int64 if f.bits < 64 else np.uint64)
            rest &= ~(mask << np.uint64(f.lowest))
        if rest.any():
            raise ValueError(
                f"addresses: {int(array[rest != 0][0]):#x} has bits outside of the fields: another packing?"
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """Give the description as plain values."""
        fields = [
            {"name": f.name, "lowest_bit": f.lowest, "bits": f.bits} | ({"labels": list(f.labels)} if f.labels else {})
            for f in self.fields
        ]
        return {
            "format": _FORMAT, "order": list(self.order),
            "address_bits": self.address_bits, "time_bits": self.time_bits,
            "byte_order": self.byte_order, "time_unit": self.time_unit, "fields": fields,
        }  # fmt: skip

    @classmethod
    def from_json(cls, values: Mapping[str, Any], what: str = "packing") -> AddressPacking:
        """Read a description; ValueError names ``what`` and the entry that is missing or wrong."""
        try:
            if values["format"] != _FORMAT or values["time_unit"] != "us":
                raise ValueError(f"expected {_FORMAT!r} with times in us")
            fields = tuple(
                AddressField(f["name"], f["lowest_bit"], f["bits"], tuple(f.get("labels", ())))
                for f in values["fields"]
            )
            return cls(
                fields, values["address_bits"], values["time_bits"], values["byte_order"], tuple(values["order"])
            )
        except KeyError as error:
            raise ValueError(f"{what}: the entry {error} is missing") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{what}: {error}") from None


class AerEvents(NamedTuple):
    """Times in whole microseconds [S], the fields of the addresses [S], and the packing."""

    times: np.ndarray
    fields: dict[str, np.ndarray]
    packing: AddressPacking


def write_aer(path: str | Path, times: Any, packing: AddressPacking, sort: bool = False, **fields: Any) -> None:
    """Write events and, beside them, their description.

    Parameters
    ----------
    path : path
        The description goes to the same name with ``.json`` added.
    times : int array [S]
        In microseconds, ascending.
    packing : AddressPacking
    sort : bool
        Sort by time (events of one time keep their order) instead of refusing what is not.
    **fields : int arrays [S]
        One for each field of the packing.

    Raises
    ------
    ValueError, TypeError
        Numbers that are negative, no integers or too large for their bits; unequal lengths; unsorted times.
    """
    words = _whole(times, "times", 2**packing.time_bits - 1, f"{packing.time_bits} bits")
    addresses = packing.pack(**fields)
    if addresses.shape != words.shape or words.ndim != 1:
        raise ValueError(f"times: expected one for each event, {addresses.shape}, got {words.shape}")
    late = np.flatnonzero(words[1:] < words[:-1])
    if late.size and not sort:
        raise ValueError(f"times: expected ascending times, got {words[late[0] + 1]} us after {words[late[0]]} us")
    order = np.argsort(words, kind="stable")
    events = np.empty(len(words), packing.dtype)
    events["address"], events["time"] = addresses[order], words[order]
    path = Path(path)
    path.write_bytes(events.tobytes())
    _beside(path).write_text(json.dumps(packing.to_json(), indent=2) + "\n", encoding="utf-8")


def read_aer(path: str | Path, packing: AddressPacking | None = None) -> AerEvents:
    """Read events.

    Parameters
    ----------
    path : path
    packing : AddressPacking, optional
        By default the description beside the file; without one the file is refused.

    Raises
    ------
    ValueError
        No description, a cut-off file, bits outside of the fields, times that go back.
    """
    path = Path(path)
    if packing is None:
        beside = _beside(path)
        if not beside.is_file():
            raise ValueError(
                f"{path}: packing: no description {beside.name!r} beside the file; give packing=AddressPacking(...)"
            )
        try:
            packing = AddressPacking.from_json(json.loads(beside.read_text(encoding="utf-8")), str(beside))
        except json.JSONDecodeError as error:
            raise ValueError(f"{beside}: no JSON ({error})") from None
    raw = path.read_bytes()
    if len(raw) % packing.dtype.itemsize:
        raise ValueError(f"{path}: {len(raw)} bytes are no whole number of events of {packing.dtype.itemsize} bytes")
    events = np.frombuffer(raw, packing.dtype)
    times = events["time"].astype(np.uint64)
    if (times[1:] < times[:-1]).any():
        raise ValueError(
            f"{path}: times go back; another packing, or a counter of {packing.time_bits} bits that wrapped"
        )
    kept = times if packing.time_bits == 64 else times.astype(np.int64)
    return AerEvents(kept, packing.unpack(events["address"].astype(np.uint64)), packing)


def _beside(path: Path) -> Path:
    return path.with_name(os.fspath(path.name) + ".json")


def _whole(values: Sequence[int] | Any, what: str, highest: int, room: str) -> np.ndarray:
    array = np.atleast_1d(np.asarray(values))
    if array.size == 0:
        return np.zeros(array.shape, np.uint64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{what}: expected whole numbers, got {array.dtype}")
    if int(array.min()) < 0:
        raise ValueError(f"{what}: expected numbers >= 0, got {array.min()}")
    if int(array.max()) > highest:
        raise ValueError(f"{what}: {array.max()} does not fit into {room} (at most {highest})")
    return array.astype(np.uint64)
