"""The mean unit cell of an image: all cells laid on top of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.editing import check_labels
from temwidgets.analysis.lattice_data import check_lattice, vectors_of
from temwidgets.analysis.registration import Registered, check_lattice_fits, register
from temwidgets.conventions import (
    PixelGrid,
    check_columns,
    check_image,
    length_unit,
    pixel_grid,
    quantity,
)
from temwidgets.kernels import cell_average as kernel
from temwidgets.kernels.local_shift import rows_of_shift, shift_at

_FEWEST = 3.0  # pixels along a lattice vector
_COARSE = 0.5  # distance of the places where displacement is worked out, in cell sizes
Report = Callable[[float], None]


def mean_cell(
    image: xr.DataArray,
    lattice: xr.Dataset,
    *,
    columns: xr.Dataset | None = None,
    oversampling: float = 2,
    labels: Any = None,
    report: Report | None = None,
) -> xr.Dataset:
    """Average the unit cells of an image, registered to a fraction of a pixel.

    Parameters
    ----------
    image : DataArray, (y, x)
        NaN pixels do not count.
    lattice : Dataset
        From `fit_lattice` or `make_lattice`, in the image's length unit.
    columns : Dataset, (column,), optional
        Columns numbered by `index_columns`. Cells are then taken from where their columns are
        (displacements averaged over half a cell), so that drift, strain and distortion blur
        nothing; and only cells with columns of the main crystal count.
    oversampling : float
        Points of the mean cell per pixel of the image, 1 or more.
    labels : int or sequence of int, optional
        Labels of columns: only the cells centred on these count.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (along_a, along_b)
        ``intensity`` over fractions of a and b from 0 up to 1, in the image's unit, and
        ``intensity_std`` (from the scatter of pixels about the mean); ``n_cells``; ``vectors``
        (basis, component). Coordinates carry ``step``, the length from one point to the next.
        Attributes ``sampling_y`` and ``sampling_x`` (of the image), ``n_pixels``.

    Raises
    ------
    TypeError, ValueError
        If image, lattice or columns are none, units differ, `oversampling` is below 1, the cell
        spans fewer than 3 pixels, labels are unknown, or no whole cell lies in the image.

    Notes
    -----
    Every pixel counts at its own place in the cell and none is interpolated: the mean is the
    Fourier series, up to the frequencies that pixels resolve, with the least squares distance to
    all pixels. Points nearer than a pixel are thus not independent; the noise is that of as many
    data as the cell has pixels. Relative to the cell's corner nothing is moved: a site lies in the
    mean cell where its columns lie on average.
    """
    check_image(image)
    check_lattice(lattice)
    check_lattice_fits(image, lattice)
    grid = pixel_grid(image)
    vectors = vectors_of(lattice) / np.array(grid.sampling)
    _check_options(oversampling, vectors, columns, labels)
    inverse = np.linalg.inv(vectors)
    corner = (np.array(grid.origin) - lattice["origin"].values) / np.array(grid.sampling) @ inverse
    shift, registered, windows = None, None, [_everywhere(grid.shape, inverse, corner)]
    if columns is not None:
        registered = register(check_columns(columns), lattice)
        shift = _shift_reader(registered, grid, vectors_of(lattice))
        windows = _windows(registered, lattice, _chosen(columns, labels, registered))
    windows = [_whole_only(window, lattice, registered, grid) for window in windows]
    if not any(w.table.any() for w in windows):
        raise ValueError(
            "No whole cell of the lattice lies in the image. Choose other columns, a larger piece"
            " of the image, or smaller vectors."
        )
    lengths = np.hypot(*vectors.T)
    values = np.asarray(image.values)
    pile = kernel.pile_up(
        values, inverse, corner, shift, windows, kernel.bins_of(lengths), report=report
    )
    if not pile.pixels.any():
        raise ValueError("All pixels of the chosen cells are NaN. Choose others.")
    found = kernel.average(pile, vectors, _shape(vectors, oversampling))
    return _as_cell(found, image, lattice, abs(float(np.linalg.det(vectors))))


def _check_options(
    oversampling: float, vectors: np.ndarray, columns: xr.Dataset | None, labels: Any
) -> None:
    if not (np.isfinite(oversampling) and oversampling >= 1):
        raise ValueError(
            f"oversampling is a number of points per pixel, 1 or more, but {oversampling!r} came."
        )
    if np.hypot(*vectors.T).min() < _FEWEST:
        a, b = np.hypot(*vectors.T)
        raise ValueError(
            f"The cell is {a:.3g} x {b:.3g} pixels; at least {_FEWEST:g} along each vector are"
            " needed. Choose larger vectors."
        )
    if labels is not None and columns is None:
        raise ValueError(
            "labels choose columns, but no columns came. Give columns=, numbered by"
            " temwidgets.index_columns(columns, lattice)."
        )


def _shape(vectors: np.ndarray, oversampling: float) -> tuple[int, int]:
    """Points along a and b; never so few that resolved waves are lost."""
    wanted = np.ceil(oversampling * np.hypot(*vectors.T)).astype(int)
    least = 2 * np.abs(kernel.harmonics(vectors)).max(axis=0) + 1
    a, b = np.maximum(wanted, least)
    return int(a), int(b)


def _chosen(columns: xr.Dataset, labels: Any, registered: Registered) -> np.ndarray:
    """Which registered columns' cells count, and they are at the cells' middle."""
    if labels is None:
        # one site is enough to tell which cells are crystal
        return registered.site == np.bincount(registered.site).argmax()
    wanted = check_labels(columns, labels)
    chosen = np.isin(columns["column"].values[registered.rows], wanted)
    if not chosen.any():
        raise ValueError(
            f"None of the {wanted.size} columns chosen lies on the lattice of the main crystal."
        )
    return chosen


def _windows(
    registered: Registered, lattice: xr.Dataset, chosen: np.ndarray
) -> list[kernel.Window]:
    """Cells of which the chosen columns are the middle, site by site."""
    windows = []
    for site in np.unique(registered.site[chosen]):
        numbers = registered.numbers[chosen & (registered.site == site)].astype(int)
        first = numbers.min(axis=0)
        table = np.zeros(np.ptp(numbers, axis=0) + 1, bool)
        table[tuple((numbers - first).T)] = True
        fraction = lattice["site_position"].values[site] - 0.5
        windows.append(kernel.Window(fraction, first, table))
    return windows


def _corners(shape: tuple[int, int]) -> np.ndarray:
    """Corners of the outermost pixels, (4, 2) in px."""
    height, width = shape
    return np.array([[y, x] for y in (-0.5, height - 0.5) for x in (-0.5, width - 0.5)])


def _everywhere(shape: tuple[int, int], inverse: np.ndarray, corner: np.ndarray) -> kernel.Window:
    cells = _corners(shape) @ inverse + corner
    first = np.floor(cells.min(axis=0)).astype(int)
    size = np.ceil(cells.max(axis=0)).astype(int) - first
    return kernel.Window(np.zeros(2), first, np.ones(tuple(size), bool))


def _whole_only(
    window: kernel.Window, lattice: xr.Dataset, registered: Registered | None, grid: PixelGrid
) -> kernel.Window:
    """Leave out cells that the image's edge cuts."""
    table = window.table.copy()
    cells = np.argwhere(table) + window.first + window.fraction
    vectors, origin = vectors_of(lattice), lattice["origin"].values
    moved = np.zeros(cells.shape)
    if registered is not None and len(cells):
        moved = shift_at(registered.by_ideal(), (cells + 0.5) @ vectors + origin)
    low, high = _corners(grid.shape)[[0, -1]]
    whole = np.ones(len(cells), bool)
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        pixel = np.column_stack(grid.to_pixels(*((cells + corner) @ vectors + origin + moved).T))
        # a corner may stand out by rounding
        whole &= (pixel >= low - 0.01).all(axis=1) & (pixel <= high + 0.01).all(axis=1)
    table[table] = whole
    return window._replace(table=table)


def _shift_reader(registered: Registered, grid: PixelGrid, vectors: np.ndarray) -> Any:
    """Displacement of the crystal, turned into what pixels' cell coordinates change by."""
    step = _COARSE * registered.size / np.array(grid.sampling)
    count = np.maximum(np.ceil((np.array(grid.shape) - 1) / step).astype(int) + 1, 2)
    row, col = (s * np.arange(n) for s, n in zip(step, count, strict=True))
    y, x = grid.to_lengths(row, col)
    places = np.stack(np.meshgrid(y, x, indexing="ij"), -1).reshape(-1, 2)
    cells = -shift_at(registered.by_actual(), places) @ np.linalg.inv(vectors)
    field = cells.T.reshape(2, *count)
    return rows_of_shift(field, (float(step[0]), float(step[1])), grid.shape[1])


def _as_cell(
    found: kernel.Average, image: xr.DataArray, lattice: xr.Dataset, area: float
) -> xr.Dataset:
    unit = str(image.attrs.get("units", "counts"))
    grid, dims = pixel_grid(image), ("along_a", "along_b")
    lengths = np.hypot(*vectors_of(lattice).T)
    coords: dict[str, Any] = {}
    for name, size, length in zip(dims, found.mean.shape, lengths, strict=True):
        coords[name] = quantity(
            name,
            np.arange(size) / size,
            "1",
            f"fraction of {name[-1]}",
            step=float(length / size),
            step_units=length_unit(image),
        )
    return xr.Dataset(
        {
            "intensity": quantity(
                dims, found.mean, unit, "mean intensity", ancillary_variables="intensity_std"
            ),
            "intensity_std": quantity(dims, found.error, unit, "standard error of mean intensity"),
            "n_cells": quantity((), found.pixels / area, "1", "cells averaged"),
            "vectors": lattice["vectors"],
        },
        coords=coords,
        attrs={
            "sampling_y": grid.sampling.y,
            "sampling_x": grid.sampling.x,
            "n_pixels": found.pixels,
        },
    )
