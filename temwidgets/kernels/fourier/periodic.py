"""Part an image into a periodic one and a smooth rest: the spectrum then has no cross."""

from __future__ import annotations

import numpy as np
from scipy import fft


def smooth_part(values: np.ndarray) -> np.ndarray:
    """Return the smooth image (y, x) that holds the jumps between opposite edges; its mean is 0.

    The image less this one is periodic, and inside it is changed little: no window is needed.

    References
    ----------
    L. Moisan, J. Math. Imaging Vis. 39, 161 (2011), eq. 11.
    """
    rows, cols = values.shape
    jumps = np.zeros_like(values)
    across, along = values[0] - values[-1], values[:, 0] - values[:, -1]
    jumps[0] -= across
    jumps[-1] += across
    jumps[:, 0] -= along
    jumps[:, -1] += along
    turn_y = np.cos(2 * np.pi * np.arange(rows) / rows)[:, None]
    turn_x = np.cos(2 * np.pi * np.arange(cols // 2 + 1) / cols)
    laplacian = (2 * (turn_y + turn_x) - 4).astype(values.dtype)
    laplacian[0, 0] = 1.0
    spectrum = fft.rfft2(jumps) / laplacian
    spectrum[0, 0] = 0.0
    return np.asarray(fft.irfft2(spectrum, s=values.shape), values.dtype)
