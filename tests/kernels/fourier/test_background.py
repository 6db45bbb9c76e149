import numpy as np
import pytest

from temwidgets.kernels.fourier import background, windows
from temwidgets.kernels.fourier.periodogram import periodogram


def plane_of(values, sampling=(1.0, 1.0)):
    weight = windows.separable(values.shape, "hann")
    bins = tuple(1 / (n * s) for n, s in zip(values.shape, sampling, strict=True))
    power = periodogram(values, weight)
    return background.half_plane(power, bins, 16, background.correlated_bins(weight))


def halo(shape, level, sampling=(1.0, 1.0), seed=0):
    """Noise whose power is ``level(k)``."""
    ky = np.fft.fftfreq(shape[0], sampling[0])[:, None]
    k = np.hypot(ky, np.fft.rfftfreq(shape[1], sampling[1]))
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=shape))
    return np.fft.irfft2(noise * np.sqrt(level(k)), s=shape)


def test_a_level_comes_from_the_weaker_bins():
    rng = np.random.default_rng(0)
    power = rng.exponential(3.0, (400, 200))
    assert background.level_of(power).mean() == pytest.approx(3.0, rel=0.02)
    power[:, :40] = 1e6
    assert background.level_of(power).mean() < 6


@pytest.mark.parametrize("sampling", [(1.0, 1.0), (1.0, 1.6)])
def test_halo_and_rings_are_followed(sampling):
    def level(k):
        return 1 + 50 * np.exp(-((k / 0.05) ** 2)) + 20 * np.sin(40 * np.pi * k) ** 2

    plane = plane_of(halo((257, 300), level, sampling), sampling)
    k = background.radius(plane)
    found = background.background(plane)
    inside = (k > 0.03) & (k < 0.3)
    ratio = plane.power[inside] / found.level[inside]
    # exponential: mean 1, one in a hundred above 4.6
    assert ratio.mean() == pytest.approx(1, abs=0.06)
    assert np.quantile(ratio, 0.99) == pytest.approx(np.log(100), rel=0.1)
    off = np.log(found.level[inside] / level(k[inside]))
    assert np.std(off) < 2 * found.error[inside].mean()


def test_streaks_of_scan_lines_are_background():
    rng = np.random.default_rng(1)
    plane = plane_of(rng.normal(size=(256, 256)) + 3 * rng.normal(size=(256, 1)))
    found = background.background(plane)
    on_axis = found.level[20:-20, plane.margin]
    assert np.median(on_axis) > 50 * np.median(found.level)
    assert found.error[60, plane.margin] > found.error[60, plane.margin + 30]


def test_reflections_hardly_raise_it():
    y, x = np.indices((200, 220))
    values = np.random.default_rng(2).normal(size=(200, 220))
    plain = background.background(plane_of(values)).level
    crystal = sum(np.cos(2 * np.pi * (a * y + b * x)) for a, b in ((0.1, 0), (0, 0.1), (0.1, 0.1)))
    raised = background.background(plane_of(values + crystal)).level / plain
    # at the first reflection itself, 60 bins from the next
    assert raised[100 + 20, 16] < 1.5
    assert np.median(raised) == pytest.approx(1, abs=0.02)


def test_the_limit_of_the_diffuse_signal():
    plane = plane_of(halo((256, 256), lambda k: 0.01 + np.exp(-((k / 0.1) ** 4))))
    limit = background.diffuse_limit(background.background(plane).rings, 0.5)
    assert 0.1 < limit < 0.18
    white = plane_of(np.random.default_rng(0).normal(size=(256, 256)))
    assert background.diffuse_limit(background.background(white).rings, 0.5) < 0.05
