"""From what the joint fit found in pixels to columns in lengths, with errors and flags."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fit_flags import held_parameters
from temwidgets.conventions import Flag, PixelGrid, flag_variable, quantity
from temwidgets.kernels import starts
from temwidgets.kernels.fit import Result
from temwidgets.kernels.fit_setup import Start

ROUND_THETA_STD = 180 / np.sqrt(12)  # of an angle that is wholly unknown, degrees
NAMES = {
    "y": ("{length}", "y position"),
    "x": ("{length}", "x position"),
    "amplitude": ("counts", "amplitude"),
    "sigma_major": ("{length}", "major sigma"),
    "sigma_minor": ("{length}", "minor sigma"),
    "theta": ("deg", "angle of the major axis from +x towards +y"),
    "intensity": ("counts {length}²", "integrated intensity"),
    "shape_yy": ("{length}²", "shape covariance yy"),
    "shape_yx": ("{length}²", "shape covariance yx"),
    "shape_xx": ("{length}²", "shape covariance xx"),
}


def physical(parameters: np.ndarray, grid: PixelGrid) -> np.ndarray:
    """(n, 10) the quantities of `NAMES` from (n, 6) height, row, col, m, e1, e2 in px."""
    height, row, col, m, e1, e2 = parameters.T
    t = 2 * np.hypot(e1, e2)
    sinhc = np.where(t < 1e-6, 1.0, np.sinh(t) / np.maximum(t, 1e-12))
    size = np.exp(2 * m)
    dy, dx = grid.sampling
    yy = size * (np.cosh(t) - 2 * e1 * sinhc) * dy**2
    xx = size * (np.cosh(t) + 2 * e1 * sinhc) * dx**2
    yx = size * 2 * e2 * sinhc * dy * dx
    apart = np.hypot((xx - yy) / 2, yx)
    major = np.sqrt((xx + yy) / 2 + apart)
    minor = np.sqrt(np.maximum((xx + yy) / 2 - apart, 0))
    # rounding alone would turn a round column anywhere
    round_one = apart < 1e-6 * (xx + yy)
    theta = np.where(round_one, 0.0, np.rad2deg(np.arctan2(2 * yx, xx - yy)) / 2)
    y, x = grid.to_lengths(row, col)
    intensity = 2 * np.pi * height * size * dy * dx
    return np.stack([y, x, height, major, minor, theta, intensity, yy, yx, xx], axis=1)


def physical_covariance(
    parameters: np.ndarray, covariance: np.ndarray, grid: PixelGrid
) -> np.ndarray:
    """(n, 10, 10) covariance of the quantities of `NAMES` (first order)."""
    jacobian = np.empty((len(parameters), len(NAMES), 6))
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-5 * max(1.0, float(np.median(np.abs(parameters[:, k])))) if k == 0 else 1e-5
        change = physical(parameters + step, grid) - physical(parameters - step, grid)
        change[:, 5] = (change[:, 5] + 90) % 180 - 90
        jacobian[:, :, k] = change / (2 * step[k])
    return np.einsum("nij,njk,nlk->nil", jacobian, covariance, jacobian)


def held_quantities(parameters: np.ndarray, start: Start) -> np.ndarray:
    """(n, 10) bool: quantities of `NAMES` of which nothing was free, so that they have no error.

    An integral of which a part was held has the error of the rest.
    """
    held = held_parameters(parameters, start)
    sigmas = held["sigma_major"] & held["sigma_minor"]
    held["intensity"] = held["amplitude"] & sigmas
    for name in ("shape_yy", "shape_yx", "shape_xx"):
        held[name] = sigmas & held["theta"]
    return np.stack([held[name] for name in NAMES], axis=1)


def make_result(
    columns: xr.Dataset,
    active: np.ndarray,
    flags: np.ndarray,
    result: Result,
    start: Start,
    grid: PixelGrid,
    spline: xr.DataArray,
    attrs: dict[str, Any],
) -> xr.Dataset:
    """Put what was found into the columns; inactive or failed ones get NaN and keep their place.

    Parameters
    ----------
    columns : Dataset
        The columns that the fit was given.
    active : ndarray of bool, (column,)
        Which of them were fitted; `result` and `start` hold these.
    flags : ndarray of int, (column,)
    spline : DataArray
        The background, from `background_spline`.
    """
    count = columns.sizes["column"]
    values = np.full((count, len(NAMES)), np.nan)
    errors = np.full((count, len(NAMES)), np.nan)
    cross = np.full(count, np.nan)
    values[active] = physical(result.parameters, grid)
    covariance = physical_covariance(result.parameters, result.covariance, grid)
    held = held_quantities(result.parameters, start)
    variance = np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0)
    # a part that round shapes do not have is held too
    errors[active] = np.where(held | (variance == 0), np.nan, np.sqrt(variance))
    cross[active] = np.where(held[:, 0] | held[:, 1], np.nan, covariance[:, 0, 1])
    errors[:, 5] = np.minimum(errors[:, 5], ROUND_THETA_STD)
    lost = (flags & int(Flag.failed | Flag.duplicate)) != 0
    values[lost], errors[lost], cross[lost] = np.nan, np.nan, np.nan
    values[lost, 0], values[lost, 1] = columns["y"].values[lost], columns["x"].values[lost]
    under, under_std = np.full(count, np.nan), np.full(count, np.nan)
    y, x = values[active][:, :2].T
    under[active] = background_at(spline, y, x)
    # a background that was held has no variance, and so no error
    known = np.where(result.background_variance > 0, result.background_variance, np.nan)
    under_std[active] = np.sqrt(known)
    out = columns.drop_vars([v for v in columns if str(v).startswith("background_spline")])
    for k, (name, (units, long_name)) in enumerate(NAMES.items()):
        _put(out, name, values[:, k], errors[:, k], units.format(length=grid.units), long_name)
    _put(out, "background", under, under_std, "counts", "background under the column")
    out["yx_covariance"] = quantity("column", cross, f"{grid.units}²", "covariance of y and x")
    out["flags"] = flag_variable(flags)
    out["background_spline"] = spline
    out.attrs.update(attrs)
    return out


def _put(
    out: xr.Dataset, name: str, values: np.ndarray, errors: np.ndarray, units: str, long: str
) -> None:
    out[name] = quantity("column", values, units, long, ancillary_variables=f"{name}_std flags")
    out[f"{name}_std"] = quantity("column", errors, units, f"standard error of {long}")


def background_spline(coefficients: np.ndarray, grid: PixelGrid, kind: str) -> xr.DataArray:
    """Coefficients of the background, and the range of y and x they were fitted over."""
    ends = {}
    for name, size in zip("yx", grid.shape, strict=True):
        first, step = getattr(grid.origin, name), getattr(grid.sampling, name)
        ends[f"{name}_range"] = np.array([first, first + step * (size - 1)])
    return xr.DataArray(
        coefficients,
        dims=("spline_y", "spline_x"),
        attrs={"units": "counts", "long_name": "background coefficients", "kind": kind, **ends},
    )


def background_at(spline: xr.DataArray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Background at points (n,) of y and x; values hold on outside the fitted range."""
    by, bx = _bases(spline, y, x)
    return np.sum((by @ spline.values) * bx, axis=1)


def background_image(spline: xr.DataArray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Background on the grid of y (n,) and x (m,)."""
    by, bx = _bases(spline, y, x)
    return by @ spline.values @ bx.T


def _bases(spline: xr.DataArray, y: np.ndarray, x: np.ndarray) -> list[np.ndarray]:
    bases = []
    for count, place, name in zip(spline.shape, (y, x), "yx", strict=True):
        low, high = spline.attrs[f"{name}_range"]
        share = np.nan_to_num((np.asarray(place, float) - low) / (high - low))
        bases.append(starts.background_basis(spline.attrs["kind"], count, share))
    return bases
