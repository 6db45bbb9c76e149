"""Link points of one frame to those of the next."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import KDTree


def link(here: np.ndarray, there: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Pair points so that the sum of squared distances is least; alone costs `reach` squared.

    Parameters
    ----------
    here, there : ndarray, (n, 2) and (m, 2)
        Finite.
    reach : float
        Greatest distance of a pair.

    Returns
    -------
    ndarray, ndarray of int
        Rows of `here` and of `there` that belong together.

    Notes
    -----
    The cost is that of Crocker & Grier, J. Colloid Interface Sci. 179 (1996) 298; the optimum over
    all points at once is found on the sparse graph of possible pairs (Jonker & Volgenant,
    Computing 38 (1987) 325).
    """
    n, m = len(here), len(there)
    if not (n and m):
        return np.empty(0, int), np.empty(0, int)
    near = KDTree(here).sparse_distance_matrix(KDTree(there), reach, output_type="coo_matrix")
    # every point may also stay alone; ones are added, for a cost of 0 would be no edge
    rows = np.concatenate([near.row, np.arange(n)])
    cols = np.concatenate([near.col, m + np.arange(n)])
    cost = np.concatenate([1 + (near.data / reach) ** 2, np.full(n, 2.0)])
    graph = coo_array((cost, (rows, cols)), shape=(n, m + n)).tocsr()
    row, col = min_weight_full_bipartite_matching(graph)
    return row[col < m], col[col < m]


class Trails:
    """Trajectories that grow frame by frame.

    Parameters
    ----------
    reach : float
        Greatest distance from the place where a trajectory was seen last.
    gap : int
        Frames it may be out of sight.
    """

    def __init__(self, reach: float, gap: int) -> None:
        self.reach, self.gap = reach, gap
        self.places = np.empty((0, 2))
        self.last = np.empty(0, int)

    def add(self, frame: int, points: np.ndarray) -> np.ndarray:
        """Take in the points (n, 2) of the next frame; return the trajectory of each, (n,)."""
        alive = np.flatnonzero(frame - self.last <= self.gap + 1)
        trail = np.full(len(points), -1)
        usable = np.flatnonzero(np.isfinite(points).all(axis=1))
        old, new = link(self.places[alive], points[usable], self.reach)
        trail[usable[new]] = alive[old]
        fresh = usable[trail[usable] < 0]
        trail[fresh] = len(self.places) + np.arange(fresh.size)
        self.places = np.concatenate([self.places, points[fresh]])
        self.last = np.concatenate([self.last, np.full(fresh.size, frame)])
        seen = trail >= 0
        self.places[trail[seen]], self.last[trail[seen]] = points[seen], frame
        return trail
