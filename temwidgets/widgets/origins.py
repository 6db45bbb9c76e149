"""Where an image came from, as the call that brings it back."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xarray as xr

from temwidgets import examples, files
from temwidgets.conventions import CALIBRATED, length_unit, pixel_grid


def origin_call(image: xr.DataArray) -> str | None:
    """Return the call that gives exactly this image again; None when no file holds it.

    An image may have been changed after it was read, so what the call gives is compared with it.
    """
    for name in examples.names():
        if _titled(name, image) and examples.load(name).identical(image):
            return f'tw.examples.load("{name}")'
    path = _file_of(image)
    if path is None:
        return None
    for options in _readings(image):
        if _read(path, options, image):
            listed = "".join(f", {name}={value!r}" for name, value in options.items())
            return f"tw.read({os.fspath(path)!r}{listed})"
    return None


def _titled(name: str, image: xr.DataArray) -> bool:
    with xr.open_dataarray(examples.path(name), engine="h5netcdf") as file:
        return file.shape == image.shape and file.attrs.get("title") == image.attrs.get("title")


def _file_of(image: xr.DataArray) -> Path | None:
    for source in (image.encoding.get("source"), image.attrs.get("source")):
        if source and Path(str(source)).is_file():
            return Path(str(source)).resolve()
    return None


def _readings(image: xr.DataArray) -> Iterator[dict[str, Any]]:
    """Ways in which the file may have been read."""
    chosen = {"dataset": image.attrs["dataset"]} if "dataset" in image.attrs else {}
    yield {}
    if chosen:
        yield chosen
    if length_unit(image) == CALIBRATED:
        step = pixel_grid(image).sampling
        stored = tuple(float(v) for v in image.attrs.get("pixel_size", step))
        yield {**chosen, "sampling": stored}


def _read(path: Path, options: dict[str, Any], image: xr.DataArray) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(files.read(path, **options).identical(image))
        except (ValueError, OSError, ImportError):
            return False
