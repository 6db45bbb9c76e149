"""Some columns of a profile, averaged in the rows of the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import numeric_variable
from temwidgets.conventions import quantity


def profile_part(whole: xr.Dataset, columns: xr.Dataset, labels: Any) -> xr.Dataset:
    """Average some columns in each row of a profile.

    Parameters
    ----------
    whole : Dataset, (row,)
        From `temwidgets.profile` of these columns.
    columns : Dataset, (column,)
        The columns the profile is made of.
    labels : array_like of int
        Columns averaged; those that are in no row are passed over.

    Returns
    -------
    Dataset, (row,)
        ``position`` of the whole's rows; ``mean``, ``mean_std`` (standard error, NaN of a single
        column) and ``count``; rows without any are NaN.
    """
    values = numeric_variable(columns, whole.attrs["variable"])
    row = whole["row_of_column"].values
    used = (row >= 0) & np.isin(columns["column"].values, np.asarray(labels))
    size = whole.sizes["row"]
    count = np.bincount(row[used], minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(row[used], values[used], minlength=size) / count
        squares = np.bincount(row[used], (values[used] - mean[row[used]]) ** 2, minlength=size)
        error = np.where(count > 1, np.sqrt(squares / (count - 1) / count), np.nan)
    units, name = (whole["mean"].attrs[key] for key in ("units", "long_name"))
    return xr.Dataset(
        {
            "position": whole["position"],
            "mean": quantity("row", mean, units, name),
            "mean_std": quantity("row", error, units, f"standard error of {name}"),
            "count": quantity("row", count, "1", "number of columns"),
        }
    )


def columns_between(
    whole: xr.Dataset, columns: xr.Dataset, span: tuple[float, float]
) -> np.ndarray:
    """Return the labels of the columns in the rows from one position up to another, both in."""
    place = whole["position"].values
    rows = np.flatnonzero((place >= span[0]) & (place <= span[1]))
    return columns["column"].values[np.isin(whole["row_of_column"].values, rows)]


def row_span(whole: xr.Dataset, position: float) -> tuple[float, float] | None:
    """Return the range of positions round the row next to `position`; None without rows."""
    place = np.sort(whole["position"].values)
    if not place.size:
        return None
    nearest = int(np.abs(place - position).argmin())
    step = float(np.median(np.diff(place))) if place.size > 1 else 1.0
    low = place[nearest - 1] if nearest else place[0] - step
    high = place[nearest + 1] if nearest + 1 < place.size else place[-1] + step
    middle = place[nearest]
    return float(middle + 0.45 * (low - middle)), float(middle + 0.45 * (high - middle))
