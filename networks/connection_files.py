"""Connection sets from files: CSV tables and SONATA edge files.

Each function gives a `ConnectionSet`: a `FromList` connector and the other columns of the file, one value per synapse
in the order of the connector, to be handed on as weights and delays:

    edges = read_sonata_edges("v1_v1_edges.h5", "v1_v1_edge_types.csv")
    net.project(v1, v1, edges.connector, weight=edges["syn_weight"], delay=edges["delay"], target="I")

The numbers are passed on as they stand in the file: SONATA's delays are ms, as here; its weights have whatever unit the
simulator of the model gave them (pA for NEST, uS for NEURON), so scale them to the edge unit of the target.

>>> from pathlib import Path
>>> _ = Path("synapses.csv").write_text("pre,post,weight,delay\\n0,2,0.5,1.5\\n1,0,-0.1,2\\n")
>>> table = read_csv_connections("synapses.csv")
>>> table.connector.synapses.tolist(), table["weight"].tolist(), table["delay"].tolist()
([[0, 2], [1, 0]], [0.5, -0.1], [1.5, 2.0])
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .from_list import FromList

__all__ = ["ConnectionSet", "read_csv_connections", "read_sonata_edges"]


@dataclass(frozen=True)
class ConnectionSet:
    """Synapses of a file.

    Attributes
    ----------
    connector : FromList
        Who is joined to whom, each population counted from 0.
    columns : dict
        Name -> float array [S] in the order of the connector; ``edges["delay"]`` is ``edges.columns["delay"]``.
    pre_name, post_name : str
        Names of the populations, '' if the file does not tell.
    """

    connector: FromList
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    pre_name: str = ""
    post_name: str = ""

    def __len__(self) -> int:
        return len(self.connector.synapses)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.columns:
            have = ", ".join(self.columns) or "(none)"
            raise KeyError(f"no column {name!r} with a number for every synapse; expected one of {have}")
        return self.columns[name]


def read_csv_connections(path: Any, pre: str = "pre", post: str = "post", delimiter: str = ",") -> ConnectionSet:
    """Read a table of synapses, one a line, with the names of the columns in the first line.

    Parameters
    ----------
    path : str or Path
        Lines that begin with ``#`` are comments.
    pre, post : str
        Names of the two columns of neuron numbers, counted from 0 within what is connected. All others must be numbers.
    delimiter : str
        Between columns; a blank stands for any white space.

    Raises
    ------
    ValueError
        With the file, and the column or line that is at fault.
    """
    path = Path(path)
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise ValueError(f"{path}: expected a line with the names of the columns, got an empty file")
    blank = delimiter == " "
    names = lines[0].split() if blank else [n.strip() for n in next(csv.reader(lines[:1], delimiter=delimiter))]
    for what, name in (("pre", pre), ("post", post)):
        if names.count(name) != 1:
            raise ValueError(f"{path}: {what}: expected one column {name!r}, got the columns {', '.join(names)}")
    if len(set(names)) < len(names):
        raise ValueError(f"{path}: expected different names of columns, got {', '.join(names)}")
    try:
        table = np.loadtxt(lines[1:], delimiter=None if blank else delimiter, ndmin=2) if lines[1:] else np.zeros(0)
    except ValueError as error:
        raise ValueError(f"{path}: expected {len(names)} numbers in each line below the names: {error}") from None
    if table.size == 0:
        table = np.zeros((0, len(names)))
    if table.shape[1] != len(names):
        raise ValueError(f"{path}: expected {len(names)} numbers in each line below the names, got {table.shape[1]}")
    columns = {n: np.ascontiguousarray(table[:, k]) for k, n in enumerate(names)}
    try:
        connector = FromList(np.stack([columns.pop(pre), columns.pop(post)], axis=1))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return ConnectionSet(connector, columns)


def read_sonata_edges(path: Any, types: Any = None, population: str | None = None) -> ConnectionSet:
    """Read one edge population of a SONATA file.

    An attribute of an edge is taken from its group in the HDF5 file, or, where the group has none, from the row of its
    type in the table of edge types. Attributes that are no numbers, or that some edges lack, are left out.

    Parameters
    ----------
    path : str or Path
        ``..._edges.h5``
    types : str or Path, optional
        ``..._edge_types.csv``, separated by blanks.
    population : str, optional
        Which of ``/edges/...``; may be left out if there is one only.

    Raises
    ------
    ValueError
        What the file lacks.
    """
    import h5py

    path = Path(path)
    with h5py.File(path, "r") as file:
        if "edges" not in file:
            raise ValueError(f"{path}: expected a SONATA edge file with a group '/edges', got {', '.join(file) or '-'}")
        found = [n for n, group in file["edges"].items() if isinstance(group, h5py.Group)]
        if population is None:
            if len(found) != 1:
                raise ValueError(f"{path}: population: name one of {', '.join(found) or '(none)'}")
            population = found[0]
        if population not in found:
            raise ValueError(f"{path}: population: expected one of {', '.join(found) or '(none)'}, got {population!r}")
        edges, where = file["edges"][population], f"{path}: /edges/{population}"
        ids = [_integers(edges, name, where) for name in ("source_node_id", "target_node_id")]
        if len(ids[0]) != len(ids[1]):
            raise ValueError(f"{where}: expected as many sources as targets, got {len(ids[0])} and {len(ids[1])}")
        names = [_population_name(edges[name]) for name in ("source_node_id", "target_node_id")]
        size = len(ids[0])
        parts = _group_values(edges, size, where)
        kinds = _integers(edges, "edge_type_id", where) if "edge_type_id" in edges else None
    if types is not None:
        if kinds is None:
            raise ValueError(f"{where}: expected 'edge_type_id', as a table of edge types is given")
        for name, values in _type_values(Path(types), kinds).items():
            known = parts.setdefault(name, np.full(size, np.nan))
            parts[name] = np.where(np.isnan(known), values, known)
    columns = {n: v for n, v in parts.items() if not np.isnan(v).any()}
    return ConnectionSet(FromList(np.stack(ids, axis=1)), columns, *names)


def _integers(group: Any, name: str, where: str) -> np.ndarray:
    if name not in group or group[name].ndim != 1 or group[name].dtype.kind not in "iu":
        raise ValueError(f"{where}: expected a list of whole numbers {name!r}, got {', '.join(group)}")
    return group[name][()].astype(np.int64)


def _population_name(dataset: Any) -> str:
    name = dataset.attrs.get("node_population", "")
    return name.decode() if isinstance(name, bytes) else str(name)


def _group_values(edges: Any, size: int, where: str) -> dict[str, np.ndarray]:
    """Give the numbers that the groups of attributes hold, for each edge; NaN where there is none."""
    import h5py

    if "edge_group_id" not in edges:
        return {}
    number, place = _integers(edges, "edge_group_id", where), _integers(edges, "edge_group_index", where)
    found: dict[str, np.ndarray] = {}
    for k in np.unique(number):
        if str(k) not in edges:
            raise ValueError(f"{where}: expected the group {str(k)!r} that edge_group_id names, got {', '.join(edges)}")
        mine = np.flatnonzero(number == k)
        for name, data in edges[str(k)].items():
            if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "iuf" or data.ndim != 1:
                continue
            if len(data) <= place[mine].max():
                raise ValueError(f"{where}/{k}/{name}: expected more than {place[mine].max()} values, got {len(data)}")
            found.setdefault(name, np.full(size, np.nan))[mine] = data[()][place[mine]]
    return found


def _type_values(path: Path, kinds: np.ndarray) -> dict[str, np.ndarray]:
    """Give the numbers of the table of edge types, for each edge; NaN where there is none."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=" ", skipinitialspace=True))
    if not rows or "edge_type_id" not in rows[0]:
        raise ValueError(f"{path}: expected a table with a column 'edge_type_id', separated by blanks")
    table = {int(row["edge_type_id"]): row for row in rows}
    used, which = np.unique(kinds, return_inverse=True)
    if missing := set(used.tolist()) - table.keys():
        raise ValueError(f"{path}: expected a row for each edge type, got none for {min(missing)}")
    found = {}
    for name in rows[0]:
        values = np.array([_number(table[k][name]) for k in used.tolist()])
        if name not in (None, "edge_type_id") and not np.isnan(values).all():
            found[name] = values[which]
    return found


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return np.nan
