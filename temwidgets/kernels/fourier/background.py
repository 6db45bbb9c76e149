"""The diffuse background of a power spectrum: what lies between its reflections.

Rings of a contrast transfer function and amorphous halos are round; astigmatism and texture vary
slowly with direction; jitter and flicker of scan lines draw streaks along the axes, one through
every reflection. Each is estimated by a quantile low enough that reflections hardly touch it.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

QUANTILE = 0.35
"""Of bins; reflections may fill up to half of a ring or streak before they count as background."""
STREAK = 65
"""Bins along a streak whose quantile is its level."""
BLOCK = 24
"""Bins along the sides of a block whose quantile is the local level."""
FAINTEST = 1e-30
"""Smallest power, for the sake of logarithms."""
OF_MEAN = float(np.log(-np.log1p(-QUANTILE)))  # log of the quantile over the mean of noise
_CLEAR = 0.4  # log of power by which a streak must stand out to count
_ABOVE = 0.25  # log of power by which a ring must stand above the noise floor
_LOWEST = 12  # bins in a ring, so that a quantile says something


class HalfPlane(NamedTuple):
    """Power at kx >= 0 and, for filters, at `margin` columns before; ky ascending, zero inside.

    `bin_y`, `bin_x` are the frequencies (cycles per length) from one bin to the next.
    """

    power: np.ndarray
    margin: int
    bin_y: float
    bin_x: float

    @property
    def ky(self) -> np.ndarray:
        """Frequencies of the rows."""
        n = self.power.shape[0]
        return (np.arange(n) - n // 2) * self.bin_y

    @property
    def kx(self) -> np.ndarray:
        """Frequencies of the columns; negative in the margin."""
        return (np.arange(self.power.shape[1]) - self.margin) * self.bin_x


def half_plane(power: np.ndarray, bins: tuple[float, float], margin: int) -> HalfPlane:
    """Take the half plane out of a whole shifted spectrum."""
    centre = power.shape[1] // 2
    kept = power[:, max(centre - margin, 0) :]
    return HalfPlane(kept, min(margin, centre), *bins)


def radius(plane: HalfPlane) -> np.ndarray:
    """|k| of every bin."""
    return np.hypot(plane.ky[:, None], plane.kx).astype(np.float32)


class Background(NamedTuple):
    """Mean power of the noise at every bin; radius and log of the level of the rings."""

    level: np.ndarray
    ring_k: np.ndarray
    ring_level: np.ndarray


def background(plane: HalfPlane) -> Background:
    """Estimate the mean power of the noise at every bin."""
    log_power = np.log(np.maximum(plane.power, FAINTEST))
    k = radius(plane)
    ring_k, ring_level = _rings(log_power, k, max(plane.bin_y, plane.bin_x))
    level = np.interp(k, ring_k, ring_level).astype(np.float32)
    level += _blocks(log_power - level, (BLOCK, BLOCK))
    rest = log_power - level
    streak = np.maximum(_blocks(rest, (STREAK, 1)), _blocks(rest, (1, STREAK)))
    level += np.where(streak > _CLEAR, streak, 0)
    return Background(np.exp(level), ring_k, ring_level)


def diffuse_limit(found: Background, nyquist: float) -> float:
    """Largest |k| at which the rings stand above the flat noise of the outermost ones."""
    inside = found.ring_k <= nyquist
    k, level = found.ring_k[inside], found.ring_level[inside]
    if k.size < 10:
        return nyquist
    floor = float(np.median(level[-max(k.size // 10, 3) :]))
    smooth = ndi.median_filter(level, max(3, k.size // 50 | 1), mode="nearest")
    above = np.flatnonzero(smooth > floor + _ABOVE)
    return float(k[above[-1]]) if above.size else 0.0


def _rings(log_power: np.ndarray, k: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Radius and level (log) of rings of at least `_LOWEST` bins."""
    order = np.argsort(k, axis=None)
    flat_k, values = k.ravel()[order], log_power.ravel()[order]
    edges = _edges(flat_k, step)
    parts = [slice(*pair) for pair in itertools.pairwise(edges)]
    level = [np.quantile(values[part], QUANTILE) for part in parts]
    return np.array([flat_k[part].mean() for part in parts]), np.array(level) - OF_MEAN


def _edges(k: np.ndarray, step: float) -> np.ndarray:
    wanted = np.searchsorted(k, np.arange(step / 2, k[-1] + step, step))
    edges = [0]
    for edge in wanted:
        if edge - edges[-1] >= _LOWEST:
            edges.append(int(edge))
    edges[-1] = k.size
    return np.array(edges)


def _blocks(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Level (log) of blocks of about `size` bins, joined by straight lines."""
    counts = [max(1, round(n / s)) if s > 1 else n for n, s in zip(values.shape, size, strict=True)]
    index = []
    for n, count in zip(values.shape, counts, strict=True):
        edges = np.linspace(0, n, count + 1).astype(int)
        longest = int(np.diff(edges).max())
        index.append(np.minimum(edges[:-1, None] + np.arange(longest), n - 1))
    blocks = values[index[0][:, None, :, None], index[1][None, :, None, :]]
    flat = blocks.reshape(*blocks.shape[:2], -1)
    level = np.quantile(flat, QUANTILE, axis=-1) - OF_MEAN
    for axis, count in enumerate(counts):
        if count != values.shape[axis]:
            level = _joined(level, axis, values.shape[axis])
    return level.astype(np.float32)


def _joined(level: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Interpolate block centres to bins along one axis."""
    place = (np.arange(size) + 0.5) * level.shape[axis] / size - 0.5
    place = np.clip(place, 0, level.shape[axis] - 1)
    low = np.minimum(place.astype(int), max(level.shape[axis] - 2, 0))
    high = np.minimum(low + 1, level.shape[axis] - 1)
    part = np.expand_dims(place - low, 1 - axis)
    return np.take(level, low, axis) * (1 - part) + np.take(level, high, axis) * part
