"""The mean cell as an image: several periods on square or non-square pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.conventions import PixelGrid, make_image, pixel_grid
from temwidgets.kernels import cell_average as kernel


def check_cell(cell: Any) -> xr.Dataset:
    """Check that `cell` is a mean cell and return it.

    Raises
    ------
    TypeError
        If it is not a Dataset from `mean_cell`.
    """
    needs = {"intensity", "intensity_std", "n_cells", "vectors"}
    if not isinstance(cell, xr.Dataset) or not needs <= set(cell):
        raise TypeError(
            f"A mean cell is the Dataset that temwidgets.mean_cell(image, lattice) gives, but a"
            f" {type(cell).__name__} came."
        )
    return cell


def cell_image(
    cell: xr.Dataset,
    *,
    shape: tuple[int, int] | None = None,
    sampling: float | tuple[float, float] | None = None,
    origin: tuple[float, float] | None = None,
) -> xr.DataArray:
    """Draw a mean cell as an image of several periods, in its true shape.

    Parameters
    ----------
    cell : Dataset
        From `mean_cell`.
    shape : (int, int), optional
        Pixels along y and x; two periods each way when not given.
    sampling : float or (float, float), optional
        Length of a pixel; that of the averaged image when not given.
    origin : (float, float), optional
        Position (y, x) of the first pixel, where (0, 0) is the corner of a cell; when not given
        the middle of the image is the middle of a cell.

    Returns
    -------
    DataArray, (y, x)
        Mean intensity. Nothing is lost or blurred: the cell is a Fourier series and is read from
        it at the pixels.

    Raises
    ------
    TypeError, ValueError
        If `cell` is no mean cell, or `sampling` is not positive.
    """
    check_cell(cell)
    vectors = vectors_of(cell)
    own = (float(cell.attrs["sampling_y"]), float(cell.attrs["sampling_x"]))
    units = str(cell["vectors"].attrs["units"])
    step = np.array(_pixels((2, 2), own if sampling is None else sampling, units).sampling)
    if shape is None:
        rows, cols = np.maximum(np.ceil(2 * np.abs(vectors).sum(axis=0) / step), 2).astype(int)
        shape = (int(rows), int(cols))
    if origin is None:
        middle = (np.array(shape) - 1) / 2 * step
        origin = tuple((vectors.sum(axis=0) / 2 - middle).tolist())
    y, x = (o + s * np.arange(n) for o, s, n in zip(origin, step, shape, strict=True))
    values = _read(cell, y, x)
    attrs = {**cell["intensity"].attrs, "source": "mean cell"}
    attrs.pop("ancillary_variables", None)
    return make_image(
        values.astype(np.float32),
        sampling=(step[0], step[1]),
        origin=origin,
        units=units,
        attrs=attrs,
    )


def _pixels(shape: tuple[int, int], sampling: Any, units: str) -> PixelGrid:
    return pixel_grid(make_image(np.zeros(shape), sampling=sampling, units=units))


def _read(cell: xr.Dataset, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Values of the series on the grid of y and x: waves are products of one along y and x."""
    vectors = vectors_of(cell)
    own = np.array([cell.attrs["sampling_y"], cell.attrs["sampling_x"]])
    waves = kernel.harmonics(vectors / own)
    coefficients = kernel.analyse(cell["intensity"].values, waves)
    frequency = waves @ np.linalg.inv(vectors).T
    along_y = np.exp(2j * np.pi * np.outer(y, frequency[:, 0]))
    along_x = np.exp(2j * np.pi * np.outer(frequency[:, 1], x))
    values: np.ndarray = ((along_y * coefficients) @ along_x).real
    return values
