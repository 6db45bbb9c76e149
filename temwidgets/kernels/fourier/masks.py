"""Masks over reciprocal space with soft edges; all of them are alike at k and -k."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree


def edge(distance: np.ndarray, radius: float, width: float) -> np.ndarray:
    """Fall from 1 to 0 round `radius` over `width`, as half a period of a cosine."""
    if width <= 0:
        return (distance <= radius).astype(np.float32)
    t = np.clip((distance - radius) / width + 0.5, 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * t)).astype(np.float32)


def spots(
    ky: np.ndarray, kx: np.ndarray, points: np.ndarray, radius: float, soft: float
) -> np.ndarray:
    """Discs round points (n, 2) and their mates, (ky, kx)."""
    made = np.zeros((ky.size, kx.size), np.float32)
    reach = radius * (1 + soft / 2)
    for y, x in np.concatenate([points, -points]):
        rows = slice(*np.searchsorted(ky, (y - reach, y + reach)))
        cols = slice(*np.searchsorted(kx, (x - reach, x + reach)))
        distance = np.hypot(ky[rows, None] - y, kx[cols] - x)
        made[rows, cols] = np.maximum(made[rows, cols], edge(distance, radius, soft * radius))
    return symmetric(made)


def ring(ky: np.ndarray, kx: np.ndarray, low: float, high: float, soft: float) -> np.ndarray:
    """All with low <= |k| <= high."""
    k = np.hypot(ky[:, None], kx)
    width = soft * (high - low if np.isfinite(high) else low)
    inside = 1 - edge(k, low, width) if low > 0 else np.ones_like(k, np.float32)
    return symmetric(inside if np.isinf(high) else np.minimum(inside, edge(k, high, width)))


def beyond_line(
    ky: np.ndarray, kx: np.ndarray, angle: float, distance: float, soft: float
) -> np.ndarray:
    """All beyond a line with this normal (radians) and distance, and its mirror image."""
    along = np.abs(np.sin(angle) * ky[:, None] + np.cos(angle) * kx)
    return symmetric(1 - edge(along, distance, soft * distance))


def symmetric(mask: np.ndarray) -> np.ndarray:
    """Make a mask alike at k and -k where an even size has its edge on one side only."""
    for index, size in enumerate(mask.shape):
        if size % 2 == 0:
            first = [slice(None)] * 2
            first[index] = slice(0, 1)
            strip = mask[tuple(first)]
            other = np.flip(strip, 1 - index)
            if mask.shape[1 - index] % 2 == 0:
                other = np.roll(other, 1, 1 - index)
            mask[tuple(first)] = np.maximum(strip, other)
    return mask


def lattice_points(g: np.ndarray, reach: tuple[float, float]) -> np.ndarray:
    """Points of the lattice that vectors (n, 2) span, the origin left out, within +-reach."""
    basis = _basis(g)
    corners = np.array([(y, x) for y in (-1, 1) for x in (-1, 1)]) * np.array(reach)
    most = np.ceil(np.abs(np.linalg.solve(basis.T, corners.T)).max(axis=1)).astype(int)
    n = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1)
    points = n.reshape(-1, 2) @ basis
    inside = (np.abs(points) <= np.array(reach)).all(axis=1) & (np.abs(points).max(axis=1) > 0)
    return points[inside]


def _basis(g: np.ndarray) -> np.ndarray:
    """Two vectors, from the shortest up, fitted to all vectors that they number well."""
    order = g[np.argsort(np.hypot(*g.T))]
    first = order[0]
    turned = np.abs(order[:, 0] * first[1] - order[:, 1] * first[0])
    lengths = np.hypot(*order.T) * np.hypot(*first)
    second = order[np.flatnonzero(turned > 0.1 * lengths)][:1]
    second = order[[np.argmax(turned / lengths)]] if not len(second) else second
    basis = np.vstack([first, second])
    n = np.rint(np.linalg.solve(basis.T, g.T)).T
    near = np.abs(n @ basis - g).max(axis=1) < 0.1 * np.hypot(*first)
    return np.linalg.lstsq(n[near], g[near], rcond=None)[0]


def shortest_distance(points: np.ndarray) -> float:
    """Shortest distance between points, their mates and the origin."""
    every = np.concatenate([points, -points, np.zeros((1, 2))])
    apart = cKDTree(every).query(every, k=2)[0][:, 1]
    return float(apart[apart > 1e-9 * apart.max()].min())
