"""Open an image as its size wants it: large stacks are not loaded."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from temwidgets import files

_LARGE = 500_000_000
"""Bytes from which on a file is opened lazily, where its kind and the installation allow that."""


def open_image(path: Path, options: Mapping[str, Any]) -> xr.DataArray:
    """Read an image or a series; of a large file each frame is read when it is used.

    Errors and warnings are those of `temwidgets.read`.
    """
    large = path.is_file() and path.stat().st_size > _LARGE
    able = path.suffix[1:].lower() in files.LAZY and importlib.util.find_spec("dask") is not None
    if large and able:
        with contextlib.suppress(ValueError):  # some layouts can only be read as a whole
            return files.read(path, **options, lazy=True)
    return files.read(path, **options)
