"""Maps averaged over blocks of pixels."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._maps import (
    check_axes,
    on_pixels,
    period_of,
    run_on,
    window_sigma,
)
from temwidgets.conventions import pixel_grid

Maps = TypeVar("Maps", xr.DataArray, xr.Dataset)

_INSIDE = (-3, -1)  # axes of the pixels of a block


def block_average(
    map: Maps,
    size_px: int = 10,
    *,
    mask: xr.DataArray | None = None,
    least: float = 0.5,
    correlation: float | tuple[float, float] | None = None,
) -> Maps:
    """Average maps over square blocks of pixels.

    Parameters
    ----------
    map : DataArray or Dataset, (..., y, x)
        One map, or maps with their errors such as `local_spacing` gives.
    size_px : int
        Side of a block in pixels of the map. Rows and columns at the end that fill no block are
        left out.
    mask : DataArray of bool, (y, x), optional
        Pixels that count. Not given: the Dataset's own mask, if it has one.
    least : float
        Share of a block's pixels that must count and be finite; else the block is NaN.
    correlation : float or (float, float), optional
        Sigma of the Gaussian window through which noise was seen, along y and x, in lengths: how
        far pixels share their noise. Not given: that of the maps' own window (attributes), or 0.

    Returns
    -------
    DataArray or Dataset
        Like `map`, with coordinates at the centres of the blocks. Directions and phases are
        averaged on their circle. A mask is True where half of the block or more is; variables
        without y and x stay as they are.

    Raises
    ------
    TypeError, ValueError
        If `map` or `mask` is none, or a number is out of range.

    Notes
    -----
    Standard errors ``x_std`` become that of the mean: the mean variance times the mean correlation
    of two pixels of a block. What two places share of white noise under a Gaussian window is
    ``exp(-r² / (4 sigma²))``; pixels whose noise is independent gain the root of their number.
    """
    if not isinstance(map, xr.DataArray | xr.Dataset) or not {"y", "x"} <= set(map.dims):
        raise TypeError(f"Maps with dims y and x were expected, but a {type(map).__name__} came.")
    check_axes(map)
    _check_numbers(map, size_px, least)
    inside = _pixels(map, mask)
    shared = _shared(map, size_px, _as_sigma(map, correlation))
    if isinstance(map, xr.DataArray):
        return _averaged(map, size_px, inside, least, shared)
    blocks = {
        name: _averaged(one, size_px, inside, least, shared) if {"y", "x"} <= set(one.dims) else one
        for name, one in map.data_vars.items()
    }
    made = xr.Dataset(blocks, attrs=map.attrs)
    return made.assign_attrs(stride=int(map.attrs.get("stride", 1)) * size_px)


def _check_numbers(maps: xr.DataArray | xr.Dataset, size: int, least: float) -> None:
    if isinstance(size, bool) or size != int(size) or size < 1:
        raise ValueError(f"size_px is a whole number of pixels from 1, but {size!r} came.")
    smaller = min(maps.sizes["y"], maps.sizes["x"])
    if 2 * size > smaller:
        raise ValueError(
            f"Blocks of {size} px leave fewer than two along a side of the map of"
            f" {maps.sizes['y']} x {maps.sizes['x']} px. Give at most {smaller // 2}."
        )
    if not 0 < least <= 1:
        raise ValueError(f"least is a share of a block, above 0 and at most 1, but {least!r} came.")


def _pixels(maps: xr.DataArray | xr.Dataset, mask: xr.DataArray | None) -> np.ndarray:
    if mask is not None:
        return on_pixels(mask, maps, "mask").astype(bool)
    if isinstance(maps, xr.Dataset) and "mask" in maps:
        return maps["mask"].transpose("y", "x").values.astype(bool)
    return np.ones((maps.sizes["y"], maps.sizes["x"]), bool)


def _as_sigma(maps: xr.DataArray | xr.Dataset, correlation: Any) -> np.ndarray:
    """Sigma along y and x, in pixels of the map."""
    if correlation is None:
        known = window_sigma(maps)
        lengths = np.zeros(2) if known is None else known
    else:
        lengths = np.broadcast_to(np.asarray(correlation, float), 2)
    if not (np.isfinite(lengths) & (lengths >= 0)).all():
        raise ValueError(f"correlation is a length from 0, or two, but {correlation!r} came.")
    return lengths / np.abs(pixel_grid(maps["y"] * maps["x"]).sampling)


def _shared(maps: Any, size: int, sigma: np.ndarray) -> float:
    """Mean correlation of two pixels of a block."""
    apart = np.subtract.outer(np.arange(size), np.arange(size))
    parts = [np.exp(-((apart / max(2 * s, 1e-9)) ** 2)).mean() for s in sigma]
    return float(np.prod(parts))


def _averaged(
    one: xr.DataArray, size: int, inside: np.ndarray, least: float, shared: float
) -> xr.DataArray:
    dims = tuple(name for name in one.dims if name not in ("y", "x"))
    one = one.transpose(*dims, "y", "x")
    values = _in_blocks(one.values, size)
    if one.dtype == bool:
        found: np.ndarray = values.mean(axis=_INSIDE) >= 0.5
    else:
        known = np.isfinite(values) & _in_blocks(inside, size)
        values = np.where(known, values, np.nan)
        if str(one.name).endswith("_std"):
            found = np.sqrt(_mean(values**2) * np.maximum(shared, 1 / _count(known)))
        else:
            found = _mean(run_on(values, period_of(one), _INSIDE))
        found = np.where(known.mean(axis=_INSIDE) >= least, found, np.nan)
        found = found.astype(one.dtype if one.dtype.kind == "f" else float)
    blocks = {name: one[name] for name in dims if name in one.coords}
    for name in ("y", "x"):
        axis = one[name].values[: one.sizes[name] // size * size].reshape(-1, size).mean(axis=1)
        blocks[name] = (
            one[name].copy(data=axis)
            if size == 1
            else xr.DataArray(axis, dims=name, attrs=one[name].attrs)
        )
    return xr.DataArray(
        found, coords=blocks, dims=(*dims, "y", "x"), name=one.name, attrs=one.attrs
    )


def _in_blocks(values: np.ndarray, size: int) -> np.ndarray:
    """Split (..., y, x) into (..., block, row, block, column)."""
    rows, cols = (n // size for n in values.shape[-2:])
    cut = values[..., : rows * size, : cols * size]
    return cut.reshape(*values.shape[:-2], rows, size, cols, size)


def _count(known: np.ndarray) -> np.ndarray:
    return np.maximum(known.sum(axis=_INSIDE), 1)


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known, values, 0.0).sum(axis=_INSIDE) / _count(known)
