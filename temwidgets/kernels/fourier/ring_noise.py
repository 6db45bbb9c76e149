"""What a region holds at the same |g| as its fringes, in other directions."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincinv

from temwidgets.kernels.fourier.bands import Transform, demodulate

DIRECTIONS = 12
"""Of a half turn, that of the fringes among them."""
FEWEST = 4
"""Directions below Nyquist that tell a level."""
QUIET = 0.25
"""Quantile of power over directions: spots of the same length may take up the others."""


def ring_amplitude(image: Transform, g: np.ndarray, sigma: float, region: np.ndarray) -> float:
    """Root mean square amplitude in the quiet directions of the ring that fringes lie on.

    The noise of an image as a whole is too low where a film is thicker than elsewhere: texture
    there looks like fringes, but has all directions.

    Parameters
    ----------
    image : Transform
    g : ndarray, (2,)
        Of the fringes, cycles per px.
    sigma : float
        Of the window, units of length.
    region : ndarray, (y, x), bool
        Where they are, on the grid of `demodulate` with this window.

    Returns
    -------
    float
        0 when Nyquist leaves too few directions.
    """
    length = g / image.sides
    turns = np.pi * np.arange(1, DIRECTIONS) / DIRECTIONS + np.arctan2(*length)
    around = np.hypot(*length) * np.stack([np.sin(turns), np.cos(turns)], 1) * image.sides
    around = around[(np.abs(around) < 0.5).all(1)]
    if len(around) < FEWEST:
        return 0.0
    seen = [demodulate(image, vector, sigma) for vector in around]
    power = [(np.abs(band.values[region]) ** 2).mean() for band in seen]
    area = region.sum() * float((seen[0].step * image.sides).prod())
    return float(np.sqrt(np.quantile(power, QUIET) / quiet_share(area / (4 * np.pi * sigma**2))))


def quiet_share(windows: float) -> float:
    """Quantile of the mean power of noise over as many independent windows, over its mean."""
    count = max(windows, 1.0)
    return float(gammaincinv(count, QUIET) / count)
