"""What the columns around each column do: the drift of the scan within a frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

NEIGHBOURS = 12
"""Columns that tell what the scan has done around one."""

_FEWEST = 6  # of them that have to be seen
_ASTRAY = 5.0  # times the median range of columns: one that goes so far tells of itself alone


class Surroundings(NamedTuple):
    """What those around each column do, (frame, column, component), and how sure that is."""

    moved: np.ndarray  # NaN where too few are seen
    share: np.ndarray  # (frame, column) its variance over that of a single column


def around(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Median displacement of the neighbours of each column, which no hop of one of them moves.

    Parameters
    ----------
    values : ndarray, (frame, column, component)
        Displacements; NaN where a column is not seen.
    places : ndarray, (column, 2)
        Where columns are; NaN where one never is.

    Returns
    -------
    ndarray, (frame, column, component)
        0 where half of the neighbours or fewer are seen.
    """
    out = np.zeros(values.shape)
    known, near = _near(places)
    if near is None:
        return out
    moved = values[:, known[near]]  # (frame, column, neighbour, component)
    seen = np.isfinite(moved).all(axis=3).sum(axis=2) > _FEWEST
    out[:, known] = np.nanmedian(np.where(seen[..., None, None], moved, 0.0), axis=2)
    return out


def plane_around(values: np.ndarray, places: np.ndarray) -> Surroundings:
    """Displacement that a plane through those of its neighbours tells for each column.

    Parameters are those of `around`. Linear in the displacements, so that a mean square can be
    freed of what the neighbours do of their own; columns that go far are not asked.
    """
    out = np.full(values.shape, np.nan)
    share = np.full(values.shape[:2], np.nan)
    known, near = _near(places)
    if near is None:
        return Surroundings(out, share)
    moved = _steady(values)[:, known[near]]
    seen = np.isfinite(moved).all(axis=3)
    apart = places[known[near]] - places[known][:, None]
    terms = np.concatenate([np.ones((*near.shape, 1)), apart / np.abs(apart).max()], axis=2)
    normal = np.einsum("fcn,cni,cnj->fcij", seen.astype(float), terms, terms)
    weights = np.einsum("fci,cni->fcn", np.linalg.pinv(normal, hermitian=True)[:, :, 0], terms)
    weights = np.where(seen, weights, 0.0)
    enough = seen.sum(axis=2) >= _FEWEST
    told = np.einsum("fcn,fcnk->fck", weights, np.where(seen[..., None], moved, 0.0))
    out[:, known] = np.where(enough[..., None], told, np.nan)
    share[:, known] = np.where(enough, (weights**2).sum(axis=2), np.nan)
    return Surroundings(out, share)


def _near(places: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Columns that have a place, and the neighbours of each among them; None for too few."""
    known = np.flatnonzero(np.isfinite(places).all(axis=1))
    if len(known) <= NEIGHBOURS:
        return known, None
    return known, KDTree(places[known]).query(places[known], k=NEIGHBOURS + 1)[1][:, 1:]


def _steady(values: np.ndarray) -> np.ndarray:
    """Leave out the columns that go much farther than most."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0)
    high = np.where(known, values, -np.inf).max(axis=0)
    reach = np.where(known.any(axis=0), high - low, np.nan).max(axis=1)
    with np.errstate(invalid="ignore"):
        astray = reach > _ASTRAY * np.nanmedian(reach)
    return np.where(astray[None, :, None], np.nan, values)
