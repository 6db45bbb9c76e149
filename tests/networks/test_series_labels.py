"""Labels for noisy frames by their series: known drift, known columns."""

import numpy as np
import pytest
from scipy.spatial import KDTree

import temwidgets as tw
from temwidgets import synthetic
from temwidgets.kernels.stack_drift import rough_drift, signal_to_noise
from temwidgets.kernels.stack_refine import refine
from temwidgets.networks.series_labels import label_series

SHAPE = (90, 120)
DRIFT = np.array([(0, 0), (1.3, -2.6), (3.45, -5.2), (5.1, -7.7), (8.3, -9.9)])
DOSES = (400, 300, 800, 300, 400)


def make_series(drift=DRIFT, doses=DOSES, dark=False, sampling=(0.02, 0.03)):
    """Frames (as many counts as dose) of a defective crystal, and the columns (px) in each."""
    site = synthetic.Site(0, 0, 1.0, 2.4, 2.0, 20.0)
    wide = tw.make_image(np.zeros((SHAPE[0] + 60, SHAPE[1] + 60)), origin=(-30.0, -30.0))
    columns = synthetic.lattice_columns(
        wide, (0.0, 13.0), (12.0, 3.0), [site], vacancies=0.05, amplitude_spread=0.1, seed=1
    )
    blank = tw.make_image(np.zeros(SHAPE))
    frames, places = [], []
    for number, ((dy, dx), dose) in enumerate(zip(drift, doses, strict=True)):
        moved = columns.assign(y=columns["y"] + dy, x=columns["x"] + dx)
        made = synthetic.render(moved, blank, background=0.3, dose=dose, seed=number)
        frames.append(1000 - made.values if dark else made.values)
        places.append(np.column_stack([moved["y"], moved["x"]]))
    return tw.make_image(np.stack(frames), sampling=sampling), places


def check(pair, truth, start=(0, 0), most=0.1):
    """Every column well inside is labelled, once, and where it is."""

    def inner(place):
        return ((place > 4) & (place < np.array(pair.image.shape) - 5)).all(axis=1)

    truth = truth - start
    distance, which = KDTree(truth).query(pair.columns)
    sure = inner(pair.columns) & inner(truth[which])
    assert distance[sure].max() < most
    assert len(set(which)) == len(which)
    assert set(np.flatnonzero(inner(truth))) <= set(which)


def test_columns_of_the_mean_label_every_frame():
    frames, truth = make_series()
    pairs = label_series(frames)
    assert len(pairs) == 5
    for frame, pair, columns in zip(frames.values, pairs, truth, strict=True):
        np.testing.assert_array_equal(pair.image, frame)
        check(pair, columns)


def test_columns_of_the_best_frame_label_what_others_share_with_it():
    frames, truth = make_series()
    pairs = label_series(frames, reference="best")
    for frame, pair, columns, drift in zip(frames.values, pairs, truth, DRIFT, strict=True):
        away = drift - DRIFT[2]
        assert np.all(np.abs(np.array(SHAPE) - pair.image.shape - np.ceil(np.abs(away))) <= 1)
        start = np.maximum(0, np.array(SHAPE) - pair.image.shape) * (away > 0)
        np.testing.assert_array_equal(pair.image, _cut(frame, start, pair.image.shape))
        check(pair, columns, start)


def _cut(frame, start, shape):
    return frame[start[0] : start[0] + shape[0], start[1] : start[1] + shape[1]]


def test_missing_pixels_stay_missing():
    frames, truth = make_series(DRIFT[:3], (300, 300, 300))
    lost = np.random.default_rng(3).random(frames.shape) < 0.1
    pairs = label_series(frames.where(~lost))
    for pair, columns, gone in zip(pairs, truth, lost, strict=True):
        np.testing.assert_array_equal(np.isnan(pair.image), gone)
        check(pair, columns, most=0.2)


def test_dark_columns():
    frames, truth = make_series(DRIFT[:2], (500, 500), dark=True)
    for pair, columns in zip(label_series(frames, contrast="dark"), truth, strict=True):
        check(pair, columns, most=0.15)


def test_drift_of_noisy_frames_is_measured_to_a_tenth_of_a_pixel():
    frames, _ = make_series(doses=(20, 20, 40, 20, 20))
    clear = [signal_to_noise(frame) for frame in frames.values]
    assert int(np.argmax(clear)) == 2
    drift = refine(frames.values, rough_drift(frames.values, 2), rows=False).drift
    np.testing.assert_allclose(drift - drift[2], DRIFT - DRIFT[2], atol=0.1)


def test_what_cannot_be_labelled_is_refused():
    frames, _ = make_series(DRIFT[:2], (50, 50))
    with pytest.raises(ValueError, match=r'reference is "mean" or "best", but "?\'?first'):
        label_series(frames, reference="first")
    with pytest.raises(ValueError, match=r"dims \(frame, y, x\) was expected"):
        label_series(frames[0])
    with pytest.raises(ValueError, match=r"Frame 1 has no finite pixel"):
        label_series(frames.where(frames["frame"] == 0))
    noise = np.random.default_rng(5).normal(10, 1, (2, 64, 80))
    with pytest.raises(ValueError, match=r"No columns were found in this series"):
        label_series(tw.make_image(noise))
