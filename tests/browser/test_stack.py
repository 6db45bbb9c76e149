"""A stack in JupyterLab: it plays, and plots against time follow and lead."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np, temwidgets as tw, xarray as xr
from temwidgets.widgets import ImageView, Kymograph, TimePlot, TrackOverlay, Workspace
stack, truth = tw.synthetic.movie(
    (90, 120), frames=8, drift=(0.8, -0.6), vibration=0.15, hops=2, hop=3.0, steps=1, seed=1
)
drift = truth[["drift_y", "drift_x"]]
tracks = truth[["y", "x", "sublattice"]].assign_coords(frame=stack["frame"])
level = truth["amplitude"] * truth["inside"]
tracks["intensity"] = level.assign_attrs(units="counts", long_name="integrated intensity")
tracks["seen"] = truth["inside"]
tracks = tw.drift_free(tracks)
workspace = Workspace(stack)
workspace.drift, workspace.tracks = drift, tracks
view = ImageView(workspace, height=360)
overlay = TrackOverlay(workspace, view=view, scale=2)
plot = TimePlot(workspace)
line = Kymograph(view)
"""


@pytest.fixture
def shown(lab):
    lab.execute(SETUP)
    cell = lab.run(
        "import ipywidgets as ui\n"
        "half = ui.Layout(width='50%')\n"
        "left, right = ui.VBox([overlay, view], layout=half), ui.VBox([plot, line], layout=half)\n"
        "ui.HBox([left, right])"
    )
    cell.wait_drawn()
    cell.output.locator(".bqplot image").first.wait_for(state="attached")
    lab.page.wait_for_timeout(500)
    return cell


def click(lab, cell, number, across, down):
    """Click the plot area of one of the bqplot figures beside the image."""
    box = cell.output.locator(".plotarea_events").nth(number).bounding_box()
    lab.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def test_frames_play_and_the_plots_follow(lab, shown):
    shown.output.locator(".widget-play button").first.click()
    lab.wait_value("workspace.frame > 2", True)
    shown.output.locator(".widget-play button").first.click()
    lab.page.wait_for_timeout(600)
    frame = lab.value("workspace.frame")
    assert lab.value("float(plot._cursor.x[0])") == frame
    assert lab.value("float(line._cursor.y[0])") == frame
    assert lab.value("int(view.columns.frame)") == frame
    assert not lab.errors


def test_a_click_shows_the_frame(lab, shown):
    areas = shown.output.locator(".plotarea_events").count()
    click(lab, shown, areas - 2, 6 / 7, 0.5)
    lab.wait_value("workspace.frame", 6)
    click(lab, shown, areas - 1, 0.5, 1 - 2.5 / 8)
    lab.wait_value("workspace.frame", 2)
    assert not lab.errors


def test_selected_columns_are_drawn_singly(lab, shown):
    lab.execute("workspace.selection.select(truth['label'].values[:2])")
    lab.wait_value("sum(one.visible for one in plot._lines)", 2)
    pink = shown.pixels(shown.output.locator(".bqplot").nth(1)).astype(int)
    assert ((pink[..., 0] > 200) & (pink[..., 1] < 110)).sum() > 50
    lab.theme("dark")
    lab.page.wait_for_timeout(300)
    assert shown.output.locator(".temwidgets-view").count() >= 3
    assert not lab.errors


def test_a_line_is_dragged_and_the_drift_measured_by_mouse(lab):
    lab.execute(SETUP)
    cell = lab.run("explorer = tw.explore_stack(stack); explorer")
    cell.wait_drawn()
    cell.output.locator(".bqplot image").first.wait_for(state="attached")
    lab.page.wait_for_timeout(500)
    cell.output.get_by_role("button", name="Measure drift", exact=True).click()
    lab.wait_value("explorer.workspace.drift is None", False, timeout=30)
    before = lab.value("explorer.kymograph.end")
    area = cell.output.locator(".plotarea_events").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    (left, right), (top, bottom) = lab.value("explorer.image_view.stage.ranges")
    start = (
        box["x"] + (before[1] - left) / (right - left) * box["width"],
        box["y"] + (before[0] - top) / (bottom - top) * box["height"],
    )
    lab.drag(start, (start[0] - 30, start[1] + 40), steps=5)
    lab.wait_value(f"explorer.kymograph.end[0] > {before[0]} + 3", True)
    assert lab.value("explorer.kymograph.end[1]") < before[1] - 3
    assert lab.value("explorer.kymograph.kymograph.sizes['frame']") == 8
    assert not lab.errors
