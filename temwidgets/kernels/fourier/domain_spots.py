"""The reciprocal vectors of a domain: the peaks of the Fourier sum over its own pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft

from temwidgets.kernels.fourier.pursuit import Field

BLOCKS = 0.2
"""Side of the blocks that are summed first, over that of the window in which g was found."""
LEAST = 4.0
"""Amplitude over its standard error from which fringes belong to a domain."""
STEPS = 4


class Spots(NamedTuple):
    """Fringes of one domain, the strongest first."""

    g: np.ndarray  # (n, 2) cycles per px
    covariance: np.ndarray  # (n, 2, 2)
    amplitude: np.ndarray  # (n,)
    amplitude_error: np.ndarray  # (n,)


def measure_spots(
    field: Field, inside: np.ndarray, corner: np.ndarray, g: np.ndarray, sigma: np.ndarray
) -> Spots:
    """Measure fringes in the pixels of a domain by maximum likelihood.

    Parameters
    ----------
    field : Field
    inside : ndarray, (y, x), bool
        Pixels of the domain in a box.
    corner : ndarray, (2,)
        First row and column of the box.
    g : ndarray, (n, 2)
        Where to start, cycles per px.
    sigma : ndarray, (n,)
        Windows in which these were found, units of length: g lies within half a sigma of their
        transforms.

    Notes
    -----
    The maximum of ``|sum I exp(-2 pi i g r)|`` (D. C. Rife & R. R. Boorstyn, IEEE Trans. Inf.
    Theory 20 (1974) 591); its covariance is ``N / (2 pi² A²) (sum (r - r0)(r - r0)^T)^-1``.
    """
    rows, cols = (slice(c, c + n) for c, n in zip(corner, inside.shape, strict=True))
    flat = field.flat[rows, cols] * inside
    flat = flat - inside * (flat.sum() / inside.sum())
    centred = _second_moments(inside)
    found = []
    for start, width in zip(g, sigma, strict=True):
        reach = 1 / (4 * np.pi * width / field.sides)
        vector = _peak(flat, start, width / field.sides, reach)
        if np.hypot(*((vector - start) / reach)) > 1 and len(g) > 1:
            continue  # the slope of a peak elsewhere
        power = float(field.noise(*(vector / field.sides)[:, None])[0])
        amplitude = _amplitude(flat, inside, vector, width / field.sides)
        error = np.sqrt(2 * power / inside.sum())
        spread = power / (2 * np.pi**2 * max(amplitude, error) ** 2) * np.linalg.inv(centred)
        found.append((vector, spread, amplitude, error))
    return _distinct(found, centred / inside.sum())


def _second_moments(inside: np.ndarray) -> np.ndarray:
    places = np.argwhere(inside).astype(float)
    places -= places.mean(0)
    return places.T @ places + len(places) / 12 * np.eye(2)


def _peak(flat: np.ndarray, g: np.ndarray, width: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Vector near g at which the Fourier sum is largest."""
    block = np.maximum((BLOCKS * width).astype(int), 1)
    sums = _block_sums(flat, g, block)
    places = [(np.arange(n) + 0.5) * b - 0.5 for n, b in zip(sums.shape, block, strict=True)]
    offset = _coarse_peak(sums, block, reach)
    for _ in range(STEPS):
        waves = [np.exp(-2j * np.pi * o * p) for o, p in zip(offset, places, strict=True)]
        offset = offset + _newton(sums, waves, places)
    return g + offset


def _amplitude(flat: np.ndarray, inside: np.ndarray, g: np.ndarray, width: np.ndarray) -> float:
    """Amplitude from the products of neighbouring pieces of a domain.

    Strain lets the sum over all of it fade, and noise adds to the square of one piece, but not to
    the product of two.
    """
    block = np.maximum(np.rint(width).astype(int), 1)
    sums = _block_sums(flat, g, block)
    count = _block_sums(inside.astype(float), np.zeros(2), block).real
    products, counts = 0.0, 0.0
    for axis in (0, 1):
        products += (np.delete(sums, 0, axis) * np.delete(sums, -1, axis).conj()).sum().real
        counts += (np.delete(count, 0, axis) * np.delete(count, -1, axis)).sum()
    return float(2 * np.sqrt(max(products, 0.0) / max(counts, 1.0)))


def _block_sums(flat: np.ndarray, g: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Sums over blocks of pixels of the image times the conjugate wave."""
    waves = [np.exp(-2j * np.pi * gi * np.arange(n)) for gi, n in zip(g, flat.shape, strict=True)]
    part = np.add.reduceat(flat * waves[0][:, None], np.arange(0, flat.shape[0], block[0]), axis=0)
    return np.add.reduceat(part * waves[1], np.arange(0, flat.shape[1], block[1]), axis=1)


def _coarse_peak(sums: np.ndarray, block: np.ndarray, reach: np.ndarray) -> np.ndarray:
    shape = [scipy.fft.next_fast_len(2 * n) for n in sums.shape]
    power = np.abs(scipy.fft.fft2(sums, s=shape))
    axes = [scipy.fft.fftfreq(n) / b for n, b in zip(shape, block, strict=True)]
    near = (axes[0] / reach[0])[:, None] ** 2 + (axes[1] / reach[1])[None] ** 2 <= 1
    row, col = np.unravel_index(np.argmax(power * near), power.shape)
    return np.array([axes[0][row], axes[1][col]])


def _newton(sums: np.ndarray, waves: list[np.ndarray], places: list[np.ndarray]) -> np.ndarray:
    """One step towards the maximum of log |sum|², at most half the width of the peak."""
    first = [w * p for w, p in zip(waves, places, strict=True)]
    second = [w * p for w, p in zip(first, places, strict=True)]
    total = waves[0] @ sums @ waves[1]
    along = np.array([first[0] @ sums @ waves[1], waves[0] @ sums @ first[1]]) / total
    cross = first[0] @ sums @ first[1] / total
    twice = np.array(
        [[second[0] @ sums @ waves[1] / total, cross], [cross, waves[0] @ sums @ second[1] / total]]
    )
    slope = 4 * np.pi * along.imag
    bend = 8 * np.pi**2 * (np.outer(along, along) - twice).real
    value, vector = np.linalg.eigh(-bend)
    largest = 0.3 / np.sqrt([max(np.ptp(p), 1.0) ** 2 for p in places])
    step = vector @ ((vector.T @ slope) / np.maximum(np.abs(value), 1e-12))
    return np.clip(step, -largest, largest)


def _distinct(found: list, moments: np.ndarray) -> Spots:
    """The significant ones, strongest first, each once."""
    kept: list = []
    for one in sorted(found, key=lambda spot: -spot[2]):
        same = any(_close(one[0], other[0], moments) for other in kept)
        if not same and (one[2] > LEAST * one[3] or not kept):
            kept.append(one)
    if not kept:
        return Spots(np.zeros((0, 2)), np.zeros((0, 2, 2)), np.zeros(0), np.zeros(0))
    return Spots(*(np.array(values) for values in zip(*kept, strict=True)))


def _close(one: np.ndarray, two: np.ndarray, moments: np.ndarray) -> bool:
    """Tell whether a domain of this size cannot tell two vectors apart."""
    return any(
        4 * np.pi**2 * (one + sign * two) @ moments @ (one + sign * two) < 2.5 for sign in (-1, 1)
    )
