"""Run the joint fit from plain arrays in pixels to plain arrays in pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from temwidgets.kernels import covariance, joint_fit, starts, windows
from temwidgets.kernels.normal_equations import Problem, Spec

MAX_ITERATIONS = 25
PIXEL_MULTIPLE = 64  # image sides are padded to it, so that crops of like size share a compilation
SETTLED = 0.07  # root-mean-square step left, in standard errors
MOVING = 0.3  # a column whose last step was longer has not converged


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


class Result(NamedTuple):
    """What a fit found; n columns, lengths in px, heights in the image's counts."""

    parameters: np.ndarray  # (n, 6) height, row, col, m, e1, e2
    covariance: np.ndarray  # (n, 6, 6), noise included
    background_variance: np.ndarray  # (n,)
    inflation: np.ndarray  # (n,) variance of the centre over that with known neighbours
    moving: np.ndarray  # (n,) bool, not converged
    coefficients: np.ndarray  # (a, b) of the background basis
    model: np.ndarray  # (y, x)
    iterations: int
    settled: bool
    deviance: float
    dispersion: float  # variance over model (Poisson) or variance (Gaussian), counts
    n_parameters: int
    n_pixels: int


def fit(
    image: np.ndarray,
    start: Start,
    *,
    half: int,
    poisson: bool,
    tied: bool,
    dispersion: float | None = None,
    shape_prior: float = 0.5,
    offset: np.ndarray | None = None,
    report: Callable[[float], None] | None = None,
) -> Result:
    """Fit all columns of an image jointly.

    Parameters
    ----------
    image : ndarray, (y, x)
        Counts; NaN pixels do not count.
    start : Start
        Starting values, bounds and what is free.
    half : int
        Half width of the windows, px.
    poisson : bool
        Maximum likelihood for counting noise, else least squares.
    tied : bool
        Shapes are shared (`start.shape_of` names them); else column i has shape i.
    dispersion : float, optional
        Noise variance over the model (Poisson) or noise variance; estimated when None.
    shape_prior : float
        Standard deviation of log sigma round its start, a weak hold for ill-determined shapes.
    offset : ndarray, (y, x), optional
        A part of the model that stays.
    report : callable, optional
        Told the fraction done; may raise to cancel.
    """
    count = len(start.rows)
    start = _with_ghosts(start, image, half, tied)
    unit = _unit_of(image)
    spec = Spec(half=half, poisson=poisson, tied=tied)
    problem, place, shape, nodes = _prepare(image, start, spec, unit, shape_prior, offset)
    state = joint_fit.begin(problem, spec, place, shape, nodes)
    wanted = _free_parameters(start, tied)
    settled, iteration = False, 0
    for iteration in range(1, MAX_ITERATIONS + 1):
        if report is not None:
            report(min(0.9, iteration / 8))
        accuracy = np.float32(0.1 if iteration == 1 else 0.05 if iteration == 2 else 0.02)
        state = joint_fit.step(problem, spec, state, accuracy)
        noise = _noise(problem, state, poisson, wanted, dispersion, unit)
        left = 2 * float(state.decrement) / noise / max(wanted, 1)
        settled = bool(state.accepted) and left < SETTLED**2
        if settled or float(state.damping) > 1e8:
            break
    parameters = _parameters(problem, state, len(start.rows), unit)
    reach = 4.5 * float(np.exp(np.median(parameters[:, 3])))
    near = covariance.neighbours(
        parameters[:, 1], parameters[:, 2], problem.corners.shape[0], min(reach, 2 * half)
    )
    spread, under, inflation = covariance.covariances(
        problem, spec, state, near, covariance.places_among(near)
    )
    scale = np.array([unit, 1, 1, 1, 1, 1])
    model = np.asarray(state.model)[half : half + image.shape[0], half : half + image.shape[1]]
    return Result(
        parameters=parameters[:count],
        covariance=np.asarray(spread, float)[:count] * noise * np.outer(scale, scale),
        background_variance=np.asarray(under, float)[:count] * noise * unit**2,
        inflation=np.asarray(inflation)[:count],
        moving=np.asarray(state.shift)[:count] / np.sqrt(noise) > MOVING,
        coefficients=np.asarray(state.background, float) * unit,
        model=model * np.float32(unit),
        iterations=iteration,
        settled=settled,
        deviance=2 * float(state.cost) * (unit if poisson else unit**2),
        dispersion=noise * (unit if poisson else unit**2),
        n_parameters=wanted,
        n_pixels=int(np.isfinite(image).sum()),
    )


def _with_ghosts(start: Start, image: np.ndarray, half: int, tied: bool) -> Start:
    """Add columns beyond the edge: typical height and shape, free only in place."""
    if not start.guess_beyond_edge or len(start.rows) == 0:
        return start
    shape = np.median(start.shapes[start.shape_of], axis=0) * [1, 0, 0]
    sigma = float(np.exp(shape[0]))
    apart = starts.nearest_distance(start.rows, start.cols, 4 * sigma)
    ghosts = starts.beyond_edge(image, start.rows, start.cols, sigma, float(np.median(apart)))
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
    )


def _unit_of(image: np.ndarray) -> float:
    """A scale that brings the image to order one."""
    finite = image[np.isfinite(image)]
    top = float(np.percentile(np.abs(finite[:: max(1, finite.size // 200_000)]), 99))
    return top if top > 0 else 1.0


def _prepare(
    image: np.ndarray,
    start: Start,
    spec: Spec,
    unit: float,
    shape_prior: float,
    offset: np.ndarray | None,
) -> tuple[Problem, np.ndarray, np.ndarray, np.ndarray]:
    half, count = spec.half, len(start.rows)
    size = windows.bucket(count)
    pads = tuple((half, half + (-(n + 2 * half)) % PIXEL_MULTIPLE) for n in image.shape)
    valid = np.isfinite(image)
    if start.guess_beyond_edge and count:
        sigma = float(np.exp(np.median(start.shapes[start.shape_of, 0])))
        valid &= ~starts.unexplained_rim(image.shape, start.rows, start.cols, sigma)
    data = np.pad(np.where(valid, image, 0) / unit, pads).astype(np.float32)
    totals = data.shape
    places = [
        (np.arange(total) - half) / (n - 1) for n, total in zip(image.shape, totals, strict=True)
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
    inner = np.stack([start.rows - row, start.cols - col], axis=1)
    base = np.stack([np.zeros(count), row, col], axis=1)
    scale = np.array([unit, 1, 1])
    shape_rows = len(start.shapes) + (-len(start.shapes)) % 4 if spec.tied else size
    shapes = windows.pad_rows(start.shapes.astype(np.float32), shape_rows)
    shape_of = start.shape_of if spec.tied else np.arange(size)
    noise = starts.noise_to_signal(data) * (1 if spec.poisson else float(data.mean()))
    free_background = np.full(nodes.shape, float(start.free_background), np.float32)
    if start.background == "plane":
        free_background[1, 1] = 0

    def column_rows(values: np.ndarray, fill: float = 0) -> np.ndarray:
        return windows.pad_rows(np.asarray(values, np.float32), size, fill)

    problem = Problem(
        data=data,
        valid=np.pad(valid, pads).astype(np.float32),
        offset=np.pad(np.zeros_like(image) if offset is None else offset / unit, pads).astype(
            np.float32
        ),
        corners=windows.pad_rows(corners, size),
        shape_of=windows.pad_rows(shape_of.astype(np.int32), size),
        start=column_rows(inner),
        max_shift=column_rows(start.max_shift),
        low=column_rows((start.low - base) / scale),
        high=column_rows((start.high - base) / scale),
        log_sigma_range=start.log_sigma_range.astype(np.float32),
        free=column_rows(start.free),
        free_shape=windows.pad_rows(start.free_shape.astype(np.float32), shape_rows),
        prior_shape=shapes,
        prior_weight=np.float32(0 if spec.tied else noise / shape_prior**2),
        frame=start.frame.astype(np.float32),
        basis_y=bases[0],
        basis_x=bases[1],
        free_background=free_background,
        floor=np.float32(_floor(data[np.pad(valid, pads)])),
        chunks=np.int32(-(-count // windows.CHUNK)),
    )
    heights = start.heights / unit
    place = column_rows(np.concatenate([heights[:, None], inner], axis=1))
    return jax.device_put(problem), place, shapes, nodes


def _floor(values: np.ndarray) -> float:
    """Smallest model value taken as a variance: a fiftieth of the mean."""
    return max(0.02 * float(np.mean(values)), 1e-4)


def _free_parameters(start: Start, tied: bool) -> int:
    shapes = start.free_shape.sum() if tied else start.free_shape[: len(start.rows)].sum()
    nodes = start.coefficients.size if start.free_background else 0
    return int(start.free.sum() + shapes + nodes)


def _noise(
    problem: Problem,
    state: joint_fit.State,
    poisson: bool,
    wanted: int,
    dispersion: float | None,
    unit: float,
) -> float:
    """Noise scale in the units of the normalised image; the given one, or Pearson's estimate."""
    if dispersion is not None:
        return dispersion / (unit if poisson else unit**2)
    return max(float(joint_fit.pearson(problem, state, poisson, float(wanted))), 1e-12)


def _parameters(problem: Problem, state: joint_fit.State, count: int, unit: float) -> np.ndarray:
    """(n, 6) height, row, col, m, e1, e2 in double precision."""
    place = np.asarray(state.place, float)[:count]
    shape = np.asarray(state.shape, float)[np.asarray(problem.shape_of)[:count]]
    corners = np.asarray(problem.corners)[:count]
    return np.concatenate([place[:, :1] * unit, corners + place[:, 1:], shape], axis=1)
