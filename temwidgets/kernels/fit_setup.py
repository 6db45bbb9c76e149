"""Set up a joint fit: bring plain arrays in pixels to the padded arrays that the solver wants."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

from temwidgets.kernels import priors, starts, windows
from temwidgets.kernels.normal_equations import Problem, Spec
from temwidgets.kernels.priors import Prior

WIDER = 1.5  # how much further the greatest sigma may go when windows are widened
PIXEL_MULTIPLE = 64  # image sides are padded to it, so that crops of like size share a compilation


class Start(NamedTuple):
    """Where a fit begins and what it may change; n columns, t shapes, lengths in px."""

    rows: np.ndarray  # (n,)
    cols: np.ndarray  # (n,)
    heights: np.ndarray  # (n,)
    shapes: np.ndarray  # (t, 3) m, e1, e2
    shape_of: np.ndarray  # (n,)
    low: np.ndarray  # (n, 3) of height, row, col
    high: np.ndarray  # (n, 3)
    max_shift: np.ndarray  # (n,)
    log_sigma_range: np.ndarray  # (2, 2) of (major, minor): low, high
    free: np.ndarray  # (n, 3) bool: height, row, col
    free_shape: np.ndarray  # (t, 3) bool, in the coordinates of `frame`
    frame: np.ndarray  # (3, 3)
    coefficients: np.ndarray  # (a, b) of the background basis
    background: str  # "constant", "plane" or "smooth"
    free_background: bool
    guess_beyond_edge: bool = True
    widens: tuple[bool, bool] = (True, True)  # may the greatest (major, minor) grow with windows?
    excluded: np.ndarray | None = None  # (y, x) bool, pixels that do not count
    hidden: np.ndarray | None = None  # (n,) bool, columns in the rim that is left out


def with_ghosts(start: Start, image: np.ndarray, tied: bool) -> Start:
    """Add columns beyond the edge: typical height and shape, free only in place."""
    if not start.guess_beyond_edge or len(start.rows) == 0:
        return start
    shape = np.median(start.shapes[start.shape_of], axis=0) * [1, 0, 0]
    sigma = float(np.exp(shape[0]))
    apart = starts.nearest_distance(start.rows, start.cols, 4 * sigma)
    apart_here = float(np.median(apart))
    ghosts = starts.beyond_edge(filled(image), start.rows, start.cols, sigma, apart_here)
    number = len(ghosts)
    low, high = np.full((number, 3), -np.inf), np.full((number, 3), np.inf)
    for axis, size in enumerate(image.shape):
        outside_low, outside_high = ghosts[:, axis] < 0, ghosts[:, axis] > size - 1
        high[outside_low, axis + 1] = -0.5
        low[outside_high, axis + 1] = size - 0.5
    shapes = np.tile(shape, (1 if tied else number, 1))
    first = len(start.shapes)
    return start._replace(
        rows=np.concatenate([start.rows, ghosts[:, 0]]),
        cols=np.concatenate([start.cols, ghosts[:, 1]]),
        heights=np.concatenate([start.heights, np.full(number, np.median(start.heights))]),
        shapes=np.concatenate([start.shapes, shapes]),
        shape_of=np.concatenate(
            [start.shape_of, np.full(number, first) if tied else first + np.arange(number)]
        ),
        low=np.concatenate([start.low, low]),
        high=np.concatenate([start.high, high]),
        max_shift=np.concatenate([start.max_shift, np.full(number, 3 * sigma)]),
        free=np.concatenate([start.free, np.tile([False, True, True], (number, 1))]),
        free_shape=np.concatenate([start.free_shape, np.zeros(shapes.shape, bool)]),
        excluded=starts.unexplained_rim(
            image.shape,
            np.concatenate([start.rows, ghosts[:, 0]]),
            np.concatenate([start.cols, ghosts[:, 1]]),
            sigma,
        ),
    )


def inside_only(start: Start, shape: tuple[int, int], depth: float) -> Start:
    """Leave out a rim of pixels, and hold the outer columns in it in place."""
    depth = min(depth, 0.2 * min(shape))
    # columns well outside of what counts show by a faint tail alone
    blind = 0.3 * depth
    inside_rows, inside_cols = (
        (place > blind) & (place < size - 1 - blind)
        for place, size in zip((start.rows, start.cols), shape, strict=True)
    )
    inside = inside_rows & inside_cols
    excluded = np.ones(shape, bool)
    rim = int(depth)
    excluded[rim : shape[0] - rim, rim : shape[1] - rim] = False
    free = start.free.copy()
    free[~inside, 1:] = False
    # the height of a column in the rim shows by its tail alone: keep it plausible
    high = start.high.copy()
    high[~inside, 0] = np.minimum(high[~inside, 0], 2 * np.percentile(start.heights, 95))
    return start._replace(free=free, high=high, excluded=excluded, hidden=~inside)


def margin_of(half: int) -> int:
    """How far tails are drawn: five sigma where the window holds 3.3."""
    return int(np.ceil(1.5 * half))


def filled(image: np.ndarray) -> np.ndarray:
    """Put the median in the place of pixels that do not count."""
    return np.where(np.isfinite(image), image, np.nanmedian(image))


def unit_of(image: np.ndarray) -> float:
    """A scale that brings the image to order one."""
    finite = image[np.isfinite(image)]
    top = float(np.percentile(np.abs(finite[:: max(1, finite.size // 200_000)]), 99))
    return top if top > 0 else 1.0


def counting_noise(image: np.ndarray, poisson: bool) -> float:
    """Noise of the normalised image, over the signal or as it is, from its finest detail."""
    counted = filled(image) / unit_of(image)
    if poisson:
        return starts.noise_to_signal(counted)
    return starts.noise_deviation(counted) ** 2


def prepare(
    image: np.ndarray,
    start: Start,
    spec: Spec,
    unit: float,
    offset: np.ndarray | None,
) -> tuple[Problem, np.ndarray, np.ndarray, np.ndarray]:
    """Bring all to padded single precision, relative to window origins and scaled by `unit`.

    Returns the problem and the starting place, shape and background.
    """
    margin, count = spec.margin, len(start.rows)
    size = windows.bucket(count)
    pads = tuple((margin, margin + (-(n + 2 * margin)) % PIXEL_MULTIPLE) for n in image.shape)
    valid = np.isfinite(image)
    if start.excluded is not None:
        valid &= ~start.excluded
    data = np.pad(np.where(valid, image, 0) / unit, pads).astype(np.float32)
    totals = data.shape
    places = [
        (np.arange(total) - margin) / (n - 1) for n, total in zip(image.shape, totals, strict=True)
    ]
    nodes = start.coefficients.astype(np.float32) / unit
    bases = [
        starts.background_basis(start.background, n, place).astype(np.float32)
        for n, place in zip(nodes.shape, places, strict=True)
    ]
    row, col = np.rint(start.rows).astype(int), np.rint(start.cols).astype(int)
    # the window of a column beyond the edge stays on the padded image
    row, col = (np.clip(v, 0, n - 1) for v, n in zip((row, col), image.shape, strict=True))
    corners = np.stack([row, col], axis=1).astype(np.int32)
    shifted = corners + np.int32(margin - spec.half)
    inner = np.stack([start.rows - row, start.cols - col], axis=1)
    base = np.stack([np.zeros(count), row, col], axis=1)
    scale = np.array([unit, 1, 1])
    shape_rows = len(start.shapes) + (-len(start.shapes)) % 4 if spec.tied else size
    shapes = windows.pad_rows(start.shapes.astype(np.float32), shape_rows)
    shape_of = start.shape_of if spec.tied else np.arange(size)
    free_background = np.full(nodes.shape, float(start.free_background), np.float32)
    unused = np.zeros_like(free_background)
    unused[1:, 1:] = start.background == "plane"
    free_background *= 1 - unused

    def column_rows(values: np.ndarray, fill: float = 0) -> np.ndarray:
        return windows.pad_rows(np.asarray(values, np.float32), size, fill)

    heights = start.heights / unit
    typical = float(np.median(np.abs(heights))) if count else 1.0
    hidden = np.zeros(count) if start.hidden is None else start.hidden
    problem = Problem(
        data=data,
        valid=np.pad(valid, pads).astype(np.float32),
        offset=np.pad(np.zeros_like(image) if offset is None else offset / unit, pads).astype(
            np.float32
        ),
        corners=windows.pad_rows(shifted, size, margin - spec.half),
        shape_of=windows.pad_rows(shape_of.astype(np.int32), size),
        start=column_rows(inner),
        max_shift=column_rows(start.max_shift),
        low=column_rows((start.low - base) / scale),
        high=column_rows((start.high - base) / scale),
        log_sigma_range=start.log_sigma_range.astype(np.float32),
        free=column_rows(start.free),
        free_shape=windows.pad_rows(start.free_shape.astype(np.float32), shape_rows),
        prior=Prior(
            noise=np.float32(counting_noise(image, spec.poisson)),
            height=column_rows(heights),
            height_weight=column_rows(hidden / (priors.HIDDEN_HEIGHT * max(typical, 1e-3)) ** 2),
            shape=shapes,
            shape_weight=np.float32(0 if spec.tied else 1 / priors.SHAPE**2),
            background=nodes,
            background_weight=np.float32((start.background != "plane") / priors.LEVEL**2),
            stiff_y=priors.bending(nodes.shape[0], start.background),
            stiff_x=priors.bending(nodes.shape[1], start.background),
        ),
        frame=start.frame.astype(np.float32),
        basis_y=bases[0],
        basis_x=bases[1],
        free_background=free_background,
        unused_background=unused,
        floor=np.float32(_floor(data[np.pad(valid, pads)])),
        chunks=np.int32(-(-count // windows.CHUNK)),
    )
    place = column_rows(np.concatenate([heights[:, None], inner], axis=1))
    return jax.device_put(problem), place, shapes, nodes


def _floor(values: np.ndarray) -> float:
    """Smallest model value taken as a variance: a fiftieth of the mean."""
    return max(0.02 * float(np.mean(values)), 1e-4)
