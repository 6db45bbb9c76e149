import numpy as np
import pytest

import temwidgets as tw


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


def test_drift_within_frames_is_no_diffusion(walk, make_tracks):
    tracks = make_tracks(walk)
    phase = np.random.default_rng(4).uniform(0, 2 * np.pi, (tracks.sizes["frame"], 1))
    wave = 0.4 * np.sin(2 * np.pi * tracks["y"].values / 300 + phase)
    bent = tracks.assign(x=tracks["x"] + wave)
    found = tw.mean_square_displacement(tw.drift_free(bent, motion="local"), lags=10)
    assert float(found["diffusion"]) == pytest.approx(0.004, abs=3 * float(found["diffusion_std"]))
    vibration = 4 * 0.05**2
    assert float(found["offset"]) == pytest.approx(vibration, abs=3 * float(found["offset_std"]))
    shift = tw.mean_square_displacement(bent, lags=10)
    assert float(shift["offset"]) > 5 * vibration


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
    with pytest.raises(ValueError, match="lags is a number of frames from 1 to 23"):
        tw.mean_square_displacement(tracks, lags=30)
    with pytest.raises(ValueError, match="frame_time is a time above 0"):
        tw.mean_square_displacement(tracks, frame_time=0.0)
    lost = tracks.assign(flags=tracks["flags"] | int(tw.Flag.failed))
    with pytest.raises(ValueError, match="No column is seen in two frames"):
        tw.mean_square_displacement(lost)
