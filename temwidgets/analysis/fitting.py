"""Fit all atomic columns of an image jointly, as elliptical Gaussians on a smooth background."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis import fit_arguments as arguments
from temwidgets.analysis.fit_flags import find_flags, saturation_level
from temwidgets.analysis.fit_results import background_spline, make_result
from temwidgets.conventions import (
    Flag,
    PixelGrid,
    check_columns,
    check_image,
    length_unit,
    pixel_grid,
    with_frame_of,
)
from temwidgets.kernels import starts
from temwidgets.kernels.fit import Result, fit
from temwidgets.kernels.fit_setup import filled

Report = Callable[[float], None] | None
MERGE = 1.0  # starts closer than this many px are one column
CROWDED_GAIN = 1.25  # sharing shapes is recommended when it would cut position errors so much


def fit_columns(
    image: xr.DataArray,
    columns: xr.Dataset,
    *,
    noise: str = "poisson",
    shape: str = "elliptical",
    background: str = "smooth",
    background_scale: float | None = None,
    fixed: Iterable[str] | Mapping[str, Any] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    max_shift: float | None = None,
    noise_scale: float | None = None,
    report: Report = None,
) -> xr.Dataset:
    """Fit all columns at once, tails of neighbours included.

    The image is modelled as a background plus one Gaussian a column; all parameters of all columns
    are found together by Fisher scoring, which reaches the Cramer-Rao bound where fitting one
    column after the other cannot.

    Parameters
    ----------
    image : DataArray, (y, x)
        Image; NaN pixels do not count.
    columns : Dataset, (column,)
        Starting positions y, x; in a movie also those of another frame. Values of amplitude,
        sigma_major, sigma_minor and theta are used as starts where they are there and finite;
        ``sublattice`` tells which columns share a shape.
    noise : {"poisson", "gaussian"}
        Maximum likelihood for counting noise (variance proportional to the model), or least
        squares (the same variance everywhere).
    shape : {"elliptical", "round", "shared", "auto"}
        Every column its own ellipse; its own circle; one ellipse for all columns of a sublattice
        (much more precise where columns crowd); or the better of the first and third by the
        Bayesian information criterion.
    background : {"smooth", "plane", "constant"}
        Smooth: a cubic spline.
    background_scale : float, optional
        Distance of the spline's knots, in the image's length unit; ten times the distance of
        neighbouring columns when not given, and never more than 14 intervals a side.
    fixed : names or {name: mask}
        Parameters kept at their start: amplitude, y, x, sigma_major, sigma_minor, theta,
        background; with a mask only for the columns where it is True. On non-square pixels a
        shape (sigma_major, sigma_minor, theta) is fixed as a whole or not at all.
    bounds : {name: (low, high)}, optional
        For amplitude, y, x, sigma_major, sigma_minor. An amplitude is never below 0. On non-square
        pixels, where the shape is not round, bounds on sigma are tighter than given, by up to the
        ratio of a pixel's sides.
    max_shift : float, optional
        Greatest distance from the start, in the image's length unit (along the shorter side of
        non-square pixels less, by the ratio of the sides); half the distance to the nearest column
        when not given.
    noise_scale : float, optional
        Variance over intensity ("poisson", 1 when the image is in counts) or variance
        ("gaussian"). Estimated from the residuals when not given. Errors scale with its root.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (column,)
        `columns` with y, x, amplitude, sigma_major, sigma_minor, theta (degrees, from +x towards
        +y), background, intensity (the integral, counts times area), shape covariance
        (shape_yy, shape_yx, shape_xx; defined also where the column is round and theta is not),
        each with its standard error from the Fisher information as ``_std``; yx_covariance;
        flags (see `Flag`); background_spline (its coefficients). What was held, by `fixed` or by
        a bound (flag at_bound), was not measured: its ``_std`` is NaN, and other errors hold if
        its value is true. A column that is not there keeps its row and its starting position,
        has NaN else, and the flag failed or duplicate. attrs: noise, shape, background,
        fit_iterations, fit_converged, deviance, reduced_chi2, noise_scale, n_parameters, n_pixels,
        fit_hint. The scalar coordinate ``frame`` is that of the image, whichever the start had.

    Raises
    ------
    ValueError
        If an option is unknown, no column lies in the image, no pixel is finite, or units differ.

    References
    ----------
    Fisher scoring: McCullagh & Nelder, Generalized Linear Models (1989), section 2.5. Joint
    fitting of columns: De Backer et al., Ultramicroscopy 171, 104 (2016).
    """
    check_image(image)
    check_columns(columns)
    arguments.check_choice("noise", noise, arguments.NOISES)
    arguments.check_choice("shape", shape, arguments.SHAPES)
    arguments.check_choice("background", background, arguments.BACKGROUNDS)
    _check_positive(max_shift=max_shift, noise_scale=noise_scale, background_scale=background_scale)
    _check_units(image, columns)
    masks = arguments.check_fixed(fixed, columns.sizes["column"])
    arguments.check_fixed_shapes(masks, shape, pixel_grid(image))
    limits = arguments.check_bounds(bounds)
    options = {
        "background": background,
        "background_scale": background_scale,
        "fixed": masks,
        "bounds": limits,
        "max_shift": max_shift,
    }
    if shape != "auto":
        return _fit_one_shape(image, columns, shape, noise, noise_scale, options, report)
    return _fit_best_shape(image, columns, noise, noise_scale, options, report)


def _fit_best_shape(
    image: xr.DataArray,
    columns: xr.Dataset,
    noise: str,
    noise_scale: float | None,
    options: dict[str, Any],
    report: Report,
) -> xr.Dataset:
    """Fit shared and elliptical shapes and keep the lower information criterion."""

    def half(offset: float) -> Report:
        return None if report is None else lambda f: report(offset + f / 2)

    shared = _fit_one_shape(image, columns, "shared", noise, noise_scale, options, half(0.0))
    free = _fit_one_shape(image, columns, "elliptical", noise, noise_scale, options, half(0.5))
    scale = free.attrs["noise_scale"]
    criteria = {
        fitted.attrs["shape"]: fitted.attrs["deviance"] / scale
        + fitted.attrs["n_parameters"] * np.log(fitted.attrs["n_pixels"])
        for fitted in (shared, free)
    }
    best = shared if criteria["shared"] <= criteria["elliptical"] else free
    best.attrs["bic_shared"] = float(criteria["shared"])
    best.attrs["bic_elliptical"] = float(criteria["elliptical"])
    return best


def _fit_one_shape(
    image: xr.DataArray,
    columns: xr.Dataset,
    shape: str,
    noise: str,
    noise_scale: float | None,
    options: dict[str, Any],
    report: Report,
) -> xr.Dataset:
    grid = pixel_grid(image)
    active, flags = _usable(columns, grid)
    if shape == "shared":
        columns = with_sublattices(image, columns)
    values = finite_values(image)
    chosen = columns.isel(column=active)
    masks = {name: mask[active] for name, mask in options["fixed"].items()}
    start, half = arguments.make_start(
        chosen, grid, values, shape=shape, **{**options, "fixed": masks}
    )
    result = fit(
        values,
        start,
        half=half,
        poisson=noise == "poisson",
        tied=shape == "shared",
        dispersion=noise_scale,
        report=report,
    )
    flags[active] |= find_flags(result, start, values, grid, saturation_level(values))
    attrs = {
        **_statistics(result),
        "noise": noise,
        "shape": shape,
        "background": options["background"],
    }
    attrs["fit_hint"] = _hint(result, shape)
    spline = background_spline(result.coefficients, grid, options["background"])
    fitted = make_result(columns, active, flags, result, start, grid, spline, attrs)
    return with_frame_of(image, fitted)


def with_sublattices(image: xr.DataArray, columns: xr.Dataset) -> xr.Dataset:
    """Return columns that carry ``sublattice``, clustering their heights when they do not."""
    if "sublattice" in columns:
        return columns
    from temwidgets.analysis.sublattices import label_sublattices

    if "height" in columns:
        return label_sublattices(columns, variable="height")
    grid = pixel_grid(image)
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    values = filled(finite_values(image))
    apart = float(np.median(starts.nearest_distance(rows, cols, 0.25 * min(grid.shape))))
    under = np.full(values.shape, np.percentile(values, 5))
    heights = starts.heights_at(values, rows, cols, under, 0.22 * apart)
    labelled = label_sublattices(
        columns.assign(height=("column", heights, {"units": "counts", "long_name": "height"})),
        variable="height",
    )
    return labelled.drop_vars("height")


def finite_values(image: xr.DataArray) -> np.ndarray:
    """Pixels in single precision, with NaN for all that does not count.

    Raises
    ------
    ValueError
        If no pixel is finite.
    """
    values = np.asarray(image.values, np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError(
            f"None of the image's {values.size} pixels is finite, so that there is nothing to fit."
        )
    return values if finite.all() else np.where(finite, values, np.float32(np.nan))


def _usable(columns: xr.Dataset, grid: PixelGrid) -> tuple[np.ndarray, np.ndarray]:
    """Which columns can be fitted, and flags for those that cannot."""
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    flags = np.zeros(len(rows), np.int64)
    height, width = grid.shape
    inside = (rows > -0.5) & (rows < height - 0.5) & (cols > -0.5) & (cols < width - 0.5)
    flags[~inside] |= int(Flag.failed | Flag.cut_by_edge)
    if not inside.any():
        raise ValueError(
            f"None of the {len(rows)} columns lies in the image, which covers y from"
            f" {grid.origin.y:g} to {grid.origin.y + grid.sampling.y * (height - 1):g} and x from"
            f" {grid.origin.x:g} to {grid.origin.x + grid.sampling.x * (width - 1):g}"
            f" {grid.units}. Find columns first with temwidgets.find_columns(image), and check that"
            " positions are in the same unit."
        )
    twins = _later_twins(rows, cols, inside)
    flags[twins] |= int(Flag.duplicate)
    return inside & ~twins, flags


def _later_twins(rows: np.ndarray, cols: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Tell which starts repeat an earlier one: two on one place would make the fit singular."""
    from scipy.spatial import cKDTree

    index = np.flatnonzero(inside)
    pairs = cKDTree(np.stack([rows[index], cols[index]], axis=1)).query_pairs(MERGE)
    later = np.zeros(len(rows), bool)
    for i, j in sorted(pairs):
        if not later[index[i]]:
            later[index[j]] = True
    return later


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a positive number or None, but {value!r} came.")


def _check_units(image: xr.DataArray, columns: xr.Dataset) -> None:
    ours, theirs = length_unit(image), length_unit(columns)
    if ours != theirs:
        raise ValueError(
            f"The image is in {ours} but the columns are in {theirs}. Find the columns in this"
            f" image again, or convert y and x and set their units to {ours!r}."
        )


def _statistics(result: Result) -> dict[str, Any]:
    return {
        "fit_iterations": result.iterations,
        "fit_converged": int(result.settled),
        "deviance": result.deviance,
        "reduced_chi2": result.dispersion,
        "noise_scale": result.dispersion,
        "n_parameters": result.n_parameters,
        "n_pixels": result.n_pixels,
    }


def _hint(result: Result, shape: str) -> str:
    """Say when sharing shapes would pay, from the covariances of the fit itself."""
    if shape != "elliptical" or len(result.parameters) < 10:
        return ""
    gain = shared_shape_gain(result)
    if gain >= CROWDED_GAIN:
        return (
            "Columns crowd: one shape per sublattice (shape='shared') would cut position errors by"
            f" a factor of about {gain:.1f}."
        )
    rows, cols, m = result.parameters[:, 1:4].T
    apart = float(np.median(starts.nearest_distance(rows, cols, np.inf) / np.exp(m)))
    if not apart < starts.CROWDED:
        return ""
    return (
        f"Columns crowd, nearest ones {apart:.1f} sigma apart: one shape per sublattice"
        " (shape='shared') is likely to be more precise."
    )


def shared_shape_gain(result: Result) -> float:
    """Median ratio of position errors with a free and with a known shape of the column itself."""
    covariance = result.covariance
    place, cross, form = covariance[:, 1:3, 1:3], covariance[:, 1:3, 3:], covariance[:, 3:, 3:]
    solved = np.linalg.solve(form + 1e-12 * np.eye(3), np.swapaxes(cross, 1, 2))
    known = place - cross @ solved
    before, after = (np.trace(c, axis1=1, axis2=2) for c in (place, known))
    good = (after > 0) & (before > 0) & np.isfinite(before)
    return float(np.median(np.sqrt(before[good] / after[good]))) if good.any() else 1.0
