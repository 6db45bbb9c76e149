"""What of an image and its columns a fit can use."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.conventions import Flag, PixelGrid, length_unit, pixel_grid
from temwidgets.kernels import starts
from temwidgets.kernels.fit_setup import filled

MERGE = 1.0  # starts closer than this many px are one column


def check_units(image: xr.DataArray, columns: xr.Dataset) -> None:
    """Refuse columns in another length unit than the image's."""
    ours, theirs = length_unit(image), length_unit(columns)
    if ours != theirs:
        raise ValueError(
            f"The image is in {ours} but the columns are in {theirs}. Find the columns in this"
            f" image again, or convert y and x and set their units to {ours!r}."
        )


def check_one_frame(columns: xr.Dataset) -> None:
    """Refuse tracks where the columns of one frame are expected."""
    if "frame" in columns["y"].dims:
        raise ValueError(
            f"Columns of one frame were expected, but these are tracks of"
            f" {columns.sizes['frame']} frames. Choose one with tracks.sel(frame=...), or fit the"
            " columns of the mean: temwidgets.fit_mean."
        )


def with_sublattices(image: xr.DataArray, columns: xr.Dataset) -> xr.Dataset:
    """Return columns that carry ``sublattice``, clustering their heights when they do not."""
    if "sublattice" in columns:
        return columns
    from temwidgets.analysis.sublattices import label_sublattices

    if "height" in columns:
        return label_sublattices(columns, variable="height")
    grid = pixel_grid(image)
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    values = filled(finite_values(image))
    apart = float(np.median(starts.nearest_distance(rows, cols, 0.25 * min(grid.shape))))
    under = np.full(values.shape, np.percentile(values, 5))
    heights = starts.heights_at(values, rows, cols, under, 0.22 * apart)
    labelled = label_sublattices(
        columns.assign(height=("column", heights, {"units": "counts", "long_name": "height"})),
        variable="height",
    )
    return labelled.drop_vars("height")


def finite_values(image: xr.DataArray) -> np.ndarray:
    """Pixels in single precision, with NaN for all that does not count.

    Raises
    ------
    ValueError
        If no pixel is finite.
    """
    values = np.asarray(image.values, np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError(
            f"None of the image's {values.size} pixels is finite, so that there is nothing to fit."
        )
    return values if finite.all() else np.where(finite, values, np.float32(np.nan))


def usable(columns: xr.Dataset, grid: PixelGrid) -> tuple[np.ndarray, np.ndarray]:
    """Which columns can be fitted, and flags for those that cannot."""
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    flags = np.zeros(len(rows), np.int64)
    height, width = grid.shape
    inside = (rows > -0.5) & (rows < height - 0.5) & (cols > -0.5) & (cols < width - 0.5)
    flags[~inside] |= int(Flag.failed | Flag.cut_by_edge)
    if not inside.any():
        raise ValueError(
            f"None of the {len(rows)} columns lies in the image, which covers y from"
            f" {grid.origin.y:g} to {grid.origin.y + grid.sampling.y * (height - 1):g} and x from"
            f" {grid.origin.x:g} to {grid.origin.x + grid.sampling.x * (width - 1):g}"
            f" {grid.units}. Find columns first with temwidgets.find_columns(image), and check that"
            " positions are in the same unit."
        )
    twins = _later_twins(rows, cols, inside)
    flags[twins] |= int(Flag.duplicate)
    return inside & ~twins, flags


def _later_twins(rows: np.ndarray, cols: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Tell which starts repeat an earlier one: two on one place would make the fit singular."""
    from scipy.spatial import cKDTree

    index = np.flatnonzero(inside)
    pairs = cKDTree(np.stack([rows[index], cols[index]], axis=1)).query_pairs(MERGE)
    later = np.zeros(len(rows), bool)
    for i, j in sorted(pairs):
        if not later[index[i]]:
            later[index[j]] = True
    return later
