import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import flag_variable

PLACES = np.array([(2.0, 2.0), (2.0, 6.0), (6.0, 2.0), (6.0, 6.0), (10.0, 4.0)])
STEP = np.array([1.2, -0.9])


def frames(gone=(), count=5, step=STEP):
    """Columns in a new order in each frame; `gone` are (frame, column) that are not there."""
    rng = np.random.default_rng(0)
    parts = []
    for k in range(count):
        rows = [c for c in rng.permutation(5) if (k, c) not in gone]
        y, x = (PLACES[rows] + k * step + rng.normal(0, 0.05, (len(rows), 2))).T
        part = tw.make_columns(y, x, labels=np.array(rows) + 10)
        part["intensity"] = ("column", 10.0 + np.array(rows))
        part["sublattice"] = ("column", np.array(rows) % 2)
        parts.append(part)
    return parts


def drift(count=5, step=STEP):
    import xarray as xr

    path = np.arange(count)[:, None] * step
    return xr.Dataset(
        {f"drift_{n}": ("frame", path[:, k], {"units": "nm"}) for k, n in enumerate("yx")},
        coords={"frame": np.arange(count)},
    )


def test_columns_keep_one_label_through_gaps():
    tracks = tw.link_columns(frames(gone={(1, 2), (2, 2), (4, 0)}), drift=drift())
    assert tracks.sizes == {"frame": 5, "column": 5}
    assert (np.ptp(np.where(tracks["seen"], tracks["frame_label"], np.nan), axis=0) >= 0).sum() == 3
    for column in range(5):
        known = tracks["seen"].values[:, column]
        labels = tracks["frame_label"].values[:, column]
        assert np.unique(labels[known]).size == 1
        assert (labels[~known] == -1).all()
        assert np.isnan(tracks["intensity"].values[~known, column]).all()
        assert int(tracks["sublattice"][column]) == (labels[known][0] - 10) % 2
    lost = ~tracks["seen"].values
    assert ((tracks["flags"].values[lost] & int(tw.Flag.failed)) != 0).all()
    # where a column is not seen it is looked for where it was, moved along
    off = np.stack([tracks[n].values - tracks[f"drift_{n}"].values[:, None] for n in "yx"])
    assert np.ptp(off, axis=1).max() < 0.4
    assert tracks.sel(frame=2)["y"].dims == ("column",)


def test_a_longer_gap_makes_a_new_column():
    gone = {(1, 3), (2, 3)}
    assert tw.link_columns(frames(gone=gone), drift=drift(), gap=1).sizes["column"] == 6
    assert tw.link_columns(frames(gone=gone), drift=drift(), gap=2).sizes["column"] == 5


def test_without_drift_steps_are_too_long_unless_the_reach_says_so():
    assert tw.link_columns(frames(count=2)).sizes["column"] == 5
    assert tw.link_columns(frames(count=2), reach=0.5).sizes["column"] == 10
    assert tw.link_columns(frames(count=2), reach=0.5).attrs["reach"] == 0.5


def test_frames_are_numbered_by_their_coordinate_and_failed_fits_are_not_linked():
    parts = [p.assign_coords(frame=3 * k) for k, p in enumerate(frames())]
    parts[1]["flags"] = flag_variable([0, int(tw.Flag.failed), 0, 0, 0])
    parts = [p if "flags" in p else p.assign(flags=flag_variable(np.zeros(5))) for p in parts]
    motion = drift().assign_coords(frame=3 * np.arange(5))
    tracks = tw.link_columns(parts, drift=motion)
    assert tracks["frame"].values.tolist() == [0, 3, 6, 9, 12]
    assert tracks["seen"].values.sum() == 24


def test_what_each_frame_gives_is_linked_by_its_numbers(film):
    stack = film[0][:3].assign_coords(frame=[4, 5, 7])
    found = tw.each_frame(tw.find_columns, stack)
    tracks = tw.link_columns(found)
    assert tracks["frame"].values.tolist() == [4, 5, 7]
    assert float(tracks["seen"].mean()) > 0.9


def test_the_truth_of_a_movie_is_linked(film, make_tracks):
    truth = film[1]
    parts = []
    for k in range(truth.sizes["frame"]):
        inside = truth["inside"].values[k] & (truth["amplitude"].values[k] > 0)
        part = truth.isel(frame=k, column=inside)
        parts.append(tw.make_columns(part["y"], part["x"], labels=part["column"].values))
    tracks = tw.link_columns(parts)
    labels = np.where(tracks["seen"], tracks["frame_label"], np.nan)
    right = np.nanmax(labels, axis=0) == np.nanmin(labels, axis=0)
    assert right.mean() > 0.97


@pytest.mark.parametrize(
    ("change", "options", "text"),
    [
        (lambda p: p[:1], {}, "two frames or more are linked, but 1 came"),
        (lambda p: [q.assign_coords(frame=1) for q in p], {}, "Each frame comes once"),
        (lambda p: [p[0], tw.make_columns([1.0], [1.0], units="px")], {}, "one length unit"),
        (lambda p: p, {"gap": -1}, "gap is a number of frames, 0 or more"),
        (lambda p: p, {"reach": 0.0}, "reach is a length above 0"),
        (lambda p: [q.isel(column=[0]) for q in p], {}, "No frame has two columns"),
        (lambda p: [q.isel(column=[]) for q in p], {"reach": 1.0}, "No frame has a column"),
    ],
)
def test_what_cannot_be_linked_is_refused(change, options, text):
    with pytest.raises(ValueError, match=text):
        tw.link_columns(change(frames()), **options)
