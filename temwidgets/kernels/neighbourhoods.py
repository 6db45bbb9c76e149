"""Who is next to whom: by cell numbers, or by distance; and the affine map of a neighbourhood."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

MISSING = -1
_FLAT = 1e-6  # of the trace squared: determinant below which neighbours lie in one line


class Affine(NamedTuple):
    """Local maps ``p = t + m @ gradient``, and the weights that make them from the points."""

    gradient: np.ndarray  # (n, 2, 2): rows belong to the reference's axes, columns to (y, x)
    influence: np.ndarray  # (n, k, 2): gradient[a] = sum over k of influence[k, a] points[k]


def rows_of_keys(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Find rows by whole-number keys.

    Parameters
    ----------
    keys : ndarray of int, (n, m)
        Of two equal keys the first counts.
    wanted : ndarray of int, (..., m)

    Returns
    -------
    ndarray of int, (...)
        Row of each wanted key, `MISSING` where there is none.
    """
    if not len(keys):
        return np.full(wanted.shape[:-1], MISSING)
    low, high = keys.min(axis=0), keys.max(axis=0)
    inside = ((wanted >= low) & (wanted <= high)).all(axis=-1)
    size = np.append(np.cumprod((high - low + 1)[::-1])[-2::-1], 1)
    codes, asked = (keys - low) @ size, np.where(inside, (wanted - low) @ size, -1)
    order = np.argsort(codes, kind="stable")
    place = np.minimum(np.searchsorted(codes, asked, sorter=order), len(keys) - 1)
    found = order[place]
    return np.where(codes[found] == asked, found, MISSING)


def nearest(
    points: np.ndarray, centres: np.ndarray, among: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest rows to each centre, itself not counted.

    Parameters
    ----------
    points : ndarray, (n, 2)
        May hold NaN in rows that are neither centre nor among.
    centres, among : ndarray of int
        Rows that ask, (m,), and rows that may answer.
    count : int

    Returns
    -------
    rows : ndarray of int, (m, count)
        Nearest first; `MISSING` where there are no more.
    distance : ndarray, (m, count)
        Infinite where missing.
    """
    rows = np.full((len(centres), count), MISSING)
    distance = np.full((len(centres), count), np.inf)
    if not len(among) or not len(centres):
        return rows, distance
    far, near = cKDTree(points[among]).query(points[centres], count + 1)
    near = np.append(among, MISSING)[near]
    # who finds himself moves to the end; the others keep their order
    own = near == centres[:, None]
    order = np.argsort(own, axis=1, kind="stable")[:, :count]
    rows[:] = np.take_along_axis(near, order, axis=1)
    distance[:] = np.take_along_axis(np.where(own, np.inf, far), order, axis=1)
    rows[~np.isfinite(distance)] = MISSING
    return rows, distance


def affine_maps(
    coordinates: np.ndarray, points: np.ndarray, weight: np.ndarray, *, fewest: int = 3
) -> Affine:
    """Fit an affine map to each neighbourhood by weighted least squares.

    With the column itself among the points and the translation free this is the best linear
    estimate from independent positions; vectors drawn from one column to its neighbours would
    share that column's error.

    Parameters
    ----------
    coordinates : ndarray, (n, k, 2)
        Where the points lie in the reference.
    points : ndarray, (n, k, 2)
        Where they were found.
    weight : ndarray, (n, k)
        Zero for a point that is missing; its place may then hold anything.
    fewest : int
        Fewer points give NaN, and so do points in one line.
    """
    total = weight.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.einsum("nk,nki->ni", weight, coordinates) / total[:, None]
    centred = coordinates - mean[:, None]
    weighted = centred * weight[:, :, None]
    scatter = np.einsum("nki,nkj->nij", weighted, centred)
    determinant = scatter[:, 0, 0] * scatter[:, 1, 1] - scatter[:, 0, 1] ** 2
    spread = (scatter[:, 0, 0] + scatter[:, 1, 1]) ** 2
    solvable = ((weight > 0).sum(axis=1) >= fewest) & (determinant > _FLAT * spread)
    scatter[~solvable] = np.eye(2)
    influence = np.einsum("nij,nkj->nki", np.linalg.inv(scatter), weighted)
    influence[~solvable] = np.nan
    known = np.where(weight[:, :, None] > 0, points, 0.0)
    return Affine(np.einsum("nka,nkc->nac", influence, known), influence)
