"""Bring an image to the scale that a network knows."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi

from temwidgets.networks.filtering import fill_missing


def resample(image: np.ndarray, zoom: float) -> np.ndarray:
    """Resample an image to `zoom` times as many pixels a side; NaN (missing) stays missing.

    Parameters
    ----------
    image : ndarray, (y, x)
    zoom : float
        More than 1: more pixels. Less: means over pixels, so that noise falls as it should.

    Returns
    -------
    ndarray, float32
        Pixel p of what came is at ``(p + 0.5) * zoom - 0.5``.
    """
    if zoom == 1:
        return image.astype(np.float32)
    known = np.isfinite(image)
    filled = fill_missing(image)
    if zoom < 1:
        # a box as wide as the new pixel, less what the interpolation averages by itself
        filled = ndi.gaussian_filter(filled, 0.29 * np.sqrt(1 / zoom**2 - 1), mode="nearest")
    shape = tuple(max(1, round(n * zoom)) for n in image.shape)
    places = [(np.arange(n) + 0.5) / zoom - 0.5 for n in shape]
    out = _along(_along(filled, places[0], 0), places[1], 1)
    if known.all():
        return out
    near = [
        np.clip(np.rint(p).astype(int), 0, n - 1) for p, n in zip(places, image.shape, strict=True)
    ]
    if zoom < 1:
        known = ndi.uniform_filter(known.astype(np.float32), 1 / zoom) > 0.4
    return np.where(known[np.ix_(*near)], out, np.float32(np.nan))


def _along(values: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Interpolate linearly along one axis; beyond the ends the last value stays."""
    size = values.shape[axis]
    places = np.clip(places, 0, size - 1)
    low = np.minimum(places.astype(int), max(size - 2, 0))
    high = np.minimum(low + 1, size - 1)
    share = (places - low).astype(np.float32)
    if axis == 0:
        share = share[:, None]
    return values.take(low, axis) * (1 - share) + values.take(high, axis) * share
