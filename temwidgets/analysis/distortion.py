"""Affine distortion and drift of a scan, told from a lattice that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import check_lattice, vectors_of
from temwidgets.conventions import quantity

_SYMMETRIES = ("square", "hexagonal", "rectangular")
_LARGEST = 0.3  # stretch or shear beyond which the lattice is another one than it was taken for


def scan_distortion(lattice: xr.Dataset, *, ideal: Any) -> xr.Dataset:
    """Tell the scan's affine distortion from the lattice it shows and the one it should show.

    A steady drift moves each scanned line by the same amount further: it stretches the slow axis y
    and shears the image along the fast axis x. So lines are taken to lie along x, and what is
    looked for are the scales along y and x and that shear. The crystal's rotation stays free.

    Parameters
    ----------
    lattice : Dataset
        From `fit_lattice`.
    ideal : {"square", "hexagonal", "rectangular"} or (float, float, float)
        What the cell is: its symmetry, or the lengths of a and b (in the lattice's length unit)
        and the angle between them in degrees. A symmetry leaves the size of the cell open: then
        the scale along x is taken to be right. "rectangular" leaves the ratio open too, and tells
        the shear only.

    Returns
    -------
    Dataset
        ``matrix`` (component, axis) and ``matrix_std``: a place in the image is the matrix times
        the true one, (y, x) both; ``scale_y``, ``scale_x``, ``shear`` (shift along x by length
        along y), each with ``_std``. For `correct_distortion` and `correct_columns`.

    Raises
    ------
    TypeError, ValueError
        If `lattice` is none, `ideal` is unknown or no cell, or the distortion would be larger than
        30 percent: then the cell is another one than it was taken for.

    References
    ----------
    Drift as a shear and stretch by the slow scan: Sang & LeBeau, Ultramicroscopy 138, 28 (2014).
    """
    check_lattice(lattice)
    vectors = vectors_of(lattice)
    known = _as_ideal(ideal)
    matrix = _matrix(vectors, known)
    if matrix is None or abs(matrix - np.eye(2)).max() > _LARGEST:
        raise ValueError(
            f"The lattice (a = {np.hypot(*vectors[0]):.4g}, b = {np.hypot(*vectors[1]):.4g},"
            f" {_angle(vectors):.4g} degrees) is no {ideal} one with a distortion below"
            f" {100 * _LARGEST:.0f} percent. Choose vectors a and b of the ideal cell in"
            " temwidgets.fit_lattice."
        )
    spread = _propagated(lattice, vectors, known, matrix)
    return _as_dataset(matrix, spread, ideal)


def _as_ideal(ideal: Any) -> str | tuple[float, float, float]:
    if isinstance(ideal, str):
        if ideal not in _SYMMETRIES:
            raise ValueError(
                f"ideal is one of {', '.join(_SYMMETRIES)}, or (length of a, length of b, angle in"
                f" degrees), but {ideal!r} came."
            )
        return ideal
    numbers = np.asarray(ideal, float).ravel() if np.size(ideal) == 3 else np.zeros(3)
    if not ((numbers > 0).all() and numbers[2] < 180 and np.isfinite(numbers).all()):
        raise ValueError(
            "ideal is two lengths above 0 and an angle between 0 and 180 degrees, but"
            f" {ideal!r} came."
        )
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def _angle(vectors: np.ndarray) -> float:
    lengths = np.hypot(*vectors.T)
    return float(np.rad2deg(np.arccos(vectors[0] @ vectors[1] / lengths.prod())))


def _matrix(vectors: np.ndarray, ideal: str | tuple[float, float, float]) -> np.ndarray | None:
    """Matrix from true (y, x) to those in the image; None where there is none."""
    if ideal == "rectangular":
        correction = _shear_to_right_angle(vectors)
    elif isinstance(ideal, str):
        angle = 90.0 if ideal == "square" else (60.0 if _angle(vectors) < 90 else 120.0)
        correction = _triangular(vectors, 1.0, 1.0, angle)
        correction = correction / correction[1, 1]
    else:
        correction = _triangular(vectors, *ideal)
    return None if correction is None else np.linalg.inv(correction)


def _triangular(vectors: np.ndarray, a: float, b: float, angle: float) -> np.ndarray:
    """C = [[c_yy, 0], [c_xy, c_xx]] that gives the vectors the wanted lengths and angle.

    V C' has the wanted products: C' C = V^-1 G V'^-1.
    """
    mixed = a * b * np.cos(np.deg2rad(angle))
    inverse = np.linalg.inv(vectors)
    product = inverse @ np.array([[a * a, mixed], [mixed, b * b]]) @ inverse.T
    c_xx = np.sqrt(product[1, 1])
    c_xy = product[0, 1] / c_xx
    return np.array([[np.sqrt(product[0, 0] - c_xy**2), 0.0], [c_xy, c_xx]])


def _shear_to_right_angle(vectors: np.ndarray) -> np.ndarray | None:
    """Least shear along x by which a and b stand upright on each other.

    (a_x + k a_y)(b_x + k b_y) + a_y b_y = 0, solved for k.
    """
    (a_y, a_x), (b_y, b_x) = vectors
    roots = np.roots([a_y * b_y, a_x * b_y + b_x * a_y, a_x * b_x + a_y * b_y])
    roots = roots[abs(roots.imag) < 1e-12].real
    if not roots.size:
        return None
    return np.array([[1.0, 0.0], [roots[abs(roots).argmin()], 1.0]])


def _propagated(
    lattice: xr.Dataset, vectors: np.ndarray, ideal: Any, matrix: np.ndarray
) -> np.ndarray:
    """(2, 2) standard errors of the matrix, from those of the vectors, by small steps."""
    errors = np.asarray(lattice["vectors_std"].values if "vectors_std" in lattice else 0.0, float)
    variance = np.zeros((2, 2))
    step = 1e-6 * np.sqrt(abs(np.linalg.det(vectors)))
    for place in np.ndindex(2, 2):
        moved = vectors.copy()
        moved[place] += step
        other = _matrix(moved, ideal)
        slope = (other - matrix) / step if other is not None else np.full((2, 2), np.nan)
        variance += (slope * np.broadcast_to(errors, (2, 2))[place]) ** 2
    return np.sqrt(variance)


def _as_dataset(matrix: np.ndarray, spread: np.ndarray, ideal: Any) -> xr.Dataset:
    dims = ("component", "axis")
    out = xr.Dataset(coords={"component": ["y", "x"], "axis": ["y", "x"]})
    text = "place in the image by true place"
    out["matrix"] = quantity(dims, matrix, "1", text, ancillary_variables="matrix_std")
    out["matrix_std"] = quantity(dims, spread, "1", f"standard error of {text}")
    for name, place, meaning in (
        ("scale_y", (0, 0), "scale along y"),
        ("scale_x", (1, 1), "scale along x"),
        ("shear", (1, 0), "shift along x by length along y"),
    ):
        out[name] = quantity(
            (), float(matrix[place]), "1", meaning, ancillary_variables=f"{name}_std"
        )
        error = float(spread[place])
        out[f"{name}_std"] = quantity((), error, "1", f"standard error of {meaning}")
    return out.assign_attrs(ideal=ideal if isinstance(ideal, str) else [float(v) for v in ideal])
