"""From the maps of a network to columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.peaks import strongest


class Found(NamedTuple):
    """Columns in pixels of what the network saw, likeliest first."""

    place: np.ndarray  # (n, 2) y, x
    probability: np.ndarray  # (n,)
    species: np.ndarray | None = None  # (n,) whole numbers from 0, from a network that tells


def detect(
    probability: np.ndarray,
    offset: np.ndarray,
    *,
    threshold: float = 0.3,
    separation: float = 3.0,
) -> Found:
    """Take the local maxima of the probability, each moved by its offset; all in cells.

    Parameters
    ----------
    probability : ndarray, (y, x)
    offset : ndarray, (y, x, 2)
        From the middle of a cell to the column.
    threshold : float
        Smallest probability.
    separation : float
        Of two that are not farther apart, the likelier one stays.
    """
    top = ndi.maximum_filter(probability, 3, mode="constant")
    rows, cols = np.nonzero((probability == top) & (probability >= threshold))
    place = np.stack([rows, cols], axis=1) + np.clip(offset[rows, cols], -1.5, 1.5)
    value = probability[rows, cols]
    kept = strongest(place, value, separation)
    return Found(place[kept], value[kept])
