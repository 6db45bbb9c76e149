"""Turn an image, and know afterwards where everything was.

A crop keeps its coordinates. A rotation makes a new frame; the image remembers in
``attrs["original_from_frame"]`` how positions in it map back to the image as it was read:
``(y, x)_original = M (y, x) + o``, stored as (M_yy, M_yx, M_xy, M_xx, o_y, o_x).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr

from temwidgets.conventions import PixelGrid, check_image, make_image, pixel_grid

FRAME = "original_from_frame"
Extent = Literal["inside", "same", "all"]


def rotate(
    image: xr.DataArray, angle: float, *, extent: Extent = "inside", fill: float = np.nan
) -> xr.DataArray:
    """Turn an image about its centre.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite intensities. The turn is one of lengths: pixels may be non-square, those of the
        result are square, as fine as the finer side.
    angle : float
        Degrees from +x towards +y (clockwise as displayed): a row of columns at 10 degrees lies
        at 10 + `angle` afterwards.
    extent : {"inside", "same", "all"}
        The largest rectangle without empty pixels; the same field as before; or all of the image.
    fill : float
        Value of pixels outside the image; NaN when not given.

    Returns
    -------
    DataArray
        Floats, resampled by cubic splines (which correlate the noise of neighbouring pixels). The
        centre keeps its coordinates; `to_original` leads back.

    Raises
    ------
    ValueError
        If pixels are not finite, the angle is not, or `extent` is unknown.
    """
    check_image(image, ndim=None, finite=True)
    if not np.isfinite(angle):
        raise ValueError(f"angle is a number of degrees, but {angle} came.")
    grid, sizes = pixel_grid(image), _sizes(image, angle, extent)
    centre = np.array(grid.to_lengths(*(0.5 * (np.array(grid.shape) - 1))))
    pixel = min(grid.sampling)
    shape = tuple(int(size / pixel + 1e-6) + 1 for size in sizes)
    origin = centre - 0.5 * pixel * (np.array(shape) - 1)
    back = _turn(-angle)
    values = _resampled(image, grid, back * pixel, back @ (origin - centre) + centre, shape, fill)
    turned = make_image(values, sampling=pixel, origin=tuple(origin), units=grid.units)
    if "frame" in image.coords:
        turned = turned.assign_coords(frame=image["frame"])
    matrix, offset = _frame(image)
    attrs = {
        **image.attrs,
        "rotation": float(image.attrs.get("rotation", 0.0) + angle),
        FRAME: [*(matrix @ back).ravel(), *(matrix @ (centre - back @ centre) + offset)],
    }
    return turned.rename(image.name).assign_attrs(attrs)


def rotate_to_lattice(
    image: xr.DataArray,
    *,
    near: float | None = None,
    to: float | None = None,
    extent: Extent = "inside",
    fill: float = np.nan,
) -> xr.DataArray:
    """Turn an image so that lattice rows run along an axis.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        An image with a lattice, finite.
    near : float, optional
        Rough direction of the rows wanted, as in `lattice_angle`.
    to : float, optional
        Direction that the rows shall have: 0 along x, 90 along y; the nearer of the two when not
        given.
    extent, fill
        As in `rotate`.

    Returns
    -------
    DataArray
        As `rotate`.

    Raises
    ------
    ValueError
        If the image shows no lattice, or as in `rotate`.
    """
    found = lattice_angle(image, near=near)
    wanted = 90.0 * round(found / 90.0) if to is None else to
    return rotate(image, _half_turn(wanted - found), extent=extent, fill=fill)


def lattice_angle(image: xr.DataArray, *, near: float | None = None) -> float:
    """Measure the direction of the densest lattice rows from the image's spectrum.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Of a stack, the mean frame is used.
    near : float, optional
        Take the rows nearest to this direction instead of the densest.

    Returns
    -------
    float
        Degrees from +x towards +y, in (-90, 90]; of equally dense rows those nearest to x.

    Raises
    ------
    ValueError
        If pixels are not finite, or the image shows no lattice.
    """
    # SciPy is slow to import, and most uses of this module need no spectrum
    from temwidgets.kernels.lattice_waves import lattice_waves

    check_image(image, ndim=None, finite=True)
    plane = image.mean("frame") if "frame" in image.dims else image
    waves = lattice_waves(plane.values, pixel_grid(image).sampling)
    if not len(waves):
        raise ValueError(
            "No lattice stands out in the image's spectrum, so there is no direction to measure."
            " Turn it by hand with temwidgets.rotate(image, angle), or crop to a crystalline part."
        )
    angles = _half_turn(np.rad2deg(np.arctan2(waves[:, 0], waves[:, 1])) + 90.0)
    if near is not None:
        return float(angles[np.argmin(abs(_half_turn(angles - near)))])
    length = np.hypot(*waves.T)
    densest = angles[length < 1.03 * length[0]]
    return float(densest[np.argmin(abs(densest))])


def to_original(image: xr.DataArray, y: Any, x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Map positions in `image` to the image as it was read, before any rotation or calibration.

    Parameters
    ----------
    image : DataArray
        The image whose frame `y` and `x` belong to.
    y, x : array_like
        Lengths.

    Returns
    -------
    y, x : ndarray
        Lengths in the original frame.
    """
    matrix, offset = _frame(image)
    there = np.tensordot(matrix, np.stack(np.broadcast_arrays(y, x)).astype(float), 1)
    return there[0] + offset[0], there[1] + offset[1]


def from_original(image: xr.DataArray, y: Any, x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Map positions in the image as it was read to `image`; the inverse of `to_original`.

    Parameters
    ----------
    image : DataArray
        The image into whose frame the positions are brought.
    y, x : array_like
        Lengths in the original frame.

    Returns
    -------
    y, x : ndarray
        Lengths in the frame of `image`.
    """
    matrix, offset = _frame(image)
    here = np.stack(np.broadcast_arrays(np.subtract(y, offset[0]), np.subtract(x, offset[1])))
    y_here, x_here = np.tensordot(np.linalg.inv(matrix), here, 1)
    return y_here, x_here


def scaled_frame(image: xr.DataArray, factor: tuple[float, float]) -> list[float]:
    """Return the frame attribute of `image` once its lengths are multiplied by `factor`."""
    matrix, offset = _frame(image)
    return [*(matrix / np.array(factor)).ravel(), *offset]


def frame_step(source: xr.DataArray, target: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Return matrix and offset that map (y, x) in `source` to (y, x) in `target`."""
    matrix, offset = _frame(source)
    target_matrix, target_offset = _frame(target)
    back = np.linalg.inv(target_matrix)
    return back @ matrix, back @ (offset - target_offset)


def _frame(image: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.asarray(image.attrs.get(FRAME, (1, 0, 0, 1, 0, 0)), float)
    return numbers[:4].reshape(2, 2), numbers[4:]


def _turn(angle: float) -> np.ndarray:
    """Matrix on (y, x) that turns +x towards +y."""
    sin, cos = np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))
    return np.array([[cos, sin], [-sin, cos]])


def _half_turn(angle: Any) -> Any:
    """Bring directions into (-90, 90]."""
    return 90.0 - (90.0 - angle) % 180.0


def _sizes(image: xr.DataArray, angle: float, extent: str) -> tuple[float, float]:
    """Lengths along y and x, between outermost pixel centres, of the turned image."""
    grid = pixel_grid(image)
    height, width = (step * (n - 1) for step, n in zip(grid.sampling, grid.shape, strict=True))
    sin, cos = abs(np.sin(np.deg2rad(angle))), abs(np.cos(np.deg2rad(angle)))
    if extent == "same":
        return height, width
    if extent == "all":
        return height * cos + width * sin, height * sin + width * cos
    if extent != "inside":
        raise ValueError(f'extent is "inside", "same" or "all", but {extent!r} came.')
    return _largest_inside(height, width, sin, cos)


def _largest_inside(height: float, width: float, sin: float, cos: float) -> tuple[float, float]:
    """Upright rectangle of largest area in a turned one.

    Either two of its corners touch the long sides (half-constrained), or all four touch.
    """
    long, short = max(height, width), min(height, width)
    if short <= 2 * sin * cos * long or abs(sin - cos) < 1e-9:
        half = 0.5 * short
        return (half / cos, half / sin) if width >= height else (half / sin, half / cos)
    determinant = cos**2 - sin**2
    return (height * cos - width * sin) / determinant, (width * cos - height * sin) / determinant


def _resampled(
    image: xr.DataArray,
    grid: PixelGrid,
    matrix: np.ndarray,
    start: np.ndarray,
    shape: tuple[int, ...],
    fill: float,
) -> np.ndarray:
    from scipy import ndimage

    to_pixels = 1 / np.array(grid.sampling)
    matrix, start = matrix * to_pixels[:, None], (start - np.array(grid.origin)) * to_pixels
    planes = image.values.astype(np.result_type(image.dtype, np.float32))
    turned = np.stack(
        [
            ndimage.affine_transform(plane, matrix, start, output_shape=shape, mode="nearest")
            for plane in planes.reshape(-1, *grid.shape)
        ]
    )
    # a rim pixel that rounding puts 1e-12 outside is not empty, so the mask is made here
    places = np.tensordot(matrix, np.indices(shape), 1) + start[:, None, None]
    last = np.array(grid.shape)[:, None, None] - 1
    turned[:, ((places < -1e-5) | (places > last + 1e-5)).any(0)] = fill
    return turned.reshape(*image.shape[:-2], *shape)
