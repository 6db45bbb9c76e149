"""Label noisy frames by what their series shows: the labelling method of AtomID-Net."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.fft
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.finding import find_columns
from temwidgets.analysis.fitting import fit_columns
from temwidgets.conventions import Flag, check_image, make_image, pixel_grid
from temwidgets.kernels.missing import fill_missing
from temwidgets.kernels.stack_drift import rough_drift, signal_to_noise
from temwidgets.kernels.stack_refine import refine
from temwidgets.networks.batches import Pair

REFERENCES = ("mean", "best")
_LOST = int(Flag.failed | Flag.duplicate)


class _Canvas(NamedTuple):
    """What is annotated, in pixels of a canvas that holds all frames."""

    values: np.ndarray  # (y, x)
    seen: np.ndarray  # (y, x) bool: where any frame reaches
    offset: np.ndarray  # (frame, 2) place on the canvas of the first pixel of each frame


def label_series(frames: xr.DataArray, *, reference: str = "mean", **options: Any) -> list[Pair]:
    """Find the columns of a series together, and label every frame with them.

    Parameters
    ----------
    frames : DataArray, (frame, y, x)
        Frames of the same region at different dose, defocus or time, bright columns; NaN where a
        pixel is missing.
    reference : {"mean", "best"}
        What the columns are found in: the mean of the frames after drift correction, weighted by
        their signal over noise, or the frame where this is highest.
    **options
        Of `temwidgets.find_columns` by peaks: separation, threshold, contrast.

    Returns
    -------
    list of Pair
        For each frame the image and its columns, y, x in pixels. With "best" a frame that has
        drifted is cropped to what the best frame shows of it, for the rest has no labels.

    Raises
    ------
    ValueError
        If a frame has no finite pixel, or no columns are found.

    Notes
    -----
    Lin et al., Small Science 2023: frames are drift-corrected by cross-correlation (rigidly), the
    best one or their mean is annotated classically and refined by fitting Gaussians, and labels
    the noisy ones. See `temwidgets.measure_drift` for what limits the drift.
    """
    check_image(frames, ndim=3)
    if reference not in REFERENCES:
        raise ValueError(f'reference is "mean" or "best", but {reference!r} came.')
    values = np.asarray(frames.values, np.float32)
    filled = _filled(values)
    clear = np.array([signal_to_noise(frame) for frame in filled])
    best = int(np.argmax(clear))
    weights = clear**2 + 1e-6
    drift = _drift(values, filled, best, weights)
    if reference == "best":
        weights = np.where(np.arange(len(values)) == best, 1.0, 0.0)
    canvas = _canvas(values, filled, drift, weights)
    places = _annotate(canvas, frames, options)
    if reference == "mean":
        return [_pair(v, places - at) for v, at in zip(values, canvas.offset, strict=True)]
    pairs = []
    for image, at in zip(values, canvas.offset, strict=True):
        start, part = _common(image, at)
        pairs.append(_pair(part, places - at - start))
    return pairs


def _drift(
    values: np.ndarray, filled: np.ndarray, reference: int, weights: np.ndarray
) -> np.ndarray:
    """Drift (frame, 2) from the reference, px."""
    if len(values) < 2:
        return np.zeros((1, 2))
    drift = refine(values, rough_drift(filled, reference), rows=False, weights=weights).drift
    return drift - drift[reference]


def _filled(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    empty = np.flatnonzero(~known.any(axis=(1, 2)))
    if empty.size:
        raise ValueError(
            f"Frame {empty[0]} has no finite pixel, so that its drift cannot be measured. Leave it"
            " out with frames.drop_isel(frame=...)."
        )
    return np.stack([fill_missing(frame) for frame in values])


def _canvas(
    values: np.ndarray, filled: np.ndarray, drift: np.ndarray, weights: np.ndarray
) -> _Canvas:
    """Average frames where they lie, each over its signal; missing pixels do not count.

    Weighted by the square of signal over noise, as is best for frames of different dose.
    """
    used = np.flatnonzero(weights)
    # what is at p in the reference is at p + drift in a frame: the frame begins at -drift
    offset = -drift - np.floor(-drift[used].max(axis=0))
    shape = tuple(values.shape[1:] + np.floor(offset[used].max(axis=0)).astype(int))
    total, weight = np.zeros(shape), np.zeros(shape)
    for k in used:
        whole = np.floor(offset[k]).astype(int)
        part = tuple(slice(w, w + n) for w, n in zip(whole, values.shape[1:], strict=True))
        known = np.isfinite(values[k]).astype(np.float32)
        share = weights[k] * ndi.shift(known, offset[k] - whole, order=1, mode="nearest")
        level, scale = filled[k].mean(), max(float(filled[k].std()), 1e-12)
        total[part] += share * _moved((filled[k] - level) / scale, offset[k] - whole)
        weight[part] += share
    seen = weight > 1e-3 * weight.max()
    mean = np.where(seen, total / np.where(seen, weight, 1), np.nan).astype(np.float32)
    return _Canvas(mean, seen, offset)


def _moved(frame: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Move by a part of a pixel in Fourier space, which leaves white noise white."""
    if not shift.any():
        return frame
    mirrored = np.pad(frame, [(0, n) for n in frame.shape], mode="symmetric")
    moved = ndi.fourier_shift(scipy.fft.fft2(mirrored), shift)
    return scipy.fft.ifft2(moved).real[: frame.shape[0], : frame.shape[1]]


def _annotate(canvas: _Canvas, frames: xr.DataArray, options: dict[str, Any]) -> np.ndarray:
    """Find and fit columns; places (n, 2) on the canvas, px."""
    grid = pixel_grid(frames)
    image = make_image(canvas.values, sampling=(grid.sampling.y, grid.sampling.x), units=grid.units)
    whole = image.copy(data=fill_missing(canvas.values))
    found = find_columns(whole, **options)
    if not found.sizes["column"]:
        raise ValueError(
            "No columns were found in this series. Look at the mean of its frames, and give the"
            " separation of the columns or a lower threshold."
        )
    dark = options.get("contrast") == "dark"
    fitted = fit_columns(-image if dark else image, found, noise="gaussian", shape="shared")
    good = ((fitted["flags"].values & _LOST) == 0) & np.isfinite(fitted["amplitude"].values)
    places = np.column_stack(pixel_grid(image).to_pixels(fitted["y"].values, fitted["x"].values))
    places = places[good]
    index = np.clip(np.rint(places).astype(int), 0, np.array(canvas.seen.shape) - 1)
    return places[canvas.seen[tuple(index.T)]]


def _common(image: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First pixel and pixels of the part of a frame at `at` that a canvas of its size shows."""
    size = np.array(image.shape)
    start = np.clip(np.ceil(-at), 0, size - 1).astype(int)
    stop = np.clip(np.floor(-at) + size, start + 1, size).astype(int)
    return start, image[start[0] : stop[0], start[1] : stop[1]]


def _pair(image: np.ndarray, columns: np.ndarray) -> Pair:
    inside = ((columns > -0.5) & (columns < np.array(image.shape) - 0.5)).all(axis=1)
    return Pair(image, columns[inside])
