"""The fitted image and what it leaves over."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.fit_results import background_image
from temwidgets.analysis.framewise import framewise
from temwidgets.conventions import PixelGrid, check_columns, check_image, pixel_grid
from temwidgets.kernels.drawing import draw_gaussians, precision_matrix

NEEDS = ("y", "x", "amplitude", "shape_yy", "shape_yx", "shape_xx", "background_spline")


@framewise
def model_image(columns: xr.Dataset, image: xr.DataArray) -> xr.DataArray:
    """Draw fitted columns and their background on the pixels of an image.

    Parameters
    ----------
    columns : Dataset, (column,)
        From `fit_columns`. Columns with NaN amplitude are not drawn.
    image : DataArray, (y, x) or (frame, y, x)
        The pixels to draw on: the fitted image, or a crop of it. A stack is drawn frame by frame.

    Returns
    -------
    DataArray, (y, x)
        Model in counts.

    Raises
    ------
    ValueError
        If the columns have not been fitted.
    """
    check_image(image)
    check_columns(columns, needs=NEEDS)
    grid = pixel_grid(image)
    spline = columns["background_spline"]
    values = background_image(spline, image["y"].values, image["x"].values)
    values += draw_columns(columns, grid)
    attrs = {"units": "counts", "long_name": "model"}
    return image.copy(data=values.astype(np.float32)).rename("model").assign_attrs(attrs)


@framewise
def residual_image(columns: xr.Dataset, image: xr.DataArray) -> xr.DataArray:
    """Return image minus model.

    Parameters
    ----------
    columns : Dataset, (column,)
        Fitted columns.
    image : DataArray, (y, x) or (frame, y, x)
        The image they were fitted in, or a stack.

    Returns
    -------
    DataArray, (y, x)
        In counts.

    Raises
    ------
    TypeError, ValueError
        As `model_image`.
    """
    residual = image - model_image(columns, image)
    attrs = {**image.attrs, "units": "counts", "long_name": "residual"}
    return residual.rename("residual").assign_attrs(attrs)


def draw_columns(columns: xr.Dataset, grid: PixelGrid) -> np.ndarray:
    """Draw the columns alone, without background; (y, x) in counts."""
    drawn = columns.isel(column=np.flatnonzero(np.isfinite(columns["amplitude"].values)))
    row, col = grid.to_pixels(drawn["y"].values, drawn["x"].values)
    return draw_gaussians(grid.shape, row, col, drawn["amplitude"].values, _precision(drawn, grid))


def _precision(columns: xr.Dataset, grid: PixelGrid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inverse covariance in px, from the shape covariance or, lacking that, sigma and theta."""
    dy, dx = grid.sampling
    if "shape_yy" not in columns:
        form = (columns[k].values for k in ("sigma_major", "sigma_minor", "theta"))
        yy, yx, xx = precision_matrix(*form)
        return yy * dy**2, yx * dy * dx, xx * dx**2
    yy, yx, xx = (columns[f"shape_{k}"].values for k in ("yy", "yx", "xx"))
    yy, yx, xx = yy / dy**2, yx / (dy * dx), xx / dx**2
    determinant = yy * xx - yx**2
    return xx / determinant, -yx / determinant, yy / determinant
