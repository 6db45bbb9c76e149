"""The lattice panel by its traits: found, drawn, fitted from drawn, numbered, undone."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets import ImageView, LatticePanel, Workspace


@pytest.fixture
def workspace():
    rng = np.random.default_rng(0)
    n_a, n_b = (n.ravel() for n in np.mgrid[0:9, 0:13])
    y, x = 5.3 + 0.4 * n_a, -1.8 + 0.3 * n_b + 0.02 * n_a
    columns = tw.make_columns(*(v + rng.normal(0, 0.003, v.size) for v in (y, x)))
    values = rng.random((100, 90))
    return Workspace(tw.make_image(values, sampling=(0.04, 0.05), origin=(5.0, -2.0)), columns)


@pytest.fixture
def view(workspace):
    return ImageView(workspace)


@pytest.fixture
def panel(workspace, view):
    return LatticePanel(workspace, view=view)


def test_find_fits_and_numbers_in_one_undo(panel, workspace, done):
    panel.find.click()
    done(workspace)
    assert [step.name for step in workspace.history] == ["fit_lattice", "index_columns"]
    assert np.isfinite(workspace.columns["n_a"]).all()
    assert "100.0 % of the columns" in panel.report.value
    assert "±" in panel.report.value
    assert " nm" in panel.report.value
    assert "°" in panel.report.value
    workspace.undo()
    assert workspace.lattice is None
    assert panel.report.value == ""


def test_cells_are_drawn_and_switched_off(panel, view, workspace, done):
    assert "lattice cells" not in view.lines
    panel.find.click()
    done(workspace)
    cells = view.lines["lattice cells"].segments
    assert 20 < len(cells) < 60
    assert cells[:, [0, 2]].min() >= 5.0 - 0.021
    assert len(view.lines["lattice vectors"].segments) == 2
    panel.cells.value = False
    assert view.lines == {}
    panel.cells.value = True
    workspace.undo()
    assert view.lines == {}


def test_vectors_are_drawn_by_handles_and_fitted(panel, view, workspace, done):
    panel.draw.value = True
    assert set(view.handles) == {"origin", "a", "b"}
    view.handles = {**view.handles, "origin": (6.5, -0.58)}
    assert panel.drawing.origin == (6.5, -0.58)
    panel.drawing.a, panel.drawing.b = (0.0, 0.295), (0.405, 0.02)
    label = view.stage.layer.handles["a"]["label"]
    count = int(label.split()[0])
    assert count > 1
    assert view.handles["a"] == pytest.approx((6.5, -0.58 + count * 0.295))
    tip = (6.5, -0.58 + count * 0.302)
    view.handles = {**view.handles, "a": tip}
    assert panel.drawing.a == pytest.approx((0.0, 0.302))
    panel.fit.click()
    done(workspace)
    names = [step.name for step in workspace.history]
    assert names == ["fit_lattice", "move_origin", "index_columns"]
    assert workspace.history[0].arguments["a"] == pytest.approx((0.0, 0.302))
    origin = workspace.lattice["origin"].values
    assert origin == pytest.approx([6.5, -0.54], abs=0.06)  # the column near the drawn corner
    assert float(tw.cell_parameters(workspace.lattice)["a"]) == pytest.approx(0.3, abs=0.002)
    workspace.undo()
    assert workspace.lattice is None


def test_a_drag_keeps_the_multiple_until_it_ends(panel, view, workspace, done):
    panel.find.click()
    done(workspace)
    panel.draw.value = True
    before = view.stage.layer.handles["a"]["label"]
    view.dragged = "a"
    y, x = view.handles["a"]
    start = np.subtract((y, x), panel.drawing.origin)
    reach = np.add(panel.drawing.origin, 3 * start)
    view.handles = {**view.handles, "a": tuple(reach.tolist())}
    assert view.stage.layer.handles["a"]["label"] == before
    view.dragged = ""
    assert view.stage.layer.handles["a"]["label"] != before


def test_drawn_vectors_may_be_used_as_they_are(panel, workspace, done):
    panel.drawing.begin("nm")
    panel.drawing.a, panel.drawing.b = (0.4, 0.02), (0.0, 0.3)
    panel.drawing.origin = (5.3, -1.8)
    panel.use.click()
    done(workspace)
    names = [step.name for step in workspace.history]
    assert names == ["make_lattice", "index_columns"]
    assert "lattice = tw.make_lattice(a=(0.4, 0.02)" in workspace.script()


def test_vectors_that_span_no_cell_are_explained(panel, workspace):
    panel.draw.value = True
    panel.drawing.a = panel.drawing.b
    assert "span no cell" in workspace.message.text


def test_without_columns_the_image_is_used(workspace):
    bare = Workspace(workspace.image)
    panel = LatticePanel(bare)
    panel.find.click()
    assert bare.job.wait(60)
    assert "data" not in bare.message.text
    panel.close()


def test_new_columns_are_to_be_numbered(panel, workspace, done):
    assert panel.index.layout.display == "none"
    panel.find.click()
    done(workspace)
    workspace.columns = workspace.columns.drop_vars(["n_a", "n_b", "site", "lattice_domain"])
    assert "not numbered" in panel.hint.value
    panel.index.click()
    done(workspace)
    assert panel.hint.value == ""


def test_a_poor_lattice_shows_its_hint(panel, workspace, done):
    rng = np.random.default_rng(1)
    columns = workspace.columns
    extra = tw.make_columns(
        5.2 + 3.5 * rng.random(80), -2 + 4 * rng.random(80), labels=range(200, 280)
    )
    workspace.columns = xr.concat([columns, extra], "column").assign_attrs(columns.attrs)
    panel.find.click()
    done(workspace)
    assert "of the columns lie on this lattice" in panel.hint.value


def test_closing_takes_the_cells_off(panel, view, workspace, done):
    panel.find.click()
    done(workspace)
    panel.draw.value = True
    panel.close()
    assert view.lines == {}
    assert view.handles == {}
    workspace.undo()
    assert view.lines == {}


def test_the_drawing_follows_the_zoom(panel, view, workspace, done):
    panel.find.click()
    done(workspace)
    panel.draw.value = True
    assert int(view.stage.layer.handles["a"]["label"].split()[0]) > 1
    y, x = panel.drawing.origin
    view.zoom_to((x - 0.2, x + 0.6), (y - 0.3, y + 0.6))
    assert view.stage.layer.handles["a"]["label"] == "a"
