"""Choose the neighbours of columns: by offsets in the lattice, or as the nearest of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.analysis.places import (
    Cells,
    Kind,
    cells_of,
    kind_number,
    kinds_of,
    points_of,
    site_kinds,
)
from temwidgets.conventions import check_columns
from temwidgets.kernels.neighbourhoods import MISSING, nearest, rows_of_keys

UNWANTED = -2  # places beyond the number of neighbours that a column of this site has
_SHELL = 1.33  # ratio of distances that parts shells; random points reach 1.3
_TIE = 1.05
_MOST = 24
_CELLS = 4  # cells searched each way for the neighbours of a site


class Neighbourhood(NamedTuple):
    """Centres and their chosen neighbours, as rows of the Dataset."""

    centre: np.ndarray  # (m,)
    partner: np.ndarray  # (m, k); MISSING or UNWANTED where there is none

    @property
    def complete(self) -> np.ndarray:
        """(m,) whether all wanted neighbours, at least one, are there."""
        return (self.partner != MISSING).all(axis=1) & (self.partner >= 0).any(axis=1)


def choose_neighbours(
    columns: xr.Dataset,
    lattice: xr.Dataset | None,
    *,
    of: Kind | None,
    neighbours: Kind | None,
    count: int | None,
    offsets: Sequence[Sequence[int]] | None,
) -> Neighbourhood:
    """Choose neighbours as `temwidgets.displacements` describes.

    Raises
    ------
    TypeError, ValueError
        If columns or lattice are none or do not fit, options contradict, a sublattice does not
        exist, or the neighbours wanted are not told from the next ones.
    """
    check_columns(columns)
    if count is not None and (count != int(count) or not 1 <= count <= _MOST):
        raise ValueError(f"count is a whole number from 1 to {_MOST}, but {count!r} came.")
    kinds = kinds_of(columns, lattice)
    mine = None if of is None else kind_number(columns, lattice, of)
    theirs = None if neighbours is None else kind_number(columns, lattice, neighbours)
    if offsets is not None:
        if lattice is None:
            raise ValueError("offsets are counted in cells and need a lattice. Give one, or count.")
        if count is not None:
            raise ValueError("Give offsets or count, not both: offsets already tell how many.")
        return _by_offsets(columns, lattice, kinds, mine, theirs, offsets)
    if lattice is not None:
        return _by_shells(columns, lattice, kinds, mine, theirs, count)
    return _by_distance(columns, kinds, mine, theirs, count)


def _by_offsets(
    columns: xr.Dataset,
    lattice: xr.Dataset,
    kinds: np.ndarray,
    mine: int | None,
    theirs: int | None,
    offsets: Sequence[Sequence[int]],
) -> Neighbourhood:
    steps = [_offset(offset, lattice) for offset in offsets]
    if not steps:
        raise ValueError("offsets is empty. Give at least one (cells along a, cells along b).")
    cells = cells_of(columns, lattice)
    there = np.flatnonzero(site_kinds(lattice, cells, kinds) == theirs)
    centre = np.flatnonzero(cells.used & _is_kind(kinds, mine))
    partner = np.empty((centre.size, len(steps)), int)
    for k, (n_a, n_b, site) in enumerate(steps):
        if site is None and len(there) == 1:
            site = int(there[0])
        partner[:, k] = _partners(cells, centre, (n_a, n_b), site)
    return Neighbourhood(centre, partner)


def _offset(offset: Any, lattice: xr.Dataset) -> tuple[int, int, int | None]:
    numbers = np.asarray(offset)
    good = numbers.ndim == 1 and numbers.size in (2, 3) and numbers.dtype.kind in "iu"
    if not good or (numbers.size == 3 and not 0 <= numbers[2] < lattice.sizes["site"]):
        raise ValueError(
            "An offset is (cells along a, cells along b) or (cells along a, cells along b, site)"
            f" in whole numbers, site below {lattice.sizes['site']}, but {offset!r} came."
        )
    n_a, n_b, *site = numbers.tolist()
    return n_a, n_b, (site[0] if site else None)


def _partners(
    cells: Cells, centre: np.ndarray, step: tuple[int, int], site: int | None
) -> np.ndarray:
    keys = cells.keys
    wanted = keys[centre]
    wanted[:, 2:] += np.array(step)
    if site is not None:
        wanted[:, 1] = site
    # unused columns stand at the end of the search and are never asked for: domain -1
    return rows_of_keys(keys, wanted)


def _by_shells(
    columns: xr.Dataset,
    lattice: xr.Dataset,
    kinds: np.ndarray,
    mine: int | None,
    theirs: int | None,
    count: int | None,
) -> Neighbourhood:
    """Let the ideal lattice say which are the nearest, so that no vacancy brings in others."""
    cells = cells_of(columns, lattice)
    of_site = site_kinds(lattice, cells, kinds)
    used = cells.used & _is_kind(kinds, mine)
    centres, partners = [], []
    for site in np.unique(cells.site[used]):
        rows = np.flatnonzero(used & (cells.site == site))
        steps = _shell(lattice, int(site), _is_kind(of_site, theirs), count)
        centres.append(rows)
        partners.append(
            np.column_stack([_partners(cells, rows, (a, b), other) for a, b, other in steps])
        )
    if not centres:
        return Neighbourhood(np.zeros(0, int), np.zeros((0, 1), int))
    width = max(part.shape[1] for part in partners)
    padded = [
        np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=UNWANTED)
        for part in partners
    ]
    order = np.argsort(np.concatenate(centres))
    return Neighbourhood(np.concatenate(centres)[order], np.concatenate(padded)[order])


def _shell(
    lattice: xr.Dataset, site: int, wanted: np.ndarray, count: int | None
) -> list[tuple[int, int, int]]:
    """Steps (n_a, n_b, site) to the nearest sites of the wanted kind in the ideal lattice."""
    reach = np.arange(-_CELLS, _CELLS + 1)
    steps = np.stack(np.meshgrid(reach, reach, np.flatnonzero(wanted), indexing="ij"), -1)
    steps = steps.reshape(-1, 3)
    place = lattice["site_position"].values
    apart = (steps[:, :2] + place[steps[:, 2]] - place[site]) @ vectors_of(lattice)
    distance = np.hypot(*apart.T)
    order = np.argsort(distance, kind="stable")
    order = order[distance[order] > 1e-6][: _MOST + 1]
    number = _shell_size(distance[order], count)
    return [tuple(step) for step in steps[order[:number]].tolist()]


def _shell_size(distance: np.ndarray, count: int | None) -> int:
    """Tell how many neighbours stand together before a gap in ascending distances."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = distance[1:] / distance[:-1]
    if count is None:
        gaps = np.flatnonzero(ratio[1:] > _SHELL) + 2
        if not gaps.size:
            raise ValueError(
                "The neighbours do not stand in shells: their distances have no gap. Give count,"
                " or offsets with a lattice."
            )
        return int(gaps[0])
    if count > distance.size or (count < distance.size and ratio[count - 1] < _TIE):
        better = (np.flatnonzero(ratio > _SHELL) + 1).tolist()
        raise ValueError(
            f"The {count} nearest neighbours are not told from the next ones, which are as far."
            f" Counts that are: {', '.join(map(str, better)) or 'none'}; or give offsets with a"
            " lattice."
        )
    return count


def _by_distance(
    columns: xr.Dataset,
    kinds: np.ndarray,
    mine: int | None,
    theirs: int | None,
    count: int | None,
) -> Neighbourhood:
    points = points_of(columns)
    known = np.isfinite(points).all(axis=1) & (kinds >= 0)
    centre = np.flatnonzero(known & _is_kind(kinds, mine))
    among = np.flatnonzero(known & _is_kind(kinds, theirs))
    rows, distance = nearest(points, centre, among, _MOST + 1)
    with np.errstate(invalid="ignore"):
        typical = np.median(distance, axis=0) if len(distance) else np.full(2, np.inf)
    typical = typical[np.isfinite(typical)]
    if typical.size < (1 if count is None else count):
        raise ValueError(
            f"There are too few columns to choose neighbours from: {centre.size} ask and"
            f" {among.size} may answer. Choose other sublattices or a smaller count."
        )
    number = _shell_size(typical, count)
    rim = typical[min(number, typical.size - 1)] / typical[number - 1]
    # halfway to the next shell, so that none of it stands in for a missing neighbour
    limit = typical[number - 1] * np.sqrt(rim if rim > 1 else 2.0)
    near = np.where(distance < limit, rows, MISSING)
    return Neighbourhood(centre, near[:, :number])


def _is_kind(kinds: np.ndarray, kind: int | None) -> np.ndarray:
    return np.ones(kinds.shape, bool) if kind is None else kinds == kind
