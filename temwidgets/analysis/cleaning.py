"""Take away background and noise.

The joint fit models background and counting noise itself and wants the raw image; these functions
are for looking, for finding columns, and for methods that have no model of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import xarray as xr

from temwidgets.conventions import check_image, pixel_grid

Report = Callable[[float], None]


def subtract_background(
    image: xr.DataArray,
    *,
    method: Literal["rolling", "gaussian", "plane"] = "rolling",
    scale: float | None = None,
    keep_mean: bool = False,
    report: Report | None = None,
) -> xr.DataArray:
    """Subtract a background that varies slowly.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        NaN pixels are allowed with "gaussian" and "plane", and stay NaN.
    method : {"rolling", "gaussian", "plane"}
        What a rolling ball touches from below, which leaves columns standing on about zero; or
        the Gaussian mean, or the least-squares plane, which leave a mean of about zero.
    scale : float, optional
        Radius of the ball or sigma of the Gaussian, in the image's length unit. By default twice
        the longest lattice period that the image shows, or an eighth of its shorter side.
    keep_mean : bool
        Add the background's mean again: flatten the image, keep its counts positive.
    report : callable, optional
        Called with the fraction done after every frame.

    Returns
    -------
    DataArray
        Floats; ``attrs["background_method"]`` and ``attrs["background_scale"]`` tell what was done.

    Raises
    ------
    ValueError
        If the method is unknown, the scale not positive, or pixels are NaN for "rolling".
    """
    if method not in ("rolling", "gaussian", "plane"):
        raise ValueError(f'method is "rolling", "gaussian" or "plane", but {method!r} came.')
    check_image(image, ndim=None, finite=method == "rolling")
    if method == "plane" and scale is not None:
        raise ValueError('scale belongs to the methods "rolling" and "gaussian"; a plane has none.')
    size = 0.0 if method == "plane" else _checked(scale, "scale") or _default_scale(image)
    pixels = tuple(size / step for step in pixel_grid(image).sampling)

    def flatten(plane: np.ndarray) -> np.ndarray:
        surface = _background(plane, method, pixels)
        return plane - surface + (np.nanmean(surface) if keep_mean else 0.0)

    attrs = {"background_method": method} | ({"background_scale": size} if size else {})
    return _framewise(image, flatten, report).assign_attrs(attrs)


def denoise(
    image: xr.DataArray,
    *,
    method: Literal["gaussian", "wiener", "nonlocal", "tv"] = "gaussian",
    scale: float | None = None,
    strength: float | None = None,
    report: Report | None = None,
) -> xr.DataArray:
    """Smooth noise away.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite intensities.
    method : {"gaussian", "wiener", "nonlocal", "tv"}
        A Gaussian blur; Wiener's adaptive filter, which blurs less where the image varies more;
        non-local means, which averages like patches (a few seconds for 1024 x 1024); or total
        variation (Chambolle).
    scale : float, optional
        For "gaussian" its sigma, by default a twentieth of the shortest strong lattice period or
        one pixel; for "wiener" the side of its window, five times that. In the image's length
        unit.
    strength : float, optional
        For "nonlocal" and "tv": multiple of the noise that the image itself shows; 1 by default.
    report : callable, optional
        Called with the fraction done after every frame.

    Returns
    -------
    DataArray
        Floats; ``attrs["denoised"]`` names the method.

    Raises
    ------
    ValueError
        If the method is unknown, an option belongs to another method or is not positive, or
        pixels are NaN.

    References
    ----------
    Wiener: J. S. Lim, Two-Dimensional Signal and Image Processing (1990) 548. Non-local means:
    A. Buades et al., CVPR (2005) 60. Total variation: A. Chambolle, J. Math. Imaging Vis. 20
    (2004) 89.
    """
    if method not in _DENOISERS:
        raise ValueError(f"method is one of {', '.join(_DENOISERS)}, but {method!r} came.")
    check_image(image, ndim=None, finite=True)
    by_scale = method in ("gaussian", "wiener")
    if (strength if by_scale else scale) is not None:
        wrong, right = ("strength", "scale") if by_scale else ("scale", "strength")
        raise ValueError(f"{wrong} does not belong to method {method!r}; it takes {right}.")
    if by_scale:
        size = _checked(scale, "scale") or _default_blur(image) * (5 if method == "wiener" else 1)
        amount: Any = tuple(size / step for step in pixel_grid(image).sampling)
    else:
        amount = _checked(strength, "strength") or 1.0
    clean = _framewise(image, lambda plane: _DENOISERS[method](plane, amount), report)
    return clean.assign_attrs(denoised=method)


def _background(plane: np.ndarray, method: str, pixels: tuple[float, ...]) -> np.ndarray:
    # scikit-image and SciPy are slow to import
    from temwidgets.kernels import background

    if method == "plane":
        return background.plane_background(plane)
    of = background.rolling_background if method == "rolling" else background.gaussian_background
    return of(plane, (pixels[0], pixels[1]))


def _gaussian(plane: np.ndarray, sigma: tuple[float, float]) -> np.ndarray:
    from scipy import ndimage

    return ndimage.gaussian_filter(plane, sigma, mode="nearest")


def _wiener(plane: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    from scipy import ndimage

    window = [max(3, 2 * round((side - 1) / 2) + 1) for side in size]
    mean = ndimage.uniform_filter(plane, window, mode="nearest")
    variance = ndimage.uniform_filter((plane - mean) ** 2, window, mode="nearest")
    noise = _noise(plane) ** 2
    kept = np.maximum(variance - noise, 0) / np.maximum(np.maximum(variance, noise), 1e-30)
    return mean + kept * (plane - mean)


def _nonlocal(plane: np.ndarray, strength: float) -> np.ndarray:
    from skimage.restoration import denoise_nl_means

    noise = _noise(plane)
    # scikit-image divides by h: a noiseless image stays as it is
    if not noise > 0:
        return plane
    return denoise_nl_means(
        plane, patch_size=7, patch_distance=11, h=0.8 * strength * noise, sigma=noise
    )


def _tv(plane: np.ndarray, strength: float) -> np.ndarray:
    from skimage.restoration import denoise_tv_chambolle

    return denoise_tv_chambolle(plane, weight=max(2 * strength * _noise(plane), 1e-30))


_DENOISERS: dict[str, Callable[[np.ndarray, Any], np.ndarray]] = {
    "gaussian": _gaussian,
    "wiener": _wiener,
    "nonlocal": _nonlocal,
    "tv": _tv,
}


def _noise(plane: np.ndarray) -> float:
    """Return the noise: median absolute diagonal wavelet coefficient of the finest level."""
    detail = plane[1:, 1:] - plane[1:, :-1] - plane[:-1, 1:] + plane[:-1, :-1]
    return float(np.median(abs(detail))) / 0.6745 / 2


def _framewise(
    image: xr.DataArray, function: Callable[[np.ndarray], np.ndarray], report: Report | None
) -> xr.DataArray:
    dtype = np.result_type(image.dtype, np.float32)
    planes = image.values.reshape(-1, *image.shape[-2:])
    results = np.empty(planes.shape, dtype)
    for number, plane in enumerate(planes):
        results[number] = function(plane.astype(dtype))
        if report is not None:
            report((number + 1) / len(planes))
    return image.copy(data=results.reshape(image.shape))


def _checked(value: float | None, name: str) -> float | None:
    if value is not None and not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be positive, but {value} came.")
    return value


def _periods(image: xr.DataArray) -> np.ndarray:
    from temwidgets.kernels.lattice_waves import lattice_waves

    plane = image.isel(frame=0) if "frame" in image.dims else image
    values = plane.values.astype(float)
    values = np.where(np.isfinite(values), values, np.nanmean(values))
    return 1 / np.hypot(*lattice_waves(values, pixel_grid(image).sampling).T)


def _default_scale(image: xr.DataArray) -> float:
    periods = _periods(image)
    grid = pixel_grid(image)
    sides = [n * step for n, step in zip(grid.shape, grid.sampling, strict=True)]
    return float(2 * periods.max()) if periods.size else min(sides) / 8


def _default_blur(image: xr.DataArray) -> float:
    periods = _periods(image)
    pixel = max(pixel_grid(image).sampling)
    return max(float(periods.min()) / 20, pixel) if periods.size else pixel
