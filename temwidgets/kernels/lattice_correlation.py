"""Pair correlation of values on lattice cells, some of them missing, by fast Fourier transform."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import fft


class Pairs(NamedTuple):
    """For each offset from -reach to reach, (2 reach_a + 1, 2 reach_b + 1)."""

    correlation: np.ndarray
    error: np.ndarray
    number: np.ndarray  # of pairs


def pair_correlation(
    cells: np.ndarray, basis: np.ndarray, residual: np.ndarray, reach: tuple[int, int]
) -> Pairs:
    """Average the product of residuals over all pairs of cells that are an offset apart.

    What the trend took off makes residuals of independent values correlate; that is put back, so
    that independent values have a correlation of 0 at every offset but the zero one, where it
    is 1.

    Parameters
    ----------
    cells : ndarray of int, (n, 2)
    basis : ndarray, (n, p)
        Orthonormal trend that `residual` is without.
    residual : ndarray, (n,)
    reach : (int, int)
        Largest offset along a and b.
    """
    extent = np.ptp(cells, axis=0) + 1
    shape = [int(fft.next_fast_len(int(n) + r)) for n, r in zip(extent, reach, strict=True)]
    at = tuple((cells - cells.min(axis=0)).T)

    def sums(values: np.ndarray) -> np.ndarray:
        grid = np.zeros(shape)
        np.add.at(grid, at, values)
        whole = fft.irfft2(np.abs(fft.rfft2(grid)) ** 2, shape)
        rows, cols = (np.arange(-r, r + 1) % n for r, n in zip(reach, shape, strict=True))
        return whole[np.ix_(rows, cols)]

    count = np.rint(sums(np.ones(len(cells))))
    variance = float(residual @ residual) / max(len(cells) - basis.shape[1], 1)
    taken = sum((sums(column) for column in basis.T), np.zeros_like(count))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (sums(residual) / variance + taken) / count
        squares = sums(residual**2) / variance**2 / count
        error = np.sqrt(np.maximum(squares - mean**2, 0) / count)
    middle = tuple(reach)
    mean[middle], error[middle] = 1.0, 0.0
    missing = count == 0
    mean[missing] = error[missing] = np.nan
    return Pairs(mean, error, count.astype(int))
