"""Find the columns that a fit shows to be missing: what stands out of image minus model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree

from temwidgets.analysis.editing import add_columns
from temwidgets.analysis.model import model_image
from temwidgets.conventions import check_columns, check_image, check_same_frame, pixel_grid
from temwidgets.kernels.peaks import find_peaks

SIGNIFICANCE = 4.5
"""Standard deviations above which a bump in the residual is a column."""
CLOSEST = 0.45
"""Distance to the next column, over the separation, below which none is looked for."""
APART = 0.9
"""The same between new columns: what a missing one leaves beside itself is no column."""
RIM = 1.0
"""Distance from the edge, in sigmas, within which none is looked for: where no column explains the
outermost pixels the fit leaves them out, and its background there is only carried on."""


def find_in_residual(
    image: xr.DataArray,
    columns: xr.Dataset,
    *,
    threshold: float | None = None,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Add the weak or overlapped columns that remain in image minus model.

    Fit again afterwards: a column left out has distorted its neighbours. What it leaves beside
    itself may be taken for columns too; the next fit flags these as of low signal.

    Parameters
    ----------
    image : DataArray, (y, x)
        The fitted image, counts; finite.
    columns : Dataset, dim column
        From `fit_columns`.
    threshold : float, optional
        Least significance in standard deviations of the noise, 4.5 when not given.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    Dataset, dim column
        The columns that came, then the new ones with labels of their own, y, x and ``height``
        (counts; an estimate from the residual). What the fit will tell is NaN. Where the columns
        have sublattices a new one joins that of the nearest height.

    Raises
    ------
    TypeError, ValueError
        If the image is not one or holds NaN, the columns have not been fitted or were in another
        frame, or `threshold` is not positive.

    Notes
    -----
    The residual is filtered with the median shape of the columns, each pixel weighted by the
    inverse of its variance (that of the model, as counting noise), so that the result is the
    likelihood-ratio test for one more column at each place. Where its own spread is above one it is
    scaled by it, so that columns of a shape the model cannot follow do not call forth new ones.
    """
    image = check_image(image, finite=True)
    check_columns(columns, needs=("y", "x", "amplitude", "sigma_major", "sigma_minor"))
    check_same_frame(image, columns)
    threshold = SIGNIFICANCE if threshold is None else threshold
    if not threshold > 0:
        raise ValueError(
            f"threshold is a significance (standard deviations) above 0, but {threshold!r} came."
        )
    if report:
        report(0.0)
    model = model_image(columns, image)
    if report:
        report(0.5)
    y, x, height = _missing(image, columns, model.values, threshold)
    if report:
        report(1.0)
    return _append(columns, y, x, height)


def _missing(
    image: xr.DataArray, columns: xr.Dataset, model: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    grid = pixel_grid(image)
    place = np.column_stack([columns["y"].values, columns["x"].values])
    place = place[np.isfinite(place).all(axis=1)]
    separation = _separation(columns, place)
    sigma = float(np.nanmedian(np.sqrt(columns["sigma_major"] * columns["sigma_minor"])))
    unit = float(np.sqrt(grid.sampling.y * grid.sampling.x))
    width = (sigma / grid.sampling.y, sigma / grid.sampling.x)

    residual = np.asarray(image.values, float) - model
    bright = max(float(np.percentile(model, 99)), 1e-30)
    weight = 1 / np.maximum(model, 0.02 * bright)
    # G over its square: sums over a Gaussian column of peak one
    area = 2 * np.pi * width[0] * width[1]
    signal = gaussian_filter(residual * weight, width, mode="constant") * area
    power = gaussian_filter(weight, np.array(width) / np.sqrt(2), mode="constant") * area / 2
    z = signal / np.sqrt(power)
    # below one where the fit has followed the noise, above where it cannot follow the columns
    spread = max(1.0, 1.4826 * float(np.median(np.abs(z - np.median(z)))))
    aspect = (grid.sampling.y / unit, grid.sampling.x / unit)
    found, _ = find_peaks(z, threshold * spread, APART * separation / unit, aspect)
    rim = RIM * np.array(width)
    inside: np.ndarray = np.all((found >= rim) & (found <= np.array(grid.shape) - 1 - rim), axis=1)
    y, x = grid.to_lengths(*found[inside].T)
    if len(place) and y.size:
        free = KDTree(place).query(np.column_stack([y, x]))[0] > CLOSEST * separation
        inside[np.flatnonzero(inside)[~free]] = False
        y, x = y[free], x[free]
    pixel = tuple(np.round(found[inside]).astype(int).T)
    return y, x, (signal / power)[pixel]


def _separation(columns: xr.Dataset, place: np.ndarray) -> float:
    if "separation" in columns.attrs:
        return float(columns.attrs["separation"])
    if len(place) < 2:
        return 4 * float(columns["sigma_major"].median())
    return float(np.median(KDTree(place).query(place, k=2)[0][:, 1]))


def _append(columns: xr.Dataset, y: np.ndarray, x: np.ndarray, height: np.ndarray) -> xr.Dataset:
    grown = add_columns(columns, y, x)
    new = np.arange(columns.sizes["column"], grown.sizes["column"])
    grown["flags"][{"column": new}] = 0
    if "height" in grown:
        grown["height"][{"column": new}] = height
    if "sublattice" in grown:
        grown["sublattice"][{"column": new}] = _sublattices_by_height(columns, height)
    return grown


def _sublattices_by_height(columns: xr.Dataset, height: np.ndarray) -> np.ndarray:
    """Sublattice whose median amplitude is nearest by ratio."""
    labels = columns["sublattice"].values
    amplitude = columns["amplitude"].values
    known = [k for k in np.unique(labels[labels >= 0]) if np.isfinite(amplitude[labels == k]).any()]
    if not known:
        return np.full(height.size, -1)
    level = np.log([max(float(np.nanmedian(amplitude[labels == k])), 1e-30) for k in known])
    nearest = np.abs(np.log(np.maximum(height, 1e-30))[:, None] - level).argmin(axis=1)
    return np.asarray(known)[nearest]
