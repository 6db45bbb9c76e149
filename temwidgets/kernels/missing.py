"""Pixels that are missing."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi

_WIDTH = 2.0  # px: width of the mean that fills missing pixels


def fill_missing(image: np.ndarray) -> np.ndarray:
    """Put the mean of the known pixels nearby where a pixel is missing (NaN).

    Parameters
    ----------
    image : ndarray, (y, x)

    Returns
    -------
    ndarray, (y, x), float32
    """
    known = np.isfinite(image)
    if known.all():
        return image.astype(np.float32)
    values = np.where(known, image, 0).astype(np.float32)
    level = values.sum() / max(known.sum(), 1)
    # a weak pull to the mean of all decides where nothing near is known
    total, weight = 1e-3 * level, np.float32(1e-3)
    total = total + ndi.gaussian_filter(values, _WIDTH)
    weight = weight + ndi.gaussian_filter(known.astype(np.float32), _WIDTH)
    return np.where(known, values, total / weight).astype(np.float32)
