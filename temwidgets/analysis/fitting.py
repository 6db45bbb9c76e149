"""Fit all atomic columns of an image jointly, as elliptical Gaussians on a smooth background."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis import fit_arguments as arguments
from temwidgets.analysis.fit_flags import find_flags, saturation_level
from temwidgets.analysis.fit_hints import shape_hint
from temwidgets.analysis.fit_inputs import (
    check_one_frame,
    check_units,
    finite_values,
    usable,
    with_sublattices,
)
from temwidgets.analysis.fit_results import background_spline, make_result
from temwidgets.analysis.fit_start import make_start
from temwidgets.analysis.fit_tiles import fit_in_tiles
from temwidgets.analysis.framewise import framewise
from temwidgets.analysis.tiling import is_large
from temwidgets.conventions import (
    check_columns,
    check_image,
    pixel_grid,
    with_frame_of,
)
from temwidgets.kernels.compiled import keep_few
from temwidgets.kernels.fit import Result, fit

Report = Callable[[float], None] | None


@framewise
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
    image : DataArray, (y, x) or (frame, y, x)
        Image; NaN pixels do not count. A stack is fitted frame by frame from the same columns, and
        the result has dims (frame, column).
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
        Smooth: a cubic spline. Then images of more than 5000² pixels are fitted in overlapping
        tiles, in bounded memory.
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
    arguments.check_positive(
        max_shift=max_shift, noise_scale=noise_scale, background_scale=background_scale
    )
    check_one_frame(columns)
    check_units(image, columns)
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
    if is_large(image) and options["background"] == "smooth":

        def piece(
            part: xr.DataArray, those: xr.Dataset, masks: dict[str, np.ndarray], told: Report
        ) -> xr.Dataset:
            own = {**options, "fixed": masks}
            return _fit_piece(part, those, shape, noise, noise_scale, own, told)

        fixed, shared = options["fixed"], shape == "shared"
        return fit_in_tiles(piece, image, columns, fixed, shared=shared, report=report)
    return _fit_piece(image, columns, shape, noise, noise_scale, options, report)


def _fit_piece(
    image: xr.DataArray,
    columns: xr.Dataset,
    shape: str,
    noise: str,
    noise_scale: float | None,
    options: dict[str, Any],
    report: Report,
) -> xr.Dataset:
    keep_few()
    grid = pixel_grid(image)
    active, flags = usable(columns, grid)
    if shape == "shared":
        columns = with_sublattices(image, columns)
    values = finite_values(image)
    chosen = columns.isel(column=active)
    masks = {name: mask[active] for name, mask in options["fixed"].items()}
    start, half = make_start(chosen, grid, values, shape=shape, **{**options, "fixed": masks})
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
    attrs["fit_hint"] = shape_hint(result, shape)
    spline = background_spline(result.coefficients, grid, options["background"])
    fitted = make_result(columns, active, flags, result, start, grid, spline, attrs)
    return with_frame_of(image, fitted)


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
