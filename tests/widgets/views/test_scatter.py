import io

import numpy as np
import pytest
from PIL import Image

from temwidgets.widgets import palette
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views._points import SIZE, Frame, Points
from temwidgets.widgets.views.colormaps import rgb
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.scatter import ScatterPlot
from temwidgets.widgets.workspace import Workspace


def pixels(view):
    return np.asarray(Image.open(io.BytesIO(view._picture.image.value)))


def test_points_lie_where_they_should():
    x, y = np.array([0.25, 5.0, np.nan]), np.array([0.75, 0.5, 0.5])
    colours = np.full((3, 3), 200, np.uint8)
    png = Points(x, y, colours, Frame((0, 1), (0, 1))).png(np.zeros(3, bool))
    picture = np.asarray(Image.open(io.BytesIO(png)))
    row, col = np.nonzero(picture[..., 3])
    assert col.mean() == pytest.approx(0.25 * SIZE[0], abs=1)
    assert row.mean() == pytest.approx(0.25 * SIZE[1], abs=1)
    assert np.ptp(col) < 14


def test_selected_points_stand_out(columns):
    view = ScatterPlot(columns)
    assert view._axes[1].label == "Integrated intensity (counts nm²)"
    before = pixels(view)
    view.selection.select([10, 11])
    after = pixels(view)
    colour = np.array(rgb(palette.SELECTED))
    assert not (before[..., :3] == colour).all(-1).any()
    assert (after[..., :3] == colour).all(-1).any()
    assert "n = 2" in view._readout.value


def test_the_brush_selects_and_says_how(columns):
    view = ScatterPlot(columns)
    view.brush = ((-1.9, 4.0), (-1.2, 5.5))
    x, y = columns["x"].values, columns["intensity"].values
    wanted = (x >= -1.9) & (x <= -1.2) & (y >= 4.0) & (y <= 5.5)
    assert view.selection.labels.tolist() == columns["column"].values[wanted].tolist()
    assert view.selection.rule == "-1.9 <= x <= -1.2 and 4 <= intensity <= 5.5"
    assert view._brusher.selected_x.tolist() == [-1.9, -1.2]


def test_what_the_mouse_does_equals_what_python_does(columns):
    mouse, python = ScatterPlot(columns), ScatterPlot(columns)
    mouse._brusher.selected_x = np.array([-1.2, -1.9])
    mouse._brusher.selected_y = np.array([4.0, 5.5])
    python.brush = ((-1.9, 4.0), (-1.2, 5.5))
    assert mouse.brush == python.brush
    assert mouse.selection.labels.tolist() == python.selection.labels.tolist()


def test_one_brush_is_alive_and_a_click_clears(columns):
    selection = Selection()
    scatter = ScatterPlot(columns, selection=selection)
    histogram = Histogram(columns, selection=selection)
    scatter.brush = ((-2, 0), (0, 10))
    histogram.brush = (4.0, 5.0)
    assert scatter.brush is None
    assert scatter._brusher.selected_x is None
    count = len(selection)
    assert count
    scatter.brush = ((-2, 0), (0, 10))
    assert histogram.brush is None
    scatter._brusher.selected_x = None
    assert len(selection) == 0


def test_colours_and_legend(columns):
    view = ScatterPlot(columns, color_by="sublattice")
    assert "Sublattice" in view._readout.value
    assert palette.category(1) in view._readout.value
    assert "selected in full colour" in view._readout.value  # and not in a colour of their own
    assert palette.SELECTED not in view._readout.value
    view.color_by = "intensity"
    assert "linear-gradient" in view._readout.value
    view.color_by = None
    assert "Sublattice" not in view._readout.value
    assert palette.SELECTED in view._readout.value


def test_controls_and_traits_follow_each_other(columns):
    view = ScatterPlot(columns)
    controls = view._controls
    controls.x.value = "y"
    assert view.x == "y"
    controls.color_by.value = "sublattice"
    assert view.color_by == "sublattice"
    controls.color_by.value = ""
    assert view.color_by is None
    controls.range[2].value = 3.0
    assert view.y_range == (3.0, controls.range[3].value)
    controls.reset.click()
    assert view.y_range is None
    controls.brush[0].value = 5.1
    assert view.brush[0][0] == 5.1
    controls.clear.click()
    assert view.brush is None


def test_csv(columns, tmp_path):
    view = ScatterPlot(columns, color_by="sublattice")
    view.selection.select([10])
    view.save_csv(tmp_path / "s.csv")
    lines = (tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "column,x (nm),intensity (counts nm²),sublattice,selected"
    assert lines[1].endswith("True")
    assert len(lines) == 31


def test_follows_a_workspace_and_tells_what_is_missing(image, columns):
    workspace = Workspace(image)
    view = ScatterPlot(workspace)
    assert "No columns yet" in view.message
    workspace.columns = columns.drop_vars("intensity")
    assert "have no intensity yet; sublattice is shown" in view.message
    columns["intensity"].values[:3] = np.nan
    workspace.columns = columns
    assert "Without a value (NaN): 3 of 30" in view.message


@pytest.mark.parametrize("n", [0, 1])
def test_few_columns(columns, n):
    view = ScatterPlot(columns.isel(column=slice(0, n)))
    view.brush = ((-10, -10), (10, 10))
    assert len(view.selection) == n


def test_wrong_arguments_are_told(columns):
    with pytest.raises(ValueError, match="have no variable 'z'"):
        ScatterPlot(columns, "z")
    with pytest.raises(TypeError, match="Did you mean 'color_by'"):
        ScatterPlot(columns, colour_by="x")


def test_components_of_a_vector(displaced):
    view = ScatterPlot(displaced, "displacement_x", "displacement_y", color_by="displacement_y")
    assert view._axes[0].label == "Displacement from a test, x (nm)"
    view.brush = ((0, 0), (1, 1))
    wanted = (displaced["displacement"].values >= 0).all(axis=1)
    assert view.selection.labels.tolist() == displaced["column"].values[wanted].tolist()
    assert view.csv().splitlines()[0].split(",")[1:3] == [
        "displacement_x (nm)", "displacement_y (nm)",
    ]  # fmt: skip
