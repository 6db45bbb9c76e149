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
    found = [_statistics(flat, places + s * away, sigma / sides) for s in (1, -1)]
    if any(one is None for one in found):
        return False
    (mean, variance), (other, rest) = ((one[0], one[1]) for one in found if one is not None)
    steep = abs(mean - other) > STEP * amplitude
    return steep or max(variance, rest) > ROUGHER * min(variance, rest)


def _statistics(
    flat: np.ndarray, places: np.ndarray, width: np.ndarray
) -> tuple[float, float] | None:
    """Mean and variance of windows at places; None when they lie outside the image."""
    last = np.array(flat.shape) - 1
    kept = places[((places >= 0) & (places <= last)).all(1)]
    if not len(kept):
        return None
    low = np.maximum(np.floor(kept.min(0) - 3 * width).astype(int), 0)
    high = np.minimum(np.ceil(kept.max(0) + 3 * width).astype(int) + 1, last + 1)
    part = flat[low[0] : high[0], low[1] : high[1]]
    row, col = (np.rint(kept).astype(int) - low).T
    means = local_mean(part, (float(width[0]), float(width[1])))[row, col]
    squares = local_mean(part**2, (float(width[0]), float(width[1])))[row, col]
    return float(means.mean()), float(np.mean(squares - means**2))
