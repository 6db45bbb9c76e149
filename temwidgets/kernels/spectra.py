"""What the power spectrum of an image tells about its columns: noise, reflections, width, spacing.

Lengths are in units of the geometric mean of the two pixel sides, frequencies (cycles) in its
inverse, so that everything is isotropic in the specimen although pixels may not be square.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft
import scipy.ndimage as ndi

GEOMETRIC_TO_MEAN = np.exp(np.euler_gamma)
"""Mean of exponentially distributed power over its geometric mean."""
REFLECTION = 40.0
"""Power over its surroundings above which a spot is a reflection; noise alone reaches 15-25."""


class Spectrum(NamedTuple):
    """Power spectrum (half plane of a real image) and what it is judged against."""

    power: np.ndarray
    frequency: np.ndarray
    diffuse: np.ndarray
    noise: float
    shape: tuple[int, int]
    lowest: float


class Reflections(NamedTuple):
    """Spots of a spectrum: frequency and power above the diffuse background, cut-off, width."""

    frequency: np.ndarray
    power: np.ndarray
    cutoff: float
    sigma: float


def frequencies(shape: tuple[int, int], aspect: tuple[float, float]) -> np.ndarray:
    """Return |k| of every pixel of a half-plane spectrum; `aspect` is the pixel's two sides."""
    ky = scipy.fft.fftfreq(shape[0])[:, None] / aspect[0]
    kx = scipy.fft.rfftfreq(shape[1])[None] / aspect[1]
    return np.hypot(ky, kx).astype(np.float32)


def without_plane(image: np.ndarray) -> np.ndarray:
    """Take away the plane that fits best; a local mean is biased at the edge of a slope."""
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape)
    rows, cols = image.mean(axis=1), image.mean(axis=0)
    slope_y, slope_x = (y @ rows) / (y @ y), (x @ cols) / (x @ x)
    return (image - image.mean() - slope_y * y[:, None] - slope_x * x).astype(np.float32)


def local_mean(image: np.ndarray, width: tuple[float, float]) -> np.ndarray:
    """Mean over a box of about `width` pixels applied twice, taken over the image alone."""
    total = image
    for axis, (w, n) in enumerate(zip(width, image.shape, strict=True)):
        size, weight = max(1, int(min(w, 2 * n))), np.ones(n, image.dtype)
        for _ in range(2):
            total = ndi.uniform_filter1d(total, size, axis, mode="constant")
            weight = ndi.uniform_filter1d(weight, size, mode="constant")
        total = total / (weight[:, None] if axis == 0 else weight)
    return total


def power_spectrum(image: np.ndarray, aspect: tuple[float, float]) -> Spectrum:
    """Return the tapered power spectrum; white noise of variance v has power v."""
    n = min(image.shape)
    flat = image - image.mean()
    flat = flat - local_mean(flat, (n / 4, n / 4))
    tapers = [np.sqrt(np.hanning(m + 2)[1:-1]).astype(np.float32) for m in image.shape]
    window = np.outer(*tapers)
    shape = fast_shape(image.shape)
    power = np.abs(scipy.fft.rfft2(flat * window, s=shape, workers=2)) ** 2 / np.sum(window**2)
    frequency = frequencies(shape, aspect)
    extent = min(m * a for m, a in zip(image.shape, aspect, strict=True))
    return Spectrum(
        power, frequency, diffuse_power(power, frequency), noise_power(power), shape, 3 / extent
    )


def fast_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the next larger shape whose Fourier transform is quick."""
    return (scipy.fft.next_fast_len(shape[0]), scipy.fft.next_fast_len(shape[1], real=True))


def noise_power(power: np.ndarray) -> float:
    """Power of white noise, from the corners of the spectrum (their median: robust to spots)."""
    ny, nx = power.shape
    fy, fx = np.abs(scipy.fft.fftfreq(ny))[:, None], np.linspace(0, 0.5, nx)[None]
    return float(np.median(power[np.hypot(fy, fx) > 0.42]) / np.log(2))


def diffuse_power(power: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Power between the reflections: geometric mean over rings, or more where a streak runs."""
    ring = (frequency * max(power.shape)).astype(int)
    count = np.bincount(ring.ravel())
    total = np.bincount(ring.ravel(), np.log(power.ravel() + 1e-30))
    level = total / np.maximum(count, 1)
    size = max(5, int(0.02 * level.size) | 1)
    level = np.exp(ndi.median_filter(level, size, mode="nearest")) * GEOMETRIC_TO_MEAN
    return np.maximum(level[ring], _streaks(power)).astype(np.float32)


def _streaks(power: np.ndarray, block: int = 16) -> np.ndarray:
    """Median along ky: rows that jitter or flicker smear power along the slow scan direction."""
    n = power.shape[0]
    edges = np.linspace(0, n, max(1, n // block) + 1).astype(int)
    lengths = np.diff(edges)
    rows = np.minimum(edges[:-1, None] + np.arange(lengths.max()), n - 1)
    return np.repeat(np.median(power[rows], axis=1) / np.log(2), lengths, axis=0)


def reflections(spectrum: Spectrum, aspect: tuple[float, float]) -> Reflections | None:
    """Find the reflections of a crystal and the Gaussian sigma of its columns.

    Powers of reflections fall as ``exp(-(2 pi k sigma)^2)``, times structure factors: sigma is
    the slope of their upper envelope. Where few orders are seen, that the next ones are not seen
    bounds it from below. None where no crystal is seen: reflections in one direction only are
    an edge or fringes.
    """
    power, k = spectrum.power, spectrum.frequency
    ratio = power / np.maximum(spectrum.diffuse, 1e-30)
    spots = (ratio == ndi.maximum_filter(ratio, 5, mode="wrap")) & (ratio > REFLECTION)
    spots &= (k > spectrum.lowest) & (k < 0.5)
    spots &= power > 1e-4 * power[k > spectrum.lowest].max(initial=0)
    if _in_one_direction(spots, aspect):
        return None
    at, excess = k[spots], power[spots] - spectrum.diffuse[spots]
    cutoff = float(at.max())
    unseen = min(1.4 * cutoff, 0.5)
    limit = np.log(REFLECTION * np.median(spectrum.diffuse[np.abs(k - unseen) < 0.02]))
    slope = _envelope_slope(at, np.log(excess), unseen, limit)
    return Reflections(at, excess, cutoff, float(np.sqrt(max(slope, 0.1))))


def _in_one_direction(spots: np.ndarray, aspect: tuple[float, float]) -> bool:
    """Tell whether all spots lie within ten degrees of one line through the origin."""
    row, col = np.nonzero(spots)
    ny = spots.shape[0]
    ky = np.where(row > ny // 2, row - ny, row) / ny / aspect[0]
    kx = col / (2 * (spots.shape[1] - 1)) / aspect[1]
    double = np.exp(2j * np.arctan2(ky, kx))
    return double.size < 2 or bool((np.abs(np.angle(double / double[0])) < np.deg2rad(20)).all())


def _envelope_slope(k: np.ndarray, log_power: np.ndarray, unseen: float, limit: float) -> float:
    """Fall of `log_power` with (2 pi k)^2 along its upper envelope, below `limit` at `unseen`."""
    k2 = (2 * np.pi * np.append(k, unseen)) ** 2
    target = np.append(log_power, limit)
    weight = np.append(np.ones(k.size), 0.0)
    basis = np.stack([np.ones_like(k2), -k2], axis=1)
    for _ in range(12):
        root = np.sqrt(weight)
        fit = np.linalg.lstsq(basis * root[:, None], target * root, rcond=None)[0]
        rest = target - basis @ fit
        weight = np.where(rest > 0, 1.0, 1 / (1 + rest**2))
        weight[-1] = k.size if rest[-1] < 0 else 0.0
    return float(fit[1])


def shortest_vector(
    spectrum: Spectrum, spots: Reflections, aspect: tuple[float, float]
) -> float | None:
    """Length of the shortest vector between columns, from the sharpened autocorrelation.

    The Patterson function of the reflections with the width of the columns taken out (a
    "sharpened Patterson map" of crystallography). A guess to start from: a faint sublattice may
    be missed and the lattice parameter come out instead. None where nothing is resolved.
    """
    k2 = (2 * np.pi * spectrum.frequency) ** 2
    gate = np.clip(1 - 5 * spectrum.diffuse / np.maximum(spectrum.power, 1e-30), 0, 1)
    gate[(spectrum.frequency < spectrum.lowest) | (spectrum.frequency > 1.05 * spots.cutoff)] = 0
    width = max(0.7 * spots.sigma, 0.35 / spots.cutoff)
    sharper = np.exp(np.minimum(k2 * (2 * spots.sigma**2 - width**2) / 2, 30))
    patterson = scipy.fft.irfft2(spectrum.power * gate * sharper, s=spectrum.shape, workers=2)
    return _nearest_peak(scipy.fft.fftshift(patterson / patterson.max()), width, aspect)


def _nearest_peak(patterson: np.ndarray, width: float, aspect: tuple[float, float]) -> float | None:
    centre = np.array(patterson.shape) // 2
    reach = int(min(centre.min() - 2, max(200, 20 * width)))
    part = patterson[
        centre[0] - reach : centre[0] + reach + 1, centre[1] - reach : centre[1] + reach + 1
    ]
    floor = np.percentile(part, 3)
    part = (part - floor) / (1 - floor)
    size = max(3, int(width / max(aspect)) | 1)
    peaks = np.argwhere(part == ndi.maximum_filter(part, size))
    height = part[tuple(peaks.T)]
    distance = np.hypot(*((peaks - reach) * np.array(aspect)).T)
    good = (distance > 2 * width) & (distance < (reach - 1) * min(aspect))
    if not good.any():
        return None
    good &= height > 0.3 * height[good].max()
    return float(distance[good].min())
