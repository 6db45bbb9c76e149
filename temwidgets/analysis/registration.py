"""Where cells really lie: the lattice, and how far its columns have moved from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.spatial import cKDTree

from temwidgets.analysis.lattice_data import site_points, vectors_of
from temwidgets.analysis.places import cells_of, point_covariance, points_of
from temwidgets.conventions import Flag, length_unit
from temwidgets.kernels.local_shift import Field

SMOOTH = 0.5  # width over which displacements are averaged, in cell sizes
_AROUND = 8  # neighbours by which a misplaced column is told
_STRAY = 5.0  # standard deviations of the difference to them
_LOST = int(Flag.failed | Flag.duplicate | Flag.low_signal)


class Registered(NamedTuple):
    """Indexed columns of the main crystal."""

    rows: np.ndarray  # (n,) of the Dataset
    numbers: np.ndarray  # (n, 2) n_a, n_b
    site: np.ndarray  # (n,)
    actual: np.ndarray  # (n, 2) where they are
    ideal: np.ndarray  # (n, 2) where the lattice has them
    shifts: np.ndarray  # (n, 2) displacement, less the median of the site
    weights: np.ndarray  # (n,)
    size: float  # root of the cell's area

    def by_actual(self) -> Field:
        """Return the displacements as a field over the image."""
        return Field(self.actual, self.shifts, self.weights, SMOOTH * self.size)

    def by_ideal(self) -> Field:
        """Return the displacements as a field over the undistorted crystal."""
        return Field(self.ideal, self.shifts, self.weights, SMOOTH * self.size)


def check_lattice_fits(image: xr.DataArray, lattice: xr.Dataset) -> None:
    """Refuse a lattice in another length unit than the image.

    Raises
    ------
    ValueError
        If the units differ.
    """
    ours, theirs = length_unit(image), str(lattice["vectors"].attrs.get("units", ""))
    if ours != theirs:
        raise ValueError(
            f"The image is in {ours} but the lattice is in {theirs}. Fit the lattice to columns of"
            " this image, or calibrate both alike."
        )


def cell_size(lattice: xr.Dataset) -> float:
    """Return the root of the cell's area."""
    return float(np.sqrt(abs(np.linalg.det(vectors_of(lattice)))))


def register(columns: xr.Dataset, lattice: xr.Dataset) -> Registered:
    """Measure displacements from the lattice, for columns that were found for certain.

    A site that lies elsewhere than the lattice has it shifts all its columns alike: the median of
    each site is taken off, so that the rest is what cells move by.

    Raises
    ------
    TypeError, ValueError
        If the columns are not numbered, or none is on the lattice.
    """
    cells = cells_of(columns, lattice)
    used = cells.used & (cells.domain == 0)
    if "flags" in columns:
        used &= (columns["flags"].values & _LOST) == 0
    rows = np.flatnonzero(used)
    if not rows.size:
        raise ValueError(
            f"None of the {columns.sizes['column']} columns lies on the lattice. Number them with"
            " temwidgets.index_columns(columns, lattice), with the lattice of this crystal."
        )
    numbers, site = cells.numbers[rows].astype(float), cells.site[rows]
    actual = points_of(columns)[rows]
    ideal = np.column_stack(site_points(lattice, numbers[:, 0], numbers[:, 1], site))
    shifts = actual - ideal
    for k in np.unique(site):
        shifts[site == k] -= np.median(shifts[site == k], axis=0)
    variance = point_covariance(columns)[rows].trace(axis1=1, axis2=2)
    kept = _among_neighbours(ideal, shifts)
    return Registered(
        rows[kept],
        numbers[kept],
        site[kept],
        actual[kept],
        ideal[kept],
        shifts[kept],
        _weights(variance)[kept],
        cell_size(lattice),
    )


def _among_neighbours(points: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Which columns have moved like those around them: one misplaced column bends a whole cell."""
    if len(points) <= _AROUND:
        return np.ones(len(points), bool)
    rows = cKDTree(points).query(points, k=_AROUND + 1)[1][:, 1:]
    away = np.hypot(*(shifts - np.median(shifts[rows], axis=1)).T)
    typical = np.median(away) / 1.177
    kept: np.ndarray = away <= _STRAY * typical + 1e-9 * np.ptp(points)
    return kept


def _weights(variance: np.ndarray) -> np.ndarray:
    """Weight of each column: precise ones count more, but none for all."""
    known = np.isfinite(variance) & (variance > 0)
    if not known.any():
        return np.ones(variance.shape)
    typical = float(np.median(variance[known]))
    return typical / (typical + np.where(known, variance, 3 * typical))
