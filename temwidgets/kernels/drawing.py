"""Sums of elliptical Gaussians drawn into an image, in plain NumPy.

Independent of the joint fit's own model on purpose: truth for tests must not share its mistakes.
"""

from __future__ import annotations

import numpy as np

# exp(-5.5**2 / 2) = 3e-7 of the amplitude is lost at the rim of a window
REACH = 5.5
_CHUNK = 512
_WINDOW_STEP = 4


def precision_matrix(
    sigma_major: np.ndarray, sigma_minor: np.ndarray, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return p_yy, p_yx, p_xx of the inverse covariance; `theta` in degrees from +x towards +y."""
    angle = np.deg2rad(theta)
    sin, cos = np.sin(angle), np.cos(angle)
    along, across = sigma_major**-2.0, sigma_minor**-2.0
    return (
        along * sin**2 + across * cos**2,
        (along - across) * sin * cos,
        along * cos**2 + across * sin**2,
    )


def draw_gaussians(
    shape: tuple[int, int],
    row: np.ndarray,
    col: np.ndarray,
    amplitude: np.ndarray,
    precision: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """Draw ``amplitude exp(-d' P d / 2)`` for every column, sampled at pixel centres.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    row, col, amplitude : ndarray, (column,)
        Centres as fractional pixel indices (they may lie outside), and heights.
    precision : three ndarray, (column,)
        p_yy, p_yx, p_xx in px^-2.

    Returns
    -------
    ndarray, (y, x), float64
        The sum; every Gaussian reaches to `REACH` sigma.
    """
    half_y, half_x = _half_windows(precision)
    pad_y, pad_x = int(half_y.max(initial=0)), int(half_x.max(initial=0))
    near = (row > -half_y) & (row < shape[0] - 1 + half_y)
    near &= (col > -half_x) & (col < shape[1] - 1 + half_x)
    canvas = np.zeros((shape[0] + 4 * pad_y + 2, shape[1] + 4 * pad_x + 2))
    sizes = half_y * (pad_x + 1) + half_x
    for size in np.unique(sizes[near]):
        members = np.flatnonzero(near & (sizes == size))
        half = (int(half_y[members[0]]), int(half_x[members[0]]))
        for start in range(0, members.size, _CHUNK):
            which = members[start : start + _CHUNK]
            shapes = tuple(p[which] for p in precision)
            _add_windows(
                canvas,
                row[which] + 2 * pad_y,
                col[which] + 2 * pad_x,
                amplitude[which],
                shapes,
                half,
            )
    return canvas[2 * pad_y :, 2 * pad_x :][: shape[0], : shape[1]]


def _half_windows(precision: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    p_yy, p_yx, p_xx = precision
    determinant = p_yy * p_xx - p_yx**2
    # rounded up to few sizes, so that columns of like size are drawn together
    halves = (
        _WINDOW_STEP * np.ceil((REACH * np.sqrt(p / determinant) + 0.5) / _WINDOW_STEP)
        for p in (p_xx, p_yy)
    )
    half_y, half_x = (half.astype(int) for half in halves)
    return half_y, half_x


def _add_windows(
    canvas: np.ndarray,
    row: np.ndarray,
    col: np.ndarray,
    amplitude: np.ndarray,
    precision: tuple[np.ndarray, ...],
    half: tuple[int, int],
) -> None:
    top = np.rint(row).astype(int) - half[0]
    left = np.rint(col).astype(int) - half[1]
    dy = (top - row)[:, None] + np.arange(2 * half[0] + 1)
    dx = (left - col)[:, None] + np.arange(2 * half[1] + 1)
    p_yy, p_yx, p_xx = (-0.5 * p[:, None] for p in precision)
    exponent = (2 * p_yx * dy)[:, :, None] * dx[:, None, :]
    exponent += (p_yy * dy**2)[:, :, None]
    exponent += (p_xx * dx**2)[:, None, :]
    windows = np.exp(exponent, out=exponent)
    windows *= amplitude[:, None, None]
    height, width = windows.shape[1:]
    for window, y, x in zip(windows, top.tolist(), left.tolist(), strict=True):
        canvas[y : y + height, x : x + width] += window
