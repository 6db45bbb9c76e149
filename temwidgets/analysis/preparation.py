"""Prepare an image: crop, choose frames, change pixels and calibration, normalise.

Every function takes an image and returns a new one. Turning is in `temwidgets.analysis.frames`,
background and noise in `temwidgets.analysis.cleaning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.frames import FRAME, scaled_frame
from temwidgets.conventions import CALIBRATED, check_image, make_image, pixel_grid

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
    """Take one frame of a stack, by the number it has in the coordinate ``frame``.

    Raises
    ------
    ValueError
        If the image is no stack or has no such frame.
    """
    check_image(image, ndim=3)
    if frame not in image["frame"].values:
        numbers = image["frame"].values
        raise ValueError(f"There is no frame {frame}; frames {numbers[0]} to {numbers[-1]} exist.")
    return image.sel(frame=frame, drop=True).copy().assign_attrs(frame=int(frame))


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


def bin_pixels(
    image: xr.DataArray,
    factor: int | tuple[int, int],
    *,
    method: Literal["sum", "mean"] = "sum",
) -> xr.DataArray:
    """Join blocks of pixels into one.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        A block with a NaN pixel becomes NaN.
    factor : int or (int, int)
        Pixels along y and x that become one; what is left over at the far edge is cut off.
    method : {"sum", "mean"}
        Sums keep the counting statistics, means keep the level.

    Returns
    -------
    DataArray
        Coordinates are those of the block centres.

    Raises
    ------
    ValueError
        If `factor` is not a positive whole number or leaves fewer than 2 x 2 pixels.
    """
    check_image(image, ndim=None)
    factors = np.broadcast_to(factor, (2,))
    fits = (factors >= 1) & (factors == factors.astype(int))
    if not (fits & (np.array(image.shape[-2:]) // np.maximum(factors, 1) >= 2)).all():
        raise ValueError(
            f"factor is one or two whole numbers that leave at least 2 x 2 pixels of"
            f" {image.shape[-2:]}, but {factor!r} came."
        )
    if method not in ("sum", "mean"):
        raise ValueError(f'method is "sum" or "mean", but {method!r} came.')
    blocks = image.coarsen(y=int(factors[0]), x=int(factors[1]), boundary="trim")
    # whole numbers have no NaN to skip, and xarray refuses to be told so
    options = {"skipna": False} if image.dtype.kind == "f" else {}
    joined = getattr(blocks, method)(**options)
    for name in ("y", "x"):
        joined[name].attrs.update(image[name].attrs)
    return joined.assign_attrs(image.attrs)


def rescale(image: xr.DataArray, sampling: float | Pair) -> xr.DataArray:
    """Resample an image to pixels of another size; positions keep their coordinates.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite intensities.
    sampling : float or (float, float)
        Length of the new pixels, one number or (y, x), in the image's length unit. It is adjusted
        slightly so that a whole number of pixels covers the image.

    Returns
    -------
    DataArray
        Floats, cubic interpolation, smoothed first where pixels grow.

    Raises
    ------
    ValueError
        If pixels are not finite, or `sampling` is not positive or leaves fewer than 2 x 2 pixels.
    """
    from skimage.transform import resize

    check_image(image, ndim=None, finite=True)
    grid = pixel_grid(image)
    wanted = np.broadcast_to(np.asarray(sampling, float), (2,))
    field = np.array(grid.sampling) * grid.shape
    if not ((wanted > 0) & (wanted <= field / 1.5)).all():
        raise ValueError(
            f"sampling is the length of the new pixels, more than 0 and much less than the field of"
            f" {field[0]:.6g} x {field[1]:.6g} {grid.units}, but {sampling!r} came."
        )
    shape = np.rint(field / wanted).astype(int)
    values = image.values.astype(np.result_type(image.dtype, np.float32))
    coarser = bool((shape < grid.shape).any())
    resized = resize(
        values,
        (*values.shape[:-2], *shape),
        order=3,
        mode="edge",
        anti_aliasing=coarser,
        preserve_range=True,
        clip=False,
    )
    step = field / shape
    # the outer edges of the outermost pixels stay where they were
    origin = np.array(grid.origin) + (step - np.array(grid.sampling)) / 2
    result = make_image(resized, sampling=tuple(step), origin=tuple(origin), units=grid.units)
    if "frame" in image.coords:
        result = result.assign_coords(frame=image["frame"])
    return result.rename(image.name).assign_attrs(image.attrs)


def calibrate(
    image: xr.DataArray,
    *,
    sampling: float | Pair | None = None,
    measured: float | Pair | None = None,
    true: float | Pair | None = None,
) -> xr.DataArray:
    """Set the length of a pixel, or correct it by a spacing that is known.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Calibrated or not.
    sampling : float or (float, float), optional
        Length of a pixel in nm, one number or (y, x).
    measured, true : float or (float, float), optional
        Instead of `sampling`: a spacing as the image shows it (in its present length unit) and as
        it is (in nm), one number or one each along y and x.

    Returns
    -------
    DataArray
        The same pixels, coordinates in nm; the position zero stays where it is.

    Raises
    ------
    ValueError
        If neither or both ways are used, or a number is not positive.
    """
    check_image(image, ndim=None)
    by_spacing = measured is not None and true is not None
    if by_spacing == (sampling is not None) or (measured is None) != (true is None):
        raise ValueError(
            "calibrate needs either sampling (nm per pixel), or both measured and true (a spacing"
            f" as shown and as it is), but sampling={sampling}, measured={measured}, true={true}"
            " came."
        )
    now = np.array(pixel_grid(image).sampling)
    wanted, shown = (true, measured) if by_spacing else (sampling, now)
    with np.errstate(all="ignore"):
        factor = np.broadcast_to(np.asarray(wanted, float) / np.asarray(shown, float), (2,))
    if not (np.isfinite(factor) & (factor > 0)).all():
        raise ValueError(
            "Lengths must be positive, but"
            f" sampling={sampling}, measured={measured}, true={true} came."
        )
    coords = {}
    for axis, name in enumerate(("y", "x")):
        attrs = {**image[name].attrs, "units": CALIBRATED}
        coords[name] = (name, image[name].values * factor[axis], attrs)
    attrs = {FRAME: scaled_frame(image, tuple(factor))} if FRAME in image.attrs else {}
    return image.assign_coords(coords).copy().assign_attrs(attrs)
