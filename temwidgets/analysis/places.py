"""Positions of columns with their covariance, their cells and their kinds, as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import check_lattice
from temwidgets.conventions import check_columns, length_unit

Kind = int | str


class Cells(NamedTuple):
    """Where columns sit in the lattice; `used` tells which are on it."""

    numbers: np.ndarray  # (n, 2) int, 0 where unused
    site: np.ndarray  # (n,) int
    domain: np.ndarray  # (n,) int
    used: np.ndarray  # (n,) bool

    @property
    def keys(self) -> np.ndarray:
        """(n, 4) domain, site, n_a, n_b; what is not used has a domain of its own."""
        domain = np.where(self.used, self.domain, -1)
        return np.column_stack([domain, self.site, self.numbers])


def points_of(columns: xr.Dataset) -> np.ndarray:
    """Return positions (column, 2) as y, x."""
    return np.column_stack([columns["y"].values, columns["x"].values]).astype(float)


def point_covariance(columns: xr.Dataset) -> np.ndarray:
    """Return the covariance (column, 2, 2) of y and x; NaN where no standard error is known.

    Without ``yx_covariance`` errors along y and x count as independent.
    """
    count = columns.sizes["column"]
    covariance = np.full((count, 2, 2), np.nan)
    if not {"y_std", "x_std"} <= set(columns):
        return covariance
    cross = columns["yx_covariance"].values if "yx_covariance" in columns else np.zeros(count)
    covariance[:, 0, 0] = columns["y_std"].values ** 2
    covariance[:, 1, 1] = columns["x_std"].values ** 2
    covariance[:, 0, 1] = covariance[:, 1, 0] = np.nan_to_num(cross)
    return covariance


def cells_of(columns: xr.Dataset, lattice: xr.Dataset) -> Cells:
    """Read cell numbers and sites.

    Columns without a variable ``site`` have the site of their sublattice, if each sublattice has
    one site only.

    Raises
    ------
    TypeError, ValueError
        If columns or lattice are none, columns are not numbered, units differ, or the sites cannot
        be told.
    """
    check_columns(columns)
    check_lattice(lattice)
    missing = [name for name in ("n_a", "n_b") if name not in columns]
    if missing:
        raise ValueError(
            f"The columns have no {' and no '.join(missing)}: their cells are not numbered. Do it"
            " with temwidgets.index_columns(columns, lattice)."
        )
    check_lattice_unit(columns, lattice)
    site = _sites(columns, lattice)
    count = columns.sizes["column"]
    domain = columns["lattice_domain"].values if "lattice_domain" in columns else np.zeros(count)
    numbers = np.column_stack([columns["n_a"].values, columns["n_b"].values]).astype(float)
    used = np.isfinite(numbers).all(axis=1) & np.isfinite(points_of(columns)).all(axis=1)
    used &= (site >= 0) & (site < lattice.sizes["site"]) & (domain >= 0)
    whole = np.where(used[:, None], np.rint(np.nan_to_num(numbers)), 0).astype(int)
    return Cells(whole, np.where(used, site, 0), domain.astype(int), used)


def check_lattice_unit(columns: xr.Dataset, lattice: xr.Dataset) -> None:
    """Refuse a lattice in another length unit than the columns."""
    theirs = str(lattice["vectors"].attrs.get("units", ""))
    if theirs != length_unit(columns):
        raise ValueError(
            f"The columns are in {length_unit(columns)} but the lattice is in {theirs}. Fit the"
            " lattice to these columns, or calibrate both alike."
        )


def _sites(columns: xr.Dataset, lattice: xr.Dataset) -> np.ndarray:
    count = columns.sizes["column"]
    if "site" in columns:
        return columns["site"].values.astype(int)
    if lattice.sizes["site"] == 1:
        return np.zeros(count, int)
    of_site = lattice["site_sublattice"].values
    if "sublattice" not in columns or np.unique(of_site).size != of_site.size:
        raise ValueError(
            "The columns have no variable site, and their sublattice does not tell it. Number them"
            " with temwidgets.index_columns(columns, lattice)."
        )
    label = columns["sublattice"].values.astype(int)
    order = np.argsort(of_site)
    place = np.minimum(np.searchsorted(of_site, label, sorter=order), of_site.size - 1)
    return np.where(of_site[order[place]] == label, order[place], -1)


def kinds_of(columns: xr.Dataset, lattice: xr.Dataset | None) -> np.ndarray:
    """Return the sublattice of every column; without one that of its site, else 0."""
    if "sublattice" in columns:
        return columns["sublattice"].values.astype(int)
    if "site" not in columns:
        return np.zeros(columns.sizes["column"], int)
    site = columns["site"].values.astype(int)
    if lattice is None:
        return site
    known = (site >= 0) & (site < lattice.sizes["site"])
    return np.where(known, lattice["site_sublattice"].values[np.where(known, site, 0)], -1)


def site_kinds(lattice: xr.Dataset, cells: Cells, kinds: np.ndarray) -> np.ndarray:
    """Return the sublattice of each site, (site,): that of most columns, `kinds`, on it.

    The columns are asked rather than the lattice, for the user may have changed theirs since.
    """
    of_site = lattice["site_sublattice"].values.astype(int)
    known = cells.used & (kinds >= 0)
    for site in np.unique(cells.site[known]):
        there, number = np.unique(kinds[known & (cells.site == site)], return_counts=True)
        of_site[site] = there[number.argmax()]
    return of_site


def homes_of(columns: xr.Dataset, lattice: xr.Dataset | None) -> np.ndarray:
    """Return the sublattice of every column by its site, which tells it more surely; else its own.

    A site may hold columns of several brightnesses, such as the A sites of a multilayer.
    """
    kinds = kinds_of(columns, lattice)
    if lattice is None:
        return kinds
    cells = cells_of(columns, lattice)
    return np.where(cells.used, site_kinds(lattice, cells, kinds)[cells.site], kinds)


def kind_number(columns: xr.Dataset, lattice: xr.Dataset | None, kind: Kind) -> int:
    """Return the number of a sublattice that is given by number or name.

    Raises
    ------
    ValueError
        If no column is of this sublattice, or no sublattice has this name.
    """
    names = _names(columns, lattice)
    if isinstance(kind, str):
        if kind not in names:
            raise ValueError(
                f"No sublattice is called {kind!r}; names are {', '.join(names) or 'not given'}."
                " Give its number, or name the sublattices."
            )
        return names[kind]
    there = np.unique(kinds_of(columns, lattice))
    if kind not in there:
        raise ValueError(f"There is no sublattice {kind}; there are {there[there >= 0].tolist()}.")
    return int(kind)


def _names(columns: xr.Dataset, lattice: xr.Dataset | None) -> dict[str, int]:
    given = columns["sublattice"].attrs.get("names") if "sublattice" in columns else None
    if given is not None:
        return {str(name): number for number, name in enumerate(np.atleast_1d(given))}
    if lattice is None or "site_name" not in lattice:
        return {}
    pairs = zip(lattice["site_name"].values, lattice["site_sublattice"].values, strict=True)
    return {str(name): int(number) for name, number in pairs if name}
