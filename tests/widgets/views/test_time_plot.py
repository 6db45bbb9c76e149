import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.time_plot import TimePlot
from temwidgets.widgets.workspace import Workspace


def test_the_rest_is_a_mean_with_a_band_and_the_selected_are_lines(film):
    plot = TimePlot(film.tracks)
    assert plot.series.attrs["variable"] == "intensity"
    np.testing.assert_allclose(plot._strip.line.y, plot.series["mean"])
    assert plot._axes[0].label == "Frame"
    assert plot._axes[1].label == "Integrated intensity (counts)"
    assert not any(line.visible for line in plot._lines)
    plot.selection.select(film.tracks["column"].values[[2, 5]])
    lines = [line for line in plot._lines if line.visible]
    assert len(lines) == 2
    known = np.isfinite(film.tracks["intensity"].values[:, 2]) & film.tracks["seen"].values[:, 2]
    np.testing.assert_allclose(lines[0].y, film.tracks["intensity"].values[known, 2])
    assert "2 columns" in plot._words.value
    plot.selection.select(film.tracks["column"].values)
    drawn = film.tracks["seen"].values[:, :12].sum(axis=0) > 1
    assert [line.visible for line in plot._lines] == drawn.tolist()
    assert "the first 12 are drawn" in plot._words.value


def test_the_quantity_is_chosen_and_parts_of_vectors_too(film):
    plot = TimePlot(film.tracks, "displacement_y")
    assert plot._axes[1].label == "Displacement y (px)"
    plot._choice.value = "x"
    assert plot.variable == "x"
    plot.variable = "nothing"
    assert plot.message == "There is no nothing; y is shown."
    assert plot.shown == "y"


def test_a_click_shows_the_frame_and_frames_move_the_line(film):
    workspace = Workspace(film.stack)
    workspace.tracks = film.tracks
    view, plot, other = ImageView(workspace), TimePlot(workspace), TimePlot(workspace)
    plot._clicked(None, {"kind": "click", "share": 0.74}, [])
    assert workspace.frame == view.frame == other.frame == 3
    assert plot._cursor.x.tolist() == other._cursor.x.tolist() == [3.0, 3.0]
    view.frame = 1
    assert plot._cursor.x.tolist() == [1.0, 1.0]
    view.play.value = 4
    assert (view.frames.value, workspace.frame) == (4, 4)
    plot.close()
    view.frame = 0
    assert plot.frame == 4


def test_frames_are_shown_by_their_numbers(film):
    numbered = film.tracks.assign_coords(frame=10 * np.arange(5) + 100)
    plot = TimePlot(numbered)
    plot.show_number(131)
    assert (plot.frame, plot.number) == (3, 130)
    assert plot._cursor.x.tolist() == [130.0, 130.0]


def test_two_plots_share_a_selection_and_rest_while_nobody_sees_them(film):
    shared = Selection()
    first, second = (TimePlot(film.tracks, name, selection=shared) for name in ("intensity", "y"))
    second.active = False
    shared.select(film.tracks["column"].values[film.tracks["seen"].values.all(axis=0)][:1])
    assert first._lines[0].visible
    assert not second._lines[0].visible
    second.active = True
    assert second._lines[0].visible


def test_events_of_selected_columns_are_told(film):
    workspace = Workspace(film.stack)
    workspace.tracks = film.tracks
    plot = TimePlot(workspace)
    workspace.run(tw.column_events, wait=True)
    hop = workspace.events.isel(event=workspace.events["kind"].values == "hop")
    workspace.selection.select(hop["label"].values)
    assert f"hop of {int(hop['label'][0])} at frame" in plot._words.value


def test_files(film, tmp_path):
    plot = TimePlot(film.tracks)
    plot.selection.select(film.tracks["column"].values[:1])
    plot.save_csv(tmp_path / "time.csv")
    lines = (tmp_path / "time.csv").read_text().splitlines()
    assert lines[0] == "# Integrated intensity (counts)"
    assert lines[1].startswith("frame,mean,spread,n,value_")
    assert len(lines) == 7
    plot.save_svg(tmp_path / "time.svg")
    assert "Integrated intensity" in (tmp_path / "time.svg").read_text()


def test_without_tracks_it_says_so(film):
    workspace = Workspace(film.stack)
    plot = TimePlot(workspace)
    assert plot.message == "No columns in all frames yet: fit them first."
    assert plot.csv() == ""
    with pytest.raises(ValueError, match="nothing to print yet"):
        plot.plot()
    workspace.tracks = film.tracks
    assert plot.message == ""
    with pytest.raises(TypeError, match="TimePlot shows columns"):
        TimePlot(film.stack)
