import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.profile import ProfileView
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def crystal():
    """Nine rows of eight columns along b, one row each 0.39 nm."""
    n_a, n_b = (v.ravel().astype(float) for v in np.mgrid[:8, :9])
    lattice = tw.make_lattice((0.0, 0.4), (0.39, 0.0), origin=(2.0, -1.0))
    columns = tw.make_columns(2 + 0.39 * n_b, -1 + 0.4 * n_a)
    columns["n_a"], columns["n_b"] = quantity("column", n_a, "1", "a"), ("column", n_b)
    values = n_b + np.where(n_a % 2, 0.5, -0.5)
    columns["intensity"] = quantity("column", values, "counts", "integrated intensity")
    columns["sublattice"] = quantity("column", (n_a % 2).astype(int), "1", "sublattice")
    return columns, lattice


def test_rows_errors_and_axes(crystal):
    view = ProfileView(crystal[0], lattice=crystal[1])
    np.testing.assert_allclose(view._whole.line.y, np.arange(9))
    np.testing.assert_allclose(np.diff(view._whole.line.x), 0.39)
    error = 0.5 * np.sqrt(8 / 7) / np.sqrt(8)
    np.testing.assert_allclose(view._whole.bars.y[:2], [-error, error])
    assert view._axes[0].label == "Position along b (nm)"
    assert view._axes[1].label == "Integrated intensity (counts)"
    view.of = 1
    np.testing.assert_allclose(view._whole.line.y, np.arange(9) + 0.5)
    view.along = "a"
    assert view.rows.sizes["row"] == 4


def test_a_click_selects_the_columns_of_a_row(crystal):
    columns, lattice = crystal
    view = ProfileView(columns, lattice=lattice)
    low, high = view._x.min, view._x.max
    share = (2.0 + 3 * 0.39 + 0.05 - low) / (high - low)
    view._clicked(None, {"kind": "click", "share": share}, [])
    wanted = columns["column"].values[columns["n_b"].values == 3]
    assert view.selection.labels.tolist() == wanted.tolist()
    assert "position along b" in view.selection.rule
    assert view._brusher.selected[0] < 3.17 < view._brusher.selected[1]
    view._brusher.selected = None  # what bqplot says of the click, late
    assert len(view.selection) == len(wanted)
    assert view._brusher.selected is not None
    view._clicked_at -= 10
    view._brusher.selected = None
    assert len(view.selection) == 0


def test_the_brush_and_the_selected_part(crystal):
    columns, lattice = crystal
    selection = Selection()
    view = ProfileView(columns, lattice=lattice, selection=selection)
    view.brush = (2.3, 2.9)
    assert len(selection) == 16
    np.testing.assert_allclose(view._part.line.y, [1, 2])
    assert "2 rows, 16 columns" in view._readout.value
    selection.select(columns["column"].values[:9])
    assert view.brush is None
    np.testing.assert_allclose(view._part.line.y, np.arange(9) - 0.5)
    assert view._y.min < -0.5
    selection.clear()
    assert not view._part.line.visible


def test_controls_and_traits_follow_each_other(crystal):
    view = ProfileView(crystal[0], lattice=crystal[1])
    controls = view._controls
    controls.along.value = "angle"
    assert view.along == 90.0
    controls.width.value = 0.78
    assert view.width == 0.78
    assert view.rows.sizes["row"] == 5
    controls.angle.value = 0.0
    assert "along 0°" in view._axes[0].label
    controls.of.value = 0
    assert view.of == 0
    view.along = "a"
    assert controls.along.value == "a"
    controls.from_.value = -0.9
    assert view.brush is not None
    controls.clear.click()
    assert view.brush is None


def test_files(crystal, tmp_path):
    view = ProfileView(crystal[0], lattice=crystal[1], brush=(2.3, 2.9))
    view.save_csv(tmp_path / "p.csv")
    lines = (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# mean integrated intensity (nm, counts)"
    assert len(lines) == 11
    view.save_svg(tmp_path / "p.svg")
    assert "selected" in (tmp_path / "p.svg").read_text(encoding="utf-8")


def test_follows_a_workspace_and_tells_what_is_missing(image, crystal):
    columns, lattice = crystal
    workspace = Workspace(image)
    view = ProfileView(workspace, "e_xx")
    assert "No columns yet" in view.message
    with pytest.raises(ValueError, match="no profile to print"):
        view.svg()
    workspace.columns = columns
    assert "needs the lattice" in view.message
    workspace.lattice = lattice
    assert "no e_xx yet; intensity is shown" in view.message
    assert view.rows is not None
    view.along = 12.0
    assert "no rows are told apart" in view.message
    assert not view._whole.line.visible


def test_wrong_arguments_are_told(crystal):
    with pytest.raises(ValueError, match="no variable 'e_xx'"):
        ProfileView(crystal[0], "e_xx")
    with pytest.raises(TypeError, match="Did you mean 'along'"):
        ProfileView(crystal[0], alon="a")
