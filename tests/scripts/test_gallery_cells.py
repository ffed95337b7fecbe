"""Panels of cells: what is drawn is what the formula of the cell says."""

import numpy as np
import pytest

from spikegram.scripts._gallery_cells import CELLS, draw_cell


def panel(name: str):
    return draw_cell(next(cell for cell in CELLS if cell.name == name))


def test_rates_of_lif_rise_from_its_threshold() -> None:
    trace, response = panel("LIF")
    rates = response.y["_"]
    assert (np.diff(rates) >= 0).all() and rates[0] == 0 and rates[-1] > 50
    assert len(trace.spikes) > 5 and np.ptp(trace.y["_"]) > 5


def test_a_leaky_integrator_ends_in_proportion_to_its_drive() -> None:
    _, response = panel("LeakyIntegrator")
    slopes = np.diff(response.y["_"]) / np.diff(response.x)
    assert slopes == pytest.approx(slopes[0], rel=1e-6) and slopes[0] > 0


def test_more_glutamate_gives_an_astrocyte_more_calcium() -> None:
    """Receptors are half bound at 1.67 uM (Omega_N/O_N), within the range of the axis."""
    _, response = panel("GChI")
    assert response.x[-1] == pytest.approx(10)
    assert response.y["least"][-1] > 1.3 * response.y["greatest"][0]


def test_each_cell_is_there_once() -> None:
    names = [cell.name for cell in CELLS]
    assert len(names) == len(set(names))
