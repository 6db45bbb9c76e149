"""Local reciprocal vector and amplitude of one set of fringes: local linear phase regression.

At every point the phase of the fringes is fitted by a plane under a Gaussian window times the
crystal's outline, so that the window does not reach beyond a rim. With a whole window it is the
phase gradient ``Im(S* grad S) / |S|^2`` of windowed demodulation (Hytch et al., Ultramicroscopy
74, 131 (1998)). The fit is repeated: the fringes are multiplied by the conjugate of the phase
that was found, fitted again, and the results added ("twicing", Tukey 1977; three fits here), which
lowers the bias from second to sixth order in the window's width.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft

from temwidgets.kernels.fourier.coarse_grid import (
    CoarseGrid,
    fade_on,
    filtered,
    gaussian,
    moments,
    pass_band,
    smooth,
    sub_band,
)
from temwidgets.kernels.fourier.image_spectrum import ImageSpectrum

FITS = 3
NOISE_GAIN = 3.901  # variance of the slope after so many fits over that after one: `slope_noise`
REMAINDER_GAIN = 0.123  # the same for what one fit more would add
PHASE_GAIN = 2.433  # variance of the phase after so many fits over that after one
BIAS_OVER_REMAINDER = 4.0  # squares: what the fits leave over what the next one would add
_LEAST_SPREAD = 0.15  # of sigma squared: variance of positions under half a window is 0.36
_TINY = np.float32(1e-12)


class Windows(NamedTuple):
    """Windows clipped by an outline: their centroids, inverse variances, and what noise does."""

    outline: np.ndarray  # (y, x) 0 to 1
    faded: np.ndarray  # (y, x) outline times the weight of the image
    weight: np.ndarray  # (y, x) share of the window that is used
    centre: np.ndarray  # (2, y, x) centroid relative to the point
    inverse: np.ndarray  # (3, y, x) yy, yx, xx of the inverse covariance of positions
    noise: np.ndarray  # (3, y, x) variance yy, yx, xx of the slope per noise power at A = 1
    level_noise: np.ndarray  # (y, x) variance of the amplitude per noise power


class LocalFringes(NamedTuple):
    """One set of fringes on a coarse grid."""

    carrier: np.ndarray  # (2,)
    weight: np.ndarray  # (y, x) share of the window that lies in the crystal
    phasor: np.ndarray  # (y, x) unit: phase less that of the carrier
    g: np.ndarray  # (2, y, x) local reciprocal vector
    amplitude: np.ndarray  # (y, x)
    covariance: np.ndarray  # (3, y, x) of g: yy, yx, xx, from noise
    amplitude_variance: np.ndarray  # (y, x)
    noise: np.ndarray  # (y, x) power per pixel
    remainder: np.ndarray  # (y, x) square of what one fit more would add to g
    bias: np.ndarray  # (3, y, x) squared bias of g


def clipped_windows(
    spectrum: ImageSpectrum, grid: CoarseGrid, sigma: float, outline: np.ndarray
) -> Windows:
    """Prepare windows clipped by an outline; fringes of one crystal share them."""
    fade = np.outer(*fade_on(spectrum, grid))
    # the fringes carry the outline once themselves, and are multiplied by it once more
    faded = outline * fade
    m = moments(scipy.fft.fft2(outline * faded), grid, sigma, 2).real
    total = np.maximum(m[0], 1e-3)
    centre = m[1:3] / total
    yy, yx, xx = m[3:] / total - [centre[0] ** 2, centre[0] * centre[1], centre[1] ** 2]
    inverse = _inverse(yy, yx, xx, _LEAST_SPREAD * sigma**2)
    q = moments(scipy.fft.fft2(faded**2), grid, sigma / np.sqrt(2), 2).real
    q /= 4 * np.pi * sigma**2
    spread = _about(q, centre)
    noise = _sandwich(inverse, spread) * (2 / (4 * np.pi**2)) / total**2
    level = 2 * np.maximum(q[0], 0) / total**2
    return Windows(outline, faded, m[0], centre, inverse, noise, level)


def _inverse(yy: np.ndarray, yx: np.ndarray, xx: np.ndarray, least: float) -> np.ndarray:
    """Inverse of symmetric matrices whose eigenvalues are raised to `least`."""
    mean, half = (yy + xx) / 2, (yy - xx) / 2
    apart = np.hypot(half, yx)
    low, high = np.maximum(mean - apart, least), np.maximum(mean + apart, least)
    cos, sin = half / np.maximum(apart, _TINY), yx / np.maximum(apart, _TINY)
    mid, dif = (1 / high + 1 / low) / 2, (1 / high - 1 / low) / 2
    return np.stack([mid + dif * cos, dif * sin, mid - dif * cos]).astype(np.float32)


def _about(q: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Second moments about a centre, from moments 1, y, x, yy, yx, xx about the point."""
    y, x = centre
    return np.stack(
        [
            q[3] - 2 * y * q[1] + y * y * q[0],
            q[4] - y * q[2] - x * q[1] + x * y * q[0],
            q[5] - 2 * x * q[2] + x * x * q[0],
        ]
    )


def _sandwich(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A B A of symmetric matrices given as yy, yx, xx."""
    p, q = a[0] * b[0] + a[1] * b[1], a[0] * b[1] + a[1] * b[2]
    r, s = a[1] * b[0] + a[2] * b[1], a[1] * b[1] + a[2] * b[2]
    return np.stack([p * a[0] + q * a[1], p * a[1] + q * a[2], r * a[1] + s * a[2]])


def fit_fringes(
    spectrum: ImageSpectrum, g: np.ndarray, grid: CoarseGrid, sigma: float, windows: Windows
) -> LocalFringes:
    """Measure the fringes near `g` at every point of the grid."""
    transform, carrier = sub_band(spectrum, g, grid)
    band = filtered(transform, [pass_band(grid)])[0] * windows.outline
    phasor, slopes = np.ones_like(band), np.zeros((2, *band.shape), np.float32)
    for _ in range(FITS):
        step, slope, level = _plane(band * phasor.conj(), grid, sigma, windows)
        phasor *= step
        slopes += slope
    flattened = band * phasor.conj()
    _, third, level = _plane(flattened, grid, sigma, windows)
    noise = _noise(flattened.imag, grid, sigma, windows.faded)
    amplitude = 2 * level
    covariance = NOISE_GAIN * windows.noise * (noise / np.maximum(amplitude, _TINY) ** 2)
    third = third / np.float32(2 * np.pi)
    bias = _bias(third, covariance, grid, sigma, windows.weight)
    local = carrier.astype(np.float32)[:, None, None] + slopes / np.float32(2 * np.pi)
    return LocalFringes(
        carrier,
        windows.weight,
        phasor,
        local,
        amplitude,
        covariance,
        windows.level_noise * noise,
        noise,
        (third**2).sum(axis=0),
        bias,
    )


def _bias(
    left: np.ndarray, covariance: np.ndarray, grid: CoarseGrid, sigma: float, weight: np.ndarray
) -> np.ndarray:
    """Squared bias (yy, yx, xx) that what one fit more would add speaks of, noise taken off."""
    squares = np.stack([left[0] ** 2, left[0] * left[1], left[1] ** 2])
    inside = np.maximum(weight, 0) ** 2
    total = np.maximum(smooth(inside, grid, sigma), 1e-3)
    local = np.stack([smooth(inside * part, grid, sigma) / total for part in squares])
    noise = covariance * np.float32(REMAINDER_GAIN / NOISE_GAIN)
    trace, expected = local[0] + local[2], noise[0] + noise[2]
    share = np.clip(1 - 1.3 * expected / np.maximum(trace, _TINY), 0, 1)
    # a clipped window hides more of it: the fourth power fits simulated rims
    return BIAS_OVER_REMAINDER * share * local / np.clip(weight, 0.3, 1) ** 4


def _plane(
    field: np.ndarray, grid: CoarseGrid, sigma: float, windows: Windows
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Phasor at the point, slope (2, y, x) and mean level of the plane fitted to the phase."""
    sums = moments(scipy.fft.fft2(field), grid, sigma)
    size = np.maximum(np.abs(sums[0]), _TINY)
    unit = sums[0] / size
    turned = unit.conj()
    y, x = ((turned * part).imag / size for part in sums[1:])
    a, b, c = windows.inverse
    slope = np.stack([a * y + b * x, b * y + c * x])
    back = (slope * windows.centre).sum(axis=0)
    unit *= np.cos(back) - 1j * np.sin(back)
    return unit, slope, size / np.maximum(windows.weight, 1e-3)


def _noise(across: np.ndarray, grid: CoarseGrid, sigma: float, weight: np.ndarray) -> np.ndarray:
    """Noise power per pixel from fringes in quadrature, between windows of sigma and half of it."""
    window, half = (np.outer(*gaussian(grid, s)) for s in (sigma, sigma / 2))
    gate = half - window
    # what is left in quadrature has been through the fits as well
    passed = float((gate**2 * (1 - window) ** (2 * FITS)).mean() / np.prod(grid.step))
    left = scipy.fft.ifft2(scipy.fft.fft2(across) * gate).real
    total = np.maximum(smooth(weight**2, grid, 3 * sigma), 0.02)
    return np.maximum(smooth(2 * left**2, grid, 3 * sigma), _TINY) / (passed * total)


def slope_noise(fits: int) -> tuple[float, float]:
    """Variance of slopes after so many fits, and of what one more adds, over that after one.

    For a whole window with transform h = exp(-s/2), s = (2 pi sigma k)²:
    ``int s (1 - (1 - h)^n)² ds`` and ``int s (h (1 - h)^n)² ds``.
    """
    s = np.linspace(0, 60, 20001)
    h = np.exp(-s / 2)
    done = np.trapezoid(s * (1 - (1 - h) ** fits) ** 2, s)
    return float(done), float(np.trapezoid(s * (h * (1 - h) ** fits) ** 2, s))
