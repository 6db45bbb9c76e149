"""Number the cells of a crystal whose lattice is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.framewise import framewise
from temwidgets.analysis.lattice_data import cell_indices, check_lattice, vectors_of
from temwidgets.conventions import check_columns, length_unit, quantity
from temwidgets.kernels import lattice_graph, lattice_search

FEWEST = 12
_BRIGHTNESS = ("amplitude", "height", "intensity")


class Crystal(NamedTuple):
    """Columns with a place, and what they are numbered by."""

    rows: np.ndarray  # (n,) of the Dataset
    points: np.ndarray  # (n, 2)
    brightness: np.ndarray  # (n,) NaN where unknown
    unit: float


@framewise
def index_columns(columns: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    """Number the cells of a crystal: which cell and which site of the lattice a column is.

    Numbers are told by walking from column to column, so that they survive vacancies, strain of
    several percent, scan drift and rows that are offset.

    Parameters
    ----------
    columns : Dataset, (column,) or (frame, column)
        Found or fitted columns.
    lattice : Dataset
        From `fit_lattice` or `make_lattice`.

    Returns
    -------
    Dataset, (column,)
        The columns with ``n_a`` and ``n_b`` (NaN off the lattice), ``site`` (-1 off the lattice)
        and ``lattice_domain``: 0 the main crystal, 1, 2, ... pieces that do not continue it, such
        as another grain, -1 none.

    Raises
    ------
    TypeError, ValueError
        If columns or lattice are none, their length units differ, or there are fewer than 12
        columns.
    """
    check_columns(columns)
    check_lattice(lattice)
    theirs = str(lattice["vectors"].attrs.get("units", ""))
    if theirs != length_unit(columns):
        raise ValueError(
            f"The columns are in {length_unit(columns)} but the lattice is in {theirs}. Fit the"
            " lattice to these columns, or calibrate both alike."
        )
    crystal = crystal_of(columns)
    found = lattice_graph.index(crystal.points, vectors_of(lattice), crystal.unit)
    return _with_indices(columns, crystal, _onto(lattice, crystal, found))


def crystal_of(columns: xr.Dataset) -> Crystal:
    """Take what cells are numbered by from columns.

    Raises
    ------
    ValueError
        If fewer than 12 columns have a place.
    """
    points = np.column_stack([columns["y"].values, columns["x"].values]).astype(float)
    rows = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(rows) < FEWEST:
        raise ValueError(
            f"{len(rows)} columns have a place, but a lattice needs {FEWEST} or more. Find more"
            " columns, or take a larger piece of the image."
        )
    name = next((n for n in _BRIGHTNESS if n in columns), None)
    bright = np.full(len(rows), np.nan) if name is None else columns[name].values[rows]
    points = points[rows]
    unit = lattice_search.neighbour_distance(points)
    return Crystal(rows, points, np.asarray(bright, float), unit)


def _onto(
    lattice: xr.Dataset, crystal: Crystal, found: lattice_graph.Indexed
) -> lattice_graph.Indexed:
    """Bring cell numbers and sites to those of the lattice: its origin, its order of sites."""
    used = np.flatnonzero(found.site >= 0)
    if len(used) == 0:
        return found
    points = crystal.points[used]
    # the lattice is sure of itself at its origin; far off, strain has added up
    near = used[np.argsort(np.hypot(*(points - lattice["origin"].values).T))[:60]]
    ideal = np.column_stack(cell_indices(lattice, *crystal.points[near].T))
    places = lattice["site_position"].values
    shift = ideal - found.cells[near] - found.fractions[found.site[near]]
    best, misses = np.zeros(2), np.inf
    for place in places:
        for fraction in found.fractions:
            trial = place - fraction
            whole = np.rint(np.median(shift - trial, axis=0))
            miss = _miss(found.fractions + trial, places, vectors_of(lattice))
            miss = miss + np.hypot(
                *(np.median(shift - trial - whole, axis=0) @ vectors_of(lattice))
            )
            if miss < misses - 1e-9:
                best, misses = trial + whole, miss
    cells, site = found.cells.copy(), found.site.copy()
    for k, fraction in enumerate(found.fractions):
        apart = fraction + best - places
        off = np.hypot(*((apart - np.rint(apart)) @ vectors_of(lattice)).T)
        nearest, members = int(off.argmin()), found.site == k
        if off[nearest] < lattice_graph.SITE * crystal.unit:
            cells[members] += np.rint(apart[nearest])
            site[members] = nearest
        else:
            cells[members], site[members] = np.nan, -1
    return found._replace(cells=cells, site=site)


def _miss(found: np.ndarray, places: np.ndarray, vectors: np.ndarray) -> float:
    """Sum of distances of found sites to the lattice's nearest ones."""
    apart = found[:, None] - places
    off = np.hypot(*((apart - np.rint(apart)) @ vectors).transpose(2, 0, 1))
    return float(off.min(axis=1).sum())


def _with_indices(
    columns: xr.Dataset, crystal: Crystal, found: lattice_graph.Indexed
) -> xr.Dataset:
    count = columns.sizes["column"]
    cells, site, piece = np.full((count, 2), np.nan), np.full(count, -1), np.full(count, -1)
    cells[crystal.rows], site[crystal.rows], piece[crystal.rows] = (
        found.cells,
        found.site,
        found.piece,
    )
    return columns.assign(
        n_a=quantity("column", cells[:, 0], "1", "cell index along a"),
        n_b=quantity("column", cells[:, 1], "1", "cell index along b"),
        site=quantity("column", site, "1", "motif site"),
        lattice_domain=quantity("column", piece, "1", "lattice domain"),
    )
