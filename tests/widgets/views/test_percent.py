"""Strains are shown in % wherever they are shown, and stored as plain numbers."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets import (
    ColumnTable,
    ComparePanel,
    Histogram,
    ImageView,
    IntensityPanel,
    OrderView,
    ProfileView,
    ScatterPlot,
    StrainMap,
)
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def strained(columns):
    """Strains of some per cent with errors; sublattice 1 is strained more by 2 %."""
    rng = np.random.default_rng(8)
    values = 0.01 * rng.normal(size=30) + 0.02 * (np.arange(30) % 2)
    columns["e_xx"] = quantity("column", values, "1", "strain e_xx")
    columns["e_xx_std"] = quantity("column", np.full(30, 0.002), "1", "standard error of e_xx")
    return columns


def test_histogram(strained):
    view = Histogram(strained, "e_xx")
    assert view._axis.label == "Strain e_xx (%)"
    np.testing.assert_allclose(view.values(), 100 * strained["e_xx"])
    view.brush = (1.0, 2.5)
    inside = (strained["e_xx"] >= 0.01) & (strained["e_xx"] < 0.025)
    assert view.selection.labels.tolist() == strained["column"].values[inside].tolist()
    assert view.selection.rule == "1 <= e_xx < 2.5 %"
    assert f"{100 * float(strained['e_xx'].mean()):.1f} ± " in view._readout.value
    assert " %" in view._readout.value
    assert view.csv().startswith("# Strain e_xx (%)")
    view.variable = "intensity"
    view.brush = (4.0, 5.0)
    assert view.selection.rule == "4 <= intensity < 5"


def test_a_mixture_lies_over_the_counts(strained):
    workspace = Workspace(None, strained)
    workspace.run(tw.fit_mixture, into="mixture", wait=True, variable="e_xx", n_components=2)
    view = Histogram(workspace, "e_xx")
    x, curves = view._curves.x, view._curves.y
    assert (x[0], x[-1]) == (view._edges[0], view._edges[-1])
    width = np.diff(view._edges)[0]
    assert np.trapezoid(curves[-1], x) / width == pytest.approx(30, rel=0.25)
    panel = IntensityPanel(workspace)
    panel.variable.value = "e_xx"
    means = 100 * strained["e_xx"].groupby(strained["sublattice"]).mean()
    assert f"{float(means[1]):.2f} ± " in panel.table.value
    assert f"{100 * float(workspace.mixture['mean'][1]):.1f}" in panel.table.value
    assert "(%)" in panel.table.value


def test_scatter_and_table(strained):
    view = ScatterPlot(strained, "x", "e_xx")
    assert view._axes[1].label == "Strain e_xx (%)"
    np.testing.assert_allclose(view.values()[1], 100 * strained["e_xx"])
    view.brush = ((-2.0, -3.0), (-1.0, 0.0))
    assert view.selection.rule == "-2 <= x <= -1 and -3 <= e_xx <= 0 %"
    table = ColumnTable(strained)
    assert "e_xx (%)" in table.csv()
    assert "e_xx_std (%)" in table.csv()
    assert repr(float(100 * strained["e_xx"][0])) in table.csv()


def test_profile_of_all_and_of_the_selected(strained):
    view = ProfileView(strained, "e_xx", along=0.0, width=0.25)
    rows = tw.profile(strained, "e_xx", along=0.0, width=0.25)
    np.testing.assert_allclose(view._whole.line.y, 100 * rows["mean"])
    np.testing.assert_allclose(view.rows["mean"], rows["mean"])
    assert view._axes[1].label == "Strain e_xx (%)"
    assert view.csv().splitlines()[0].endswith("(nm, %)")
    view.selection.select(strained["column"].values[:20])
    assert np.abs(view._part.line.y).max() > 0.1


def test_markers_on_the_image(image, strained):
    view = ImageView(image, strained, color_by="e_xx")
    _, high = view.stage.layer.marker_limits
    assert 1 < high < 6
    assert view.stage.layer.legend["title"] == "Strain e_xx (%)"
    assert view.stage.layer.legend["high"] == f"{high:.3g}"
    strain_map = StrainMap(image, strained)
    assert "(%)" in strain_map.image_view.maps["strain map"].title


def test_differences(image, strained):
    panel = ComparePanel(Workspace(image, strained))
    panel.workspace.run(tw.compare_sites, wait=True, variables=["e_xx"], groups="sublattice")
    assert " %" in panel.table.value
    difference = float(panel.workspace.comparison["difference"][0])
    assert f"{abs(100 * difference):.1f}" in panel.table.value


def test_order(ordered):
    ordered["e_xx"] = (0.01 * ordered["intensity"]).assign_attrs(units="1", long_name="strain e_xx")
    view = OrderView(ordered, "e_xx")
    assert "Amplitude (%)" in view._table.value
    assert f"{100 * float(view.order['amplitude'][0]):.3f}" in view._table.value
