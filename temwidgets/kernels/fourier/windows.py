"""Windows for Fourier transforms: along the axes of a rectangle, or inside a mask of any shape."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

KINDS = ("hann", "tukey", "gaussian", "none")
TUKEY_EDGE = 0.25
"""Share of a Tukey window that is taper, both ends together (of the depth of a mask)."""
_FINE = 256  # pixels: across more the depth of a mask is told from every second one, or fewer
FOOT = 15
"""Bins on each side of zero at which the transform of a window is kept."""
_COARSE = 128  # blocks along an axis that tell a window's transform at low frequencies
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
    depth = _depth(mask, sampling)
    return np.where(mask, profile(kind, depth / max(float(depth.max()), 1e-300)), 0)


def _depth(mask: np.ndarray, sampling: tuple[float, float]) -> np.ndarray:
    """Distance from the outside; of a large mask from a coarse copy: a window is smooth."""
    step = max(1, min(mask.shape) // _FINE)
    coarse = np.pad(mask[::step, ::step], 1)
    depth = ndi.distance_transform_edt(coarse, [step * s for s in sampling])
    # from the edge of a pixel rather than from the centre of the first one outside
    depth = np.maximum(depth[1:-1, 1:-1] - step * min(sampling) / 2, 0)
    if step == 1:
        return depth
    for axis, size in enumerate(mask.shape):
        depth = joined(depth, axis, np.arange(size) / step)
    return depth


def joined(values: np.ndarray, axis: int, place: np.ndarray) -> np.ndarray:
    """Interpolate along one axis at fractional indices `place`, by straight lines."""
    place = np.clip(place, 0, values.shape[axis] - 1)
    low = np.minimum(place.astype(int), max(values.shape[axis] - 2, 0))
    high = np.minimum(low + 1, values.shape[axis] - 1)
    part = np.expand_dims(place - low, 1 - axis)
    return np.take(values, low, axis) * (1 - part) + np.take(values, high, axis) * part


def polygon(shape: tuple[int, int], corners: np.ndarray) -> np.ndarray:
    """Mask of the pixels whose centres lie inside a polygon; corners (n, 2) in pixels.

    Even-odd rule: every edge turns what follows in the rows that it crosses.
    """
    turns = np.zeros((shape[0], shape[1] + 1), bool)
    for one, two in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        (y0, x0), (y1, x1) = sorted((tuple(one), tuple(two)))
        rows = np.arange(max(int(np.ceil(y0)), 0), min(int(np.ceil(y1)), shape[0]))
        if rows.size:
            cols = np.ceil(x0 + (x1 - x0) * (rows - y0) / (y1 - y0))
            turns[rows, np.clip(cols, 0, shape[1]).astype(int)] ^= True
    return np.logical_xor.accumulate(turns, axis=1)[:, :-1]


def transform_near_zero(weight: np.ndarray, reach: int) -> np.ndarray:
    """Transform of a window at the bins -reach .. reach along both axes.

    A large window is summed over blocks first: it is smooth, and these frequencies are low.
    """
    coarse, waves = weight, []
    for axis, size in enumerate(weight.shape):
        starts = np.arange(0, size, max(1, size // _COARSE))
        coarse = np.add.reduceat(coarse, starts, axis=axis)
        length = np.diff(np.append(starts, size))
        turn = np.arange(-reach, reach + 1)[:, None] / size
        middle = starts + (length - 1) / 2
        # a block of equal samples has this share of its sum; 1 for a single one
        share = np.sinc(turn * length) / np.sinc(turn)
        waves.append(np.exp(-2j * np.pi * turn * middle) * share)
    return waves[0] @ coarse @ waves[1].T


class Footing(NamedTuple):
    """Transforms of a window and of its square at the bins around zero, over their sums."""

    plain: np.ndarray
    square: np.ndarray


def footing(weight: np.ndarray) -> Footing:
    """Look at the foot of a window's peak, which is what spots of the spectrum look like."""
    square = weight**2
    return Footing(
        transform_near_zero(weight, FOOT) / weight.sum(),
        transform_near_zero(square, FOOT) / square.sum(),
    )


def centre(values: np.ndarray, reach: int) -> np.ndarray:
    """Cut out the middle of what `transform_near_zero` gives."""
    cut = slice(FOOT - reach, FOOT + reach + 1)
    return values[cut, cut]
