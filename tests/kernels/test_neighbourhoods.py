import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from temwidgets.kernels.neighbourhoods import MISSING, affine_maps, nearest, rows_of_keys


@given(st.integers(0, 2**32 - 1))
def test_keys_are_found_where_they_are(seed):
    rng = np.random.default_rng(seed)
    keys = np.unique(rng.integers(-5, 6, (40, 3)), axis=0)
    rng.shuffle(keys)
    wanted = rng.integers(-7, 8, (30, 2, 3))
    found = rows_of_keys(keys, wanted)
    for place in np.ndindex(30, 2):
        there = np.flatnonzero((keys == wanted[place]).all(axis=1))
        assert found[place] == (there[0] if there.size else MISSING)


def test_of_equal_keys_the_first_is_found_and_among_none_nothing():
    assert rows_of_keys(np.array([[1, 2], [1, 2]]), np.array([1, 2])) == 0
    assert (rows_of_keys(np.zeros((0, 2), int), np.zeros((3, 2), int)) == MISSING).all()


def test_the_nearest_are_others_in_order():
    points = np.array([[0, 0], [0, 1], [0, 3], [0, 3.5], [np.nan, 0]])
    rows, distance = nearest(points, np.array([0, 2]), np.array([0, 1, 2]), 3)
    np.testing.assert_array_equal(rows, [[1, 2, MISSING], [1, 0, MISSING]])
    np.testing.assert_allclose(distance, [[1, 3, np.inf], [2, 3, np.inf]])
    rows, _ = nearest(points, np.array([3]), np.array([0, 1, 2]), 2)
    np.testing.assert_array_equal(rows, [[2, 1]])
    rows, _ = nearest(points, np.array([3]), np.zeros(0, int), 2)
    assert (rows == MISSING).all()


@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4))
def test_affine_maps_are_recovered_whatever_the_weights(entries):
    rng = np.random.default_rng(1)
    gradient = np.reshape(entries, (2, 2))
    coordinates = rng.normal(size=(5, 7, 2))
    points = coordinates @ gradient + np.array([3.0, -4.0])
    weight = rng.uniform(0.2, 1, (5, 7))
    weight[0, 3:] = 0
    points[0, 3:] = np.nan
    found = affine_maps(coordinates, points, weight)
    np.testing.assert_allclose(found.gradient, np.broadcast_to(gradient, (5, 2, 2)), atol=1e-8)


def test_too_few_points_or_points_in_line_give_nothing():
    coordinates = np.array([[[0, 0], [1, 1], [2, 2]], [[0, 0], [1, 0], [0, 1]]], float)
    weight = np.array([[1, 1, 1], [1, 1, 0]], float)
    assert np.isnan(affine_maps(coordinates, coordinates, weight).gradient).all()


def test_influence_makes_the_gradient_from_the_points():
    rng = np.random.default_rng(2)
    coordinates, points = rng.normal(size=(2, 4, 6, 2))
    found = affine_maps(coordinates, points, np.ones((4, 6)))
    again = np.einsum("nka,nkc->nac", found.influence, points)
    np.testing.assert_allclose(found.gradient, again)
