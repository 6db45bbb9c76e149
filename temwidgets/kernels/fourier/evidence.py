"""How probably a spot is a reflection: a mixture of signal and noise, guarded by chance."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from temwidgets.kernels.fourier.spots import DOUBTFUL, Spots

_FEWEST = 20
_NEAR_NODE = 1.5  # bins
_FAR = 5.0
_SOFT = 1e-3


def probability(spots: Spots) -> np.ndarray:
    """Return the probability (n,) that each spot is signal.

    Two Gaussians (scikit-learn) are fitted to log intensity, sharpness and deviation from the ring,
    one starting from what noise makes, one from the rest; the second one's share is a probability.
    A mixture always finds two parts, even in pure noise; so its odds, at most even, are multiplied
    by ``0.03 / n``, n the number of places that noise alone would make as conspicuous, in all bins
    together.
    """
    if not spots.row.size:
        return np.zeros(0)
    share = np.clip(_mixture(spots), 1e-12, 0.5)
    return _logistic(np.log(share) - np.log(1 - share) - spots.log_expected + np.log(DOUBTFUL))


def probability_on_nodes(spots: Spots, nodes: np.ndarray) -> np.ndarray:
    """Return the probability (n,) of spots on the nodes (m, 2; bins) of lattices found before.

    Noise must then match one of a few places rather than any. Spots off the nodes have 0.
    """
    if not (spots.row.size and len(nodes)):
        return np.zeros(spots.row.size)
    both = np.concatenate([nodes, -nodes])
    away = KDTree(both).query(np.stack([spots.row, spots.col], axis=1))[0]
    places = np.pi * _NEAR_NODE**2 * len(nodes)
    expected = spots.log_expected + np.log(min(places / spots.looked_at, 1.0))
    return np.where(away <= _NEAR_NODE, _logistic(np.log(DOUBTFUL) - expected), 0.0)


def _logistic(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(np.clip(-log_odds, -700, 700)))


def _mixture(spots: Spots) -> np.ndarray:
    features = np.column_stack([np.log(spots.ratio), spots.sharpness, spots.deviation])
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    noise = _starts_as_noise(spots)
    if len(features) < _FEWEST or min(noise.sum(), (~noise).sum()) < 2:
        return np.ones(len(features))
    from sklearn.mixture import GaussianMixture  # a second to import

    parts = [features[noise], features[~noise]]
    fit = GaussianMixture(
        2,
        weights_init=[noise.mean(), 1 - noise.mean()],
        means_init=[part.mean(axis=0) for part in parts],
        precisions_init=[np.linalg.inv(np.cov(part.T) + _SOFT * np.eye(3)) for part in parts],
        reg_covar=_SOFT,
        max_iter=200,
        random_state=0,
    ).fit(features)
    share = fit.predict_proba(features)
    signal = int(np.argmax(fit.means_[:, 0]))
    background = share[:, 1 - signal] > 0.5
    # without noise among the spots both parts are signal, strong and weak
    typical = np.median(spots.ratio[background]) if background.any() else np.inf
    if typical > _FAR * np.log(spots.looked_at):
        return np.ones(len(features))
    return share[:, signal]


def _starts_as_noise(spots: Spots) -> np.ndarray:
    """Spots that chance makes; where it makes hardly any of them, the less conspicuous half."""
    noise = spots.log_expected > 0
    if noise.sum() < _FEWEST / 2:
        noise = spots.log_expected >= np.median(spots.log_expected)
    return noise
