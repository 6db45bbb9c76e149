import numpy as np
import scipy.fft

from temwidgets.kernels.fourier import footprints, windows
from temwidgets.kernels.fourier.periodogram import without_mean

SHAPE = (96, 120)


def transform_of(values):
    weight = windows.separable(SHAPE, "hann")
    transform = scipy.fft.fft2(without_mean(values, weight) / np.sqrt((weight**2).sum()))
    return transform, windows.footing(weight)


def wave(row, col, mask=1.0):
    y, x = np.indices(SHAPE)
    return mask * np.cos(2 * np.pi * (row * y / SHAPE[0] + col * x / SHAPE[1]))


def test_places_tell_grains_apart():
    left = np.arange(SHAPE[1]) < SHAPE[1] / 2 + np.zeros((SHAPE[0], 1))
    rng = np.random.default_rng(0)
    values = wave(20, 5, left) + wave(-3, 25, left) + wave(10, 20, ~left)
    transform, foot = transform_of(values + 0.3 * rng.normal(size=SHAPE))
    found = footprints.footprints(
        transform, np.array([20, -3, 10]), np.array([5, 25, 20]), np.full(3, 0.09), foot
    )
    alike = footprints.likeness(found, found)
    assert alike[0, 1] > 0.9
    assert alike[0, 2] < 0.4
    np.testing.assert_allclose(np.diag(alike), 1, atol=0.05)
    middle = (found * np.arange(17)).sum((1, 2)) / found.sum((1, 2))
    assert middle[0] < 8 < middle[2]


def test_the_whole_field_looks_like_its_window():
    transform, foot = transform_of(wave(20, 5))
    whole = footprints.footprints(transform, np.array([20]), np.array([5]), np.zeros(1), foot)
    assert footprints.likeness(whole, footprints.window(foot)[None])[0, 0] > 0.99


def test_noise_over_the_field_is_as_expected():
    rng = np.random.default_rng(1)
    row, col = rng.integers(-40, 40, 60), rng.integers(10, 50, 60)
    lag = np.arange(-8, 9)
    rows, cols = (row[:, None] + lag) % SHAPE[0], (col[:, None] + lag) % SHAPE[1]
    total = np.zeros((17, 17))
    for _ in range(30):
        transform, foot = transform_of(rng.normal(size=SHAPE))
        waves = footprints._waves(transform[rows[:, :, None], cols[:, None, :]])
        total += (np.abs(waves) ** 2).mean(axis=0) / 30
    expected = footprints._noise(foot)
    np.testing.assert_allclose(total, expected, atol=0.1 * expected.max())


def test_weak_reflections_are_as_alike_as_strong_ones():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(30):
        values = 0.16 * (wave(20, 5) + wave(-3, 25)) + rng.normal(size=SHAPE)
        transform, foot = transform_of(values)
        pair = footprints.footprints(
            transform, np.array([20, -3]), np.array([5, 25]), np.ones(2), foot
        )
        found.append(footprints.likeness(pair[:1], pair[1:])[0, 0])
    assert np.mean(found) > 0.8


def test_no_reflections_have_no_footprints():
    none = np.zeros(0, int)
    nothing = footprints.footprints(
        np.zeros(SHAPE, complex), none, none, np.zeros(0), windows.footing(np.ones(SHAPE))
    )
    assert footprints.likeness(nothing, nothing).shape == (0, 0)
