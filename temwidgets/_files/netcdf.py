"""NetCDF-4: images saved by this package, with their exact coordinates, and those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from temwidgets._files.found import Axis, Found, plain_axes
from temwidgets._files.store import decode, load_groups, open_groups
from temwidgets.conventions import CALIBRATED, UNCALIBRATED, check_image, length_unit


def read_netcdf(path: Path, *, lazy: bool = False) -> list[Found]:
    """Read the arrays with dims (y, x) of every group; all arrays when no dim is so called."""
    arrays = []
    for group, dataset in (open_groups(path) if lazy else load_groups(path)).items():
        loaded, prefix = decode(dataset), group.strip("/")
        arrays += [(f"{prefix}/{n}".strip("/"), loaded[n]) for n in map(str, loaded.data_vars)]
    images = [(name, array) for name, array in arrays if array.dims[-2:] == ("y", "x")]
    return [_found(name, array, lazy) for name, array in images or arrays]


def _found(name: str, array: xr.DataArray, lazy: bool) -> Found:
    axes = plain_axes(array.ndim)
    if array.dims[-2:] == ("y", "x"):
        axes = (*axes[:-2], _axis(array, "y"), _axis(array, "x"))
    ready = array if _in_conventions(array) else None
    values: Any = array.variable if lazy else array.values
    return Found(name, values, axes, dict(array.attrs), image=ready)


def _axis(array: xr.DataArray, name: str) -> Axis:
    if name not in array.coords or array[name].size < 2 or array[name].dtype.kind not in "fiu":
        return Axis(name)
    positions = np.asarray(array[name].values, float)
    step = float(positions[-1] - positions[0]) / (positions.size - 1)
    return Axis(name, step, float(positions[0]), str(array[name].attrs.get("units", "")))


def _in_conventions(array: xr.DataArray) -> bool:
    try:
        return length_unit(check_image(array, ndim=None)) in (CALIBRATED, UNCALIBRATED)
    except ValueError:
        return False
