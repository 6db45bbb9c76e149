"""The level round each point: a plane through its neighbours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

_ROUNDS = 4
_TUNING = 4.685  # of Tukey's biweight: 95 % efficient for normal noise
_MAD = 1.4826


class Level(NamedTuple):
    """Level at each point, and its variance in units of the noise variance of one value."""

    level: np.ndarray  # (n,) NaN where neighbours do not span a plane
    variance: np.ndarray  # (n,)


def neighbours(points: np.ndarray, count: int) -> np.ndarray:
    """Return the rows of the nearest other points, (n, count or less if there are fewer)."""
    count = min(count, len(points) - 1)
    near = cKDTree(points).query(points, count + 1)[1].reshape(len(points), -1)
    own = near == np.arange(len(points))[:, None]
    # of coincident points the own row may be missing: then the farthest goes
    own[~own.any(axis=1), -1] = True
    return near[~own].reshape(len(points), count)


def plane_weights(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the weights (n, k) by which values at `rows` give a plane's level at each point."""
    return _solve(_design(points, rows), np.ones(rows.shape))


def robust_levels(points: np.ndarray, rows: np.ndarray, values: np.ndarray) -> Level:
    """Fit a plane to each point's neighbours that far-off values among them hardly move.

    Tukey's biweight from the neighbours' median on, with one scale for all: few neighbours tell
    their own scale badly.
    """
    design, near = _design(points, rows), values[rows]
    off = near - np.median(near, axis=1)[:, None]
    for _ in range(_ROUNDS):
        scale = max(float(_MAD * np.median(np.abs(off))), 1e-300)
        weight = np.clip(1 - (off / (_TUNING * scale)) ** 2, 0, None) ** 2
        plane = _planes(design, weight, near)
        off = near - np.einsum("nki,ni->nk", design, plane)
    share = _solve(design, weight)
    return Level(plane[:, 0], (share**2).sum(axis=1))


def _design(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    apart = points[rows] - points[:, None]
    size = np.sqrt((apart**2).sum(axis=2).mean(axis=1))
    apart = apart / np.maximum(size, 1e-300)[:, None, None]
    return np.concatenate([np.ones((*rows.shape, 1)), apart], axis=2)


def _solve(design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights (n, k) of the values in the plane's level at the point itself."""
    inverse = _inverse(design, weight)
    return np.einsum("ni,nki->nk", inverse[:, 0], design) * weight


def _planes(design: np.ndarray, weight: np.ndarray, near: np.ndarray) -> np.ndarray:
    right = np.einsum("nki,nk->ni", design, weight * near)
    return np.einsum("nij,nj->ni", _inverse(design, weight), right)


def _inverse(design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    normal = np.einsum("nki,nk,nkj->nij", design, weight, design)
    # points in one line: a tiny slope penalty keeps the level, which then is their mean's
    normal[:, [1, 2], [1, 2]] += 1e-6 * weight.sum(axis=1)[:, None]
    known = weight.sum(axis=1) > 0
    normal[~known] = np.eye(3)
    inverse = np.linalg.inv(normal)
    inverse[~known] = np.nan
    return inverse
