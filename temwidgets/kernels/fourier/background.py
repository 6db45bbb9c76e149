"""The diffuse background of a power spectrum: what lies between its reflections.

Rings of a contrast transfer function and amorphous halos are round; astigmatism and texture vary
slowly with direction; jitter and flicker of scan lines draw streaks along the axes, one through
every reflection. Each is told from the weaker bins alone, so that reflections hardly touch it.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.fourier.windows import joined

KEPT = 0.6
"""Share of the bins, the weaker ones, that a level is told from; reflections may fill the rest."""
STREAK = 65
"""Bins along a streak that tell its level."""
BLOCK = 24
"""Bins along the sides of a block that tell the local level."""
FAINTEST = 1e-30
"""Smallest power, for the sake of logarithms."""
_CLEAR = 1.6  # a streak counts from this multiple of the level
_LOWEST = 40  # bins in a ring, so that it has a level
_QUARTILES = float(np.log(np.log(2) / np.log(4 / 3)))  # median over lower quartile of noise, log
_ABOVE = 0.25  # log of power by which a ring must stand above the noise floor


class HalfPlane(NamedTuple):
    """Power at kx >= 0 and, for filters, at `margin` columns before; ky ascending, zero inside.

    `bin_y`, `bin_x` are the frequencies (cycles per length) from one bin to the next; `correlated`
    is the number of bins for every independent one (1: no window).
    """

    power: np.ndarray
    margin: int
    bin_y: float
    bin_x: float
    correlated: float = 1.0

    @property
    def ky(self) -> np.ndarray:
        """Frequencies of the rows."""
        n = self.power.shape[0]
        return (np.arange(n) - n // 2) * self.bin_y

    @property
    def kx(self) -> np.ndarray:
        """Frequencies of the columns; negative in the margin."""
        return (np.arange(self.power.shape[1]) - self.margin) * self.bin_x


class Rings(NamedTuple):
    """Radius, level, scatter of log power over that of noise, and number of bins of rings."""

    k: np.ndarray
    level: np.ndarray
    spread: np.ndarray
    bins: np.ndarray

    def log_level(self, k: np.ndarray) -> np.ndarray:
        """Log of the level at any radius, along straight lines."""
        return np.interp(k, self.k, np.log(self.level))


class Background(NamedTuple):
    """Mean power of the noise at every bin, its relative error, and the rings."""

    level: np.ndarray
    error: np.ndarray
    rings: Rings


def half_plane(
    power: np.ndarray, bins: tuple[float, float], margin: int, correlated: float = 1.0
) -> HalfPlane:
    """Take the half plane out of a whole shifted spectrum."""
    centre = power.shape[1] // 2
    return HalfPlane(power[:, max(centre - margin, 0) :], min(margin, centre), *bins, correlated)


def correlated_bins(weight: np.ndarray) -> float:
    """Count the bins of a spectrum for every independent one, under a window `weight`."""
    square = weight**2
    return float(weight.size * np.sum(square**2) / np.sum(square) ** 2)


def radius(plane: HalfPlane) -> np.ndarray:
    """|k| of every bin."""
    return np.hypot(plane.ky[:, None], plane.kx).astype(np.float32)


def background(plane: HalfPlane) -> Background:
    """Estimate the mean power of the noise at every bin."""
    power = np.maximum(plane.power, FAINTEST)
    k = radius(plane)
    rings = _rings(power, k, max(plane.bin_y, plane.bin_x) / 2)
    line = np.sqrt(plane.correlated)
    level = np.exp(rings.log_level(k)).astype(np.float32)
    variance = np.interp(k, rings.k, line / (KEPT * rings.bins)).astype(np.float32)
    level *= _blocks(power / level, (BLOCK, BLOCK))
    variance += plane.correlated / (KEPT * BLOCK**2)
    rest = power / level
    streak = np.maximum(_blocks(rest, (STREAK, 1)), _blocks(rest, (1, STREAK)))
    on_streak = streak > _CLEAR
    level[on_streak] *= streak[on_streak]
    variance[on_streak] += line / (KEPT * STREAK)
    return Background(level, np.sqrt(variance), rings)


def level_of(power: np.ndarray, axis: int = -1) -> np.ndarray:
    """Mean of exponentially distributed power, from the weaker part (`KEPT`) along an axis.

    Maximum likelihood of a censored sample (B. Epstein & M. Sobel, J. Am. Stat. Assoc. 48 (1953)
    486): those kept, and for each of the others the strongest kept, over the number kept.
    """
    count = power.shape[axis]
    kept = max(1, int(KEPT * count))
    low = np.take(np.partition(power, kept - 1, axis), np.arange(kept), axis)
    return low.mean(axis) + (count / kept - 1) * low.max(axis)


def diffuse_limit(rings: Rings, nyquist: float) -> float:
    """Largest |k| at which the rings stand above the flat noise of the outermost ones."""
    inside = rings.k <= nyquist
    k, level = rings.k[inside], np.log(rings.level[inside])
    if k.size < 10:
        return nyquist
    floor = float(np.median(level[-max(k.size // 10, 3) :]))
    smooth = ndi.median_filter(level, max(5, k.size // 20 | 1), mode="nearest")
    above = np.flatnonzero(smooth > floor + _ABOVE)
    return float(k[above[-1]]) if above.size else 0.0


def _rings(power: np.ndarray, k: np.ndarray, step: float) -> Rings:
    """Collect rings of width `step`, or more where they have fewer than `_LOWEST` bins."""
    index = (k * np.float32(1 / step)).ravel()
    index = index.astype(np.min_scalar_type(int(index.max()) + 1))
    # small integers are sorted by radix, several times faster than by comparison
    order = np.argsort(index, kind="stable")
    values, radii = power.ravel()[order], k.ravel()[order]
    edges = _edges(np.cumsum(np.bincount(index)))
    parts = [slice(*pair) for pair in itertools.pairwise(edges)]
    found = np.array([_level_and_spread(values[part]) for part in parts])
    middle = np.array([radii[part].mean() for part in parts])
    return Rings(middle, found[:, 0], found[:, 1], np.diff(edges))


def _edges(wanted: np.ndarray) -> np.ndarray:
    edges = [0]
    for edge in wanted:
        if edge - edges[-1] >= _LOWEST:
            edges.append(int(edge))
    edges[-1] = int(wanted[-1])
    return np.array(edges if len(edges) > 1 else [0, wanted[-1]])


def _level_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Level of a ring, and its scatter over that of noise, from the lower quartile and median."""
    low, middle = np.partition(values, [values.size // 4, values.size // 2])[
        [values.size // 4, values.size // 2]
    ]
    spread = float(np.log(max(middle, FAINTEST) / max(low, FAINTEST))) / _QUARTILES
    return float(level_of(values)), max(spread, 1.0)


def _blocks(power: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Level of blocks of about `size` bins, joined by straight lines in log."""
    counts = [max(1, round(n / s)) if s > 1 else n for n, s in zip(power.shape, size, strict=True)]
    index = []
    for n, count in zip(power.shape, counts, strict=True):
        edges = np.linspace(0, n, count + 1).astype(int)
        longest = int(np.diff(edges).max())
        index.append(np.minimum(edges[:-1, None] + np.arange(longest), n - 1))
    blocks = power[index[0][:, None, :, None], index[1][None, :, None, :]]
    level = np.log(np.maximum(level_of(blocks.reshape(*blocks.shape[:2], -1)), FAINTEST))
    for axis, count in enumerate(counts):
        if count != power.shape[axis]:
            length = power.shape[axis]
            level = joined(level, axis, (np.arange(length) + 0.5) * count / length - 0.5)
    return np.exp(level).astype(np.float32)
