import numpy as np
import pytest

from temwidgets.kernels.fourier import bands

SHAPE, SIDES, SIGMA = (120, 150), np.array([1.1, 1 / 1.1]), 7.0
G = np.array([0.12, -0.09])
OFF = np.array([0.004, -0.003])


def wave(amplitude=4.0, phase=0.7):
    y, x = np.indices(SHAPE)
    return amplitude * np.cos(2 * np.pi * (G[0] * y + G[1] * x) + phase)


def band_of(image, g=G):
    return bands.demodulate(bands.transform(image, SIDES, SIGMA), g, SIGMA)


def test_amplitude_phase_and_g_of_a_wave():
    band = band_of(wave(), G + OFF)
    y, x = (np.arange(n) * s for n, s in zip(band.values.shape, band.step, strict=True))
    inner = np.ix_((y > 25) & (y < 95), (x > 25) & (x < 125))
    # through a window off its g it is fainter
    unit = 2 * np.pi * SIGMA / SIDES
    share = np.exp(-(((OFF * unit) ** 2).sum()) / 2)
    np.testing.assert_allclose(np.abs(band.values[inner]), 4 * share, rtol=0.02)
    np.testing.assert_allclose(band.local_g[0][inner], G[0], atol=1e-4)
    np.testing.assert_allclose(band.local_g[1][inner], G[1], atol=1e-4)
    size = bands.transform(wave(), SIDES, SIGMA).values.shape
    carrier = np.rint((G + OFF) * size) / size
    turn = 2 * np.pi * ((G - carrier)[0] * y[:, None] + (G - carrier)[1] * x)
    left = np.angle(band.values * np.exp(-1j * (turn + 0.7)))
    assert np.abs(left[inner]).max() < 0.02


def test_amplitudes_do_not_fade_at_the_edge_of_the_image():
    height = np.abs(band_of(wave()).values)
    assert height.min() > 3.5
    assert height.max() < 4.5


def test_noise_has_the_amplitude_it_should():
    noise = np.random.default_rng(0).normal(0, 2, (400, 300))
    image = bands.transform(noise, np.ones(2), 4.0)
    seen = [bands.demodulate(image, np.array(g), 4.0).values for g in ((0.2, 0.1), (-0.1, 0.3))]
    found = np.sqrt(np.mean([np.mean(np.abs(v[3:-3, 3:-3]) ** 2) for v in seen]))
    assert found == pytest.approx(bands.noise_amplitude(4.0, 4.0), rel=0.06)
    sigma = bands.sigma_for(5.0, 4.0, 0.3)
    assert bands.noise_amplitude(4.0, sigma) == pytest.approx(0.3 / 5)
