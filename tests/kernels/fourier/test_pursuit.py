import numpy as np
import pytest

from temwidgets.kernels.fourier.fringe_region import prepare
from temwidgets.kernels.fourier.local_peaks import Peaks
from temwidgets.kernels.fourier.pursuit import appearance, pursue

SHAPE, SIDES = (170, 210), np.array([1.0, 1.0])
Y, X = np.indices(SHAPE)
LEFT, RIGHT = (0.12, 0.05), (-0.07, 0.15)


def silent(done):
    pass


@pytest.fixture(scope="module")
def field():
    """Two crystals that meet at column 110, the right one with half the amplitude."""
    waves = [a * np.cos(2 * np.pi * (g[0] * Y + g[1] * X)) for g, a in ((LEFT, 4), (RIGHT, 2))]
    noise = np.random.default_rng(0).normal(size=SHAPE)
    return prepare(noise + np.where(X < 110, *waves), SIDES)


def test_fringes_are_found_where_they_are_strongest_first(field):
    told = []
    found = pursue(field, told.append)
    assert len(found) == 2
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    for one, g, amplitude, side in zip(found, (LEFT, RIGHT), (4, 2), (-1, 1), strict=True):
        sign = np.sign(one.g @ np.array(g))
        np.testing.assert_allclose(sign * one.g, g, atol=5e-4)
        assert one.amplitude == pytest.approx(amplitude, rel=0.06)
        col = np.arange(one.region.shape[1]) * one.step[1]
        assert one.region[3:-3, side * (col - 110) > 4].mean() > 0.95
        assert one.region[:, side * (col - 110) < -4].mean() < 0.02


def test_only_a_range_is_looked_at(field):
    found = pursue(field, silent, k_range=(0.155, 0.18))
    assert len(found) == 1
    np.testing.assert_allclose(np.abs(found[0].g), np.abs(RIGHT), atol=5e-4)


def test_noise_has_no_fringes():
    noise = np.random.default_rng(1).normal(size=SHAPE)
    assert pursue(prepare(noise, SIDES), silent) == []


def test_fringes_appear_in_other_windows_as_they_should(field):
    one = pursue(field, silent)[0]
    places = np.array([[80.0, 50], [80, 118], [80, 190], [80, 50]])
    g = np.array([LEFT, LEFT, LEFT, (0.3, 0.3)])
    ones = np.ones(4)
    peaks = Peaks(places, g, ones, ones, ones, 6 * ones)
    found = appearance(peaks, one, SIDES)
    # within, beyond the border, far beyond it, and at a far g, where it is 0.4 / x
    assert found[[0, 2]] == pytest.approx([4, 0], abs=0.3)
    assert 0.1 < found[1] < 2.5
    x = 2 * np.pi * 6 * np.hypot(0.3 - LEFT[0], 0.3 - LEFT[1])
    assert found[3] == pytest.approx(4 * 0.4 / x, rel=0.1)
