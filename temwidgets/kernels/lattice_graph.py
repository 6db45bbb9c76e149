"""Number the cells of a crystal by walking from column to column.

Steps are local, so that strain, drift and row offsets that add up over the image do no harm: a
column is expected one lattice vector away from its partner, not at its place in a perfect lattice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from temwidgets.kernels.lattice_search import BENT, TOLERANCE

STEPS = np.array([(1, 0), (0, 1), (1, 1), (1, -1)])
FEWEST = 6  # columns of a piece whose place in the cell is told from it alone
SITE = 0.35  # of the neighbour distance, between columns of one site
SPREAD = 0.25  # of the neighbour distance, of a piece's place in the cell, for it to continue
BOX = 4.0  # of the neighbour distance, side of a neighbourhood
AROUND = 6  # indexed columns that an unindexed one is placed by


class Indexed(NamedTuple):
    """Cell numbers of columns."""

    cells: np.ndarray  # (n, 2) whole numbers as floats, NaN off the lattice
    site: np.ndarray  # (n,) int, -1 off the lattice
    piece: np.ndarray  # (n,) 0 the main crystal, 1, 2... others, -1 none
    fractions: np.ndarray  # (s, 2) places of the sites in the cell, first (0, 0)


def index(points: np.ndarray, basis: np.ndarray, unit: float) -> Indexed:
    """Number the cells and tell the sites of a crystal of given vectors.

    Parameters
    ----------
    points : ndarray, (n, 2)
        Places (y, x).
    basis : ndarray, (2, 2)
        Rows a and b, each (y, x); a few percent off does no harm.
    unit : float
        Distance of nearest neighbours.
    """
    cells, label = _walk(points, basis, unit)
    sizes = np.bincount(label)
    main = label == np.argmax(sizes)
    inverse = np.linalg.inv(basis)
    offsets, spread, within = _offsets(points, cells, label, main, inverse, basis)
    allowed = SPREAD * unit
    site, piece = np.full(len(points), -1), np.full(len(points), -1)
    fractions = np.zeros((0, 2))
    others = 1
    for k in np.argsort(-sizes, kind="stable"):
        if sizes[k] < FEWEST:
            break
        members = label == k
        continues = sizes[k] == sizes.max() or spread[k] < allowed
        # a site lies among the main crystal's columns; what lies beside them is another domain
        among = within[k] > 0.5 and sizes[k] > 0.1 * main.sum()
        number, fractions = _site_of(offsets[k], fractions, basis, unit, continues, among)
        if number < 0:
            piece[members] = others
            others += 1
            continue
        cells[members] += np.rint(offsets[k] - fractions[number])
        site[members], piece[members] = number, 0
    cells[site < 0] = np.nan
    return _complete(points, basis, unit, Indexed(cells, site, piece, fractions))


def _walk(points: np.ndarray, basis: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Cell numbers (n, 2) up to a constant in each connected piece, and the pieces' labels (n,)."""
    count = len(points)
    start, end, step, length = _edges(points, basis, unit)
    # weights of zero would mean no edge
    graph = sparse.coo_matrix((length + 1e-6 * unit, (start, end)), (count, count)).tocsr()
    tree = csgraph.minimum_spanning_tree(graph)
    pieces, label = csgraph.connected_components(tree, directed=False)
    # one more node, joined to the first column of each piece, makes it one tree
    first = np.zeros(pieces, int)
    first[label[::-1]] = np.arange(count)[::-1]
    roots = sparse.coo_matrix((np.ones(pieces), (np.full(pieces, count), first)), (count + 1,) * 2)
    tree.resize((count + 1, count + 1))
    _, before = csgraph.breadth_first_order(tree + roots, count, directed=False)
    before = before.astype(int)
    before[count] = count
    moved = np.zeros((count + 1, 2))
    inner = np.flatnonzero(before[:count] < count)
    moved[inner] = _step_between(before[inner], inner, start, end, step, count)
    # pointers double their reach until all point to the root
    while (before != count).any():
        moved += moved[before]
        before = before[before]
    return moved[:count], label


def _edges(
    points: np.ndarray, basis: np.ndarray, unit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of columns a lattice step apart: start, end, step (m, 2), and how far off they are."""
    tree = cKDTree(points)
    parts = []
    for step in STEPS:
        vector = step @ basis
        distance, end = tree.query(
            points + vector, distance_upper_bound=TOLERANCE * unit, workers=-1
        )
        start = np.flatnonzero(np.isfinite(distance))
        end, distance = end[start], distance[start]
        # of several that end on one column, the one that comes nearest
        order = np.argsort(distance, kind="stable")
        mutual = np.zeros(len(end), bool)
        mutual[order[np.unique(end[order], return_index=True)[1]]] = True
        mutual[mutual] = _one_crystal(points[start[mutual]], points[end[mutual]], vector, unit)
        # diagonals bridge gaps only: they are the less certain steps
        far = np.hypot(*vector) / np.hypot(*basis.T).min() if step.all() else 1.0
        parts.append(
            (
                start[mutual],
                end[mutual],
                np.tile(step, (mutual.sum(), 1)),
                distance[mutual] * max(far, 1.0),
            )
        )
    start, end, step, length = (np.concatenate(p) for p in zip(*parts, strict=True))
    return start, end, step, length


def _one_crystal(start: np.ndarray, end: np.ndarray, vector: np.ndarray, unit: float) -> np.ndarray:
    """Tell which steps (m,) lie where steps are, on the mean of a neighbourhood, as expected.

    A single step may be far off, for noise; all steps of another grain are, alike. Neighbourhoods
    are boxes, of two grids half a box apart: a good step shares its box with others of its crystal
    in one of them.
    """
    off, side = end - start - vector, BOX * unit
    fair = np.zeros(len(start), bool)
    for corner in (0.0, 0.5):
        row, col = np.floor((start - start.min(axis=0, initial=np.inf)) / side + corner).T.astype(
            int
        )
        box = row * (col.max(initial=0) + 1) + col
        count = np.maximum(np.bincount(box), 1)
        mean = np.stack([np.bincount(box, o) / count for o in off.T], axis=1)
        fair |= np.hypot(*mean[box].T) < BENT * np.hypot(*vector)
    return fair


def _step_between(
    one: np.ndarray, two: np.ndarray, start: np.ndarray, end: np.ndarray, step: np.ndarray, n: int
) -> np.ndarray:
    """Step (m, 2) from column `one` to `two`, either way along an edge."""
    key = np.concatenate([start * n + end, end * n + start])
    both = np.concatenate([step, -step])
    order = np.argsort(key)
    return both[order[np.searchsorted(key, one * n + two, sorter=order)]]


def _offsets(
    points: np.ndarray,
    cells: np.ndarray,
    label: np.ndarray,
    main: np.ndarray,
    inverse: np.ndarray,
    basis: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each piece's cell numbers less the main one's: median (k, 2), and spread as a length (k,).

    Every column is compared with the main columns around it, so that strain drops out. Last comes
    the fraction of each piece's columns that have main columns around them.
    """
    rows = np.flatnonzero(main)
    distance, near = cKDTree(points[rows]).query(points, k=min(4, len(rows)))
    distance, near = np.atleast_2d(distance.T).T, np.atleast_2d(near.T).T
    partner = rows[near]
    apart = (points[:, None] - points[partner]) @ inverse + cells[partner] - cells[:, None]
    offset = apart.mean(axis=1)
    close = distance[:, 0] < 2.5 * np.hypot(*basis.T).max()
    pieces = label.max() + 1
    middle, spread = np.zeros((pieces, 2)), np.full(pieces, np.inf)
    within = np.zeros(pieces)
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], np.arange(pieces + 1))
    for k in np.flatnonzero(np.diff(bounds) >= FEWEST):
        members = order[bounds[k] : bounds[k + 1]]
        chosen = members[close[members]]
        within[k] = len(chosen) / len(members)
        if len(chosen) < max(3, 0.05 * len(members)):
            continue
        middle[k] = np.median(offset[chosen], axis=0)
        wide = np.hypot(*((offset[chosen] - middle[k]) @ basis).T)
        spread[k] = np.median(wide)
    return middle, spread, within


def _site_of(
    offset: np.ndarray,
    fractions: np.ndarray,
    basis: np.ndarray,
    unit: float,
    continues: bool,
    among: bool,
) -> tuple[int, np.ndarray]:
    """Number of the site at an offset, -1 for none, and the sites, this one put in if new."""
    if not continues:
        return -1, fractions
    if len(fractions):
        apart = offset - fractions
        apart -= np.rint(apart)
        distance = np.hypot(*(apart @ basis).T)
        if distance.min() < SITE * unit:
            return int(distance.argmin()), fractions
        if not among:
            return -1, fractions
    return len(fractions), np.concatenate([fractions, (offset % 1.0)[None]])


def _complete(points: np.ndarray, basis: np.ndarray, unit: float, found: Indexed) -> Indexed:
    """Index columns that no step reached, by those around; of two on one place keep the nearer."""
    known = np.flatnonzero(found.site >= 0)
    if len(known) == 0:
        return found
    fractions = found.fractions
    place = found.cells + fractions[np.maximum(found.site, 0)]
    count = min(AROUND + 1, len(known))
    distance, near = cKDTree(points[known]).query(points, k=count)
    distance, near = distance.reshape(len(points), -1), near.reshape(len(points), -1)
    partner = known[near]
    own = partner == np.arange(len(points))[:, None]
    inverse = np.linalg.inv(basis)
    here = (points[:, None] - points[partner]) @ inverse + place[partner]
    weight = np.where(own, 0, 1 / (distance + 0.1 * unit) ** 2)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-30)
    here = np.einsum("nk,nkc->nc", weight, here)
    apart = here[:, None] - fractions
    off = np.hypot(*((apart - np.rint(apart)) @ basis).T).T
    nearest = off.argmin(axis=1)
    miss = off[np.arange(len(points)), nearest]
    cells, site, piece = found.cells.copy(), found.site.copy(), found.piece.copy()
    reached = distance[:, 0] < 1.8 * unit
    reached |= own.any(axis=1)
    new = (site < 0) & (piece < 1) & (miss < SITE * unit) & reached
    cells[new] = np.rint(here[new] - fractions[nearest[new]])
    site[new], piece[new] = nearest[new], 0
    taken = np.flatnonzero(site >= 0)
    expected = cells[taken] + fractions[site[taken]]
    miss = np.hypot(*((here[taken] - expected) @ basis).T)
    order = taken[np.lexsort((miss, *cells[taken].T, site[taken]))]
    same = (np.diff(cells[order], axis=0) == 0).all(axis=1) & (np.diff(site[order]) == 0)
    extra = order[1:][same]
    cells[extra], site[extra], piece[extra] = np.nan, -1, -1
    return Indexed(cells, site, piece, fractions)
