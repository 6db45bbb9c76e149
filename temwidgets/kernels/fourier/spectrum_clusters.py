"""Domains by clustering the spectra of windows all over an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from temwidgets.kernels.fourier.fringe_region import WIDEST, Field
from temwidgets.kernels.fourier.grain_map import enlarged
from temwidgets.kernels.fourier.local_peaks import Peaks, find_peaks
from temwidgets.kernels.fourier.tiled_spectra import floor_of, over_noise, tiles, window

WIDTH = 0.03
"""sigma of the windows as part of the image's shorter side."""
PERIODS = 2.0
"""Least sigma of the windows in periods of the coarsest strong fringes."""
STEP = 0.6
"""From window to window, in sigmas."""
FALSE_ALARMS = 1e-3
"""Peaks of noise alone expected in an image."""
SAME = 1.0
"""Distance of two peaks, in sigmas of the window's transform, up to which they are one."""
BRIGHT = 4.0
"""Amplitude over noise beyond which fringes look no different."""
COMPONENTS = 8
"""Principal components that are clustered."""
MOST = 16
"""Clusters that a mixture may have."""
FEWEST = 9
"""Windows that make a cluster."""


class Spectra(NamedTuple):
    """Amplitude of every reflection in windows on a grid."""

    amplitude: np.ndarray  # (row, col, reflection) over noise
    crystal: np.ndarray  # (row, col) bool: some reflection stands out of the noise
    g: np.ndarray  # (reflection, 2) cycles per px
    step: np.ndarray  # (2,) px
    first: np.ndarray  # (2,) px
    sigma: float  # units of length


def local_spectra(
    field: Field,
    report: Callable[[float], None],
    *,
    width: float | None = None,
    k_range: tuple[float, float] = (0.0, np.inf),
) -> Spectra:
    """Measure, in every window, all reflections that stand out in any of them.

    `width` is sigma of the windows; `k_range` in cycles per unit of length.
    """
    least = float(np.log(4 * field.flat.size / FALSE_ALARMS))
    sigma = width or _width(field, least, k_range)
    report(0.25)
    found = find_peaks(
        field.flat, field.sides, sigma, field.noise, least, lambda done: report(0.25 + done / 4)
    )
    g = _different(found, field.sides, sigma, k_range)
    win = window(sigma, field.sides, STEP)
    floor = floor_of(field.noise, win, sigma, field.sides)
    row, col = (np.rint(g * [len(win.ky), 2 * (win.kx.size - 1)]).astype(int)).T
    row %= len(win.ky)
    groups = win.groups[:, row, col]
    rows, cols, snr2 = [], [], []
    for part in tiles(field.flat, win):
        power, level = over_noise(part, win, floor)
        snr2.append(power[:, row, col] / level[:, groups].max(1))
        rows.append(part.row)
        cols.append(part.col)
        report(0.5 + 0.5 * float(part.row[-1]) / field.flat.shape[0])
    centres = [np.unique(np.concatenate(values)) for values in (rows, cols)]
    shape = (len(centres[0]), len(centres[1]), len(g))
    over = np.concatenate(snr2).reshape(shape)
    first = np.array([values[0] for values in centres], float)
    last = np.array([values[-1] for values in centres], float)
    step = np.maximum(last - first, 1) / np.maximum(np.array(shape[:2]) - 1, 1)
    crystal = np.logical_or.reduce(over > least, axis=2)
    return Spectra(np.sqrt(over), crystal, g, step, first, sigma)


def _width(field: Field, least: float, k_range: tuple[float, float]) -> float:
    """Window narrow enough for small domains and wide enough for the coarsest strong fringes."""
    seen = find_peaks(field.flat, field.sides, field.widest, field.noise, least, lambda done: None)
    k = np.hypot(*(seen.g / field.sides).T)
    strong = (k >= k_range[0]) & (k <= k_range[1])
    strong &= seen.amplitude > 0.25 * seen.amplitude[strong].max(initial=0)
    extent = field.widest / WIDEST
    coarsest = PERIODS / k[strong].min() if strong.any() else 0.0
    return float(min(max(WIDTH * extent, coarsest), field.widest))


def _different(
    peaks: Peaks, sides: np.ndarray, sigma: float, k_range: tuple[float, float]
) -> np.ndarray:
    """Vectors of different reflections, the strongest first."""
    k = np.hypot(*(peaks.g / sides).T)
    inside = (k >= k_range[0]) & (k <= k_range[1])
    left = peaks.g[inside][np.argsort(-peaks.snr2[inside])]
    kept = []
    while len(left):
        kept.append(left[0])
        apart = [np.hypot(*((left + s * left[0]) / sides).T) for s in (-1, 1)]
        left = left[np.minimum(*apart) * 2 * np.pi * sigma > SAME]
    return np.array(kept).reshape(-1, 2)


def cluster(spectra: Spectra, kind: str, count: int | None, seed: int = 0) -> np.ndarray:
    """Cluster crystalline windows by their spectra.

    Parameters
    ----------
    spectra : Spectra
    kind : {"hdbscan", "gmm"}
        HDBSCAN, or a mixture of Gaussians.
    count : int, optional
        Number of Gaussians; by the Bayesian information criterion when not given.

    Returns
    -------
    ndarray, (row, col), int
        Cluster of each window, -1 where none.
    """
    label = np.full(spectra.crystal.shape, -1)
    values = spectra.amplitude[spectra.crystal]
    # against the strongest of the window: its skirts must not look as bright as other reflections
    values = values * (BRIGHT / np.maximum(values.max(axis=1, initial=0, keepdims=True), BRIGHT))
    if len(values) < FEWEST:
        return label
    most = min(COMPONENTS, values.shape[1], len(values))
    features = PCA(most, random_state=seed).fit_transform(values)
    if kind == "hdbscan":
        found = HDBSCAN(min_cluster_size=FEWEST, allow_single_cluster=True, copy=True).fit_predict(
            features
        )
    else:
        found = _mixture(features, count, seed)
    label[spectra.crystal] = found
    return label


def _mixture(features: np.ndarray, count: int | None, seed: int) -> np.ndarray:
    most = max(1, min(MOST, len(features) // FEWEST))
    tried = [count] if count else range(1, most + 1)
    fits = [
        GaussianMixture(n, covariance_type="diag", reg_covar=0.1, random_state=seed).fit(features)
        for n in tried
    ]
    return min(fits, key=lambda fit: fit.bic(features)).predict(features)


def label_windows(
    spectra: Spectra, label: np.ndarray, shape: tuple[int, int], level: float
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Label pixels by the cluster whose mean spectrum the windows show with the largest amplitude.

    Returns
    -------
    label : ndarray, (y, x), int
        -1 where no amplitude reaches `level` of the mean of the cluster.
    members : list of ndarray
        Numbers of the reflections of each cluster.
    snr : ndarray, (cluster,)
        Amplitude of all its reflections over noise.
    """
    best = np.full(shape, level, np.float32)
    pixels = np.full(shape, -1, np.int32)
    members, snr = [], []
    # windows start at `first`: pixels before see the first one
    box = tuple(slice(0, n) for n in shape)
    for number in range(label.max(initial=-1) + 1):
        mean = np.sqrt((spectra.amplitude[label == number] ** 2).mean(0))
        own = np.flatnonzero(mean > max(2.0, mean.max() / 4))
        weight = mean[own] / (mean[own] ** 2).sum()
        score = spectra.amplitude[..., own] @ weight
        image = _pixels(score, spectra, (box[0], box[1]))
        better = image > best
        pixels[better] = number
        best[better] = image[better]
        members.append(own)
        snr.append(float(np.sqrt((mean[own] ** 2).sum())))
    return pixels, members, np.array(snr)


def _pixels(score: np.ndarray, spectra: Spectra, box: tuple[slice, slice]) -> np.ndarray:
    padded = np.pad(score, 1, mode="edge")
    shifted = tuple(
        slice(part.start - f + h, part.stop - f + h)
        for part, f, h in zip(box, spectra.first, spectra.step, strict=True)
    )
    return enlarged(padded, spectra.step, (shifted[0], shifted[1]))
