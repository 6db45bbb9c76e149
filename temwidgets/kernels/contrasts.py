"""Difference of two groups over a background that varies, with its test.

The background is taken off by a linear map Q of the values: less their mean, less smooth
polynomials, or less planes through each point's neighbours. With g the indicator of the first
group the difference is ``Qg . Qv / Qg . Qg`` (R. Frisch and F. V. Waugh, Econometrica 1 (1933)
387), a weighted sum of the values; its error follows from one variance for each group. With the
mean alone as background this is B. L. Welch's test (Biometrika 34 (1947) 28).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import sparse, stats

from temwidgets.kernels.local_planes import neighbours, plane_weights
from temwidgets.kernels.slow_trends import polynomials, without

_BATCH = 2_000_000  # numbers permuted at once
_TOLD = 1e-3  # of a group's size: below, the background holds the whole difference

Map = Callable[[np.ndarray], np.ndarray]


class Background(NamedTuple):
    """The map Q, its transpose, and the variance of Qe for independent e of variance 1, (n,)."""

    less: Map
    transposed: Map
    variance: np.ndarray


class Contrast(NamedTuple):
    """First less second group; `spread` is the pooled standard deviation within the groups."""

    difference: float
    error: float
    freedom: float
    t: float
    p_value: float
    spread: float


class _Setup(NamedTuple):
    """Two groups over a background, ready for any values; pairs are (first, second group)."""

    indicator: np.ndarray  # (n,) Qg
    size: float  # Qg . Qg
    sides: tuple[np.ndarray, np.ndarray]
    leverage: np.ndarray  # (n,) variance of what is left of independent values of variance 1
    weights: np.ndarray  # (2,) squared weights of the values in the difference, summed
    freedom: np.ndarray  # (2,)


def smooth_background(points: np.ndarray, degree: int) -> Background:
    """Background of polynomials of place (n, 2); of degree 0 the mean alone."""
    basis = polynomials(points, degree)

    def less(values: np.ndarray) -> np.ndarray:
        return without(basis, values)

    return Background(less, less, 1 - (basis**2).sum(axis=1))


def local_background(points: np.ndarray, count: int) -> Background:
    """Background of a plane through the `count` nearest others of each point (n, 2)."""
    rows = neighbours(points, count)
    weights = plane_weights(points, rows)
    starts = np.arange(0, rows.size + 1, rows.shape[1])
    matrix = sparse.csr_array((weights.ravel(), rows.ravel(), starts), (len(points),) * 2)
    turned = matrix.T.tocsr()
    return Background(
        lambda values: values - matrix @ values,
        lambda values: values - turned @ values,
        1 + (weights**2).sum(axis=1),
    )


def contrast(values: np.ndarray, first: np.ndarray, background: Background) -> Contrast:
    """Compare values (n,) where `first` (n,) is true with the others, by Welch's t.

    All is NaN where the background leaves nothing of the groups' difference.
    """
    setup = _setup(first, background)
    if setup is None:
        return Contrast(*[np.nan] * 6)
    rest = background.less(values)
    difference, variances = _fit(setup, rest[None])
    parts = variances[:, 0] * setup.weights
    error = float(np.sqrt(parts.sum()))
    if not error > 0:
        return Contrast(float(difference[0]), error, np.nan, np.nan, np.nan, 0.0)
    freedom = float(parts.sum() ** 2 / (parts**2 / setup.freedom).sum())
    t = float(difference[0]) / error
    spread = np.sqrt((variances[:, 0] * setup.freedom).sum() / setup.freedom.sum())
    p_value = float(2 * stats.t.sf(abs(t), freedom))
    return Contrast(float(difference[0]), error, freedom, t, p_value, float(spread))


def permuted_p(
    values: np.ndarray, first: np.ndarray, background: Background, count: int, seed: int
) -> float:
    """Return the p-value of the difference by permuting what the background leaves.

    Permuted residuals (D. Freedman and D. Lane, J. Bus. Econ. Stat. 1 (1983) 292), t made anew for
    each permutation so that groups may scatter differently (A. Janssen, Stat. Probab. Lett. 36
    (1997) 9).
    """
    setup = _setup(first, background)
    if setup is None:
        return np.nan
    rest = background.less(values)
    observed = _t(setup, rest[None])[0]
    if not np.isfinite(observed):
        return np.nan
    rng = np.random.default_rng(seed)
    at_least = 0
    batch = max(1, _BATCH // values.size)
    for start in range(0, count, batch):
        mixed = rng.permuted(np.tile(rest, (min(batch, count - start), 1)), axis=1)
        at_least += int((np.abs(_t(setup, mixed)) >= abs(observed) * (1 - 1e-12)).sum())
    return (1 + at_least) / (1 + count)


def _setup(first: np.ndarray, background: Background) -> _Setup | None:
    indicator = background.less(first.astype(float))
    size = float(indicator @ indicator)
    if not size > _TOLD * min(first.sum(), (~first).sum()):
        return None
    weight = background.transposed(indicator) / size
    leverage = np.maximum(background.variance - indicator**2 / size, 1e-9)
    sides = (first, ~first)
    return _Setup(
        indicator,
        size,
        sides,
        leverage,
        np.array([(weight[side] ** 2).sum() for side in sides]),
        np.array([max(np.minimum(leverage[side], 1 - 1 / side.sum()).sum(), 1) for side in sides]),
    )


def _fit(setup: _Setup, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Difference (m,) and variance of each group (2, m), of m sets of values (m, n)."""
    difference = rest @ setup.indicator / setup.size
    squares = (rest - difference[:, None] * setup.indicator) ** 2 / setup.leverage
    return difference, np.stack([squares[:, side].mean(axis=1) for side in setup.sides])


def _t(setup: _Setup, rest: np.ndarray) -> np.ndarray:
    difference, variances = _fit(setup, rest)
    with np.errstate(divide="ignore", invalid="ignore"):
        return difference / np.sqrt(setup.weights @ variances)
