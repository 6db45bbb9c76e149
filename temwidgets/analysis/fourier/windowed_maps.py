"""Maps of one reflection by the rolling window: spots turned into lengths, and accepted or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.analysis.fourier.windowed_arguments import Windowing
from temwidgets.conventions import PixelGrid
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


def spot_maps(
    values: np.ndarray,
    g: np.ndarray,
    half: int,
    cover: np.ndarray,
    chosen: Windowing,
    grid: PixelGrid,
    report: Callable[[float], None],
) -> SpotMaps:
    """Measure one reflection at every pixel, in lengths.

    Parameters
    ----------
    values : ndarray, (y, x)
        The image without its mean, 0 where it has no value.
    g : ndarray, (2,)
        Reciprocal vector (y, x), cycles per length.
    half : int
        Bins from the middle of the box to its sides.
    cover : ndarray, (y, x)
        From `window_cover`.
    chosen : Windowing
        How the window rolls and what is accepted.
    grid : PixelGrid
        Of the image.
    report : callable
        Told the fraction done; may raise to cancel.
    """
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


def with_blur(maps: SpotMaps, chosen: Windowing) -> SpotMaps:
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


def window_cover(finite: np.ndarray, chosen: Windowing) -> np.ndarray:
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
