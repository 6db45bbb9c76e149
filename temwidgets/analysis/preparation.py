"""Prepare an image: crop, choose frames, normalise.

Every function takes an image and returns a new one. Turning is in `temwidgets.analysis.frames`,
size and calibration of pixels in `temwidgets.analysis.pixels`, background and noise in
`temwidgets.analysis.cleaning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from temwidgets.conventions import check_image, pixel_grid

Range = tuple[float | None, float | None]
Pair = tuple[float, float]


def crop(image: xr.DataArray, *, y: Range = (None, None), x: Range = (None, None)) -> xr.DataArray:
    """Cut out a rectangle; positions keep their coordinates.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        NaN pixels are allowed.
    y, x : (float, float)
        Lowest and highest position kept, in the image's length unit; None: up to the edge. What
        reaches beyond the image is cut back to it.

    Returns
    -------
    DataArray
        The pixels whose centres lie in the rectangle; attributes kept.

    Raises
    ------
    ValueError
        If fewer than 2 x 2 pixels remain, or a range is the wrong way round.
    """
    check_image(image, ndim=None)
    unit = pixel_grid(image).units
    kept = {}
    for name, (low, high) in (("y", y), ("x", x)):
        centres = image[name].values
        low = centres[0] if low is None else low
        high = centres[-1] if high is None else high
        slack = 1e-6 * (centres[1] - centres[0])
        inside = np.flatnonzero((centres >= low - slack) & (centres <= high + slack))
        if not low <= high or inside.size < 2:
            raise ValueError(
                f"{name}=({low:.6g}, {high:.6g}) {unit} keeps {inside.size} pixels along {name}."
                f" The image reaches from {centres[0]:.6g} to {centres[-1]:.6g} {unit}; give"
                " (lowest, highest) within it."
            )
        kept[name] = slice(inside[0], inside[-1] + 1)
    return image.isel(kept).copy()


def select_frame(image: xr.DataArray, frame: int) -> xr.DataArray:
    """Take one frame of a stack, by the number it has in the coordinate ``frame``, and keeps.

    Parameters
    ----------
    image : DataArray, (frame, y, x)
    frame : int

    Returns
    -------
    DataArray, (y, x)

    Raises
    ------
    ValueError
        If the image is no stack or has no such frame.
    """
    check_image(image, ndim=3)
    if frame not in image["frame"].values:
        numbers = image["frame"].values
        raise ValueError(f"There is no frame {frame}; frames {numbers[0]} to {numbers[-1]} exist.")
    return image.sel(frame=frame).copy()


def mean_frame(image: xr.DataArray, *, frames: Sequence[int] | None = None) -> xr.DataArray:
    """Average the frames of a stack.

    Parameters
    ----------
    image : DataArray, (frame, y, x)
        NaN pixels are left out of the mean.
    frames : sequence of int, optional
        Frames to use, by number; all when not given.

    Returns
    -------
    DataArray, (y, x)
        Mean intensity as floats; ``attrs["frames_averaged"]`` tells how many.

    Raises
    ------
    ValueError
        If the image is no stack or a frame does not exist.
    """
    check_image(image, ndim=3)
    numbers = list(image["frame"].values if frames is None else frames)
    missing = sorted(set(numbers) - set(image["frame"].values))
    if missing or not numbers:
        raise ValueError(
            f"frames names {missing or 'none'}, but the stack has frames"
            f" {image['frame'].values[0]} to {image['frame'].values[-1]}."
        )
    mean = image.sel(frame=numbers).mean("frame", keep_attrs=True)
    return mean.assign_attrs(frames_averaged=len(numbers))


def normalise(
    image: xr.DataArray,
    *,
    method: Literal["percentile", "mean", "standard"] = "percentile",
    low: float = 0.1,
    high: float = 99.9,
) -> xr.DataArray:
    """Bring intensities to a common scale; NaN pixels stay NaN and are not counted.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        A stack is scaled as a whole.
    method : {"percentile", "mean", "standard"}
        Percentiles `low` and `high` become 0 and 1 (nothing is clipped); or the mean becomes 1;
        or the mean becomes 0 and the standard deviation 1.
    low, high : float
        Percentiles, 0 to 100.

    Returns
    -------
    DataArray
        Floats, units "1"; ``attrs["normalisation"]`` holds what was subtracted and divided by.

    Raises
    ------
    ValueError
        If the image is constant (or its mean is zero), or an option is wrong.
    """
    check_image(image, ndim=None)
    if method not in ("percentile", "mean", "standard"):
        raise ValueError(f'method is "percentile", "mean" or "standard", but {method!r} came.')
    if not 0 <= low < high <= 100:
        raise ValueError(
            f"low and high are percentiles, 0 <= low < high <= 100, not {low}, {high}."
        )
    values = image.values.astype(np.result_type(image.dtype, np.float32))
    finite = values[np.isfinite(values)]
    zero, one = _levels(finite, method, low, high) if finite.size else (0.0, 0.0)
    if not one > zero:
        raise ValueError(
            f"The image cannot be normalised by {method}: its levels are {zero:.6g} and {one:.6g}."
            " It is constant or empty there; choose another method or other percentiles."
        )
    scaled = image.copy(data=(values - zero) / (one - zero))
    return scaled.assign_attrs(units="1", normalisation=[zero, one - zero])


def _levels(finite: np.ndarray, method: str, low: float, high: float) -> Pair:
    mean = float(finite.mean(dtype=float))
    if method == "mean":
        return 0.0, mean
    if method == "standard":
        return mean, mean + float(finite.std(dtype=float))
    bottom, top = np.percentile(finite, (low, high))
    return float(bottom), float(top)
