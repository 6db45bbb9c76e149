"""Sort points by many features, some of which may be unknown, with a Gaussian mixture."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, xlogy
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

_ENOUGH = 4000
_LIGHTEST = 0.05
# root mean square standard deviations between any two classes, as in label_sublattices
_SEPARATION = 3.0
_SPARE = 3


class Classes(NamedTuple):
    """Classes that stand apart: weight (k,), mean and variance (k, features); ICL, less is better.

    Components lighter than 5 % are left out: they take up what is like nothing else.
    """

    weight: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    icl: float

    @property
    def separation(self) -> float:
        """Least distance of two classes in standard deviations, over all features."""
        least = np.inf
        for k in range(1, len(self.weight)):
            width = (self.variance[k] + self.variance[:k]) / 2
            apart = ((self.mean[k] - self.mean[:k]) ** 2 / width).sum(axis=1)
            least = min(least, float(np.sqrt(apart.min())))
        return least


def find_classes(
    features: np.ndarray,
    n: int | None,
    most: int,
    report: Callable[[float], None] | None = None,
) -> Classes:
    """Fit mixtures of independent features and take the one with the best ICL.

    Parameters
    ----------
    features : ndarray, (points, features)
        All finite, each in units of the least width that counts.
    n : int or None
        Number of classes; None: as many as stand three standard deviations apart, up to `most`.
    """
    random = np.random.default_rng(0)
    if len(features) > _ENOUGH:
        features = features[np.sort(random.choice(len(features), _ENOUGH, replace=False))]
    numbers = range(1, most + _SPARE) if n is None else range(n, n + _SPARE + 1)
    fits = []
    for step, number in enumerate(numbers):
        if number * 5 <= len(features) or number == n:
            fits.append(_fit(features, number, keep_all=number == n))
        if report is not None:
            report((step + 1) / len(numbers))
    if n is None:
        apart = [fit for fit in fits if fit.separation >= _SEPARATION and len(fit.weight) <= most]
    else:
        apart = [fit for fit in fits if len(fit.weight) == n]
    # points that are all alike make no more classes than one
    return min(apart or fits[:1], key=lambda fit: fit.icl)


def probabilities(features: np.ndarray, classes: Classes) -> np.ndarray:
    """Return how probably each point is of each class, (points, classes); NaN features are mute."""
    total = np.tile(np.log(classes.weight), (len(features), 1))
    for k, (mean, variance) in enumerate(zip(classes.mean, classes.variance, strict=True)):
        log_density = -0.5 * ((features - mean) ** 2 / variance + np.log(2 * np.pi * variance))
        total[:, k] += np.nansum(log_density, axis=1)
    return np.exp(total - logsumexp(total, axis=1, keepdims=True))


def _fit(features: np.ndarray, number: int, *, keep_all: bool) -> Classes:
    spread = features.std(axis=0)
    # where widths differ much, the widest feature hides the others until all spread alike
    starts = [
        _groups(features, number),
        _groups(features / np.where(spread > 0, spread, 1), number),
    ]
    best = max((_climb(features, s) for s in starts), key=lambda mixture: mixture.lower_bound_)
    share = best.predict_proba(features)
    icl = best.bic(features) - 2 * xlogy(share, share).sum()
    heavy = np.full(best.weights_.size, True) if keep_all else best.weights_ >= _LIGHTEST
    return Classes(best.weights_[heavy], best.means_[heavy], best.covariances_[heavy], float(icl))


def _groups(features: np.ndarray, number: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(number, n_init=4, random_state=0).fit_predict(features)


def _climb(features: np.ndarray, group: np.ndarray) -> GaussianMixture:
    member = [features[group == k] for k in np.unique(group)]
    mixture = GaussianMixture(
        len(member),
        covariance_type="diag",
        weights_init=np.array([len(part) for part in member]) / len(features),
        means_init=np.array([part.mean(axis=0) for part in member]),
        precisions_init=np.array([1 / (part.var(axis=0) + 1) for part in member]),
        reg_covar=1.0,
        max_iter=200,
        random_state=0,
    )
    with warnings.catch_warnings():
        # a superfluous component may wander for ever; the criteria will reject it
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(features)
