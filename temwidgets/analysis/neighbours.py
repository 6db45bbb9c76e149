"""Distances and angles between chosen neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.neighbourhood import choose_neighbours
from temwidgets.analysis.places import Kind, point_covariance, points_of
from temwidgets.analysis.vectors import put_with_error, variance_along
from temwidgets.conventions import length_unit, quantity


def neighbour_distances(
    columns: xr.Dataset,
    lattice: xr.Dataset | None = None,
    *,
    of: Kind | None = None,
    neighbours: Kind | None = None,
    count: int | None = None,
    offsets: Sequence[Sequence[int]] | None = None,
    direction: float | None = None,
    tolerance: float = 20.0,
) -> xr.Dataset:
    """Measure distances between columns and their chosen neighbours.

    Parameters
    ----------
    columns, lattice, of, neighbours, count, offsets
        As in `displacements`, but without `neighbours` they may be of any sublattice. With the
        offset (1, 0) every lattice spacing along a is measured.
    direction : float, optional
        Keep pairs along this direction only, degrees from +x towards +y, either way round.
    tolerance : float
        How far off the direction a pair may be, in degrees.

    Returns
    -------
    Dataset, (pair,)
        ``first`` and ``second`` (labels), ``distance`` and ``angle`` (of the way from first to
        second, degrees from +x towards +y) with ``_std``, ``y`` and ``x`` of the middle, and
        ``neighbour``, the place in `offsets` or the rank by distance. No pair comes twice: where
        it could be met from either end it is given so that the angle is above -90 and up to 90.

    Raises
    ------
    TypeError, ValueError
        As `displacements`, or if `direction` or `tolerance` is no angle.
    """
    _check_direction(direction, tolerance)
    chosen = choose_neighbours(
        columns, lattice, of=of, neighbours=neighbours, count=count, offsets=offsets
    )
    row, rank = np.nonzero(chosen.partner >= 0)
    pairs = np.column_stack([chosen.centre[row], chosen.partner[row, rank]])
    points = points_of(columns)
    if offsets is None:
        pairs, rank = _once(points, pairs, rank)
    if direction is not None:
        apart = _angle(points[pairs[:, 1]] - points[pairs[:, 0]]) - direction
        kept = abs((apart + 90) % 180 - 90) <= tolerance
        pairs, rank = pairs[kept], rank[kept]
    return _distances(columns, pairs, rank)


def _check_direction(direction: float | None, tolerance: float) -> None:
    if direction is not None and not np.isfinite(direction):
        raise ValueError(f"direction is a number of degrees, but {direction} came.")
    if not 0 < tolerance <= 90:
        raise ValueError(f"tolerance is an angle up to 90 degrees, but {tolerance} came.")


def _once(points: np.ndarray, pairs: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop pairs that are met from both ends, and turn those that could be."""
    code = np.sort(pairs, axis=1) @ np.array([len(points), 1])
    _, first, met = np.unique(code, return_index=True, return_counts=True)
    first, met = first[np.argsort(first)], met[np.argsort(first)]
    pairs, rank = pairs[first], rank[first]
    angle = _angle(points[pairs[:, 1]] - points[pairs[:, 0]])
    turned = (met > 1) & ((angle <= -90) | (angle > 90))
    return np.where(turned[:, None], pairs[:, ::-1], pairs), rank


def _angle(vectors: np.ndarray) -> np.ndarray:
    return np.rad2deg(np.arctan2(vectors[:, 0], vectors[:, 1]))


def _distances(columns: xr.Dataset, pairs: np.ndarray, rank: np.ndarray) -> xr.Dataset:
    points, errors = points_of(columns), point_covariance(columns)
    first, second = pairs.T
    apart = points[second] - points[first]
    along, across = variance_along(apart, errors[first] + errors[second])
    unit, length = length_unit(columns), np.hypot(*apart.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        turn = np.rad2deg(np.sqrt(across) / length)
    out = _table(columns, "pair", {"first": first, "second": second})
    put_with_error(out, "distance", "pair", length, np.sqrt(along), unit, "distance")
    text = "direction from first to second, from +x towards +y"
    put_with_error(out, "angle", "pair", _angle(apart), turn, "deg", text)
    _put_places(out, "pair", points[pairs].mean(axis=1), unit)
    return out.assign(neighbour=quantity("pair", rank, "1", "which of the neighbours"))


def neighbour_angles(
    columns: xr.Dataset,
    lattice: xr.Dataset | None = None,
    *,
    of: Kind | None = None,
    neighbours: Kind | None = None,
    count: int | None = None,
    offsets: Sequence[Sequence[int]] | None = None,
) -> xr.Dataset:
    """Measure the angles at columns between their chosen neighbours.

    Of two neighbours (the two oxygen columns on either side, say) it is the angle between them, up
    to 180 degrees; of more the angles from each to the next one round the column.

    Parameters
    ----------
    columns, lattice, of, neighbours, count, offsets
        As in `neighbour_distances`.

    Returns
    -------
    Dataset, (triple,)
        ``first``, ``centre``, ``third`` (labels), ``angle`` in degrees with ``_std``, ``y`` and
        ``x`` of the centre. Columns that lack one of their neighbours are left out.

    Raises
    ------
    TypeError, ValueError
        As `neighbour_distances`, or if there is only one neighbour.

    Notes
    -----
    A folded angle cannot pass 180 degrees: near it the mean over noisy columns comes out too small,
    and the displacement of the column from its two neighbours tells more.
    """
    chosen = choose_neighbours(
        columns, lattice, of=of, neighbours=neighbours, count=count, offsets=offsets
    )
    full = chosen.complete
    centre, partner = chosen.centre[full], chosen.partner[full]
    number = (partner >= 0).sum(axis=1)
    if number.size and number.max() < 2:
        raise ValueError("An angle needs two neighbours, but one was chosen. Give a larger count.")
    points = points_of(columns)
    triples = np.concatenate(
        [
            _round(points, centre[number == k], partner[number == k])
            for k in np.unique(number)
            if k > 1
        ]
        or [np.zeros((0, 3), int)]
    )
    return _angles(columns, triples[np.argsort(triples[:, 1], kind="stable")])


def _round(points: np.ndarray, centre: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """Rows (first, centre, third) of successive neighbours; all rows have as many."""
    wanted = partner[partner >= 0].reshape(len(centre), -1)
    ways = points[wanted] - points[centre][:, None]
    order = np.argsort(np.arctan2(ways[:, :, 0], ways[:, :, 1]), axis=1)
    first = np.take_along_axis(wanted, order, axis=1)
    third = np.roll(first, -1, axis=1)
    if wanted.shape[1] == 2:
        first, third = wanted[:, :1], wanted[:, 1:]
    middle = np.broadcast_to(centre[:, None], first.shape)
    return np.stack([first, middle, third], axis=-1).reshape(-1, 3)


def _angles(columns: xr.Dataset, triples: np.ndarray) -> xr.Dataset:
    points, errors = points_of(columns), point_covariance(columns)
    first, centre, third = triples.T
    u, v = points[first] - points[centre], points[third] - points[centre]
    cross, dot = u[:, 1] * v[:, 0] - u[:, 0] * v[:, 1], (u * v).sum(axis=1)
    slopes = [_quarter_turn(w) / (w**2).sum(axis=1, keepdims=True) for w in (u, v)]
    slopes = [slopes[0], slopes[1] - slopes[0], slopes[1]]
    variance = sum(
        np.einsum("ni,nij,nj->n", slope, errors[rows], slope)
        for slope, rows in zip(slopes, (first, centre, third), strict=True)
    )
    out = _table(columns, "triple", {"first": first, "centre": centre, "third": third})
    angle = np.rad2deg(np.arctan2(abs(cross), dot))
    text = "angle at the centre"
    put_with_error(out, "angle", "triple", angle, np.rad2deg(np.sqrt(variance)), "deg", text)
    _put_places(out, "triple", points[centre], length_unit(columns))
    return out


def _quarter_turn(vectors: np.ndarray) -> np.ndarray:
    """Vectors (y, x) turned from +x to +y."""
    return np.column_stack([vectors[:, 1], -vectors[:, 0]])


def _table(columns: xr.Dataset, dim: str, rows: dict[str, Any]) -> xr.Dataset:
    labels = columns["column"].values
    return xr.Dataset(
        {
            name: quantity(dim, labels[at], "1", f"label of the {name} column")
            for name, at in rows.items()
        }
    )


def _put_places(out: xr.Dataset, dim: str, points: np.ndarray, unit: str) -> None:
    for name, values in zip("yx", points.T, strict=True):
        out[name] = quantity(dim, values, unit, f"{name} position")
