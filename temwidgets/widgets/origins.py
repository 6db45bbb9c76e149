"""Where an image came from, as the call that brings it back."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from temwidgets import examples


def origin_call(image: xr.DataArray) -> str | None:
    """Return the call that gives exactly this image again; None when no file holds it."""
    for name in examples.names():
        if _titled(name, image) and examples.load(name).identical(image):
            return f'tw.examples.load("{name}")'
    return None


def save_product(path: Path, value: xr.DataArray | xr.Dataset) -> None:
    """Write a product as netCDF."""
    value.to_netcdf(path, engine="h5netcdf")


def _titled(name: str, image: xr.DataArray) -> bool:
    with xr.open_dataarray(examples.path(name), engine="h5netcdf") as file:
        return file.shape == image.shape and file.attrs.get("title") == image.attrs.get("title")
