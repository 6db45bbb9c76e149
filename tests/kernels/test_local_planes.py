import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels import local_planes


def points(seed=0, n=300):
    return np.random.default_rng(seed).uniform([10, -5], [30, 25], (n, 2))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(6, 30))
def test_planes_are_exact_on_planes(seed, count):
    places = points(seed)
    values = 3 - 0.2 * places[:, 0] + 0.7 * places[:, 1]
    rows = local_planes.neighbours(places, count)
    assert not (rows == np.arange(300)[:, None]).any()
    weights = local_planes.plane_weights(places, rows)
    np.testing.assert_allclose((weights * values[rows]).sum(axis=1), values, atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    fitted = local_planes.robust_levels(places, rows, values)
    np.testing.assert_allclose(fitted.level, values, atol=1e-5)


def test_neighbours_are_the_nearest_others():
    places = points()
    rows = local_planes.neighbours(places, 5)
    distance = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    np.testing.assert_array_equal(np.sort(rows), np.sort(distance.argsort(axis=1)[:, :5]))
    assert local_planes.neighbours(places[:4], 10).shape == (4, 3)
    same = np.zeros((20, 2))
    assert local_planes.neighbours(same, 6).shape == (20, 6)


def test_exceptions_hardly_move_the_level():
    places, rng = points(n=800), np.random.default_rng(1)
    values = 5 + 0.1 * places[:, 0] + rng.normal(0, 0.1, 800)
    odd = rng.random(800) < 0.1
    moved = np.where(odd, values - 3, values)
    rows = local_planes.neighbours(places, 16)
    plain, robust = (local_planes.robust_levels(places, rows, v) for v in (values, moved))
    assert np.quantile(np.abs(robust.level - plain.level), 0.95) < 0.1
    off = (values - plain.level) / np.sqrt(1 + plain.variance)
    assert off.std() == pytest.approx(0.1, rel=0.1)


def test_neighbours_in_a_line_or_without_noise():
    line = np.column_stack([np.arange(40.0), np.zeros(40)])
    rows = local_planes.neighbours(line, 6)
    fitted = local_planes.robust_levels(line, rows, np.arange(40.0))
    np.testing.assert_allclose(fitted.level, np.arange(40.0), atol=1e-2)
    np.testing.assert_allclose(local_planes.robust_levels(line, rows, np.ones(40)).level, 1)
