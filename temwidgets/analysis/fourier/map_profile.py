"""Profile of a map along a line of some width."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.fourier._maps import check_map, period_of, run_on
from temwidgets.conventions import length_unit, pixel_grid, quantity
from temwidgets.conventions.grid import finite_numbers


def line_profile(
    map: xr.DataArray,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    width: float | None = None,
) -> xr.Dataset:
    """Average a map across a line, along it.

    Parameters
    ----------
    map : DataArray, (y, x)
        Any map; NaN is left out.
    start, end : (float, float)
        Ends (y, x) of the line, in lengths. What lies beyond the map is NaN.
    width : float, optional
        Over which values are averaged, centred on the line, in lengths; one pixel when not given.

    Returns
    -------
    Dataset, (distance,)
        ``distance`` from the start, ``y`` and ``x`` of the places; ``mean``, ``std`` (standard
        deviation across the width, which is no error of the mean: neighbours share their noise)
        and ``n``, the number of samples a pixel apart. Values between pixels are interpolated
        linearly, directions and phases on their circle.

    Raises
    ------
    TypeError, ValueError
        If `map` is none, the ends are the same place or no points, or `width` is no length.
    """
    found = check_map(map)
    ends = finite_numbers([start, end])
    if ends is None or ends.shape != (2, 2) or not np.hypot(*(ends[1] - ends[0])) > 0:
        raise ValueError(
            f"start and end are two places (y, x) in lengths, but {start!r} and {end!r} came."
        )
    step = float(min(np.abs(pixel_grid(found).sampling)))
    if width is not None and not (np.isfinite(width) and width > 0):
        raise ValueError(f"width is a length above 0, but {width!r} came.")
    distance, places = _places(ends, step, step if width is None else float(width))
    values = _sampled(found, places)
    return _as_dataset(found, distance, places[:, :, places.shape[2] // 2], values)


def _places(ends: np.ndarray, step: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Distances, and places (2, distance, across), the middle one on the line."""
    length = np.hypot(*(ends[1] - ends[0]))
    along = (ends[1] - ends[0]) / length
    normal = np.array([along[1], -along[0]])
    distance = np.linspace(0.0, length, max(round(length / step), 1) + 1)
    half = round((width / step - 1) / 2)
    across = np.linspace(-1, 1, 2 * half + 1) * (width - step) / 2 if half else np.zeros(1)
    line = ends[0][:, None] + along[:, None] * distance
    return distance, line[:, :, None] + normal[:, None, None] * across


def _sampled(found: xr.DataArray, places: np.ndarray) -> np.ndarray:
    """Values (distance, across), NaN where most of the weight is on pixels without one."""
    at = np.stack(pixel_grid(found).to_pixels(*places))
    values = np.asarray(found.values, float)
    known = np.isfinite(values)
    period = period_of(found)
    plain = np.where(known, values, 0.0)
    parts = [plain]
    if period is not None:
        turn = 2 * np.pi / period
        parts = [np.where(known, np.cos(turn * plain), 0), np.where(known, np.sin(turn * plain), 0)]
    weight = _interpolated(known.astype(float), at)
    with np.errstate(invalid="ignore", divide="ignore"):
        sampled = [_interpolated(part, at) / weight for part in parts]
    between = sampled[0] if period is None else np.arctan2(sampled[1], sampled[0]) / turn
    return np.where(weight > 0.5, between, np.nan)


def _interpolated(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    # up to half a pixel beyond the outermost centres the map still has its pixel
    limits = np.array(values.shape)[:, None, None] - 1
    inside = ((at >= -0.5) & (at <= limits + 0.5)).all(axis=0)
    return np.where(inside, ndi.map_coordinates(values, at, order=1, mode="nearest"), 0.0)


def _as_dataset(
    found: xr.DataArray, distance: np.ndarray, line: np.ndarray, values: np.ndarray
) -> xr.Dataset:
    values = run_on(run_on(values, period_of(found), 1), period_of(found))
    known = np.isfinite(values)
    n = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0).sum(axis=1) / n
        off = np.where(known, values - mean[:, None], 0.0)
        std = np.where(n > 1, np.sqrt((off**2).sum(axis=1) / (n - 1)), np.nan)
    units = str(found.attrs.get("units", "1"))
    text, unit, dim = str(found.attrs.get("long_name", found.name)), length_unit(found), "distance"
    return xr.Dataset(
        {
            "mean": quantity(dim, mean, units, text),
            "std": quantity(dim, std, units, f"standard deviation of {text} across the line"),
            "n": quantity(dim, n, "1", "number of samples across the line"),
        },
        coords={
            dim: quantity(dim, distance, unit, "distance along the line"),
            "y": quantity(dim, line[0], unit, "y position"),
            "x": quantity(dim, line[1], unit, "x position"),
        },
        attrs={"quantity": str(found.name)},
    )
