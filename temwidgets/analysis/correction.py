"""Take scan distortion and line offsets off an image, or off columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.frames import FRAME, scaled_frame
from temwidgets.analysis.places import point_covariance, points_of
from temwidgets.analysis.variables import STRAINS
from temwidgets.conventions import (
    check_columns,
    check_image,
    length_unit,
    make_image,
    pixel_grid,
)
from temwidgets.kernels.scan_lines import line_splines, sample_lines

_BLUR = 3.0  # lines over which a column's place averages, where its height is not known, px


def correct_distortion(
    image: xr.DataArray,
    *,
    matrix: Any = None,
    row_offsets: Any = None,
    row_drift: Any = None,
    fill: float = np.nan,
) -> xr.DataArray:
    """Resample an image so that scan distortion, line offsets and drift are gone.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite intensities.
    matrix : array_like, (2, 2), optional
        Place in the image = matrix times true place, (y, x) both, as ``matrix`` of
        `scan_distortion`: ``[[1.01, 0], [0.02, 1]]`` for an image that is stretched by 1 percent
        along y and sheared by 2 percent along x.
    row_offsets : array_like, (y,), optional
        Offset along x of each line, in the image's length unit, as ``offset`` of `row_offsets` or
        ``drift_x`` of `temwidgets.analysis.slow_drift.slow_drift`; NaN counts as none.
    row_drift : array_like, (y,), optional
        The same along y, as ``drift_y`` of `slow_drift`; it may not change by a line or more from
        one line to the next.
    fill : float
        Value of pixels outside the image; NaN when not given.

    Returns
    -------
    DataArray
        Floats, as many pixels as before, of the same size; the middle of the field stays in the
        middle and its coordinates become the true ones. Cubic splines correlate the noise of
        neighbouring pixels. `to_original` leads back through the matrix, not through offsets and
        drift of lines.

    Raises
    ------
    ValueError
        If pixels are not finite, no option is given, the matrix cannot be inverted, `row_offsets`
        or `row_drift` is not one number for each line, or the drift would turn lines over.
    """
    check_image(image, ndim=None, finite=True)
    turn = _checked(matrix, row_offsets, row_drift)
    values = image.values.astype(np.result_type(image.dtype, np.float32))
    planes = values.reshape(-1, *image.shape[-2:])
    grid = pixel_grid(image)
    if row_offsets is not None:
        shift = _one_per_line(row_offsets, grid.shape[0], "row_offsets") / grid.sampling.x
        planes = np.stack([_shifted(plane, shift, fill) for plane in planes])
    if row_drift is not None:
        rows = _rows_of(_one_per_line(row_drift, grid.shape[0], "row_drift") / grid.sampling.y)
        planes = np.stack([_rearranged(plane, rows, fill) for plane in planes])
    middle = np.array(grid.to_lengths(*((np.array(grid.shape) - 1) / 2)))
    origin = np.linalg.inv(turn) @ middle - (middle - np.array(grid.origin))
    if matrix is not None:
        planes = np.stack([_straightened(plane, grid, turn, origin, fill) for plane in planes])
    out = make_image(
        planes.reshape(values.shape),
        sampling=(grid.sampling.y, grid.sampling.x),
        origin=(float(origin[0]), float(origin[1])),
        units=grid.units,
    )
    if "frame" in image.coords:
        out = out.assign_coords(frame=image["frame"])
    return out.rename(image.name).assign_attrs({**image.attrs, FRAME: _frame(image, turn)})


def correct_columns(
    columns: xr.Dataset,
    *,
    matrix: Any = None,
    row_offsets: xr.DataArray | None = None,
    row_drift: xr.DataArray | None = None,
) -> xr.Dataset:
    """Take scan distortion, line offsets and drift off the places of columns.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns of the distorted image.
    matrix : array_like, (2, 2), optional
        As in `correct_distortion`, with the same result: a column lies in the corrected image
        where this puts it.
    row_offsets : DataArray, (y,), optional
        ``offset`` of `row_offsets`, or ``drift_x`` of `slow_drift`. A column is moved by the mean
        over its lines, weighted by its profile along y.
    row_drift : DataArray, (y,), optional
        ``drift_y`` of `slow_drift`: the same along y.

    Returns
    -------
    Dataset, (column,)
        With y, x, their standard errors and yx_covariance; displacements and strains are dropped,
        for they belong to the old places. Amplitudes, shapes and intensities are those of the
        distorted image: fit the corrected one to have others.

    Raises
    ------
    TypeError, ValueError
        As `correct_distortion`, or if what is given for lines has no coordinate y or another unit.
    """
    check_columns(columns)
    turn = np.linalg.inv(_checked(matrix, row_offsets, row_drift))
    points = points_of(columns)
    if row_offsets is not None:
        points[:, 1] -= _offsets_at(columns, row_offsets, "row_offsets")
    if row_drift is not None:
        points[:, 0] -= _offsets_at(columns, row_drift, "row_drift")
    stale = [
        n for n in columns.variables if str(n).removesuffix("_std") in STRAINS
        or str(n).startswith("displacement")
    ]  # fmt: skip
    out = columns.drop_vars([*stale, *({"component"} & set(columns.coords))])
    places = {"y": (points @ turn.T)[:, 0], "x": (points @ turn.T)[:, 1]}
    errors = turn @ point_covariance(columns) @ turn.T
    if {"y_std", "x_std"} <= set(columns):
        places |= {"y_std": np.sqrt(errors[:, 0, 0]), "x_std": np.sqrt(errors[:, 1, 1])}
    if "yx_covariance" in columns:
        places["yx_covariance"] = errors[:, 0, 1]
    return out.assign({name: out[name].copy(data=new) for name, new in places.items()})


def _checked(matrix: Any, row_offsets: Any, row_drift: Any) -> np.ndarray:
    if matrix is None and row_offsets is None and row_drift is None:
        raise ValueError(
            "Nothing to correct: give matrix (of temwidgets.scan_distortion), row_offsets (of"
            " temwidgets.row_offsets), row_drift, or several."
        )
    turn = np.eye(2) if matrix is None else np.asarray(matrix, float)
    if turn.shape != (2, 2) or not np.isfinite(turn).all() or not np.linalg.det(turn) > 0.1:
        raise ValueError(
            "matrix is 2 x 2 numbers ((yy, yx), (xy, xx)) that turn nothing inside out or flat, but"
            f" {matrix!r} came."
        )
    return turn


def _one_per_line(given: Any, lines: int, name: str) -> np.ndarray:
    offsets = np.asarray(given, float)
    if offsets.shape != (lines,):
        raise ValueError(
            f"{name} is one number for each of the {lines} lines, but shape {offsets.shape} came."
        )
    return np.nan_to_num(offsets)


def _rows_of(drift: np.ndarray) -> np.ndarray:
    """Return the row of the image, px, in which each true row lies; beyond its ends straight on."""
    lines = np.arange(drift.size, dtype=float)
    true = lines - drift
    if drift.size > 1 and not (np.diff(true) > 0).all():
        raise ValueError(
            "row_drift changes by a line or more from one line to the next, so that lines would be"
            " turned over. Drift is slow: smooth it, or give less."
        )
    rows = np.interp(lines, true, lines)
    rows += np.minimum(lines - true[0], 0) + np.maximum(lines - true[-1], 0)
    return rows


def _rearranged(plane: np.ndarray, rows: np.ndarray, fill: float) -> np.ndarray:
    """Sample the plane in fractional rows; what is missing stays missing."""
    from scipy import ndimage

    whole = np.isfinite(plane)
    filled = plane if whole.all() else np.where(whole, plane, np.median(plane[whole]))
    across = np.broadcast_to(np.arange(plane.shape[1], dtype=float), plane.shape)
    places = np.stack([np.broadcast_to(rows[:, None], plane.shape), across])
    moved = ndimage.map_coordinates(filled, places, order=3, mode="nearest")
    outside = np.broadcast_to((rows < -0.5) | (rows > len(rows) - 0.5), plane.shape[::-1]).T
    if not whole.all():
        lost = ndimage.map_coordinates((~whole).astype(float), places, order=1, mode="nearest")
        outside = outside | (lost > 0.01)
    return np.where(outside, fill, moved)


def _shifted(plane: np.ndarray, shift: np.ndarray, fill: float) -> np.ndarray:
    place = np.arange(plane.shape[1]) + shift[:, None]
    outside = (place < -0.5) | (place > plane.shape[1] - 0.5)
    return np.where(outside, fill, sample_lines(line_splines(plane), shift))


def _frame(image: xr.DataArray, turn: np.ndarray) -> list[float]:
    numbers = np.asarray(scaled_frame(image, (1.0, 1.0)), float)
    return [*(numbers[:4].reshape(2, 2) @ turn).ravel(), *numbers[4:]]


def _straightened(
    plane: np.ndarray, grid: Any, turn: np.ndarray, origin: np.ndarray, fill: float
) -> np.ndarray:
    from scipy import ndimage

    step = np.array(grid.sampling)
    matrix = turn * step / step[:, None]
    start = (turn @ origin - np.array(grid.origin)) / step
    whole = np.isfinite(plane)
    filled = plane if whole.all() else np.where(whole, plane, np.median(plane[whole]))
    moved = ndimage.affine_transform(filled, matrix, start, mode="nearest")
    places = np.tensordot(matrix, np.indices(plane.shape), 1) + start[:, None, None]
    last = np.array(plane.shape)[:, None, None] - 1
    outside = ((places < -0.5) | (places > last + 0.5)).any(axis=0)
    if not whole.all():
        outside |= ndimage.affine_transform((~whole).astype(float), matrix, start, order=1) > 0.01
    return np.where(outside, fill, moved)


def _offsets_at(columns: xr.Dataset, given: Any, name: str) -> np.ndarray:
    """Mean offset over the lines of each column, by its Gaussian profile along y."""
    if not isinstance(given, xr.DataArray) or "y" not in given.coords:
        raise TypeError(
            f"{name} of columns is a DataArray over y, such as the variable offset of"
            f" temwidgets.row_offsets, but a {type(given).__name__} came."
        )
    if length_unit(columns) != str(given.attrs.get("units", length_unit(columns))):
        raise ValueError(
            f"The columns are in {length_unit(columns)}, but {name} is in {given.attrs['units']}."
        )
    lines = np.asarray(given["y"].values, float)
    offset = np.nan_to_num(given.values.astype(float))
    step = (lines[-1] - lines[0]) / max(lines.size - 1, 1)
    sigma = np.full(columns.sizes["column"], _BLUR * step)
    if "shape_yy" in columns:
        own = np.sqrt(columns["shape_yy"].values)
        sigma = np.where(own > 0, own, sigma)
    reach = np.linspace(-3, 3, 25)
    weight = np.exp(-(reach**2))
    places = columns["y"].values[:, None] + sigma[:, None] * reach
    return np.interp(places, lines, offset) @ weight / weight.sum()
