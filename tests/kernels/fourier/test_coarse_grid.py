import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.fourier import coarse_grid as cg
from temwidgets.kernels.fourier.image_spectrum import image_spectrum

SIZE, PIXEL = (90, 111), (1.1, 1 / 1.1)


@pytest.fixture(scope="module")
def spectrum():
    y, x = np.indices(SIZE) * np.array(PIXEL)[:, None, None]
    return image_spectrum(6 * np.cos(2 * np.pi * (0.11 * y + 0.07 * x) + 0.8), PIXEL)


def test_fringes_become_a_phasor(spectrum):
    grid = cg.coarse_grid(spectrum, 4.0)
    transform, carrier = cg.sub_band(spectrum, np.array([0.112, 0.07]), grid)
    band = cg.filtered(transform, [cg.pass_band(grid)])[0] * spectrum.scale
    y, x = (np.arange(n)[s] * d for n, s, d in zip(
        grid.counts, (np.s_[:, None], np.s_[None, :]), grid.step, strict=True
    ))  # fmt: skip
    left = np.array([0.11, 0.07]) - carrier
    wanted = 3 * np.exp(1j * (2 * np.pi * (left[0] * y + left[1] * x) + 0.8))
    inner = np.broadcast_to((abs(y - 45) < 25) & (abs(x - 50) < 25), band.shape)
    assert np.abs(band - wanted)[inner].max() < 0.15


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), sigma=st.floats(6.0, 9.0))
def test_moments_are_sums_under_the_window(seed, sigma):
    grid = cg.coarse_grid(image_spectrum(np.zeros(SIZE), PIXEL), 3.5)
    rng = np.random.default_rng(seed)
    field = np.zeros(grid.counts, complex)
    middle = tuple(slice(n // 3, 2 * n // 3) for n in grid.counts)
    field[middle] = rng.normal(size=field[middle].shape) + 1j * rng.normal(size=field[middle].shape)
    found = cg.moments(scipy.fft.fft2(field), grid, sigma, 2)
    y, x = (np.arange(n) * s for n, s in zip(grid.counts, grid.step, strict=True))
    for i, j in ((grid.counts[0] // 2, grid.counts[1] // 2), (grid.counts[0] // 3, 12)):
        dy, dx = (y - y[i])[:, None], (x - x[j])[None]
        area = np.prod(grid.step)
        window = np.exp(-(dy**2 + dx**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2) * area
        for part, power in zip(found, (1, dy, dx, dy**2, dy * dx, dx**2), strict=True):
            wanted = (window * power * field).sum()
            scale = np.sqrt((np.abs(window * power * field) ** 2).sum())
            assert abs(part[i, j] - wanted) < 2e-3 * scale + 1e-5


def test_smoothing_a_product_is_that_of_its_profiles(spectrum):
    grid = cg.coarse_grid(spectrum, 4.0)
    sides = cg.fade_on(spectrum, grid)
    plane = cg.smooth(np.outer(*sides), grid, 7.0)
    np.testing.assert_allclose(plane, cg.smooth_product(sides, grid, 7.0), atol=1e-5)
    assert plane.mean() == pytest.approx(np.outer(*sides).mean(), rel=1e-5)
    assert sides[0][10] == pytest.approx(1, abs=0.02)
    inside = [n * p for n, p in zip(SIZE, PIXEL, strict=True)]
    total = [s.sum() * d for s, d in zip(sides, grid.step, strict=True)]
    np.testing.assert_allclose(total, np.array(inside) - 10 * np.array(PIXEL), rtol=0.02)


def test_resampling_keeps_what_is_linear(spectrum):
    fine, coarse = cg.coarse_grid(spectrum, 3.0), cg.coarse_grid(spectrum, 7.0)
    y, x = (np.arange(n) * s for n, s in zip(fine.counts, fine.step, strict=True))
    found = cg.resampled(2 + 0.3 * y[:, None] - 0.2 * x, fine, coarse)
    y, x = (np.arange(n) * s for n, s in zip(coarse.counts, coarse.step, strict=True))
    wanted = 2 + 0.3 * y[:, None] - 0.2 * x
    np.testing.assert_allclose(found[:-1, :-1], wanted[:-1, :-1], atol=1e-3)


def test_points_are_no_closer_than_pixels(spectrum):
    grid = cg.coarse_grid(spectrum, 0.1)
    assert grid.counts == spectrum.shape
