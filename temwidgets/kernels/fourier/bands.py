"""One set of fringes at every place: an image demodulated by a plane wave, on a coarse grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft
from scipy.special import ndtr

CUT = 3.5
"""Half the side of the piece of the spectrum that is used, in sigmas of the window's transform."""
MARGIN = 3.0
"""Zeros round the image, in sigmas of the widest window."""


class Transform(NamedTuple):
    """Spectrum of an image with zeros round it, so that nothing wraps round its edges."""

    values: np.ndarray  # (ky, kx) complex64, all of the plane
    shape: tuple[int, int]  # of the image
    sides: np.ndarray  # (2,) of a pixel


class Band(NamedTuple):
    """Fringes near g on a coarse grid, from the first pixel's centre on."""

    values: np.ndarray  # (y, x) A exp(i phase), demodulated by a wave near g
    local_g: np.ndarray  # (2, y, x) cycles per px
    step: np.ndarray  # (2,) px


def transform(flat: np.ndarray, sides: np.ndarray, widest: float) -> Transform:
    """Transform an image for windows up to `widest` units of length."""
    shape = [
        scipy.fft.next_fast_len(int(n + MARGIN * widest / side))
        for n, side in zip(flat.shape, sides, strict=True)
    ]
    values = scipy.fft.fft2(flat.astype(np.complex64), s=shape, workers=2)
    return Transform(values, (flat.shape[0], flat.shape[1]), sides)


def demodulate(image: Transform, g: np.ndarray, sigma: float) -> Band:
    """Return the fringes with reciprocal vectors near `g` (cycles per px) in a Gaussian window.

    Amplitudes are means over what of the window lies in the image. The local reciprocal vector is
    ``g0 + Im(S* grad S) / (2 pi |S|²)``, the gradient of the geometric phase (Hytch, Snoeck &
    Kilaas, Ultramicroscopy 74 (1998) 131) without unwrapping.
    """
    size = np.array(image.values.shape)
    width = sigma / image.sides
    narrow = 1 / (2 * np.pi * width)  # of the transformed window, cycles per px
    centre = np.rint(g * size).astype(int)
    grid = [scipy.fft.next_fast_len(int(n)) for n in np.ceil(2 * CUT * narrow * size) + 1]
    offset = [scipy.fft.fftfreq(n, 1 / n).astype(int) for n in grid]
    rows, cols = ((centre[i] + offset[i]) % size[i] for i in (0, 1))
    weights = [
        np.exp(-(((centre[i] + offset[i]) / size[i] - g[i]) ** 2) / (2 * narrow[i] ** 2))
        * (grid[i] / size[i])
        for i in (0, 1)
    ]
    piece = image.values[np.ix_(rows, cols)] * np.outer(*weights).astype(np.float32)
    slope = [(offset[i] / size[i]).astype(np.float32) for i in (0, 1)]
    parts = scipy.fft.ifft2(
        np.stack([piece, piece * slope[0][:, None], piece * slope[1]]), workers=2
    )
    step = size / np.array(grid)
    kept = np.minimum(grid, np.ceil((np.array(image.shape) - 1) / step).astype(int) + 1)
    values, *gradient = parts[:, : kept[0], : kept[1]]
    power = np.maximum(values.real**2 + values.imag**2, 1e-30)
    # grad S = 2 pi i F^-1(k F S), so Im(S* grad S) / 2 pi = Re(S* F^-1(k F S))
    local = [(values.conj() * d).real / power for d in gradient]
    carrier = (centre / size)[:, None, None]
    return Band(2 * values / _cover(image, width, step, kept), np.stack(local) + carrier, step)


def _cover(image: Transform, width: np.ndarray, step: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Share of the window that lies in the image."""
    axes = []
    for n, w, h, m in zip(image.shape, width, step, shape, strict=True):
        at = np.minimum(np.arange(m) * h, n - 1)
        axes.append(ndtr((n - 0.5 - at) / w) - ndtr((-0.5 - at) / w))
    return np.outer(*axes).astype(np.float32)


def noise_amplitude(power: float, sigma: float) -> float:
    """Root mean square amplitude that noise of this power per pixel has in a window."""
    return float(np.sqrt(power / np.pi) / sigma)


def sigma_for(snr: float, power: float, amplitude: float) -> float:
    """Window in which fringes of this amplitude stand `snr` above noise of this power."""
    return float(snr * np.sqrt(power / np.pi) / max(amplitude, 1e-30))
