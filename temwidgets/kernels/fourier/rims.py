"""Tell the oscillating rim of a specimen, its Fresnel fringes, from a lattice."""

from __future__ import annotations

import numpy as np

from temwidgets.kernels.spectra import local_mean

FEW = 8.0
"""Periods along g, seen through the window, below which fringes at an edge may be a rim."""
BEYOND = 1.0
"""How far beyond the region its two sides are looked at, in sigmas of the window."""
ROUGHER = 2.0
"""Variance of one side over that of the other from which there is an edge in between."""
STEP = 1.0
"""Difference of their means, over the amplitude of the fringes, from which there is one."""


def is_rim(
    flat: np.ndarray,
    sides: np.ndarray,
    places: np.ndarray,
    g: np.ndarray,
    sigma: float,
    amplitude: float,
) -> bool:
    """Tell whether fringes are few and lie along a step of the mean or variance of an image.

    Few fringes alone may be a thin lamella. Where they run along the edge of a specimen nothing
    tells them from its rim.

    Parameters
    ----------
    flat : ndarray, (y, x)
    sides : ndarray, (2,)
        Of a pixel; their product is 1.
    places : ndarray, (n, 2)
        Row and column of the places where the fringes are, px.
    g : ndarray, (2,)
        Cycles per px.
    sigma : float
        Of the window, units of length.
    amplitude : float
        Of the fringes.
    """
    length = g / sides
    k = float(np.hypot(*length))
    along = 4 * float((places * sides @ length / k).std())
    if along * k > FEW:
        return False
    away = (along / 2 + BEYOND * sigma) * length / k / sides
    mean, variance = np.array(
        [_statistics(flat, places + side * away, sigma / sides) for side in (1, -1)]
    ).T
    steep = abs(mean[0] - mean[1]) > STEP * amplitude
    return bool(steep or variance.max() > ROUGHER * variance.min())


def _statistics(flat: np.ndarray, places: np.ndarray, width: np.ndarray) -> tuple[float, float]:
    """Mean and variance in windows at places, or at the edge of the image nearest to them."""
    last = np.array(flat.shape) - 1
    at = np.rint(np.clip(places, 0, last)).astype(int)
    margin = np.ceil(3 * width).astype(int)
    low, high = np.maximum(at.min(0) - margin, 0), at.max(0) + margin + 1
    part = flat[low[0] : high[0], low[1] : high[1]]
    row, col = (at - low).T
    size = (float(width[0]), float(width[1]))
    mean, square = (local_mean(values, size)[row, col] for values in (part, part**2))
    return float(mean.mean()), float((square - mean**2).mean())
