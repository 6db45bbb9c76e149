"""Statistics of a spectrum over rings around its origin."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaincinv


class Rings(NamedTuple):
    """Log10 of power by ring: its mean, and that of noise with the same median or log mean."""

    ring: np.ndarray
    power: np.ndarray
    background: np.ndarray
    geometric: np.ndarray
    bins: np.ndarray


def log_median_over_mean(freedom: float) -> float:
    """Log10 of median over mean of chi-squared with `freedom` degrees."""
    return float(np.log10(gammaincinv(freedom / 2, 0.5) / (freedom / 2)))


def log_geometric_over_mean(freedom: float) -> float:
    """Log10 of geometric over arithmetic mean of chi-squared with `freedom` degrees."""
    return float((digamma(freedom / 2) - np.log(freedom / 2)) / np.log(10))


def statistics(radius: np.ndarray, log_power: np.ndarray, freedom: float = 2.0) -> Rings:
    """Collect log10 power by the nearest whole radius; rings without a bin are left out."""
    index = np.rint(radius).astype(np.intp).ravel()
    log_power = np.asarray(log_power, float).ravel()
    count = np.bincount(index)
    ring = np.flatnonzero(count)
    count = count[ring]
    mean = np.bincount(index, 10.0**log_power)[ring] / count
    geometric = np.bincount(index, log_power)[ring] / count
    return Rings(
        ring,
        np.log10(mean),
        _medians(index, log_power, count) - log_median_over_mean(freedom),
        geometric - log_geometric_over_mean(freedom),
        count,
    )


def _medians(index: np.ndarray, values: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Median of each group; groups follow one another in the order of their index."""
    order = np.argsort(values.astype(np.float32))
    # radix sort of small integers: several times faster than one sort by both
    order = order[np.argsort(index[order].astype(np.uint16), kind="stable")]
    ordered = values[order]
    start = np.cumsum(count) - count
    return (ordered[start + (count - 1) // 2] + ordered[start + count // 2]) / 2
