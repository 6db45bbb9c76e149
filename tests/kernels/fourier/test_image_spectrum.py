import numpy as np
import pytest

from temwidgets.kernels.fourier.image_spectrum import around, image_spectrum, padded_shape


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(60, 45), (51, 80)])
def test_bins_are_those_of_the_plain_transform(shape):
    image = noise(shape)
    spectrum = image_spectrum(image, (0.9, 1.2))
    assert spectrum.pixel[0] * spectrum.pixel[1] == pytest.approx(1)
    rows, cols = spectrum.shape
    padded = np.fft.irfft2(spectrum.values, s=spectrum.shape)
    full = np.fft.fft2(padded)
    values, carrier = around(spectrum, np.array([0.11, -0.07]), (8, 10))
    ky, kx = np.rint(carrier * np.array(spectrum.shape) * spectrum.pixel).astype(int)
    for i, down in enumerate(np.fft.fftfreq(8, 1 / 8).astype(int)):
        for j, right in enumerate(np.fft.fftfreq(10, 1 / 10).astype(int)):
            wanted = full[(ky + down) % rows, (kx + right) % cols]
            assert abs(values[i, j] - wanted) < 1e-3 * np.abs(full).max()
    assert not np.abs(padded[shape[0] :]).max() > 1e-3
    assert not np.abs(padded[:, shape[1] :]).max() > 1e-3


def test_a_mate_is_the_conjugate():
    spectrum = image_spectrum(noise((50, 61)), (1.0, 1.0))
    g = np.array([0.13, 0.21])
    one, first = around(spectrum, g, (7, 9))
    other, second = around(spectrum, -g, (7, 9))
    np.testing.assert_allclose(first, -second)
    np.testing.assert_allclose(one, np.roll(other[::-1, ::-1], (1, 1), (0, 1)).conj(), rtol=1e-5)


def test_nothing_lies_beyond_nyquist():
    spectrum = image_spectrum(noise((64, 64)), (1.0, 1.0))
    values, _ = around(spectrum, np.array([0.49, 0.49]), (32, 32))
    ky = np.fft.fftfreq(32, 1 / 32) + np.rint(0.49 * spectrum.shape[0])
    assert not values[ky >= spectrum.shape[0] / 2].any()
    assert values[ky < spectrum.shape[0] / 2].any()


def test_a_smooth_background_is_taken_away():
    y, x = np.mgrid[-1:1:70j, -1:1:90j]
    wave = np.cos(2 * np.pi * 12 * x)
    image = 1e4 + 300 * y - 200 * x**3 + 50 * y * x**2
    clean, dirty = (image_spectrum(i, (1.0, 1.0)) for i in (wave, wave + image))
    assert dirty.scale == pytest.approx(clean.scale, rel=1e-3)
    assert np.abs(dirty.values - clean.values).max() < 1e-2 * np.abs(clean.values).max()


def test_counts_scale_out_and_an_empty_image_is_possible():
    image = noise((40, 40))
    one, other = (image_spectrum(f * image, (1.0, 1.0)) for f in (1.0, 1e-9))
    assert other.scale == pytest.approx(1e-9 * one.scale, rel=1e-4)
    np.testing.assert_allclose(one.values, other.values, atol=1e-3)
    blank = image_spectrum(np.full((40, 40), 7, np.uint16), (1.0, 1.0))
    assert np.isfinite(blank.values).all()
    assert np.abs(blank.values).max() < 1e-2 or blank.scale < 1e-4


def test_padding_has_room_for_the_widest_window():
    for widest in (0.0, 40.0, 90.0):
        spectrum = image_spectrum(noise((100, 120)), (0.8, 1.25), widest)
        assert spectrum.widest >= max(widest, 20)
        assert spectrum.shape == padded_shape((100, 120), (0.8, 1.25), widest)
