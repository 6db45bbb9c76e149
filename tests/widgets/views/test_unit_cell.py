"""The mean cell's view by its traits: averaged, sites dragged and named, profile, undone."""

from __future__ import annotations

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets import UnitCellView, Workspace

A, B = (0.0, 0.4), (0.38, 0.02)


@pytest.fixture(scope="module")
def crystal():
    n_a, n_b = (n.ravel() for n in np.mgrid[0:9, 0:8])
    y, x = (5.2 + n_a * A[0] + n_b * B[0], -1.8 + n_a * A[1] + n_b * B[1])
    rows, cols = 5 + 0.04 * np.arange(88), -2 + 0.05 * np.arange(80)
    values = np.zeros((88, 80))
    for dy, dx, height in ((0, 0, 900), (0.19, 0.21, 300)):
        for py, px in zip(y + dy, x + dx, strict=True):
            values += height * np.outer(
                np.exp(-((rows - py) ** 2) / 0.0072), np.exp(-((cols - px) ** 2) / 0.0072)
            )
    values += np.random.default_rng(0).normal(50, 4, values.shape)
    image = tw.make_image(values, sampling=(0.04, 0.05), origin=(5.0, -2.0))
    lattice = tw.make_lattice(A, B, origin=(5.2, -1.8), sites=[(0, 0), (0.5, 0.5)])
    return image, tw.make_columns(y, x), lattice


@pytest.fixture
def workspace(crystal):
    image, columns, lattice = crystal
    workspace = Workspace(image, columns)
    workspace.lattice = lattice
    return workspace


@pytest.fixture
def view(workspace):
    view = UnitCellView(workspace)
    view.steps.average.click()
    assert workspace.job.wait(60)
    assert workspace.message.level != "error", workspace.message.text
    return view


def test_cells_are_averaged_and_drawn_with_their_sites(view, workspace):
    assert workspace.cell is not None
    assert workspace.message.text.startswith("mean_cell: the mean of ")
    assert set(view.image_view.handles) == {"site 0", "site 1"}
    assert view.image_view.handles["site 0"] == pytest.approx((0, 0))
    expected = 0.5 * np.add(A, B)
    assert view.image_view.handles["site 1"] == pytest.approx(expected)
    assert len(view.image_view.lines["cell"].segments) == 4
    assert len(view.names.lines) == 2
    assert view._body in view.children


def test_without_a_cell_it_says_what_to_do(workspace):
    view = UnitCellView(workspace)
    assert view._body not in view.children
    assert "press Average" in view._empty.value
    view.line = ((0.0, 0.0), (0.1, 0.1))
    assert view.profile.values is None


def test_a_site_is_dragged_and_undone(view, workspace):
    handles = {**view.image_view.handles, "site 1": (0.19, 0.2)}
    view.image_view.handles = handles
    place = workspace.lattice["site_position"].values[1] @ np.array([A, B])
    assert place == pytest.approx([0.19, 0.2])
    assert workspace.cell is not None
    assert workspace.history[-1].name == "move_site"
    workspace.undo()
    assert view.image_view.handles["site 1"] == pytest.approx(0.5 * np.add(A, B))


def test_a_drag_is_one_step(view, workspace):
    layer = view.image_view.stage.layer
    steps = len(workspace.history)
    for final, x in ((False, 0.21), (False, 0.22), (True, 0.23)):
        message = {"type": "handle", "name": "site 1", "y": 0.19, "x": x, "final": final}
        layer._handle_custom_msg(message, [])
    assert len(workspace.history) == steps + 1
    assert workspace.history[-1].arguments["x"] == 0.23


def test_sites_are_named_and_deleted(view, workspace):
    view.names.lines[0].name.value = "Sr"
    assert workspace.lattice["site_name"].values.tolist() == ["Sr", ""]
    assert view.image_view.stage.layer.handles["site 0"]["label"] == "Sr"
    view.names.lines[1].delete.click()
    assert set(view.image_view.handles) == {"site 0"}
    assert view.names.lines[0].delete.layout.display == "none"
    workspace.undo()
    assert len(view.names.children) == 2


def test_a_profile_between_two_points(view):
    view.measure.value = True
    assert view.line == ((0.0, 0.0), pytest.approx(A))
    assert set(view.image_view.handles) >= {"from", "to"}
    values = view.profile.values
    assert values.values[0] == pytest.approx(values.values[-1], rel=1e-6)
    assert values.values.max() > 3 * values.values.min()
    view.image_view.handles = {**view.image_view.handles, "to": (0.38, 0.02)}
    assert view.line[1] == (0.38, 0.02)
    assert float(view.profile.values["distance"][-1]) == pytest.approx(np.hypot(*B))
    view.line = None
    assert "from" not in view.image_view.handles
    assert view.profile.children == ()
    assert not view.measure.value


def test_only_cells_of_selected_columns(view, workspace):
    view.steps.selected.value = True
    view.steps.average.click()
    assert "No column is selected" in workspace.message.text


def test_unseen_it_rests_and_catches_up(view, workspace):
    view.active = False
    workspace.undo()
    assert view._body in view.children
    view.active = True
    assert view._body not in view.children


def test_a_bare_cell(view, workspace):
    alone = UnitCellView(workspace.cell, workspace.lattice, line=((0, 0), (0.1, 0.1)))
    assert alone.profile.values is not None
    alone.close()
    with pytest.raises(TypeError, match="give it a Workspace, or a Dataset such as"):
        UnitCellView(3)
    with pytest.raises(TypeError, match="A Workspace has its own lattice"):
        UnitCellView(workspace, workspace.lattice)
    with pytest.raises(TypeError, match=r"no option 'lines'\. Did you mean 'line'"):
        UnitCellView(workspace, lines=1)


def test_the_motif_is_fitted_in_the_cell(view, workspace):
    view.steps.fit.click()
    assert workspace.job.wait(120)
    assert workspace.history[-1].name == "fit_motif", workspace.message.text
    fitted = workspace.lattice["site_position"].values
    assert len(fitted) == 2
    place = (fitted[1] % 1.0) @ np.array([A, B])
    assert place == pytest.approx([0.19, 0.21], abs=0.01)
    assert "±" in view.names.lines[0].place.value
    assert "amplitude" in view.names.lines[0].place.value
    assert workspace.cell is not None


def test_faint_columns_are_placed_from_the_motif(view, workspace):
    before = workspace.columns.sizes["column"]
    view.steps.fit.click()
    assert workspace.job.wait(120)
    view.steps.complete.click()
    assert workspace.job.wait(120)
    assert workspace.history[-1].name == "complete_columns", workspace.message.text
    # the second site of each cell was not among the columns
    assert workspace.columns.sizes["column"] > 1.7 * before
    assert (workspace.columns["site"] == 1).sum() > 0.7 * before
