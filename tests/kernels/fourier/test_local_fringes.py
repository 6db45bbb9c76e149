import numpy as np
import pytest

from temwidgets.kernels.fourier import local_fringes as lf
from temwidgets.kernels.fourier.coarse_grid import coarse_grid
from temwidgets.kernels.fourier.image_spectrum import image_spectrum

SIZE = (240, 260)
SIGMA = 12.0


def chirp(size=SIZE, g=(0.02, 0.12), curve=0.0, amplitude=5.0, noise=0.0, seed=0, inside=None):
    """Fringes whose reciprocal vector grows along x; the image and true g_x."""
    y, x = np.indices(size).astype(float)
    middle = size[1] / 2
    phase = 2 * np.pi * (g[0] * y + g[1] * x + curve * (x - middle) ** 2 / 2)
    image = amplitude * np.cos(phase + 0.4)
    if inside is not None:
        image = np.where(inside, image, 0)
    image = image + noise * np.random.default_rng(seed).normal(size=size)
    return image, g[1] + curve * (np.arange(size[1]) - middle)


def fitted(image, g=(0.02, 0.12), sigma=SIGMA, outline=None):
    spectrum = image_spectrum(image, (1.0, 1.0))
    grid = coarse_grid(spectrum, sigma / 2)
    whole = np.ones(grid.counts, np.float32) if outline is None else outline(grid)
    windows = lf.clipped_windows(spectrum, grid, sigma, whole)
    return spectrum, grid, windows, lf.fit_fringes(spectrum, np.array(g), grid, sigma, windows)


def inner(grid, size=SIZE, margin=60):
    y, x = (np.arange(n) * s for n, s in zip(grid.counts, grid.step, strict=True))
    rows = (y >= margin) & (y <= size[0] - margin)
    cols = (x >= margin) & (x <= size[1] - margin)
    return np.outer(rows, cols), y, x


def test_constants_are_those_of_the_window():
    done, more = lf.slope_noise(lf.FITS)
    assert done == pytest.approx(lf.NOISE_GAIN, rel=1e-3)
    assert more == pytest.approx(lf.REMAINDER_GAIN, rel=5e-3)
    assert lf.slope_noise(1)[0] == pytest.approx(1, rel=1e-3)
    s = np.linspace(0, 60, 20001)
    h = np.exp(-s / 2)
    phase = np.trapezoid((1 - (1 - h) ** lf.FITS) ** 2, s) / np.trapezoid(h**2, s)
    assert phase == pytest.approx(lf.PHASE_GAIN, rel=1e-3)


def test_a_whole_window_has_the_formula_of_noise():
    _, grid, windows, _ = fitted(chirp()[0])
    middle, _, _ = inner(grid)
    wanted = 1 / (16 * np.pi**3 * SIGMA**4)
    np.testing.assert_allclose(windows.noise[0][middle], wanted, rtol=0.02)
    np.testing.assert_allclose(windows.noise[2][middle], wanted, rtol=0.02)
    np.testing.assert_allclose(windows.noise[1][middle], 0, atol=0.01 * wanted)
    np.testing.assert_allclose(windows.weight[middle], 1, atol=2e-3)


def test_half_a_window_has_its_centroid_and_spread():
    def outline(grid):
        x = np.arange(grid.counts[1]) * grid.step[1]
        return np.broadcast_to(np.float32(x < 130), grid.counts).astype(np.float32)

    spectrum = image_spectrum(chirp()[0], (1.0, 1.0))
    grid = coarse_grid(spectrum, SIGMA / 6)
    windows = lf.clipped_windows(spectrum, grid, SIGMA, outline(grid))
    row = int(120 / grid.step[0])
    col = int(130 / grid.step[1])
    assert windows.weight[row, col] == pytest.approx(0.5, abs=0.05)
    assert windows.centre[1, row, col] == pytest.approx(-SIGMA * np.sqrt(2 / np.pi), rel=0.08)
    assert 1 / windows.inverse[2, row, col] == pytest.approx(SIGMA**2 * (1 - 2 / np.pi), rel=0.12)
    assert windows.noise[2, row, col] > 3 * windows.noise[0, row, col]


@pytest.mark.parametrize("curve", [0.0, 3e-5, -5e-5])
def test_a_chirp_is_followed_without_bias(curve):
    image, g_x = chirp(curve=curve)
    spectrum, grid, _, found = fitted(image)
    middle, _, x = inner(grid)
    wanted = np.broadcast_to(np.interp(x, np.arange(SIZE[1]), g_x), grid.counts)
    assert np.abs(found.g[1] - wanted)[middle].max() < 2e-5
    assert np.abs(found.g[0] - 0.02)[middle].max() < 2e-5
    np.testing.assert_allclose(found.amplitude[middle] * spectrum.scale, 5, rtol=0.01)


def test_a_rim_hardly_bends_a_chirp():
    inside = np.broadcast_to(np.arange(SIZE[1]) < 150, SIZE)
    image, g_x = chirp(curve=4e-5, inside=inside)

    def outline(grid):
        x = np.arange(grid.counts[1]) * grid.step[1]
        ramp = np.clip(0.5 + (149.5 - x) / 8, 0, 1)
        return np.broadcast_to(ramp, grid.counts).astype(np.float32)

    off = []
    for cut in (outline, None):
        _, grid, _, found = fitted(image, g=(0.02, 0.127), outline=cut)
        _, y, x = inner(grid)
        rim = np.outer((y > 60) & (y < 180), (x > 130) & (x < 148))
        wanted = np.broadcast_to(np.interp(x, np.arange(SIZE[1]), g_x), grid.counts)
        off.append(np.abs(found.g[1] - wanted)[rim].max())
    assert off[0] < 3e-4
    assert off[0] < off[1] / 3


def test_errors_are_those_of_many_repeats():
    pulls, sizes = [], []
    for seed in range(12):
        image, g_x = chirp(curve=2e-5, noise=8.0, seed=seed)
        spectrum, grid, _, found = fitted(image)
        middle, _, x = inner(grid, margin=40)
        wanted = np.broadcast_to(np.interp(x, np.arange(SIZE[1]), g_x), grid.counts)
        for axis, true in ((0, 0.02), (1, wanted)):
            off = (found.g[axis] - true)[middle]
            pulls.append(off / np.sqrt(found.covariance[2 * axis][middle]))
        error = np.sqrt(found.amplitude_variance[middle])
        sizes.append((found.amplitude[middle] - 5 / spectrum.scale) / error)
        noise = np.median(found.noise[middle]) * spectrum.scale**2
        assert noise == pytest.approx(64, rel=0.4)
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1, abs=0.15)
    assert np.sqrt(np.mean(np.square(sizes))) == pytest.approx(1, abs=0.2)


def test_bias_is_felt_where_windows_are_too_wide():
    y, x = np.indices(SIZE).astype(float)
    wave = 0.003 * np.sin(2 * np.pi * x / 60)
    phase = 2 * np.pi * (0.02 * y + 0.12 * x) - 0.003 * 60 * np.cos(2 * np.pi * x / 60)
    image = 5 * np.cos(phase) + 0.5 * np.random.default_rng(0).normal(size=SIZE)
    _, grid, _, found = fitted(image, sigma=16.0)
    middle, _, at = inner(grid)
    wanted = np.broadcast_to(0.12 + np.interp(at, np.arange(SIZE[1]), wave[0]), grid.counts)
    error = np.sqrt(np.mean((found.g[1] - wanted)[middle] ** 2))
    noise = np.sqrt(np.mean(found.covariance[2][middle]))
    told = np.sqrt(np.mean((found.covariance[2] + found.bias[2])[middle]))
    assert error > 2 * noise
    assert 0.3 * error < told < 3 * error
