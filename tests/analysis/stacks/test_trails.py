import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.stacks.trails import trails


@pytest.fixture(scope="module")
def tracks(film, make_tracks):
    return make_tracks(film[1], std=1e-4)


def test_a_way_passes_through_where_the_column_is(film, tracks):
    found = trails(tracks, 5)
    whole = np.flatnonzero(film[1]["inside"].values.all(axis=0))
    label = int(tracks["column"][whole[0]])
    way = found.isel(step=found["label"].values == label)
    if way.sizes["step"] == 8:
        to = way.isel(step=way["frame_after"].values == 5)["segment"].values[0, 2:]
        place = [float(tracks[n][5, whole[0]]) for n in "yx"]
        assert to == pytest.approx(place, abs=1e-3)
    np.testing.assert_array_equal(way["segment"].values[1:, :2], way["segment"].values[:-1, 2:])


def test_steps_are_enlarged_and_cut_to_a_tail(tracks):
    def length(found):
        ends = found["segment"].values
        return np.hypot(*(ends[:, 2:] - ends[:, :2]).T)

    plain, large = trails(tracks, 5), trails(tracks, 5, scale=4)
    np.testing.assert_allclose(length(large), 4 * length(plain))
    tail = trails(tracks, 5, tail=2)
    assert set(tail["frame_after"].values) == {4, 5}
    moved = trails(tracks, 5, motion=True)
    assert np.median(length(moved)) > 0.014


def test_columns_that_are_never_seen_have_no_way(tracks):
    lost = tracks.assign(flags=tracks["flags"] | int(tw.Flag.failed))
    assert trails(lost, 0).sizes["step"] == 0


def test_what_cannot_be_drawn_is_refused(tracks):
    with pytest.raises(ValueError, match="There is no frame 9; frames 0 to 8 exist"):
        trails(tracks, 9)
    with pytest.raises(ValueError, match="scale is a number above 0"):
        trails(tracks, 0, scale=0)
    with pytest.raises(ValueError, match="tail is a number of frames"):
        trails(tracks, 0, tail=-1)
