"""The strongest plane waves of an image: its lattice periods, without a lattice model."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

# Exponentially distributed noise power exceeds 17 times its median once in 1e5 bins
_SNR = 30.0
_WEAKEST = 0.05
_FEWEST_PERIODS = 4.0


def lattice_waves(image: np.ndarray, sampling: tuple[float, float]) -> np.ndarray:
    """Find the wave vectors g = (g_y, g_x) that stand out in an image's spectrum.

    The image is seen through a Gaussian window, so that a peak's log power is a parabola and its
    place follows from three bins along each axis.

    Parameters
    ----------
    image : ndarray, (y, x)
        Finite values.
    sampling : (float, float)
        Length of a pixel along y and x.

    Returns
    -------
    ndarray, (wave, 2)
        Per length, without 2 pi, one of each Friedel pair, shortest first; empty when the image
        shows no lattice. Peaks of less than 5 % of the strongest one's power are left out.
    """
    power = _windowed_power(image)
    k_y = fft.fftfreq(image.shape[0], sampling[0])[:, None]
    k_x = np.arange(-1, power.shape[1] - 1)[None, :] / (image.shape[1] * sampling[1])
    extent = min(image.shape[0] * sampling[0], image.shape[1] * sampling[1])
    rings = (np.hypot(k_y, k_x) * extent).astype(int)
    ordinary = ndimage.median(power, rings, np.arange(rings.max() + 1))[rings]
    peaks = power == ndimage.maximum_filter(power, 3, mode=("wrap", "nearest"))
    peaks &= (power > _SNR * ordinary) & (rings >= _FEWEST_PERIODS)
    # the column k_x = 0 holds both members of a Friedel pair
    peaks &= (k_x > 0) | ((k_x == 0) & (k_y > 0))
    peaks[:, -1] = False
    if not peaks.any():
        return np.zeros((0, 2))
    row, col = np.nonzero(peaks & (power > _WEAKEST * power[peaks].max()))
    step = np.array([k_y[1, 0], k_x[0, 2]])
    waves = (_refined(power, row, col) - (0, 1)) * step
    return waves[np.argsort(np.hypot(*waves.T), kind="stable")]


def _windowed_power(image: np.ndarray) -> np.ndarray:
    y, x = np.meshgrid(*(np.linspace(-3, 3, n) for n in image.shape), indexing="ij", sparse=True)
    weight = np.exp(-0.5 * y**2) * np.exp(-0.5 * x**2)
    values = np.asarray(image, float)
    # the best plane goes first: cut off at 3 sigma, a slope would leak along the axes
    for shape in (np.ones(image.shape), y, x):
        values = values - shape * ((values * weight * shape).sum() / (weight * shape**2).sum())
    power = np.abs(fft.rfft2(values * weight)) ** 2 + np.finfo(float).tiny
    # Hermitian: left of column 0 lies column 1 upside down, and peaks need to see it
    left = np.roll(power[::-1, 1:2], 1, axis=0)
    return np.concatenate([left, power], axis=1)


def _refined(power: np.ndarray, row: np.ndarray, col: np.ndarray) -> np.ndarray:
    """Return peak places in bins (n, 2), rows counted from -n/2, by log parabolas."""
    n_rows = power.shape[0]
    centre = np.log(power[row, col])
    sides = [
        (power[(row - 1) % n_rows, col], power[(row + 1) % n_rows, col]),
        (power[row, col - 1], power[row, col + 1]),
    ]
    places = [np.where(row > n_rows // 2, row - n_rows, row).astype(float), col.astype(float)]
    for place, (before, after) in zip(places, np.log(sides), strict=True):
        curvature = before - 2 * centre + after
        offset = 0.5 * (before - after) / np.where(curvature < 0, curvature, -np.inf)
        place += np.clip(offset, -0.5, 0.5)
    return np.stack(places, 1)
