"""Recordings on disk: HDF5 that comes back bit for bit, and files that Neo reads.

Layout of the HDF5 file (format ``spikegram result``, version 1), arrays in edge units::

    /                              format, version (attributes); meta (JSON text)
    /populations/NAME              name, size, meta (JSON), threshold (attributes)
    /populations/NAME/spikes       dt (ms), start_step, stop_step (attributes);
                                   steps, ids, recorded (arrays)
    /populations/NAME/traces/VAR   name, unit (attributes); times, ids, values (arrays)
    /projections/NAME              name, pre, post, unit, pre_size, post_size (attributes);
                                   pre_ids, post_ids, weights, delays, weights_before (arrays)

Group names are the names with ``/``, ``.`` and what is not ASCII percent-encoded, in the order of
the result. Every array has its CRC-32 as an attribute, the file that of all attributes. What is
not set (threshold, recorded, delays, ...) is absent.

A file is written under another name beside its place and then moved there: a run that dies while
saving leaves the old file as it was.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from .records import PopulationRecord, ProjectionRecord, Trace
from .spiketrains import SpikeTrains, require

if TYPE_CHECKING:
    import h5py

    from .result import Result

__all__ = ["complete_or_not_at_all", "load", "save", "save_neo"]

FORMAT = "spikegram result"
VERSION = 1
_COMPRESS_FROM = 4096  # bytes; smaller arrays are stored as they are
_MOST_COMPRESSION = 1100  # deflate reaches 1032 to 1: an array that claims more is not all there


def save(result: Result, path: str | Path) -> None:
    """Write a result to an HDF5 file; a file of that name is replaced once the new one is complete.

    Parameters
    ----------
    result : Result
    path : str or Path
        Its folder must exist.
    """
    h5py = require("h5py")
    with complete_or_not_at_all(path) as draft, h5py.File(draft, "w") as file:
        file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
        populations = file.create_group("populations", track_order=True)
        for record in result.populations.values():
            _write_population(_group(populations, record.name), record)
        projections = file.create_group("projections", track_order=True)
        for record in result.projections.values():
            group = _group(projections, record.name)
            for key in ("pre", "post", "unit", "pre_size", "post_size"):
                _set_if_given(group, key, getattr(record, key))
            for key in ("pre_ids", "post_ids", "weights", "delays", "weights_before"):
                _write_array(group, key, getattr(record, key))
        text = json.dumps(result.meta)
        file["meta"] = text
        file["meta"].attrs["crc32"] = zlib.crc32(text.encode())
        file.attrs["crc32"] = _crc_of_attributes(file)


def load(path: str | Path) -> Result:
    """Read a file written by `save`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no HDF5 file, of another format or a newer version, or damaged: the message names
        the file and the part.
    """
    from .result import Result

    h5py = require("h5py")
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no file {path}")
    try:
        with h5py.File(path, "r") as file:
            _check_format(file)
            populations = [_read_population(g) for g in _children(file, "populations")]
            projections = [_read_projection(g) for g in _children(file, "projections")]
            return Result(
                {record.name: record for record in populations},
                {record.name: record for record in projections},
                _read_meta(file),
            )
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None
    except (OSError, RuntimeError, KeyError, MemoryError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: not an HDF5 file, or a damaged one ({reason})") from None


def save_neo(result: Result, path: str | Path) -> None:
    """Write spikes and traces to a file that ``neo.io.get_io(path).read_block()`` reads.

    Parameters
    ----------
    result : Result
    path : str or Path
        ``.nix``: the NIX format, Neo's own choice, with all annotations; it takes about 10 ms and
        20 kB per spike train (package ``nixio``). ``.mat``: Neo's MATLAB format, quick and small,
        for thousands of trains (package ``scipy``).
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".nix", ".mat"):
        raise ValueError(f"path: expected a name that ends in .nix or .mat, got {str(path)!r}")
    require("nixio" if suffix == ".nix" else "scipy")
    neo_io = require("neo.io")
    block = result.to_neo()
    with complete_or_not_at_all(path) as draft:
        if suffix == ".mat":
            neo_io.NeoMatlabIO(draft).write_block(block)
            return
        file = neo_io.NixIO(draft, "ow")
        try:
            file.write_block(block)
        finally:
            file.close()


@contextmanager
def complete_or_not_at_all(path: str | Path) -> Iterator[str]:
    """Give a name beside ``path`` to write to; on success it takes the place of ``path``."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"no folder {target.parent} to write {target.name} to")
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, expected the name of a file")
    draft = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
    try:
        yield str(draft)
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, target)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _group(parent: h5py.Group, name: str) -> h5py.Group:
    group = parent.create_group(_group_name(name), track_order=True)
    group.attrs["name"] = name
    return group


def _group_name(name: str) -> str:
    return quote(name, safe=" ").replace(".", "%2E")


def _set_if_given(group: h5py.Group, key: str, value: Any) -> None:
    if value is not None:
        group.attrs[key] = value


def _write_array(group: h5py.Group, key: str, array: np.ndarray | None) -> None:
    if array is None:
        return
    packed = dict(compression="gzip", compression_opts=1, shuffle=True)
    dataset = group.create_dataset(key, data=array, **(packed if array.nbytes >= _COMPRESS_FROM else {}))
    dataset.attrs["crc32"] = _crc(array)


def _crc(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _crc_of_attributes(file: h5py.File) -> int:
    """Sum over the attributes of all members (among them each array's own sum), by name."""
    sums: list[str] = []

    def add(name: str, member: Any) -> None:
        values = {key: np.asarray(value).tolist() for key, value in member.attrs.items()}
        sums.append(json.dumps([name, values], sort_keys=True))

    file.visititems(add)
    return zlib.crc32("\n".join(sorted(sums)).encode())


def _write_population(group: h5py.Group, record: PopulationRecord) -> None:
    group.attrs["size"], group.attrs["meta"] = record.size, json.dumps(record.meta)
    _set_if_given(group, "threshold", record.threshold)
    if (spikes := record.spikes) is not None:
        part = group.create_group("spikes")
        for key in ("dt", "start_step", "stop_step"):
            part.attrs[key] = getattr(spikes, key)
        for key in ("steps", "ids", "recorded"):
            _write_array(part, key, getattr(spikes, key))
    traces = group.create_group("traces", track_order=True)
    for trace in record.traces.values():
        part = _group(traces, trace.name)
        part.attrs["unit"] = trace.unit
        for key in ("times", "ids", "values"):
            _write_array(part, key, getattr(trace, key))


def _check_format(file: h5py.File) -> None:
    found = file.attrs.get("format")
    if not isinstance(found, str) or found != FORMAT:
        raise ValueError(f"an HDF5 file, but not a {FORMAT} (format: {found!r})")
    version = _attr(file, "version", int)
    if not 1 <= version <= VERSION:
        raise ValueError(f"version {version} of the format; this spikegram reads up to {VERSION}")
    if _crc_of_attributes(file) != _attr(file, "crc32", int):
        raise ValueError("the attributes do not fit their check sum: damaged or edited")


def _item(group: h5py.Group, key: str, kind: str = "dataset") -> Any:
    """Get a member that lies in this file; links to other files are not followed."""
    h5py = require("h5py")
    link = group.get(key, getlink=True)
    if link is None:
        raise ValueError(f"{group.name.rstrip('/')}/{key} is missing")
    item = group[key] if isinstance(link, h5py.HardLink) else None
    if not isinstance(item, h5py.Group if kind == "group" else h5py.Dataset):
        raise ValueError(f"{group.name.rstrip('/')}/{key}: expected a {kind} in this file")
    return item


def _children(group: h5py.Group, key: str) -> list[h5py.Group]:
    parent = _item(group, key, "group")
    groups = [_item(parent, name, "group") for name in parent]
    for key, child in zip(parent, groups, strict=True):
        if _group_name(name := _attr(child, "name", str)) != key:
            raise ValueError(f"{child.name}: expected the name of this group, got {name!r}")
    return groups


def _attr(group: h5py.Group, key: str, kind: type) -> Any:
    value = group.attrs.get(key)
    if kind is str:
        return _text(value, f"{group.name}: attribute {key!r}")
    if not isinstance(value, np.integer if kind is int else np.floating):
        raise ValueError(f"{group.name}: attribute {key!r}: expected {kind.__name__}, got {value!r}")
    return kind(value)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str | bytes):
        raise ValueError(f"{what}: expected a text, got {value!r}")
    return value if isinstance(value, str) else value.decode("utf-8")


def _read_array(group: h5py.Group, key: str, optional: bool = False) -> np.ndarray | None:
    if optional and key not in group:
        return None
    dataset = _item(group, key)
    where = dataset.name
    if dataset.is_virtual or dataset.external or dataset.dtype.kind not in "biuf":
        raise ValueError(f"{where}: expected numbers stored in this file, got {dataset.dtype}")
    if dataset.nbytes > _MOST_COMPRESSION * dataset.id.get_storage_size():
        raise ValueError(f"{where}: {dataset.nbytes} bytes are announced but not there")
    array = dataset[()]
    if not isinstance(array, np.ndarray) or _crc(array) != _attr(dataset, "crc32", int):
        raise ValueError(f"{where}: the values do not fit their check sum: damaged or edited")
    return array


def _read_meta(file: h5py.File) -> dict[str, Any]:
    dataset = _item(file, "meta")
    text = _text(dataset[()], "meta")
    if zlib.crc32(text.encode()) != _attr(dataset, "crc32", int):
        raise ValueError("/meta: the text does not fit its check sum: damaged or edited")
    return json.loads(text)


def _read_population(group: h5py.Group) -> PopulationRecord:
    size, spikes = _attr(group, "size", int), None
    if "spikes" in group:
        part = _item(group, "spikes", "group")
        dt = _attr(part, "dt", float)
        start, stop = (_attr(part, key, int) for key in ("start_step", "stop_step"))
        arrays = [_read_array(part, key, key == "recorded") for key in ("steps", "ids", "recorded")]
        spikes = _within(part, SpikeTrains, *arrays[:2], size, dt, stop * dt, start * dt, arrays[2])
    traces = {}
    for part in _children(group, "traces"):
        name, unit = _attr(part, "name", str), _attr(part, "unit", str)
        arrays = [_read_array(part, key) for key in ("times", "ids", "values")]
        traces[name] = _within(part, Trace, name, *arrays, unit)
    threshold = _attr(group, "threshold", float) if "threshold" in group.attrs else None
    meta = json.loads(_attr(group, "meta", str))
    name = _attr(group, "name", str)
    return _within(group, PopulationRecord, name, size, spikes, traces, threshold, meta)


def _read_projection(group: h5py.Group) -> ProjectionRecord:
    fields: dict[str, Any] = {k: _attr(group, k, str) for k in ("name", "pre", "post", "unit")}
    for key in ("pre_size", "post_size"):
        if key in group.attrs:
            fields[key] = _attr(group, key, int)
    for key in ("pre_ids", "post_ids", "weights", "delays", "weights_before"):
        fields[key] = _read_array(group, key, optional=key in ("delays", "weights_before"))
    return _within(group, ProjectionRecord, **fields)


def _within(group: h5py.Group, build: type, *args: Any, **fields: Any) -> Any:
    """Build a record and say where in the file the values that it refuses are."""
    try:
        return build(*args, **fields)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{group.name}: {error}") from None
