"""Column variables interpolated to the pixels of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import xarray as xr
from scipy.spatial import Delaunay, QhullError

from temwidgets.analysis.places import points_of
from temwidgets.analysis.variables import STRAINS, numeric_variable, numeric_variables
from temwidgets.conventions import check_columns, check_image, length_unit, pixel_grid, quantity

_GAP = 3.0
_BAND = 100_000


def strain_map(
    columns: xr.Dataset,
    image: xr.DataArray,
    *,
    variables: Iterable[str] = STRAINS,
    max_gap: float | None = None,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Interpolate strain, or any other column variables, to the pixels of an image.

    Parameters
    ----------
    columns : Dataset, (column,)
        From `column_strain`.
    image : DataArray, (y, x) or (frame, y, x)
        Only its coordinates are used.
    variables : names
        What to interpolate; the strains when not given. "displacement_y" is possible too.
    max_gap : float, optional
        Triangles of columns with a longer side stay empty, in the image's length unit; three times
        the typical side when not given.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (y, x)
        float32, linear between the columns that have all values; NaN outside their hull and where
        columns are far apart.

    Raises
    ------
    ValueError
        If a variable is missing, units differ, or fewer than three columns have values.
    """
    check_image(image, ndim=None)
    check_columns(columns)
    if length_unit(columns) != length_unit(image):
        raise ValueError(
            f"The columns are in {length_unit(columns)}, but the image is in {length_unit(image)}."
        )
    names = _variable_names(columns, variables)
    points = points_of(columns)
    values = np.stack([numeric_variable(columns, name) for name in names], axis=1)
    good = np.isfinite(points).all(axis=1) & np.isfinite(values).all(axis=1)
    planes = _interpolated(points[good], values[good], image, max_gap, report)
    info = {v.name: v for v in numeric_variables(columns)}
    grid = {
        name: quantity(("y", "x"), plane, info[name].units, info[name].long_name)
        for name, plane in zip(names, planes, strict=True)
    }
    return xr.Dataset(grid, coords={"y": image["y"], "x": image["x"]})


def _variable_names(columns: xr.Dataset, variables: Iterable[str]) -> list[str]:
    names = [variables] if isinstance(variables, str) else list(variables)
    if not names:
        raise ValueError("variables is empty. Name at least one column variable.")
    missing = [name for name in names if name in STRAINS and name not in columns]
    if missing:
        raise ValueError(
            f"The columns have no {', '.join(missing)}. Measure strain first with"
            " temwidgets.column_strain(columns, lattice)."
        )
    return names


def _interpolated(
    points: np.ndarray,
    values: np.ndarray,
    image: xr.DataArray,
    max_gap: float | None,
    report: Callable[[float], None] | None,
) -> np.ndarray:
    """(v, y, x) planes, band of rows by band of rows."""
    mesh, empty = _triangles(points, max_gap)
    height, width = pixel_grid(image).shape
    planes = np.full((values.shape[1], height * width), np.nan, np.float32)
    x = np.asarray(image["x"].values, float)
    band = max(1, _BAND // width)
    for top in range(0, height, band):
        y = np.asarray(image["y"].values[top : top + band], float)
        places = np.stack(np.broadcast_arrays(y[:, None], x), -1).reshape(-1, 2)
        simplex = mesh.find_simplex(places)
        inside = np.flatnonzero((simplex >= 0) & ~empty[simplex])
        planes[:, top * width + inside] = _between(mesh, simplex[inside], places[inside], values)
        if report is not None:
            report((top + y.size) / height)
    return planes.reshape(-1, height, width)


def _triangles(points: np.ndarray, max_gap: float | None) -> tuple[Delaunay, np.ndarray]:
    """Delaunay triangles, and which of them bridge a gap."""
    try:
        mesh = Delaunay(points)
    except (QhullError, ValueError) as error:
        raise ValueError(
            f"{len(points)} columns have a value; a map needs three or more that span an area."
        ) from error
    corners = mesh.points[mesh.simplices]
    side = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    limit = _GAP * float(np.median(side)) if max_gap is None else max_gap
    return mesh, side.max(axis=1) > limit


def _between(
    mesh: Delaunay, simplex: np.ndarray, places: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """(v, n) values at places in triangles, by barycentric coordinates."""
    frame = mesh.transform[simplex]
    share = np.einsum("nij,nj->ni", frame[:, :2], places - frame[:, 2])
    share = np.column_stack([share, 1 - share.sum(axis=1)])
    return np.einsum("nk,nkv->vn", share, values[mesh.simplices[simplex]])
