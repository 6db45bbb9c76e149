import numpy as np
import pytest

from temwidgets.kernels.background import (
    gaussian_background,
    plane_background,
    rolling_background,
)


def test_a_plane_is_its_own_background():
    y, x = np.mgrid[:30, :50]
    plane = 3.0 + 0.2 * y - 0.1 * x
    np.testing.assert_allclose(plane_background(plane), plane, atol=1e-12)
    holed = plane.copy()
    holed[3:9, 5:30] = np.nan
    np.testing.assert_allclose(plane_background(holed), plane, atol=1e-12)


def test_the_gaussian_mean_of_a_constant_is_that_constant_up_to_the_edge():
    flat = np.full((30, 50), 7.0)
    flat[10:14, 20:25] = np.nan
    np.testing.assert_allclose(gaussian_background(flat, (4.0, 8.0)), 7.0)


@pytest.mark.parametrize("size", [80, 400])
def test_the_ball_rolls_under_peaks(size):
    y, x = np.mgrid[:size, :size]
    slow = 20.0 + 5 * np.cos(y / size) + 3 * x / size
    peaks = 100 * np.exp(-((y % 10 - 5) ** 2 + (x % 10 - 5) ** 2) / 4.0)
    surface = rolling_background(slow + peaks, (20.0, 20.0))
    assert surface.shape == slow.shape
    assert np.abs(surface - slow).max() < 5.0
