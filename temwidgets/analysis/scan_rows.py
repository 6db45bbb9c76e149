"""Offsets of single scan lines, told from fitted columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import site_points
from temwidgets.analysis.model import model_image
from temwidgets.analysis.places import cells_of
from temwidgets.conventions import check_columns, check_image, pixel_grid, quantity
from temwidgets.kernels.scan_lines import line_splines, offset_step

_ROUNDS = 6
_SETTLED = 1e-3  # px
_USELESS = 1.0  # px: error from which on a row tells nothing of its offset
_STEP = 1.0  # px: greatest change in a round


def row_offsets(
    image: xr.DataArray,
    columns: xr.Dataset,
    lattice: xr.Dataset | None = None,
    *,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Tell by how much each scan line is offset along x.

    Each row of pixels is compared with the same row of the image that the columns make; the offset
    that fits best is found by weighted least squares.

    Parameters
    ----------
    image : DataArray, (y, x)
        Image with lines scanned along x; NaN pixels do not count.
    columns : Dataset, (column,)
        Columns fitted in it.
    lattice : Dataset, optional
        Offsets from the lattice rather than from the fitted places, for columns numbered by
        `index_columns`. Then slow drift counts too, but so does any real displacement that whole
        rows share. From the fitted places only what changes from line to line within a column is
        seen; correct the image, fit again, and repeat for the rest.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (y,)
        ``offset`` and ``offset_std`` in the image's length unit: what belongs at x lies at x +
        offset. NaN in rows that no column shows. For `correct_distortion`.

    Raises
    ------
    TypeError, ValueError
        If the image is no single plane, the columns are not fitted, or do not fit the lattice.
    """
    check_image(image)
    check_columns(columns, needs=("y", "x", "amplitude", "shape_yy", "shape_yx", "shape_xx"))
    placed = columns if lattice is None else _on_lattice(columns, lattice)
    model = np.asarray(model_image(placed, image).values, float)
    values = np.asarray(image.values, float)
    used = np.isfinite(values) & np.isfinite(model)
    shift, error = np.zeros(len(values)), np.full(len(values), np.nan)
    splines = line_splines(np.nan_to_num(model))
    for turn in range(_ROUNDS):
        change, error = offset_step(values, used, splines, shift)
        shift = shift + np.clip(np.nan_to_num(change), -_STEP, _STEP)
        if report is not None:
            report((turn + 1) / _ROUNDS)
        if np.nanmax(abs(change[error < _USELESS]), initial=0.0) < _SETTLED:
            break
    known = error < _USELESS
    step, unit = pixel_grid(image).sampling.x, pixel_grid(image).units
    text = "offset of the scan line along x"
    return xr.Dataset(
        {
            "offset": quantity(
                "y", np.where(known, shift * step, np.nan), unit, text,
                ancillary_variables="offset_std",
            ),
            "offset_std": quantity(
                "y", np.where(known, error * step, np.nan), unit, f"standard error of {text}"
            ),
        },
        coords={"y": image["y"]},
    )  # fmt: skip


def _on_lattice(columns: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    """Columns at their ideal places; those off the lattice stay where they are."""
    cells = cells_of(columns, lattice)
    main = cells.used & (cells.domain == 0)
    ideal = site_points(lattice, cells.numbers[:, 0], cells.numbers[:, 1], cells.site)
    return columns.assign(
        {
            name: columns[name].copy(data=np.where(main, place, columns[name].values))
            for name, place in zip("yx", ideal, strict=True)
        }
    )
