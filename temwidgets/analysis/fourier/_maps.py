"""What the statistics of maps share: checks, masks on a map's pixels, directions on a circle."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.shown_maps import circle_of
from temwidgets.conventions import pixel_grid

# Sigma of the weights of a window, as a part of its side.
WINDOW_SIGMA = {"hann": 0.181, "gaussian": 0.166, "none": 0.289}


def check_map(found: Any) -> xr.DataArray:
    """Return one map with dims (y, x).

    Raises
    ------
    TypeError, ValueError
        If it is no DataArray, or has other dims or no coordinates.
    """
    if not isinstance(found, xr.DataArray):
        raise TypeError(
            'One map with dims (y, x) was expected, such as spacing["e_xx"], but a'
            f" {type(found).__name__} came."
        )
    if set(found.dims) != {"y", "x"}:
        cure = " Choose one with .sel(reflection=0)." if "reflection" in found.dims else ""
        raise ValueError(f"A map has dims (y, x), but dims {found.dims} came.{cure}")
    check_axes(found)
    return found.transpose("y", "x")


def check_axes(maps: xr.DataArray | xr.Dataset) -> None:
    """Refuse maps without coordinates y and x, or of a single row or column."""
    missing = [name for name in ("y", "x") if name not in maps.coords]
    if missing:
        raise ValueError(
            f"The map has no coordinate {' or '.join(missing)}. Take it from the result of"
            " temwidgets.local_spacing, or wrap it with temwidgets.make_image."
        )
    if min(maps.sizes["y"], maps.sizes["x"]) < 2:
        raise ValueError("The map is too small: at least 2 x 2 pixels are needed.")


def on_pixels(of: Any, maps: xr.DataArray | xr.Dataset, name: str) -> np.ndarray:
    """Return labels or a mask at the pixels of `maps` (y, x): those of the nearest pixel.

    Raises
    ------
    TypeError, ValueError
        If it is no DataArray of bool or whole numbers, or does not cover the maps.
    """
    if not isinstance(of, xr.DataArray) or of.dtype.kind not in "bi" or set(of.dims) != {"y", "x"}:
        kind = "bool" if name == "mask" else "bool or whole numbers"
        raise TypeError(
            f"{name} is a DataArray of {kind} with dims (y, x), but a {type(of).__name__}"
            f"{f' of {of.dtype}' if isinstance(of, xr.DataArray) else ''} came."
        )
    check_axes(of)
    theirs, ours = pixel_grid(of), pixel_grid(maps["y"] * maps["x"])
    places = theirs.to_pixels(maps["y"].values, maps["x"].values)
    # half a pixel of the coarser of the two may stand out
    reach = [
        0.5 * max(1.0, abs(b / a)) for a, b in zip(theirs.sampling, ours.sampling, strict=True)
    ]
    for place, size, half in zip(places, theirs.shape, reach, strict=True):
        if place.min() < -half - 1e-6 or place.max() > size - 1 + half + 1e-6:
            raise ValueError(
                f"{name} does not cover the map: it has {theirs.shape[0]} x {theirs.shape[1]}"
                " pixels. Make it from the same image."
            )
    rows, cols = (
        np.clip(np.rint(p).astype(int), 0, n - 1) for p, n in zip(places, theirs.shape, strict=True)
    )
    return of.transpose("y", "x").values[np.ix_(rows, cols)]


def period_of(found: xr.DataArray) -> float | None:
    """Period of a map's quantity, in its unit, such as 180 degrees; None where it has none."""
    return circle_of(str(found.name))


def run_on(values: np.ndarray, period: float | None, axis: Any = None) -> np.ndarray:
    """Move values by whole periods next to their mean on the circle, so that they average.

    The mean is over `axis`, all of them when None; NaN stay.
    """
    if period is None:
        return values
    known = np.isfinite(values)
    phasor = np.where(known, np.exp(2j * np.pi / period * np.where(known, values, 0.0)), 0)
    middle = np.angle(phasor.sum(axis=axis, keepdims=True)) * period / (2 * np.pi)
    count = np.maximum(known.sum(axis=axis, keepdims=True), 1)
    plain = np.where(known, values, 0.0).sum(axis=axis, keepdims=True) / count
    middle = middle + period * np.round((plain - middle) / period)
    return values - period * np.round((values - middle) / period)


def window_sigma(maps: xr.DataArray | xr.Dataset) -> np.ndarray | None:
    """Sigma (y, x), in lengths, of the window that maps were made with; None where not told."""
    if "window" in maps.attrs:
        part = WINDOW_SIGMA[str(maps.attrs.get("shape", "hann"))]
        return part * np.broadcast_to(maps.attrs["window"], 2).astype(float)
    if "sigma" in maps.attrs:
        return np.broadcast_to(maps.attrs["sigma"], 2).astype(float)
    return None
