import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.panels.prepare import PreparePanel
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


@pytest.mark.parametrize(
    "way",
    [
        "crop",
        "rotate",
        "rotate_to_lattice",
        "subtract_background",
        "denoise",
        "normalise",
        "bin_pixels",
        "calibrate",
    ],
)
def test_every_way_is_a_step_that_can_be_undone(lattice, way, done):
    panel = PreparePanel(lattice)
    panel.way.value = way
    assert panel.options.children == panel.ways[way].controls
    panel.apply.click()
    workspace = done(panel.workspace)
    assert [step.name for step in workspace.history] == [way]
    workspace.undo()
    assert workspace.image is lattice


def test_crop_takes_the_sides_given(lattice, done):
    panel = PreparePanel(lattice)
    panel.edges[0].value, panel.edges[1].value = 11.0, 12.0
    panel.apply.click()
    image = done(panel.workspace).image
    assert float(image["x"].min()) >= 11.0
    assert float(image["x"].max()) <= 12.0
    assert image.sizes["y"] == lattice.sizes["y"]


def test_crop_never_reaches_beyond_the_image(lattice):
    workspace = Workspace(lattice)
    view = ImageView(workspace)
    panel = PreparePanel(workspace, view=view)
    y, x = lattice["y"].values, lattice["x"].values
    view.zoom_to((x[0] - 5, x[20]), (y[10], y[-1] + 5))
    sides = [edge.value for edge in panel.edges]
    np.testing.assert_allclose(sides, [x[0], x[20], y[10], y[-1]], rtol=1e-5)
    view.close()


def test_columns_turn_with_the_image(lattice, tmp_path, done):
    columns = tw.make_columns([10.0], [12.0])
    workspace = Workspace(lattice, columns)
    panel = PreparePanel(workspace)
    panel.way.value = "rotate"
    panel.options.children[0].children[0].value = 10.0
    panel.apply.click()
    done(workspace)
    expected = tw.carry_columns(columns, lattice, workspace.image)
    xr.testing.assert_identical(workspace.columns, expected)
    lines = workspace.script().splitlines()
    assert lines[-3] == "before = image"
    assert lines[-1] == "columns = tw.carry_columns(columns, before, image)"


def test_frames(done):
    stack = tw.examples.load("drift_series")
    panel = PreparePanel(stack)
    panel.workspace.frame = 3
    panel.way.value = "select_frame"
    panel.apply.click()
    image = done(panel.workspace).image
    np.testing.assert_array_equal(image, stack[3])
