"""Column variables as coarse maps to be laid over an image."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.maps import strain_map
from temwidgets.analysis.places import points_of
from temwidgets.analysis.polar_histogram import round_limit
from temwidgets.analysis.shown_units import shown_unit
from temwidgets.analysis.variables import numeric_variable
from temwidgets.conventions import check_image, quantity

Style = Literal["map", "columns"]
_NEARLY_ALL = 98.0  # per cent
_REACH = 0.75  # of the typical distance between columns with a value that one colours


def overlay_map(
    columns: xr.Dataset,
    image: xr.DataArray,
    variable: str,
    *,
    style: Style = "map",
    largest: int = 512,
) -> xr.DataArray:
    """Spread a column variable over the field of an image, on coarse pixels.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns with the variable.
    image : DataArray, (y, x) or (frame, y, x)
        Only its coordinates are used.
    variable : str
        Any variable listed by `numeric_variables`.
    style : {"map", "columns"}
        Linear between columns (`strain_map`), or each pixel like the column next to it.
    largest : int
        Most pixels along one side.

    Returns
    -------
    DataArray, (y, x)
        float32; strains in %, everything else in its own unit. NaN far from columns with a value.

    Raises
    ------
    ValueError
        If the variable is missing, the style unknown, or too few columns have a value.
    """
    check_image(image, ndim=None)
    if style not in ("map", "columns"):
        raise ValueError(f'style is "map" or "columns", but {style!r} came.')
    step = -(-max(image.sizes["y"], image.sizes["x"]) // largest)
    coarse = xr.DataArray(
        np.zeros((-(-image.sizes["y"] // step), -(-image.sizes["x"] // step)), np.uint8),
        coords={name: image[name][::step] for name in ("y", "x")},
        dims=("y", "x"),
    )
    if style == "map":
        values = strain_map(columns, coarse, variables=[variable])[variable].values
    else:
        values = _nearest(columns, coarse, variable)
    units, name, factor = shown_unit(columns, variable)
    filled = quantity(("y", "x"), np.float32(factor) * values, units, name)
    return xr.DataArray(filled, coords=coarse.coords, name=variable)


def symmetric_limit(columns: xr.Dataset, variable: str) -> float:
    """Return a round number, in the unit shown, that nearly all values are nearer to zero than."""
    size = shown_unit(columns, variable)[2] * np.abs(numeric_variable(columns, variable))
    finite = size[np.isfinite(size)]
    return round_limit(np.percentile(finite, [_NEARLY_ALL])) if finite.size else 1.0


def _nearest(columns: xr.Dataset, coarse: xr.DataArray, variable: str) -> np.ndarray:
    from scipy.spatial import cKDTree

    values, points = numeric_variable(columns, variable), points_of(columns)
    good = np.isfinite(values) & np.isfinite(points).all(axis=1)
    if good.sum() < 2:
        raise ValueError(f"{int(good.sum())} columns have a value of {variable}; a map needs two.")
    tree = cKDTree(points[good])
    apart = float(np.median(tree.query(points[good], 2)[0][:, 1]))
    y, x = (np.asarray(coarse[name].values, float) for name in ("y", "x"))
    places = np.stack(np.broadcast_arrays(y[:, None], x), -1).reshape(-1, 2)
    distance, row = tree.query(places, distance_upper_bound=_REACH * apart * np.sqrt(2))
    found = np.full(len(places), np.nan, np.float32)
    near = np.isfinite(distance)
    found[near] = values[good][row[near]]
    return found.reshape(coarse.shape)
