"""Change the pixels of an image: join them, resample, calibrate."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.frames import FRAME, scaled_frame
from temwidgets.conventions import CALIBRATED, check_image, make_image, pixel_grid

Pair = tuple[float, float]


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
    # NumPy's own reductions, which let NaN through
    joined = blocks.reduce(np.sum if method == "sum" else np.mean)
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
    resized = resize(
        image.values.astype(np.result_type(image.dtype, np.float32)),
        (*image.shape[:-2], *shape),
        order=3,
        mode="edge",
        anti_aliasing=bool((shape < grid.shape).any()),
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
    frame = scaled_frame(image, (float(factor[0]), float(factor[1])))
    return image.assign_coords(coords).copy().assign_attrs({FRAME: frame})
