"""Small calibrated images that ship with the package; README.md beside them tells their origin.

``names()`` lists them, ``load(name)`` returns one as an image, ``path(name)`` is its file.
"""

from __future__ import annotations

from pathlib import Path

import xarray as xr

__all__ = ["load", "names", "path"]

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """List the shipped images."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.nc")))


def path(name: str) -> Path:
    """Return the file of a shipped image.

    Raises
    ------
    ValueError
        If no image has that name.
    """
    if name not in names():
        raise ValueError(f"There is no example {name!r}. The examples are: {', '.join(names())}.")
    return _FOLDER / f"{name}.nc"


def load(name: str) -> xr.DataArray:
    """Load a shipped image.

    Parameters
    ----------
    name : str
        One of `names()`, e.g. "perovskite_trilayer".

    Returns
    -------
    DataArray
        Dims (y, x), or (frame, y, x) for "drift_series"; uint16 counts, coordinates in nm. Its
        attributes hold title, detector, licence, origin, citation and calibration.

    Raises
    ------
    ValueError
        If no image has that name.
    """
    return xr.load_dataarray(path(name), engine="h5netcdf").drop_encoding()
