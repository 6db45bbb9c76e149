"""Strain of each column from the affine map of its neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.framewise import framewise
from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.analysis.places import Cells, cells_of, point_covariance, points_of
from temwidgets.analysis.variables import STRAINS
from temwidgets.analysis.vectors import put_with_error
from temwidgets.kernels.neighbourhoods import affine_maps, rows_of_keys

_NAMES = {
    "e_xx": ("1", "strain e_xx"),
    "e_yy": ("1", "strain e_yy"),
    "e_xy": ("1", "shear strain e_xy"),
    "rotation": ("deg", "lattice rotation from +x towards +y"),
    "dilatation": ("1", "dilatation e_xx + e_yy"),
}
_REACH = 1.6  # of the root of the cell's area: eight neighbours in a square, six in a hexagon
_FEWEST_REFERENCE = 4


class _Reference(NamedTuple):
    """Vectors (2, 2) that are unstrained, and the covariance of a and b along each axis."""

    vectors: np.ndarray
    covariance: np.ndarray  # (axis, 2, 2)


@framewise
def column_strain(
    columns: xr.Dataset,
    lattice: xr.Dataset,
    *,
    reference: Sequence[int] | None = None,
    radius: float | None = None,
) -> xr.Dataset:
    """Measure the strain at each column from its neighbours of the same site.

    An affine map of cell numbers to positions is fitted to the column and its neighbours, by
    weighted least squares; sites do not mix, so that polar displacements and the motif leave the
    strain alone.

    Parameters
    ----------
    columns : Dataset, (column,) or (frame, column)
        Fitted columns numbered by `index_columns`. Standard errors need y_std and x_std.
    lattice : Dataset
        From `fit_lattice` or `make_lattice`; unstrained where no reference is given.
    reference : sequence of int, optional
        Labels of the columns whose mean lattice is unstrained, such as those of a substrate.
    radius : float, optional
        Neighbours are the columns of the same site so near in the ideal lattice, in the columns'
        length unit; 1.6 times the root of the cell's area when not given (the eight round a square
        cell, six in a hexagonal one). A larger one is less noisy and blurs more.

    Returns
    -------
    Dataset, (column,)
        With ``e_xx``, ``e_yy``, ``e_xy``, ``rotation`` (degrees from +x towards +y) and
        ``dilatation`` (e_xx + e_yy), each with ``_std``. Missing neighbours are done without; NaN
        where fewer than three columns, or only such in one line, are left, and off the lattice.

    Raises
    ------
    TypeError, ValueError
        If columns or lattice are none or do not fit, `radius` reaches no neighbours in two
        directions, labels do not exist, or the reference holds too few columns.

    Notes
    -----
    Finite strain: the deformation gradient F, which carries reference vectors to those found, is
    parted into rotation and stretch, F = R U (polar decomposition), and the strain is the Biot
    strain U - 1. A rigid rotation of any angle gives none. For small strain and rotation it is the
    symmetric part of F - 1, and the rotation its antisymmetric part, as in geometric phase
    analysis (Hytch et al., Ultramicroscopy 74, 131 (1998)).

    Errors are propagated from the positions of all columns used, so that what neighbours share is
    counted once, and from the reference. Neighbouring columns share neighbours: their strains are
    correlated, which matters when they are averaged.
    """
    cells = cells_of(columns, lattice)
    steps = _steps(lattice, radius)
    origin = _reference(columns, lattice, cells, reference)
    gradient, covariance = _gradients(columns, cells, steps, origin)
    values, jacobian = _polar(gradient)
    variance = np.einsum("nqcd,ncdef,nqef->nq", jacobian, covariance, jacobian)
    known = np.isfinite(values)
    errors = np.where(known, np.sqrt(np.maximum(variance, 0)), np.nan)
    out = columns.copy()
    for k, name in enumerate(STRAINS):
        put_with_error(out, name, "column", values[:, k], errors[:, k], *_NAMES[name])
    return out


def _steps(lattice: xr.Dataset, radius: float | None) -> np.ndarray:
    """(k, 2) lattice steps to the neighbours, the column itself first."""
    vectors = vectors_of(lattice)
    reach = _REACH * np.sqrt(abs(np.linalg.det(vectors))) if radius is None else radius
    with np.errstate(invalid="ignore"):
        most = np.ceil(reach * np.hypot(*np.linalg.inv(vectors)))
    if not np.isfinite(most).all() or (most > 50).any():
        raise ValueError(
            f"radius is a length up to some cells, but {radius!r} came. Give it in"
            f" {lattice['vectors'].attrs.get('units', 'nm')}."
        )
    n_a, n_b = (np.arange(-m, m + 1) for m in most.astype(int))
    steps = np.stack(np.meshgrid(n_a, n_b, indexing="ij"), -1).reshape(-1, 2)
    length = np.hypot(*(steps @ vectors).T)
    near = steps[(length <= reach * (1 + 1e-9)) & (length > 0)]
    if np.linalg.matrix_rank(near) < 2:
        raise ValueError(
            f"Within radius={radius!r} a column has no neighbours of its site in two directions."
            f" The lattice vectors are {np.hypot(*vectors[0]):.4g} and"
            f" {np.hypot(*vectors[1]):.4g} long; give a larger radius."
        )
    return np.vstack([np.zeros((1, 2), int), near])


def _reference(
    columns: xr.Dataset, lattice: xr.Dataset, cells: Cells, labels: Sequence[int] | None
) -> _Reference:
    if labels is None:
        errors = lattice["vectors_std"].values if "vectors_std" in lattice else np.zeros((2, 2))
        variance = np.nan_to_num(np.asarray(errors, float)) ** 2
        return _Reference(vectors_of(lattice), np.stack([np.diag(v) for v in variance.T]))
    wanted = np.unique(np.asarray(labels))
    unknown = np.setdiff1d(wanted, columns["column"].values)
    if unknown.size:
        raise ValueError(f"There is no column {unknown[:5].tolist()} to be the reference.")
    rows = np.flatnonzero(np.isin(columns["column"].values, wanted) & cells.used)
    group = np.unique(cells.keys[rows, :2], axis=0, return_inverse=True)[1].ravel()
    design = np.column_stack([cells.numbers[rows], np.eye(group.max(initial=0) + 1)[group]])
    if len(rows) < _FEWEST_REFERENCE or np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(
            f"The reference holds {len(rows)} columns on the lattice, too few or all in one line."
            " Choose a region of several cells each way."
        )
    points = points_of(columns)[rows]
    solution = np.linalg.lstsq(design, points, rcond=None)[0]
    scatter = ((points - design @ solution) ** 2).sum(axis=0) / max(len(rows) - len(solution), 1)
    inverse = np.linalg.inv(design.T @ design)[:2, :2]
    return _Reference(solution[:2], scatter[:, None, None] * inverse)


def _gradients(
    columns: xr.Dataset, cells: Cells, steps: np.ndarray, reference: _Reference
) -> tuple[np.ndarray, np.ndarray]:
    """Deformation gradients (n, 2, 2) in y, x, and their covariance (n, 2, 2, 2, 2)."""
    keys = cells.keys
    wanted = np.repeat(keys[:, None], len(steps), axis=1)
    wanted[:, :, 2:] += steps
    rows = rows_of_keys(keys, wanted)
    # of two columns in one place only the first is found; each is its own centre all the same
    rows[:, 0] = np.arange(len(keys))
    there = (rows >= 0) & cells.used[:, None]
    points, errors = points_of(columns), point_covariance(columns)
    weight = there * _weights(errors)[rows]
    offsets = np.broadcast_to(steps.astype(float), (*rows.shape, 2))
    # relative to the column, or rounding would grow with the image
    apart = np.where(there[:, :, None], points[rows] - points[:, None], 0.0)
    maps = affine_maps(offsets, apart, weight)
    inverse = np.linalg.inv(reference.vectors)
    gradient = np.einsum("da,nac->ncd", inverse, maps.gradient)
    influence = maps.influence @ inverse.T
    used = np.where(there[:, :, None, None], errors[rows], 0.0)
    covariance = np.einsum("njd,nje,njcf->ncdfe", influence, influence, used, optimize=True)
    shared = np.einsum("da,cab,eb->cde", inverse, reference.covariance, inverse)
    for axis in range(2):
        covariance[:, axis, :, axis, :] += shared[axis]
    return gradient, covariance


def _weights(errors: np.ndarray) -> np.ndarray:
    """One over the mean variance of each position; equal ones where not all are known."""
    variance = (errors[:, 0, 0] + errors[:, 1, 1]) / 2
    known = np.isfinite(variance) & (variance > 0)
    if not known.any():
        return np.ones(len(errors))
    typical = float(np.median(variance[known]))
    # a column without an error keeps a say, and NaN as the error of what it tells
    return typical / np.where(known, variance, typical)


def _polar(gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strains in the order of `STRAINS` (n, 5), and their derivatives by F (n, 5, 2, 2)."""
    total = gradient[:, 0, 0] + gradient[:, 1, 1]
    turned = gradient[:, 0, 1] - gradient[:, 1, 0]
    length = np.hypot(total, turned)
    cos, sin = total / length, turned / length
    back = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], axis=1)
    stretch = back @ gradient
    # of the angle: d(theta) = (T dD - D dT) / (T² + D²) with T the trace, D = F_yx - F_xy
    d_angle = np.zeros((len(gradient), 2, 2))
    d_angle[:, 0, 0] = d_angle[:, 1, 1] = -turned / length**2
    d_angle[:, 0, 1], d_angle[:, 1, 0] = total / length**2, -total / length**2
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    # dU = R' dF + d(theta) K U, for each entry (c, d) of F
    d_stretch = np.einsum("nrc,ds->nrscd", back, np.eye(2))
    d_stretch += np.einsum("nrs,ncd->nrscd", quarter @ stretch, d_angle)
    e_yy, e_xx = stretch[:, 0, 0] - 1, stretch[:, 1, 1] - 1
    e_xy = (stretch[:, 0, 1] + stretch[:, 1, 0]) / 2
    angle = np.rad2deg(np.arctan2(turned, total))
    d_yy, d_xx = d_stretch[:, 0, 0], d_stretch[:, 1, 1]
    d_xy = (d_stretch[:, 0, 1] + d_stretch[:, 1, 0]) / 2
    values = np.stack([e_xx, e_yy, e_xy, angle, e_xx + e_yy], axis=1)
    return values, np.stack([d_xx, d_yy, d_xy, np.rad2deg(d_angle), d_xx + d_yy], axis=1)
