import numpy as np
import pytest

from temwidgets.kernels.fourier.coarse_grid import coarse_grid
from temwidgets.kernels.fourier.image_spectrum import image_spectrum
from temwidgets.kernels.fourier.phase_engine import averaged, measure

SIZE = (200, 240)
G = np.array([[0.0, 0.12], [0.12, 0.0], [0.09, 0.08]])


def two_grains(noise=1.0):
    """The first two vectors in the left half, the third in the right."""
    y, x = np.indices(SIZE).astype(float)
    waves = [5 * np.cos(2 * np.pi * (g[0] * y + g[1] * x)) for g in G]
    image = np.where(x < 120, waves[0] + waves[1], waves[2])
    return image + noise * np.random.default_rng(0).normal(size=SIZE)


@pytest.fixture(scope="module")
def found():
    spectrum = image_spectrum(two_grains(), (1.0, 1.0))
    return measure(spectrum, G)


def test_reflections_of_one_crystal_share_a_support(found):
    assert found.crystal[0] == found.crystal[1]
    assert found.crystal[0] != found.crystal[2]
    np.testing.assert_array_equal(found.share[0], found.share[1])
    x = np.arange(found.grid.counts[1]) * found.grid.step[1]
    left, right = found.inside(0), found.inside(2)
    assert left[:, (x > 20) & (x < 105)].mean() > 0.75
    assert not left[:, x > 135].any()
    assert not right[:, x < 105].any()


def test_each_is_measured_in_its_own_crystal(found):
    for k, g in enumerate(G):
        for axis in range(2):
            values = found.fringes[k].g[axis][found.inside(k)]
            assert np.median(values) == pytest.approx(g[axis], abs=1e-4)


def test_a_given_width_and_mask_are_taken():
    spectrum = image_spectrum(two_grains(), (1.0, 1.0))
    inside = np.zeros(SIZE, bool)
    inside[40:160, 20:100] = True
    found = measure(spectrum, G[:2], sigma=9.0, inside=inside)
    assert found.sigma == 9.0
    area = found.inside(0).sum() * np.prod(found.grid.step)
    assert area == pytest.approx(inside.sum(), rel=0.15)


def test_averages_on_the_grid_keep_the_sum():
    spectrum = image_spectrum(two_grains(), (1.0, 1.0))
    grid = coarse_grid(spectrum, 7.0)
    values = np.random.default_rng(1).random(SIZE)
    found = averaged(values, spectrum, grid)
    assert found.sum() * np.prod(grid.step) == pytest.approx(values.sum(), rel=1e-4)
    whole = averaged(np.ones(SIZE, bool), spectrum, grid)
    assert whole.max() <= 1
    assert whole[5:20, 5:20].min() > 0.8


def test_nothing_is_found_in_noise():
    image = np.random.default_rng(2).normal(size=SIZE)
    found = measure(image_spectrum(image, (1.0, 1.0)), G)
    assert not any(found.inside(k).any() for k in range(3))
    assert np.isfinite(found.sigma)


def test_it_reports():
    told = []
    measure(image_spectrum(two_grains(), (1.0, 1.0)), G, sigma=10.0, report=told.append)
    assert told == sorted(told)
    assert told
