"""The level round each point: a plane through its neighbours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

_ROUNDS = 6
_FEWEST = 4  # neighbours that have to agree
_HUBER = 1.345
_TUNING = 4.685  # of Tukey's biweight: 95 % efficient for normal noise
_MAD = 1.4826


class Level(NamedTuple):
    """Level at each point, and its variance in units of the noise variance of one value."""

    level: np.ndarray  # (n,)
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

    Huber's weights first, which find a good start from any, then Tukey's biweight; one scale for
    all, as few neighbours tell their own badly.
    """
    design, near = _design(points, rows), values[rows]
    plane = _planes(design, np.ones(rows.shape), near)
    # without noise exceptions still have to stand out from rounding
    least = 1e-3 * float(values.std()) + 1e-12 * float(np.abs(values).max()) + 1e-250
    for turn in range(_ROUNDS):
        off = np.abs(near - np.einsum("nki,ni->nk", design, plane))
        scale = max(float(_MAD * np.median(off)), least)
        weight = np.minimum(1.0, _HUBER * scale / np.maximum(off, scale))
        if turn >= _ROUNDS // 2:
            strict = (1 - np.minimum(off / (_TUNING * scale), 1) ** 2) ** 2
            enough = (strict > 0).sum(axis=1) > _FEWEST
            weight = np.where(enough[:, None], strict, weight)
        plane = _planes(design, weight, near)
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
    # points in one line: a tiny penalty on the slopes leaves the one across it at 0
    normal[:, [1, 2], [1, 2]] += 1e-9 * weight.sum(axis=1)[:, None]
    return np.linalg.inv(normal)
