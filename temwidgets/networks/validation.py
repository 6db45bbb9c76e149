"""How well columns were found: counted against the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from temwidgets.networks.batches import Pair
from temwidgets.networks.prediction import predict
from temwidgets.networks.store import Network

_TOLERANCE = 0.35  # of the spacing


class Score(NamedTuple):
    """Counts and distances; rates from them."""

    right: int
    found: int
    true: int
    squares: float  # sum over the right ones of the squared distance, px²
    chamfer: float  # mean distance to the nearest of the others, both ways, px

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / self.found if self.found else float(self.true == 0)

    @property
    def recall(self) -> float:
        """Share of the true ones that were found."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where nothing is, and nothing was found."""
        total = self.found + self.true
        return 2 * self.right / total if total else 1.0

    @property
    def jaccard(self) -> float:
        """Right ones over all, found or true."""
        union = self.found + self.true - self.right
        return self.right / union if union else 1.0

    @property
    def rmse(self) -> float:
        """Root mean square distance of the right ones, along one axis, px."""
        return float(np.sqrt(self.squares / (2 * self.right))) if self.right else float("nan")


def score_places(found: np.ndarray, true: np.ndarray, tolerance: float) -> Score:
    """Match each place (n, 2) with at most one true place nearer than `tolerance`."""
    if not len(found) or not len(true):
        return Score(0, len(found), len(true), 0.0, float("nan"))
    apart, index = KDTree(true).query(found, k=min(4, len(true)), distance_upper_bound=tolerance)
    gaps = _assigned(apart.reshape(len(found), -1), index.reshape(len(found), -1))
    there = KDTree(true).query(found)[0].mean()
    back = KDTree(found).query(true)[0].mean()
    return Score(len(gaps), len(found), len(true), float((gaps**2).sum()), float(there + back) / 2)


def _assigned(apart: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Distances of the matches: nearest first, each place once."""
    rows, slots = np.nonzero(np.isfinite(apart))
    gaps, cols = apart[rows, slots], index[rows, slots]
    used_rows: set[int] = set()
    used_cols: set[int] = set()
    kept = []
    for k in np.argsort(gaps, kind="stable").tolist():
        if int(rows[k]) not in used_rows and int(cols[k]) not in used_cols:
            used_rows.add(int(rows[k]))
            used_cols.add(int(cols[k]))
            kept.append(k)
    return gaps[kept]


def total(scores: Iterable[Score]) -> Score:
    """Pool scores of several images."""
    right, found, true, squares, chamfer = (np.array(v) for v in zip(*scores, strict=True))
    mean = float(np.nanmean(chamfer)) if np.isfinite(chamfer).any() else float("nan")
    return Score(int(right.sum()), int(found.sum()), int(true.sum()), float(squares.sum()), mean)


def score_pairs(
    network: Network, pairs: Sequence[Pair], *, threshold: float | None = None
) -> Score:
    """Apply a network to the images of pairs and count against their columns."""
    cut = network.card.get("threshold", 0.3) if threshold is None else threshold
    scores = []
    for pair in pairs:
        spacing = _spacing(pair.columns)
        guess = () if np.isnan(spacing) else (spacing,)
        found = predict(network, pair.image, spacings=guess).columns(cut)
        tolerance = _TOLERANCE * (6.0 if np.isnan(spacing) else spacing)
        scores.append(score_places(found.place, pair.columns, tolerance))
    return total(scores)


def _spacing(columns: np.ndarray) -> float:
    if len(columns) < 2:
        return float("nan")
    return float(np.mean(KDTree(columns).query(columns, k=2)[0][:, 1]))
