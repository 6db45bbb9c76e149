"""Average the cells of a crystal: the periodic function that explains the pixels best.

Every pixel counts once, at its own place in the cell, and nothing is interpolated: the mean cell is
the Fourier series (as far as the pixels resolve it) with the least squares distance to all pixels.
It therefore blurs nothing, has no bias where cell and pixels are commensurate, and its noise is
that of a pixel over the root of the number of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

FINE = 16  # bins per pixel length
MOST_BINS = 2048  # along a cell vector
BAND = 65536  # pixels handled at once: they stay in the processor's cache
RIDGE = 1e-6  # over the number of pixels; for what few cells leave open
STEPS = 60
SETTLED = 1e-7
RESOLVED = 0.45  # width, in pixels, over which the noise is averaged


class Window(NamedTuple):
    """Cells to average, counted from a corner that lies `fraction` into the lattice's cell."""

    fraction: np.ndarray  # (2,)
    first: np.ndarray  # (2,) int, cell of table[0, 0]
    table: np.ndarray  # (na, nb) bool


class Pile(NamedTuple):
    """Sums over the pixels that fall into each bin of the cell, values less `level`.

    First moments are sums of pixels, and of values, times the offset from the bin's middle along a
    and along b, in cells: where cell and pixels are commensurate offsets do not average out.
    """

    pixels: np.ndarray  # (ma, mb)
    total: np.ndarray
    square: np.ndarray
    pixel_moments: np.ndarray  # (2, ma, mb)
    total_moments: np.ndarray
    level: float


class Average(NamedTuple):
    """The mean cell and the standard error of its values."""

    mean: np.ndarray  # (na, nb)
    error: np.ndarray
    pixels: int


def bins_of(lengths: np.ndarray) -> tuple[int, int]:
    """Return the number of bins along a and b; `lengths` are those of the vectors in px."""
    a, b = np.clip(np.ceil(FINE * lengths), 8, MOST_BINS).astype(int)
    return int(a), int(b)


def pile_up(
    image: np.ndarray,
    inverse: np.ndarray,
    corner: np.ndarray,
    shift: Callable[[slice], tuple[np.ndarray, np.ndarray]] | None,
    windows: Sequence[Window],
    bins: tuple[int, int],
    report: Callable[[float], None] | None = None,
) -> Pile:
    """Sort pixels by their place in the cell.

    Parameters
    ----------
    image : ndarray, (y, x)
        NaN pixels do not count.
    inverse : ndarray, (2, 2)
        Pixels (row, col) times it are cells.
    corner : ndarray, (2,)
        Cell coordinates of pixel (0, 0).
    shift : callable, optional
        For a slice of rows what to add to the cell coordinates, along a and along b.
    windows : sequence of Window
        A pixel counts if it lies in a cell of any of them.
    bins : (int, int)
        Bins along a and b.
    """
    height, width = image.shape
    sums = np.zeros((7, bins[0] * bins[1]))
    some = image[:: max(1, height // 64)]
    some = some[np.isfinite(some)]
    level = float(some.mean(dtype=float)) if some.size else 0.0
    step = max(1, BAND // width)
    cols = np.arange(width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        row = np.arange(rows.start, rows.stop)[:, None]
        place = [row * inverse[0, k] + cols * inverse[1, k] + corner[k] for k in (0, 1)]
        if shift is not None:
            for axis, more in zip(place, shift(rows), strict=True):
                axis += more
        values = np.asarray(image[rows], float) - level
        used = np.isfinite(values) & _inside(place, windows)
        _add(sums, values[used], [axis[used] for axis in place], bins)
        if report is not None:
            report(rows.stop / height)
    fields = sums.reshape(7, *bins)
    return Pile(fields[0], fields[1], fields[2], fields[3:5], fields[5:], level)


def _add(
    sums: np.ndarray, values: np.ndarray, place: list[np.ndarray], bins: tuple[int, int]
) -> None:
    index = np.zeros(values.size, np.int64)
    offsets = []
    for axis, size in zip(place, bins, strict=True):
        bin_place = (axis - np.floor(axis)) * size
        number = np.minimum(bin_place.astype(np.int64), size - 1)
        offsets.append((bin_place - number - 0.5) / size)
        index = index * size + number
    a, b = offsets
    for total, weight in zip(
        sums, (None, values, values * values, a, b, values * a, values * b), strict=True
    ):
        total += np.bincount(index, weight, total.size)


def _inside(place: list[np.ndarray], windows: Sequence[Window]) -> np.ndarray:
    inside = np.zeros(place[0].shape, bool)
    for window in windows:
        cell = [
            np.floor(axis - (f + first)).astype(np.int64)
            for axis, f, first in zip(place, window.fraction, window.first, strict=True)
        ]
        size_a, size_b = window.table.shape
        # outside the table lies a border of cells that do not count
        table = np.pad(window.table, 1)
        a, b = np.clip(cell[0], -1, size_a) + 1, np.clip(cell[1], -1, size_b) + 1
        inside |= table[a, b]
    return inside


def harmonics(vectors: np.ndarray) -> np.ndarray:
    """Whole numbers (k, 2) of the waves in a cell that the pixels resolve.

    `vectors` are a and b in px (row, col); a wave is resolved when it is slower than one period in
    two pixels along rows and along columns.
    """
    most = np.ceil(np.abs(vectors).sum(axis=1) / 2).astype(int)
    k = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1)
    k = k.reshape(-1, 2)
    frequency = k @ np.linalg.inv(vectors).T
    return k[(np.abs(frequency) < 0.5 - 1e-9).all(axis=1)]


def average(pile: Pile, vectors: np.ndarray, shape: tuple[int, int]) -> Average:
    """Find the mean cell, sampled at `shape` points along a and b, point (0, 0) in its corner.

    Least squares by conjugate gradients: the waves' normal matrix is the Fourier transform of the
    pixels' places, a convolution (Feichtinger, Gröchenig & Strohmer, Numer. Math. 69, 423 (1995)).
    """
    waves = harmonics(vectors)
    count = pile.pixels.sum()
    coefficients = _solve(pile, waves)
    mean = synthesise(coefficients, waves, shape) + pile.level
    # bins know their pixels' places to a bin, the series is read at the middles of the bins
    middle = np.exp(1j * np.pi * (waves / np.array(pile.pixels.shape)).sum(axis=1))
    series = synthesise(coefficients * middle, waves, pile.pixels.shape)
    left = pile.square - 2 * series * pile.total + series**2 * pile.pixels
    narrow = np.exp(-2 * np.pi**2 * RESOLVED**2 * _frequency(waves, vectors))
    spread, density = (
        synthesise(_spectrum(field, None, waves) * narrow, waves, shape)
        for field in (left, pile.pixels)
    )
    mean_density = max(count / pile.pixels.size, 1e-300)
    density = np.maximum(density, 1e-3 * mean_density)
    free = max(count - len(waves), 1.0)
    variance = np.maximum(spread, 0) / density * count / free
    error = np.sqrt(variance * len(waves) / max(count, 1) * mean_density / density)
    return Average(mean, error, int(count))


def synthesise(coefficients: np.ndarray, waves: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Read a Fourier series at equidistant points of the cell."""
    grid = np.zeros(shape, complex)
    np.add.at(grid, tuple((waves % shape).T), coefficients)
    return np.fft.ifft2(grid, norm="forward").real


def analyse(cell: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Return the coefficients of the waves in a cell that is sampled finely enough for them."""
    return np.fft.fft2(cell, norm="forward")[tuple((waves % cell.shape).T)]


def _frequency(waves: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Square of the waves' frequencies, in periods a pixel."""
    return np.sum((waves @ np.linalg.inv(vectors).T) ** 2, axis=1)


def _spectrum(field: np.ndarray, moments: np.ndarray | None, waves: np.ndarray) -> np.ndarray:
    """Fourier coefficients of sums over bins, per bin, to first order in the places in a bin."""
    middle = np.exp(-1j * np.pi * (waves / np.array(field.shape)).sum(axis=1))
    found = analyse(field, waves)
    if moments is not None:
        for k, moment in zip(waves.T, moments, strict=True):
            found -= 2j * np.pi * k * analyse(moment, waves)
    return found * middle


def _solve(pile: Pile, waves: np.ndarray) -> np.ndarray:
    """Coefficients of the waves by conjugate gradients."""
    most = 2 * np.abs(waves).max(axis=0)
    box = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1)
    box = box.reshape(-1, 2)
    # no difference of two waves comes round to another one on a grid of this size
    grid = (2 * int(most[0]) + 1, 2 * int(most[1]) + 1)
    places = _spectrum(pile.pixels, pile.pixel_moments, box)
    scale = pile.pixels.sum() / pile.pixels.size
    density = synthesise(places, box, grid) / scale
    right = _spectrum(pile.total, pile.total_moments, waves) / scale
    at = tuple((waves % grid).T)

    def normal(c: np.ndarray) -> np.ndarray:
        spread = np.zeros(grid, complex)
        spread[at] = c
        values = np.fft.ifft2(spread, norm="forward") * density
        return np.fft.fft2(values, norm="forward")[at] + RIDGE * c

    found = np.zeros_like(right)
    left, step = right.copy(), right.copy()
    size = first = float(np.vdot(left, left).real)
    for _ in range(STEPS):
        if size <= SETTLED**2 * first:
            break
        image = normal(step)
        length = size / float(np.vdot(step, image).real)
        found += length * step
        left -= length * image
        before, size = size, float(np.vdot(left, left).real)
        step = left + size / before * step
    return found
