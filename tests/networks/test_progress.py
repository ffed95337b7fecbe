"""The bar of a run: its words, what it counts, and none where none is wanted."""

from __future__ import annotations

import sample_networks as samples

from spikegram.networks.progress import progress_bar


def test_progress_bar(capsys):
    net = samples.busy(record=False)
    net.run(50, progress=True)
    text = capsys.readouterr().err
    assert "simulating" in text
    assert "50/50 ms" in text
    net.run(0, progress=True)
    assert "0/0 ms" in capsys.readouterr().err
    net.run(5)
    assert capsys.readouterr().err == ""


def test_it_counts_ms_and_never_beyond_the_end(capsys):
    with progress_bar(3, 0.5) as advanced:
        for _ in range(2):
            advanced(2)
    text = capsys.readouterr().err.split("\r")[-1]
    assert "2/2 ms" in text and "100%" in text
