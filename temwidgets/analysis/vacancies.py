"""Vacancies and dopants: columns unlike their neighbours, and sites without a column."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_values import on_site, sites_of
from temwidgets.analysis.lattice_data import check_lattice, site_points
from temwidgets.analysis.places import check_lattice_unit
from temwidgets.analysis.variables import numeric_variable, variable_info
from temwidgets.conventions import check_columns, length_unit, quantity

Kind = Literal["vacancy", "dopant", "both"]
_SIDES = {"vacancy": -1, "dopant": 1, "both": 0}
_FEWEST = 30
_ROUND = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
_ENCLOSED = 5
_ROUNDING = 1e-6


def find_vacancies(
    columns: xr.Dataset,
    lattice: xr.Dataset | None = None,
    *,
    variable: str = "intensity",
    kind: Kind = "vacancy",
    fdr: float = 0.05,
    neighbours: int = 16,
) -> xr.Dataset:
    """Find columns with too little (or too much) intensity, at a rate of false discoveries.

    Each column is compared with a robust plane through the nearest columns of its own site, so
    that thickness and background do not count. What scatter is usual is told by the columns
    themselves: for vacancies by those brighter than their neighbours, mirrored.

    Parameters
    ----------
    columns : Dataset, (column,)
        With `site` or `sublattice`; all are compared with all without. NaN values get no result.
    lattice : Dataset, optional
        Adds the sites inside the crystal that have no column at all; columns then have to be
        numbered by `index_columns`.
    variable : str
        An intensity.
    kind : {"vacancy", "dopant", "both"}
        Look for too little, too much, or both.
    fdr : float
        Expected fraction of false ones among the candidates of all sites (Benjamini-Hochberg).
    neighbours : int
        Number of columns a column is compared with.

    Returns
    -------
    Dataset, (column,)
        With ``vacancy_deviation``, the value less its neighbours' level (the variable's units),
        ``vacancy_contrast``, the same as a fraction of that level, ``vacancy_p``,
        ``vacancy_p_adjusted`` and boolean ``vacancy_candidate``. NaN and false off the lattice
        (site -1), without a value, and for sites with fewer than 30 values. With a lattice also
        ``missing_y``, ``missing_x``, ``missing_n_a``, ``missing_n_b`` and ``missing_site`` over
        (missing): sites of the main crystal without a column, five or more of whose eight
        neighbours of the same site have one. Earlier results are replaced.

    Raises
    ------
    TypeError, ValueError
        If the variable is missing, no site has enough values, the lattice does not fit, or an
        option is wrong.

    Notes
    -----
    Columns that the image edge cuts (see `flags`) have poorly known intensities: leave them out.
    Looking on both sides leaves no side to tell the usual scatter by: with scatter far from normal
    the rate is then less certain. A column with fewer atoms than its neighbours is a candidate,
    whatever is missing in it. Where more than a third of a site's columns near one place are
    vacant, they are the level.

    References
    ----------
    Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289; null distribution from the
    data: B. Efron, J. Am. Stat. Assoc. 99 (2004) 96.
    """
    _check_options(kind, fdr, neighbours)
    check_columns(columns)
    if lattice is not None:
        check_lattice(lattice)
        check_lattice_unit(columns, lattice)
    values = numeric_variable(columns, variable)
    level, p_value = _levels(columns, values, kind, neighbours)
    adjusted = _adjusted(p_value)
    unit = variable_info(columns, variable).units
    earlier = [n for n in columns if str(n).startswith("missing_")]
    with np.errstate(divide="ignore", invalid="ignore"):
        contrast = np.where(level > 0, (values - level) / level, np.nan)
    found = columns.drop_vars([*earlier, "missing"], errors="ignore").assign(
        vacancy_deviation=quantity("column", values - level, unit, f"{variable} less its level"),
        vacancy_contrast=quantity("column", contrast, "1", f"{variable} over its level, less 1"),
        vacancy_p=quantity("column", p_value, "1", f"p-value of a {kind}"),
        vacancy_p_adjusted=quantity("column", adjusted, "1", f"p-value of a {kind}, adjusted"),
        vacancy_candidate=quantity("column", adjusted <= fdr, "1", f"{kind} candidate"),
    )
    found = found.assign_attrs(vacancy_fdr=fdr, vacancy_kind=kind, vacancy_variable=variable)
    return found if lattice is None else found.assign(_missing(columns, lattice))


def _check_options(kind: str, fdr: float, neighbours: int) -> None:
    if kind not in _SIDES:
        raise ValueError(f"kind is vacancy, dopant or both, but {kind!r} came.")
    if not 0 < fdr < 1:
        raise ValueError(f"fdr is a fraction between 0 and 1, but {fdr} came.")
    if neighbours != int(neighbours) or neighbours < 6:
        raise ValueError(f"neighbours is a whole number from 6, but {neighbours} came.")


def _levels(
    columns: xr.Dataset, values: np.ndarray, kind: str, neighbours: int
) -> tuple[np.ndarray, np.ndarray]:
    """Level of the neighbours and p-value, (column,) each."""
    from temwidgets.kernels import local_planes
    from temwidgets.kernels.robust_null import tail_p

    points = np.column_stack([columns["y"].values, columns["x"].values]).astype(float)
    known = np.isfinite(values) & np.isfinite(points).all(axis=1)
    sites = sites_of(columns)
    level, p_value = np.full((2, values.size), np.nan)
    for site in np.unique(sites[sites >= 0]):
        rows = np.flatnonzero(known & (sites == site))
        if rows.size < _FEWEST:
            continue
        near = local_planes.neighbours(points[rows], neighbours)
        fitted = local_planes.robust_levels(points[rows], near, values[rows])
        off = (values[rows] - fitted.level) / np.sqrt(1 + fitted.variance)
        level[rows] = fitted.level
        rounding = _ROUNDING * float(np.abs(values[rows]).max())
        if np.median(np.abs(off)) <= rounding:
            # without noise nothing but an exception is off at all
            side = _SIDES[kind] or np.sign(off)
            p_value[rows] = np.where(off * side > rounding, 0.0, 1.0)
        else:
            p_value[rows] = tail_p(off, _SIDES[kind])
    if not np.isfinite(p_value).any():
        raise ValueError(
            f"No site has {_FEWEST} columns with a finite value, too few to tell what is usual."
            " Find or fit more columns."
        )
    return level, p_value


def _adjusted(p_value: np.ndarray) -> np.ndarray:
    from scipy.stats import false_discovery_control

    known = np.isfinite(p_value)
    adjusted = np.full(p_value.shape, np.nan)
    adjusted[known] = false_discovery_control(p_value[known])
    return adjusted


def _missing(columns: xr.Dataset, lattice: xr.Dataset) -> dict[str, Any]:
    """Empty cells of each site with enough neighbours."""
    found = []
    for site in range(lattice.sizes["site"]):
        rows = on_site(columns, site)
        cells = np.column_stack([columns[n].values[rows] for n in ("n_a", "n_b")])
        empty = _enclosed(np.unique(np.rint(cells).astype(int), axis=0))
        found.append(np.column_stack([empty, np.full(len(empty), site)]))
    n_a, n_b, site = np.concatenate(found).T
    y, x = site_points(lattice, n_a, n_b, site)
    unit = length_unit(columns)
    return {
        "missing_y": quantity("missing", y, unit, "y of a site without a column"),
        "missing_x": quantity("missing", x, unit, "x of a site without a column"),
        "missing_n_a": quantity("missing", n_a, "1", "cell index along a"),
        "missing_n_b": quantity("missing", n_b, "1", "cell index along b"),
        "missing_site": quantity("missing", site, "1", "motif site"),
    }


def _enclosed(cells: np.ndarray) -> np.ndarray:
    """Empty cells with most neighbours there, (m, 2); beyond a straight edge no more than four."""
    if not len(cells):
        return cells
    low = cells.min(axis=0) - 1
    there = np.zeros(np.ptp(cells, axis=0) + 3, int)
    there[tuple((cells - low).T)] = 1
    count = sum(np.roll(there, step, axis=(0, 1)) for step in _ROUND)
    return np.argwhere((there == 0) & (count >= _ENCLOSED)) + low
