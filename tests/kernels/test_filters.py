import numpy as np
import pytest

from temwidgets.kernels.filters import ColumnFilter, lower_envelope
from temwidgets.kernels.spectra import local_mean, noise_power, power_spectrum, without_plane


def test_a_column_of_height_one_comes_out_at_height_one_also_at_the_edge():
    rows, cols = np.mgrid[:90, :80]
    image = np.zeros((90, 80), np.float32)
    for y, x in ((40, 30), (0, 50)):
        image += np.exp(-((rows - y) ** 2 + (cols - x) ** 2) / 2 / 3**2).astype(np.float32)
    filtered = ColumnFilter(image, 3.0, (1.0, 1.0))
    kernel = filtered.kernel(0.02, 1.8)
    result = (filtered.apply(kernel) / filtered.edge(kernel))[filtered.inside]
    assert result[40, 30] == pytest.approx(1, abs=0.03)
    assert result[0, 50] == pytest.approx(1, abs=0.35)


def test_noise_after_a_filter():
    noise = np.random.default_rng(1).normal(size=(200, 240)).astype(np.float32)
    filtered = ColumnFilter(noise, 2.0, (1.0, 1.0))
    kernel = filtered.kernel(0.1, 1.2)
    assert filtered.noise == pytest.approx(1, rel=0.05)
    inner = filtered.apply(kernel)[filtered.inside][20:-20, 20:-20]
    assert filtered.noise_after(kernel) == pytest.approx(inner.std(), rel=0.1)


def test_noise_power_ignores_reflections():
    rows, cols = np.mgrid[:160, :180]
    image = np.random.default_rng(1).normal(size=(160, 180)) + 5 * np.cos(2.9 * rows + 0.3 * cols)
    spectrum = power_spectrum(image.astype(np.float32), (1.0, 1.0))
    assert noise_power(spectrum.power) == pytest.approx(1, rel=0.1)


def test_slopes_and_means():
    rows, cols = np.mgrid[:30, :40].astype(float)
    np.testing.assert_allclose(without_plane(5 + 2 * rows - 3 * cols), 0, atol=1e-4)
    np.testing.assert_allclose(local_mean(np.full((30, 40), 7.0), (9, 13)), 7)


def test_lower_envelope_follows_a_background_below_columns():
    rows, cols = np.mgrid[:120, :120].astype(float)
    image = 0.1 * rows + 10 * np.exp(-(((rows % 12) - 6) ** 2 + ((cols % 12) - 6) ** 2) / 2 / 2**2)
    at = np.array([30.0, 60.0, 90.0])
    level = lower_envelope(image, (18.0, 18.0), at, at)
    np.testing.assert_allclose(level, 0.1 * at, atol=1.2)
