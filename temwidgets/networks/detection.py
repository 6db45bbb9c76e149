"""From the maps of a network to columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi
from scipy.spatial import KDTree

_SEPARATION = 0.5  # of the spacing: two nearer than this are one


class Found(NamedTuple):
    """Columns in pixels of what the network saw."""

    place: np.ndarray  # (n, 2) y, x
    probability: np.ndarray  # (n,)


def detect(
    probability: np.ndarray,
    offset: np.ndarray,
    *,
    threshold: float = 0.3,
    separation: float = 3.0,
    cell: int = 2,
) -> Found:
    """Take the local maxima of the probability, each moved by its offset.

    Parameters
    ----------
    probability : ndarray, (y, x)
    offset : ndarray, (y, x, 2)
        From the middle of a cell to the column, cells.
    threshold : float
        Smallest probability.
    separation : float
        Of two that are nearer, the likelier one stays, cells.
    """
    top = ndi.maximum_filter(probability, 3, mode="constant")
    rows, cols = np.nonzero((probability == top) & (probability >= threshold))
    place = np.stack([rows, cols], axis=1) + np.clip(offset[rows, cols], -1.5, 1.5)
    value = probability[rows, cols]
    kept = apart(place, value, separation)
    return Found(place[kept] * cell + (cell - 1) / 2, value[kept])


def apart(place: np.ndarray, value: np.ndarray, separation: float) -> np.ndarray:
    """Indices of the likeliest places that are `separation` or more apart, likeliest first."""
    order = np.argsort(-value, kind="stable")
    if len(order) < 2:
        return order
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    pairs = KDTree(place).query_pairs(separation * (1 - 1e-9), output_type="ndarray")
    rivals: dict[int, list[int]] = {}
    for a, b in np.sort(rank[pairs], axis=1).tolist():
        rivals.setdefault(b, []).append(a)
    stays = np.ones(len(order), bool)
    for later, earlier in sorted(rivals.items()):
        stays[later] = not any(stays[e] for e in earlier)
    return order[stays]
