import numpy as np
import pytest

from temwidgets.kernels.fourier.domain_spots import measure_spots, second_moments
from temwidgets.kernels.fourier.fringe_region import prepare

SHAPE, SIDES = (150, 190), np.array([1.0, 1.0])
Y, X = np.indices(SHAPE)
INSIDE = (((Y - 70) / 55) ** 2 + ((X - 80) / 60) ** 2 < 1)[10:140, 15:150]
CORNER = np.array([10, 15])
G = np.array([[0.1237, 0.0411], [-0.052, 0.1513]])
AMPLITUDE = np.array([3.0, 2.0])
OFF = np.array([[0.004, -0.003], [-0.003, 0.004]])


def measured(start, seed=0):
    image = np.random.default_rng(seed).normal(0, 2, SHAPE)
    for (gy, gx), amplitude in zip(G, AMPLITUDE, strict=True):
        image += amplitude * np.cos(2 * np.pi * (gy * Y + gx * X) + 1)
    start = np.asarray(start)
    return measure_spots(prepare(image, SIDES), INSIDE, CORNER, start, np.full(len(start), 12.0))


def test_second_moments_are_sums_over_pixels():
    # of squares, not points: each has 1/12 of its own
    mask = np.random.default_rng(0).random((7, 11)) > 0.4
    away = np.argwhere(mask) - np.argwhere(mask).mean(0)
    wanted = away.T @ away + np.eye(2) * mask.sum() / 12
    np.testing.assert_allclose(second_moments(mask), wanted, rtol=1e-6)


def test_vectors_lie_within_their_errors():
    pulls, amplitudes = [], []
    for seed in range(12):
        found = measured(G + OFF, seed)
        assert len(found.g) == 2
        for one, spread, true in zip(found.g, found.covariance, G, strict=True):
            pulls.append((one - true) @ np.linalg.inv(spread) @ (one - true))
        amplitudes.append(found.amplitude)
    # chi-squared with two degrees of freedom has the mean 2; the noise errs on the high side
    assert 0.6 < np.mean(pulls) < 3
    np.testing.assert_allclose(np.mean(amplitudes, 0), AMPLITUDE, rtol=0.04)
    assert found.amplitude_error[0] == pytest.approx(np.sqrt(8 / INSIDE.sum()), rel=0.4)


def test_fringes_are_counted_once_and_noise_not_at_all():
    found = measured([G[0], -G[0] + 1e-3, G[0] + 1e-3, G[1], [0.25, 0.22]])
    np.testing.assert_allclose(np.abs(found.g), np.abs(G), atol=5e-4)
    assert found.amplitude[0] > found.amplitude[1]
