"""Where in the image a reflection comes from, coarsely: enough to tell grains apart."""

from __future__ import annotations

import numpy as np
import scipy.fft

from temwidgets.kernels.fourier.windows import Footing, centre

_WIDTH = 2.5
"""Sigma of the band around a reflection, in bins: places are told to a sixteenth of the field."""
_REACH = 8
_MOSTLY_NOISE = 0.25
"""Least share of the squared length that is taken for signal."""


def footprints(
    transform: np.ndarray, row: np.ndarray, col: np.ndarray, noise: np.ndarray, foot: Footing
) -> np.ndarray:
    """Power of each reflection over the field, (n, row, col) on a coarse grid, of length one.

    The mean of the noise is taken away, and its scatter is left out of the length, so that weak
    reflections from the same place are as alike as strong ones.

    Parameters
    ----------
    transform : complex array
        Of the windowed image, over the root of the sum of its squared window; not shifted.
    row, col : int arrays, (n,)
        Bins, counted from the origin.
    noise : array, (n,)
        Power of the noise there.
    foot : Footing
        Of the window.
    """
    lag = np.arange(-_REACH, _REACH + 1)
    rows = (row[:, None] + lag) % transform.shape[0]
    cols = (col[:, None] + lag) % transform.shape[1]
    waves = _waves(transform[rows[:, :, None], cols[:, None, :]])
    mean = noise[:, None, None] * _noise(foot)
    power = np.maximum(waves.real**2 + waves.imag**2 - mean, 0)
    square = (power**2).sum(axis=(1, 2))
    # the power of a wave in noise scatters as that of chi-squared that is not central
    scatter = (mean**2 + 2 * power * mean).sum(axis=(1, 2))
    length = np.sqrt(np.maximum(square - scatter, _MOSTLY_NOISE * square))
    return power / np.maximum(length, 1e-300)[:, None, None]


def window(foot: Footing) -> np.ndarray:
    """Footprint (row, col) of a reflection of the whole region."""
    power = np.abs(_waves(centre(foot.plain, _REACH)[None])[0]) ** 2
    return power / np.sqrt((power**2).sum())


def likeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Likeness of footprints, (n, m): 1 for the same place, 0 for places apart."""
    places = int(np.prod(one.shape[1:]))
    return np.minimum(one.reshape(len(one), places) @ other.reshape(len(other), places).T, 1.0)


def _noise(foot: Footing) -> np.ndarray:
    """Mean power of white noise of power 1 over the field: the squared window, blurred."""
    lag = np.arange(-_REACH, _REACH + 1)
    blur = np.exp(-((lag / _WIDTH) ** 2) / 4)
    blurred = scipy.fft.ifftshift(centre(foot.square, _REACH) * np.outer(blur, blur))
    return np.maximum(scipy.fft.ifft2(blurred, norm="forward").real, 0) * np.sum(_band() ** 2)


def _waves(part: np.ndarray) -> np.ndarray:
    """Complex amplitude over the field of bins around reflections."""
    return scipy.fft.ifft2(part * _band(), norm="forward")


def _band() -> np.ndarray:
    band = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / _WIDTH) ** 2)
    return np.outer(band, band)
