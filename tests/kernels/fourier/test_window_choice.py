import numpy as np
import pytest

from temwidgets.kernels.fourier import window_choice as wc
from temwidgets.kernels.fourier.local_fringes import NOISE_GAIN, REMAINDER_GAIN, LocalFringes


def test_the_narrowest_window_parts_spots_and_zero():
    assert wc.narrowest(np.array([[0.0, 0.1]])) == pytest.approx(10)
    assert wc.narrowest(np.array([[0.0, 0.1], [0.06, 0.1]])) == pytest.approx(1 / 0.06)
    # spots of different crystals may be close
    assert wc.narrowest(np.array([[0.0, 0.1], [0.001, 0.1]])) == pytest.approx(30)
    # a mate is near when both are long and almost opposite
    assert wc.narrowest(np.array([[0.1, 0.02], [-0.1, 0.02]])) == pytest.approx(25)
    # the same reflection twice is no neighbour of itself
    assert wc.narrowest(np.array([[0.0, 0.1], [0.0, 0.1]])) == pytest.approx(10)


def test_the_goal_is_met_at_its_width():
    g, amplitude, noise = np.array([[0.0, 0.1], [0.2, 0.0]]), np.array([5.0, 5]), np.array([9.0, 9])
    sigma = wc.width_for_goal(g, amplitude, noise)
    variance = NOISE_GAIN * 9 / (16 * np.pi**3 * sigma**4 * 25)
    assert np.sqrt(variance) == pytest.approx(wc.GOAL * 0.1)


def test_windows_narrow_until_bias_hides():
    asked = []

    def excess(sigma):
        asked.append(sigma)
        return 0.2 * (sigma / 10) ** 12

    sigma = wc.choose_width(excess, 25.0, 3.0, 40.0)
    assert excess(sigma) < 0.4
    assert 8 < sigma < 11
    assert asked[0] == 25
    assert len(asked) <= 7
    assert wc.choose_width(lambda s: 0.0, 25.0, 3.0, 20.0) == 20.0
    assert wc.choose_width(lambda s: 99.0, 25.0, 24.0, 30.0) == 24.0


def test_bias_is_told_from_noise():
    sigma, amplitude, noise, shape = 10.0, 4.0, 9.0, (60, 60)
    single = 2 * noise / (16 * np.pi**3 * sigma**4 * amplitude**2)
    rng = np.random.default_rng(0)

    def fringes(bias):
        spread = np.sqrt(REMAINDER_GAIN * single / 2)
        remainder = (rng.normal(size=(2, *shape)) * spread) ** 2
        remainder = remainder.sum(axis=0) + bias * single
        blank = [None] * len(LocalFringes._fields)
        return LocalFringes(*blank)._replace(remainder=remainder)

    inside = np.ones(shape, bool)
    assert wc.bias_over_noise(fringes(0.0), inside, sigma, amplitude, noise) < 0.03
    found = wc.bias_over_noise(fringes(0.5), inside, sigma, amplitude, noise)
    assert found == pytest.approx(4 * 0.5 / NOISE_GAIN, rel=0.1)
    assert wc.bias_over_noise(fringes(9.0), ~inside, sigma, amplitude, noise) == 0


def test_the_best_reflections_decide_however_many_weak_ones_there_are():
    amplitude = np.array([0.1, 5.0, 0.2, 4.0, 6.0, 0.1])
    g = np.tile([0.0, 0.1], (6, 1))
    assert wc.deciding(amplitude, np.ones(6), g).tolist() == [1, 3, 4]
    assert wc.deciding(amplitude[:2], np.ones(2), g[:2]).tolist() == [0, 1]


def test_the_best_reflections_decide():
    amplitude, noise = np.array([1.0, 5.0, 0.2, 4.0, 3.0]), np.ones(5)
    g = np.array([[0.0, 0.1]] * 5)
    np.testing.assert_array_equal(wc.deciding(amplitude, noise, g), [1, 3, 4])
    np.testing.assert_array_equal(wc.deciding(amplitude[:2], noise[:2], g[:2]), [0, 1])
