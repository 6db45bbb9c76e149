"""Columns from a heat map and a spacing, as published."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from temwidgets.networks.atomid_batches import heat_map
from temwidgets.networks.atomid_detection import detect_boxes, suppress, window_maxima


def known_map(spacing, shape=(150, 210), seed=0):
    rng = np.random.default_rng(seed)
    axes = (np.arange(spacing, n - spacing / 2, spacing) for n in shape)
    columns = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    columns += rng.uniform(-0.1, 0.1, columns.shape) * spacing
    return heat_map(columns, spacing, shape), columns


@pytest.mark.parametrize("spacing", [8.0, 14.0, 40.0])
def test_known_columns_are_found_at_their_places(spacing):
    heat, columns = known_map(spacing)
    found = detect_boxes(heat, spacing)
    distance, which = KDTree(columns).query(found.place)
    assert len(found.place) == len(columns) == len(set(which))
    assert distance.max() < 0.05
    assert found.probability.max() <= 1
    assert np.all(np.diff(found.probability) <= 0)


def test_noise_in_the_map_makes_no_columns():
    heat, columns = known_map(14.0)
    heat = heat + 0.1 * np.random.default_rng(1).standard_normal(heat.shape)
    found = detect_boxes(heat, 14.0, threshold=0.4)
    distance, which = KDTree(columns).query(found.place)
    assert len(found.place) == len(columns) == len(set(which))
    assert np.sqrt((distance**2).mean()) < 0.3


def test_the_threshold_is_a_lower_bound():
    shape = (150, 210)
    columns = known_map(14.0)[1]
    weak = columns[:, 1] < 100
    heat = 0.5 * heat_map(columns[weak], 14.0, shape) + heat_map(columns[~weak], 14.0, shape)
    left = weak.sum()
    assert len(detect_boxes(heat, 14.0, threshold=0.3).place) == len(columns)
    assert len(detect_boxes(heat, 14.0, threshold=0.6).place) == len(columns) - left
    assert len(detect_boxes(heat, 14.0, threshold=2.0).place) == 0


def test_larger_windows_leave_fewer_columns():
    heat, _ = known_map(14.0)
    counts = [len(detect_boxes(heat, 14.0, window=w).place) for w in (5, 20, 50)]
    assert counts[0] > counts[1] > counts[2] >= 12


def test_windows_at_the_border_are_smaller():
    heat = np.arange(35.0).reshape(5, 7)
    places = window_maxima(heat, 3)
    assert places.tolist() == [[2, 2], [2, 5], [2, 6], [4, 2], [4, 5], [4, 6]]


def test_boxes_that_overlap_by_more_than_three_tenths_go():
    # side 10, apart by d: (10 - d) / (10 + d), which is 0.3 at d = 5.38
    value = np.array([0.9, 0.8, 0.7])
    place = np.array([[0.0, 0.0], [0.0, 5.3], [0.0, 10.7]])
    assert suppress(place, value, 10.0).tolist() == [0, 2]
    place[1] = 0.0, 5.5
    assert suppress(place, value, 10.0).tolist() == [0, 1]
    # what is gone suppresses nothing, and the order is that of values
    assert suppress(place * (1, 0.9), value[::-1], 10.0).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spacing": 0.0}, "spacing is a positive number of pixels, but 0.0 came"),
        ({"threshold": 0.0}, "threshold is a heat above 0"),
        ({"window": 0}, "window is a whole number of pixels from 1, but 0 came"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        detect_boxes(np.zeros((8, 8)), **{"spacing": 10.0, **options})
