"""Column variables as coarse maps to be laid over an image."""

from __future__ import annotations

from collections.abc import Iterable
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
    return overlay_maps(columns, image, (variable,), style=style, largest=largest)[variable]


def overlay_maps(
    columns: xr.Dataset,
    image: xr.DataArray,
    variables: Iterable[str],
    *,
    style: Style = "map",
    largest: int = 512,
) -> xr.Dataset:
    """Spread several column variables over the field of an image, on the same coarse pixels.

    Parameters
    ----------
    columns, image, style, largest
        As of `overlay_map`.
    variables : iterable of str
        What to spread; for "map" columns that lack one of the values are left out of all.

    Returns
    -------
    Dataset, (y, x)
        float32 each, in the unit that is shown. A standard error that is spread linearly is an
        upper bound: the mean of three columns is better known than each.

    Raises
    ------
    ValueError
        If a variable is missing, the style unknown, or too few columns have values.
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
    names = list(variables)
    if style == "map":
        spread = strain_map(columns, coarse, variables=names)
        planes = {name: spread[name].values for name in names}
    else:
        planes = {name: _nearest(columns, coarse, name) for name in names}
    made = {}
    for name, values in planes.items():
        units, text, factor = shown_unit(columns, name)
        made[name] = quantity(("y", "x"), np.float32(factor) * values, units, text)
    return xr.Dataset(made, coords=coarse.coords)


def arrow_maps(
    columns: xr.Dataset, drawn: xr.Dataset, image: xr.DataArray, vector: str, *, largest: int = 512
) -> xr.Dataset:
    """Spread what arrows show over the field of an image.

    Parameters
    ----------
    columns : Dataset, (column,)
        The columns of the arrows.
    drawn : Dataset, (column,)
        From `temwidgets.analysis.arrows.arrows`: with its mean taken off, one sublattice, and
        without those too long to be true, as drawn.
    image : DataArray, (y, x) or (frame, y, x)
        Only its coordinates are used.
    vector : str
        What the vector is called.
    largest : int
        Most pixels along one side.

    Returns
    -------
    Dataset, (y, x)
        ``<vector>_y`` and ``<vector>_x``, float32, in the length unit; linear between columns.

    Raises
    ------
    ValueError
        If fewer than three columns have an arrow, or they lie on a line.
    """
    ends = drawn["segment"].values
    length = (ends[:, 2:] - ends[:, :2]) / drawn.attrs["scale"]
    unit = str(drawn["segment"].attrs["units"])
    parts = {
        f"{vector}_{name}": quantity("column", values, unit, f"{vector}, {name}")
        for name, values in zip("yx", length.T, strict=True)
    }
    return overlay_maps(columns[["y", "x"]].assign(parts), image, parts, largest=largest)


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
