import pytest

import temwidgets as tw
from temwidgets.widgets.panels.stack import StackPanel
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


def press(panel, name):
    next(made for made in panel._actions if made.description == name).click()
    assert panel.workspace.job.wait(120)


def test_from_the_drift_to_columns_in_all_frames(film):
    workspace = Workspace(film.stack)
    panel, view = StackPanel(workspace), ImageView(workspace)
    press(panel, "Measure drift")
    assert "5 frames within" in panel.table.value
    panel.separation.value = 12.0
    press(panel, "Columns of the mean")
    assert workspace.columns.sizes["column"] > 40
    press(panel, "Fit all frames")
    assert workspace.tracks.sizes["frame"] == 5
    workspace.frame = 3
    assert int(view.columns["frame"]) == 3
    press(panel, "Displacement")
    assert "displacement" in workspace.tracks
    assert "neighbour_share" not in workspace.tracks
    panel.motion.value = "local"
    press(panel, "Displacement")
    assert "neighbour_share" in workspace.tracks
    assert "tw.drift_free(tracks, motion='local')" in workspace.script()
    assert "tw.fit_mean(image, drift, separation=12.0)" in workspace.script()
    assert "tw.fit_frames(image, columns, drift=drift)" in workspace.script()
    press(panel, "Take this frame")
    assert int(workspace.columns["frame"]) == 3


def test_events_are_listed(film):
    workspace = Workspace(film.stack)
    workspace.tracks = film.tracks
    panel = StackPanel(workspace)
    panel.fdr.value = 0.01
    press(panel, "Events")
    assert workspace.events.attrs["fdr"] == 0.01
    assert "<b>hop</b>" in panel.table.value
    panel.fdr.value = 3.0
    press(panel, "Events")
    assert "fdr is a fraction between 0 and 1, but 3.0 came." in workspace.message.text


def test_frames_are_aligned_and_averaged(film):
    workspace = Workspace(film.stack)
    panel = StackPanel(workspace)
    panel.lines.value = True
    press(panel, "Measure drift")
    assert "offset" in workspace.drift
    panel.extent.value = "common"
    press(panel, "Align")
    assert workspace.image.attrs["aligned"] == "common"
    press(panel, "Average")
    assert workspace.image.ndim == 2
    workspace.undo()
    workspace.undo()
    assert workspace.image is film.stack


@pytest.mark.parametrize("name", ["Measure drift", "Fit all frames", "Take this frame"])
def test_what_is_missing_is_told(film, name):
    panel = StackPanel(Workspace(film.stack[0].drop_vars("frame")))
    press(panel, name)
    assert panel.workspace.message.level == "error"
    assert tw.__version__
