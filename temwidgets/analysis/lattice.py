"""Find the lattice of a crystal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.finding import find_columns
from temwidgets.analysis.indexing import FEWEST, Crystal, crystal_of
from temwidgets.analysis.lattice_data import make_lattice, vectors_of
from temwidgets.conventions import check_columns, length_unit, quantity
from temwidgets.kernels import lattice_graph, lattice_search

Convention = Literal["primitive", "centred"]
_OFF = 0.02  # change of the vectors from where cells are numbered anew
_HINT = 0.8  # indexed fraction below which the columns are hardly one crystal


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
    crystal = crystal_of(columns)
    basis = _basis(columns, crystal, convention) if given is None else given
    found = lattice_graph.index(crystal.points, basis, crystal.unit)
    fitted = _least_squares(crystal, found)
    if np.abs((fitted.vectors - basis) @ np.linalg.inv(basis)).max() > _OFF:
        found = lattice_graph.index(crystal.points, fitted.vectors, crystal.unit)
        fitted = _least_squares(crystal, found)
    return _as_lattice(columns, crystal, found, fitted)


def _given(a: Any, b: Any) -> np.ndarray | None:
    if a is None and b is None:
        return None
    if a is None or b is None:
        raise ValueError("Only one lattice vector came. Give both a and b, or none to find them.")
    return vectors_of(make_lattice(a, b))


def _basis(columns: xr.Dataset, crystal: Crystal, convention: Convention) -> np.ndarray:
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


def _least_squares(crystal: Crystal, found: lattice_graph.Indexed) -> _Fitted:
    """Vectors and site corners over all indexed columns, outliers weighed down (Huber)."""
    used = found.site >= 0
    if used.sum() < FEWEST:
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
    columns: xr.Dataset, crystal: Crystal, found: lattice_graph.Indexed, fitted: _Fitted
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
    crystal: Crystal, found: lattice_graph.Indexed, counts: np.ndarray
) -> np.ndarray:
    levels = [
        float(np.nanmedian(crystal.brightness[found.site == k]))
        if np.isfinite(crystal.brightness[found.site == k]).any()
        else -np.inf
        for k in range(len(counts))
    ]
    return np.lexsort((-counts, -np.array(levels)))


def _sublattices(
    columns: xr.Dataset, crystal: Crystal, found: lattice_graph.Indexed, order: np.ndarray
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
