"""Classes of points with known truth, unknown features and stragglers."""

import numpy as np
import pytest

from temwidgets.kernels.sorting import find_classes, probabilities


@pytest.fixture
def clouds():
    """Two clouds, 12 widths apart in one of three features, and 3 % stragglers."""
    random = np.random.default_rng(0)
    label = np.repeat([0, 1], [300, 500])
    points = random.normal(0, 2, (800, 3))
    points[:, 1] += 24.0 * label
    stray = random.uniform(-80, 80, (24, 3))
    return np.concatenate([points, stray]), label


def test_number_and_members(clouds):
    points, label = clouds
    classes = find_classes(points, None, 6)
    assert len(classes.weight) == 2
    assert classes.separation > 5
    assert (probabilities(points, classes).argmax(1)[:800] == label).mean() in (0, 1)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_number_can_be_told(clouds, n):
    assert len(find_classes(clouds[0], n, 6).weight) == n


def test_a_wide_feature_does_not_hide_a_clear_one():
    random = np.random.default_rng(1)
    label = np.arange(600) % 2
    points = np.stack([random.normal(0, 40, 600), random.normal(0, 1, 600) + 12 * label], 1)
    assert len(find_classes(points, None, 6).weight) == 2


def test_unknown_features_are_mute(clouds):
    points, label = clouds
    classes = find_classes(points, None, 6)
    hidden = points.copy()
    hidden[:, 0] = np.nan
    assert (probabilities(hidden, classes).argmax(1)[:800] == label).mean() in (0, 1)
    hidden[:] = np.nan
    np.testing.assert_allclose(
        probabilities(hidden, classes)[0], classes.weight / sum(classes.weight)
    )


def test_many_points_are_sampled_and_the_same_comes_twice():
    points = np.random.default_rng(2).normal(size=(9000, 2)) * 5
    one, two = find_classes(points, None, 3), find_classes(points, None, 3)
    assert one.icl == two.icl
    assert len(one.weight) == 1
