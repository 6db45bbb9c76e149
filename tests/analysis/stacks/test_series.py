import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.stacks.series import time_variables


def test_the_rest_is_averaged_and_chosen_columns_are_told_singly(film, make_tracks):
    tracks = tw.drift_free(make_tracks(film[1], std=0.001))
    label = tracks["column"].values[[3, 7]]
    series = tw.time_series(tracks, "intensity", labels=[*label, 4000])
    assert series["chosen"].values.tolist() == label.tolist()
    seen = (tracks["flags"].values & int(tw.Flag.failed)) == 0
    seen &= tracks["intensity"].notnull().values
    rest = np.where(seen, tracks["intensity"].values, np.nan)
    rest[:, [3, 7]] = np.nan
    np.testing.assert_allclose(series["mean"], np.nanmean(rest, axis=1))
    np.testing.assert_allclose(series["spread"], np.nanstd(rest, axis=1, ddof=1))
    np.testing.assert_array_equal(series["n"], np.isfinite(rest).sum(axis=1))
    assert series["value_std"].values[seen[:, [3, 7]]] == pytest.approx(0.05)
    assert series["mean"].attrs["units"] == "counts"


def test_parts_of_vectors_are_quantities_too(film, make_tracks):
    tracks = tw.drift_free(make_tracks(film[1]))
    names = time_variables(tracks)
    assert {"displacement_y", "displacement_std_x"} <= set(names)
    assert names.index("displacement_x") < names.index("y_std")
    assert "flags" not in names
    series = tw.time_series(tracks, "displacement_y", labels=tracks["column"].values[:1])
    np.testing.assert_array_equal(
        series["value"].values[:, 0], tracks["displacement"].sel(component="y").values[:, 0]
    )
    np.testing.assert_array_equal(
        series["value_std"].values[:, 0], tracks["displacement_std"].sel(component="y").values[:, 0]
    )
    with pytest.raises(ValueError, match="There is no 'height' of columns in each frame; there"):
        tw.time_series(tracks, "height")


def test_a_line_that_goes_with_the_drift_sees_the_same(film, drift):
    stack = film[0]
    start, end = (3.7, -0.5), (3.7, 0.9)
    still = tw.kymograph(stack, start, end, width=0.1)
    assert still.dims == ("frame", "distance")
    assert still["distance"].attrs["units"] == "nm"
    assert float(still["distance"][-1]) == pytest.approx(1.4, abs=0.03)
    moved = tw.kymograph(stack, start, end, width=0.1, drift=drift)
    assert float(moved.std("frame").mean()) < 0.6 * float(still.std("frame").mean())
    at = {n: float(drift[f"drift_{n}"][6]) for n in "yx"}
    there = [(y + at["y"], x + at["x"]) for y, x in (start, end)]
    same = tw.kymograph(stack, *there, width=0.1, drift=drift, frame=6)
    np.testing.assert_allclose(same, moved, atol=1e-6)


def test_a_line_needs_frames_and_two_ends(film, drift):
    with pytest.raises(ValueError, match=r"dims \(frame, y, x\) was expected"):
        tw.kymograph(film[0][0], (3.5, 0.0), (3.6, 0.0))
    with pytest.raises(ValueError, match="start and end are two places"):
        tw.kymograph(film[0], (3.5, 0.0), (3.5, 0.0))
    with pytest.raises(ValueError, match="does not tell of all frames"):
        tw.kymograph(film[0], (3.5, 0.0), (3.6, 0.0), drift=drift, frame=77)
