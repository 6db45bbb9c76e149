"""Sums over the pixels that lie nearest to each of many points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

_BAND = 200_000


def integrate_cells(
    image: np.ndarray,
    origin: np.ndarray,
    sampling: np.ndarray,
    points: np.ndarray,
    max_radius: float,
    report: Callable[[float], None],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum an image over Voronoi cells, pixel by pixel.

    Parameters
    ----------
    image : ndarray, (y, x)
        Values to sum.
    origin, sampling : ndarray, (2,)
        Place of the first pixel and length of a pixel, (y, x).
    points : ndarray, (point, 2)
        Lengths; points with NaN own nothing.
    max_radius : float
        Pixels farther from their point belong to none; may be infinite.
    report : callable
        Called with the fraction done after every band of rows.

    Returns
    -------
    total, count : ndarray, (point,)
        Sum and number of the pixels of each cell.
    is_open : ndarray of bool, (point,)
        Whether the cell holds a pixel of the image border.
    """
    known = np.flatnonzero(np.isfinite(points).all(1))
    tree = cKDTree(points[known])
    n, (height, width) = known.size, image.shape
    total, count, touched = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1, bool)
    x = origin[1] + sampling[1] * np.arange(width)
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        y = origin[0] + sampling[0] * np.arange(top, bottom)
        places = np.stack(np.broadcast_arrays(y[:, None], x[None, :]), -1)
        # a pixel that no point is near enough to gets the number n
        _, owner = tree.query(places, distance_upper_bound=max_radius, workers=-1)
        count += np.bincount(owner.ravel(), minlength=n + 1)
        total += np.bincount(owner.ravel(), image[top:bottom].ravel(), minlength=n + 1)
        touched[owner[:, [0, -1]]] = True
        for row in {0, height - 1} & set(range(top, bottom)):
            touched[owner[row - top]] = True
        report(bottom / height)
    results = np.zeros(len(points)), np.zeros(len(points)), np.zeros(len(points), bool)
    for result, found in zip(results, (total, count, touched), strict=True):
        result[known] = found[:n]
    return results
