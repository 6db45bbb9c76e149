import numpy as np
import pytest

import temwidgets as tw


def test_columns_of_the_mean_are_where_the_truth_is(film, drift):
    done = []
    columns = tw.fit_mean(film[0], drift, background="constant", report=done.append)
    truth = film[1]
    rest = ~np.isin(truth["column"].values, truth["label"].values)
    true = {n: (truth[n] - truth[f"drift_{n}"]).mean("frame") for n in "yx"}
    middle = {n: float(truth[f"drift_{n}"].mean()) for n in "yx"}
    placed = tw.make_columns(*((true[n] + middle[n]).values[rest] for n in "yx"))
    pairs = tw.match_columns(columns, placed, radius=0.1)
    assert pairs.sizes["pair"] > 35
    assert float(np.median(pairs["distance"])) < 0.002
    assert "frame" not in columns.coords
    assert 0 < max(done) <= 1


def test_columns_of_one_frame_start_the_others_too(film, drift, fitted):
    _, tracks = fitted
    columns = tw.frame_columns(tracks, 6)
    columns = columns.isel(column=columns["seen"].values)
    again = tw.fit_frames(film[0][:2], columns, drift=drift)
    assert float(again["seen"].mean()) > 0.8
    before = tracks.sel(column=columns["column"].values, frame=[0, 1])
    both = again["seen"].values & before["seen"].values
    off = (again["y"].values - before["y"].values)[both]
    assert np.abs(off).max() < 0.01


def test_a_frame_that_is_not_there_is_refused(fitted):
    with pytest.raises(ValueError, match="There is no frame 30; frames 0 to 8 exist"):
        tw.frame_columns(fitted[1], 30)
    with pytest.raises(ValueError, match=r"Tracks are columns over \(frame, column\)"):
        tw.frame_columns(fitted[0], 0)


def test_columns_that_are_there_in_few_frames_are_found():
    still = {"frames": 9, "dose": 250, "vacancies": 3, "seed": 7, "separation": 13.0}
    stack, truth = tw.synthetic.movie((76, 96), **still)
    rare = truth["label"].values[truth["event_frame"].values == 2]
    assert rare.size
    true = tw.make_columns(truth["y"].values[0, rare], truth["x"].values[0, rare], units="px")
    for few, expected in ((2, rare.size), (0, 0)):
        columns = tw.fit_mean(stack, few=few, background="constant")
        pairs = tw.match_columns(columns, true, radius=2.0)
        assert pairs.sizes["pair"] == expected
        assert columns.indexes["column"].is_unique
        assert columns.attrs["next_label"] > columns["column"].max()
    with pytest.raises(ValueError, match="few is a number of frames, 0 or more, but -1 came"):
        tw.fit_mean(stack, few=-1)
