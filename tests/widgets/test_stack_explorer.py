"""A stack in an explorer: its steps, and the views beside the frames."""

import pytest

import temwidgets as tw
from temwidgets.widgets.stack_explorer import VIEWS, StackExplorer
from temwidgets.widgets.workspace import Workspace


def test_columns_in_all_frames_open_their_plots(film):
    explorer = tw.explore_stack(film.stack)
    assert explorer.step == "Stack"
    assert explorer.plot == "Kymograph"
    workspace = explorer.workspace
    line = explorer.kymograph
    assert line.active
    assert "kymograph line" in explorer.image_view.lines
    workspace.columns = film.tracks.isel(frame=0, drop=True)
    workspace.run(lambda columns: film.tracks, into="tracks", wait=True)
    assert explorer.plot == "Both"
    assert explorer.tracks.trails is not None
    assert "kymograph line" not in explorer.image_view.lines
    workspace.frame = 3
    assert explorer.time._cursor.x.tolist() == [3.0, 3.0]
    workspace.selection.select(film.tracks["column"].values[:2])
    assert explorer.histogram.selection is explorer.time.selection
    explorer.plot = "Histogram"
    assert "tracks" not in explorer.image_view.lines
    explorer.close()


def test_views_are_there_before_anything_is_measured(film):
    explorer = StackExplorer(Workspace(film.stack[0]))
    for name in VIEWS:
        explorer.plot = name
    assert explorer.time.message == "No columns in all frames yet: fit them first."
    assert StackExplorer().step == "Load"
    with pytest.raises(TypeError, match="StackExplorer opens an image"):
        StackExplorer(7)


def test_a_recipe_repeats_the_steps_of_all_frames(film, tmp_path):
    workspace = Workspace(film.stack)
    workspace.run(tw.measure_drift, wait=True)
    text = workspace.recipe()
    assert "measure_drift" in text
    (tmp_path / "recipe.yaml").write_text(text)
    again = tw.run_recipe(tmp_path / "recipe.yaml", film.stack)
    assert again["drift"].equals(workspace.drift)
