import numpy as np
import pytest

from temwidgets.kernels import periodic_fit as kernel

VECTORS = np.array([[12.0, 1.0], [-2.0, 14.0]])


def samples(parameters, shape=(16, 18), noise=0.0, seed=0):
    blank = kernel.Samples(VECTORS, np.zeros(shape), np.ones(shape), 150)
    images = kernel._images(VECTORS, 30)
    values = kernel._model(parameters, kernel._grid(blank), images).reshape(shape)
    values += noise * np.random.default_rng(seed).standard_normal(shape)
    return blank._replace(values=values, error=np.full(shape, max(noise, 1e-3)))


TRUE = np.array([5.0, *(40, 3.1, 2.2, 0.5, 0.1, 0.4), *(15, 9.0, 8.5, 0.45, -0.05, 0.5)])


def test_gaussians_are_found_again():
    fitted = kernel.fit(samples(TRUE), np.array([[3.5, 2.0], [8.5, 9.0]]), 2.2)
    np.testing.assert_allclose(fitted.parameters.ravel(), TRUE[1:], atol=1e-3)
    assert abs(fitted.background - 5) < 1e-3
    assert not fitted.at_bound.any()


def test_derivatives_are_those_of_the_model():
    blank = samples(TRUE)
    steps, images = kernel._grid(blank), kernel._images(VECTORS, 30)
    derivative = kernel._derivatives(TRUE, steps, images)
    for k in range(TRUE.size):
        step = np.zeros(TRUE.size)
        step[k] = 1e-5
        change = kernel._model(TRUE + step, steps, images) - kernel._model(
            TRUE - step, steps, images
        )
        np.testing.assert_allclose(derivative[:, k], change / 2e-5, atol=2e-3)


def test_a_shape_beyond_its_bound_says_so():
    thin = TRUE.copy()
    thin[4:7] = [2.0, 0.0, 2.0]
    fitted = kernel.fit(samples(thin), np.array([[3.1, 2.2], [9.0, 8.5]]), 2.2)
    assert fitted.at_bound.tolist() == [True, False]


def crowded(power):
    """Columns that nearly touch, falling off like exp(-r^power), on a level of 30."""
    blank = samples(np.array([30.0, 40, 3.1, 2.2, 0.5, 0, 0.5]))
    steps, images = kernel._grid(blank), kernel._images(VECTORS, 30)
    values = np.full(len(steps), 30.0)
    for height, place in ((40, (3.1, 2.2)), (25, (9.0, 8.5))):
        apart = np.linalg.norm(steps[:, None] - place - images, axis=2)
        values += height * np.exp(-((apart / 4.0) ** power)).sum(axis=1)
    return blank._replace(values=values.reshape(16, 18), error=np.full((16, 18), 0.05))


@pytest.mark.parametrize("power", [2.6, 3.0])
def test_misfit_does_not_trade_width_for_background(power):
    fitted = kernel.fit(crowded(power), np.array([[3.5, 2.0], [8.5, 9.0]]), 2.8)
    assert fitted.misfit > kernel.EXCESS
    told = np.array([kernel.described(site) for site in fitted.parameters])
    assert 10 < fitted.background < 35  # left to itself it falls to -36 and -59
    assert (told[:, 3:5] < 1.1 * 2.8).all()
    np.testing.assert_allclose(told[:, 1:3], [(3.1, 2.2), (9.0, 8.5)], atol=0.3)


def test_without_misfit_widths_are_free():
    wide = TRUE.copy()
    wide[4:7] = [0.3, 0.0, 0.3]
    fitted = kernel.fit(samples(wide, noise=0.05), np.array([[3.1, 2.2], [9.0, 8.5]]), 2.2)
    assert fitted.misfit < kernel.EXCESS
    np.testing.assert_allclose(fitted.parameters[0, [3, 5]], 0.3, rtol=0.02)


def test_shapes_are_described_by_their_axes():
    theta, major, minor = 0.4, 3.0, 2.0
    turn = np.array([[np.sin(theta), np.cos(theta)], [np.cos(theta), -np.sin(theta)]])
    inverse = turn.T @ np.diag([major**-2, minor**-2]) @ turn
    r = np.sqrt(inverse[1, 1])
    q = inverse[0, 1] / r
    site = np.array([7.0, 1.0, 2.0, np.sqrt(inverse[0, 0] - q**2), q, r])
    told = kernel.described(site)
    expected = [7, 1, 2, major, minor, np.rad2deg(theta), 2 * np.pi * 7 * 6]
    np.testing.assert_allclose(told, expected, rtol=1e-9)
