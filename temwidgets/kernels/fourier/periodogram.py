"""Windowed power spectra of real images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft

from temwidgets.kernels.fourier import windows


class Periodogram(NamedTuple):
    """Power over the whole plane, zero frequency in the middle, and how many it averages."""

    power: np.ndarray
    averaged: float


def without_mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight values after taking away their weighted mean: nothing is left at zero frequency.

    A plain mean would leave the transform of the window there, as a cross or as the shape of a
    mask.
    """
    mean = np.einsum("ij,ij", weight, values, dtype=float) / weight.sum(dtype=float)
    return weight * (values - values.dtype.type(mean))


def periodogram(
    values: np.ndarray, weight: np.ndarray, shape: tuple[int, int] | None = None
) -> np.ndarray:
    """Power spectrum of windowed values; white noise of variance v has power v.

    `shape` is that of the result, larger than the values (zeros are added) or None.
    """
    transform = scipy.fft.fft2(without_mean(values, weight), s=shape)
    return power_of(transform, float(np.sum(weight**2, dtype=float)))


def power_of(transform: np.ndarray, energy: float) -> np.ndarray:
    """Power of a transform, over the sum of the squared window, zero frequency in the middle."""
    power = transform.real**2 + transform.imag**2
    return scipy.fft.fftshift(power / energy)


def welch(
    values: np.ndarray, mask: np.ndarray | None, kind: str, segments: int, pad: float = 1.0
) -> Periodogram:
    """Average the power of `segments` x `segments` pieces that overlap by half.

    Pieces count by the share of the window that lies inside the mask (P. D. Welch, IEEE Trans.
    Audio Electroacoust. 15 (1967) 70).
    """
    size, starts = [], []
    for n in values.shape:
        length = max(2, 2 * n // (segments + 1))
        size.append(length)
        starts.append(np.linspace(0, n - length, segments).round().astype(int))
    window = windows.separable((size[0], size[1]), kind).astype(values.dtype)
    shape = padded_shape((size[0], size[1]), pad)
    total, share, squares = np.zeros(shape), 0.0, 0.0
    for row in starts[0]:
        for col in starts[1]:
            piece = slice(row, row + size[0]), slice(col, col + size[1])
            weight = window if mask is None else window * mask[piece]
            energy = float(np.sum(weight**2, dtype=float))
            if energy > 0:
                total += energy * periodogram(values[piece], weight, shape)
                share, squares = share + energy, squares + energy**2
    return Periodogram(total / share, share**2 / squares)


def padded_shape(shape: tuple[int, int], pad: float) -> tuple[int, int]:
    """Shape with zeros added to `pad` times the size, to one that transforms quickly."""
    if pad <= 1:
        return shape
    rows, cols = (scipy.fft.next_fast_len(int(np.ceil(n * pad))) for n in shape)
    return rows, cols


def axis(size: int, step: float) -> np.ndarray:
    """Frequencies of a shifted transform, ascending, cycles per length."""
    return scipy.fft.fftshift(scipy.fft.fftfreq(size, step))
