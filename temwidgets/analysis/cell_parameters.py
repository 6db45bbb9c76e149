"""Lengths, angle and area of a unit cell, and a lattice's corner put elsewhere."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import cell_indices, check_lattice, vectors_of
from temwidgets.conventions import quantity

_NEAR = 0.15  # of a cell: a corner put this near to a site means the site


def cell_parameters(lattice: xr.Dataset) -> xr.Dataset:
    """Return lengths of the vectors, the angle between them and the area of the cell.

    Parameters
    ----------
    lattice : Dataset
        From `fit_lattice` or `make_lattice`.

    Returns
    -------
    Dataset
        Scalars ``a`` and ``b`` (length unit), ``angle`` (degrees, 0 to 180) and ``area`` (length
        unit squared), each with `_std`.

    Raises
    ------
    TypeError, ValueError
        If it is no lattice.

    Notes
    -----
    Errors are propagated to first order from those of the vectors' components, taken for
    independent.
    """
    check_lattice(lattice)
    a, b = vectors_of(lattice)
    spread = np.asarray(lattice["vectors_std"].sel(basis=["a", "b"], component=["y", "x"]).values)
    long_a, long_b = np.hypot(*a), np.hypot(*b)
    area = a[0] * b[1] - a[1] * b[0]
    angle = np.degrees(np.arctan2(abs(area), a @ b))
    # the angle turns with the part of each vector's change that lies across it
    across_a, across_b = np.array([-a[1], a[0]]) / long_a**2, np.array([-b[1], b[0]]) / long_b**2
    slopes = {
        "a": (a / long_a, np.zeros(2)),
        "b": (np.zeros(2), b / long_b),
        "angle": (np.degrees(across_a), np.degrees(across_b)),
        "area": (np.array([b[1], -b[0]]), np.array([-a[1], a[0]])),
    }
    units = str(lattice["vectors"].attrs.get("units", "px"))
    found = {
        "a": (long_a, units, "length of a"),
        "b": (long_b, units, "length of b"),
        "angle": (angle, "deg", "angle between a and b"),
        "area": (abs(area), f"{units}²", "area of the cell"),
    }
    out = xr.Dataset()
    for name, (value, unit, words) in found.items():
        error = float(np.sqrt(np.sum((np.array(slopes[name]) * spread) ** 2)))
        out[name] = quantity((), float(value), unit, words, ancillary_variables=f"{name}_std")
        out[f"{name}_std"] = quantity((), error, unit, f"standard error of {words}")
    return out


def move_origin(lattice: xr.Dataset, y: float, x: float) -> xr.Dataset:
    """Put the corner of cell (0, 0) elsewhere; the sites stay where they are.

    Parameters
    ----------
    lattice : Dataset
        From `fit_lattice` or `make_lattice`; not changed.
    y, x : float
        The new corner in the lattice's unit. Where a site lies within 0.15 of a cell, the corner
        is put on the site.

    Returns
    -------
    Dataset
        The same lattice with other `origin` and `site_position`.

    Raises
    ------
    TypeError, ValueError
        If it is no lattice, or the place is no number.
    """
    check_lattice(lattice)
    if not np.isfinite([y, x]).all():
        raise ValueError(f"The corner is a place y, x in lengths, but {y}, {x} came.")
    wanted = np.array(cell_indices(lattice, y, x))
    places = lattice["site_position"].values
    apart = places - wanted
    apart = apart - np.rint(apart)
    nearest = int(np.hypot(*apart.T).argmin())
    if np.hypot(*apart[nearest]) < _NEAR:
        wanted = wanted + apart[nearest]
    moved = lattice.copy(deep=True)
    moved["origin"].values[:] = lattice["origin"].values + wanted @ vectors_of(lattice)
    fractions = (places - wanted) % 1.0
    moved["site_position"].values[:] = np.where(fractions > 1 - 1e-9, 0.0, fractions)
    return moved


def cell_lines(
    lattice: xr.Dataset, y_range: tuple[float, float], x_range: tuple[float, float]
) -> np.ndarray:
    """Return the borders of all cells in a rectangle, as long straight lines.

    Parameters
    ----------
    lattice : Dataset
        From `fit_lattice` or `make_lattice`.
    y_range, x_range : (float, float)
        The rectangle, in the lattice's unit.

    Returns
    -------
    ndarray, (line, 4)
        y0, x0, y1, x1 of each line, cut at the rectangle's edges; those along a first.

    Raises
    ------
    TypeError, ValueError
        If it is no lattice.
    """
    check_lattice(lattice)
    low = np.array([min(y_range), min(x_range)], float)
    high = np.array([max(y_range), max(x_range)], float)
    corners = np.array([(y, x) for y in (low[0], high[0]) for x in (low[1], high[1])])
    indices = np.column_stack(cell_indices(lattice, *corners.T))
    vectors, origin = vectors_of(lattice), lattice["origin"].values
    found = [np.zeros((0, 4))]
    for along, across in ((0, 1), (1, 0)):
        steps = np.arange(np.ceil(indices[:, across].min()), np.floor(indices[:, across].max()) + 1)
        starts = origin + steps[:, None] * vectors[across]
        found.append(_cut(starts, vectors[along], low, high))
    return np.concatenate(found)


def _cut(starts: np.ndarray, along: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the parts of lines inside a box (Liang and Barsky, ACM Trans. Graph. 3 (1984) 1)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ends = np.stack([(low - starts) / along, (high - starts) / along])
    enter = np.fmax.reduce(ends.min(axis=0), axis=1)
    leave = np.fmin.reduce(ends.max(axis=0), axis=1)
    flat = along == 0
    inside = (enter < leave) & ((starts >= low) & (starts <= high) | ~flat).all(axis=1)
    first, last = enter[inside, None] * along, leave[inside, None] * along
    return np.hstack([starts[inside] + first, starts[inside] + last])
