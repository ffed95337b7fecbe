"""Files of layers; the round trip of each layer is in `test_every_layer.py`."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch import load


def test_other_files_are_refused(tmp_path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="expected a file written by"):
        load(tmp_path / "other.pt")


def test_a_file_cannot_name_other_code(tmp_path) -> None:
    torch.save({"class": "os.system", "config": "{}", "state_dict": {}}, tmp_path / "bad.pt")
    with pytest.raises(ValueError, match="expected a layer of spikegram"):
        load(tmp_path / "bad.pt")
