import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.networks import Pair
from temwidgets.networks.pairs import make_pair
from temwidgets.widgets import ImageView, LabelPanel
from temwidgets.widgets.workspace import Workspace


@pytest.fixture(scope="module")
def columns(lattice):
    return tw.find_columns(lattice)


@pytest.fixture
def labelling(lattice, columns):
    """A panel with two linked views."""
    workspace = Workspace(lattice, columns)
    views = ImageView(workspace), ImageView(workspace)
    return LabelPanel(workspace, view=views[0]), views


def test_corrected_columns_are_saved_as_a_pair(lattice, columns, labelling):
    panel, (view, other) = labelling
    workspace, count = panel.workspace, columns.sizes["column"]
    first = int(columns["column"].values[0])
    view.delete_columns([first])
    y, x = (float(lattice[n].values[20]) for n in "yx")
    other.add_column(y, x)
    panel.save.click()
    (pair,) = panel.pairs
    assert isinstance(pair, Pair)
    np.testing.assert_array_equal(pair.image, lattice.values.astype(np.float32))
    assert pair.columns.shape == (count, 2)
    np.testing.assert_allclose(pair.columns[-1], (20, 20), atol=1e-6)
    assert pair.species is None
    assert workspace.message.text == f"Saved as pair 1: {count} columns."
    assert panel.list.rows[0].words.value == f"1. 160 x 180 px, {count} columns"


def test_one_button_leads_and_the_list_keeps_its_room(labelling):
    panel, _ = labelling
    others = panel.assign, panel.load, panel.write
    assert panel.save.button_style == "primary"
    assert {made.button_style for made in others} == {""}
    assert panel.list.children[0].value == "No pair is saved yet."
    panel.save.click()
    assert panel.list.children == (panel.list.rows[0].box,)
    panel.pairs = []
    assert panel.list.children[0].value == "No pair is saved yet."
    assert panel.list.layout.min_height == "68px"


def test_species_are_assigned_to_what_is_selected(columns, labelling, done):
    panel, (view, other) = labelling
    labels = columns["column"].values
    other.selection.select(labels[::2])
    assert view.selection is other.selection
    panel.species.value = 1
    panel.assign.click()
    done(panel.workspace)
    assert view.color_by == "sublattice"
    panel.save.click()
    assert "columns have no sublattice" in panel.workspace.message.text
    assert panel.pairs == []
    np.testing.assert_array_equal(panel.workspace.selection.labels, np.sort(labels[1::2]))
    panel.species.value = 0
    panel.assign.click()
    done(panel.workspace)
    panel.save.click()
    np.testing.assert_array_equal(panel.pairs[0].species, np.arange(labels.size) % 2 == 0)
    assert panel.list.rows[0].words.value.endswith("of 2 species")
    assert panel.workspace.script().splitlines()[-1].startswith("columns = tw.set_sublattice(")


def test_pairs_are_replaced_removed_and_set_from_python(lattice, columns, labelling):
    panel, _ = labelling
    told = []
    panel.observe(lambda change: told.append(len(change["new"])), "pairs")
    panel.save.click()
    panel.workspace.columns = columns.isel(column=slice(40))
    panel.save.click()
    assert panel.workspace.message.text == "Replaced pair 1: 40 columns."
    part = lattice[:80, :90]
    panel.workspace.image, panel.workspace.columns = part, columns
    panel.save.click()
    assert [p.image.shape for p in panel.pairs] == [(160, 180), (80, 90)]
    assert len(panel.pairs[1].columns) < columns.sizes["column"]
    assert (panel.pairs[1].columns > -0.5).all()
    assert (panel.pairs[1].columns < (79.5, 89.5)).all()
    panel.list.rows[0].remove.click()
    assert [p.image.shape for p in panel.pairs] == [(80, 90)]
    assert panel.list.rows[0].words.value.startswith("1. 80 x 90 px")
    panel.pairs = []
    assert panel.list.rows == []
    assert told == [1, 1, 2, 1, 0]


@pytest.mark.parametrize("suffix", ["nc", "csv"])
def test_labels_come_back_from_a_file(columns, labelling, tmp_path, done, suffix):
    panel, _ = labelling
    panel.path.value = str(tmp_path / f"labels.{suffix}")
    panel.write.click()
    assert "Labels are in" in panel.workspace.message.text
    panel.workspace.columns = None
    panel.load.click()
    found = done(panel.workspace).columns
    for name in ("y", "x"):
        np.testing.assert_allclose(found[name], columns[name], rtol=1e-6)
    assert "read_columns(" in panel.workspace.script()


def test_labels_in_pixels_get_the_lengths_of_the_image(lattice, columns, tmp_path, done):
    (tmp_path / "labels.csv").write_text("y (px),x (px)\n10,20\n30,40\n")
    panel = LabelPanel(lattice)
    panel.path.value = str(tmp_path / "labels.csv")
    panel.load.click()
    done(panel.workspace)
    panel.save.click()
    np.testing.assert_allclose(panel.pairs[0].columns, [(10, 20), (30, 40)], atol=1e-4)


def test_what_goes_wrong_is_said_and_changes_nothing(lattice, columns, tmp_path):
    panel = LabelPanel()
    workspace = panel.workspace
    panel.save.click()
    assert "There are no columns yet" in workspace.message.text
    panel.load.click()
    assert "There is no image yet" in workspace.message.text
    panel.write.click()
    assert "There are no columns to export yet" in workspace.message.text
    panel.assign.click()
    assert "No column is selected" in workspace.message.text
    workspace.image, workspace.columns = lattice, columns
    panel.path.value = "labels.doc"
    panel.write.click()
    assert "Labels are in a .nc or .csv file" in workspace.message.text
    panel.path.value = str(tmp_path / "none" / "labels.nc")
    panel.write.click()
    assert "There is no folder" in workspace.message.text
    panel.load.click()
    assert workspace.job.wait(30)
    assert workspace.message.level == "error"
    xr.testing.assert_identical(workspace.columns, columns)
    workspace.columns = columns.isel(column=[0])
    panel.save.click()
    assert "two columns or more" in workspace.message.text
    assert panel.pairs == []


def test_pairs_of_dark_columns_and_of_what_does_not_fit(lattice, columns):
    dark = make_pair(lattice, columns.assign_attrs(contrast="dark"))
    np.testing.assert_array_equal(dark.image, -lattice.values.astype(np.float32))
    pixels = tw.make_columns([1.0, 2.0], [1.0, 2.0], units="px")
    with pytest.raises(ValueError, match="The image is in nm but the columns are in px"):
        make_pair(lattice, pixels)
    lost = columns.copy(deep=True)
    lost["y"][3] = np.nan
    assert len(make_pair(lattice, lost).columns) == columns.sizes["column"] - 1
