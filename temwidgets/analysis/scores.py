"""Compare found columns with true ones: optimal matching and the usual scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import KDTree

from temwidgets.conventions import check_columns, length_unit, quantity

UNMATCHED_COST = 1e6
"""Price of leaving a column alone, so high that as many pairs as possible are made."""


def match_columns(found: xr.Dataset, true: xr.Dataset, *, radius: float) -> xr.Dataset:
    """Pair found with true columns, each at most once.

    Of all ways to pair columns no farther apart than `radius` the one with most pairs is taken,
    and among those the one with the least sum of distances (Jonker and Volgenant's algorithm on
    the sparse graph of possible pairs, Computing 38 (1987) 325).

    Parameters
    ----------
    found, true : Dataset, dim column
        Columns in the same length unit.
    radius : float
        Greatest distance of a pair, in that unit.

    Returns
    -------
    Dataset, dim pair
        ``found`` and ``true`` (labels), ``dy`` and ``dx`` (found minus true), ``distance``.

    Raises
    ------
    ValueError
        If `radius` is not positive, or the length units differ.
    """
    here, there = _positions(found, true, radius)
    i, j = _assign(here, there, radius)
    step = here[i] - there[j]
    unit = length_unit(found)
    return xr.Dataset(
        {
            "found": quantity("pair", found["column"].values[i], "1", "label of the found column"),
            "true": quantity("pair", true["column"].values[j], "1", "label of the true column"),
            "dy": quantity("pair", step[:, 0], unit, "y of found minus true"),
            "dx": quantity("pair", step[:, 1], unit, "x of found minus true"),
            "distance": quantity("pair", np.hypot(*step.T), unit, "distance"),
        },
        attrs={"radius": float(radius)},
    )


def score_columns(found: xr.Dataset, true: xr.Dataset, *, radius: float) -> xr.Dataset:
    """Score found columns against true ones.

    Parameters
    ----------
    found, true : Dataset, dim column
        Columns in the same length unit.
    radius : float
        A found column counts when it is this near to a true one of its own, in that unit.

    Returns
    -------
    Dataset of numbers
        ``n_found``, ``n_true``, ``n_matched``; ``precision`` (matched / found), ``recall``
        (matched / true), ``f1`` (their harmonic mean), ``jaccard`` (matched / (found + true -
        matched)), all 1 where there is nothing to get wrong; ``rmse`` of the position of matched
        columns (root mean square distance); ``chamfer`` (mean distance from a found column to
        the nearest true one, plus the same the other way round).

    Raises
    ------
    ValueError
        If `radius` is not positive, or the length units differ.
    """
    pairs = match_columns(found, true, radius=radius)
    counts = found.sizes["column"], true.sizes["column"], pairs.sizes["pair"]
    squares = float((pairs["distance"].values ** 2).sum())
    chamfer = _chamfer(*_positions(found, true, radius))
    return _scores(*counts, squares, chamfer, length_unit(found)).assign_attrs(pairs.attrs)


def pool_scores(scores: Sequence[xr.Dataset]) -> xr.Dataset:
    """Score several images together: each column counts alike, each image for the Chamfer distance.

    Parameters
    ----------
    scores : sequence of Dataset
        From `score_columns`, of one length unit.

    Returns
    -------
    Dataset of numbers
        As from `score_columns`.

    Raises
    ------
    ValueError
        If there are none, or their length units differ.
    """
    units = {str(one["rmse"].attrs["units"]) for one in scores}
    if len(units) != 1:
        raise ValueError(
            "Scores of one image or more in the same length unit can be pooled, but"
            f" {len(scores)} came, in {', '.join(sorted(units)) or 'no unit'}."
        )
    found, true, hits = (
        sum(int(one[name]) for one in scores) for name in ("n_found", "n_true", "n_matched")
    )
    squares = sum(int(s["n_matched"]) * float(s["rmse"]) ** 2 for s in scores if s["n_matched"])
    known = [float(s["chamfer"]) for s in scores if np.isfinite(s["chamfer"])]
    chamfer = float(np.mean(known)) if known else float("nan")
    return _scores(found, true, hits, squares, chamfer, units.pop())


def _scores(
    found: int, true: int, hits: int, squares: float, chamfer: float, unit: str
) -> xr.Dataset:
    scores = {
        "n_found": (found, "1", "found columns"),
        "n_true": (true, "1", "true columns"),
        "n_matched": (hits, "1", "matched columns"),
        "precision": (_ratio(hits, found), "1", "matched / found"),
        "recall": (_ratio(hits, true), "1", "matched / true"),
        "f1": (_ratio(2 * hits, found + true), "1", "F1 score"),
        "jaccard": (_ratio(hits, found + true - hits), "1", "Jaccard index"),
        "rmse": (np.sqrt(squares / hits) if hits else np.nan, unit, "position RMSE"),
        "chamfer": (chamfer, unit, "Chamfer distance"),
    }
    return xr.Dataset({name: quantity((), *value) for name, value in scores.items()})


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _positions(found: xr.Dataset, true: xr.Dataset, radius: float) -> tuple[np.ndarray, np.ndarray]:
    found, true = check_columns(found), check_columns(true)
    if not radius > 0:
        raise ValueError(f"radius is a length and must be positive, but {radius!r} came.")
    if length_unit(found) != length_unit(true):
        raise ValueError(
            f"Found columns are in {length_unit(found)} and true ones in {length_unit(true)};"
            " bring both to the same length unit."
        )
    here, there = (np.column_stack([c["y"].values, c["x"].values]) for c in (found, true))
    return here, there


def _assign(here: np.ndarray, there: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    n, m = len(here), len(there)
    # a failed fit leaves NaN positions: these stay unmatched
    i, j = (np.flatnonzero(np.isfinite(p).all(axis=1)) for p in (here, there))
    if not (i.size and j.size):
        return np.empty(0, int), np.empty(0, int)
    near = KDTree(here[i]).sparse_distance_matrix(
        KDTree(there[j]), radius, output_type="coo_matrix"
    )
    row, col, apart = i[near.row], j[near.col], near.data / radius
    # where neither has another choice there is nothing to weigh, and it is nearly everywhere
    alone = (np.bincount(row, minlength=n)[row] == 1) & (np.bincount(col, minlength=m)[col] == 1)
    others = _weigh(row[~alone], col[~alone], apart[~alone])
    row, col = (np.concatenate(pair) for pair in zip((row[alone], col[alone]), others, strict=True))
    order = np.argsort(row)
    return row[order], col[order]


def _weigh(row: np.ndarray, col: np.ndarray, apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Choose, of possible pairs, as many as can be, and of equally many the nearest."""
    found, row = np.unique(row, return_inverse=True)
    true, col = np.unique(col, return_inverse=True)
    n, m = len(found), len(true)
    if not n:
        return found, true
    # every found column may also take a partner of its own that stands for "none"
    rows = np.concatenate([row, np.arange(n)])
    cols = np.concatenate([col, m + np.arange(n)])
    cost = np.concatenate([1 + apart, np.full(n, UNMATCHED_COST)])
    graph = coo_array((cost, (rows, cols)), shape=(n, m + n)).tocsr()
    row, col = min_weight_full_bipartite_matching(graph)
    return found[row[col < m]], true[col[col < m]]


def _chamfer(here: np.ndarray, there: np.ndarray) -> float:
    here, there = (p[np.isfinite(p).all(axis=1)] for p in (here, there))
    if not (len(here) and len(there)):
        return float("nan")
    return float(KDTree(there).query(here)[0].mean() + KDTree(here).query(there)[0].mean())
