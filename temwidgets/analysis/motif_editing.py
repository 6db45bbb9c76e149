"""Change the sites of a motif by hand, lay them out in space, and read along a line of the cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_image import check_cell
from temwidgets.analysis.lattice_data import cell_indices, check_lattice, site_points, vectors_of
from temwidgets.conventions import make_columns, quantity
from temwidgets.kernels import cell_average as kernel

_SHAPE = ("sigma_major", "sigma_minor", "theta")


def name_sites(lattice: xr.Dataset, names: Mapping[int, str]) -> xr.Dataset:
    """Name sites of the motif, such as {0: "Sr"}; "" takes a name away.

    Raises
    ------
    TypeError, ValueError
        If it is no lattice, or has no such site.
    """
    check_lattice(lattice)
    called = [str(name) for name in lattice["site_name"].values]
    for site, name in names.items():
        called[_known(lattice, site)] = str(name).strip()
    attrs = lattice["site_name"].attrs
    return lattice.assign(site_name=("site", np.array(called, dtype=object), attrs))


def move_site(lattice: xr.Dataset, site: int, y: float, x: float) -> xr.Dataset:
    """Put a site of the motif elsewhere, y and x in lengths from the corner of its cell.

    Returns
    -------
    Dataset
        The lattice with the site's fractions changed and their errors 0: given, not measured.

    Raises
    ------
    TypeError, ValueError
        If it is no lattice, has no such site, or the place is no number.
    """
    check_lattice(lattice)
    row = _known(lattice, site)
    if not np.isfinite([y, x]).all():
        raise ValueError(f"A site is put at a place y, x in lengths, but {y}, {x} came.")
    moved = lattice.copy(deep=True)
    moved["site_position"].values[row] = np.array([y, x]) @ np.linalg.inv(vectors_of(lattice))
    moved["site_position_std"].values[row] = 0.0
    return moved


def delete_site(lattice: xr.Dataset, site: int) -> xr.Dataset:
    """Remove a site from the motif; those after it move up by one.

    Raises
    ------
    TypeError, ValueError
        If it is no lattice, has no such site, or only this one.
    """
    check_lattice(lattice)
    row = _known(lattice, site)
    count = lattice.sizes["site"]
    if count == 1:
        raise ValueError("The motif has only this site, and a lattice needs one.")
    kept = lattice.isel(site=np.delete(np.arange(count), row))
    return kept.assign_coords(site=quantity("site", np.arange(count - 1), "1", "motif site"))


def motif_columns(
    lattice: xr.Dataset, y_range: tuple[float, float], x_range: tuple[float, float]
) -> xr.Dataset:
    """Lay out all sites in a rectangle around the cell whose corner is (0, 0).

    Parameters
    ----------
    lattice : Dataset
        From `fit_lattice`, `fit_motif` or `make_lattice`.
    y_range, x_range : (float, float)
        The rectangle in the lattice's unit.

    Returns
    -------
    Dataset, (column,)
        Columns with `site`, and `sublattice` equal to it and named like the sites; with the fitted
        shape of each site if the motif was fitted.

    Raises
    ------
    TypeError, ValueError
        If it is no lattice.
    """
    check_lattice(lattice)
    placed = lattice.assign(origin=lattice["origin"] * 0.0)
    corners = np.array([(y, x) for y in y_range for x in x_range], float)
    indices = np.column_stack(cell_indices(placed, *corners.T))
    low, high = np.floor(indices.min(axis=0)) - 1, np.ceil(indices.max(axis=0)) + 1
    spans = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    grid = np.meshgrid(*spans, np.arange(lattice.sizes["site"]), indexing="ij")
    n_a, n_b, site = (part.ravel() for part in grid)
    y, x = site_points(placed, n_a, n_b, site)
    inside = (y >= min(y_range)) & (y <= max(y_range)) & (x >= min(x_range)) & (x <= max(x_range))
    units = str(lattice["vectors"].attrs.get("units", "px"))
    columns = make_columns(y[inside], x[inside], units=units)
    site = site[inside].astype(int)
    named: dict[str, Any] = {"names": [str(name) for name in lattice["site_name"].values]}
    columns["site"] = quantity("column", site, "1", "motif site")
    columns["sublattice"] = quantity("column", site, "1", "site of the motif")
    if any(named["names"]):
        columns["sublattice"].attrs.update(named)
    for name in _SHAPE:
        if f"site_{name}" in lattice:
            values = lattice[f"site_{name}"]
            columns[name] = ("column", values.values[site], values.attrs)
    return columns


def cell_profile(
    cell: xr.Dataset, start: tuple[float, float], end: tuple[float, float], *, points: int = 400
) -> xr.DataArray:
    """Read the mean cell along a straight line.

    Parameters
    ----------
    cell : Dataset, (along_a, along_b)
        From `mean_cell`.
    start, end : (float, float)
        Ends (y, x) of the line in lengths from the corner of a cell; it may cross several cells.
    points : int
        How many values to read, 2 or more.

    Returns
    -------
    DataArray, (distance,)
        Mean intensity at distances from the start; `y` and `x` are coordinates. It is the Fourier
        series of the cell at the points, so nothing is interpolated.

    Raises
    ------
    TypeError, ValueError
        If it is no mean cell, the ends are one point, or there are fewer than 2 points.
    """
    check_cell(cell)
    first, last = np.array(start, float), np.array(end, float)
    length = float(np.hypot(*(last - first)))
    if not (np.isfinite(length) and length > 0):
        raise ValueError(f"A line needs two ends that lie apart, but {start} and {end} came.")
    if points < 2:
        raise ValueError(f"A line is read at 2 points or more, but points={points} came.")
    along = np.linspace(0.0, 1.0, points)
    places = first + along[:, None] * (last - first)
    vectors = vectors_of(cell)
    waves = kernel.harmonics(vectors / [cell.attrs["sampling_y"], cell.attrs["sampling_x"]])
    coefficients = kernel.analyse(cell["intensity"].values, waves)
    phases = places @ np.linalg.inv(vectors) @ waves.T
    values = (np.exp(2j * np.pi * phases) @ coefficients).real
    units, read = str(cell["vectors"].attrs["units"]), cell["intensity"].attrs
    line = quantity("distance", values, str(read["units"]), "mean intensity")
    coords = {
        "distance": quantity("distance", along * length, units, "distance along the line"),
        "y": quantity("distance", places[:, 0], units, "y"),
        "x": quantity("distance", places[:, 1], units, "x"),
    }
    return xr.DataArray(line, coords=coords, name="profile")


def _known(lattice: xr.Dataset, site: int) -> int:
    count = lattice.sizes["site"]
    if not 0 <= int(site) < count:
        raise ValueError(f"The motif has the sites 0 to {count - 1}, but site {site} came.")
    return int(site)
