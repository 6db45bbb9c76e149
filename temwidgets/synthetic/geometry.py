"""Directions, vectors and blank images for the makers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import make_image, pixel_grid


def direction(angle: float) -> np.ndarray:
    """Unit vector (y, x) at an angle in degrees from +x towards +y."""
    return np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])


def square_g(spacing: float) -> np.ndarray:
    """Reciprocal vectors of a square lattice."""
    return np.array([[0.0, 1.0], [1.0, 0.0]]) / spacing


def turned(g: np.ndarray, rotation: float) -> np.ndarray:
    """Turn vectors (y, x) by degrees from +x towards +y."""
    sin, cos = direction(rotation)
    return np.stack([g[:, 1] * sin + g[:, 0] * cos, g[:, 1] * cos - g[:, 0] * sin], 1)


def centre_of(blank: xr.DataArray) -> np.ndarray:
    """Centre (y, x) of an image, in lengths."""
    return np.array([float(blank[name].values[[0, -1]].mean()) for name in ("y", "x")])


def blank_image(shape: tuple[int, int], options: Mapping[str, Any]) -> xr.DataArray:
    """Image of zeros with the sampling and origin among the options."""
    known = {name: options[name] for name in ("sampling", "origin") if name in options}
    return make_image(np.zeros(shape, np.float32), **known)


def as_spacing(spacing: float | None, blank: xr.DataArray) -> float:
    """Check a d-spacing; eight pixels when none is given."""
    if spacing is None:
        return 8.0 * max(pixel_grid(blank).sampling)
    if not spacing > 0:
        raise ValueError(f"spacing is a length above 0, but {spacing} came.")
    return spacing
