import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.panels.find import FindPanel
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.workspace import Workspace


def test_find_and_drag_the_threshold(lattice, done):
    panel = FindPanel(lattice)
    assert panel.threshold.disabled
    panel.find.click()
    workspace = done(panel.workspace)
    xr.testing.assert_identical(workspace.columns, tw.find_columns(lattice))
    assert "columns" in panel.count.value
    assert not panel.threshold.disabled
    for value in (0.3, 0.5, 0.7):
        panel.threshold.value = value
    done(workspace)
    assert len(workspace.history) == 1
    xr.testing.assert_identical(workspace.columns, tw.find_columns(lattice, threshold=0.7))
    assert workspace.script().splitlines()[-1].endswith("find_columns(image, threshold=0.7)")
    workspace.undo()
    assert workspace.columns is None


def test_the_slider_does_not_answer_itself(lattice, done):
    panel = FindPanel(lattice)
    panel.find.click()
    workspace = done(panel.workspace)
    columns = workspace.columns
    panel.threshold.value = round(panel.threshold.value / 0.005) * 0.005
    done(workspace)
    assert workspace.columns is columns


def test_dragging_does_not_search_again(lattice, monkeypatch, done):
    panel = FindPanel(lattice)
    panel.find.click()
    done(panel.workspace)
    monkeypatch.setattr(tw.analysis.finding, "find_candidates", None)
    panel.threshold.value = 0.6
    done(panel.workspace)
    assert panel.workspace.columns.attrs["threshold"] == 0.6


def test_a_separation_given(lattice, done):
    panel = FindPanel(lattice)
    panel.separation.value = 0.25
    panel.find.click()
    assert done(panel.workspace).columns.attrs["separation_source"] == "given"
    panel.separation.value = -1
    panel.contrast.value = "dark"
    panel.find.click()
    assert done(panel.workspace).columns.attrs["contrast"] == "dark"


def test_what_the_residual_gave_is_told(lattice, done):
    workspace = Workspace(lattice, tw.fit_columns(lattice, tw.find_columns(lattice)))
    panel = FindPanel(workspace)
    label = int(workspace.columns["column"].values[60])
    workspace.run(tw.delete_columns, labels=[label], wait=True)
    assert workspace.message.text.endswith("columns, 1 fewer.")
    panel.residual.click()
    done(workspace)
    assert workspace.message.text.endswith("of them new.")
    found = workspace.selection.labels
    assert workspace.selection.rule == "found in the residual"
    assert np.isnan(workspace.columns.sel(column=found)["amplitude"]).all()
    fit = FitPanel(workspace)
    assert f"<b>{len(found)}</b> not fitted yet: press Fit columns" in fit.report.value
