import numpy as np
import pytest

import temwidgets as tw
from temwidgets.synthetic import movie


def test_displacement_is_free_of_drift(make_tracks):
    _, truth = movie((90, 110), frames=8, drift=(0.3, 0.5), hops=3, hop=2.0, seed=2, dose=None)
    tracks = tw.drift_free(make_tracks(truth))
    assert tracks["displacement"].dims == ("frame", "column", "component")
    assert tracks["displacement"].attrs["units"] == "px"
    still = ~np.isin(tracks["column"].values, truth["label"].values)
    still &= truth["inside"].values.all(axis=0)
    pull = (tracks["displacement"] / tracks["displacement_std"]).values[:, still]
    assert 0.9 < pull.std() < 1.1
    for name in "yx":
        path = truth[f"drift_{name}"] - truth[f"drift_{name}"].mean()
        assert (tracks[f"motion_{name}"] - path).values == pytest.approx(0, abs=0.01)
    hopped = tracks["displacement"].sel(column=truth["label"].values)
    size = np.hypot(*(hopped.isel(frame=-1) - hopped.isel(frame=0)).values.T)
    assert size == pytest.approx(2, abs=0.1)
    assert tracks.sel(frame=3)["displacement"].dims == ("column", "component")


def test_a_column_that_is_not_seen_has_none(make_tracks):
    _, truth = movie((90, 110), frames=8, vacancies=2, drift=(1.0, 0.0), dose=None)
    tracks = tw.drift_free(make_tracks(truth))
    gone = ~(truth["inside"].values & (truth["amplitude"].values > 0))
    assert gone.any()
    np.testing.assert_array_equal(np.isnan(tracks["displacement"].values[..., 0]), gone)


def test_a_motion_may_stretch(make_tracks):
    _, truth = movie((90, 110), frames=8, dose=None)
    tracks = make_tracks(truth, std=0.001)
    stretch = 1 + 0.002 * np.arange(8)
    tracks["x"] = tracks["x"] * stretch[:, None]
    left = {m: float(tw.drift_free(tracks, motion=m)["displacement"].std()) for m in
            ("shift", "linear")}  # fmt: skip
    assert left["linear"] < 0.0012
    assert left["shift"] > 0.1


def test_drift_within_frames_is_that_of_the_neighbours_too(make_tracks):
    _, still = movie((90, 110), frames=8, drift=(0.3, 0.5), dose=None)
    tracks = make_tracks(still, std=0.01)
    bent = _bent(tracks)
    local = tw.drift_free(bent, motion="local")
    pull = (local["displacement"] / local["displacement_std"]).values
    assert 0.9 < np.nanstd(pull) < 1.5
    assert "neighbour_share" not in tw.drift_free(local)
    shift = tw.drift_free(bent)
    assert np.nanstd((shift["displacement"] / shift["displacement_std"]).values) > 4


def test_few_columns_have_no_neighbours_enough(make_tracks):
    _, truth = movie((90, 110), frames=8, dose=None)
    few = make_tracks(truth).isel(column=slice(0, 12))
    with pytest.raises(ValueError, match='"local" needs more than 12 columns, but 12 came'):
        tw.drift_free(few, motion="local")


def test_columns_that_are_never_seen_have_no_place(walk, make_tracks):
    tracks = make_tracks(walk)
    lost = tracks["flags"].values.copy()
    lost[:, :3] |= int(tw.Flag.failed)
    tracks = tracks.assign(flags=(("frame", "column"), lost))
    for motion in ("shift", "linear"):
        found = tw.drift_free(tracks, motion=motion)
        assert np.isnan(found["mean_y"].values[:3]).all()
        assert np.isfinite(found["mean_y"].values[3:]).all()


def _bent(tracks):
    """Add a drift that is another one in each frame and at each height."""
    rng = np.random.default_rng(4)
    phase = rng.uniform(0, 2 * np.pi, (tracks.sizes["frame"], 1))
    wave = 0.3 * np.sin(2 * np.pi * tracks["y"].values / 200 + phase)
    return tracks.assign(x=tracks["x"] + wave)


def test_what_cannot_be_told_is_refused(walk, make_tracks):
    tracks = make_tracks(walk)
    with pytest.raises(ValueError, match="motion is one of shift, linear, local, but 'turn'"):
        tw.drift_free(tracks, motion="turn")
    with pytest.raises(ValueError, match=r"Tracks are columns over \(frame, column\)"):
        tw.drift_free(tracks.sel(frame=0))
    with pytest.raises(ValueError, match="two frames or more were expected"):
        tw.drift_free(tracks.isel(frame=[0]))
    with pytest.raises(TypeError, match="Columns are an xarray Dataset"):
        tw.drift_free(tracks["y"])
