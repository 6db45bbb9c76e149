"""What stands around points: known lattices, vacancies, rims."""

import numpy as np
import pytest

from temwidgets.kernels.surroundings import by_direction, by_distance, look_around


@pytest.fixture
def square():
    """A square lattice with one vacancy, brightness 1 and 3 in alternating rows."""
    y, x = np.mgrid[:15, :13]
    points = np.stack([10.0 * y.ravel(), 10.0 * x.ravel()], 1)
    bright = np.where(y.ravel() % 2, 3.0, 1.0)
    gone = 7 * 13 + 6
    random = np.random.default_rng(0)
    points += random.normal(0, 0.2, points.shape)
    return np.delete(points, gone, 0), np.delete(bright, gone), gone


def test_rims_are_told_from_vacancies(square):
    points, bright, gone = square
    around = look_around(points, bright)
    assert around.surrounded[gone - 1]  # left of the vacancy
    assert not around.surrounded[:13].any()
    assert around.closest == pytest.approx(10, rel=0.1)


def test_neighbours_by_direction(square):
    points, bright, gone = square
    table = by_direction(look_around(points, bright))
    whole = np.isfinite(table).all(axis=1)
    left = gone - 1
    assert whole[left]
    assert (table[left] == 0).sum() == 1
    inner = np.flatnonzero(whole & (table > 0).all(axis=1))
    even = bright[inner] == 1
    # a column in a dark row has other bright neighbours than one in a bright row
    spread = table[inner][even].std(0) + table[inner][~even].std(0)
    assert (abs(table[inner][even].mean(0) - table[inner][~even].mean(0)) > 3 * spread).all()
    assert np.isnan(table[0]).any()


def test_neighbours_by_distance_do_not_turn(square):
    points, bright, _ = square
    angle = np.deg2rad(37.0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    one = by_distance(look_around(points, bright))
    two = by_distance(look_around(points @ turn, bright))
    np.testing.assert_allclose(one, two, atol=1e-9)
    assert one.shape[1] % 2 == 0


def test_contrast_takes_a_slope_out(square):
    points, _, _ = square
    around = look_around(points, 5 + points[:, 0] / 10)
    assert np.allclose(around.contrast[around.surrounded], 1, atol=0.02)
