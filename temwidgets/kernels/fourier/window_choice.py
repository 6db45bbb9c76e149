"""The width of the windows, from the noise and the strain that an image shows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from temwidgets.kernels.fourier.local_fringes import (
    BIAS_OVER_REMAINDER,
    NOISE_GAIN,
    REMAINDER_GAIN,
    LocalFringes,
)

GOAL = 7e-4  # relative standard error of g at which windows are wide enough
_BIAS = 0.3  # squared bias over variance that is put up with
_STEEP = 1 / 8  # bias grows so fast that width changes by this power of what it should fall by
_TRIES = 5
_PERIODS = 3.0  # fringes in a window that parts even the closest spots well enough
_DECIDING = 3  # the best reflections decide the width; the weakest of many would ask for too much
_OUTLIER = 12.0  # remainder over the variance of a single fit that a defect counts for at most


def narrowest(g: np.ndarray) -> float:
    """Return the narrowest window that parts reflections from one another and from zero.

    Never more than `_PERIODS` of the widest fringes: reflections that lie closer than that are of
    different crystals, which have different places.
    """
    others = [np.zeros((1, 2)), -g]
    apart = [np.hypot(*(g[:, None] - o[None]).transpose(2, 0, 1)).ravel() for o in others]
    pairs = np.hypot(*(g[:, None] - g[None]).transpose(2, 0, 1))
    apart.append(pairs[~np.eye(len(g), dtype=bool)])
    distance = np.concatenate(apart)
    parting = 1 / float(distance[distance > 1e-3 * distance.max()].min())
    return min(parting, _PERIODS / float(np.hypot(*g.T).min()))


def width_for_goal(g: np.ndarray, amplitude: np.ndarray, noise: np.ndarray) -> float:
    """Window at which noise alone gives g of the weakest fringes the relative error `GOAL`.

    ``var(g) = N / (16 pi^3 sigma^4 A^2)`` per axis, times the gain of repeated fits.
    """
    ratio = NOISE_GAIN * noise / (16 * np.pi**3 * amplitude**2) / (GOAL**2 * (g**2).sum(axis=1))
    return float(ratio.max() ** 0.25)


def deciding(amplitude: np.ndarray, noise: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return the rows of the reflections that are measured best: they decide the width."""
    quality = amplitude**2 / noise * (g**2).sum(axis=1)
    return np.sort(np.argsort(-quality)[:_DECIDING])


def choose_width(
    excess: Callable[[float], float], start: float, least: float, most: float
) -> float:
    """Narrow the window from `start` until its bias hides in the noise.

    Parameters
    ----------
    excess : callable
        ``excess(sigma)``: squared bias over variance, see `bias_over_noise`.
    start, least, most : float
        Width to start from, and its limits.
    """
    sigma = float(np.clip(start, least, most))
    for _ in range(_TRIES):
        over = excess(sigma) / _BIAS
        if over <= 1.25 or sigma <= least:
            break
        sigma = max(least, sigma * max(over**-_STEEP, 0.6))
    return sigma


def bias_over_noise(
    fringes: LocalFringes, inside: np.ndarray, sigma: float, amplitude: float, noise: float
) -> float:
    """Mean squared bias of g over its variance, for the amplitude and noise of a narrow window.

    A wide one that does not follow the phase takes what is left for noise.
    """
    if not inside.any():
        return 0.0
    single = 2 * noise / (16 * np.pi**3 * sigma**4 * amplitude**2)
    ratio = np.minimum(fringes.remainder[inside] / single, _OUTLIER)
    return BIAS_OVER_REMAINDER * max(float(ratio.mean()) - REMAINDER_GAIN, 0.0) / NOISE_GAIN
