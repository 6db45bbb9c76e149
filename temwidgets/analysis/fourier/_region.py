"""Regions of an image: a rectangle in lengths, a polygon, or a mask of any shape."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import PixelGrid, pixel_grid
from temwidgets.conventions.grid import finite_numbers
from temwidgets.kernels.fourier.windows import polygon

_SMALLEST = 8


class Region(NamedTuple):
    """Rows and columns that hold the region, and which of their pixels belong (None: all)."""

    rows: slice
    cols: slice
    mask: np.ndarray | None
    kind: str

    def values(self, image: xr.DataArray) -> np.ndarray:
        """Return the pixels of the rectangle, float64; what is outside a mask is 0.

        Raises
        ------
        ValueError
            If a pixel of the region is not finite.
        """
        part = np.asarray(image.values[self.rows, self.cols], float)
        bad = ~np.isfinite(part) if self.mask is None else self.mask & ~np.isfinite(part)
        if bad.any():
            raise ValueError(
                f"{int(bad.sum())} pixels are NaN or infinite. Fill them, e.g."
                " image.fillna(image.median()), or choose a region without them."
            )
        return part if self.mask is None else np.where(self.mask, part, 0.0)

    def bounds(self, grid: PixelGrid) -> list[float]:
        """Return y0, y1, x0, x1 of the outermost pixel centres."""
        y, _ = grid.to_lengths([self.rows.start, self.rows.stop - 1], 0)
        _, x = grid.to_lengths(0, [self.cols.start, self.cols.stop - 1])
        return [float(v) for v in (*y, *x)]


def find_region(image: xr.DataArray, region: Any) -> Region:
    """Find the pixels of a region.

    Parameters
    ----------
    image : DataArray, (y, x)
    region : None, (y0, y1, x0, x1), (n, 2) points or DataArray of bool
        All; a rectangle or the corners (y, x) of a polygon in lengths, what reaches beyond the
        image is cut off; or a mask with the image's shape.

    Raises
    ------
    ValueError
        If it is none of these, or too small.
    """
    grid = pixel_grid(image)
    if region is None:
        return Region(slice(0, grid.shape[0]), slice(0, grid.shape[1]), None, "image")
    if isinstance(region, xr.DataArray) or _is_mask(region):
        return _of_mask(_checked_mask(region, grid.shape), "mask")
    points = finite_numbers(region)
    if points is not None and points.shape == (4,):
        return _rectangle(grid, points)
    if points is not None and points.ndim == 2 and points.shape[1] == 2 and len(points) > 2:
        corners = np.column_stack(grid.to_pixels(*points.T))
        return _of_mask(polygon(grid.shape, corners), "polygon")
    raise ValueError(
        "A region is a rectangle (y0, y1, x0, x1) in lengths, a polygon of at least three corners"
        f" (y, x), or a mask of booleans, but {region!r} came."
    )


def _is_mask(region: Any) -> bool:
    return isinstance(region, np.ndarray) and region.dtype == bool


def _checked_mask(region: Any, shape: tuple[int, int]) -> np.ndarray:
    values = np.asarray(region)
    if values.dtype != bool or values.shape != shape:
        raise ValueError(
            f"A mask holds booleans in the image's shape {shape}, but {values.dtype} in shape"
            f" {values.shape} came."
        )
    return values


def _rectangle(grid: PixelGrid, bounds: np.ndarray) -> Region:
    slices = []
    for low, high, start, step, size in zip(
        bounds[::2], bounds[1::2], grid.origin, grid.sampling, grid.shape, strict=True
    ):
        # a centre that rounding has moved out of the rectangle still belongs to it
        first = int(np.ceil((low - start) / step - 1e-6))
        last = int(np.floor((high - start) / step + 1e-6))
        slices.append(slice(max(first, 0), min(last, size - 1) + 1))
    found = Region(slices[0], slices[1], None, "rectangle")
    _check_size(found, [max(s.stop - s.start, 0) for s in slices])
    return found


def _of_mask(mask: np.ndarray, kind: str) -> Region:
    slices = []
    for axis in (0, 1):
        there = np.flatnonzero(mask.any(axis=1 - axis))
        slices.append(slice(there[0], there[-1] + 1) if there.size else slice(0, 0))
    rows, cols = slices
    found = Region(rows, cols, mask[rows, cols], kind)
    _check_size(found, [s.stop - s.start for s in slices])
    return found


def _check_size(region: Region, size: list[int]) -> None:
    if min(size) < _SMALLEST:
        raise ValueError(
            f"The region ({region.kind}) holds {size[0]} x {size[1]} pixels of the image, but a"
            f" spectrum needs {_SMALLEST} x {_SMALLEST}. Draw a larger one, y first, inside the"
            " image."
        )
