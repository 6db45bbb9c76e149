import re

import numpy as np

import temwidgets as tw
from temwidgets.widgets.panels.intensity import IntensityPanel, statistics
from temwidgets.widgets.workspace import Workspace


def test_sublattices_statistics_outliers_and_mixture(image, columns, done):
    columns["intensity"].values[::2] += 20
    columns["intensity"].values[3] = 60.0
    workspace = Workspace(image, columns.drop_vars("sublattice"))
    panel = IntensityPanel(workspace)
    assert panel.variable.value == "intensity"
    panel._label(None)
    done(workspace)
    assert workspace.columns["sublattice"].values.tolist()[:2] == [0, 1]
    assert panel.table.value.count("<tr>") == 3
    panel._mark(None)
    done(workspace)
    assert 13 in workspace.selection.labels
    panel.components.value = 2
    panel._fit(None)
    done(workspace)
    assert "Population" in panel.table.value
    panel._sort(None)
    done(workspace)
    assert "intensity_population" in workspace.columns


def test_columns_without_a_value_make_no_row(image, columns):
    columns["sublattice"].values[3:6] = -1
    columns["intensity"].values[3:6] = np.nan
    panel = IntensityPanel(Workspace(image, columns))
    assert "nan" not in panel.table.value
    assert panel.table.value.count("<tr>") == 3
    columns["intensity"].values[:] = np.nan
    assert IntensityPanel(Workspace(image, columns)).table.value == ""


def test_voronoi(image, columns, done):
    panel = IntensityPanel(Workspace(image, columns))
    panel.radius.value = 0.1
    panel._measure(None)
    assert "voronoi_intensity" in done(panel.workspace).columns


def test_the_selected_go_into_a_sublattice(workspace, done):
    panel = IntensityPanel(workspace)
    panel._assign(None)
    assert "No column is selected" in workspace.message.text
    workspace.selection.select([10, 11])
    panel.number.value = 5
    panel._assign(None)
    done(workspace)
    assert workspace.columns["sublattice"].sel(column=[10, 11]).values.tolist() == [5, 5]


def test_without_columns(image):
    panel = IntensityPanel(image)
    panel._fit(None)
    assert "There are no columns yet" in panel.workspace.message.text
    panel._sort(None)
    assert "There is no mixture yet" in panel.workspace.message.text


def test_a_median_has_as_many_digits_as_its_mean(columns):
    rng = np.random.default_rng(0)
    columns["intensity"] = ("column", rng.normal(626.0, 54.0, 30), {"units": "counts nm²"})
    rows = statistics(tw.sublattice_statistics(columns, "intensity"), "counts nm²")
    medians = re.findall(r"± \d+</td><td>([^<]*)</td>", rows)
    assert len(medians) == 2
    assert all(re.fullmatch(r"\d{3}", text) for text in medians)
