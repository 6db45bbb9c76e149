"""The mean of the frames of a series where they belong, as each frame shows it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.missing import fill_missing
from temwidgets.kernels.scan_lines import spline_weights
from temwidgets.kernels.stack_canvas import Canvas, canvas_of, lay, mean_of

_QUIET = 1.0  # px: width of the mean that quietens slopes
_RIM = 8  # px round the canvas


class MeanFrame(NamedTuple):
    """The mean of aligned frames and its slopes, to be read anywhere."""

    canvas: Canvas
    values: np.ndarray  # spline coefficients
    slopes: list[np.ndarray]  # along y and x, of the mean made quieter


def mean_frame(
    filled: np.ndarray,
    known: np.ndarray,
    drift: np.ndarray,
    lines: np.ndarray | None,
    weights: np.ndarray,
) -> MeanFrame:
    """Average frames (frame, y, x), finite, where they belong; `known` are pixels that count."""
    canvas = canvas_of(filled.shape[1:], drift, lines, common=False)
    layers = [
        lay(frame, seen, d, None if lines is None else lines[k], canvas)
        for k, (frame, seen, d) in enumerate(zip(filled, known, drift, strict=True))
    ]
    mean = fill_missing(mean_of(layers, weights)).astype(float)
    quiet = ndi.gaussian_filter(mean, _QUIET)
    slopes = [_coefficients(_slope(mean, quiet, axis)) for axis in (0, 1)]
    return MeanFrame(canvas, _coefficients(mean), slopes)


def _slope(mean: np.ndarray, quiet: np.ndarray, axis: int) -> np.ndarray:
    """Slope of the quieter mean, as steep as the mean is: else each step would be too long."""
    own, slope = np.gradient(mean, axis=axis), np.gradient(quiet, axis=axis)
    size = float((slope**2).sum())
    return slope * (float((own * slope).sum()) / size if size > 0 else 1.0)


def _coefficients(plane: np.ndarray) -> np.ndarray:
    """Spline coefficients with a mirrored rim, for frames may reach over the canvas a little."""
    return np.pad(ndi.spline_filter(plane, mode="mirror"), _RIM, mode="reflect")


def seen_by(
    splines: np.ndarray,
    mean: MeanFrame,
    shape: tuple[int, ...],
    drift: np.ndarray,
    lines: np.ndarray | None,
) -> np.ndarray:
    """Read something on the canvas as a frame shows it, (y, x)."""
    first = _RIM - drift - mean.canvas.origin
    across = _taps(splines, float(first[0]), shape[0])
    if lines is None:
        return _taps(across.T, float(first[1]), shape[1]).T
    place = first[1] - lines
    whole = np.clip(np.floor(place).astype(int), 1, splines.shape[1] - shape[1] - 2)
    col = whole[:, None] + np.arange(shape[1])
    weights = enumerate(spline_weights((place - whole)[:, None]), start=-1)
    taps = [weight * np.take_along_axis(across, col + k, axis=1) for k, weight in weights]
    return np.sum(taps, axis=0)


def _taps(splines: np.ndarray, start: float, size: int) -> np.ndarray:
    """Sample rows at start, start + 1, ...; all lie equally between two of them."""
    whole = int(np.clip(np.floor(start), 1, len(splines) - size - 2))
    taps = [
        weight * splines[whole + k : whole + k + size]
        for k, weight in enumerate(spline_weights(start - whole), start=-1)
    ]
    return np.sum(taps, axis=0)
