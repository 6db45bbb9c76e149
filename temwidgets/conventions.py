"""The xarray vocabulary of temwidgets: dims, coordinates, units, flags, and the checks on them.

Pixel coordinates sit at pixel centres and y points down. Lengths are nm when the image is
calibrated and px when it is not. Every coordinate and variable carries ``units`` and
``long_name``; an uncertainty of ``x`` is ``x_std`` and is named in ``x.attrs``
(``ancillary_variables``, CF conventions section 3.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntFlag
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

CALIBRATED = "nm"
UNCALIBRATED = "px"


class Flag(IntFlag):
    """Reasons to look twice at a fitted column (CF ``flag_masks`` / ``flag_meanings``)."""

    not_converged = 1
    at_bound = 2
    cut_by_edge = 4
    overlap = 8
    saturated = 16
    failed = 32
    duplicate = 64
    low_signal = 128
    edited = 256


FLAG_SENTENCES: dict[Flag, str] = {
    Flag.not_converged: "the fit had not settled when the iterations ran out",
    Flag.at_bound: "a parameter stopped at its bound",
    Flag.cut_by_edge: "the image edge cuts through the column",
    Flag.overlap: "a neighbour lies so close that the two are hardly told apart",
    Flag.saturated: "pixels of the column sit at the detector's highest value",
    Flag.failed: "the fit found no column here; its values are NaN",
    Flag.duplicate: "another column started at the same place; its values are NaN",
    Flag.low_signal: "the amplitude is below three times its standard error",
    Flag.edited: "placed or moved by hand after the last fit",
}


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
        Intensities, any real dtype.
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
    array = np.asarray(values)
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
    step = _numbers(1.0 if sampling is None else sampling)
    if step is None or step.shape not in ((), (2,)) or not (step > 0).all():
        raise ValueError(
            f"sampling is the length of a pixel and must be positive, but {sampling!r} came."
            " Give one number, or (y, x), in nm."
        )
    y, x = np.broadcast_to(step, (2,))
    return Sampling(float(y), float(x))


def _as_origin(origin: tuple[float, float]) -> Sampling:
    point = _numbers(origin)
    if point is None or point.shape != (2,):
        raise ValueError(
            f"origin is the position (y, x) of the first pixel, two numbers, but {origin!r} came."
        )
    return Sampling(float(point[0]), float(point[1]))


def _numbers(values: Any) -> np.ndarray | None:
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        return None
    return array if np.isfinite(array).all() else None


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
        cure = " Choose a frame with image.isel(frame=0)." if dims == ("frame", "y", "x") else ""
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
        axis = _numbers(image[name].values)
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


def check_columns(columns: Any, *, needs: Iterable[str] = ("y", "x")) -> xr.Dataset:
    """Check that `columns` is a Dataset over ``column`` that holds the variables `needs`.

    Raises
    ------
    TypeError
        If `columns` is not a Dataset.
    ValueError
        If the dim or a needed variable is missing, or labels repeat.
    """
    if not isinstance(columns, xr.Dataset):
        raise TypeError(
            f"Columns are an xarray Dataset over 'column', but a {type(columns).__name__} came."
            " Make one with temwidgets.find_columns(image) or temwidgets.make_columns(y, x)."
        )
    if "column" not in columns.dims or "column" not in columns.coords:
        raise ValueError(
            f"Columns have a labelled dim 'column', but the Dataset has dims {tuple(columns.dims)}."
        )
    missing = [name for name in needs if name not in columns]
    if missing:
        raise ValueError(
            f"The columns have no {', '.join(missing)}; they hold {', '.join(map(str, columns))}."
            + (" Fit them first with temwidgets.fit_columns." if set(missing) - {"y", "x"} else "")
        )
    if not columns.indexes["column"].is_unique:
        raise ValueError("Column labels repeat; each column needs a label of its own.")
    return columns


def make_columns(
    y: Any,
    x: Any,
    *,
    units: str = CALIBRATED,
    labels: Any = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Make a columns Dataset from positions.

    Parameters
    ----------
    y, x : array_like, (column,)
        Positions in `units`.
    units : {"nm", "px"}
        Length unit, that of the image they belong to.
    labels : array_like of int, optional
        Labels that stay with the columns for life; 0, 1, 2, ... when not given.
    attrs : mapping, optional
        Attributes of the Dataset.

    Returns
    -------
    Dataset
        Dim column; variables y and x; ``attrs["next_label"]`` is the label of the next new column.

    Raises
    ------
    ValueError
        If y and x differ in length or are not one-dimensional, or labels are not different whole
        numbers from 0 on, one for each column.
    """
    y, x = np.asarray(y, float), np.asarray(x, float)
    if y.ndim != 1 or y.shape != x.shape:
        raise ValueError(
            f"y and x must be equally long lists, but shapes {y.shape} and {x.shape} came."
        )
    label = np.arange(y.size) if labels is None else _as_labels(labels, y.size)
    next_label = int(label.max()) + 1 if label.size else 0
    return xr.Dataset(
        {
            "y": quantity("column", y, units, "y position"),
            "x": quantity("column", x, units, "x position"),
        },
        coords={"column": quantity("column", label, "1", "column label")},
        attrs={"next_label": next_label, **(attrs or {})},
    )


def _as_labels(labels: Any, size: int) -> np.ndarray:
    values = _numbers(labels)
    whole = values is not None and values.shape == (size,) and (values % 1 == 0).all()
    if values is None or not whole or (values < 0).any() or np.unique(values).size != size:
        raise ValueError(
            f"labels must be {size} different whole numbers from 0 on, one for each column, but"
            f" {labels!r} came."
        )
    return np.asarray(labels).astype(np.int64)


def frame_of(data: xr.DataArray | xr.Dataset) -> int | None:
    """Return the number of the frame that an image or columns belong to; None when they have none.

    ``image.isel(frame=2)`` carries it as a scalar coordinate ``frame``, and so do columns found or
    fitted in that image.
    """
    frame = data.coords.get("frame")
    return int(frame) if frame is not None and frame.ndim == 0 else None


def with_frame_of(image: xr.DataArray, columns: xr.Dataset) -> xr.Dataset:
    """Return columns with the coordinate ``frame`` of one frame of a stack, else without."""
    if frame_of(image) is None:
        return columns.drop_vars("frame", errors="ignore")
    return columns.assign_coords(frame=image["frame"])


def check_same_frame(image: xr.DataArray, columns: xr.Dataset) -> None:
    """Refuse fitted columns whose values would be taken for those of another frame.

    Raises
    ------
    ValueError
        If both say which frame of a stack they belong to, and it is not the same.
    """
    ours, theirs = frame_of(image), frame_of(columns)
    if None not in (ours, theirs) and ours != theirs:
        raise ValueError(
            f"The image is frame {ours} but the columns were fitted in frame {theirs}. Take that"
            " frame, or fit all columns in this one with temwidgets.fit_columns(image, columns)."
        )


def flag_variable(values: Any) -> xr.Variable:
    """Make the ``flags`` variable of a columns Dataset from integer bit sums."""
    return xr.Variable(
        "column",
        np.asarray(values, np.int32),
        {
            "long_name": "flags",
            "units": "1",
            "flag_masks": np.array([int(f) for f in Flag], np.int32),
            "flag_meanings": " ".join(str(f.name) for f in Flag),
        },
    )


def flagged(columns: xr.Dataset, flag: Flag) -> xr.DataArray:
    """Tell which columns carry any of the bits in `flag` (dims column, boolean)."""
    return (columns["flags"] & int(flag)) != 0


def describe_flags(value: int) -> str:
    """Say in words what a flag value means; "" when no bit is set."""
    return "; ".join(FLAG_SENTENCES[flag] for flag in Flag if value & flag)


class CancelledError(Exception):
    """Raised by a ``report`` callback to stop the analysis that calls it."""
