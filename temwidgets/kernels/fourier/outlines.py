"""Outlines of labelled areas as polygons."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi
from skimage.measure import approximate_polygon, find_contours

SMOOTH = 1.0
"""sigma in px that rounds the stairs of pixels."""
TOLERANCE = 0.5
"""How far the polygon may lie off the outline, px."""


class Outlines(NamedTuple):
    """Vertices of closed rings, the first repeated at the end of each."""

    row: np.ndarray  # (vertex,) px
    col: np.ndarray
    label: np.ndarray  # (vertex,) int
    ring: np.ndarray  # (vertex,) int, 0, 1, ... through all labels


def outlines(label: np.ndarray) -> Outlines:
    """Trace each label >= 0 of an image; holes are rings of their own."""
    rings: list[np.ndarray] = []
    owner: list[int] = []
    for number, box in enumerate(ndi.find_objects(label + 1)):
        if box is None:
            continue
        corner = np.array([part.start for part in box])
        for ring in _rings(label[box] == number):
            rings.append(ring + corner)
            owner.append(number)
    if not rings:
        return Outlines(np.zeros(0), np.zeros(0), np.zeros(0, int), np.zeros(0, int))
    sizes = [len(ring) for ring in rings]
    row, col = np.concatenate(rings).T
    last = np.array(label.shape) - 0.5
    return Outlines(
        np.clip(row, -0.5, last[0]),
        np.clip(col, -0.5, last[1]),
        np.repeat(owner, sizes),
        np.repeat(np.arange(len(rings)), sizes),
    )


def _rings(mask: np.ndarray) -> list[np.ndarray]:
    padded = np.pad(mask, 3).astype(np.float32)
    found = find_contours(ndi.gaussian_filter(padded, SMOOTH), 0.5)
    if not found:
        found = find_contours(padded, 0.5)  # a line of pixels is smoothed away
    return [approximate_polygon(ring, TOLERANCE) - 3 for ring in found if len(ring) > 3]
