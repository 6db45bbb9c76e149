"""Drift, tracks and events as products of a workspace, and the columns of the frame shown."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.movies import movie_product
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


def test_steps_take_all_frames_and_the_script_says_so(film):
    workspace = Workspace(film.stack)
    workspace.frame = 2
    workspace.run(tw.measure_drift, wait=True)
    assert workspace.drift.sizes["frame"] == 5
    assert workspace.message.text.startswith("measure_drift: 5 frames within")
    workspace.columns = film.tracks.isel(frame=0, drop=True)
    workspace.tracks = film.tracks
    workspace.run(tw.column_events, wait=True)
    assert "measure_drift(image)" in workspace.script()
    assert "tw.column_events(tracks)" in workspace.script()
    with pytest.raises(ValueError, match="measure_drift needs an image; load one first"):
        Workspace().run(tw.measure_drift, wait=True)
    with pytest.raises(ValueError, match="needs tracks; fit the columns in all frames first"):
        Workspace(film.stack).run(tw.column_events, wait=True)


def test_views_show_the_columns_of_the_frame(film):
    workspace = Workspace(film.stack)
    view, plot = ImageView(workspace), Histogram(workspace)
    assert view.columns is None
    workspace.tracks = film.tracks
    for frame in (0, 3):
        workspace.frame = frame
        seen = film.tracks["seen"].values[frame]
        assert view.columns.sizes["column"] == plot.columns.sizes["column"] == seen.sum()
        np.testing.assert_allclose(view.columns["y"], film.tracks["y"].values[frame, seen])
    assert workspace.astray == ""
    workspace.selection.select(film.tracks["column"].values[:3])
    workspace.frame = 1
    assert len(workspace.selection) == 3
    workspace.undo()
    assert view.columns is None


def test_columns_of_one_frame_stand_before_those_of_all(film):
    workspace = Workspace(film.stack)
    workspace.tracks = film.tracks
    workspace.frame = 1
    workspace.run(tw.frame_columns, into="columns", frame=1, wait=True)
    assert workspace.shown_columns is workspace.columns
    workspace.frame = 2
    assert int(workspace.shown_columns["frame"]) == 2
    workspace.frame = 1
    label = int(workspace.columns["column"][0])
    workspace.run(tw.delete_columns, labels=[label], wait=True)
    # these tracks have a column more
    assert workspace.tracks is None


def test_columns_of_all_frames_are_not_edited_in_one(film):
    workspace = Workspace(film.stack)
    workspace.columns = film.tracks.isel(frame=0, drop=True)
    workspace.tracks = film.tracks
    view = ImageView(workspace)
    with pytest.raises(ValueError, match="followed through all frames and are not edited in one"):
        view.add_column(30.0, 40.0)
    view.edits.hear(None, {"type": "delete", "label": int(view.columns["column"][0])}, [])
    assert view.message.startswith("These columns are followed through all frames")
    assert workspace.tracks is film.tracks
    workspace.run(tw.frame_columns, into="columns", frame=0, wait=True)
    view.delete_columns(view.columns["column"].values[:1])
    assert workspace.columns.sizes["column"] == film.tracks.sizes["column"] - 1


def test_another_image_has_other_frames(film):
    workspace = Workspace(film.stack)
    workspace.run(tw.measure_drift, wait=True)
    workspace.tracks = film.tracks
    workspace.run(tw.mean_frame, into="image", wait=True)
    assert workspace.drift is workspace.tracks is None
    workspace.undo()
    assert workspace.tracks is film.tracks


def test_products_are_told_apart_and_kept_in_files(film, tmp_path):
    events = tw.column_events(film.tracks)
    drift = tw.measure_drift(film.stack)
    assert [movie_product(p) for p in (film.tracks, events, drift, film.stack)] == [
        "tracks", "events", "drift", "",
    ]  # fmt: skip
    workspace = Workspace(film.stack)
    workspace.tracks, workspace.drift, workspace.events = film.tracks, drift, events
    workspace.save(tmp_path / "movie.nc")
    again = Workspace.open(tmp_path / "movie.nc")
    for name in ("tracks", "drift", "events"):
        assert getattr(again, name).sizes == getattr(workspace, name).sizes
    np.testing.assert_array_equal(again.tracks["seen"], film.tracks["seen"])
