import numpy as np
import scipy.fft

from temwidgets.kernels.fourier import footprints, windows
from temwidgets.kernels.fourier.periodogram import without_mean

SHAPE = (96, 120)


def transform_of(values):
    weight = windows.separable(SHAPE, "hann")
    return scipy.fft.fft2(without_mean(values, weight) / np.sqrt((weight**2).sum())), weight


def wave(row, col, mask=1.0):
    y, x = np.indices(SHAPE)
    return mask * np.cos(2 * np.pi * (row * y / SHAPE[0] + col * x / SHAPE[1]))


def test_places_tell_grains_apart():
    left = np.arange(SHAPE[1]) < SHAPE[1] / 2 + np.zeros((SHAPE[0], 1))
    rng = np.random.default_rng(0)
    values = wave(20, 5, left) + wave(-3, 25, left) + wave(10, 20, ~left)
    transform, weight = transform_of(values + 0.3 * rng.normal(size=SHAPE))
    found = footprints.footprints(
        transform, np.array([20, -3, 10]), np.array([5, 25, 20]), np.full(3, 0.09), weight
    )
    alike = footprints.likeness(found, found)
    assert alike[0, 1] > 0.9
    assert alike[0, 2] < 0.4
    np.testing.assert_allclose(np.diag(alike), 1)
    middle = (found * np.arange(17)).sum((1, 2)) / found.sum((1, 2))
    assert middle[0] < 8 < middle[2]


def test_the_whole_field_looks_like_its_window():
    transform, weight = transform_of(wave(20, 5))
    whole = footprints.footprints(transform, np.array([20]), np.array([5]), np.zeros(1), weight)
    assert footprints.likeness(whole, footprints.window(weight)[None])[0, 0] > 0.99


def test_noise_is_taken_away_on_average():
    rng = np.random.default_rng(1)
    row, col = rng.integers(-40, 40, 40), rng.integers(10, 50, 40)
    total = np.zeros((17, 17))
    for _ in range(40):
        transform, weight = transform_of(rng.normal(size=SHAPE))
        total += footprints.footprints(transform, row, col, np.zeros(40), weight).mean(0) / 40
    expected = footprints._noise(weight)
    np.testing.assert_allclose(total, expected, atol=0.1 * expected.max())


def test_no_reflections_have_no_footprints():
    none = np.zeros(0, int)
    nothing = footprints.footprints(
        np.zeros(SHAPE, complex), none, none, np.zeros(0), np.ones(SHAPE)
    )
    assert footprints.likeness(nothing, nothing).shape == (0, 0)
