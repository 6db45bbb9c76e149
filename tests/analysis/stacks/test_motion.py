import numpy as np
import pytest

import temwidgets as tw
from temwidgets.synthetic import movie


@pytest.fixture(scope="module")
def walk():
    """Truth of columns that diffuse, vibrate and drift."""
    return movie(
        (150, 190), frames=24, drift=(0.31, -0.2), diffusion=0.004, vibration=0.05, dose=None,
        seed=3, amplitude_spread=0.1,
    )[1]  # fmt: skip


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


@pytest.mark.parametrize("std", [0.002, 0.1])
def test_the_mean_square_displacement_has_the_slope_of_diffusion(walk, make_tracks, std):
    found = tw.mean_square_displacement(make_tracks(walk, std=std), lags=10)
    assert found["msd"].attrs["units"] == "px²"
    assert float(found["diffusion"]) == pytest.approx(0.004, abs=3 * float(found["diffusion_std"]))
    assert float(found["diffusion_std"]) < 0.15 * 0.004
    # vibration is no error of localisation and stays
    assert float(found["offset"]) == pytest.approx(
        4 * 0.05**2, abs=3 * float(found["offset_std"]) + 5e-4
    )
    lag = found["lag"].values
    wanted = 4 * 0.004 * lag + 4 * 0.05**2
    assert np.abs((found["msd"].values - wanted) / found["msd_std"].values).max() < 4
    raw = tw.mean_square_displacement(make_tracks(walk, std=std), lags=10, localisation=False)
    np.testing.assert_allclose(raw["msd"] - found["msd"], 4 * std**2, rtol=0.1)
    np.testing.assert_allclose(raw["noise"], 0)


def test_columns_that_are_never_seen_have_no_place(walk, make_tracks):
    tracks = make_tracks(walk)
    lost = tracks["flags"].values.copy()
    lost[:, :3] |= int(tw.Flag.failed)
    tracks = tracks.assign(flags=(("frame", "column"), lost))
    for motion in ("shift", "linear"):
        found = tw.drift_free(tracks, motion=motion)
        assert np.isnan(found["mean_y"].values[:3]).all()
        assert np.isfinite(found["mean_y"].values[3:]).all()


def test_time_is_in_seconds_where_a_frame_takes_some(walk, make_tracks):
    tracks = tw.drift_free(make_tracks(walk))
    frames = tw.mean_square_displacement(tracks)
    seconds = tw.mean_square_displacement(tracks, frame_time=0.5)
    assert frames.sizes["lag"] == 11
    assert seconds["time"].values[:2].tolist() == [0.5, 1.0]
    assert seconds["diffusion"].attrs["units"] == "px²/s"
    assert float(seconds["diffusion"]) == pytest.approx(2 * float(frames["diffusion"]))


def test_what_cannot_be_told_is_refused(walk, make_tracks):
    tracks = make_tracks(walk)
    with pytest.raises(ValueError, match="motion is one of shift, linear, but 'turn'"):
        tw.drift_free(tracks, motion="turn")
    with pytest.raises(ValueError, match=r"Tracks are columns over \(frame, column\)"):
        tw.drift_free(tracks.sel(frame=0))
    with pytest.raises(ValueError, match="two frames or more were expected"):
        tw.drift_free(tracks.isel(frame=[0]))
    with pytest.raises(TypeError, match="Columns are an xarray Dataset"):
        tw.drift_free(tracks["y"])
    with pytest.raises(ValueError, match="lags is a number of frames from 1 to 23"):
        tw.mean_square_displacement(tracks, lags=30)
    with pytest.raises(ValueError, match="frame_time is a time above 0"):
        tw.mean_square_displacement(tracks, frame_time=0.0)
    lost = tracks.assign(flags=tracks["flags"] | int(tw.Flag.failed))
    with pytest.raises(ValueError, match="No column is seen in two frames"):
        tw.mean_square_displacement(lost)
