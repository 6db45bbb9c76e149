"""How far the power of noise reaches by chance, bin by bin or averaged over neighbours."""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from temwidgets.kernels.fourier.windows import FOOT, Footing, centre

_TERMS = 400
_SADDLES = 400


def independent_bins(foot: Footing, sigma: float) -> float:
    """Count the independent bins in a Gaussian mean of `sigma` bins under a window.

    Bins correlate as the squared modulus of the transform of the squared window. The count is one
    over the variance of the mean, in units of that of a bin.
    """
    if sigma == 0:
        return 1.0
    reach = min(int(6 * sigma) + 3, FOOT)
    near = np.abs(centre(foot.square, reach)) ** 2
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (4 * sigma**2))
    kernel /= kernel.sum()
    return float(1 / (kernel @ near @ kernel))


def log_tail(ratio: np.ndarray, bins: float) -> np.ndarray:
    """Log of the probability that noise averaged over `bins` reaches `ratio` times its mean.

    A single bin is exponential. A Gaussian mean is a sum of exponentials whose weights fall
    geometrically (eigenvalues of a Gaussian kernel under a Gaussian window, in two dimensions); its
    tail comes from the saddle-point approximation of R. Lugannani & S. Rice, Adv. Appl. Probab. 12
    (1980) 475, in the form of Barndorff-Nielsen.
    """
    ratio = np.asarray(ratio, float)
    if bins <= 1:
        return -ratio
    root = np.sqrt(bins)
    fall = (root - 1) / (root + 1)
    power = np.arange(_TERMS)
    weight = (1 - fall) ** 2 * fall**power
    weight, times = weight[weight > 1e-9], (power + 1.0)[weight > 1e-9]
    saddle = (1 - np.logspace(-5, 0, _SADDLES)[:-1]) / weight[0]
    held = 1 - weight * saddle[:, None]
    cumulant = -(times * np.log(held)).sum(axis=1)
    mean = (times * weight / held).sum(axis=1)
    spread = (times * (weight / held) ** 2).sum(axis=1)
    signed = np.sqrt(2 * np.maximum(saddle * mean - cumulant, 1e-300))
    tail = log_ndtr(-(signed + np.log(saddle * np.sqrt(spread) / signed) / signed))
    # beyond the last saddle only the largest weight counts
    beyond = -np.maximum(ratio - mean[0], 0) / weight[0]
    order = np.argsort(mean)
    inside = np.interp(ratio, mean[order], tail[order])
    return np.where(ratio > mean[0], tail[0] + beyond, np.where(ratio <= 1, 0.0, inside))


def log_tail_of_estimate(ratio: np.ndarray, error: np.ndarray, bins: float) -> np.ndarray:
    """`log_tail` where the mean itself is an estimate with a relative (log-normal) `error`.

    The likeliest of all ways in which a mean too low and a high power make up the ratio.
    """
    score = np.arange(0, 8.01, 0.25)
    lowered = np.asarray(ratio, float)[:, None] * np.exp(-error[:, None] * score)
    return (log_tail(lowered, bins) - score**2 / 2).max(axis=1)
