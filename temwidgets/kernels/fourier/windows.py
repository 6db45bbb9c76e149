"""Windows for Fourier transforms: along the axes of a rectangle, or inside a mask of any shape."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi

KINDS = ("hann", "tukey", "gaussian", "none")
TUKEY_EDGE = 0.25
"""Share of a Tukey window that is taper, both ends together (of the depth of a mask)."""
GAUSSIAN_WIDTH = 1 / 7
"""Sigma of a Gaussian window over its length: it falls to 0.2 % at the edge."""


def profile(kind: str, place: np.ndarray) -> np.ndarray:
    """Evaluate a window at `place`, 0 at its edges and 1 in its middle (symmetric)."""
    if kind == "hann":
        return np.sin(np.pi / 2 * place) ** 2
    if kind == "tukey":
        return np.sin(np.pi / 2 * np.minimum(place / TUKEY_EDGE, 1)) ** 2
    if kind == "gaussian":
        return np.exp(-0.5 * ((1 - place) / (2 * GAUSSIAN_WIDTH)) ** 2)
    return np.ones_like(place)


def taper(size: int, kind: str) -> np.ndarray:
    """Window of `size` samples, taken at their centres, so that no sample is lost."""
    place = (np.arange(size) + 0.5) / size
    return profile(kind, 1 - np.abs(2 * place - 1))


def separable(shape: tuple[int, int], kind: str) -> np.ndarray:
    """Window of a rectangle: the product of two."""
    return np.outer(taper(shape[0], kind), taper(shape[1], kind))


def masked(mask: np.ndarray, kind: str, sampling: tuple[float, float]) -> np.ndarray:
    """Window inside a mask: it rises with the distance from the outside, up to the deepest place.

    Beyond the array is outside.
    """
    if kind == "none":
        return mask.astype(float)
    depth = ndi.distance_transform_edt(np.pad(mask, 1), sampling)[1:-1, 1:-1]
    # from the edge of a pixel rather than from the centre of the first one outside
    depth = np.maximum(depth - min(sampling) / 2, 0)
    return np.where(mask, profile(kind, depth / max(float(depth.max()), 1e-300)), 0)
