"""Where in the image a reflection comes from, coarsely: enough to tell grains apart."""

from __future__ import annotations

import numpy as np
import scipy.fft

_WIDTH = 2.5
"""Sigma of the band around a reflection, in bins: places are told to a sixteenth of the field."""
_REACH = 8


def footprints(
    transform: np.ndarray, row: np.ndarray, col: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Power of each reflection over the field, (n, row, col) on a coarse grid.

    Parameters
    ----------
    transform : complex array
        Of the windowed image, over the root of the sum of its squared window; not shifted.
    row, col : int arrays, (n,)
        Bins, counted from the origin.
    noise : array, (n,)
        Power of the noise there; what it makes on average is taken away.
    """
    lag = np.arange(-_REACH, _REACH + 1)
    band = np.exp(-0.5 * (lag / _WIDTH) ** 2)
    band = np.outer(band, band)
    rows = (row[:, None] + lag) % transform.shape[0]
    cols = (col[:, None] + lag) % transform.shape[1]
    part = transform[rows[:, :, None], cols[:, None, :]] * band
    waves = scipy.fft.ifft2(part, norm="forward")
    power = waves.real**2 + waves.imag**2 - (noise * np.sum(band**2))[:, None, None]
    return np.maximum(power, 0)


def overlap(power: np.ndarray) -> np.ndarray:
    """Likeness of footprints, (n, n): 1 for the same place, 0 for places apart."""
    power = power.reshape(len(power), int(np.prod(power.shape[1:])))
    length = np.sqrt((power**2).sum(axis=1))
    unit = power / np.maximum(length, 1e-300)[:, None]
    return unit @ unit.T
