"""Lengths and pixels: units, sampling, and where the pixels of an image lie."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

CALIBRATED = "nm"
UNCALIBRATED = "px"


class Sampling(NamedTuple):
    """Length of one pixel along y and x."""

    y: float
    x: float


class PixelGrid(NamedTuple):
    """Where the pixels of an image lie: ``length = origin + sampling * pixel``."""

    shape: tuple[int, int]
    origin: Sampling
    sampling: Sampling
    units: str

    def to_pixels(self, y: Any, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Turn lengths into fractional row and column indices."""
        return (
            (np.asarray(y, float) - self.origin.y) / self.sampling.y,
            (np.asarray(x, float) - self.origin.x) / self.sampling.x,
        )

    def to_lengths(self, row: Any, col: Any) -> tuple[np.ndarray, np.ndarray]:
        """Turn fractional row and column indices into lengths."""
        return (
            self.origin.y + self.sampling.y * np.asarray(row, float),
            self.origin.x + self.sampling.x * np.asarray(col, float),
        )


def quantity(
    dims: str | tuple[str, ...], values: Any, units: str, long_name: str, **attrs: Any
) -> xr.Variable:
    """Make a variable with its units and name, e.g. a column variable in nm."""
    return xr.Variable(dims, values, {"units": units, "long_name": long_name, **attrs})


def pixel_grid(image: xr.DataArray) -> PixelGrid:
    """Read shape, origin, sampling and length unit from an image's coordinates."""
    step, start = [], []
    for name in ("y", "x"):
        axis = np.asarray(image[name].values, float)
        start.append(float(axis[0]))
        step.append(float((axis[-1] - axis[0]) / (axis.size - 1)) if axis.size > 1 else 1.0)
    shape = (image.sizes["y"], image.sizes["x"])
    return PixelGrid(shape, Sampling(*start), Sampling(*step), length_unit(image))


def length_unit(data: xr.DataArray | xr.Dataset) -> str:
    """Return the unit of the y coordinate (or variable): "nm", or "px" when uncalibrated."""
    return str(data["y"].attrs.get("units", UNCALIBRATED))


def finite_numbers(values: Any) -> np.ndarray | None:
    """Return values as an array of floats; None when one of them is no finite number."""
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        return None
    return array if np.isfinite(array).all() else None
