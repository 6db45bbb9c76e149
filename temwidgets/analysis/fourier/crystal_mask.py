"""Where an image shows crystal: segmentation of maps, and its clean-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.fourier._maps import window_sigma
from temwidgets.conventions import pixel_grid, quantity
from temwidgets.kernels.fourier.box_blur import blur

SIGNIFICANT = 5.0  # amplitude over its error: in a box of noise the strongest bin reaches 4
EDGE = 0.6  # amplitude over that inside
_HALF = 0.5  # the same at a straight edge, which cuts the window in half
_METHODS = ("noise", "otsu", "threshold")
_NEAR = 1.5  # widths of the window within which the amplitude of the crystal is taken
_FWHM = 2.355  # of a Gaussian, in its sigmas
_PLAIN_WIDTH = 4.0  # px, of maps that do not tell their window
_SMOOTH = 0.1  # of the width: radius of the disk that outlines are opened and closed with


def crystal_mask(
    maps: xr.Dataset | xr.DataArray,
    *,
    method: str = "noise",
    threshold: float | None = None,
    edge: float = EDGE,
    smallest: float | None = None,
    fill: float | None = None,
    smooth: float | None = None,
) -> xr.DataArray:
    """Tell crystal from amorphous material.

    Parameters
    ----------
    maps : Dataset, (reflection, y, x), or DataArray, (y, x)
        From `local_spacing`; or any map that is high in the crystal, for methods other than
        "noise".
    method : {"noise", "otsu", "threshold"}
        "noise": the fringes of a reflection stand out from the noise, and from what the window
        shows of a crystal beside it (see `edge`).
        "otsu": the threshold that parts the values into the two most uniform classes; it finds two
        classes in everything. "threshold": the one given.
    threshold : float, optional
        "noise": the least amplitude over its standard error, 5 when not given. "threshold": the
        least value of a map; of a Dataset, the least amplitude over that of the strong crystal
        (its 90th percentile), the greatest of all reflections, 0.5 when not given.
    edge : float
        "noise": the least amplitude over that of the crystal nearby. A straight edge cuts the
        window in half: 0.5 puts the outline on it, a little more keeps amorphous pixels out.
    smallest : float, optional
        Diameter, in lengths, of the circle whose area is that of the smallest piece kept.
    fill : float, optional
        The same of the largest hole that is filled; holes at the image's edge stay.
    smooth : float, optional
        Radius of the disk that the outline is opened and closed with; 0: none.

    Returns
    -------
    DataArray of bool, (y, x)
        True in the crystal. When not given, sizes are those of the window: `smallest` and `fill`
        its width at half height, `smooth` a tenth of it; of a map without one, 4 px.

    Raises
    ------
    TypeError, ValueError
        If `maps` are none, or an option does not fit.

    References
    ----------
    N. Otsu, IEEE Trans. Syst. Man Cybern. 9 (1979) 62.
    """
    _check(maps, method, threshold, edge, {"smallest": smallest, "fill": fill, "smooth": smooth})
    width = _width(maps)
    if method == "noise" and isinstance(maps, xr.Dataset):
        least = SIGNIFICANT if threshold is None else threshold
        inside = _above_noise(maps, least, edge, width)
    else:
        inside = _above_level(_strength(maps), method, threshold)
    sizes = [
        default if given is None else float(given)
        for given, default in ((smallest, width), (fill, width), (smooth, _SMOOTH * width))
    ]
    sampling = pixel_grid(maps["y"] * maps["x"]).sampling
    return xr.DataArray(
        quantity(("y", "x"), _cleaned(inside, np.abs(sampling), *sizes), "1", "crystal"),
        coords={"y": maps["y"], "x": maps["x"]},
        name="mask",
    )


def _check(
    maps: Any,
    method: str,
    threshold: float | None,
    edge: float,
    sizes: dict[str, float | None],
) -> None:
    is_spacing = isinstance(maps, xr.Dataset) and "amplitude" in maps
    if not is_spacing and not (isinstance(maps, xr.DataArray) and set(maps.dims) == {"y", "x"}):
        raise TypeError(
            "Maps from temwidgets.local_spacing, or one map with dims (y, x), were expected, but a"
            f" {type(maps).__name__} came."
        )
    if method not in _METHODS:
        raise ValueError(f"method is one of {', '.join(_METHODS)}, but {method!r} came.")
    if method == "noise" and (not is_spacing or "amplitude_std" not in maps):
        raise ValueError(
            'method="noise" needs amplitudes with their errors, the Dataset from'
            ' temwidgets.local_spacing. Of a single map take method="otsu" or "threshold".'
        )
    if method == "threshold" and threshold is None and not is_spacing:
        raise ValueError('method="threshold" needs a threshold, in units of the map.')
    if method == "otsu" and threshold is not None:
        raise ValueError(
            'method="otsu" finds the threshold by itself. Leave threshold out, or take'
            ' method="threshold".'
        )
    if method == "noise" and threshold is not None and not threshold > 0:
        raise ValueError(f"threshold is an amplitude over its error, above 0, not {threshold!r}.")
    if not 0 < edge < 1:
        raise ValueError(f"edge is a part of the amplitude, between 0 and 1, but {edge!r} came.")
    for name, size in sizes.items():
        if size is not None and not (np.isfinite(size) and size >= 0):
            raise ValueError(f"{name} is a length from 0, but {size!r} came.")


def _width(maps: xr.Dataset | xr.DataArray) -> float:
    """Width at half height of the window that maps were made with, in lengths."""
    sigma = window_sigma(maps)
    if sigma is not None:
        return _FWHM * float(np.sqrt(np.prod(sigma)))
    sampling = np.abs(pixel_grid(maps["y"] * maps["x"]).sampling)
    return _PLAIN_WIDTH * float(np.sqrt(np.prod(sampling)))


def _above_noise(maps: xr.Dataset, threshold: float, edge: float, width: float) -> np.ndarray:
    amplitude = np.nan_to_num(maps["amplitude"].transpose(..., "y", "x").values)
    std = maps["amplitude_std"].transpose(..., "y", "x").values
    sampling = np.abs(pixel_grid(maps["y"] * maps["x"]).sampling)
    inside = np.zeros(amplitude.shape[-2:], bool)
    for size, error in zip(amplitude, std, strict=True):
        certain = size > threshold * np.nan_to_num(error, nan=np.inf)
        inside |= certain & (size >= edge * _level(size, certain, _NEAR * width / sampling))
    return inside


def _level(size: np.ndarray, certain: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Amplitude of the crystal nearby, the strong part of which counts most."""
    weight = np.where(certain, size, 0.0) ** 2
    total, level = (blur(field, sigma) for field in (weight, weight * size))
    return level / np.maximum(total, 1e-30)


def _strength(maps: xr.Dataset | xr.DataArray) -> np.ndarray:
    """The map that a threshold parts."""
    if isinstance(maps, xr.DataArray):
        return np.asarray(maps.transpose("y", "x").values, float)
    amplitude = np.asarray(maps["amplitude"].transpose("reflection", "y", "x").values, float)
    strong = [np.nanpercentile(a, 90) if np.isfinite(a).any() else np.inf for a in amplitude]
    relative = amplitude / np.reshape(strong, (-1, 1, 1))
    return np.nan_to_num(relative).max(axis=0, initial=0.0)


def _above_level(strength: np.ndarray, method: str, threshold: float | None) -> np.ndarray:
    from skimage.filters import threshold_otsu  # slow to import

    finite = strength[np.isfinite(strength)]
    if method == "otsu":
        uniform = not finite.size or np.ptp(finite) == 0
        threshold = np.inf if uniform else float(threshold_otsu(finite))
        return np.nan_to_num(strength, nan=-np.inf) > threshold
    return np.nan_to_num(strength, nan=-np.inf) >= (_HALF if threshold is None else threshold)


def _cleaned(
    inside: np.ndarray, sampling: np.ndarray, smallest: float, fill: float, smooth: float
) -> np.ndarray:
    from skimage.morphology import isotropic_closing, isotropic_opening  # slow to import

    if smooth > 0:
        inside = isotropic_opening(inside, smooth, spacing=sampling)
        inside = isotropic_closing(inside, smooth, spacing=sampling)
    pixel = np.prod(sampling)
    inside = _without_small(inside, np.pi / 4 * smallest**2 / pixel)
    holes = ~_without_small(~inside, np.pi / 4 * fill**2 / pixel, keep_border=True)
    return holes


def _without_small(inside: np.ndarray, least: float, *, keep_border: bool = False) -> np.ndarray:
    """Leave out pieces of fewer than `least` pixels."""
    label, count = ndi.label(inside)
    keep = np.bincount(label.ravel(), minlength=count + 1) >= least
    if keep_border:
        border = np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])
        keep[np.unique(border)] = True
    keep[0] = False
    return keep[label]
