"""Probability maps of an image of any size by AP-GAN, and columns with their species from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.peaks import strongest
from temwidgets.networks.answers import Answer, distance_of
from temwidgets.networks.ap_gan_pairs import image_channels
from temwidgets.networks.detection import Found
from temwidgets.networks.tiles import apply

_SEPARATION = 5.0  # px: half the spacing, when too few columns tell it


def see(model: Any, image: np.ndarray, report: Callable[[float], None] | None = None) -> Answer:
    """Apply a generator to an image (y, x) on its scale; NaN where a pixel is missing."""
    maps = apply(model, image_channels(image), report=report)
    spacing = distance_of(detect_species(maps, separation=_SEPARATION))
    usual = 0.5 * spacing if np.isfinite(spacing) else _SEPARATION

    def columns(threshold: float, separation: float | None) -> Found:
        least = usual if separation is None else separation
        return detect_species(maps, threshold=threshold, separation=least)

    return Answer(maps.max(axis=-1), model.cell, spacing, columns)


def detect_species(maps: np.ndarray, *, threshold: float = 0.3, separation: float = 5.0) -> Found:
    """Take the local maxima of each map; of near ones the strongest stays, whatever its species.

    Parameters
    ----------
    maps : ndarray, (y, x, species)
    threshold : float
        Smallest probability.
    separation : float
        px: half the distance of nearest neighbours.

    Returns
    -------
    Found
        Places between pixels, at the top of the Gaussian through a maximum and its neighbours.
    """
    top = ndi.maximum_filter(maps, (3, 3, 1), mode="constant")
    rows, cols, species = np.nonzero((maps == top) & (maps >= threshold) & (maps > 0))
    padded = np.log(np.maximum(np.pad(maps, [(1, 1), (1, 1), (0, 0)], mode="edge"), 1e-6))
    near = np.stack([padded[rows + dy, cols + dx, species] for dy, dx in _CROSS])
    place = np.stack(
        [rows + _summit(near[0], near[1], near[2]), cols + _summit(near[3], near[1], near[4])],
        axis=1,
    )
    value = maps[rows, cols, species]
    kept = strongest(place, value, separation)
    return Found(place[kept], value[kept], species[kept])


_CROSS = ((0, 1), (1, 1), (2, 1), (1, 0), (1, 2))  # above, middle, below, left, right


def _summit(before: np.ndarray, middle: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where the parabola through three values is highest, from the middle, at most half away."""
    bend = before - 2 * middle + after
    shift = 0.5 * (before - after) / np.where(bend < 0, bend, -np.inf)
    return np.clip(shift, -0.5, 0.5)
