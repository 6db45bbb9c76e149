"""Steps in many short series with noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats


class Step(NamedTuple):
    """The likeliest step of a series."""

    at: int  # first member after it
    before: np.ndarray  # (component,) weighted means
    after: np.ndarray
    error: np.ndarray  # (component,) of the difference
    p: float  # probability of a step as large anywhere in a series without


def likeliest_step(values: np.ndarray, errors: np.ndarray, fewest: int) -> Step | None:
    """Find where the means before and after differ most; None where a series is too short.

    Parameters
    ----------
    values, errors : ndarray, (time, component)
        NaN where not known.
    fewest : int
        Members on either side.

    Notes
    -----
    The statistic is the sum over components of (difference / error)^2, chi-squared where there is
    no step; the probability is bounded by the number of places times that of one (Bonferroni).
    """
    known = np.isfinite(values).all(axis=1) & np.isfinite(errors).all(axis=1)
    times = np.flatnonzero(known)
    if times.size < 2 * fewest:
        return None
    weight = errors[times] ** -2.0
    sums, weighted = np.cumsum(weight, axis=0), np.cumsum(weight * values[times], axis=0)
    cut = np.arange(fewest, times.size - fewest + 1)
    left, right = sums[cut - 1], sums[-1] - sums[cut - 1]
    before = weighted[cut - 1] / left
    after = (weighted[-1] - weighted[cut - 1]) / right
    variance = 1 / left + 1 / right
    statistic = ((after - before) ** 2 / variance).sum(axis=1)
    best = int(np.argmax(statistic))
    p = min(1.0, cut.size * float(stats.chi2.sf(statistic[best], values.shape[1])))
    return Step(int(times[cut[best]]), before[best], after[best], np.sqrt(variance[best]), p)


def robust_scale(values: np.ndarray, errors: np.ndarray) -> float:
    """How much more series scatter from one member to the next than errors say; a factor.

    Differences of neighbours hardly see steps, and their median absolute value does not at all.

    Parameters
    ----------
    values, errors : ndarray, (time, series)
    """
    step = np.diff(values, axis=0) / np.hypot(errors[1:], errors[:-1])
    step = step[np.isfinite(step)]
    if step.size < 10:
        return 1.0
    return max(1.4826 * float(np.median(np.abs(step - np.median(step)))), 1e-6)
