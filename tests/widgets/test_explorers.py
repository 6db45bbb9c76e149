import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.explorers import VIEWS, Explorer
from temwidgets.widgets.workspace import Workspace


@pytest.fixture(scope="module")
def lattice():
    return tw.examples.load("perovskite_trilayer")[40:200, 60:240]


def test_the_main_job_by_clicks_and_its_script_repeats_it(lattice, tmp_path, monkeypatch):
    explorer = tw.explore(tw.examples.load("perovskite_trilayer"))
    workspace = explorer.workspace
    monkeypatch.chdir(tmp_path)

    def click(button):
        button.click()
        assert workspace.job.wait(120)
        assert workspace.message.level != "error", workspace.message

    left, right, top, bottom = explorer.prepare.edges
    left.value, right.value = (float(lattice["x"][i]) for i in (0, -1))
    top.value, bottom.value = (float(lattice["y"][i]) for i in (0, -1))
    click(explorer.prepare.apply)
    click(explorer.find.find)
    explorer.find.threshold.value = 0.25
    assert workspace.job.wait(30)
    explorer.image_view.delete_columns(workspace.columns["column"].values[:2])
    workspace.undo()
    explorer.image_view.delete_columns(workspace.columns["column"].values[-1:])
    explorer.fit.max_shift.value = 0.05
    click(explorer.fit.fit)
    explorer.intensity._label(None)
    assert workspace.job.wait(30)
    explorer.intensity._fit(None)
    assert workspace.job.wait(30)
    assert explorer.histogram.shown == "intensity"

    names = {}
    exec(workspace.script(tmp_path / "again.py"), names)
    for name in ("image", "columns", "mixture"):
        xr.testing.assert_identical(getattr(workspace, name), names[name])


def test_all_parts_share_the_selection(image, columns):
    explorer = Explorer(image, columns)
    explorer.histogram.brush = (4.0, 5.0)
    labels = explorer.workspace.selection.labels
    assert labels.size
    assert (explorer.scatter.selection, explorer.table.selection) == (
        explorer.workspace.selection,
        explorer.workspace.selection,
    )
    assert explorer.image_view.selection is explorer.workspace.selection
    explorer.scatter.brush = ((-2, 0), (0, 10))
    assert explorer.histogram.brush is None


def test_steps_and_plots_from_python(image):
    explorer = Explorer(image)
    assert explorer.step == "Find"
    assert Explorer().step == "Load"
    explorer.step = "Fit"
    assert explorer._steps.selected_index == 3
    explorer._steps.selected_index = 4
    assert explorer.step == "Intensity"
    explorer.plot = "Table"
    assert explorer.table in explorer._plots.children
    assert explorer.histogram not in explorer._plots.children
    explorer._choice.value = "Scatter"
    assert explorer.plot == "Scatter"


def test_undo_save_open_and_script(image, columns, tmp_path):
    explorer = Explorer(image, columns)
    assert explorer.undo.disabled
    explorer.workspace.run(tw.delete_columns, labels=[10], wait=True)
    assert not explorer.undo.disabled
    explorer.path.value = str(tmp_path / "w.nc")
    explorer.save.click()
    assert "Saved to" in explorer.workspace.message.text
    explorer.undo.click()
    assert explorer.workspace.columns.sizes["column"] == 30
    explorer.open.click()
    assert explorer.workspace.columns.sizes["column"] == 29
    explorer.show_script.value = True
    assert "delete_columns" in explorer._script.children[0].value
    explorer.undo.click()
    assert "delete_columns" not in explorer._script.children[0].value
    explorer.path.value = "nowhere/w.nc"
    explorer.open.click()
    assert explorer.workspace.message.level == "error"
    assert explorer.workspace.columns.sizes["column"] == 30


def test_opens_a_file_or_a_workspace(tmp_path, workspace):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((20, 30)))
    with pytest.warns(UserWarning, match="not calibrated"):
        explorer = tw.explore(tmp_path / "a.npy")
    assert explorer.workspace.image.shape == (20, 30)
    assert "tw.read(" in explorer.workspace.script()
    assert tw.explore(workspace).workspace is workspace
    workspace.save(tmp_path / "w.nc")
    xr.testing.assert_identical(tw.explore(tmp_path / "w.nc").workspace.columns, workspace.columns)
    xr.testing.assert_identical(tw.open_workspace(tmp_path / "w.nc").image, workspace.image)


def test_wrong_sources_are_told(workspace, columns):
    with pytest.raises(TypeError, match="Explorer opens an image"):
        tw.explore(np.zeros((3, 3)))
    with pytest.raises(TypeError, match="has its own columns"):
        tw.explore(workspace, columns)
    with pytest.raises(TypeError, match="Did you mean 'step'"):
        Explorer(stp="Fit")


def test_closing_lets_go_of_the_workspace(image):
    workspace = Workspace(image)
    explorer = Explorer(workspace)
    explorer.close()
    workspace.run(tw.normalise, wait=True)
    assert explorer.image_view.workspace is workspace


def test_without_an_image_there_are_only_the_steps(image):
    explorer = tw.explore()
    assert explorer._body.children == ()
    explorer.workspace.image = image
    assert explorer._body.children[0] is explorer.image_view
    explorer.workspace.undo()
    assert explorer._body.children == ()
    explorer.close()


def test_from_lattice_to_displacement_and_the_script_repeats_it(lattice, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explorer = tw.explore(tw.examples.load("perovskite_trilayer"))
    workspace = explorer.workspace

    def click(button):
        button.click()
        assert workspace.job.wait(120)
        assert workspace.message.level != "error", workspace.message

    click(explorer.find.find)
    click(explorer.lattice.find)
    assert explorer.image_view.lines == {}
    explorer.step = "Lattice"
    assert "lattice cells" in explorer.image_view.lines
    explorer.lattice.draw.value = True
    explorer.step = "Sublattices"
    assert explorer.image_view.lines == explorer.image_view.handles == {}
    click(explorer.sublattices.sort)
    explorer.sublattices.rows[0].name.value = "A"
    explorer.plot = "Cell"
    click(explorer.cell.steps.average)
    workspace.run(tw.displacements, into="columns", reference="site", wait=True)
    names = {}
    exec(workspace.script(tmp_path / "again.py"), names)
    for name in ("columns", "lattice", "cell"):
        xr.testing.assert_identical(getattr(workspace, name), names[name])


def test_every_plot_can_be_shown_and_one_is_awake(image, columns):
    explorer = Explorer(image, columns)
    for name in VIEWS:
        explorer.plot = name
        shown = explorer.parts.view(name)
        assert explorer._plots.children[1] is shown
        assert explorer.workspace.message.level != "error", explorer.workspace.message.text
        awake = [view for view in explorer.parts._views.values() if view.active]
        assert awake == [shown]
    assert explorer.strain_map is explorer.parts.view("Strain map")
    explorer.close()


def test_three_ways_to_find_share_one_tab(image, columns):
    explorer = Explorer(image, columns)
    assert explorer.finders.children[-1] is explorer.find
    assert not explorer.network.active
    explorer.finders.by = "network"
    assert explorer.finders.children[-1] is explorer.network
    assert explorer.network.active
    explorer.step = "Fit"
    assert not explorer.network.active
    explorer.step = "Find"
    assert explorer.network.active
    explorer.finders.by = "label"
    assert explorer.finders.children[-1] is explorer.label
    assert explorer.label.view is explorer.image_view
    explorer.close()


def test_columns_get_colours_once_they_are_told_apart(image, columns):
    explorer = tw.explore(image, columns.drop_vars("sublattice"))
    view, workspace = explorer.image_view, explorer.workspace
    assert view.color_by is None
    assert workspace.message.text == ""
    workspace.columns = columns
    assert view.color_by == "sublattice"
    view.color_by = None
    workspace.columns = columns.isel(column=slice(3, None))
    assert view.color_by is None  # one colour was chosen since then
    explorer.close()
    again = tw.explore(image, columns)
    assert again.image_view.color_by == "sublattice"
    again.close()


def test_a_stack_is_told_where_it_is_followed(image):
    stack = tw.make_image(np.stack([image.values, image.values]), sampling=(0.02, 0.03))
    workspace = Workspace(stack)
    assert "temwidgets.explore_stack(explorer.workspace)" in tw.explore(workspace)._title.value
    assert "explore_stack" not in tw.explore(image)._title.value
    assert "explore_stack" not in tw.explore_stack(workspace)._title.value
