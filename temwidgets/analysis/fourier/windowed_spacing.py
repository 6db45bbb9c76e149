"""Local lattice spacing by the rolling window: a windowed Fourier transform round every pixel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.fourier.crystal_mask import SIGNIFICANT, crystal_mask
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.analysis.fourier.spacing_data import empty_maps, put_mask, put_spacings
from temwidgets.analysis.fourier.windowed_arguments import Windowing, as_windowing, half_boxes
from temwidgets.conventions import PixelGrid, check_image, length_unit, pixel_grid
from temwidgets.kernels.fourier.box_blur import blur
from temwidgets.kernels.fourier.sliding_bins import Box, window_weights
from temwidgets.kernels.fourier.spot_response import Setup, answers, corrected, errors
from temwidgets.kernels.fourier.windowed import Bins, map_spots, noise_bins

_NOISE_SIGMA = 0.2  # of the sides of the window
# Sigma of the weights with which g at the places in a window makes the place of the spot, the slope
# of the phase regressed under the window, as a part of its side.
_BLUR = {"hann": 0.16, "gaussian": 0.165, "none": 0.22}
_LEAST_KNOWN = 0.5  # share of what of a window lies on the image that must have values


class SpotMaps(NamedTuple):
    """One reflection at every pixel (y, x): components of g, amplitude, and standard errors."""

    g_y: np.ndarray
    g_x: np.ndarray
    amplitude: np.ndarray
    g_y_std: np.ndarray
    g_x_std: np.ndarray
    amplitude_std: np.ndarray


def windowed_spacing(
    image: xr.DataArray,
    reflections: xr.Dataset,
    *,
    window: int | tuple[int, int] | None = None,
    shape: str = "hann",
    box: int | None = None,
    fit: str = "gaussian",
    scale: str = "linear",
    stride: int = 1,
    angle_tolerance: float = 5.0,
    distance_tolerance: float = 0.1,
    least_snr: float = SIGNIFICANT,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Measure d-spacings in a window that rolls over the image.

    Round every pixel the image is windowed and Fourier transformed, and the spot of each
    reflection is looked for among the bins of a box round it and measured between bins. The
    spacings are absolute.

    Parameters
    ----------
    image : DataArray, (y, x)
        NaN pixels count for nothing; beyond the edges is the mean of the image.
    reflections : Dataset, (reflection,)
        From `find_reflections` or `make_reflections`.
    window : int or (int, int), optional
        Side of the window in px, or sides along y and x; 128, or the image's shorter side where
        that is less. At least five fringes must fit.
    shape : {"hann", "gaussian", "none"}
        Window: von Hann, a Gaussian with sigma a sixth of the side, or the bare cut-out.
    box : int, optional
        Odd number of bins along the sides of the box; 15, less where the middle of the spectrum or
        another of the reflections is near.
    fit : {"gaussian", "parabola"}
        A Gaussian of seven parameters (amplitude, centre, two widths, rotation, offset) fitted to
        all bins of the box, or parabolas through the log amplitudes next to the strongest bin,
        which are far quicker and, where a window holds one spacing, less noisy.
    scale : {"linear", "log"}
        Whether the Gaussian is fitted to amplitudes or to their logarithms, where what is below
        the noise or 1 % of the top counts for noise.
    stride : int
        Measure every so many pixels.
    angle_tolerance : float
        Largest deviation from the reflection's direction, degrees.
    distance_tolerance : float
        Largest deviation from the reflection's distance |g|, as a part of it.
    least_snr : float
        Least amplitude over its standard error; 0 takes what tolerances accept, noise too.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (reflection, y, x)
        ``d_spacing``, ``angle``, ``amplitude`` of the fringes, each with ``_std``; NaN where the
        spot is not found or not accepted. ``mask`` (y, x) from `crystal_mask`; ``g``. Attributes
        ``engine``, ``window`` (lengths), ``window_px`` and the other arguments.

    Raises
    ------
    TypeError, ValueError
        If image or reflections are none, or an option is out of range.

    Notes
    -----
    A plane wave's place between bins, and its height, are measured with a bias that depends on the
    window and on where between bins it lies. It is known from plane waves, and taken off. Errors
    are those of simulated noise, scaled by the noise found in the frame of the box.

    References
    ----------
    A windowed Fourier coefficient round every pixel: D. Gabor, J. IEE 93 (1946) 429. Windows:
    F. J. Harris, Proc. IEEE 66 (1978) 51.
    """
    check_image(image)
    check_reflections(reflections, least=1, units=length_unit(image))
    grid, tell = pixel_grid(image), report or (lambda fraction: None)
    chosen = as_windowing(
        grid.shape,
        window,
        shape,
        box,
        fit,
        scale,
        stride,
        (angle_tolerance, distance_tolerance, least_snr),
    )
    vectors = reflections["g"].values.astype(float)
    half = half_boxes(vectors * grid.sampling * chosen.sizes, chosen.half_box)
    values = np.asarray(image.values, float)
    finite = np.isfinite(values)
    values = np.where(finite, values - values[finite].mean(), 0.0) if finite.any() else 0 * values
    cover = _cover(finite, chosen)
    parts = []
    for k, g in enumerate(vectors):
        told = partial(_part, tell, k, len(vectors))
        parts.append(_maps(values, g, half[k], cover, chosen, grid, told))
    unknown = np.full_like(vectors, np.nan)
    made = empty_maps(image, reflections, vectors, unknown, chosen.stride)
    put_spacings(made, image, _spacings([_with_blur(part, chosen) for part in parts]))
    made = made.assign_attrs(
        engine="windowed",
        window=[float(length) for length in np.multiply(chosen.sizes, grid.sampling)],
        window_px=list(chosen.sizes),
        shape=shape,
        box=[2 * h + 1 for h in half],
        fit=fit,
        scale=scale,
        stride=chosen.stride,
        angle_tolerance=chosen.angle_tolerance,
        distance_tolerance=chosen.distance_tolerance,
        least_snr=chosen.least_snr,
    )
    put_mask(made, crystal_mask(made).values)
    return made


def _spacings(parts: list[SpotMaps]) -> dict[str, np.ndarray]:
    """Maps (reflection, y, x) of spacing, direction and amplitude, and their errors to first order.

    Components of g are taken as independent.
    """
    g_y, g_x, amplitude, std_y, std_x, amplitude_std = map(np.stack, zip(*parts, strict=True))
    length = np.hypot(g_y, g_x)
    along = np.hypot(g_y * std_y, g_x * std_x) / length
    across = np.hypot(g_y * std_x, g_x * std_y) / length
    maps = {
        "d_spacing": 1 / length,
        "d_spacing_std": along / length**2,
        # g and -g are the same fringes
        "angle": 90.0 - (90.0 - np.rad2deg(np.arctan2(g_y, g_x))) % 180.0,
        "angle_std": np.rad2deg(across / length),
        "amplitude": amplitude,
        "amplitude_std": amplitude_std,
    }
    return {name: values.astype(np.float32) for name, values in maps.items()}


def _part(tell: Callable[[float], None], done: int, of: int, fraction: float) -> None:
    tell((done + fraction) / of)


def _maps(
    values: np.ndarray,
    g: np.ndarray,
    half: int,
    cover: np.ndarray,
    chosen: Windowing,
    grid: PixelGrid,
    report: Callable[[float], None],
) -> SpotMaps:
    """Maps of one reflection, in lengths."""
    per_bin = 1 / (np.array(chosen.sizes) * grid.sampling)
    middle = np.rint(g / per_bin).astype(int)
    side = 2 * half + 1
    weights = _weights(chosen)
    box = Box(weights, (int(middle[0]) - half, int(middle[1]) - half), (side, side))
    ky, kx = ((m + np.arange(-half, half + 1)) * b for m, b in zip(middle, per_bin, strict=True))
    bins = _bins(ky[:, None], kx, g, chosen, float(max(per_bin)))
    spots = map_spots(values, box, bins, chosen.method, stride=chosen.stride, report=report)
    spots = spots._replace(noise=_smoothed(spots.noise, chosen))
    answer = answers(Setup(chosen.sizes, chosen.shape, (side, side), chosen.method))
    spots = corrected(spots, answer)
    std_y, std_x, std_size = errors(spots, answer)
    y, x = (
        (m + place) * b for m, place, b in zip(middle, (spots.y, spots.x), per_bin, strict=True)
    )
    good = spots.found & _accepted(y, x, g, chosen) & (cover > 0)
    good &= chosen.least_snr * std_size < 1
    # what has an error as large as itself is not measured
    good &= np.maximum(std_y * per_bin[0], std_x * per_bin[1]) < np.hypot(*g)
    total = weights[0].sum() * weights[1].sum()
    with np.errstate(invalid="ignore", divide="ignore"):  # infinite errors where there is nothing
        size = 2 * spots.amplitude / (total * cover)
        fields = y, x, size, std_y * per_bin[0], std_x * per_bin[1], std_size * size
    return SpotMaps(*(np.where(good, field, np.nan).astype(np.float32) for field in fields))


def _with_blur(maps: SpotMaps, chosen: Windowing) -> SpotMaps:
    """Add to the errors what the window blurs of g, about as much as blurring once more does."""
    known = np.isfinite(maps.amplitude)
    part = _BLUR[chosen.shape]
    sigma = [part * size / chosen.stride for size in chosen.sizes]

    def mean(values: np.ndarray) -> np.ndarray:
        return blur(np.where(known, values, 0.0), sigma)

    share = np.maximum(mean(np.ones_like(maps.g_y)), 1e-3)
    errors = []
    for g, std in ((maps.g_y, maps.g_y_std), (maps.g_x, maps.g_x_std)):
        lost = np.where(known, mean(g) / share - g, 0.0)
        errors.append(np.sqrt(std**2 + mean(lost**2) / share))
    return maps._replace(g_y_std=errors[0], g_x_std=errors[1])


def _bins(y: np.ndarray, x: np.ndarray, g: np.ndarray, chosen: Windowing, bin_size: float) -> Bins:
    # a spot just inside the tolerance may be strongest in the next bin
    allowed = _accepted(y, x, g, chosen, margin=bin_size)
    away = np.abs(np.arange(x.size) - x.size // 2)
    off = (np.hypot(y, x) - np.hypot(*g)) / bin_size
    return Bins(allowed, noise_bins(np.maximum(away[:, None], away), off))


def _weights(chosen: Windowing) -> tuple[np.ndarray, np.ndarray]:
    y, x = (window_weights(size, chosen.shape) for size in chosen.sizes)
    return y, x


def _smoothed(noise: np.ndarray, chosen: Windowing) -> np.ndarray:
    """Average the noise, in its logarithm, over windows that overlap by half."""
    sigma = [_NOISE_SIGMA * size / chosen.stride for size in chosen.sizes]
    with np.errstate(divide="ignore"):
        logarithm = np.maximum(np.log(noise), -80.0)
    return np.exp(blur(logarithm, sigma, mode="nearest"))


def _accepted(
    y: np.ndarray, x: np.ndarray, g: np.ndarray, chosen: Windowing, margin: float = 0.0
) -> np.ndarray:
    """Tell which reciprocal vectors agree with g in direction and distance; margin is a length."""
    length, relative = np.hypot(*g), margin / np.hypot(*g)
    turn = np.rad2deg(np.arctan2(g[1] * y - g[0] * x, g[0] * y + g[1] * x))
    near = np.abs(turn) <= chosen.angle_tolerance + np.rad2deg(np.arctan(relative))
    off = np.abs(np.hypot(y, x) / length - 1)
    return near & (off <= chosen.distance_tolerance + relative)


def _cover(finite: np.ndarray, chosen: Windowing) -> np.ndarray:
    """Share of the window round every pixel that lies on finite pixels of the image.

    0 where most of what lies on the image is on pixels without a value.
    """
    ends = [_smeared(np.ones(n), chosen, (axis,)) for axis, n in enumerate(finite.shape)]
    share = whole = np.outer(*ends)
    if not finite.all():
        share = _smeared(finite.astype(float), chosen, (0, 1))
        share = np.where(share > _LEAST_KNOWN * whole, share, 0.0)
    return share[:: chosen.stride, :: chosen.stride]


def _smeared(inside: np.ndarray, chosen: Windowing, along: tuple[int, ...]) -> np.ndarray:
    weights = _weights(chosen)
    for axis in along:
        part = weights[axis] / weights[axis].sum()
        inside = ndi.correlate1d(inside, part, min(axis, inside.ndim - 1), mode="constant")
    return inside
