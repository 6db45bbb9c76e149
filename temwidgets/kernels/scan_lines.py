"""Scan lines: sample each at its own offset, and find the offsets that fit a model."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def line_splines(plane: np.ndarray) -> np.ndarray:
    """Return cubic spline coefficients along each line of (y, x)."""
    return ndimage.spline_filter1d(np.asarray(plane, float), 3, axis=1, mode="mirror")


def spline_weights(t: np.ndarray | float) -> tuple[np.ndarray | float, ...]:
    """Weights of the coefficients from one before to two after, `t` behind one of them, 0 to 1."""
    return (
        (1 - t) ** 3 / 6,
        (4 - 6 * t**2 + 3 * t**3) / 6,
        (1 + 3 * t + 3 * t**2 - 3 * t**3) / 6,
        t**3 / 6,
    )


def sample_lines(splines: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Sample every line at ``x + shift`` px; lines do not mix, the ends are mirrored.

    Parameters
    ----------
    splines : ndarray, (y, x)
        From `line_splines`.
    shift : ndarray, (y,)
    """
    whole = np.floor(shift).astype(int)
    weights = spline_weights((shift - whole)[:, None])
    width = splines.shape[1]
    place = np.arange(width) + whole[:, None]
    period = max(2 * (width - 1), 1)
    out = np.zeros(splines.shape)
    for k, weight in enumerate(weights, start=-1):
        at = abs((place + k + width - 1) % period - (width - 1))
        out += weight * np.take_along_axis(splines, at, axis=1)
    return out


def offset_step(
    values: np.ndarray, used: np.ndarray, splines: np.ndarray, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Improve the offset of each line by which it fits ``model(x - offset)`` best.

    Parameters
    ----------
    values : ndarray, (y, x)
    used : ndarray of bool, (y, x)
    splines : ndarray, (y, x)
        `line_splines` of the model.
    offset : ndarray, (y,)
        Present offsets, px.

    Returns
    -------
    change, error : ndarray, (y,)
        Gauss-Newton step with the weights of counting noise, and the standard error by the line's
        own misfit; NaN or infinite where a line tells nothing.
    """
    half = 0.5
    low, model, high = (sample_lines(splines, -offset + d) for d in (-half, 0.0, half))
    slope = low - high
    weight = used / np.maximum(model, max(0.05 * float(np.median(model)), 1e-9))
    information = (weight * slope**2).sum(axis=1)
    misfit = np.where(used, values - model, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        change = (weight * slope * misfit).sum(axis=1) / information
        left = misfit - change[:, None] * slope
        scale = (weight * left**2).sum(axis=1) / np.maximum(used.sum(axis=1) - 1, 1)
        return change, np.sqrt(scale / information)
