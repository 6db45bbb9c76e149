"""A coarse grid over an image, and Gaussian windows on it.

Fields on the grid are band limited: what a sub-band of the spectrum holds fits on far fewer
points than pixels. All windows have integral one. Lengths as in `image_spectrum`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.fft

from temwidgets.kernels.fourier.image_spectrum import ImageSpectrum, around

_FLAT = 0.7  # share of a pass band where it is one


class CoarseGrid(NamedTuple):
    """Points ``step * (i, j)`` (lengths from the first pixel) over the padded image, periodic."""

    counts: tuple[int, int]
    step: tuple[float, float]
    k: tuple[np.ndarray, np.ndarray]  # frequencies along y and x


def coarse_grid(spectrum: ImageSpectrum, step: float) -> CoarseGrid:
    """Make a grid with points about `step` apart, never closer than pixels."""
    counts, steps, k = [], [], []
    for n, p in zip(spectrum.shape, spectrum.pixel, strict=True):
        count = min(scipy.fft.next_fast_len(int(np.ceil(n * p / step))), n)
        counts.append(count)
        steps.append(n * p / count)
        k.append(scipy.fft.fftfreq(count, n * p / count).astype(np.float32))
    return CoarseGrid((counts[0], counts[1]), (steps[0], steps[1]), (k[0], k[1]))


def gaussian(grid: CoarseGrid, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Transform of a Gaussian window, along y and along x."""
    y, x = (np.exp(-2 * (np.pi * sigma * k) ** 2) for k in grid.k)
    return y, x


def pass_band(grid: CoarseGrid) -> tuple[np.ndarray, np.ndarray]:
    """Transfer along y and x that is one at low frequencies and falls to zero at Nyquist's."""
    sides = []
    for k, step in zip(grid.k, grid.step, strict=True):
        nyquist = 0.5 / step
        begin = _FLAT * nyquist
        part = np.clip((np.abs(k) - begin) / (nyquist - begin), 0, 1)
        sides.append(np.cos(np.pi / 2 * part) ** 2)
    return sides[0], sides[1]


def sub_band(
    spectrum: ImageSpectrum, g: np.ndarray, grid: CoarseGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Return the transform of the fringes near `g` on the grid, and the carrier taken out.

    A fringe ``A cos(2 pi g.r + phi)`` becomes ``A/2 exp(i(2 pi (g - carrier).r + phi))``.
    """
    values, carrier = around(spectrum, g, grid.counts)
    values *= np.float32(np.prod(grid.counts) / np.prod(spectrum.shape))
    return values, carrier


def fade_on(spectrum: ImageSpectrum, grid: CoarseGrid) -> tuple[np.ndarray, np.ndarray]:
    """Weight of the image on the grid, one inside, zero in the padding, through `pass_band`.

    Returned along y and along x: the weight is the product.
    """
    sides, band = [], pass_band(grid)
    for axis in range(2):
        line = np.zeros(spectrum.shape[axis], np.float32)
        line[: spectrum.size[axis]] = spectrum.fade[axis]
        transform, count = scipy.fft.fft(line), grid.counts[axis]
        bins = np.rint(np.fft.fftfreq(count, 1 / count)).astype(int)
        kept = transform[bins] * band[axis]
        sides.append((scipy.fft.ifft(kept).real * (count / line.size)).astype(np.float32))
    return sides[0], sides[1]


def smooth_product(
    sides: tuple[np.ndarray, np.ndarray], grid: CoarseGrid, sigma: float
) -> np.ndarray:
    """Convolve the product of a profile along y and one along x with a Gaussian."""
    y, x = (
        scipy.fft.ifft(scipy.fft.fft(side) * window).real
        for side, window in zip(sides, gaussian(grid, sigma), strict=True)
    )
    return np.outer(y, x).astype(np.float32)


def smooth(field: np.ndarray, grid: CoarseGrid, sigma: float) -> np.ndarray:
    """Convolve a field on the grid with a Gaussian; real stays real."""
    y, x = gaussian(grid, sigma)
    if np.iscomplexobj(field):
        return filtered(scipy.fft.fft2(field), [(y, x)])[0]
    half = scipy.fft.rfft2(field) * (y[:, None] * x[: field.shape[1] // 2 + 1])
    return scipy.fft.irfft2(half, s=field.shape)


def filtered(transform: np.ndarray, filters: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Apply several separable filters to a transform; (filter, y, x)."""
    out = np.empty((len(filters), *transform.shape), np.complex64)
    for plane, (y, x) in zip(out, filters, strict=True):
        np.multiply(transform, y[:, None] * x, out=plane)
    return scipy.fft.ifft2(out, overwrite_x=True)


def moments(transform: np.ndarray, grid: CoarseGrid, sigma: float, order: int = 1) -> np.ndarray:
    """Moments of a field under a Gaussian window at every point.

    ``sum_r w(r - r0) (r - r0)^p f(r)`` for p = 1, y, x and with order 2 also yy, yx, xx.
    """
    window = gaussian(grid, sigma)
    plain = window[0], window[1]
    first = [2j * np.pi * sigma**2 * k * w for k, w in zip(grid.k, window, strict=True)]
    filters = [plain, (first[0], plain[1]), (plain[0], first[1])]
    if order == 2:
        second = [
            (sigma**2 - (2 * np.pi * sigma**2 * k) ** 2) * w
            for k, w in zip(grid.k, window, strict=True)
        ]
        filters += [(second[0], plain[1]), (first[0], first[1]), (plain[0], second[1])]
    return filtered(transform, filters)


def resampled(field: np.ndarray, grid: CoarseGrid, other: CoarseGrid) -> np.ndarray:
    """Interpolate a field linearly from a grid to another."""
    out = field.astype(np.float32, copy=False)
    for axis in range(2):
        place = np.arange(other.counts[axis]) * (other.step[axis] / grid.step[axis])
        low = np.floor(place).astype(int)
        share = (place - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share
        first, second = low % grid.counts[axis], (low + 1) % grid.counts[axis]
        out = out.take(first, axis) * (1 - share) + out.take(second, axis) * share
    return out
