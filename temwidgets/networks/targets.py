"""What a network is to answer: maps made from the columns that are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_SIGMA = 1.0  # cells: cells so near a column are hardly blamed for being taken for one


class Targets(NamedTuple):
    """The right answer on cells; arrays may have a batch dim before these."""

    heat: np.ndarray  # (y, x) 1 in the cell of a column, falling off round it
    offset: np.ndarray  # (y, x, 2) from the middle of the cell to the nearest column, cells
    near: np.ndarray  # (y, x) 1 where the offset counts
    log_spacing: np.ndarray  # () log of the spacing in cells; NaN where there is none


def make_targets(
    columns: np.ndarray, spacing: float, shape: tuple[int, int], cell: int = 2
) -> Targets:
    """Make the answer for `columns` (n, 2) y, x in pixels of an image of `shape`."""
    cells = (shape[0] // cell, shape[1] // cell)
    heat = np.zeros(cells, np.float32)
    offset = np.zeros((*cells, 2), np.float32)
    distance = np.full(cells, np.inf, np.float32)
    # the middle of cell 0 is at pixel (cell - 1) / 2
    place = (np.asarray(columns, np.float32).reshape(-1, 2) - (cell - 1) / 2) / cell
    centre = np.rint(place).astype(int)
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            at = centre + np.array([dy, dx])
            seen = ((at >= 0) & (at < cells)).all(axis=1)
            rows, cols = at[seen].T
            away = place[seen] - at[seen]
            square = (away**2).sum(axis=1)
            np.maximum.at(heat, (rows, cols), np.exp(-square / (2 * _SIGMA**2)))
            nearer = square < distance[rows, cols]
            distance[rows[nearer], cols[nearer]] = square[nearer]
            offset[rows[nearer], cols[nearer]] = away[nearer]
    inside = ((centre >= 0) & (centre < cells)).all(axis=1)
    heat[tuple(centre[inside].T)] = 1
    near = (distance < 1.5**2).astype(np.float32)
    return Targets(heat, offset, near, np.array(np.log(spacing / cell), np.float32))
