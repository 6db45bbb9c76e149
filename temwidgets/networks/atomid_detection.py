"""From the heat map and the spacing of AtomID-Net to columns, as published."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi
from scipy.spatial import KDTree

from temwidgets.kernels.peaks import first_of_rivals
from temwidgets.networks.atomid_batches import SIGMA
from temwidgets.networks.detection import Found

OVERLAP = 0.3
"""Intersection over union of two boxes above which the weaker one goes."""

_WINDOW = 0.4  # of the spacing: neighbours 0.6 spacings apart are never in one window
_SMOOTH = 0.5  # width of the smoothing before places are measured, over that of a column


def detect_boxes(
    heat: np.ndarray, spacing: float, *, threshold: float = 0.3, window: int | None = None
) -> Found:
    """Find columns in a heat map.

    Parameters
    ----------
    heat : ndarray, (y, x)
    spacing : float
        Mean distance to the nearest neighbour that the network tells, px: side of the boxes.
    threshold : float
        Smallest heat of a column (the filter's lower bound).
    window : int, optional
        Side of the windows of which each proposes one column at most (the filter's window size),
        px: the larger, the sparser. 0.4 spacings when not given.

    Returns
    -------
    Found
        Likeliest first; the probability is the heat, at most 1.

    Notes
    -----
    Lin et al., Small Science 2023: the heat map is max-pooled and unpooled, so that the largest
    pixel of each window is left; of boxes about these that overlap by more than 0.3 (intersection
    over union) the one with more heat stays. Sub-pixel places are added here: a parabola through
    the logarithm of the smoothed heat, which is exact for Gaussians.
    """
    check_options(spacing, threshold, window)
    side = max(1, int(_WINDOW * spacing)) if window is None else window
    peaks = window_maxima(heat, side)
    value = heat[tuple(peaks.T)]
    peaks, value = peaks[value >= threshold], value[value >= threshold]
    kept = suppress(peaks, value, spacing)
    return Found(_refined(heat, peaks[kept], spacing), np.minimum(value[kept], 1.0))


def check_options(spacing: float, threshold: float, window: int | None) -> None:
    """Refuse what no detection can be done with."""
    if not (np.isfinite(spacing) and spacing > 0):
        raise ValueError(f"spacing is a positive number of pixels, but {spacing!r} came.")
    if not threshold > 0:
        raise ValueError(f"threshold is a heat above 0, but {threshold!r} came; 0.3 is usual.")
    if window is not None and window < 1:
        raise ValueError(f"window is a whole number of pixels from 1, but {window!r} came.")


def window_maxima(heat: np.ndarray, window: int) -> np.ndarray:
    """Place (n, 2) of the largest pixel of each window: max-pooling and its undoing."""
    spare = [(0, -n % window) for n in heat.shape]
    padded = np.pad(heat, spare, constant_values=-np.inf)
    rows, cols = padded.shape[0] // window, padded.shape[1] // window
    blocks = padded.reshape(rows, window, cols, window).transpose(0, 2, 1, 3)
    top = blocks.reshape(rows, cols, -1).argmax(-1)
    y = top // window + window * np.arange(rows)[:, None]
    x = top % window + window * np.arange(cols)
    return np.stack([y.ravel(), x.ravel()], axis=1)


def suppress(
    place: np.ndarray, value: np.ndarray, side: float, overlap: float = OVERLAP
) -> np.ndarray:
    """Non-maximum suppression of square boxes.

    Parameters
    ----------
    place : ndarray, (n, 2)
        Centres of the boxes.
    value : ndarray, (n,)
    side : float
        Of all boxes.
    overlap : float
        Intersection over union above which the box of less value goes.

    Returns
    -------
    ndarray of int
        Indices of the boxes that stay, largest value first.
    """
    order = np.argsort(-value, kind="stable")
    centres = place[order].astype(float)
    pairs = KDTree(centres).query_pairs(side, p=np.inf, output_type="ndarray")
    common = (side - np.abs(centres[pairs[:, 0]] - centres[pairs[:, 1]])).prod(axis=1)
    return order[first_of_rivals(len(order), pairs[common / (2 * side**2 - common) > overlap])]


def _refined(heat: np.ndarray, peaks: np.ndarray, spacing: float) -> np.ndarray:
    """Top of the parabola through each peak and its two neighbours along each axis."""
    smooth = ndi.gaussian_filter(np.maximum(heat, 0), _SMOOTH * SIGMA * spacing, mode="constant")
    logs = np.pad(np.log(np.maximum(smooth, 1e-6)), 1, mode="edge")
    place = peaks.astype(float)
    rows, cols = peaks.T + 1
    here = logs[rows, cols]
    for axis, (dy, dx) in enumerate([(1, 0), (0, 1)]):
        before, after = logs[rows - dy, cols - dx], logs[rows + dy, cols + dx]
        bend = before + after - 2 * here
        away = 0.5 * (before - after) / np.where(bend < 0, bend, -np.inf)
        inner = (peaks[:, axis] > 0) & (peaks[:, axis] < heat.shape[axis] - 1)
        place[:, axis] += np.where(inner, np.clip(away, -1, 1), 0)
    return place
