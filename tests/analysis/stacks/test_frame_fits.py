import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import frame_of


def matched(tracks, truth, drift):
    """Rows of tracks and of truth that are the same column."""
    mean = {n: (truth[n] - truth[f"drift_{n}"]).median("frame").values for n in "yx"}
    shift = {n: float(truth[f"drift_{n}"].mean()) for n in "yx"}
    true = tw.make_columns(mean["y"] + shift["y"], mean["x"] + shift["x"])
    found = {n: (tracks[n] - tracks[f"drift_{n}"]).median("frame").values for n in "yx"}
    pairs = tw.match_columns(tw.make_columns(found["y"], found["x"]), true, radius=0.1)
    return pairs["found"].values, pairs["true"].values


def test_columns_are_fitted_in_every_frame_with_errors_that_hold(film, drift, fitted):
    _, tracks = fitted
    truth = film[1]
    assert tracks["y"].dims == ("frame", "column")
    assert tracks.attrs["shape"] == "shared"
    i, j = matched(tracks, truth, drift)
    quiet = ~np.isin(j, truth["label"].values)
    i, j = i[quiet], j[quiet]
    assert i.size > 30
    clear = (tracks["flags"].values[:, i] == 0) & truth["inside"].values[:, j]
    for name in "yx":
        off = tracks[name].values[:, i] - truth[name].values[:, j]
        pull = (off / tracks[f"{name}_std"].values[:, i])[clear]
        assert 0.8 < pull.std() < 1.25
        assert abs(pull.mean()) < 0.15


def test_one_frame_is_columns_like_any_others(film, fitted):
    _, tracks = fitted
    image = film[0].sel(frame=4)
    columns = tracks.sel(frame=4)
    assert frame_of(columns) == 4
    residual = image - tw.model_image(columns, image)
    # tails of columns beyond the rim reach in
    inner = residual[10:-10, 10:-10]
    assert float(inner.std()) < 1.1 * float(np.sqrt(image[10:-10, 10:-10].mean()))
    pairs = tw.neighbour_distances(columns, count=4)
    assert pairs.sizes["pair"] > columns.sizes["column"]
    with pytest.raises(ValueError, match="image is frame 5 but the columns were fitted in frame 4"):
        tw.refit_columns(film[0].sel(frame=5), columns, [0])


def test_columns_that_a_frame_does_not_show_keep_their_rows(film, drift, fitted):
    columns, tracks = fitted
    assert tracks.sizes["column"] == columns.sizes["column"]
    outside = (tracks["flags"].values & int(tw.Flag.failed)) != 0
    assert outside.any()
    assert not tracks["seen"].values[outside].any()
    assert np.isnan(tracks["intensity"].values[outside]).all()
    assert np.isfinite(tracks["y"].values).all()
    assert tracks.attrs["next_label"] == columns.attrs["next_label"]


def test_a_frame_that_shows_nothing_is_kept(film, fitted, drift):
    columns, _ = fitted
    far = drift.isel(frame=slice(2)).copy(deep=True)
    far["drift_y"].values[1] = 100.0
    done = []
    tracks = tw.fit_frames(film[0][:2], columns, drift=far, report=done.append, shape="shared")
    assert done == [0.5, 1.0]
    assert not tracks["seen"].values[1].any()
    assert np.isnan(float(tracks["noise_scale"][1]))
    assert tracks["seen"].values[0].any()
    far["drift_y"].values[:] = 100.0
    with pytest.raises(ValueError, match="columns lies in any frame"):
        tw.fit_frames(film[0][:2], columns, drift=far)


def test_what_does_not_belong_together_is_refused(film, fitted, drift):
    columns, tracks = fitted
    for image, function in ((film[0], tw.fit_frames), (film[0][0], tw.fit_columns)):
        with pytest.raises(ValueError, match=r"these are tracks of \d+ frames\. Choose one with"):
            function(image, tracks)
    with pytest.raises(ValueError, match=r"dims \(frame, y, x\) was expected"):
        tw.fit_frames(film[0][0], columns)
    with pytest.raises(ValueError, match="The image is in nm but the columns are in px"):
        tw.fit_frames(film[0], tw.make_columns([1.0], [1.0], units="px"))
    with pytest.raises(ValueError, match="shape must be one of"):
        tw.fit_frames(film[0], columns, drift=drift, shape="square")
