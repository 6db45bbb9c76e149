"""Images: how they are made and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions.grid import CALIBRATED, UNCALIBRATED, Sampling, finite_numbers, quantity

_OF_A_STACK = (
    " Choose a frame with image.isel(frame=0), or work on all of them with"
    " temwidgets.each_frame(function, image)."
)


def make_image(
    values: Any,
    *,
    sampling: float | tuple[float, float] | None = None,
    origin: tuple[float, float] = (0.0, 0.0),
    units: str | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Wrap an array as an image.

    Parameters
    ----------
    values : array_like, (y, x) or (frame, y, x)
        Intensities, any real dtype; an array of dask stays one.
    sampling : float or (float, float), optional
        Length of a pixel, one number or (y, x). Not given: the image is uncalibrated, in px.
    origin : (float, float)
        Position (y, x) of the first pixel's centre, in the same length unit.
    units : str, optional
        Length unit; "nm" when `sampling` is given, "px" when not.
    attrs : mapping, optional
        Further attributes, such as ``source``, ``detector``, ``metadata``.

    Returns
    -------
    DataArray
        Dims (y, x) or (frame, y, x), coordinates in `units`, name "intensity", units "counts".

    Raises
    ------
    ValueError
        If `values` has not two or three dims, `sampling` is not positive and finite, or `origin`
        is not a point.
    """
    array = values if hasattr(values, "__dask_graph__") else np.asarray(values)
    if array.ndim not in (2, 3):
        raise ValueError(
            f"An image has dims (y, x) or (frame, y, x), but the array has {array.ndim} dims"
            f" (shape {array.shape}). Choose one plane of it, e.g. array[0]."
        )
    step, start = _as_sampling(sampling), _as_origin(origin)
    unit = units or (UNCALIBRATED if sampling is None else CALIBRATED)
    coords = {}
    for axis, (name, size) in enumerate(zip("yx", array.shape[-2:], strict=True)):
        values_1d = start[axis] + step[axis] * np.arange(size)
        coords[name] = quantity(name, values_1d, unit, f"{name} position")
    dims: tuple[str, ...] = ("y", "x")
    if array.ndim == 3:
        dims = ("frame", "y", "x")
        coords["frame"] = quantity("frame", np.arange(array.shape[0]), "1", "frame")
    all_attrs = {"units": "counts", "long_name": "intensity", **(attrs or {})}
    return xr.DataArray(array, coords=coords, dims=dims, name="intensity", attrs=all_attrs)


def _as_sampling(sampling: float | tuple[float, float] | None) -> Sampling:
    step = finite_numbers(1.0 if sampling is None else sampling)
    if step is None or step.shape not in ((), (2,)) or not (step > 0).all():
        raise ValueError(
            f"sampling is the length of a pixel and must be positive, but {sampling!r} came."
            " Give one number, or (y, x), in nm."
        )
    y, x = np.broadcast_to(step, (2,))
    return Sampling(float(y), float(x))


def _as_origin(origin: tuple[float, float]) -> Sampling:
    point = finite_numbers(origin)
    if point is None or point.shape != (2,):
        raise ValueError(
            f"origin is the position (y, x) of the first pixel, two numbers, but {origin!r} came."
        )
    return Sampling(float(point[0]), float(point[1]))


def check_image(image: Any, *, ndim: int | None = 2, finite: bool = False) -> xr.DataArray:
    """Check that `image` is an image in the conventions of this module and return it.

    Parameters
    ----------
    image : DataArray
        Dims (y, x) or (frame, y, x).
    ndim : {2, 3, None}
        Number of dims wanted; None accepts both.
    finite : bool
        Also refuse NaN and infinite pixels.

    Raises
    ------
    TypeError
        If `image` is not a DataArray.
    ValueError
        If its dims, size, coordinates or dtype do not fit.
    """
    if not isinstance(image, xr.DataArray):
        raise TypeError(
            f"An image is an xarray DataArray with dims (y, x), but a {type(image).__name__} came."
            " Read it with temwidgets.read(path), or wrap an array with"
            " temwidgets.make_image(array, sampling=nm_per_pixel)."
        )
    dims = tuple(map(str, image.dims))
    allowed = [d for d in (("y", "x"), ("frame", "y", "x")) if ndim in (None, len(d))]
    if dims not in allowed:
        wanted = " or ".join(f"({', '.join(d)})" for d in allowed)
        cure = _OF_A_STACK if dims == ("frame", "y", "x") else ""
        raise ValueError(f"An image with dims {wanted} was expected, but dims {dims} came.{cure}")
    if min(image.shape[-2:], default=0) < 2:
        raise ValueError(
            f"The image is too small: {image.shape}; at least 2 x 2 pixels are needed."
        )
    if image.dtype.kind not in "fiub":
        raise ValueError(f"An image holds real numbers, but its dtype is {image.dtype}.")
    _check_axes(image)
    if finite and image.dtype.kind == "f":
        _check_finite(image)
    return image


def _check_axes(image: xr.DataArray) -> None:
    for name in ("y", "x"):
        if name not in image.coords:
            raise ValueError(
                f"The image has no coordinate {name!r}. Wrap it with"
                " temwidgets.make_image(array, sampling=nm_per_pixel)."
            )
        axis = finite_numbers(image[name].values)
        steps = np.zeros(1) if axis is None else np.diff(axis)
        if not (steps > 0).all() or np.ptp(steps) > 1e-3 * abs(steps.mean()):
            raise ValueError(
                f"Coordinate {name!r} must increase in equal steps. Take a contiguous piece of the"
                " image (a crop with image.isel or temwidgets.crop) in its original order."
            )


def _check_finite(image: xr.DataArray) -> None:
    bad = int((~np.isfinite(image.values)).sum())
    if bad:
        raise ValueError(
            f"{bad} of {image.size} pixels are NaN or infinite. Crop them away, or fill them, e.g."
            " image.fillna(image.median())."
        )
