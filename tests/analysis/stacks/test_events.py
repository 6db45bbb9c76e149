import numpy as np
import pytest

import temwidgets as tw
from temwidgets.synthetic import movie

HAPPEN = {"vacancies": 4, "filled": 4, "hops": 4, "hop": 1.0, "steps": 4, "step": -0.4}


def hits(events, truth):
    """How many of the true events were found, within a frame of when they happened."""
    wanted = {
        (str(kind), int(label)): int(frame)
        for kind, label, frame in zip(
            truth["kind"].values, truth["label"].values, truth["event_frame"].values, strict=True
        )
    }
    found = zip(
        events["kind"].values, events["label"].values, events["event_frame"].values, strict=True
    )
    return sum(abs(wanted.get((str(k), int(n)), 99) - int(frame)) <= 1 for k, n, frame in found)


def test_events_are_found_and_little_else(make_tracks):
    right = found = true = 0
    for seed in range(4):
        options = {"drift": (0.4, 0.3), "vibration": 0.1, "dose": None, "seed": seed, **HAPPEN}
        _, truth = movie((140, 170), frames=12, **options)
        events = tw.column_events(make_tracks(truth, seed=seed))
        right += hits(events, truth)
        found += events.sizes["event"]
        true += truth.sizes["event"]
    assert right / true > 0.95
    assert right / found > 0.9


def test_nothing_happens_where_nothing_does(make_tracks):
    _, truth = movie((140, 170), frames=12, drift=(0.4, 0.3), vibration=0.1, dose=None, seed=9)
    beam = make_tracks(truth)
    scale = 1 + 0.2 * np.sin(np.arange(12))
    for name in ("intensity", "intensity_std"):
        beam[name] = beam[name] * scale[:, None]
    events = tw.column_events(beam)
    assert events.sizes["event"] == 0
    assert events["kind"].dims == ("event",)
    assert events.attrs["fdr"] == 0.05
    assert events.attrs["n_tested"] > 200


def test_a_slow_drift_within_frames_is_no_hop(make_tracks):
    _, truth = movie((140, 170), frames=12, dose=None, seed=3, hops=3, hop=1.0)
    tracks = make_tracks(truth, std=0.03)
    # from the sixth frame on, the scan is stretched by up to a seventh of a pixel
    later = (np.arange(12) >= 6)[:, None]
    tracks["y"] = tracks["y"] + later * 0.001 * (tracks["x"] - 85.0)
    events = tw.column_events(tracks)
    assert hits(events, truth) == 3
    assert events.sizes["event"] <= 4


def test_the_sizes_of_events(make_tracks):
    _, truth = movie((120, 150), frames=12, dose=None, seed=1, **HAPPEN)
    tracks = make_tracks(truth, std=0.02).assign_coords(frame=np.arange(12) + 100)
    events = tw.column_events(tracks)
    assert events["event_frame"].values.min() >= 102
    kinds = events["kind"].values
    sure = events["p_value"].values < 1e-8
    hops = events.isel(event=(kinds == "hop") & sure)
    assert hops["distance"].values == pytest.approx(1.0, abs=0.05)
    assert hops["distance"].attrs["units"] == "px"
    assert np.isnan(hops["change"].values).all()
    pull = (hops["distance"] - 1.0) / hops["distance_std"]
    assert np.abs(pull.values).max() < 4
    for kind, size in (("vacancy", -1.0), ("filled", 1.0), ("intensity step", -0.4)):
        change = events.isel(event=(kinds == kind) & sure)
        assert change["change"].values == pytest.approx(size, abs=0.08)
        assert np.isnan(change["distance"].values).all()
    assert (np.diff(events["event_frame"].values) >= 0).all()
    assert (events["p_adjusted"].values <= 0.05).all()


def test_a_column_that_leaves_the_image_is_no_vacancy(make_tracks):
    _, truth = movie((80, 100), frames=12, drift=(1.5, 0.0), dose=None, seed=4)
    assert not truth["inside"].values.all()
    assert tw.column_events(make_tracks(truth)).sizes["event"] == 0


def test_events_of_a_fitted_movie(film, fitted):
    _, tracks = fitted
    truth = film[1]
    events = tw.column_events(tracks)
    assert sorted(events["kind"].values) == sorted(truth["kind"].values)
    found = dict(zip(events["kind"].values, events["event_frame"].values, strict=True))
    wanted = dict(zip(truth["kind"].values, truth["event_frame"].values, strict=True))
    assert found == wanted


def test_what_cannot_be_judged_is_refused(film, fitted):
    _, tracks = fitted
    with pytest.raises(ValueError, match="fdr is a fraction between 0 and 1, but 2"):
        tw.column_events(tracks, fdr=2)
    with pytest.raises(ValueError, match="The columns have no intensity"):
        tw.column_events(tracks.drop_vars("intensity"))
