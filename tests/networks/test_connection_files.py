"""Connection sets from CSV and SONATA files: values in order, attributes of groups and types, every message."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from spikegram.networks import Network, SpikeArray, read_csv_connections, read_sonata_edges
from spikegram.neurons import LIFDelta

SOURCES, TARGETS = [0, 0, 2, 1, 2], [3, 1, 0, 3, 3]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "synapses.csv"
    path.write_text("# made by hand\npost, pre, weight\n\n3,0,1.5\n# a comment\n1,0,-2\n0,2,1e-3\n3,1,4\n3,2,5\n")
    return path


@pytest.fixture
def edges(tmp_path: Path) -> Path:
    """Five edges of two types, their attributes in two groups: the first has weight and delay, the second a delay."""
    path = tmp_path / "a_b_edges.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("edges/a_to_b")
        group["source_node_id"] = np.array(SOURCES, dtype=np.uint64)
        group["target_node_id"] = np.array(TARGETS, dtype=np.uint64)
        group["source_node_id"].attrs["node_population"] = "a"
        group["target_node_id"].attrs["node_population"] = b"b"
        group["edge_type_id"] = [100, 100, 101, 101, 100]
        group["edge_group_id"] = [0, 0, 1, 1, 0]
        group["edge_group_index"] = [2, 0, 1, 0, 1]
        group["0/syn_weight"], group["0/delay"] = [0.1, 0.2, 0.3], [1.0, 2.0, 3.0]
        group["0/only_here"] = [1, 2, 3]
        group["1/delay"] = [4.0, 5.0]
        group["1/dynamics_params/tau"] = [1.0, 1.0]
    return path


@pytest.fixture
def types(tmp_path: Path) -> Path:
    path = tmp_path / "types.csv"
    path.write_text(
        "edge_type_id model_template delay syn_weight sign target_query\n100 static 9.0 NULL 1 \"pop=='b b'\"\n"
        "101 static 8.0 -0.5 -1 NULL\n102 static 7 7 7 NULL\n"
    )
    return path


# -- CSV -------------------------------------------------------------------------------------------------------------
def test_a_table(table: Path) -> None:
    found = read_csv_connections(table)
    assert len(found) == 5 and list(found.columns) == ["weight"]
    assert found.connector.synapses.T.tolist() == [SOURCES, TARGETS]
    assert found["weight"].tolist() == [1.5, -2, 1e-3, 4, 5]
    assert (found.pre_name, found.post_name) == ("", "")


def test_names_and_delimiters(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_text("from   to  delay\n0  1   2.5\n7\t0  1\n")
    found = read_csv_connections(path, pre="from", post="to", delimiter=" ")
    assert found.connector.synapses.tolist() == [[0, 1], [7, 0]] and found["delay"].tolist() == [2.5, 1]
    path.write_text("pre;post\n")
    assert len(read_csv_connections(path, delimiter=";")) == 0


def test_a_network_from_a_table(table: Path) -> None:
    """The weights reach the cells that the table says."""
    found = read_csv_connections(table)
    net = Network(dt=1)
    source = net.population(3, SpikeArray([[1], [2], [3]]))
    cells = net.population(4, LIFDelta(tau_m=1e15, v_th=1e3), name="cells")
    q = net.project(source, cells, found.connector, weight=found["weight"], target="v")
    net.run(5, backend="reference")
    assert cells.get("v") + 60 == pytest.approx([1e-3, -2, 0, 10.5], abs=1e-9)
    assert q.pre_ids.tolist() == SOURCES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a line with the names of the columns, got an empty file"),
        ("a,b\n1,2\n", "pre: expected one column 'pre', got the columns a, b"),
        ("pre,post,pre\n1,2,3\n", "pre: expected one column 'pre'"),
        ("pre,post,w,w\n1,2,3,4\n", "expected different names of columns"),
        ("pre,post,w\n1,2,x\n", "expected 3 numbers in each line below the names.*x"),
        ("pre,post,w\n1,2\n", "expected 3 numbers in each line below the names, got 2"),
        ("pre,post\n1,2\n1,2,3\n", "expected 2 numbers in each line below the names"),
        ("pre,post\n1,2\n1,-1\n", "row 1: expected two whole numbers from 0 on"),
        ("pre,post\n1.5,2\n", "row 0: expected two whole numbers from 0 on"),
    ],
)
def test_malformed_tables(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"bad\.csv: .*{message}"):
        read_csv_connections(path)


# -- SONATA ----------------------------------------------------------------------------------------------------------
def test_attributes_of_the_groups(edges: Path) -> None:
    found = read_sonata_edges(edges)
    assert found.connector.synapses.T.tolist() == [SOURCES, TARGETS]
    assert (found.pre_name, found.post_name) == ("a", "b")
    assert found["delay"].tolist() == [3.0, 1.0, 5.0, 4.0, 2.0]
    with pytest.raises(KeyError, match="no column 'syn_weight' with a number for every synapse; expected one of delay"):
        found["syn_weight"]


def test_what_a_group_lacks_is_that_of_the_type(edges: Path, types: Path) -> None:
    found = read_sonata_edges(edges, types, population="a_to_b")
    assert found["syn_weight"].tolist() == [0.3, 0.1, -0.5, -0.5, 0.2]
    assert found["delay"].tolist() == [3.0, 1.0, 5.0, 4.0, 2.0]
    assert found["sign"].tolist() == [1, 1, -1, -1, 1]
    assert sorted(found.columns) == ["delay", "sign", "syn_weight"]


def test_edges_without_groups_and_types(tmp_path: Path) -> None:
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        file["edges/x/source_node_id"], file["edges/x/target_node_id"] = [1, 0], [0, 0]
    found = read_sonata_edges(path)
    assert found.connector.synapses.tolist() == [[1, 0], [0, 0]] and dict(found.columns) == {}
    assert (found.pre_name, found.post_name) == ("", "")


def test_messages(edges: Path, types: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="population: expected one of a_to_b, got 'c'"):
        read_sonata_edges(edges, population="c")
    types.write_text(types.read_text().replace("101 ", "103 "))
    with pytest.raises(ValueError, match=r"types\.csv: expected a row for each edge type, got none for 101"):
        read_sonata_edges(edges, types)
    types.write_text("a b\n1 2\n")
    with pytest.raises(ValueError, match="expected a table with a column 'edge_type_id'"):
        read_sonata_edges(edges, types)
    with h5py.File(edges, "a") as file:
        del file["edges/a_to_b/0"]
    with pytest.raises(ValueError, match="expected the group '0' that edge_group_id names"):
        read_sonata_edges(edges)
    with h5py.File(edges, "a") as file:
        file["edges/a_to_b/0/delay"] = [1.0]
    with pytest.raises(ValueError, match="0/delay: expected more than 2 values, got 1"):
        read_sonata_edges(edges)
    with h5py.File(edges, "a") as file:
        file.create_group("edges/other")
    with pytest.raises(ValueError, match="population: name one of a_to_b, other"):
        read_sonata_edges(edges)
    with pytest.raises(ValueError, match="expected a list of whole numbers 'source_node_id'"):
        read_sonata_edges(edges, population="other")
    with h5py.File(edges, "a") as file:
        del file["edges/a_to_b/edge_type_id"]
        del file["edges/a_to_b/edge_group_id"]
    with pytest.raises(ValueError, match="expected 'edge_type_id', as a table of edge types is given"):
        read_sonata_edges(edges, types, "a_to_b")
    path = tmp_path / "nodes.h5"
    with h5py.File(path, "w") as file:
        file.create_group("nodes")
    with pytest.raises(ValueError, match=r"nodes\.h5: expected a SONATA edge file with a group '/edges', got nodes"):
        read_sonata_edges(path)
