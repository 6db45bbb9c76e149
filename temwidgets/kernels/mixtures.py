"""One-dimensional Gaussian mixtures (scikit-learn), made deterministic."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import logsumexp, xlogy

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

_ENOUGH = 4000
# of values scaled to unit variance: a thousandth, below any width worth telling
_NARROWEST = 1e-3


class Mixture(NamedTuple):
    """Components in order of their means, and the criteria that judge their number."""

    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    bic: float
    icl: float


def fit_mixture(values: np.ndarray, n_components: int) -> Mixture:
    """Fit `n_components` Gaussians to finite `values` by maximum likelihood.

    Of many values every k-th sorted one is used to fit (a sample with the same distribution and
    hardly any noise of its own); the criteria count all. Starts from equal parts of the sorted
    values and from equal steps between their extremes, and keeps the likelier.

    Returns
    -------
    Mixture
        With BIC (G. Schwarz, Ann. Stat. 6 (1978) 461) and ICL = BIC + 2 x entropy of the
        assignments (C. Biernacki et al., IEEE PAMI 22 (2000) 719); both smaller is better.
    """
    centre, scale = float(np.median(values)), float(values.std()) or 1.0
    data = np.sort((values - centre) / scale)
    step = -(-data.size // _ENOUGH)
    sample = data[step // 2 :: step]
    low, high = np.quantile(sample, (0.01, 0.99))
    starts = [
        np.array([part.mean() for part in np.array_split(sample, n_components)]),
        low + (high - low) * (np.arange(n_components) + 0.5) / n_components,
    ]
    best = max((_climb(sample, start) for start in starts), key=lambda fit: fit.lower_bound_)
    order = np.argsort(best.means_[:, 0])
    weight, mean = best.weights_[order], best.means_[order, 0]
    sd = np.sqrt(best.covariances_[order, 0, 0])
    probability, log_likelihood = _responsibilities(data, weight, mean, sd)
    # the likelihood of the values themselves, not of the scaled ones
    likelihood = log_likelihood.sum() - values.size * np.log(scale)
    bic = (3 * n_components - 1) * np.log(values.size) - 2 * likelihood
    entropy = -xlogy(probability, probability).sum()
    return Mixture(weight, centre + scale * mean, scale * sd, float(bic), float(bic + 2 * entropy))


def _climb(sample: np.ndarray, means: np.ndarray) -> GaussianMixture:
    # a second to import, and drawing a mixture that exists does without
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    n = means.size
    width = max(float(np.ptp(sample)) / (2 * n), 10 * _NARROWEST)
    mixture = GaussianMixture(
        n,
        weights_init=np.full(n, 1 / n),
        means_init=means[:, None],
        precisions_init=np.full((n, 1, 1), width**-2),
        tol=1e-5,
        max_iter=500,
        reg_covar=_NARROWEST**2,
        random_state=0,
    )
    with warnings.catch_warnings():
        # a superfluous component may wander for ever; the criteria will reject it
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(sample[:, None])


def probabilities(
    values: np.ndarray, weight: np.ndarray, mean: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    """Return for every value (finite) the probability of each component, (value, component)."""
    return _responsibilities(values, weight, mean, sd)[0]


def densities(
    values: np.ndarray, weight: np.ndarray, mean: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    """Return the weighted density of each component at `values`, (value, component)."""
    return np.exp(_log_densities(values, weight, mean, sd))


def borders(weight: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return where, between neighbouring means, the upper component becomes the likelier one.

    Unlike the largest probability this divides the line into one interval per component: a wide
    component does not claim the far side of a narrow one.
    """
    result = []
    for low in range(mean.size - 1):
        line = np.linspace(mean[low], mean[low + 1], 1001)
        density = _log_densities(line, weight, mean, sd)
        result.append(line[np.argmax(density[:, low + 1] >= density[:, low])])
    return np.array(result)


def _log_densities(
    values: np.ndarray, weight: np.ndarray, mean: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    distance = (values[:, None] - mean) / sd
    return np.log(weight / sd) - 0.5 * np.log(2 * np.pi) - 0.5 * distance**2


def _responsibilities(
    values: np.ndarray, weight: np.ndarray, mean: np.ndarray, sd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    log_density = _log_densities(values, weight, mean, sd)
    total = logsumexp(log_density, axis=1)
    return np.exp(log_density - total[:, None]), total
