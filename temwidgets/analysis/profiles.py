"""Any quantity of the columns averaged row by row, across an interface say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.analysis.places import Kind, cells_of, kind_number, kinds_of, points_of
from temwidgets.analysis.variables import numeric_variable, numeric_variables
from temwidgets.conventions import check_columns, length_unit, quantity

_SAME_PLANE = 0.02  # of a cell: sites closer than this along the vector lie in one row
_GAP = 0.25  # of the neighbour distance: rows are further apart than this
_THICKEST = 0.6  # of the neighbour distance


class _Rows(NamedTuple):
    """Row of each column, -1 for none, its place along the profile, and the rows' cell places."""

    row: np.ndarray
    place: np.ndarray
    cell: np.ndarray  # (row,) NaN without a lattice


def profile(
    columns: xr.Dataset,
    variable: str,
    lattice: xr.Dataset | None = None,
    *,
    along: str | float = "a",
    width: float | None = None,
    of: Kind | None = None,
    labels: Sequence[int] | None = None,
) -> xr.Dataset:
    """Average a column variable over each row of columns, along a direction.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns; numbered by `index_columns` for a profile along a lattice vector.
    variable : str
        Any variable listed by `numeric_variables`, such as "intensity" or "displacement_y".
    lattice : Dataset, optional
        From `fit_lattice` or `make_lattice`; needed along a lattice vector.
    along : {"a", "b"} or float
        "a": rows follow one another along a, each row runs along b; every site plane is a row of
        its own. They are told by cell numbers, also where rows are bent. Or a direction in degrees
        from +x towards +y, along which rows are told by the gaps between them.
    width : float, optional
        With a direction: average over strips of this width (length unit) instead of rows.
    of : int or str, optional
        Use this sublattice only (number or name).
    labels : sequence of int, optional
        Use these columns only.

    Returns
    -------
    Dataset, (row,)
        ``position`` (length unit, along the rows' normal or the direction, of the columns used),
        ``mean``, ``mean_std`` (standard error, from the scatter within the row; of a single column
        its own), ``spread`` (standard deviation within the row), ``count``, and ``cell``, the
        place in cells along the vector (NaN for a direction); and ``row_of_column`` (column), -1
        for columns not used. Rows without a finite value are left out.

    Raises
    ------
    TypeError, ValueError
        If a variable, sublattice, label or cell number is missing, `along` is no direction, or no
        rows are seen along it.

    Notes
    -----
    The standard error takes the columns of a row for independent; neighbours share errors where
    the variable is itself made from neighbours (strain, displacement from a centroid).
    """
    check_columns(columns)
    values = numeric_variable(columns, variable)
    if variable == "displacement_direction":
        raise ValueError(
            "Directions have no mean: 179 and -179 degrees are neighbours. Take the profiles of"
            ' "displacement_y" and "displacement_x".'
        )
    used = np.isfinite(values) & np.isfinite(points_of(columns)).all(axis=1)
    used &= _chosen(columns, lattice, of, labels)
    if isinstance(along, str):
        rows = _lattice_rows(columns, lattice, along, used, width)
    else:
        rows = _strips(columns, along, used, width)
    made = _averages(columns, variable, values, rows)
    member = quantity("column", rows.row, "1", "row of the column, -1 for none")
    return made.assign_coords(column=columns["column"]).assign(row_of_column=member)


def _chosen(
    columns: xr.Dataset,
    lattice: xr.Dataset | None,
    of: Kind | None,
    labels: Sequence[int] | None,
) -> np.ndarray:
    chosen = np.ones(columns.sizes["column"], bool)
    if of is not None:
        chosen &= kinds_of(columns, lattice) == kind_number(columns, lattice, of)
    if labels is not None:
        known = columns["column"].values
        unknown = np.setdiff1d(labels, known)
        if unknown.size:
            raise ValueError(f"There is no column {unknown[:5].tolist()}.")
        chosen &= np.isin(known, labels)
    return chosen


def _lattice_rows(
    columns: xr.Dataset,
    lattice: xr.Dataset | None,
    along: str,
    used: np.ndarray,
    width: float | None,
) -> _Rows:
    if along not in ("a", "b"):
        raise ValueError(f'along is "a", "b" or a direction in degrees, but {along!r} came.')
    if width is not None:
        raise ValueError(
            f"width makes strips across a direction in degrees, but along={along!r} came."
        )
    if lattice is None:
        raise ValueError(
            f"A profile along {along} needs the lattice. Give it, or a direction in degrees."
        )
    cells, axis = cells_of(columns, lattice), "ab".index(along)
    used = used & cells.used & (cells.domain == 0)
    cell = cells.numbers[:, axis] + lattice["site_position"].values[cells.site, axis]
    row = _clusters(cell, used, _SAME_PLANE)
    vectors = vectors_of(lattice)
    y, x = vectors[1 - axis] / np.hypot(*vectors[1 - axis])
    normal = np.array([x, -y])
    normal *= np.sign(normal @ vectors[axis])
    return _Rows(row, points_of(columns) @ normal, _means(row, cell))


def _strips(columns: xr.Dataset, along: float, used: np.ndarray, width: float | None) -> _Rows:
    if not np.isfinite(along):
        raise ValueError(f'along is "a", "b" or a direction in degrees, but {along!r} came.')
    if width is not None and not (np.isfinite(width) and width > 0):
        raise ValueError(f"width is a length above 0, but {width!r} came.")
    angle = np.deg2rad(along)
    place = points_of(columns) @ np.array([np.sin(angle), np.cos(angle)])
    if width is None:
        row = _visible_rows(columns, place, used, along)
    else:
        strip = np.floor((place - place[used].min(initial=np.inf)) / width)
        row = np.full(place.size, -1)
        row[used] = np.unique(strip[used], return_inverse=True)[1]
    return _Rows(row, place, np.full(row.max(initial=-1) + 1, np.nan))


def _visible_rows(
    columns: xr.Dataset, place: np.ndarray, used: np.ndarray, along: float
) -> np.ndarray:
    from scipy.spatial import cKDTree

    if used.sum() < 2:
        return np.where(used, 0, -1)
    points = points_of(columns)[used]
    apart = float(np.median(cKDTree(points).query(points, 2)[0][:, 1]))
    row = _clusters(place, used, _GAP * apart)
    high, low = (np.full(row.max() + 1, sign * np.inf) for sign in (-1, 1))
    np.maximum.at(high, row[used], place[used])
    np.minimum.at(low, row[used], place[used])
    if (high - low > _THICKEST * apart).any():
        raise ValueError(
            f"Along {along:g} degrees no rows are told apart: columns follow one another without"
            " gaps. Correct the direction, give width for strips, or take a lattice vector."
        )
    return row


def _clusters(place: np.ndarray, used: np.ndarray, gap: float) -> np.ndarray:
    """Number groups of places that gaps wider than `gap` set apart; -1 where not used."""
    rows = np.full(place.size, -1)
    order = np.flatnonzero(used)[np.argsort(place[used], kind="stable")]
    if order.size:
        rows[order] = np.concatenate([[0], np.cumsum(np.diff(place[order]) > gap)])
    return rows


def _means(row: np.ndarray, values: np.ndarray) -> np.ndarray:
    used = row >= 0
    number = np.bincount(row[used])
    return np.bincount(row[used], values[used]) / number


def _averages(columns: xr.Dataset, variable: str, values: np.ndarray, rows: _Rows) -> xr.Dataset:
    used = rows.row >= 0
    number = np.bincount(rows.row[used])
    mean = _means(rows.row, values)
    off = np.where(used, values - mean[rows.row] if mean.size else 0.0, 0.0)
    squares = np.bincount(rows.row[used], off[used] ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(number > 1, np.sqrt(squares / (number - 1)), np.nan)
    own = _means(rows.row, _own_errors(columns, variable))
    error = np.where(number > 1, spread / np.sqrt(np.maximum(number, 1)), own)
    unit = length_unit(columns)
    info = next(v for v in numeric_variables(columns) if v.name == variable)
    text = info.long_name
    return xr.Dataset(
        {
            "position": quantity("row", _means(rows.row, rows.place), unit, "position"),
            "mean": quantity(
                "row", mean, info.units, f"mean {text}", ancillary_variables="mean_std"
            ),
            "mean_std": quantity("row", error, info.units, f"standard error of mean {text}"),
            "spread": quantity("row", spread, info.units, f"standard deviation of {text}"),
            "count": quantity("row", number, "1", "number of columns"),
            "cell": quantity("row", rows.cell, "1", "place in cells"),
        },
        attrs={"variable": variable},
    )


def _own_errors(columns: xr.Dataset, variable: str) -> np.ndarray:
    name = f"{variable}_std"
    there = {v.name for v in numeric_variables(columns)}
    if name not in there:
        return np.full(columns.sizes["column"], np.nan)
    return numeric_variable(columns, name)
