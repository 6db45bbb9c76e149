"""Index the spots of one lattice by the planes of a crystal: d-spacings and angles together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_INTEGER = 0.12
"""How far indices may be off whole numbers."""
_STRONGEST = 6
"""Spots that may carry the basis: the strongest are measured best."""


class Zone(NamedTuple):
    """Spots indexed in one zone; rows of zeros are spots that are not explained."""

    hkl: np.ndarray  # (spot, 3) int
    length: np.ndarray  # (spot,) |g| of the crystal; NaN
    explained: int
    misfit: float  # root mean square of the relative deviation of |g|, the common scale taken off
    scale: float  # measured d over the crystal's


NONE = Zone(np.zeros((0, 3), int), np.zeros(0), 0, np.inf, 1.0)


def index_zone(
    g: np.ndarray, hkl: np.ndarray, reciprocal: np.ndarray, tolerance: float, angle: float
) -> Zone:
    """Find the zone that explains most spots (spot, 2), and of these the one that fits best.

    Two spots in different directions, whose d-spacings and angle fit two planes (plane, 3), number
    all others; `tolerance` is relative, `angle` in radians.
    """
    lengths = np.linalg.norm(reciprocal, axis=1)
    known = {tuple(h): n for n, h in enumerate(hkl.tolist())}
    best = NONE
    for i, j in _pairs(g):
        pair = g[[i, j]]
        first, second = (_candidates(np.hypot(*v), lengths, tolerance) for v in pair)
        # of mates and turned crystals that look alike one is enough: the first plane may be any
        first = _one_of_each(first, lengths)
        for a in first:
            apart = _between(reciprocal[a], reciprocal[second])
            for b in second[np.abs(apart - _between(*pair)) < angle]:
                zone = _extend(g, pair, hkl[[a, b]], known, lengths, tolerance)
                if (zone.explained, -zone.misfit) > (best.explained, -best.misfit):
                    best = zone
    return best


def _pairs(g: np.ndarray) -> list[tuple[int, int]]:
    some = range(min(_STRONGEST, len(g)))
    lengths = np.hypot(*g.T)
    cross = np.abs(np.outer(g[:, 0], g[:, 1]) - np.outer(g[:, 1], g[:, 0]))
    sine = cross / np.outer(lengths, lengths)
    return [(i, j) for i in some for j in some if i < j and sine[i, j] > 0.3]


def _candidates(length: float, lengths: np.ndarray, tolerance: float) -> np.ndarray:
    return np.flatnonzero(np.abs(length / lengths - 1) < tolerance)


def _one_of_each(planes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return one plane of each d-spacing."""
    _, rows = np.unique(np.round(lengths[planes], 6), return_index=True)
    return planes[rows]


def _between(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Angle between a vector and others (..., component), radians."""
    cosine = others @ one / np.sqrt((one @ one) * (others**2).sum(axis=-1))
    return np.arccos(np.clip(cosine, -1, 1))


def _extend(
    g: np.ndarray,
    pair: np.ndarray,
    indices: np.ndarray,
    known: dict[tuple[int, ...], int],
    lengths: np.ndarray,
    tolerance: float,
) -> Zone:
    shares = np.linalg.solve(pair.T, g.T).T
    exact = shares @ indices
    whole = np.rint(exact).astype(int)
    near = np.abs(exact - whole).max(axis=1) < _INTEGER
    rows = np.array([known.get(tuple(h), -1) for h in whole.tolist()])
    length = np.where(rows >= 0, lengths[rows], np.nan)
    ratio = length / np.hypot(*g.T)
    found = near & (np.abs(ratio - 1) < tolerance)
    scale = float(np.median(ratio[found])) if found.any() else 1.0
    misfit = float(np.sqrt(np.mean((ratio[found] / scale - 1) ** 2))) if found.any() else np.inf
    return Zone(
        np.where(found[:, None], whole, 0), np.where(found, length, np.nan),
        int(found.sum()), misfit, scale,
    )  # fmt: skip
