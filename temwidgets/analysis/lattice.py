"""Find the lattice of a crystal, and number its cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.finding import find_columns
from temwidgets.analysis.lattice_data import (
    cell_indices,
    check_lattice,
    make_lattice,
    vectors_of,
)
from temwidgets.conventions import check_columns, length_unit, quantity
from temwidgets.kernels import lattice_graph, lattice_search

Convention = Literal["primitive", "centred"]
_FEWEST = 12
_OFF = 0.02  # change of the vectors from where cells are numbered anew
_HINT = 0.8  # indexed fraction below which the columns are hardly one crystal
_BRIGHTNESS = ("amplitude", "height", "intensity")


class _Crystal(NamedTuple):
    """Columns with a place, and what they are numbered by."""

    rows: np.ndarray  # (n,) of the Dataset
    points: np.ndarray  # (n, 2)
    brightness: np.ndarray  # (n,) NaN where unknown
    unit: float


class _Fitted(NamedTuple):
    """Least-squares lattice: vectors (2, 2), corners (s, 2) of the sites, their covariance."""

    vectors: np.ndarray
    corners: np.ndarray
    covariance: np.ndarray  # (2 + s, 2 + s), the same for y and x but for the factor `variance`
    variance: np.ndarray  # (2,)
    residual: float


def fit_lattice(
    data: xr.Dataset | xr.DataArray,
    *,
    a: Sequence[float] | None = None,
    b: Sequence[float] | None = None,
    convention: Convention = "primitive",
) -> xr.Dataset:
    """Find the lattice of columns: vectors, origin and motif sites.

    Translations are taken from the piled-up differences between neighbours: those that carry
    columns to columns of like brightness (and sublattice, where there is more than one). Cells are
    numbered by walking from column to column, and a least-squares fit over all numbered columns
    gives vectors, origin and the places of the sites.

    Parameters
    ----------
    data : Dataset, (column,) or DataArray, (y, x)
        Found or fitted columns; or an image, in which columns are found first.
    a, b : (float, float), optional
        The user's own vectors (y, x) in the columns' length unit, a few percent off at most; found
        when not given. They are refined, never replaced by others.
    convention : {"primitive", "centred"}
        Which vectors to choose when none are given: the shortest; or those of the rectangular cell
        of twice the area, for lattices that have one (hexagonal ones do).

    Returns
    -------
    Dataset, (basis, component, site)
        As `make_lattice`, with standard errors; site 0 is the brightest and lies at the cell's
        corner, cell (0, 0) is near the middle of the columns; ``n_columns`` (site). Attributes
        ``residual`` (root mean square distance from the lattice, length unit) and
        ``indexed_fraction``; ``lattice_hint`` is a sentence when much was left out.

    Raises
    ------
    TypeError, ValueError
        If the data are no columns or image, hold fewer than 12 columns, one vector is given without
        the other, the vectors span no cell or carry no column to another, or no lattice is found.

    Notes
    -----
    Standard errors take the columns' deviations for independent; strain and drift make them larger
    in truth. Grains turned by less than some 15 degrees against each other are hard to tell apart
    here: take the columns of one.
    """
    if convention not in ("primitive", "centred"):
        raise ValueError(f"convention must be primitive or centred, but {convention!r} came.")
    columns = find_columns(data) if isinstance(data, xr.DataArray) else check_columns(data)
    given = _given(a, b)
    crystal = _crystal(columns)
    basis = _basis(columns, crystal, convention) if given is None else given
    found = lattice_graph.index(crystal.points, basis, crystal.unit)
    fitted = _least_squares(crystal, found)
    if np.abs((fitted.vectors - basis) @ np.linalg.inv(basis)).max() > _OFF:
        found = lattice_graph.index(crystal.points, fitted.vectors, crystal.unit)
        fitted = _least_squares(crystal, found)
    return _as_lattice(columns, crystal, found, fitted)


def index_columns(columns: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    """Number the cells of a crystal: which cell and which site of the lattice a column is.

    Numbers are told by walking from column to column, so that they survive vacancies, strain of
    several percent, scan drift and rows that are offset.

    Parameters
    ----------
    columns : Dataset, (column,)
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
    crystal = _crystal(columns)
    found = lattice_graph.index(crystal.points, vectors_of(lattice), crystal.unit)
    return _with_indices(columns, crystal, _onto(lattice, crystal, found))


def _given(a: Any, b: Any) -> np.ndarray | None:
    if a is None and b is None:
        return None
    if a is None or b is None:
        raise ValueError("Only one lattice vector came. Give both a and b, or none to find them.")
    return vectors_of(make_lattice(a, b))


def _crystal(columns: xr.Dataset) -> _Crystal:
    points = np.column_stack([columns["y"].values, columns["x"].values]).astype(float)
    rows = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(rows) < _FEWEST:
        raise ValueError(
            f"{len(rows)} columns have a place, but a lattice needs {_FEWEST} or more. Find more"
            " columns, or take a larger piece of the image."
        )
    name = next((n for n in _BRIGHTNESS if n in columns), None)
    bright = np.full(len(rows), np.nan) if name is None else columns[name].values[rows]
    points = points[rows]
    unit = lattice_search.neighbour_distance(points)
    return _Crystal(rows, points, np.asarray(bright, float), unit)


def _basis(columns: xr.Dataset, crystal: _Crystal, convention: Convention) -> np.ndarray:
    kind = [lattice_search.relative_brightness(crystal.points, crystal.brightness)]
    if "sublattice" in columns:
        label = columns["sublattice"].values[crystal.rows]
        kind += [(label == k).astype(float) for k in np.unique(label)[1:]]
    found = lattice_search.translations(crystal.points, np.column_stack(kind))
    basis = lattice_search.shortest_basis(found)
    if basis is None:
        raise ValueError(
            f"No lattice was found among the {len(crystal.points)} columns: their neighbours do not"
            " lie in repeating directions. Give a and b, or take a piece that is one crystal."
        )
    basis = lattice_search.reduced(basis)
    if convention == "primitive":
        return basis
    cell = lattice_search.centred(basis)
    if cell is None:
        raise ValueError(
            "The lattice has no rectangular centred cell (within 2 degrees). Use"
            " convention='primitive', or give a and b."
        )
    return cell


def _least_squares(crystal: _Crystal, found: lattice_graph.Indexed) -> _Fitted:
    """Vectors and site corners over all indexed columns, outliers weighed down (Huber)."""
    used = found.site >= 0
    if used.sum() < _FEWEST:
        raise ValueError(
            f"The lattice vectors carry only {used.sum()} of {len(used)} columns to others. Give"
            " vectors a and b that join columns of one kind."
        )
    sites = len(found.fractions)
    design = np.zeros((used.sum(), 2 + sites))
    design[:, :2] = found.cells[used]
    design[np.arange(len(design)), 2 + found.site[used]] = 1
    points = crystal.points[used]
    weight = np.ones(len(points))
    for _ in range(4):
        normal = design.T @ (design * weight[:, None])
        solution = np.linalg.lstsq(normal, design.T @ (points * weight[:, None]), rcond=None)[0]
        off = points - design @ solution
        distance = np.hypot(*off.T)
        scale = max(float(np.median(distance)) / 1.177, 1e-9 * crystal.unit)
        weight = np.minimum(1.0, 2.5 * scale / np.maximum(distance, 1e-30))
    freedom = max(weight.sum() - design.shape[1], 1)
    variance = (weight[:, None] * off**2).sum(axis=0) / freedom
    residual = float(np.sqrt(np.mean(distance**2)))
    return _Fitted(solution[:2], solution[2:], np.linalg.pinv(normal), variance, residual)


def _as_lattice(
    columns: xr.Dataset, crystal: _Crystal, found: lattice_graph.Indexed, fitted: _Fitted
) -> xr.Dataset:
    counts = np.bincount(found.site[found.site >= 0], minlength=len(found.fractions))
    order = _brightest_first(crystal, found, counts)
    sublattices = _sublattices(columns, crystal, found, order)
    corners, inverse = fitted.corners[order], np.linalg.inv(fitted.vectors)
    middle = np.median(crystal.points, axis=0)
    origin = corners[0] + np.rint((middle - corners[0]) @ inverse) @ fitted.vectors
    fractions = (corners - corners[0]) @ inverse
    names = _names(columns, sublattices)
    lattice = make_lattice(
        *fitted.vectors,
        origin=origin,
        sites=np.where(abs(fractions - 1) < 1e-9, 0, fractions % 1.0),
        sublattices=sublattices,
        names=names,
        units=length_unit(columns),
    )
    _put_errors(lattice, fitted, order, inverse)
    lattice["n_columns"] = quantity("site", counts[order], "1", "columns of the site")
    indexed = float((found.site >= 0).mean())
    lattice.attrs.update(residual=fitted.residual, indexed_fraction=indexed)
    lattice.attrs["lattice_hint"] = "" if indexed >= _HINT else _hint(indexed)
    return lattice


def _hint(indexed: float) -> str:
    return (
        f"Only {100 * indexed:.0f} % of the columns lie on this lattice. Where several crystals or"
        " twins meet, fit each one's columns by itself; else give a and b."
    )


def _brightest_first(
    crystal: _Crystal, found: lattice_graph.Indexed, counts: np.ndarray
) -> np.ndarray:
    levels = [
        float(np.nanmedian(crystal.brightness[found.site == k]))
        if np.isfinite(crystal.brightness[found.site == k]).any()
        else -np.inf
        for k in range(len(counts))
    ]
    return np.lexsort((-counts, -np.array(levels)))


def _sublattices(
    columns: xr.Dataset, crystal: _Crystal, found: lattice_graph.Indexed, order: np.ndarray
) -> list[int]:
    """Most frequent sublattice of each site; the site's number when columns have none."""
    if "sublattice" not in columns:
        return list(range(len(order)))
    label = columns["sublattice"].values[crystal.rows].astype(int)
    return [int(np.bincount(label[found.site == k] + 1).argmax()) - 1 for k in order]


def _names(columns: xr.Dataset, sublattices: list[int]) -> list[str] | None:
    names = columns["sublattice"].attrs.get("names") if "sublattice" in columns else None
    if names is None:
        return None
    return [str(names[k]) if 0 <= k < len(names) else "" for k in sublattices]


def _put_errors(
    lattice: xr.Dataset, fitted: _Fitted, order: np.ndarray, inverse: np.ndarray
) -> None:
    spread = np.sqrt(np.diag(fitted.covariance)[:, None] * fitted.variance)
    lattice["vectors_std"].values[:] = spread[:2]
    lattice["origin_std"].values[:] = spread[2:][order[0]]
    # the corner of a site less that of site 0
    first = 2 + order[0]
    for row, site in enumerate(2 + order):
        difference = np.zeros(len(fitted.covariance))
        difference[site] += 1
        difference[first] -= 1
        apart = max(float(difference @ fitted.covariance @ difference), 0.0)
        cells = np.sqrt(apart * (fitted.variance @ inverse**2))
        lattice["site_position_std"].values[row] = cells


def _onto(
    lattice: xr.Dataset, crystal: _Crystal, found: lattice_graph.Indexed
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
    columns: xr.Dataset, crystal: _Crystal, found: lattice_graph.Indexed
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
