"""Spots of a power spectrum: where they are and how they stand out of the diffuse background."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.fourier.background import FAINTEST, Background, HalfPlane, Rings, level_of
from temwidgets.kernels.fourier.null import independent_bins, log_tail_of_estimate
from temwidgets.kernels.fourier.windows import Footing

MARGIN = 16
"""Columns at kx < 0 that filters need."""
SCALES = (1.0, 2.0)
"""Sigmas (bins) of the Laplacians: for sharp spots, and those of crystals smaller than the field"""
LOWEST = 4
"""Bins around the origin in which nothing is looked for: fewer periods than that in the field."""
MOST = 500
"""Spots that are looked at, the most significant; most are noise, and show what noise does."""
DOUBTFUL = 0.03
"""Peaks expected by chance at which it is even whether one is a reflection."""
_NOISE_SCATTER = float(np.pi / np.sqrt(6))  # of the log of exponential power
_KNEE = 4.0
_RISE = 1.0
_SHOULDER = 3.0


class Spots(NamedTuple):
    """Spots (n,): bins from the origin, power, ratio to the background, and what tells them apart.

    ``log_expected`` is the log of how many places of pure noise would stand out as far. `sharpness`
    is the Laplacian of Gaussian of the compressed ratio, `deviation` the log power over that of the
    ring, in robust standard deviations, `looked_at` the number of bins searched.
    """

    row: np.ndarray
    col: np.ndarray
    power: np.ndarray
    ratio: np.ndarray
    background: np.ndarray
    log_expected: np.ndarray
    sharpness: np.ndarray
    deviation: np.ndarray
    looked_at: int

    def take(self, which: np.ndarray) -> Spots:
        """Return some of the spots."""
        parts = {name: getattr(self, name)[which] for name in self._fields[:-1]}
        return self._replace(**parts)


def find_spots(
    plane: HalfPlane, floor: Background, foot: Footing, allowed: np.ndarray | None = None
) -> Spots:
    """Find local maxima of the flattened spectrum, the most significant first.

    `floor` is the background, `foot` that of the window; `allowed` (like the
    plane) tells where to look.
    """
    ratio = plane.power / floor.level
    usable = _half(plane) if allowed is None else _half(plane) & allowed
    found = [_at_scale(ratio, floor.error, scale, foot, usable) for scale in SCALES]
    row, col, tail, sharpness = (np.concatenate(v) for v in zip(*found, strict=True))
    order = np.argsort(tail, kind="stable")[:MOST]
    row, col, tail, sharpness = row[order], col[order], tail[order], sharpness[order]
    spots = Spots(
        row - plane.power.shape[0] // 2,
        col - plane.margin,
        plane.power[row, col].astype(float),
        ratio[row, col].astype(float),
        floor.level[row, col].astype(float),
        tail + np.log(max(usable.sum(), 1)),
        sharpness,
        _deviation(plane, floor.rings, row, col),
        int(usable.sum()),
    )
    spots = spots.take(~_in_shoulders(spots))
    return spots.take(np.argsort(spots.log_expected, kind="stable"))


def _half(plane: HalfPlane) -> np.ndarray:
    """Bins that stand for one of each Friedel pair, off the origin and the outermost row."""
    rows = np.arange(plane.power.shape[0])[:, None] - plane.power.shape[0] // 2
    cols = np.arange(plane.power.shape[1]) - plane.margin
    usable = (cols > 0) | ((cols == 0) & (rows > 0))
    usable = usable & (np.hypot(rows, cols) >= LOWEST)
    return usable & (rows > rows[0] + 1) & (rows < rows[-1]) & (cols < cols[-1])


def _at_scale(
    ratio: np.ndarray, error: np.ndarray, scale: float, foot: Footing, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns, log probability by chance and sharpness of the maxima at one scale."""
    from skimage.feature import peak_local_max  # slow to import

    mode = ("wrap", "nearest")
    # compressed, so that a strong spot keeps the shape of a peak and does not drown its neighbours
    response = -(scale**2) * ndi.gaussian_laplace(_KNEE * np.log1p(ratio / _KNEE), scale, mode=mode)
    mean = ndi.gaussian_filter(ratio, scale, mode=mode)
    peaks = peak_local_max(response, min_distance=1, threshold_abs=_RISE, exclude_border=False)
    row, col = _brightest(ratio, peaks)
    kept = usable[row, col]
    row, col, peaks = row[kept], col[kept], peaks[kept]
    doubt = error[row, col]
    smoothed = log_tail_of_estimate(mean[tuple(peaks.T)], doubt, independent_bins(foot, scale))
    tail = np.minimum(log_tail_of_estimate(ratio[row, col], doubt, 1.0), smoothed)
    return row, col, tail, response[tuple(peaks.T)]


def _brightest(values: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Brightest of the 3 x 3 bins around each place."""
    offset = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)])
    near = np.clip(place[:, None] + offset, 0, np.array(values.shape) - 1)
    best = values[near[..., 0], near[..., 1]].argmax(axis=1)
    chosen = near[np.arange(len(place)), best]
    return chosen[:, 0], chosen[:, 1]


def _deviation(plane: HalfPlane, rings: Rings, row: np.ndarray, col: np.ndarray) -> np.ndarray:
    """Log power over the level of the ring, in robust standard deviations of its scatter."""
    k = np.hypot(plane.ky[row], plane.kx[col])
    above = np.log(np.maximum(plane.power[row, col], FAINTEST)) - rings.log_level(k)
    return above / (_NOISE_SCATTER * np.interp(k, rings.k, rings.spread))


def _in_shoulders(spots: Spots) -> np.ndarray:
    """Tell which spots are side maxima, streaks or speckle of a stronger one, or itself again.

    Around a spot the window, distorted scans and finite crystals leave power that falls, at worst,
    with the fourth power of the distance.
    """
    place = np.stack([spots.row, spots.col], axis=1)
    order = np.argsort(-spots.power, kind="stable")
    hidden = np.zeros(len(place), bool)
    kept: list[int] = []
    for n in order:
        if kept:
            there = place[kept]
            near = np.minimum(np.hypot(*(place[n] - there).T), np.hypot(*(place[n] + there).T))
            share = np.where(near <= _SHOULDER, 1.0, (_SHOULDER / np.maximum(near, 1)) ** 4)
            hidden[n] = bool((spots.power[n] <= share * spots.power[kept]).any())
        if not hidden[n]:
            kept.append(int(n))
    return hidden


class Nearest(NamedTuple):
    """The maximum that a point of the spectrum means, in bins, and how it stands out."""

    place: np.ndarray
    background: float
    probability: float


def nearest(transform: np.ndarray, at: np.ndarray, reach: np.ndarray) -> Nearest:
    """Find the strongest maximum within `reach` bins (y, x) of `at`, nearer ones preferred.

    `transform` is that of the windowed image over the root of the window's energy, not shifted.
    Its background is told from bins 4 to 12 away.
    """
    size = np.array(transform.shape)
    half = np.ceil(reach).astype(int) + 13
    rows, cols = (round(float(c)) + np.arange(-h, h + 1) for c, h in zip(at, half, strict=True))
    part = transform[np.ix_(rows % size[0], cols % size[1])]
    power = part.real**2 + part.imag**2
    # half a bin more, for maxima lie between bins
    wide = reach + 0.5
    off = np.hypot((rows[:, None] - at[0]) / wide[0], (cols - at[1]) / wide[1])
    inside = (off <= 1) & (np.hypot(rows[:, None], cols) >= 2)
    inside &= (np.abs(rows)[:, None] <= size[0] / 2) & (np.abs(cols) <= size[1] / 2)
    tops = inside & (power == ndi.maximum_filter(power, 3))
    chosen = tops if tops.any() else inside if inside.any() else off <= off.min()
    score = np.log(np.maximum(power, FAINTEST)) - 2 * off**2
    row, col = np.unravel_index(np.where(chosen, score, -np.inf).argmax(), power.shape)
    away = np.hypot(rows[:, None] - rows[row], cols - cols[col])
    level = max(float(level_of(power[(away > 4) & (away <= 12)])), FAINTEST)
    expected = inside.sum() * np.exp(-min(float(power[row, col]) / level, 700.0))
    return Nearest(np.array([rows[row], cols[col]]), level, float(1 / (1 + expected / DOUBTFUL)))
