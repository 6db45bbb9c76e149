import numpy as np
import pytest

from temwidgets.kernels.fourier.bands import demodulate, noise_amplitude, transform
from temwidgets.kernels.fourier.ring_noise import quiet_share, ring_amplitude

SHAPE = (180, 220)
SIDES = np.array([1.25, 0.8])
SIGMA = 10.0
G = np.array([0.8, 0.6]) / 7 * SIDES  # cycles per px


def seen(flat, g=G):
    """Ring amplitude in the middle of an image."""
    image = transform(flat, SIDES, 3 * SIGMA)
    region = np.zeros(demodulate(image, g, SIGMA).values.shape, bool)
    n, m = region.shape
    region[n // 5 : -n // 5, m // 5 : -m // 5] = True
    return ring_amplitude(image, g, SIGMA, region)


def wave(turn):
    """Draw fringes turned from G by an angle, amplitude 50."""
    c, s = np.cos(turn), np.sin(turn)
    ky, kx = np.array([[c, s], [-s, c]]) @ (G / SIDES)
    y, x = np.indices(SHAPE) * SIDES[:, None, None]
    return 50 * np.cos(2 * np.pi * (ky * y + kx * x))


def test_white_noise_has_its_own_amplitude():
    found = [seen(np.random.default_rng(n).normal(0, 3, SHAPE)) for n in range(4)]
    assert np.mean(found) == pytest.approx(noise_amplitude(9.0, SIGMA), rel=0.12)


def test_fringes_are_not_counted_nor_others_of_the_same_length():
    noise = np.random.default_rng(5).normal(0, 3, SHAPE)
    alone = seen(noise)
    assert seen(noise + wave(0.0)) == pytest.approx(alone, rel=0.25)
    six_fold = sum(wave(n * np.pi / 3) for n in range(3))
    assert seen(noise + six_fold) < 50 / 10


def test_a_direction_beyond_nyquist_tells_nothing():
    noise = np.random.default_rng(5).normal(0, 3, SHAPE)
    assert seen(noise, np.array([0.47, 0.47])) == 0.0


def test_the_share_is_that_of_simulated_noise():
    rng = np.random.default_rng(0)
    for windows in (1, 5, 40):
        means = rng.exponential(size=(20_000, windows)).mean(axis=1)
        np.testing.assert_allclose(quiet_share(windows), np.quantile(means, 0.25), rtol=0.03)
