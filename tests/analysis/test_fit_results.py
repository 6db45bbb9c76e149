import numpy as np
import pytest

from temwidgets.analysis import fit_results
from temwidgets.conventions import PixelGrid, Sampling

GRID = PixelGrid((60, 70), Sampling(2.0, -1.0), Sampling(0.02, 0.025), "nm")


def test_parameters_come_to_lengths_and_degrees():
    # round in px: wider along x, where pixels are longer
    values = fit_results.physical(np.array([[10.0, 20, 30, np.log(3), 0, 0]]), GRID)[0]
    named = dict(zip(fit_results.NAMES, values, strict=True))
    assert named["y"] == pytest.approx(2.4)
    assert named["x"] == pytest.approx(-0.25)
    assert named["sigma_major"] == pytest.approx(0.075)
    assert named["sigma_minor"] == pytest.approx(0.06)
    assert named["theta"] == pytest.approx(0, abs=1e-6)
    assert named["intensity"] == pytest.approx(2 * np.pi * 10 * 0.075 * 0.06)


def test_angles_turn_from_x_towards_y():
    square = GRID._replace(sampling=Sampling(0.02, 0.02))
    tilted = np.array([[1.0, 0, 0, 1.0, 0.0, 0.2], [1.0, 0, 0, 1.0, -0.2, 0.0]])
    theta = fit_results.physical(tilted, square)[:, 5]
    np.testing.assert_allclose(theta, [45, 90], atol=1e-6)


def test_round_columns_are_not_turned():
    along = np.log(GRID.sampling.y / GRID.sampling.x) / 2
    values = fit_results.physical(np.array([[10.0, 0, 0, np.log(3), along, 1e-9]]), GRID)[0]
    named = dict(zip(fit_results.NAMES, values, strict=True))
    assert named["sigma_major"] == pytest.approx(named["sigma_minor"])
    assert named["theta"] == 0


def test_errors_follow_the_lengths():
    parameters = np.array([[100.0, 20, 30, 1.0, 0.1, 0.05]])
    covariance = np.diag([4.0, 0.01, 0.04, 1e-4, 1e-4, 1e-4])[None]
    errors = np.sqrt(np.diagonal(fit_results.physical_covariance(parameters, covariance, GRID)[0]))
    named = dict(zip(fit_results.NAMES, errors, strict=True))
    assert named["y"] == pytest.approx(0.1 * 0.02, rel=1e-4)
    assert named["x"] == pytest.approx(0.2 * 0.025, rel=1e-4)
    assert named["amplitude"] == pytest.approx(2, rel=1e-4)
    relative = np.hypot(2 / 100, 2 * 1e-2)
    intensity = fit_results.physical(parameters, GRID)[0, 6]
    assert named["intensity"] == pytest.approx(relative * intensity, rel=1e-3)


def test_the_background_is_drawn_where_it_was_fitted():
    spline = fit_results.background_spline(np.full((4, 5), 7.0), GRID, "smooth")
    y, x = np.array([2.0, 2.5]), np.array([-1.0, 0.0, 50.0])
    np.testing.assert_allclose(fit_results.background_image(spline, y, x), 7)
    np.testing.assert_allclose(fit_results.background_at(spline, y, y - 3), 7)
    plane = np.array([[5.0, 2.0], [1.0, 0.0]])
    tilted = fit_results.background_spline(plane, GRID, "plane")
    corner = fit_results.background_at(tilted, np.array([2.0]), np.array([-1.0]))
    assert corner[0] == pytest.approx(5 - 2 - 1)
