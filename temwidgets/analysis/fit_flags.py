"""Which columns of a fit to look at twice, and which of their parameters were held."""

from __future__ import annotations

import numpy as np

from temwidgets.analysis.fit_arguments import PLACE
from temwidgets.conventions import Flag, PixelGrid
from temwidgets.kernels.fit import Result
from temwidgets.kernels.fit_setup import WIDER, Start

CROWDED = 9.0  # variance of the centre over that with known neighbours
SIGMAS = ("sigma_major", "sigma_minor")


def find_flags(
    result: Result, start: Start, image: np.ndarray, grid: PixelGrid, saturation: float | None
) -> np.ndarray:
    """Bit sums of `Flag` for each fitted column."""
    height, row, col, m, e1, e2 = result.parameters.T
    spread = np.sqrt(np.maximum(result.covariance[:, 0, 0], 0))
    major = np.exp(m + np.hypot(e1, e2))
    flags = np.zeros(len(height), np.int64)
    rules = {
        Flag.not_converged: result.moving | ~np.isfinite(result.parameters).all(axis=1),
        Flag.at_bound: np.any(list(held_by_bounds(result.parameters, start).values()), axis=0),
        Flag.cut_by_edge: _edge_distance(row, col, grid.shape) < 2 * major,
        Flag.overlap: result.inflation > CROWDED,
        Flag.low_signal: height < 3 * spread,
        Flag.failed: (height <= 0) & start.free[:, 0],
        Flag.saturated: _saturated(image, row, col, major, saturation),
    }
    for flag, applies in rules.items():
        flags[applies] |= int(flag)
    return flags


def _edge_distance(row: np.ndarray, col: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Distance to the nearest edge of the outermost pixels, px."""
    rows = np.minimum(row, shape[0] - 1 - row)
    return np.minimum(rows, np.minimum(col, shape[1] - 1 - col)) + 0.5


def held_by_bounds(parameters: np.ndarray, start: Start) -> dict[str, np.ndarray]:
    """Tell which free parameters stopped at a bound; (n,) bool for each name."""
    close = 1e-4
    place = parameters[:, :3]
    # amplitudes creep towards a bound that binds: within a percent counts
    near = np.where(np.isfinite(start.high), 0.01 * np.abs(start.high), 0) * [1, 0, 0]
    stuck = (place <= start.low + close) | (place >= start.high - close - near)
    shift = np.hypot(place[:, 1] - start.rows, place[:, 2] - start.cols)
    stuck[:, 1:] |= (shift > start.max_shift * 0.999)[:, None]
    held = dict(zip(PLACE, (stuck & start.free).T, strict=True))
    eta = np.hypot(parameters[:, 4], parameters[:, 5])
    free = start.free_shape[start.shape_of].any(axis=1)
    limits = zip(SIGMAS, (1, -1), start.log_sigma_range, start.widens, strict=True)
    for name, sign, (low, high), widens in limits:
        value = parameters[:, 3] + sign * eta
        # windows that were widened let sigma past the first limit
        stopped = (abs(value - high) < close) | (value >= high + widens * np.log(WIDER) - close)
        held[name] = free & ((value <= low + close) | stopped)
    return held


def held_parameters(parameters: np.ndarray, start: Start) -> dict[str, np.ndarray]:
    """Tell which parameters were not found by the fit: fixed, or stopped at a bound; (n,) bool."""
    held = held_by_bounds(parameters, start)
    for name, free in zip(PLACE, start.free.T, strict=True):
        held[name] |= ~free
    size, other, turn = ~start.free_shape[start.shape_of].T
    held["sigma_major"] |= size
    # the second coordinate is the minor sigma where the frame is that of the axes
    held["sigma_minor"] |= other if start.frame[0, 1] else size
    return {**held, "theta": turn}


def _saturated(
    image: np.ndarray, row: np.ndarray, col: np.ndarray, sigma: np.ndarray, level: float | None
) -> np.ndarray:
    """Tell which columns have two or more pixels at `level` within a sigma of their centre."""
    hit = np.zeros(len(row), bool)
    if level is None:
        return hit
    from scipy.spatial import cKDTree

    clipped = np.argwhere(image >= level)
    if len(clipped) == 0:
        return hit
    centres = np.stack([row, col], axis=1)
    ok = np.isfinite(centres).all(axis=1)
    counts = cKDTree(clipped).query_ball_point(
        centres[ok], np.maximum(sigma[ok], 1.0), return_length=True
    )
    hit[ok] = counts >= 2
    return hit


def saturation_level(image: np.ndarray) -> float | None:
    """Return the highest value if it recurs as a clipped detector's does, else None.

    Clipping piles pixels up at the top: the highest value must be held by more pixels than the
    ten next levels of the histogram together would hold at an equal share.
    """
    top = float(np.nanmax(image))
    at_top = int((image >= top).sum())
    if at_top < 8 or not np.nanmin(image) < top:
        return None
    span = top - float(np.nanpercentile(image, 99))
    below = int((image >= top - max(span, 1e-12)).sum()) - at_top
    return top if at_top > 0.2 * below else None
