"""Displacement of columns from where symmetry would put them, with its error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.framewise import framewise
from temwidgets.analysis.lattice_data import check_lattice, site_points, vectors_of
from temwidgets.analysis.neighbourhood import choose_neighbours
from temwidgets.analysis.places import (
    Cells,
    Kind,
    cells_of,
    homes_of,
    kind_number,
    kinds_of,
    point_covariance,
    points_of,
)
from temwidgets.analysis.vectors import with_displacement
from temwidgets.conventions import check_columns

Reference = Literal["lattice", "site", "neighbours"]
_REFERENCES = {
    "lattice": "the ideal lattice site",
    "site": "the mean place of the site",
    "neighbours": "the centroid of its neighbours",
}
_CLIP = 4.0
_ONE_SIDED = 0.35  # offset of the neighbours' centroid, over their distance


@framewise
def displacements(
    columns: xr.Dataset,
    lattice: xr.Dataset | None = None,
    *,
    reference: Reference = "lattice",
    of: Kind | None = None,
    neighbours: Kind | None = None,
    count: int | None = None,
    offsets: Sequence[Sequence[int]] | None = None,
) -> xr.Dataset:
    """Measure how far each column is from its reference place.

    Parameters
    ----------
    columns : Dataset, (column,) or (frame, column)
        Fitted columns; numbered by `index_columns` where a lattice is given. Standard errors
        need y_std and x_std.
    lattice : Dataset, optional
        From `fit_lattice` or `make_lattice`; not needed for neighbours that are nearest.
    reference : {"lattice", "site", "neighbours"}
        Where a column is displaced from: its ideal lattice site; that site as it lies on average
        in these columns (what all columns of a site share is taken off; a mean without outliers);
        or the centroid of chosen neighbours, which strain, drift and a slow scan distortion leave
        alone: a B column in the midst of its four A columns gives the polar displacement.
    of : int or str, optional
        Sublattice (number or name) of the columns to measure. All when not given; with neighbours
        all that are not of the neighbours' sublattice.
    neighbours : int or str, optional
        Sublattice of the neighbours; sublattice 0 (the brightest) where there are several.
    count : int, optional
        Number of neighbours, the nearest ones; those before the first gap in the distances when
        not given. With a lattice the nearest in the ideal lattice are taken, so that a vacancy or
        a large displacement cannot change who they are.
    offsets : sequence of (int, int) or (int, int, int), optional
        Neighbours instead by lattice offset: cells along a and b from the column's own cell, and
        the motif site (when not given, the only site of `neighbours`, or the column's own).

    Returns
    -------
    Dataset, (column,)
        With ``displacement`` (column, component), ``displacement_magnitude``,
        ``displacement_direction`` (degrees from +x towards +y), each with ``_std``;
        ``displacement_yx_covariance``; and ``displacement_magnitude_debiased``. NaN where not
        asked for, off the lattice, in a lattice domain other than the main one (for lattice and
        site), where a neighbour is missing (vacancy, edge), or, without a lattice, where the
        nearest ones lie on one side.

    Raises
    ------
    TypeError, ValueError
        If columns or lattice are none or do not fit, an option is unknown or contradicts another,
        or the neighbours wanted are not told from the next ones.

    Notes
    -----
    Standard errors are propagated from the columns' own, of the neighbours and of the lattice;
    the columns' errors are taken for independent of each other. Columns that share a neighbour or
    a mean share its error.

    The magnitude of a noisy vector is too large: pure noise of standard error s a component has a
    mean magnitude of 1.25 s, and its direction is anything. For means, thresholds and comparisons
    use the components, or ``displacement_magnitude_debiased``, the modified asymptotic estimator
    of Plaszczynski et al., Mon. Not. R. Astron. Soc. 439, 4048 (2014), whose bias is small from 2
    standard errors on.
    """
    check_columns(columns)
    if reference not in _REFERENCES:
        raise ValueError(f'reference is "lattice", "site" or "neighbours", but {reference!r} came.')
    if reference == "neighbours":
        vector, covariance = _from_neighbours(
            columns, lattice, of=of, neighbours=neighbours, count=count, offsets=offsets
        )
        return _result(columns, vector, covariance, reference)
    given = {"neighbours": neighbours, "count": count, "offsets": offsets}
    unused = [name for name, value in given.items() if value is not None]
    if unused:
        raise ValueError(
            f'{", ".join(unused)} choose neighbours and need reference="neighbours", but'
            f" reference={reference!r} came."
        )
    if lattice is None:
        raise ValueError(
            f"A displacement from {_REFERENCES[reference]} needs a lattice. Make one with"
            ' temwidgets.fit_lattice(columns), or use reference="neighbours".'
        )
    cells = cells_of(columns, lattice)
    vector, covariance = _from_lattice(columns, lattice, cells)
    if reference == "site":
        vector, covariance = _less_site_means(columns, vector, cells)
    if of is not None:
        vector[kinds_of(columns, lattice) != kind_number(columns, lattice, of)] = np.nan
    return _result(columns, vector, covariance, reference)


def _one_sided(away: np.ndarray, distance: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Tell whose nearest neighbours lie on one side, for others are missing or unlike them."""
    length = np.hypot(*away.T)
    usual = 2 * np.median(length) if length.size else 0.0
    return (length > np.maximum(_ONE_SIDED * distance, usual)) & (used.sum(axis=1) > 1)


def _result(
    columns: xr.Dataset, vector: np.ndarray, covariance: np.ndarray, reference: Reference
) -> xr.Dataset:
    out = with_displacement(columns, vector, covariance, _REFERENCES[reference])
    out["displacement"].attrs["reference"] = reference
    return out


def _from_lattice(
    columns: xr.Dataset, lattice: xr.Dataset, cells: Cells
) -> tuple[np.ndarray, np.ndarray]:
    main = cells.used & (cells.domain == 0)
    numbers = np.where(main[:, None], cells.numbers, np.nan)
    ideal = np.column_stack(site_points(lattice, numbers[:, 0], numbers[:, 1], cells.site))
    covariance = point_covariance(columns)
    variance = _lattice_variance(lattice, np.nan_to_num(numbers), cells.site)
    for axis in range(2):
        covariance[:, axis, axis] += variance[:, axis]
    return points_of(columns) - ideal, covariance


def _lattice_variance(lattice: xr.Dataset, numbers: np.ndarray, site: np.ndarray) -> np.ndarray:
    """(n, 2) variance of ideal places; what `lattice` has no error for is taken for exact."""

    def squared(name: str) -> np.ndarray:
        values = lattice[name].values if name in lattice else np.zeros(lattice[name[:-4]].shape)
        return np.nan_to_num(np.asarray(values, float)) ** 2

    fraction = lattice["site_position"].values[site]
    moved = (numbers + fraction) ** 2 @ squared("vectors_std")
    placed = squared("site_position_std")[site] @ vectors_of(lattice) ** 2
    return squared("origin_std") + moved + placed


def _less_site_means(
    columns: xr.Dataset, vector: np.ndarray, cells: Cells
) -> tuple[np.ndarray, np.ndarray]:
    out, covariance = vector.copy(), point_covariance(columns)
    for site in np.unique(cells.site[cells.used]):
        rows = np.flatnonzero(cells.used & (cells.site == site) & np.isfinite(vector).all(axis=1))
        if rows.size:
            mean, kept = _robust_mean(vector[rows])
            out[rows] -= mean
            covariance[rows] += _mean_covariance(covariance[rows[kept]])
    return out, covariance


def _mean_covariance(covariance: np.ndarray) -> np.ndarray:
    """Covariance of a mean; columns without an error count as the others on average."""
    known = covariance[np.isfinite(covariance).all(axis=(1, 2))]
    return known.mean(axis=0) / len(covariance) if len(known) else np.full((2, 2), np.nan)


def _robust_mean(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of vectors (n, 2) without those far off, and which were kept."""
    kept = np.ones(len(vectors), bool)
    centre = np.median(vectors, axis=0)
    for _ in range(3):
        distance = np.hypot(*(vectors - centre).T)
        # the median distance of a round normal scatter is 1.177 standard deviations
        kept = distance <= _CLIP * np.median(distance[kept]) / 1.177 + 1e-12
        centre = vectors[kept].mean(axis=0)
    return centre, kept


def _from_neighbours(
    columns: xr.Dataset,
    lattice: xr.Dataset | None,
    *,
    of: Kind | None,
    neighbours: Kind | None,
    count: int | None,
    offsets: Sequence[Sequence[int]] | None,
) -> tuple[np.ndarray, np.ndarray]:
    if lattice is not None:
        check_lattice(lattice)
    homes = homes_of(columns, lattice)
    there = np.unique(homes[homes >= 0])
    if neighbours is None and offsets is None and there.size > 1:
        neighbours = int(there[0])
    chosen = choose_neighbours(
        columns, lattice, of=of, neighbours=neighbours, count=count, offsets=offsets
    )
    asked = chosen.complete
    if of is None and neighbours is not None and there.size > 1:
        asked &= homes[chosen.centre] != kind_number(columns, lattice, neighbours)
    centre, partner = chosen.centre[asked], chosen.partner[asked]
    used = partner >= 0
    share = used / used.sum(axis=1, keepdims=True)
    points, errors = points_of(columns), point_covariance(columns)
    vector = np.full(points.shape, np.nan)
    covariance = np.full(errors.shape, np.nan)
    around = np.where(used[:, :, None], points[partner], 0)
    away = points[centre] - np.einsum("mk,mki->mi", share, around)
    if lattice is None:
        distance = np.linalg.norm(around - points[centre][:, None], axis=2)
        away[_one_sided(away, np.einsum("mk,mk->m", share, distance), used)] = np.nan
    vector[centre] = away
    shared = np.where(used[:, :, None, None], errors[partner], 0)
    covariance[centre] = errors[centre] + np.einsum("mk,mkij->mij", share**2, shared)
    return vector, covariance
