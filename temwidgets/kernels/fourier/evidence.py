"""How probably a spot is a reflection: a mixture of signal and noise, guarded by chance."""

from __future__ import annotations

import numpy as np

from temwidgets.kernels.fourier.spots import DOUBTFUL, Spots

_FEWEST = 20
_FAR = 5.0


def probability(spots: Spots) -> np.ndarray:
    """Return the probability (n,) that each spot is signal.

    Two Gaussians (scikit-learn) are fitted to log intensity, sharpness and deviation from the ring,
    one starting from what noise makes, one from the rest; the second one's share is the
    probability. A mixture always finds two parts, even in pure noise; so it is multiplied by a
    guard, ``1 / (1 + n / 0.02)`` with n the number of places that noise alone would make as
    conspicuous, in all bins together.
    """
    if not spots.row.size:
        return np.zeros(0)
    guard = 1 / (1 + np.exp(np.clip(spots.log_expected, -700, 50)) / DOUBTFUL)
    return guard * _mixture(spots)


def _mixture(spots: Spots) -> np.ndarray:
    features = np.column_stack([np.log(spots.ratio), spots.sharpness, spots.deviation])
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    noise = _starts_as_noise(spots)
    if len(features) < _FEWEST or noise.all() or not noise.any():
        return np.ones(len(features))
    from sklearn.mixture import GaussianMixture  # a second to import

    starts = np.stack([features[noise].mean(axis=0), features[~noise].mean(axis=0)])
    fit = GaussianMixture(
        2,
        means_init=starts,
        weights_init=[noise.mean(), 1 - noise.mean()],
        random_state=0,
        reg_covar=1e-3,
        max_iter=200,
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
