import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.fourier import peak_position, windows
from temwidgets.kernels.fourier.periodogram import without_mean


def wave(shape, g, amplitude=10.0, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    angle = 2 * np.pi * (g[0] * y + g[1] * x) + rng.uniform(0, 2 * np.pi)
    return 50 + amplitude * np.cos(angle) + noise * rng.normal(size=shape)


def part_of(values):
    weight = windows.separable(values.shape, "hann")
    return peak_position.windowed(without_mean(values, weight), weight)


def test_transform_is_the_plain_sum():
    part = part_of(np.random.default_rng(0).normal(size=(17, 24)))
    frequency = np.array([[0.11, -0.37], [0.5, 0.02]])
    y, x = np.indices((17, 24))
    found = peak_position.transform(part, frequency)
    for n, (ky, kx) in enumerate(frequency):
        turn = np.exp(-2j * np.pi * (ky * (y - part.middle[0]) + kx * (x - part.middle[1])))
        assert found.value[n] == pytest.approx((part.data * turn).sum(), abs=1e-9)
    step = 1e-5
    for axis in (0, 1):
        ahead, behind = (
            peak_position.transform(part, frequency + sign * step * np.eye(2)[axis])
            for sign in (1, -1)
        )
        np.testing.assert_allclose(
            (ahead.value - behind.value) / (2 * step), found.slope[:, axis], rtol=1e-5
        )
        np.testing.assert_allclose(
            (ahead.slope - behind.slope) / (2 * step), found.curvature[:, axis], rtol=1e-5
        )


@settings(max_examples=40, deadline=None)
@given(
    st.integers(40, 75),
    st.integers(40, 75),
    st.floats(0.12, 0.4),
    st.floats(-80, 80),
    st.integers(0, 99),
)
def test_a_wave_without_noise_is_found_to_a_thousandth_of_a_bin(rows, cols, k, angle, seed):
    g = k * np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    part = part_of(wave((rows, cols), g, seed=seed))
    start = np.rint(g * (rows, cols)) / (rows, cols)
    found = peak_position.refine(part, start[None])
    # what is left is the leakage of the mate, far away
    assert np.abs((found.frequency[0] - g) * (rows, cols)).max() < 2e-3
    np.testing.assert_allclose(found.centre[0], part.middle, atol=0.2)


def test_errors_are_those_of_many_repeats():
    shape, noise, g = (48, 60), 15.0, np.array([0.13, 0.21])
    pulls = []
    for seed in range(250):
        part = part_of(wave(shape, g, noise=noise, seed=seed))
        found = peak_position.refine(part, g[None])
        covariance = peak_position.covariance(part, found, np.array([noise**2]))[0]
        off = found.frequency[0] - g
        pulls.append(off / np.sqrt(np.diag(covariance)))
    assert np.std(pulls, axis=0) == pytest.approx([1, 1], abs=0.15)
    assert np.abs(np.mean(pulls, axis=0)).max() < 0.25


def test_a_flat_window_reaches_the_bound_of_one_wave():
    shape, noise, amplitude = (64, 64), 3.0, 10.0
    values = wave(shape, (0.1, 0.2), amplitude)
    weight = np.ones(shape)
    part = peak_position.windowed(without_mean(values, weight), weight)
    found = peak_position.refine(part, np.array([[0.1, 0.2]]))
    variance = peak_position.covariance(part, found, np.array([noise**2]))[0, 0, 0]
    bound = 6 * noise**2 / (np.pi**2 * amplitude**2 * 64**4)
    assert variance == pytest.approx(bound, rel=0.01)


def test_a_crystal_in_a_part_of_the_field_has_its_place_and_a_broader_peak():
    values = wave((80, 90), (0.2, 0.1))
    values[:, 45:] = 50
    part = part_of(values)
    found = peak_position.refine(part, np.array([[0.2, 0.1]]))
    width, sharpest = peak_position.widths(part, found)
    assert found.centre[0, 1] < 40
    assert width[0, 1] > 1.3 * sharpest[1]
    assert width[0, 0] == pytest.approx(sharpest[0], rel=0.05)


def test_nothing_to_refine_is_nothing():
    part = part_of(wave((20, 20), (0.2, 0.1)))
    found = peak_position.refine(part, np.zeros((0, 2)))
    assert found.frequency.shape == (0, 2)
    assert peak_position.covariance(part, found, np.zeros(0)).shape == (0, 2, 2)
