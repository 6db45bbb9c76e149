"""Numbers that sum up maps: histograms, statistics of regions, averages over blocks and lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._maps import check_axes, check_map, on_pixels, period_of, run_on
from temwidgets.analysis.fourier.map_blocks import block_average
from temwidgets.analysis.fourier.map_profile import line_profile
from temwidgets.conventions import length_unit, pixel_grid, quantity

__all__ = ["block_average", "line_profile", "map_histogram", "region_statistics"]

_NORMAL = 1.4826  # standard deviation of a normal distribution over its median deviation


def map_histogram(
    map: xr.DataArray,
    *,
    bins: Any = "auto",
    mask: xr.DataArray | None = None,
    limits: tuple[float, float] | None = None,
) -> xr.Dataset:
    """Count the pixels of a map by their value.

    Parameters
    ----------
    map : DataArray, (y, x)
        Any map; NaN is left out.
    bins : int, str or sequence of float
        Number of bins, a rule of `numpy.histogram_bin_edges`, or the edges.
    mask : DataArray of bool, (y, x), optional
        Pixels that count.
    limits : (float, float), optional
        Lowest and highest value that are counted; all when not given.

    Returns
    -------
    Dataset, (bin,)
        ``left`` and ``right`` edge, ``count``, and ``density``, whose integral is 1. Directions
        and phases run on beyond their end where their values lie round it. Attributes n, mean,
        median and std of the values within the limits.

    Raises
    ------
    TypeError, ValueError
        If `map` or `mask` is none, or bins or limits are.
    """
    found = check_map(map)
    inside = None if mask is None else on_pixels(mask, found, "mask").astype(bool)
    values = np.asarray(found.values if inside is None else found.values[inside], float)
    values = run_on(values[np.isfinite(values)], period_of(found))
    if limits is not None:
        if len(limits) != 2 or not limits[0] < limits[1]:
            raise ValueError(f"limits are a lowest and a highest value, but {limits!r} came.")
        values = values[(values >= limits[0]) & (values <= limits[1])]
    edges = _edges(values, bins, limits)
    count, _ = np.histogram(values, edges)
    units, text = str(found.attrs.get("units", "1")), str(found.attrs.get("long_name", found.name))
    total = max(int(count.sum()), 1)
    return xr.Dataset(
        {
            "count": quantity("bin", count, "1", "number of pixels"),
            "density": quantity("bin", count / total / np.diff(edges), f"1/({units})", "density"),
        },
        coords={
            "bin": quantity("bin", (edges[:-1] + edges[1:]) / 2, units, text),
            "left": quantity("bin", edges[:-1], units, f"lowest {text}"),
            "right": quantity("bin", edges[1:], units, f"highest {text}"),
        },
        attrs={"quantity": str(found.name), **_summary(values)},
    )


def _edges(values: np.ndarray, bins: Any, limits: tuple[float, float] | None) -> np.ndarray:
    try:
        return np.histogram_bin_edges(values, bins, range=limits)
    except (TypeError, ValueError) as error:
        raise ValueError(
            'bins is a number of bins, a rule such as "auto" or "fd", or edges that increase,'
            f" but {bins!r} came."
        ) from error


def _summary(values: np.ndarray) -> dict[str, Any]:
    if not values.size:
        return {"n": 0, "mean": np.nan, "median": np.nan, "std": np.nan}
    return {
        "n": int(values.size),
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "std": float(values.std(ddof=1)) if values.size > 1 else np.nan,
    }


def region_statistics(
    maps: xr.Dataset | xr.DataArray, regions: xr.DataArray | xr.Dataset
) -> xr.Dataset:
    """Sum up maps in each region.

    Parameters
    ----------
    maps : Dataset or DataArray, (..., y, x)
        One map, or several such as `local_spacing` gives; its errors and masks are passed over.
    regions : DataArray of int or bool, (y, x), or Dataset
        Label of the region of every pixel, below 0 for none; a mask, which is one region, 1; or
        domains from `segment_domains`.

    Returns
    -------
    Dataset, (region, ...)
        Of each map x: ``x_mean``, ``x_median``, ``x_sd`` (standard deviation), ``x_robust_sd``
        (from the median deviation; outliers do not count) and ``x_n``, the number of finite
        pixels. ``area`` in lengths squared. Directions and phases are summed up on their circle.

    Raises
    ------
    TypeError, ValueError
        If maps or regions are none, or the regions do not cover the maps.
    """
    if not isinstance(maps, xr.DataArray | xr.Dataset) or not {"y", "x"} <= set(maps.dims):
        raise TypeError(f"Maps with dims y and x were expected, but a {type(maps).__name__} came.")
    check_axes(maps)
    if isinstance(regions, xr.Dataset) and "label" in regions:
        regions = regions["label"]
    label = on_pixels(regions, maps, "regions")
    names = np.array([1]) if label.dtype == bool else np.unique(label[label >= 0])
    members = [label.astype(int) == name for name in names]
    grid = pixel_grid(maps["y"] * maps["x"])
    area = [m.sum() * abs(grid.sampling.y * grid.sampling.x) for m in members]
    made = xr.Dataset(
        {"area": quantity("region", np.array(area, float), f"{length_unit(maps)}²", "area")},
        coords={"region": quantity("region", names.astype(int), "1", "region")},
    )
    for one in _summed_up(maps):
        made = made.assign(_of_map(one, members))
    return made


def _summed_up(maps: xr.Dataset | xr.DataArray) -> list[xr.DataArray]:
    if isinstance(maps, xr.DataArray):
        return [maps.rename(maps.name or "value")]
    return [
        one
        for name, one in maps.data_vars.items()
        if {"y", "x"} <= set(one.dims) and one.dtype.kind == "f" and not str(name).endswith("_std")
    ]


def _of_map(one: xr.DataArray, members: list[np.ndarray]) -> dict[str, Any]:
    dims = tuple(name for name in one.dims if name not in ("y", "x"))
    values = one.transpose(*dims, "y", "x").values
    shape = values.shape[:-2]
    rows = values.reshape(-1, *values.shape[-2:])
    period = period_of(one)
    table = np.array([[_statistics(row[inside], period) for row in rows] for inside in members])
    table = table.reshape(len(members), *shape, 5)
    units, text = str(one.attrs.get("units", "1")), str(one.attrs.get("long_name", one.name))
    words = {
        "mean": (units, f"mean {text}"),
        "median": (units, f"median {text}"),
        "sd": (units, f"standard deviation of {text}"),
        "robust_sd": (units, f"standard deviation of {text}, from the median deviation"),
        "n": ("1", f"number of pixels with {text}"),
    }
    found: dict[str, Any] = {str(name): one[name] for name in dims if name in one.coords}
    for k, (name, (unit, words_of)) in enumerate(words.items()):
        column = table[..., k].astype(int) if name == "n" else table[..., k]
        found[f"{one.name}_{name}"] = quantity(("region", *map(str, dims)), column, unit, words_of)
    return found


def _statistics(values: np.ndarray, period: float | None) -> tuple[float, ...]:
    values = run_on(values[np.isfinite(values)].astype(float), period)
    if not values.size:
        return np.nan, np.nan, np.nan, np.nan, 0
    median = float(np.median(values))
    deviation = _NORMAL * float(np.median(np.abs(values - median)))
    sd = float(values.std(ddof=1)) if values.size > 1 else np.nan
    return float(values.mean()), median, sd, deviation, values.size
