import numpy as np
import pytest

from temwidgets.kernels.fourier import crystal_support as cs
from temwidgets.kernels.fourier.image_spectrum import image_spectrum

SIZE = (220, 260)
G = np.array([0.05, 0.11])


def half(amplitude=5.0, noise=2.0, seed=0, inside=None):
    y, x = np.indices(SIZE).astype(float)
    wave = amplitude * np.cos(2 * np.pi * (G[0] * y + G[1] * x))
    wave = np.where(x < 130 if inside is None else inside, wave, 0)
    image = wave + noise * np.random.default_rng(seed).normal(size=SIZE)
    return image_spectrum(image, (1.0, 1.0))


def test_amplitude_noise_and_vector_of_the_crystal():
    spectrum = half()
    found = cs.find_support(spectrum, G + np.array([0.003, -0.002]), 8.0)
    assert found.amplitude * spectrum.scale == pytest.approx(5, rel=0.05)
    assert found.noise * spectrum.scale**2 == pytest.approx(4, rel=0.5)
    np.testing.assert_allclose(found.g, G, atol=5e-4)
    assert found.spread < 2e-3
    assert found.sigma == 8.0
    assert 0 < found.outside < 0.2


def test_the_share_is_a_half_at_the_edge():
    found = cs.find_support(half(), G, 8.0)
    y, x = (np.arange(n) * s for n, s in zip(found.grid.counts, found.grid.step, strict=True))
    rows = (y > 40) & (y < 180)
    profile = found.share[rows].mean(axis=0)
    near = (x > 100) & (x < 160)
    crossing = np.interp(-0.5, -profile[near], x[near])
    assert crossing == pytest.approx(129.5, abs=1.5)
    assert found.core[rows][:, (x > 30) & (x < 110)].all()
    assert not found.core[:, x > 145].any()
    sharp = cs.sharpened(found.share, found.sigma, 3.0)
    assert sharp.min() >= 0
    assert sharp.max() <= 1
    at = np.interp(np.array([115.0, 129.5, 145.0]), x, sharp[rows].mean(axis=0))
    np.testing.assert_allclose(at, [1, 0.5, 0], atol=0.15)


@pytest.mark.parametrize("seed", range(6))
def test_noise_alone_has_no_core(seed):
    spectrum = image_spectrum(np.random.default_rng(seed).normal(size=SIZE), (1.0, 1.0))
    found = cs.find_support(spectrum, G, 6.0)
    assert not found.core.any()
    assert not found.share.any()
    assert found.amplitude == 0
    np.testing.assert_array_equal(found.g, G)


def test_the_window_widens_for_weak_fringes():
    found = cs.find_support(half(amplitude=1.0, noise=3.0), G, 6.0)
    assert found.sigma > 9
    assert found.core.mean() > 0.2
    np.testing.assert_allclose(found.g, G, atol=1e-3)


def test_specks_are_no_crystal():
    y, x = np.indices(SIZE)
    speck = half(amplitude=30.0, inside=np.hypot(y - 100, x - 60) < 3)
    assert cs.find_support(speck, G, 6.0).core.mean() < 0.01
