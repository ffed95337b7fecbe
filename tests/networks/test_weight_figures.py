"""Weight matrix and weight histogram: what is drawn, at what scale, and refusals."""

import numpy as np
import pytest

from spikegram.networks.records import ProjectionRecord
from spikegram.networks.weight_figures import plot_weight_histogram, plot_weights


def projection(**more):
    given = dict(name="S1", pre="a", post="b", pre_ids=[0, 1, 1], post_ids=[2, 0, 1])
    return ProjectionRecord(
        **{**given, "weights": [0.5, 1.0, 2.0], "unit": "nA", "pre_size": 2, "post_size": 4, **more}
    )


def test_matrix_is_drawn_with_pre_downwards():
    figure = plot_weights(projection())
    ax, bar = figure.axes
    (image,) = ax.images
    drawn = np.ma.filled(image.get_array(), np.nan)
    np.testing.assert_array_equal(drawn, [[np.nan, np.nan, 0.5, np.nan], [1.0, 2.0, np.nan, np.nan]])
    assert image.get_extent() == [-0.5, 3.5, 1.5, -0.5]
    assert ax.get_ylabel() == "pre: a neuron"
    assert ax.get_xlabel() == "post: b neuron"
    assert ax.get_title(loc="left") == "S1"
    assert bar.get_ylabel() == "weight (nA)"
    assert image.get_clim() == (0.0, 2.0)


def test_before_and_after_have_one_scale(tmp_path):
    figure = plot_weights(projection(weights_before=[6.0, 0.0, 0.0]), tmp_path / "weights.png")
    before, after = figure.axes[:2]
    assert before.get_title(loc="left") == "S1, before"
    assert after.get_title(loc="left") == "S1, after"
    assert before.images[0].get_clim() == after.images[0].get_clim() == (0.0, 6.0)
    assert before.images[0].get_array()[0, 2] == 6.0
    assert (tmp_path / "weights.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("weights", "limits"),
    [
        ([-1.0, 0.5, 3.0], (-3.0, 3.0)),
        ([-1.0, -0.5, -3.0], (-3.0, 0.0)),
        ([0.0, 0.0, 0.0], (0.0, 1.0)),
        ([2.0, 2.0, 2.0], (0.0, 2.0)),
    ],
)
def test_colour_scale_contains_zero(weights, limits):
    image = plot_weights(projection(weights=weights)).axes[0].images[0]
    assert image.get_clim() == limits


def test_large_matrices_are_averaged_over_blocks():
    # 1000 x 800 neurons on 400 x 400 pixels: (0, 0) and (2, 1) share the first pixel
    large = projection(pre_ids=[0, 2, 999], post_ids=[0, 1, 799], weights=[1.0, 3.0, 5.0], pre_size=1000, post_size=800)
    ax, bar = plot_weights(large).axes
    drawn = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert drawn.shape == (400, 400)
    assert (drawn[0, 0], drawn[399, 399]) == (2.0, 5.0)
    assert np.isfinite(drawn).sum() == 2
    assert bar.get_ylabel() == "mean weight (nA)"
    assert ax.images[0].get_extent() == [-0.5, 799.5, 999.5, -0.5]


def test_histogram_counts_synapses(tmp_path):
    figure = plot_weight_histogram(projection(weights_before=[0.0, 0.0, 0.0]), tmp_path / "histogram.pdf", bins=4)
    (ax,) = figure.axes
    after, before = (patch.get_data() for patch in ax.patches)
    assert after.edges.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert after.values.tolist() == [0, 1, 1, 1]
    assert before.values.tolist() == [3, 0, 0, 0]
    assert ax.get_xlabel() == "weight (nA)"
    assert (tmp_path / "histogram.pdf").read_bytes().startswith(b"%PDF")


def test_histogram_of_equal_weights():
    (ax,) = plot_weight_histogram(projection(weights=[2.0, 2.0, 2.0])).axes
    assert ax.patches[0].get_data().values.sum() == 3
    assert ax.get_legend() is None


@pytest.mark.parametrize("plot", [plot_weights, plot_weight_histogram])
def test_refusals(plot, tmp_path):
    none = projection(pre_ids=[], post_ids=[], weights=[])
    with pytest.raises(ValueError, match="projection 'S1': nothing to plot, it has no synapses"):
        plot(none)
    with pytest.raises(ValueError, match="path: expected a suffix out of .*, got ''"):
        plot(projection(), tmp_path / "figure")
