"""An image as the browser gets it: few bytes, exact where it can be, with its quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import pixel_grid

LARGEST = 8192
"""Pixels along one side that a texture takes on every machine."""

_QUANTILES = np.linspace(0.0, 1.0, 1001)
_SAMPLED = 1 << 18
_LEVELS = 65535
_TALL = 16.0


def encode(image: xr.DataArray, *, symmetric: bool = False) -> dict[str, Any]:
    """Make the record that the layer draws: bytes of the pixels and how to read them.

    Parameters
    ----------
    image : DataArray, (y, x)
        Any real dtype; NaN and infinite pixels are allowed.
    symmetric : bool
        Whether its contrast is to be symmetric about zero (a residual).

    Returns
    -------
    dict
        value = offset + step * raw; origin, sampling (y, x) in the image's length unit.
    """
    grid = pixel_grid(image)
    values = np.asarray(image.values)
    quantiles = _quantiles(values)
    raw, offset, step = _pack(values, quantiles)
    return {
        "data": raw.tobytes(),
        "dtype": raw.dtype.name,
        "shape": list(grid.shape),
        "offset": offset,
        "step": step,
        "origin": list(grid.origin),
        "sampling": list(grid.sampling),
        "quantiles": quantiles.tolist(),
        "symmetric": symmetric,
        "units": str(image.attrs.get("units", "counts")),
    }


def shrink(image: xr.DataArray, largest: int = LARGEST) -> xr.DataArray:
    """Average blocks of pixels until no side is above `largest`; the same object if none is."""
    factor = -(-max(image.shape) // largest)
    if factor == 1:
        return image
    coarse = image.coarsen(y=factor, x=factor, boundary="trim").mean()
    return coarse.assign_attrs(image.attrs)


def contrast_limits(
    record: dict[str, Any], percentiles: tuple[float, float]
) -> tuple[float, float]:
    """Return the values that get the first and the last colour."""
    low, high = np.interp(np.asarray(percentiles) / 100, _QUANTILES, record["quantiles"])
    if record["symmetric"]:
        reach = max(abs(low), abs(high)) or 1.0
        return -float(reach), float(reach)
    return float(low), float(high if high > low else low + (abs(low) or 1.0))


def _quantiles(values: np.ndarray) -> np.ndarray:
    flat = values.reshape(-1)
    # An odd stride walks over rows and columns alike, so that a lattice is not sampled in step.
    flat = flat[:: max(1, flat.size // _SAMPLED) | 1].astype(float)
    flat = flat[np.isfinite(flat)]
    return np.quantile(flat, _QUANTILES) if flat.size else np.zeros(_QUANTILES.size)


def _pack(values: np.ndarray, quantiles: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Choose the smallest type: whole numbers exactly, others in 65,536 levels, odd ones whole."""
    if values.dtype.kind in "bu" and values.dtype.itemsize <= 2:
        return values.astype(np.uint8 if values.dtype.itemsize == 1 else np.uint16), 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind in "iu" and high - low <= _LEVELS:
        return (values - values.min()).astype(np.uint16), low, 1.0
    bulk = float(quantiles[-6] - quantiles[5])
    if not np.isfinite(low + high) or high - low > _TALL * bulk:
        return values.astype(np.float32), 0.0, 1.0
    step = (high - low) / _LEVELS or 1.0
    return np.clip(np.rint((values - low) / step), 0, _LEVELS).astype(np.uint16), low, step
