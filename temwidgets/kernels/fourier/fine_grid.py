"""From a coarse grid to the pixels of an image: cubic splines, band of rows by band of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.fourier.coarse_grid import CoarseGrid
from temwidgets.kernels.fourier.image_spectrum import ImageSpectrum

_MARGIN = 3  # knots beyond the image
_BAND = 32  # rows or columns made at once
_SMALL = 2**18  # multiplications in a product that BLAS leaves to one thread

Band = tuple[slice, slice, np.ndarray]  # pixels, knots, weights (pixel, knot)
Finish = Callable[[np.ndarray, slice], None]


class FineGrid(NamedTuple):
    """Every so many pixels of an image, and how splines on a coarse grid reach them."""

    shape: tuple[int, int]
    points: tuple[np.ndarray, np.ndarray]  # coarse points at the knots, wrapped round the padding
    bands: tuple[list[Band], list[Band]]  # along y and along x


def fine_grid(spectrum: ImageSpectrum, grid: CoarseGrid, stride: int = 1) -> FineGrid:
    """Prepare the way from a coarse grid to every `stride`-th pixel."""
    points, bands, shape = [], [], []
    for size, count, padded in zip(spectrum.size, grid.counts, spectrum.shape, strict=True):
        place = np.arange(0, size, stride) * (count / padded)
        knots = int(np.ceil(place[-1])) + 2 * _MARGIN + 1
        points.append(np.arange(-_MARGIN, knots - _MARGIN) % count)
        bands.append(_bands(place + _MARGIN))
        shape.append(len(place))
    return FineGrid((shape[0], shape[1]), (points[0], points[1]), (bands[0], bands[1]))


def _bands(place: np.ndarray) -> list[Band]:
    """Weights of cubic B-splines at places in units of knots."""
    low = np.floor(place).astype(int)
    t = place - low
    parts = ((1 - t) ** 3, 4 - 6 * t**2 + 3 * t**3, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3)
    bands = []
    for start in range(0, len(place), _BAND):
        here = slice(start, min(start + _BAND, len(place)))
        first = int(low[here][0]) - 1
        weights = np.zeros((here.stop - start, int(low[here][-1]) + 3 - first), np.float32)
        for k, part in enumerate(parts):
            weights[np.arange(len(weights)), low[here] - 1 + k - first] = part[here] / 6
        bands.append((here, slice(first, first + weights.shape[1]), weights))
    return bands


def refine(
    fields: Sequence[np.ndarray],
    fine: FineGrid,
    outs: Sequence[np.ndarray],
    finish: Sequence[Finish | None] | None = None,
    exact: Sequence[bool] | None = None,
) -> None:
    """Interpolate fields on the coarse grid into arrays of the fine shape.

    ``finish(band, rows)`` changes a band of rows in place while it is still in the cache. Splines
    of a field that is not `exact` take its values for their coefficients: they pass close by and
    stay between its lowest and its highest.
    """
    ends = finish or [None] * len(outs)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(_refine, fine), fields, outs, ends, exact or [True] * len(outs)))


def _refine(
    fine: FineGrid, field: np.ndarray, out: np.ndarray, finish: Finish | None, exact: bool
) -> None:
    knots = field[np.ix_(*fine.points)].astype(np.float32, copy=False)
    if exact:
        knots = ndi.spline_filter(knots, 3, np.float32, mode="nearest")
    rows = np.empty((knots.shape[0], fine.shape[1]), np.float32)
    for here, used, weights in fine.bands[1]:
        np.matmul(knots[:, used], weights.T, out=rows[:, here])
    for here, used, weights in fine.bands[0]:
        band = out[here]
        step = max(64, _SMALL // weights.size)
        for left in range(0, fine.shape[1], step):
            cols = slice(left, left + step)
            np.matmul(weights, rows[used, cols], out=band[:, cols])
        if finish is not None:
            finish(band, here)
