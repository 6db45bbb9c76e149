import numpy as np
import pytest

import temwidgets as tw


def test_frames_come_to_lie_on_one_another(film, drift):
    stack = film[0]
    aligned = tw.align_frames(stack, drift)
    assert aligned.sizes["frame"] == 9
    assert aligned.sizes["y"] > stack.sizes["y"]
    assert aligned.attrs["aligned"] == "all"
    assert float(aligned["y"][1] - aligned["y"][0]) == pytest.approx(0.02)
    # whole pixels, so that the grid of a frame that has not moved is on it
    steps = float((aligned["y"][0] - stack["y"][0]) / 0.02)
    assert steps == pytest.approx(round(steps), abs=1e-6)
    shared = tw.align_frames(stack, drift, extent="common")
    assert np.isfinite(shared.values).all()
    assert shared.sizes["x"] < stack.sizes["x"]
    spread = shared.std("frame").mean() / stack.std("frame").mean()
    assert spread < 0.75


def test_offsets_of_lines_are_taken_off():
    stack, _ = tw.synthetic.movie((60, 80), frames=8, row_jitter=0.6, dose=None, seed=2)
    still, _ = tw.synthetic.movie((60, 80), frames=8, dose=None, seed=2)
    drift = tw.measure_drift(stack, rows=True)
    inner = (slice(None), slice(8, -8), slice(8, -8))
    left = {}
    for name, motion in (("rows", drift), ("frames", drift.drop_vars("offset"))):
        aligned = tw.align_frames(stack, motion, extent="common")
        whole = still.interp(y=aligned["y"], x=aligned["x"], method="cubic")
        left[name] = float(np.sqrt(((aligned - whole).values[inner] ** 2).mean()))
    assert left["rows"] < 0.6 * left["frames"]


def test_noise_keeps_its_variance(drift):
    noise = tw.make_image(
        np.random.default_rng(0).poisson(100, (9, 76, 96)), sampling=(0.02, 0.025), origin=(3, -1)
    )
    aligned = tw.align_frames(noise, drift, extent="common")
    assert aligned.std(("y", "x")).values == pytest.approx(10, rel=0.05)


def test_missing_pixels_stay_missing_and_the_mean_skips_them(film, drift):
    stack = film[0].copy()
    stack[3, 20:24, 30:34] = np.nan
    aligned = tw.align_frames(stack, drift, extent="common")
    assert np.isnan(aligned.values[3]).sum() >= 16
    assert np.isfinite(tw.mean_frame(aligned).values).all()


def test_what_does_not_fit_is_refused(film, drift):
    stack = film[0]
    with pytest.raises(ValueError, match="extent is one of all, common, but 'first'"):
        tw.align_frames(stack, drift, extent="first")
    far = drift.assign(drift_x=drift["drift_x"] * 40)
    with pytest.raises(ValueError, match="no 2 x 2 pixels in common"):
        tw.align_frames(stack, far, extent="common")
    lines = drift.assign(offset=(("frame", "y"), np.zeros((9, 5)))).assign_coords(y=np.arange(5.0))
    with pytest.raises(ValueError, match="not those of the lines of this stack"):
        tw.align_frames(stack, lines)
