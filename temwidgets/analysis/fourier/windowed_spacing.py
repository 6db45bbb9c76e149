"""Local lattice spacing by the rolling window: a windowed Fourier transform round every pixel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.crystal_mask import SIGNIFICANT, crystal_mask
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.analysis.fourier.spacing_data import empty_maps, put_mask, put_spacings
from temwidgets.analysis.fourier.windowed_arguments import as_windowing, half_boxes
from temwidgets.analysis.fourier.windowed_maps import (
    SpotMaps,
    spot_maps,
    window_cover,
    with_blur,
)
from temwidgets.conventions import check_image, length_unit, pixel_grid


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
        Window: von Hann, a Gaussian with sigma a sixth of the side, or the bare cut-out (if of an
        even number of pixels, it sits half a pixel before the one it stands for).
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
    are those of simulated noise, scaled by the noise found beside the spot, and
    what the window blurs of a spacing that changes.

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
    cover = window_cover(finite, chosen)
    parts = []
    for k, g in enumerate(vectors):
        told = partial(_part, tell, k, len(vectors))
        parts.append(spot_maps(values, g, half[k], cover, chosen, grid, told))
    unknown = np.full_like(vectors, np.nan)
    made = empty_maps(image, reflections, vectors, unknown, chosen.stride)
    put_spacings(made, image, _spacings([with_blur(part, chosen) for part in parts]))
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
