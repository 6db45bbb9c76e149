"""A column variable over the cells of a crystal: which columns count, and where they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import numeric_variable, variable_info
from temwidgets.conventions import Flag, check_columns, flagged
from temwidgets.kernels.slow_trends import polynomials

_FEWEST = 16
_PER_TERM = 4  # columns for each term of the slow trend


class CellValues(NamedTuple):
    """Values of the columns of one site that are on the lattice."""

    rows: np.ndarray  # (n,) of the Dataset
    cells: np.ndarray  # (n, 2) int
    values: np.ndarray  # (n,) finite
    site: int
    units: str
    long_name: str


def sites_of(columns: xr.Dataset) -> np.ndarray:
    """Return the motif site of every column; its sublattice if no sites are known, else 0."""
    for name in ("site", "sublattice"):
        if name in columns:
            return columns[name].values.astype(int)
    return np.zeros(columns.sizes["column"], int)


def on_site(columns: xr.Dataset, site: int) -> np.ndarray:
    """Tell which columns are on a site, numbered, and in the main crystal, (column,)."""
    check_columns(columns)
    missing = [name for name in ("n_a", "n_b") if name not in columns]
    if missing:
        raise ValueError(
            f"The columns have no {' and no '.join(missing)}: their cells are not numbered. Do it"
            " with temwidgets.index_columns(columns, lattice)."
        )
    numbered = np.isfinite(columns["n_a"].values.astype(float))
    numbered &= np.isfinite(columns["n_b"].values.astype(float))
    if "lattice_domain" in columns:
        numbered &= columns["lattice_domain"].values == 0
    return numbered & (sites_of(columns) == site)


def _trusted(columns: xr.Dataset) -> np.ndarray:
    """Tell which columns the image edge does not cut and whose fit did not fail, (column,)."""
    if "flags" not in columns:
        return np.ones(columns.sizes["column"], bool)
    return ~flagged(columns, Flag.cut_by_edge | Flag.failed).values


def cell_values(columns: xr.Dataset, variable: str, site: int | None) -> CellValues:
    """Return a variable on the cells of one site; columns the image edge cuts do not count.

    Raises
    ------
    ValueError
        If cells are not numbered, the variable or the site does not exist, several sites have
        values and none was chosen, or too few columns are left.
    """
    values = numeric_variable(columns, variable)
    sites = sites_of(columns)
    chosen = _only_site(columns, values, sites) if site is None else site
    if chosen not in sites:
        raise ValueError(f"There is no site {chosen}; there are {_numbers(sites)}.")
    rows = np.flatnonzero(on_site(columns, chosen) & np.isfinite(values) & _trusted(columns))
    if rows.size < _FEWEST:
        raise ValueError(
            f"{rows.size} columns of site {chosen} are on the lattice and have a finite {variable};"
            f" at least {_FEWEST} are needed. Number more columns, or choose another site."
        )
    cells = np.column_stack([columns[name].values[rows] for name in ("n_a", "n_b")])
    _, unit, text = variable_info(columns, variable)
    return CellValues(rows, np.rint(cells).astype(int), values[rows], int(chosen), unit, text)


def _only_site(columns: xr.Dataset, values: np.ndarray, sites: np.ndarray) -> int:
    known = _numbers(sites[np.isfinite(values) & (sites >= 0)])
    if len(known) > 1:
        raise ValueError(
            f"Several sites have values: {known}. Choose one with site, as sites differ anyway."
        )
    return known[0] if known else 0


def _numbers(sites: np.ndarray) -> list[int]:
    return [int(k) for k in np.unique(sites) if k >= 0]


def slow_trend(cells: np.ndarray, degree: int) -> np.ndarray:
    """Return the orthonormal polynomials up to `degree` over the cells, (n, p).

    Raises
    ------
    ValueError
        If the degree is no whole number from 0, or too high for so few columns.
    """
    if degree != int(degree) or degree < 0:
        raise ValueError(f"trend is the degree of a polynomial, 0, 1, 2, ..., but {degree} came.")
    terms = (int(degree) + 1) * (int(degree) + 2) // 2
    if terms * _PER_TERM > len(cells):
        raise ValueError(
            f"A trend of degree {degree} has {terms} terms, too many for {len(cells)} columns."
            " Lower trend."
        )
    return polynomials(cells.astype(float), int(degree))
