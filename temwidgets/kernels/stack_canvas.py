"""Lay the frames of a series where they belong, on one canvas of pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft

_LOST = 0.01  # share of missing pixels in a moved one from which on it is missing too
_SLACK = 1e-6  # px


class Canvas(NamedTuple):
    """Pixels that hold frames where they lie."""

    shape: tuple[int, int]
    origin: np.ndarray  # (2,) place of its first pixel, in pixels of a frame that has not moved


def canvas_of(
    shape: tuple[int, int], drift: np.ndarray, lines: np.ndarray | None = None, *, common: bool
) -> Canvas:
    """Return the canvas that holds all frames, or the one that all frames fill.

    Parameters
    ----------
    shape : (int, int)
        Pixels of a frame.
    drift : ndarray, (frame, 2)
        px; what belongs at p lies at p + drift in the frame.
    lines : ndarray, (frame, y), optional
        Further offset of each line along x, px.
    common : bool
        What all frames show, rather than what any frame shows. Its sides may be 0 or less.
    """
    least = np.zeros(len(drift)) if lines is None else lines.min(axis=1)
    most = np.zeros(len(drift)) if lines is None else lines.max(axis=1)
    first = -drift - np.stack([np.zeros(len(drift)), most if not common else least], axis=1)
    last = np.array(shape) - 1 - drift
    last[:, 1] -= least if not common else most
    if common:
        low, high = np.ceil(first.max(axis=0) - _SLACK), np.floor(last.min(axis=0) + _SLACK)
    else:
        low, high = np.ceil(first.min(axis=0) - _SLACK), np.floor(last.max(axis=0) + _SLACK)
    height, width = (high - low).astype(int) + 1
    return Canvas((int(height), int(width)), low)


def lay(
    frame: np.ndarray,
    known: np.ndarray,
    drift: np.ndarray,
    lines: np.ndarray | None,
    canvas: Canvas,
) -> np.ndarray:
    """Put a frame on a canvas; NaN where it does not reach or pixels are missing.

    Lines are moved along x and rows along y in Fourier space, over a mirrored continuation: the
    variance of white noise stays, and noise of neighbouring pixels is not correlated, which
    interpolation by splines would do. Sharp steps ring.

    Parameters
    ----------
    frame : ndarray, (y, x)
        Finite.
    known : ndarray of bool, (y, x)
        Which pixels of it count.
    drift : ndarray, (2,)
    lines : ndarray, (y,) or None
    canvas : Canvas
    """
    down, along = -drift - canvas.origin  # of the frame's first pixel on the canvas
    right = np.full(len(frame), along) if lines is None else along - lines
    lost = _lost_along(~known, right, canvas.shape[1])
    values = _periodic(frame, right, canvas.shape[1])
    values = _periodic(values.T, np.full(canvas.shape[1], down), canvas.shape[0]).T
    gone = _lost_along(lost.T, np.full(canvas.shape[1], down), canvas.shape[0]).T
    return np.where(gone, np.nan, values).astype(np.float32)


def _periodic(rows: np.ndarray, shift: np.ndarray, width: int) -> np.ndarray:
    """Shift each row by its own amount in Fourier space; (row, width) from its new place 0 on."""
    mirrored = np.concatenate([rows, rows[:, ::-1]], axis=1).astype(np.float32)
    spectrum = scipy.fft.rfft(mirrored, axis=1)
    turns = np.outer(shift, scipy.fft.rfftfreq(mirrored.shape[1]))
    wave = np.exp(-2j * np.pi * turns).astype(np.complex64)
    moved = scipy.fft.irfft(spectrum * wave, mirrored.shape[1], axis=1)
    return np.take(moved, np.arange(width), axis=1, mode="wrap")


def _lost_along(missing: np.ndarray, shift: np.ndarray, width: int) -> np.ndarray:
    """Tell which pixels of shifted rows lie outside or between missing ones; (row, width) bool."""
    place = np.arange(width) - shift[:, None]
    left = np.floor(place + _SLACK).astype(int)
    share = place - left
    last = missing.shape[1] - 1
    outside = (left < 0) | (place > last + _SLACK)
    near, next_one = (
        np.take_along_axis(missing, np.clip(index, 0, last), axis=1) for index in (left, left + 1)
    )
    return outside | near & (share < 1 - _LOST) | next_one & (share > _LOST)


def mean_of(layers: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Average layers of a canvas where they are known; NaN where none is."""
    total, weight = (np.zeros(layers[0].shape) for _ in range(2))
    for layer, share in zip(layers, weights, strict=True):
        known = np.isfinite(layer)
        total += share * np.where(known, layer, 0)
        weight += share * known
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)
