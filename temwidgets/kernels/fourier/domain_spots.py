"""The reciprocal vectors of a domain: the peaks of the Fourier sum over its own pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft

from temwidgets.kernels.fourier.fringe_region import Field

BLOCKS = 5
"""Blocks of pixels that are summed first, in one sigma of the window in which g was found."""
LEAST = 4.0
"""Amplitude over its standard error from which fringes belong to a domain."""
STEPS = 4
FEW = 96
"""Pieces of a domain along either axis that do for the last steps to a maximum."""


class Spots(NamedTuple):
    """Fringes of one domain, the strongest first."""

    g: np.ndarray  # (n, 2) cycles per px
    covariance: np.ndarray  # (n, 2, 2)
    amplitude: np.ndarray  # (n,)
    amplitude_error: np.ndarray  # (n,)


class _Sums(NamedTuple):
    """Sums over blocks of an image times a conjugate wave, and where the blocks are."""

    values: np.ndarray  # (y, x) complex
    places: tuple[np.ndarray, np.ndarray]  # centres, px
    block: np.ndarray  # (2,) px


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
        Windows in which these were found, units of length: g lies within a sigma of their
        transforms.

    Notes
    -----
    The maximum of ``|sum I exp(-2 pi i g r)|`` (D. C. Rife & R. R. Boorstyn, IEEE Trans. Inf.
    Theory 20 (1974) 591); its covariance is ``N / (2 pi² A²) (sum (r - r0)(r - r0)^T)^-1``.
    """
    rows, cols = (slice(c, c + n) for c, n in zip(corner, inside.shape, strict=True))
    flat = field.flat[rows, cols] * inside
    area = int(inside.sum())
    flat = flat - inside * (flat.sum() / area)
    moments = second_moments(inside)
    found = []
    for start, width in zip(g, sigma[:, None] / field.sides, strict=True):
        reach = 1 / (2 * np.pi * width)
        sums = _block_sums(flat, start, np.maximum((width / BLOCKS).astype(int), 1))
        offset = _peak(sums, reach)
        if np.hypot(*(offset / reach)) > 1 and len(g) > 1:
            continue  # the slope of a peak elsewhere
        vector = start + offset
        power = float(field.noise(*(vector / field.sides)[:, None])[0])
        amplitude = _amplitude(sums, inside, offset)
        error = np.sqrt(2 * power / area)
        spread = power / (2 * np.pi**2 * max(amplitude, error) ** 2) * np.linalg.inv(moments)
        found.append((vector, spread, amplitude, error))
    return _distinct(found, moments / area)


def second_moments(inside: np.ndarray) -> np.ndarray:
    """Sum of (r - r0)(r - r0)^T over the pixels of an area."""
    along = [inside.sum(1), inside.sum(0)]
    area = along[0].sum()
    away = [np.arange(len(n)) - (np.arange(len(n)) @ n) / area for n in along]
    cross = away[0] @ inside.astype(np.float32) @ away[1]
    yy, xx = (a**2 @ n + area / 12 for a, n in zip(away, along, strict=True))
    return np.array([[yy, cross], [cross, xx]])


def _block_sums(flat: np.ndarray, g: np.ndarray, block: np.ndarray) -> _Sums:
    part = flat
    for axis in (0, 1):
        at = np.arange(flat.shape[axis])
        wave = np.exp(-2j * np.pi * g[axis] * at).astype(np.complex64) if g[axis] else 1.0
        part = part * (np.expand_dims(wave, 1 - axis) if g[axis] else 1.0)
        part = np.add.reduceat(part, at[:: block[axis]], axis=axis)
    places = [np.arange(n) * b + (b - 1) / 2 for n, b in zip(part.shape, block, strict=True)]
    return _Sums(part, (places[0], places[1]), block)


def _turned(sums: _Sums, offset: np.ndarray, joined: np.ndarray) -> _Sums:
    """Change the wave by an offset and join blocks."""
    values = sums.values
    for axis in (0, 1):
        wave = np.exp(-2j * np.pi * offset[axis] * sums.places[axis])
        values = values * np.expand_dims(wave, 1 - axis)
        values = np.add.reduceat(values, np.arange(0, values.shape[axis], joined[axis]), axis=axis)
    block = sums.block * joined
    places = [np.arange(n) * b + (b - 1) / 2 for n, b in zip(values.shape, block, strict=True)]
    return _Sums(values, (places[0], places[1]), block)


def _peak(sums: _Sums, reach: np.ndarray) -> np.ndarray:
    """Offset of the wave, within reach, at which the Fourier sum is largest."""
    shape = [scipy.fft.next_fast_len(2 * n) for n in sums.values.shape]
    power = np.abs(scipy.fft.fft2(sums.values, s=shape))
    axes = [scipy.fft.fftfreq(n) / b for n, b in zip(shape, sums.block, strict=True)]
    near = (axes[0] / reach[0])[:, None] ** 2 + (axes[1] / reach[1])[None] ** 2 <= 1
    row, col = np.unravel_index(np.argmax(power * near), power.shape)
    offset = np.array([axes[0][row], axes[1][col]])
    fine = _turned(sums, offset, np.maximum(np.array(sums.values.shape) // FEW, 1))
    more = np.zeros(2)
    for _ in range(STEPS):
        more += _newton(fine, more)
    return offset + more


def _newton(sums: _Sums, offset: np.ndarray) -> np.ndarray:
    """One step towards the maximum of log |sum|², at most a third of the width of the peak."""
    places = sums.places
    waves = [np.exp(-2j * np.pi * o * p) for o, p in zip(offset, places, strict=True)]
    first = [w * p for w, p in zip(waves, places, strict=True)]
    second = [w * p for w, p in zip(first, places, strict=True)]
    right = sums.values @ np.stack([waves[1], first[1], second[1]], 1)
    total, along_x, twice_x = waves[0] @ right
    along_y, cross = first[0] @ right[:, :2]
    twice_y = second[0] @ right[:, 0]
    along = np.array([along_y, along_x]) / total
    twice = np.array([[twice_y, cross], [cross, twice_x]]) / total
    slope = 4 * np.pi * along.imag
    bend = 8 * np.pi**2 * (np.outer(along, along) - twice).real
    value, vector = np.linalg.eigh(-bend)
    step = vector @ ((vector.T @ slope) / np.maximum(np.abs(value), 1e-12))
    limit = [0.3 / max(float(np.ptp(p)), 1.0) for p in places]
    return np.clip(step, np.negative(limit), limit)


def _amplitude(sums: _Sums, inside: np.ndarray, offset: np.ndarray) -> float:
    """Amplitude from the products of neighbouring pieces of a domain.

    Strain lets the sum over all of it fade, and noise adds to the square of one piece, but not to
    the product of two.
    """
    pieces = _turned(sums, offset, np.array([BLOCKS, BLOCKS]))
    count = _block_sums(inside.astype(np.float32), np.zeros(2), pieces.block).values
    products, counts = 0.0, 0.0
    for axis in (0, 1):
        ahead, behind = np.delete(pieces.values, 0, axis), np.delete(pieces.values, -1, axis)
        products += float((ahead * behind.conj()).sum().real)
        counts += float((np.delete(count, 0, axis) * np.delete(count, -1, axis)).sum())
    return float(2 * np.sqrt(max(products, 0.0) / max(counts, 1.0)))


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
