"""Take columns along when their image is cropped, turned or calibrated."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.frames import frame_step
from temwidgets.analysis.variables import STRAINS
from temwidgets.conventions import check_columns, check_image, length_unit

# powers of length in what a change of scale changes
_POWERS = {
    "sigma_major": 1,
    "sigma_minor": 1,
    "voronoi_area": 2,
    "intensity": 2,
    "voronoi_intensity": 2,
}
_PLACE_ERRORS = ("y_std", "yx_covariance", "x_std")
_SHAPE = ("shape_yy", "shape_yx", "shape_xx")


def carry_columns(columns: xr.Dataset, source: xr.DataArray, target: xr.DataArray) -> xr.Dataset:
    """Express columns of one image in the frame of another that was made from it, or the reverse.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns of `source`.
    source, target : DataArray
        Two stages of one image: as read, cropped, turned, calibrated.

    Returns
    -------
    Dataset, (column,)
        All columns with their labels, also those that `target` no longer shows. Positions,
        `theta`, sigmas, shape covariances, areas, integrated intensities, displacements and their
        standard errors are in the frame and unit of `target`. A turn drops the fitted background
        (``background_spline``), which lies along y and x: fit again to have one. A turn or a change
        of scale drops what was derived from displacements (errors, magnitudes, directions) and
        strains: measure them again. All else is unchanged.

    Raises
    ------
    ValueError
        If columns and source differ in unit, or a calibration between the two stretched y and x
        differently, which changes the shape of every column: fit again instead.
    """
    check_image(source, ndim=None)
    check_image(target, ndim=None)
    check_columns(columns)
    if length_unit(columns) != length_unit(source):
        raise ValueError(
            f"The columns are in {length_unit(columns)}, but source is in {length_unit(source)}."
            " Give the image that the columns were found in."
        )
    matrix, offset = frame_step(source, target)
    factor = float(np.sqrt(abs(np.linalg.det(matrix))))
    if not np.allclose(matrix @ matrix.T, factor**2 * np.eye(2), rtol=0, atol=1e-6 * factor**2):
        raise ValueError(
            "A calibration between source and target stretched y and x differently, so the shapes"
            " of the columns cannot be carried over. Find and fit them in the new image."
        )
    carried = columns.copy()
    if not np.allclose(matrix, np.eye(2), rtol=0, atol=1e-9):
        carried = carried.drop_vars([n for n in carried.data_vars if _is_derived(str(n))])
    _carry_vectors(carried, matrix, offset)
    _carry_place_errors(carried, matrix)
    carried = _carry_background(carried, matrix, offset)
    _carry_covariances(carried, matrix)
    _carry_shapes(carried, factor, float(np.rad2deg(np.arctan2(matrix[0, 1], matrix[1, 1]))))
    if "separation" in carried.attrs:
        carried.attrs["separation"] = float(carried.attrs["separation"]) * factor
    return _with_unit(carried, length_unit(source), length_unit(target))


def _is_derived(name: str) -> bool:
    return name.startswith("displacement_") or name.removesuffix("_std") in STRAINS


def _carry_vectors(columns: xr.Dataset, matrix: np.ndarray, offset: np.ndarray) -> None:
    places = matrix @ np.stack([columns["y"].values, columns["x"].values]) + offset[:, None]
    for name, values in zip("yx", places, strict=True):
        columns[name] = columns[name].copy(data=values)
    if "displacement" in columns:
        moved = columns["displacement"].transpose("column", "component")
        columns["displacement"] = moved.copy(data=moved.values @ matrix.T)


def _carry_place_errors(columns: xr.Dataset, matrix: np.ndarray) -> None:
    if not {"y_std", "x_std"} <= set(columns):
        return
    yy, xx = columns["y_std"].values ** 2, columns["x_std"].values ** 2
    # without a covariance errors along y and x count as independent
    yx = columns["yx_covariance"].values if "yx_covariance" in columns else 0 * yy
    yy, yx, xx = _mixed(_on_covariances(matrix), np.stack([yy, yx, xx]))
    for name, values in zip(_PLACE_ERRORS, (np.sqrt(yy), yx, np.sqrt(xx)), strict=True):
        if name in columns:
            columns[name] = columns[name].copy(data=values)


def _carry_covariances(columns: xr.Dataset, matrix: np.ndarray) -> None:
    """Carry shape covariances; their errors count as independent."""
    if not set(_SHAPE) <= set(columns):
        return
    turn = _on_covariances(matrix)
    values = _mixed(turn, np.stack([columns[name].values for name in _SHAPE]))
    errors = [f"{name}_std" for name in _SHAPE]
    if set(errors) <= set(columns):
        variance = _mixed(turn**2, np.stack([columns[name].values ** 2 for name in errors]))
        for name, new in zip(errors, np.sqrt(variance), strict=True):
            columns[name] = columns[name].copy(data=new)
    for name, new in zip(_SHAPE, values, strict=True):
        columns[name] = columns[name].copy(data=new)


def _on_covariances(matrix: np.ndarray) -> np.ndarray:
    """What a matrix on (y, x) does to covariances (yy, yx, xx)."""
    (a, b), (c, d) = matrix
    return np.array(
        [[a * a, 2 * a * b, b * b], [a * c, a * d + b * c, b * d], [c * c, 2 * c * d, d * d]]
    )


def _mixed(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Matrix times values (3, n); what does not count may be NaN."""
    matters = abs(matrix) > 1e-12 * abs(matrix).max()
    return np.array([row[used] @ values[used] for row, used in zip(matrix, matters, strict=True)])


def _carry_background(columns: xr.Dataset, matrix: np.ndarray, offset: np.ndarray) -> xr.Dataset:
    if "background_spline" not in columns:
        return columns
    if abs(matrix[0, 1]) > 1e-9 * abs(matrix[0, 0]) or matrix[0, 0] < 0:
        return columns.drop_vars("background_spline")
    spline = columns["background_spline"].copy()
    for axis, name in enumerate(("y_range", "x_range")):
        spline.attrs[name] = matrix[axis, axis] * np.asarray(spline.attrs[name]) + offset[axis]
    return columns.assign(background_spline=spline)


def _carry_shapes(columns: xr.Dataset, factor: float, angle: float) -> None:
    for name, power in _POWERS.items():
        for member in {name, f"{name}_std"} & set(columns):
            columns[member] = columns[member].copy(data=columns[member].values * factor**power)
    if "theta" in columns:
        theta = columns["theta"].values + angle
        columns["theta"] = columns["theta"].copy(data=90.0 - (90.0 - theta) % 180.0)


def _with_unit(columns: xr.Dataset, old: str, new: str) -> xr.Dataset:
    if old != new:
        for name in columns.variables:
            unit = str(columns[name].attrs.get("units", ""))
            if unit in (old, f"{old}²", f"counts {old}²"):
                columns[name].attrs["units"] = unit.replace(old, new)
    return columns
