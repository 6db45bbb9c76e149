"""A smooth line through noisy values, as smooth as the values themselves ask for, with its error.

Cubic B-splines with a penalty on second differences of their coefficients (P. Eilers & B. Marx,
Stat. Sci. 11 (1996) 89): straight lines are free. The weight of the penalty is chosen by restricted
maximum likelihood (S. Wood, J. R. Stat. Soc. B 73 (2011) 3), and the standard error is that of the
Bayesian posterior (G. Wahba, J. R. Stat. Soc. B 45 (1983) 133), which holds across the line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import cho_factor, cho_solve

_DEGREE = 3
_FREE = 2  # a straight line costs nothing
_STIFFNESS = np.logspace(-4, 10, 57)


class SmoothLine(NamedTuple):
    """The line and its standard error at the places asked for; scatter of a value of weight 1."""

    values: np.ndarray
    error: np.ndarray
    scatter: float


def smooth_line(
    place: np.ndarray, values: np.ndarray, weights: np.ndarray, at: np.ndarray, pieces: int
) -> SmoothLine:
    """Fit a smooth line.

    Parameters
    ----------
    place, values, weights : ndarray, (n,)
        At least four different places; the variance of a value is taken to be one over its weight
        times a common factor, which is found.
    at : ndarray, (m,)
        Where the line is wanted; beyond the places it goes on straight.
    pieces : int
        Pieces of the spline over all places, at least as many as bends that could be there.
    """
    low, high = min(place.min(), at.min()), max(place.max(), at.max())
    step = (place.max() - place.min()) / pieces or 1.0
    count = int(np.ceil((high - low) / step + 1e-9))
    knots = low + step * np.arange(-_DEGREE, count + _DEGREE + 1)
    basis, wanted = (BSpline.design_matrix(p, knots, _DEGREE).toarray() for p in (place, at))
    bends = np.diff(np.eye(basis.shape[1]), 2, axis=0)
    penalty, gram = bends.T @ bends, basis.T @ (weights[:, None] * basis)
    target = basis.T @ (weights * values)
    scale = np.trace(gram) / np.trace(penalty)
    tried = [
        (_criterion(gram, penalty, scale * s, target, weights @ values**2, place.size), s)
        for s in _STIFFNESS
    ]
    chosen = scale * min(tried)[1]
    factor = cho_factor(_ridged(gram + chosen * penalty))
    found = cho_solve(factor, target)
    scatter = max(float(weights @ values**2 - target @ found), 0.0) / max(place.size - _FREE, 1)
    spread = np.einsum("ij,ji->i", wanted, cho_solve(factor, wanted.T))
    return SmoothLine(wanted @ found, np.sqrt(scatter * np.maximum(spread, 0)), float(scatter**0.5))


def _criterion(
    gram: np.ndarray,
    penalty: np.ndarray,
    stiffness: float,
    target: np.ndarray,
    squares: float,
    count: int,
) -> float:
    """Return twice the negative log of the restricted likelihood, but for constants."""
    whole = _ridged(gram + stiffness * penalty)
    factor = cho_factor(whole)
    left = max(float(squares - target @ cho_solve(factor, target)), 1e-300)
    rank = len(gram) - _FREE
    logs = 2 * np.log(np.diag(factor[0])).sum() - rank * np.log(stiffness)
    return float((count - _FREE) * np.log(left) + logs)


def _ridged(matrix: np.ndarray) -> np.ndarray:
    """Keep splines that no value reaches from making the matrix singular."""
    return matrix + 1e-10 * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
