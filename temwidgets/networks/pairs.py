"""Pairs to train on, from an image and the columns that a user has found and corrected in it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.conventions import check_columns, check_image, check_same_frame, pixel_grid
from temwidgets.networks.batches import Pair


def make_pair(image: xr.DataArray, columns: xr.Dataset) -> Pair:
    """Make a pair to train on: columns within the image, in pixels, with their species.

    Parameters
    ----------
    image : DataArray, (y, x)
        NaN where a pixel is missing.
    columns : Dataset, dim column
        In the image's length unit. ``sublattice`` becomes the species where all are assigned; the
        attribute ``contrast`` "dark" turns the image over, for networks see columns bright.

    Returns
    -------
    Pair

    Raises
    ------
    TypeError, ValueError
        If these are no image and columns, belong to different frames or units, fewer than two
        columns lie within the image, or only some have a sublattice.
    """
    image, columns = check_image(image), check_columns(columns)
    check_same_frame(image, columns)
    grid = pixel_grid(image)
    units = str(columns["y"].attrs.get("units", grid.units))
    if units != grid.units:
        raise ValueError(f"The image is in {grid.units} but the columns are in {units}.")
    place = np.stack(grid.to_pixels(columns["y"].values, columns["x"].values), axis=1)
    # NaN is not within
    inside = np.all((place > -0.5) & (place < np.array(grid.shape) - 0.5), axis=1)
    if inside.sum() < 2:
        raise ValueError(
            f"A pair needs two columns or more within the image, but {inside.sum()} of"
            f" {inside.size} are. Find columns first, or add some by hand."
        )
    values = np.asarray(image.values, np.float32)
    dark = columns.attrs.get("contrast") == "dark"
    return Pair(-values if dark else values, place[inside], _species(columns, inside))


def without_species(columns: xr.Dataset) -> np.ndarray:
    """Return the labels of the columns without a sublattice while others have one."""
    if "sublattice" not in columns:
        return np.empty(0, np.int64)
    free = columns["sublattice"].values < 0
    return np.asarray(columns["column"].values[free] if not free.all() else [], np.int64)


def _species(columns: xr.Dataset, inside: np.ndarray) -> np.ndarray | None:
    columns = columns.isel(column=inside)
    free = without_species(columns)
    if free.size:
        raise ValueError(
            f"{free.size} of {inside.sum()} columns have no sublattice. Assign these too, or take"
            " all assignments back (sublattice -1)."
        )
    if "sublattice" not in columns or (columns["sublattice"].values < 0).any():
        return None
    return columns["sublattice"].values.astype(np.int64)
