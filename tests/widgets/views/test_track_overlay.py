import numpy as np
import pytest
import traitlets

from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.track_overlay import TrackOverlay
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def shown(film):
    workspace = Workspace(film.stack)
    workspace.tracks = film.tracks
    view = ImageView(workspace)
    return workspace, view, TrackOverlay(workspace, view=view)


def test_ways_are_laid_where_columns_are(film, shown):
    workspace, view, overlay = shown
    drawn = view.lines["tracks"].segments
    assert len(drawn) == overlay.trails.sizes["step"]
    workspace.frame = 3
    moved = view.lines["tracks"].segments
    step = [float(film.tracks[f"motion_{n}"][3] - film.tracks[f"motion_{n}"][0]) for n in "yx"]
    np.testing.assert_allclose(moved - drawn, np.tile(step * 2, (len(drawn), 1)), atol=1e-9)
    ends = overlay.trails.isel(step=overlay.trails["frame_after"].values == 3)
    column = film.tracks.sel(column=ends["label"].values, frame=3)
    np.testing.assert_allclose(ends["segment"].values[:, 2], column["y"], atol=0.05)


def test_traits_and_controls_change_what_is_drawn(shown):
    _, view, overlay = shown
    size = np.abs(np.diff(view.lines["tracks"].segments.reshape(-1, 2, 2), axis=1)).max()
    overlay.scale = 3
    assert overlay._scale.value == 3
    larger = np.abs(np.diff(view.lines["tracks"].segments.reshape(-1, 2, 2), axis=1)).max()
    assert larger == pytest.approx(3 * size)
    overlay._motion.value = True
    assert overlay.motion
    overlay.motion, overlay.tail, overlay.frame = False, 2, 4
    assert set(overlay.trails["frame_after"].values) == {3, 4}
    with pytest.raises(traitlets.TraitError, match="scale is a positive number, but -1"):
        overlay.scale = -1.0


def test_selected_ways_stand_out_in_both_views(film, shown):
    workspace, view, overlay = shown
    other = TrackOverlay(workspace, selection=workspace.selection)
    label = int(overlay.trails["label"][0])
    workspace.selection.select([label])
    for one in (overlay, other):
        alpha = one.image_view.lines["tracks"].colours[:, 3]
        np.testing.assert_array_equal(alpha == 255, one.trails["label"].values == label)
    overlay.active = False
    assert "tracks" not in view.lines
    overlay.active = True
    assert "tracks" in view.lines
    overlay.close()
    assert "tracks" not in view.lines
    assert "tracks" in other.image_view.lines


def test_a_bare_stack_and_its_tracks(film):
    overlay = TrackOverlay(film.stack, film.tracks)
    assert overlay.trails.sizes["step"] > 0
    empty = TrackOverlay(film.stack)
    assert empty.message == "No columns in all frames yet: fit them first."
    assert empty.trails is None
