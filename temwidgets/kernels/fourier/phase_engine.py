"""All reflections of an image measured at every point of a coarse grid, from its spectrum."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from temwidgets.kernels.fourier.coarse_grid import CoarseGrid, coarse_grid, resampled
from temwidgets.kernels.fourier.crystal_support import Support, find_support, sharpened
from temwidgets.kernels.fourier.image_spectrum import ImageSpectrum
from temwidgets.kernels.fourier.local_fringes import (
    LocalFringes,
    Windows,
    clipped_windows,
    fit_fringes,
)
from temwidgets.kernels.fourier.window_choice import (
    bias_over_noise,
    choose_width,
    deciding,
    narrowest,
    width_for_goal,
)

_EDGE = (0.6, 0.85)  # share of the amplitude inside where maps end: least and most
_CAUTION = 0.7  # that share grows so much with the amplitude of the speckle beside the crystal
_SAME = 0.6  # overlap of supports (intersection over union) above which they are one crystal
_LEAST_SIGMA = 2.0  # px
_LARGE = (
    2**23
)  # pixels from which transforms of sub-bands outweigh two threads' waiting for each other
_REACH = 0.15  # window times spread of g: with more the first fit loses amplitude

Report = Callable[[float], None]


class Measured(NamedTuple):
    """Fringes of several reflections on one coarse grid."""

    grid: CoarseGrid
    sigma: float
    share: np.ndarray  # (reflection, y, x) amplitude over that inside
    edge: np.ndarray  # (reflection,) share where maps end
    crystal: np.ndarray  # (reflection,) number of the support: the same for one crystal
    fringes: list[LocalFringes]

    def inside(self, k: int) -> np.ndarray:
        """Tell where on the grid reflection k is measured."""
        return self.share[k] > self.edge[k]


def measure(
    spectrum: ImageSpectrum,
    g: np.ndarray,
    *,
    sigma: float | None = None,
    inside: np.ndarray | None = None,
    report: Report = lambda fraction: None,
) -> Measured:
    """Measure reflections `g` (n, 2).

    Parameters
    ----------
    sigma : float, optional
        Width of the windows; chosen from noise and strain when not given.
    inside : ndarray of bool, (y, x), optional
        Where the crystal is, at the image's pixels; found when not given.
    """
    with ThreadPoolExecutor(2 if np.prod(spectrum.size) > _LARGE else 1) as pool:
        return _Session(spectrum, g, inside, pool, report).run(sigma)


class _Session:
    """One measurement: what windows of several widths share."""

    def __init__(
        self,
        spectrum: ImageSpectrum,
        g: np.ndarray,
        inside: np.ndarray | None,
        pool: ThreadPoolExecutor,
        report: Report,
    ):
        self.spectrum, self.g, self.inside = spectrum, g, inside
        self.pool, self.report = pool, report
        self.least = min(max(narrowest(g), _LEAST_SIGMA), spectrum.widest / 2)
        self.supports = list(pool.map(lambda v: find_support(spectrum, v, self.least), g))
        self.crystal = _crystals(self.supports)
        self.last: Measured | None = None
        report(0.3)

    def run(self, sigma: float | None) -> Measured:
        if sigma is None:
            sigma = self._width()
        if self.last is None or self.last.sigma != sigma:
            self.last = self._at(sigma)
        self.report(0.6)
        return self.last

    def _width(self) -> float:
        seen = [k for k, s in enumerate(self.supports) if s.amplitude > 0]
        least = 1.2 * self.least
        if not seen:
            return float(min(2 * least, self.spectrum.widest))
        amplitude, noise = (
            np.array([getattr(self.supports[k], name) for k in seen])
            for name in ("amplitude", "noise")
        )
        best = deciding(amplitude, noise, self.g[seen])
        seen = [seen[k] for k in best]
        start = width_for_goal(self.g[seen], amplitude[best], noise[best])
        most = max(
            least, min(self.spectrum.widest, _REACH / max(self.supports[k].spread for k in seen))
        )
        return choose_width(lambda s: self._excess(s, seen), start, least, most)

    def _excess(self, sigma: float, seen: list[int]) -> float:
        last = self.last = self._at(sigma)
        over = []
        for k in seen:
            typical = self.supports[k].amplitude, self.supports[k].noise
            over.append(bias_over_noise(last.fringes[k], last.inside(k), sigma, *typical))
        return max(over)

    def _at(self, sigma: float) -> Measured:
        spectrum, grid = self.spectrum, coarse_grid(self.spectrum, sigma / 2)
        share = self._share(grid)
        numbers = np.unique(self.crystal)

        def prepare(number: int) -> Windows:
            k = int(np.argmax(self.crystal == number))
            return clipped_windows(spectrum, grid, sigma, self._outline(share[k], k, sigma))

        windows = dict(zip(numbers, self.pool.map(prepare, numbers), strict=True))

        def fit(k: int) -> LocalFringes:
            return fit_fringes(spectrum, self.supports[k].g, grid, sigma, windows[self.crystal[k]])

        fringes = list(self.pool.map(fit, range(len(self.g))))
        return Measured(grid, sigma, share, self._edges(), self.crystal, fringes)

    def _outline(self, share: np.ndarray, k: int, sigma: float) -> np.ndarray:
        if self.inside is not None:
            return np.clip(share, 0, 1)
        return sharpened(share, self.supports[k].sigma, sigma / 4)

    def _edges(self) -> np.ndarray:
        """Share where the maps of each reflection end.

        A half would be the very edge; the stronger amorphous speckle is beside it, the further
        inside maps end, lest specks count for crystal.
        """
        low, high = _EDGE
        if self.inside is not None:
            return np.full(len(self.g), 0.5)
        edges = np.empty(len(self.g))
        for number in np.unique(self.crystal):
            same = self.crystal == number
            weight = self._weights()[same] / max(self._weights()[same].sum(), 1e-30)
            speckle = np.array([s.outside for s in self.supports])[same]
            # of Rayleigh amplitudes: mean over root mean square, and variance
            mean, variance = 0.886 * weight @ speckle, 0.215 * weight**2 @ speckle**2
            edges[same] = np.clip(low + _CAUTION * np.sqrt(mean**2 + variance), low, high)
        return edges

    def _weights(self) -> np.ndarray:
        return np.array([s.amplitude**2 / max(s.noise, 1e-30) for s in self.supports])

    def _share(self, grid: CoarseGrid) -> np.ndarray:
        """Share of each reflection on the grid: the mean over those of its crystal."""
        if self.inside is not None:
            return np.repeat(averaged(self.inside, self.spectrum, grid)[None], len(self.g), 0)
        own = [resampled(s.share, s.grid, grid) for s in self.supports]
        weight = self._weights()
        share = np.zeros((len(own), *grid.counts), np.float32)
        for k, number in enumerate(self.crystal):
            same = self.crystal == number
            total = weight[same].sum()
            if total > 0:
                share[k] = sum(w * s for w, s, m in zip(weight, own, same, strict=True) if m)
                share[k] /= total
        return share


def _crystals(supports: list[Support]) -> np.ndarray:
    """Number the supports so that those of one crystal, which overlap, have the same number."""
    number = np.arange(len(supports))
    for k, one in enumerate(supports):
        for j in range(k):
            if _overlap(supports[j], one) > _SAME:
                number[number == number[k]] = number[j]
    return number


def _overlap(one: Support, other: Support) -> float:
    """Intersection over union of two cores."""
    a, b = one.core, other.core
    if one.grid.counts != other.grid.counts:
        a = resampled(a, one.grid, other.grid) > 0.5
    union = int((a | b).sum())
    return float((a & b).sum() / union) if union else 0.0


def averaged(values: np.ndarray, spectrum: ImageSpectrum, grid: CoarseGrid) -> np.ndarray:
    """Mean of an image round each point of the grid, counting 0 beyond its border."""
    out = values
    for axis, (size, count, padded) in enumerate(
        zip(spectrum.size, grid.counts, spectrum.shape, strict=True)
    ):
        nearest = np.rint(np.arange(size) * (count / padded)).astype(int)
        starts = np.flatnonzero(np.diff(nearest, prepend=-1))
        sums = np.add.reduceat(out, starts, axis=axis, dtype=np.float32)
        whole = [0, 0]
        whole[axis] = count
        whole[1 - axis] = sums.shape[1 - axis]
        out = np.zeros(whole, np.float32)
        at = [slice(None), slice(None)]
        at[axis] = nearest[starts] % count
        out[tuple(at)] = sums * np.float32(count / padded)
    return np.minimum(out, 1) if values.dtype == bool else out
