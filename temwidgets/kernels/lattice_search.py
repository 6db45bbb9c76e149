"""Find the translations of a crystal from the places of its columns.

A translation carries (almost) every column to a column of its kind. Candidates are the places
where the differences between neighbours pile up; each is judged by how many columns it carries to
a column, and by how alike the two are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

NEIGHBOURS = 48  # differences are taken to so many
SAMPLE = 4000  # columns that candidates are judged by
BIN = 0.05  # of the neighbour distance
BLUR = 1.0  # bins: strain and scan errors spread the differences
APART = 0.3  # of the neighbour distance, between maxima; two grains may be turned by little
CORE = 0.15  # of the neighbour distance, round a maximum: what its place is told by
TOLERANCE = 0.3  # of the neighbour distance, to the place where a column is expected
AROUND = 12  # neighbours that tell whether a translation holds in a place
BENT = 0.13  # of a step: strain and turn, on the mean of a neighbourhood, within one crystal
HOLDS = (0.85, 0.7, 0.58)  # of them carried to a column, where it holds; one kind of two: half
CRYSTAL = 0.35  # of the columns, where both vectors of a basis hold
TOLD_APART = 0.6  # variance over chance below which kinds are told apart at all


class Translations(NamedTuple):
    """Candidates and what speaks for them."""

    vectors: np.ndarray  # (k, 2), one of each pair of opposites, shortest first
    share: np.ndarray  # (k, m) of the columns around each of m that are carried to a column
    unlike: np.ndarray  # (k,) variance of the difference in kind over that of chance pairs


def neighbour_distance(points: np.ndarray) -> float:
    """Median distance to the nearest neighbour."""
    return float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))


def relative_brightness(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Log of positive values less its mean over the neighbourhood; thickness drops out."""
    known = np.isfinite(values) & (values > 0)
    if known.sum() < 24:
        return np.zeros(len(points))
    logs = np.where(known, np.log(np.where(known, values, 1)), np.nan)
    logs = np.where(known, logs, np.nanmedian(logs))
    near = cKDTree(points).query(points, k=min(24, len(points)))[1]
    return logs - logs[near].mean(axis=1)


def translations(points: np.ndarray, kind: np.ndarray) -> Translations:
    """Find the vectors that carry columns to columns.

    Parameters
    ----------
    points : ndarray, (n, 2)
        Places (y, x).
    kind : ndarray, (n, k)
        What tells columns apart, such as brightness; like kinds have like numbers.
    """
    unit = neighbour_distance(points)
    rng = np.random.default_rng(0)
    sample = np.sort(rng.permutation(len(points))[:SAMPLE])
    tree = cKDTree(points)
    vectors = _piled_up(points, tree, sample, unit)
    around = _neighbourhoods(points[sample])
    share, unlike = np.zeros((len(vectors), len(sample))), np.ones(len(vectors))
    chance = kind[rng.permutation(len(points))[: len(sample)]] - kind[sample]
    scale = np.maximum(np.mean(chance**2, axis=0), 1e-12)
    for k, vector in enumerate(vectors):
        distance, partner = tree.query(points[sample] + vector)
        inside, found = distance < unit, distance < TOLERANCE * unit
        # carried out of the image, a column tells nothing
        told = inside[around].sum(axis=1)
        share[k] = np.where(told < AROUND / 3, 0, found[around].sum(axis=1) / np.maximum(told, 1))
        if not found.any():
            continue
        off = np.where(found[:, None], points[partner % len(points)] - points[sample] - vector, 0)
        core = found & (np.hypot(*off.T) < CORE * unit)
        moved = np.mean(off[core], axis=0) if core.any() else np.zeros(2)
        vectors[k] = vector + moved
        # strain bends a crystal a little; another grain is off everywhere
        mean = off[around].sum(axis=1) / np.maximum(found[around].sum(axis=1), 1)[:, None]
        share[k] *= np.hypot(*(mean - moved).T) < BENT * np.hypot(*vector)
        apart = kind[sample[found]] - kind[partner[found]]
        unlike[k] = np.max(np.mean(apart**2, axis=0) / scale)
    return Translations(vectors, share, unlike)


def _neighbourhoods(points: np.ndarray) -> np.ndarray:
    """(n, k) indices of the nearest points, each point itself first."""
    return cKDTree(points).query(points, k=min(AROUND + 1, len(points)))[1]


def _piled_up(points: np.ndarray, tree: cKDTree, sample: np.ndarray, unit: float) -> np.ndarray:
    """Maxima (k, 2) of the density of differences, in one half plane, shortest first."""
    count = min(NEIGHBOURS + 1, len(points))
    distance, near = tree.query(points[sample], k=count)
    apart = (points[near[:, 1:]] - points[sample][:, None]).reshape(-1, 2)
    # beyond the distance that all columns have neighbours to, the density is cut off
    reach = float(np.median(distance[:, -1]))
    apart = apart[np.hypot(*apart.T) < reach]
    edges = np.arange(-reach - 3 * unit * BIN, reach + 4 * unit * BIN, BIN * unit)
    both = np.concatenate([apart, -apart])
    counts, _, _ = np.histogram2d(both[:, 0], both[:, 1], bins=(edges, edges))
    density = ndimage.gaussian_filter(counts, BLUR)
    top = density == ndimage.maximum_filter(density, size=int(APART / BIN) | 1)
    top &= density > 0.15 * density.max()
    centres = (edges[:-1] + edges[1:]) / 2
    row, col = np.nonzero(top)
    vectors = np.stack([centres[row], centres[col]], axis=1)
    upper = (vectors[:, 1] > 0.5 * BIN * unit) | (
        (abs(vectors[:, 1]) <= 0.5 * BIN * unit) & (vectors[:, 0] > 0)
    )
    vectors = vectors[upper & (np.hypot(*vectors.T) > 0.4 * unit)]
    return vectors[np.argsort(np.hypot(*vectors.T))]


def shortest_basis(found: Translations) -> np.ndarray | None:
    """Return the two vectors (2, 2) of least area that hold together in a good part; or None.

    A larger cell may hold in more of the image: two grains have the cell of their coincidences.
    Disorder is allowed for only where no basis holds without.
    """
    for level in HOLDS:
        holds = found.share >= level
        good = holds.mean(axis=1) >= CRYSTAL / 2
        good[good] = _of_one_kind(found.unlike[good])
        basis = _least_pair(found.vectors[good], holds[good])
        if basis is not None:
            return basis
    return None


def _of_one_kind(unlike: np.ndarray) -> np.ndarray:
    """Tell which vectors carry columns to columns of their kind.

    Of a crystal of several kinds, the vectors that mix them make pairs that differ more than chance
    pairs do, since the mean over all vectors is chance.
    """
    best = unlike.min(initial=1.0)
    limit = np.inf if best > TOLD_APART else 1 - 0.15 * (1 - best)
    return np.asarray(unlike <= limit)


def _least_pair(vectors: np.ndarray, holds: np.ndarray) -> np.ndarray | None:
    pairs = []
    for i, j in zip(*np.triu_indices(min(len(vectors), 24), 1), strict=True):
        area = abs(np.linalg.det(vectors[[i, j]]))
        if area > 0.2 * np.hypot(*vectors[i]) * np.hypot(*vectors[j]):
            pairs.append((area, float((holds[i] & holds[j]).mean()), i, j))
    good = [p for p in pairs if p[1] >= CRYSTAL]
    if not good:
        return None
    least = min(area for area, _, _, _ in good)
    alike = [p for p in good if p[0] < 1.1 * least]
    _, _, i, j = max(alike, key=lambda p: p[1])
    return vectors[[i, j]]


def reduced(basis: np.ndarray) -> np.ndarray:
    """Shortest equivalent basis; a points right, b down, at 90 degrees or more.

    Lagrange-Gauss reduction (Nguyen & Stehle, ACM Trans. Algorithms 5, 46 (2009), section 2).
    """
    a, b = sorted(np.array(basis, float), key=lambda v: np.hypot(*v))
    for _ in range(100):
        b = b - np.rint((a @ b) / (a @ a)) * a
        if b @ b >= a @ a * (1 - 1e-9):
            break
        a, b = b, a
    # a hexagonal lattice has a third vector as short, and its cell is told by 120 degrees
    third = b - np.sign(a @ b) * a if a @ b else a + b
    choices = [a, b] + ([third] if np.hypot(*third) < 1.08 * np.hypot(*b) else [])
    right = max(choices, key=lambda v: abs(v[1]) / np.hypot(*v))
    rest = [v for v in choices if v is not right]
    a = right if right[1] >= 0 else -right
    # of what is left, the one that opens 90 degrees or more downwards
    downs = [v if v[0] >= 0 else -v for v in rest]
    return np.array([a, min(downs, key=lambda v: a @ v / np.hypot(*v))])


def centred(basis: np.ndarray) -> np.ndarray | None:
    """Rectangular cell (2, 2) of twice the area; None where none is within 2 degrees of square."""
    numbers = np.array([(i, j) for i in range(-2, 3) for j in range(-2, 3) if (i, j) > (0, 0)])
    vectors = numbers @ basis
    best, least = None, np.inf
    for i, j in zip(*np.triu_indices(len(vectors), 1), strict=True):
        ratio = abs(np.linalg.det(numbers[[i, j]]))
        lengths = np.hypot(*vectors[[i, j]].T)
        cosine = abs(vectors[i] @ vectors[j]) / lengths.prod()
        if round(ratio) == 2 and cosine < np.sin(np.deg2rad(2)) and lengths.sum() < least:
            best, least = vectors[[i, j]], lengths.sum()
    return None if best is None else _towards_axes(best)


def _towards_axes(basis: np.ndarray) -> np.ndarray:
    a, b = basis if abs(basis[0, 1]) >= abs(basis[1, 1]) else basis[::-1]
    return np.array([a if a[1] >= 0 else -a, b if b[0] >= 0 else -b])
