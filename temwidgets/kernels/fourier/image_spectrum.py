"""The spectrum of a whole image, kept to cut sub-bands out of it.

Kernels of local fringes measure lengths in units of the geometric mean of the two pixel sides and
reciprocal vectors in its inverse, so that windows are round in the specimen although pixels may
not be square. Vectors are (y, x).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft

from temwidgets.kernels.spectra import fast_shape

EDGE = 10.0  # px over which the image fades at its border: a sharp one smears spots
_LEAST_PAD = 64
_PAD = 1 / 8  # of the image's size
_REACH = 2.5  # widths of a window beyond which it is next to nothing
_SMALL = 2**18  # multiplications in a product that BLAS leaves to one thread
_TERMS = 7  # of the polynomials along y and x that are the background


class ImageSpectrum(NamedTuple):
    """Half-plane Fourier transform of an image that fades at its border, zeros all round."""

    values: np.ndarray  # (ky, kx >= 0), complex64
    size: tuple[int, int]  # of the image
    shape: tuple[int, int]  # of the padded image
    pixel: tuple[float, float]  # sides of a pixel; their product is one
    fade: tuple[np.ndarray, np.ndarray]  # weight of each row and column of the image
    scale: float  # counts that are one in the spectrum

    @property
    def widest(self) -> float:
        """Widest window (Gaussian sigma) that does not reach the opposite border."""
        room = [(s - n) * p for s, n, p in zip(self.shape, self.size, self.pixel, strict=True)]
        return min(room) / _REACH


def image_spectrum(
    image: np.ndarray, pixel: tuple[float, float], widest: float = 0.0
) -> ImageSpectrum:
    """Transform an image (y, x) of finite numbers.

    `pixel` is the two sides of a pixel; the padding is wide enough for windows of `widest`.

    A smooth background (polynomials of sixth order along y times such along x) is taken away: a
    step from it to the padding would look like fringes of every spacing. What is left has a mean
    square of one.
    """
    size = (image.shape[0], image.shape[1])
    sides, shape = _sides(pixel), padded_shape(size, pixel, widest)
    fade = (_fade(size[0]), _fade(size[1]))
    flat = np.subtract(image, image.mean(dtype=np.float64), dtype=np.float32, casting="unsafe")
    scale = _without_background(flat)
    padded = np.zeros(shape, np.float32)
    np.multiply(flat, fade[1], out=padded[: size[0], : size[1]])
    padded[: size[0]] *= fade[0][:, None] / np.float32(scale)
    return ImageSpectrum(scipy.fft.rfft2(padded, workers=2), size, shape, sides, fade, scale)


def padded_shape(
    size: tuple[int, int], pixel: tuple[float, float], widest: float = 0.0
) -> tuple[int, int]:
    """Shape of the padded image: quick to transform, with room for windows of `widest`."""
    room = [int(np.ceil(_REACH * widest / side)) for side in _sides(pixel)]
    return fast_shape(
        tuple(n + max(_LEAST_PAD, int(_PAD * n), r) for n, r in zip(size, room, strict=True))
    )


def _sides(pixel: tuple[float, float]) -> tuple[float, float]:
    mean = float(np.sqrt(pixel[0] * pixel[1]))
    return pixel[0] / mean, pixel[1] / mean


def _without_background(flat: np.ndarray) -> float:
    """Take away the polynomials that fit best, in place; return the root mean square left."""
    y, x = _polynomials(flat.shape[0]), _polynomials(flat.shape[1])
    weights, total = (y.T @ flat) @ x, 0.0
    step = max(1, _SMALL // x.size)
    for top in range(0, len(flat), step):
        rows = flat[top : top + step]
        rows -= (y[top : top + step] @ weights) @ x.T
        total += float(np.vdot(rows, rows))
    return float(np.sqrt(total / flat.size)) or 1.0


def _polynomials(count: int) -> np.ndarray:
    """Orthonormal polynomials (pixel, order) on a row of pixels."""
    terms = min(_TERMS, count // 8 + 1)
    basis = np.polynomial.legendre.legvander(np.linspace(-1, 1, count), terms - 1)
    return np.linalg.qr(basis)[0].astype(np.float32)


def _fade(count: int) -> np.ndarray:
    away = np.minimum(np.arange(count), np.arange(count)[::-1]) + 0.5
    return (np.sin(np.pi / 2 * np.minimum(away / min(EDGE, count / 4), 1)) ** 2).astype(np.float32)


def around(
    spectrum: ImageSpectrum, g: np.ndarray, counts: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Cut `counts` bins round a reciprocal vector out of the spectrum.

    Returns
    -------
    values : ndarray, (ky, kx), complex64
        In the order of `numpy.fft.fftfreq`; zero beyond the Nyquist frequency.
    carrier : ndarray, (2,)
        The bin nearest to `g`, at zero frequency of `values`.
    """
    rows, cols = spectrum.shape
    extent = np.array(spectrum.shape) * spectrum.pixel
    centre = np.rint(g * extent).astype(int)
    ky, kx = (
        c + np.rint(np.fft.fftfreq(n, 1 / n)).astype(int)
        for c, n in zip(centre, counts, strict=True)
    )
    mate = kx < 0
    row = np.where(mate[None, :], -ky[:, None], ky[:, None]) % rows
    col = np.minimum(np.abs(kx), cols // 2)
    values = spectrum.values[row, col]
    np.conjugate(values, out=values, where=mate[None, :])
    values[2 * np.abs(ky) >= rows] = 0
    values[:, 2 * np.abs(kx) >= cols] = 0
    return values, centre / extent
