"""From the options of a fit and the columns at hand to starting values in pixels."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.fit_arguments import FORM, PLACE
from temwidgets.conventions import PixelGrid
from temwidgets.kernels import starts
from temwidgets.kernels.fit_setup import Start, filled

# local shape coordinates: (m, eta, tau), or (log sigma_major, log sigma_minor, tau)
MEAN_FRAME = np.eye(3)
AXES_FRAME = np.array([[0.5, 0.5, 0.0], [0.5, -0.5, 0.0], [0.0, 0.0, 1.0]])


def make_start(
    columns: xr.Dataset,
    grid: PixelGrid,
    image: np.ndarray,
    *,
    shape: str,
    background: str,
    background_scale: float | None,
    fixed: dict[str, np.ndarray],
    bounds: dict[str, tuple[float, float]],
    max_shift: float | None,
) -> tuple[Start, int]:
    """Make starting values and the half width of the windows.

    Values that the columns already carry (from an earlier fit, or given by the user) are used;
    what is missing is estimated from the image.
    """
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    count, step = len(rows), mean_step(grid)
    alone = 0.25 * min(grid.shape)
    apart = starts.nearest_distance(rows, cols, alone)
    typical = float(np.median(apart)) if count else alone
    image = filled(image)
    sigma = starts.typical_sigma(image, rows, cols, typical)
    shapes = start_shapes(columns, grid, sigma)
    half = starts.window_half(float(np.exp(np.percentile(shapes[:, 0], 90))), typical)
    spacing = 10 * typical if background_scale is None else background_scale / step
    counts = starts.background_counts(background, grid.shape, max(spacing, 16))
    coefficients = starts.background_start(background, image, counts)
    under = background_under(background, coefficients, grid.shape)
    heights = starts.heights_at(image, rows, cols, under, sigma)
    known = columns["amplitude"].values if "amplitude" in columns else np.full(count, np.nan)
    heights = np.where(np.isfinite(known), known, heights)
    low, high = _place_bounds(bounds, grid, count)
    free = np.stack([~fixed.get(k, np.zeros(count, bool)) for k in PLACE], axis=1)
    # a start beyond its bounds would be worse off for the first step back and never take it
    place = np.stack([heights, rows, cols], axis=1)
    heights, rows, cols = np.where(free, np.clip(place, low, high), place).T
    shape_of, shapes, free_shape, frame = _shape_unknowns(
        columns, grid, shapes, shape, fixed, bounds
    )
    limits = _log_sigma_range(bounds, sigma, half, grid, shape)
    shapes = np.where(free_shape.any(axis=1, keepdims=True), _clipped(shapes, limits), shapes)
    # never further, also along the side on which pixels are longer
    shift = (
        np.full(count, max_shift / max(grid.sampling))
        if max_shift
        else np.clip(0.5 * apart, 1.0, None)
    )
    start = Start(
        rows=rows,
        cols=cols,
        heights=heights,
        shapes=shapes,
        shape_of=shape_of,
        low=low,
        high=high,
        max_shift=shift,
        log_sigma_range=limits,
        widens=_widens(bounds, shape),
        free=free,
        free_shape=free_shape,
        frame=frame,
        coefficients=coefficients,
        background=background,
        free_background="background" not in fixed,
    )
    return start, half


def mean_step(grid: PixelGrid) -> float:
    """Geometric mean of the two pixel lengths."""
    return float(np.sqrt(grid.sampling.y * grid.sampling.x))


def background_under(kind: str, coefficients: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Draw background start values as an image."""
    by, bx = (
        starts.background_basis(kind, count, np.linspace(0, 1, size))
        for count, size in zip(coefficients.shape, shape, strict=True)
    )
    return by @ coefficients @ bx.T


def start_shapes(columns: xr.Dataset, grid: PixelGrid, sigma: float) -> np.ndarray:
    """(n, 3) m, e1, e2 in px from the columns' sigma and theta where known, else round."""
    count = columns.sizes["column"]
    shapes = np.tile([np.log(sigma), 0.0, 0.0], (count, 1))
    if not all(name in columns for name in FORM):
        return shapes
    major, minor, theta = (columns[name].values.astype(float) for name in FORM)
    known = np.isfinite(major) & np.isfinite(minor) & (minor > 0)
    angle = np.deg2rad(np.where(np.isfinite(theta), theta, 0))
    c, s = np.cos(angle), np.sin(angle)
    xx = ((major * c) ** 2 + (minor * s) ** 2) / grid.sampling.x**2
    yy = ((major * s) ** 2 + (minor * c) ** 2) / grid.sampling.y**2
    xy = (major**2 - minor**2) * s * c / (grid.sampling.x * grid.sampling.y)
    shapes[known] = log_shape(yy[known], xy[known], xx[known])
    return shapes


def log_shape(yy: np.ndarray, yx: np.ndarray, xx: np.ndarray) -> np.ndarray:
    """(n, 3) m, e1, e2 of covariances: half their matrix logarithm."""
    mean, apart = (xx + yy) / 2, np.hypot((xx - yy) / 2, yx)
    large, small = np.log(mean + apart) / 2, np.log(np.maximum(mean - apart, 1e-9)) / 2
    angle = np.arctan2(2 * yx, xx - yy)
    eta = (large - small) / 2
    return np.stack([(large + small) / 2, eta * np.cos(angle), eta * np.sin(angle)], axis=1)


def _place_bounds(
    bounds: dict[str, tuple[float, float]], grid: PixelGrid, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest height, row, col."""
    low = np.tile([0.0, -np.inf, -np.inf], (count, 1))
    high = np.full((count, 3), np.inf)
    for k, name in enumerate(PLACE):
        if name not in bounds:
            continue
        pair = np.asarray(bounds[name])
        if name != "amplitude":
            pair = (pair - getattr(grid.origin, name)) / getattr(grid.sampling, name)
        low[:, k], high[:, k] = pair
    return low, high


def round_shape(grid: PixelGrid) -> np.ndarray:
    """(m, e1, e2) in px of a column of one px that is round in lengths: longer along finer pixels.

    With covariances diag(1 / dy^2, 1 / dx^2) in px, half the matrix logarithm differs by
    log(dy / dx) between the axes.
    """
    return np.array([0.0, 0.5 * np.log(grid.sampling.y / grid.sampling.x), 0.0])


def _shape_unknowns(
    columns: xr.Dataset,
    grid: PixelGrid,
    shapes: np.ndarray,
    shape: str,
    fixed: dict[str, np.ndarray],
    bounds: dict[str, tuple[float, float]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Which shape each column has, the start shapes, what of them is free, their coordinates."""
    count = len(shapes)
    shape_of = np.arange(count)
    if shape == "shared":
        _, shape_of = np.unique(columns["sublattice"].values, return_inverse=True)
        groups = range(shape_of.max(initial=-1) + 1)
        shapes = np.array([np.median(shapes[shape_of == g], axis=0) for g in groups]).reshape(-1, 3)
    if shape == "round":
        shapes = shapes * [1, 0, 0] + round_shape(grid)
    held = np.stack([fixed.get(name, np.zeros(count, bool)) for name in FORM], axis=1)
    if shape == "shared":
        held = np.array([held[shape_of == g].any(axis=0) for g in range(len(shapes))])
    single = held[:, 0] != held[:, 1]
    axes = bool(single.any()) or "sigma_major" in bounds or "sigma_minor" in bounds
    if shape == "round":
        both = held[:, :1] | held[:, 1:2]
        held = np.concatenate([both, np.ones((len(shapes), 2), bool)], axis=1)
        axes = False
    elif not axes:
        held = np.stack([held[:, 0], held[:, 0], held[:, 2]], axis=1)
    return shape_of, shapes, ~held.reshape(-1, 3), AXES_FRAME if axes else MEAN_FRAME


def _widens(bounds: dict[str, tuple[float, float]], shape: str) -> tuple[bool, bool]:
    """Tell whether the greatest (sigma_major, sigma_minor) is the fit's own and not the user's."""
    own = [not np.isfinite(bounds.get(name, (0.0, np.inf))[1]) for name in FORM[:2]]
    return (all(own), all(own)) if shape == "round" else (own[0], own[1])


def _log_sigma_range(
    bounds: dict[str, tuple[float, float]],
    sigma: float,
    half: int,
    grid: PixelGrid,
    shape: str,
) -> np.ndarray:
    """Log of least and greatest sigma, px; never so wide that the window does not hold it.

    Sigmas are bounded along the axes that a shape has in px. On non-square pixels these lengths
    differ from those in the image's unit by no more than the longest and the shortest side say.
    """
    widest = min(3.0 * sigma, max(half, 1.5 * sigma))
    around = abs(round_shape(grid)[1]) if shape == "round" else 0.0
    longest, shortest = max(grid.sampling), min(grid.sampling)
    if shape == "round":
        longest = shortest = mean_step(grid)
        lows, highs = zip((0.0, np.inf), *(bounds[k] for k in FORM if k in bounds), strict=True)
        bounds = dict.fromkeys(("sigma_major", "sigma_minor"), (max(lows), min(highs)))
    pairs = []
    for name, sign in (("sigma_major", 1), ("sigma_minor", -1)):
        low, high = bounds.get(name, (0.0, np.inf))
        low, high = max(low / shortest, 0.3 * sigma, 0.35), min(high / longest, widest)
        pairs.append(np.log([min(low, high), high]) + sign * around)
    return np.array(pairs)


def _clipped(shapes: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Bring shapes (t, 3) within the limits of log sigma; the axes keep their direction."""
    eta = np.hypot(shapes[:, 1], shapes[:, 2])
    major = np.clip(shapes[:, 0] + eta, *limits[0])
    minor = np.minimum(np.clip(shapes[:, 0] - eta, *limits[1]), major)
    ratio = (major - minor) / 2 / np.maximum(eta, 1e-12) * (eta > 1e-12)
    return np.concatenate([(major + minor)[:, None] / 2, shapes[:, 1:] * ratio[:, None]], axis=1)
