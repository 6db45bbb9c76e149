import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.stacks.drift import drift_of
from temwidgets.conventions import CancelledError


def off_truth(drift, truth, name):
    wanted = truth[f"drift_{name}"] - truth[f"drift_{name}"].mean()
    return (drift[f"drift_{name}"] - wanted).values


def test_drift_is_found_in_lengths_with_errors_that_hold(film, drift):
    truth = film[1]
    for name, step in zip("yx", (0.02, 0.025), strict=True):
        off = off_truth(drift, truth, name)
        # columns that vibrate and hop are not where the crystal is
        assert np.sqrt(np.mean(off**2)) < 0.05 * step
        assert abs(np.mean(off)) < 1e-9
        assert 0.3 < np.std(off / drift[f"drift_{name}_std"].values) < 2.5
        assert drift[f"drift_{name}"].attrs["units"] == "nm"
    assert drift.attrs["reference"] == "mean"
    assert float(drift["drift_y"].mean()) == pytest.approx(0, abs=1e-12)
    assert "offset" not in drift


def test_a_frame_may_be_what_has_not_moved(film, drift):
    stack = film[0].assign_coords(frame=("frame", np.arange(10, 19)))
    moved = tw.measure_drift(stack, reference=12)
    assert float(moved["drift_x"].sel(frame=12)) == 0
    np.testing.assert_allclose(np.diff(moved["drift_x"]), np.diff(drift["drift_x"]), atol=2e-4)


def test_lines_are_told_in_lengths():
    stack, truth = tw.synthetic.movie(
        (60, 80), frames=6, row_jitter=0.006, drift=(0.004, 0.0), sampling=(0.02, 0.025), dose=300
    )
    done = []
    drift = tw.measure_drift(stack, rows=True, report=done.append)
    assert drift["offset"].dims == ("frame", "y")
    assert drift["y"].equals(stack["y"])
    left = (drift["offset"].values - truth["offset"].values)[:, 5:-5]
    assert np.nanstd(left) < 1.35 * 0.006 / np.sqrt(6)
    assert 0.7 < np.nanstd(left / drift["offset_std"].values[:, 5:-5]) < 1.3
    assert done == sorted(done)
    assert done[-1] <= 1


def test_the_shipped_series_agrees_with_how_it_was_made():
    stack = tw.examples.load("drift_series")[:, :160, :160]
    drift = tw.measure_drift(stack)
    # it drifts by (-20, 35) pm a frame on average, and ever faster along x
    step = np.column_stack([np.diff(drift["drift_y"]), np.diff(drift["drift_x"])])
    assert step.mean(axis=0) == pytest.approx((-0.02, 0.035), abs=0.001)
    assert step[-1, 1] - step[0, 1] == pytest.approx(0.024, abs=0.003)


def test_it_can_be_stopped(film):
    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.measure_drift(film[0], report=stop)


def test_what_cannot_be_measured_is_refused(film):
    stack = film[0]
    with pytest.raises(ValueError, match=r"dims \(frame, y, x\) was expected"):
        tw.measure_drift(stack[0])
    with pytest.raises(ValueError, match="two frames or more, but this one has one"):
        tw.measure_drift(stack[:1])
    with pytest.raises(ValueError, match='reference is "mean" or the number of a frame'):
        tw.measure_drift(stack, reference="first")
    with pytest.raises(ValueError, match="no frame 40 to refer to; frames 0 to 8"):
        tw.measure_drift(stack, reference=40)
    with pytest.raises(ValueError, match="Frame 2 has no finite pixel"):
        tw.measure_drift(stack.where(stack["frame"] != 2))


def test_a_drift_belongs_to_frames_and_a_unit(drift):
    frames = np.arange(9)
    assert drift_of(drift, frames, "nm").shape == (9, 2)
    with pytest.raises(TypeError, match="drift is a Dataset with drift_y"):
        drift_of(drift["drift_y"], frames, "nm")
    with pytest.raises(ValueError, match="does not tell of all frames 0 to 9"):
        drift_of(drift, np.arange(10), "nm")
    with pytest.raises(ValueError, match="The drift is in nm, but lengths here are in px"):
        drift_of(drift, frames, "px")
    bare = xr.Dataset({n: ("frame", np.zeros(9)) for n in ("drift_y", "drift_x")})
    with pytest.raises(ValueError, match="does not tell of all frames"):
        drift_of(bare, frames, "px")
