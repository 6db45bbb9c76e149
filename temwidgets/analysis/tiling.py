"""Large images in overlapping tiles, so that memory stays bounded and no seam shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.spatial import KDTree

from temwidgets.conventions import make_columns, pixel_grid
from temwidgets.kernels.peaks import first_of_rivals

Report = Callable[[float], None]

WHOLE = 5000 * 5000
"""Pixels up to which an image is analysed in one piece."""
CORE = 2048
"""Pixels a side that a tile answers for, about."""
MARGIN = 128
"""Pixels that a search sees round them."""
_SAME = 0.5  # of the separation: nearer ones from two tiles are one column


class Tile(NamedTuple):
    """A part of an image: what it answers for, and what it sees."""

    core: tuple[slice, slice]
    seen: tuple[slice, slice]
    shape: tuple[int, int]  # of the image

    def crop(self, image: xr.DataArray) -> xr.DataArray:
        """Cut out what the tile sees."""
        return image.isel(y=self.seen[0], x=self.seen[1])

    def owns(self, rows: np.ndarray, cols: np.ndarray, beyond: float = 0.0) -> np.ndarray:
        """Tell places (px) in the core, or up to `beyond` px outside of it.

        Cores share no place and leave none out: those at the border reach to infinity.
        """
        own = np.ones(len(rows), bool)
        for place, part, size in zip((rows, cols), self.core, self.shape, strict=True):
            low = -np.inf if part.start == 0 else part.start - 0.5 - beyond
            high = np.inf if part.stop == size else part.stop - 0.5 + beyond
            own &= (place >= low) & (place < high)
        return own

    def sees(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Tell places (px) within what the tile sees."""
        (top, bottom), (left, right) = ((s.start - 0.5, s.stop - 0.5) for s in self.seen)
        seen: np.ndarray = (rows >= top) & (rows < bottom) & (cols >= left) & (cols < right)
        return seen


def is_large(image: xr.DataArray) -> bool:
    """Whether an image is better analysed in tiles."""
    return image.sizes["y"] * image.sizes["x"] > WHOLE


def tiles(shape: tuple[int, int], *, core: int = CORE, margin: int = MARGIN) -> list[Tile]:
    """Cut an image into tiles that all see equally many pixels, so that few sizes are compiled."""
    return [
        Tile((rows, cols), (seen_rows, seen_cols), shape)
        for rows, seen_rows in _spans(shape[0], core, margin)
        for cols, seen_cols in _spans(shape[1], core, margin)
    ]


def _spans(size: int, core: int, margin: int) -> Iterator[tuple[slice, slice]]:
    count = max(1, round(size / core))
    ends = np.linspace(0, size, count + 1).astype(int)
    width = min(size, int(np.diff(ends).max()) + 2 * margin)
    for low, high in pairwise(ends):
        start = int(np.clip(low - margin, 0, size - width))
        yield slice(int(low), int(high)), slice(start, start + width)


def find_in_tiles(
    find: Callable[[xr.DataArray, Report | None], xr.Dataset],
    image: xr.DataArray,
    parts: Sequence[Tile],
    *,
    report: Report | None = None,
) -> tuple[xr.Dataset, list[xr.Dataset]]:
    """Find columns in each tile and join them, each column once.

    Parameters
    ----------
    find : callable
        ``find(tile, report)`` returns columns; ``attrs["separation"]`` tells how near they can be.
    image : DataArray, (y, x)
    parts : sequence of Tile

    Returns
    -------
    Dataset, (column,)
        Rows of all tiles, numbered anew; no attributes.
    list of Dataset
        What each tile gave, for its attributes.
    """
    grid = pixel_grid(image)
    found, depths, owners = [], [], []
    for number, tile in enumerate(parts):
        one = find(tile.crop(image), part_of(report, number, len(parts)))
        rows, cols = grid.to_pixels(one["y"].values, one["x"].values)
        # a column on the line may lie beyond it for both tiles, or for none
        reach = 0.5 * _separation(one) / min(grid.sampling)
        own = tile.owns(rows, cols, reach)
        found.append(one.isel(column=own))
        depths.append(_depth(tile, rows[own], cols[own]))
        owners.append(np.full(int(own.sum()), number))
    joined = xr.concat(
        [one.drop_vars("column") for one in found],
        "column",
        combine_attrs="override",
        join="override",
    )
    kept = _once(found, joined, np.concatenate(depths), np.concatenate(owners))
    joined = joined.isel(column=kept)
    columns = make_columns(joined["y"].values, joined["x"].values, units=grid.units)
    return columns.assign({n: v for n, v in joined.data_vars.items() if n not in ("y", "x")}), found


def _separation(columns: xr.Dataset) -> float:
    told = float(columns.attrs.get("separation", 0.0))
    return told if np.isfinite(told) else 0.0


def _depth(tile: Tile, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """How far places lie within the core of a tile, px; negative outside of it."""
    depth = np.full(len(rows), np.inf)
    for place, part, size in zip((rows, cols), tile.core, tile.shape, strict=True):
        if part.start > 0:
            depth = np.minimum(depth, place - (part.start - 0.5))
        if part.stop < size:
            depth = np.minimum(depth, part.stop - 0.5 - place)
    return depth


def _once(
    found: Sequence[xr.Dataset], joined: xr.Dataset, depth: np.ndarray, owner: np.ndarray
) -> np.ndarray:
    """Indices of rows, in their order, with each column that two tiles found only once."""
    near = _SAME * max((_separation(one) for one in found), default=0.0)
    order = np.argsort(-depth, kind="stable")  # what lies deeper in its tile stays
    place = np.column_stack([joined["y"].values, joined["x"].values])[order]
    if not near or not len(place):
        return np.arange(len(place))
    pairs = KDTree(place).query_pairs(near, output_type="ndarray")
    pairs = pairs[owner[order][pairs[:, 0]] != owner[order][pairs[:, 1]]]
    return np.sort(order[first_of_rivals(len(order), pairs)])


def part_of(report: Report | None, number: int, count: int) -> Report | None:
    """Return what reports the progress of part `number` of `count` as that of the whole."""
    return None if report is None else lambda done: report((number + done) / count)
