"""Run the joint fit from plain arrays in pixels to plain arrays in pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from temwidgets.kernels import bias, covariance, joint_fit, priors, starts
from temwidgets.kernels.fit_setup import (
    WIDER,
    Start,
    counting_noise,
    inside_only,
    margin_of,
    prepare,
    unit_of,
    with_ghosts,
)
from temwidgets.kernels.joint_fit import State
from temwidgets.kernels.normal_equations import Problem, Spec

MAX_ITERATIONS = 25
# A fit has settled when the fall of half the deviance that a step predicted is below this, plus a
# little for each parameter; the step is taken all the same, and leaves a hundredth of that.
SETTLED = 1.0
SETTLED_EACH = 1e-3
FEW_GHOSTS = 4  # more columns than this beyond the edge, and collective modes are found inside
IDLE = 3  # steps in a row that gain nothing
FIRST_ROUND = 2  # iterations before windows are checked and tails beyond them are added
MOVING = 0.6  # a column whose last step was longer, in standard errors, has not converged

# How far the linear solve goes: the ratio of last to first residual. Shared shapes make slow modes.
ACCURACY = 0.03
ACCURACY_SHARED = 0.01

Report = Callable[[float], None] | None


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


class _Run(NamedTuple):
    """A fit under way."""

    problem: Problem
    spec: Spec
    state: State
    fixed: np.ndarray  # the part of the model that was given, without tails
    noise: float  # of the normalised image
    iterations: int
    settled: bool


class _Typical(NamedTuple):
    """What the columns are like before the fit."""

    sigma: float
    apart: float
    crowded: bool


class _Frame(NamedTuple):
    """What stays the same while a fit runs."""

    image: np.ndarray
    offset: np.ndarray | None
    unit: float
    wanted: int  # free parameters
    dispersion: float | None
    report: Report
    counting: float  # noise of the normalised image, from its finest detail
    area: float  # pixels over which a misfit is alike


def fit(
    image: np.ndarray,
    start: Start,
    *,
    half: int,
    poisson: bool,
    tied: bool,
    dispersion: float | None = None,
    offset: np.ndarray | None = None,
    report: Report = None,
) -> Result:
    """Fit all columns of an image jointly.

    Where shapes are shared or columns crowd, heights, widths and background form collective modes
    that tails of unseen columns beyond the edge would bend. There a first fit sees inside pixels
    only; the second takes the background, and shared shapes, from it.

    Parameters
    ----------
    image : ndarray, (y, x)
        Counts; NaN pixels do not count.
    start : Start
        Starting values, bounds and what is free.
    half : int
        Half width of the windows, px; widened when the columns prove wider.
    poisson : bool
        Maximum likelihood for counting noise, else least squares.
    tied : bool
        Shapes are shared (`start.shape_of` names them); else column i has shape i.
    dispersion : float, optional
        Noise variance over the model (Poisson) or noise variance; estimated when None.
    offset : ndarray, (y, x), optional
        A part of the model that stays.
    report : callable, optional
        Told the fraction done; may raise to cancel.
    """
    count, typical = len(start.rows), _typical(start)
    wanted, counting = _free_parameters(start, tied), counting_noise(image, poisson)
    area = min(8 * np.pi * typical.sigma**2, image.size / max(count, 1))
    frame = _Frame(image, offset, unit_of(image), wanted, dispersion, report, counting, area)
    spec = Spec(half=half, margin=margin_of(half), poisson=poisson, tied=tied)
    free = (start.free_shape, start.free_background)
    collective = tied
    extended = with_ghosts(start, image, tied)
    if collective and len(extended.rows) - count > FEW_GHOSTS:
        inside = inside_only(start, image.shape, 3.5 * typical.sigma)
        run = _converge(frame, inside, spec, typical.apart)
        held = np.zeros_like(start.free_shape) if tied else start.free_shape
        start = _restart(start, run, frame.unit)._replace(free_shape=held, free_background=False)
        extended, spec = with_ghosts(start, image, tied), run.spec
    run = _converge(frame, extended, spec, typical.apart)
    return _result(frame, run, count, free)


def _typical(start: Start) -> _Typical:
    sigma = float(np.exp(np.median(start.shapes[start.shape_of, 0])))
    apart = float(np.median(starts.nearest_distance(start.rows, start.cols, 1e6)))
    return _Typical(sigma, apart, apart < starts.CROWDED * sigma)


def _converge(frame: _Frame, start: Start, spec: Spec, apart: float) -> _Run:
    """Fit from a start; windows are widened once when columns prove wider than they were taken."""
    run = _iterate(frame, _begin(frame, start, spec), FIRST_ROUND)
    # tails are drawn beyond windows, so a few percent too narrow do no harm
    wider = starts.window_half(0.87 * _wide_sigma(run, len(start.rows)), apart)
    if wider > spec.half:
        spec = spec._replace(half=wider, margin=margin_of(wider))
        run = _iterate(frame, _begin(frame, _restart(start, run, frame.unit), spec), FIRST_ROUND)
    return _iterate(frame, run, MAX_ITERATIONS)


def _begin(frame: _Frame, start: Start, spec: Spec) -> _Run:
    problem, place, shape, coefficients = prepare(
        frame.image, start, spec, frame.unit, frame.offset
    )
    state = joint_fit.begin(problem, spec, place, shape, coefficients)
    return _Run(problem, spec, state, problem.offset, 1.0, 0, False)


def _iterate(frame: _Frame, run: _Run, until: int) -> _Run:
    """Step until the fit settles, or until so many iterations are done."""
    weigh = np.float32(np.inf)
    problem, spec, state, noise, settled = run.problem, run.spec, run.state, run.noise, False
    idle, k, accuracy = 0, run.iterations, ACCURACY_SHARED if spec.tied else ACCURACY
    while k < until and not settled and float(state.damping) < 1e8:
        if frame.report is not None:
            frame.report(min(0.9, (k + 1) / 8))
        if k >= FIRST_ROUND:
            problem, state = joint_fit.with_tails(problem, spec, state, run.fixed)
        # never more than before: priors that come and go would keep the fit from settling
        weigh = min(weigh, _prior_noise(frame, problem, state, spec.poisson))
        problem, state = joint_fit.with_noise(problem, spec, state, weigh)
        before = float(state.cost)
        state = joint_fit.step(problem, spec, state, accuracy)
        k += 1
        noise = _noise(frame, problem, state, spec.poisson)
        enough = (SETTLED + SETTLED_EACH * frame.wanted) * noise
        # a column held by a bound promises falls that never come: steps that gain nothing count too
        idle = idle + 1 if before - float(state.cost) < enough / 5 else 0
        settled = bool(state.accepted) and (float(state.decrement) < enough or idle >= IDLE)
        settled &= k > FIRST_ROUND
    return run._replace(problem=problem, state=state, noise=noise, iterations=k, settled=settled)


def _wide_sigma(run: _Run, count: int) -> float:
    """Sigma of the wide columns, px: the 75th percentile of the geometric means."""
    shape = np.asarray(run.state.shape)[np.asarray(run.problem.shape_of)[:count]]
    return float(np.exp(np.percentile(shape[:, 0], 75)))


def _restart(start: Start, run: _Run, unit: float) -> Start:
    """Begin again with the heights, shapes and background found so far."""
    heights = np.asarray(run.state.place, float)[: len(start.rows), 0] * unit
    shapes = np.asarray(run.state.shape, float)[: len(start.shapes)]
    limits = start.log_sigma_range.copy()
    limits[:, 1] += np.log(WIDER) * np.array(start.widens)
    return start._replace(
        heights=heights,
        shapes=np.where(start.free_shape.any(axis=1, keepdims=True), shapes, start.shapes),
        coefficients=np.asarray(run.state.background, float) * unit,
        log_sigma_range=limits,
    )


def _noise(frame: _Frame, problem: Problem, state: State, poisson: bool) -> float:
    """Noise scale in the units of the normalised image; the given one, or Pearson's estimate."""
    if frame.dispersion is not None:
        return frame.dispersion / _square_unit(frame, poisson)
    estimate = joint_fit.pearson(problem, state, poisson, np.float32(frame.wanted))
    return max(float(estimate), 1e-12)


def _prior_noise(frame: _Frame, problem: Problem, state: State, poisson: bool) -> np.float32:
    """Noise that the priors are weighed by at this state."""
    left = float(joint_fit.pearson(problem, state, poisson, np.float32(frame.wanted)))
    return np.float32(priors.noise_of(left, frame.counting, frame.area))


def _square_unit(frame: _Frame, poisson: bool) -> float:
    return frame.unit if poisson else frame.unit**2


def _free_parameters(start: Start, tied: bool) -> int:
    shapes = start.free_shape.sum() if tied else start.free_shape[: len(start.rows)].sum()
    background = start.coefficients.size if start.free_background else 0
    return int(start.free.sum() + shapes + background)


def _result(frame: _Frame, run: _Run, count: int, free: tuple[np.ndarray, bool]) -> Result:
    spec, state, unit = run.spec, run.state, frame.unit
    run = run._replace(problem=_freed(run.problem, *free))
    before = _parameters(run, unit)
    sigma = float(np.exp(np.median(before[:, 3]))) if len(before) else 1.0
    near = covariance.neighbours(before[:, 1], before[:, 2], run.problem.corners.shape[0], sigma)
    spread, under, inflation = covariance.covariances(
        run.problem, spec, state, near, covariance.places_among(near)
    )
    if run.settled:
        state = bias.corrected(
            run.problem, spec, state, spread * np.float32(run.noise), ACCURACY_SHARED
        )
    parameters = _parameters(run._replace(state=state), unit)
    scale = np.array([unit, 1, 1, 1, 1, 1])
    height, width = frame.image.shape
    top = spec.margin
    square = _square_unit(frame, spec.poisson)
    return Result(
        parameters=parameters[:count],
        covariance=np.asarray(spread, float)[:count] * run.noise * np.outer(scale, scale),
        background_variance=np.asarray(under, float)[:count] * run.noise * unit**2,
        inflation=np.asarray(inflation)[:count],
        moving=np.asarray(state.shift)[:count] / np.sqrt(run.noise) > MOVING,
        coefficients=np.asarray(state.background, float) * unit,
        model=np.asarray(state.model)[top : top + height, top : top + width] * np.float32(unit),
        iterations=run.iterations,
        settled=run.settled,
        deviance=2 * float(state.cost) * square,
        dispersion=run.noise * square,
        n_parameters=frame.wanted,
        n_pixels=int(np.isfinite(frame.image).sum()),
    )


def _freed(problem: Problem, free_shape: np.ndarray, free_background: bool) -> Problem:
    """Free what the second fit held, so that errors and bias count it."""
    shapes = np.zeros(problem.free_shape.shape, np.float32)
    shapes[: len(free_shape)] = free_shape
    nodes = np.full(problem.free_background.shape, float(free_background), np.float32)
    nodes *= 1 - np.asarray(problem.unused_background)
    return problem._replace(free_shape=shapes, free_background=nodes)


def _parameters(run: _Run, unit: float) -> np.ndarray:
    """(n, 6) height, row, col, m, e1, e2 in double precision, columns beyond the edge included."""
    place = np.asarray(run.state.place, float)
    used = np.asarray(run.problem.free).any(axis=1) | (place[:, 0] != 0)
    count = int(np.flatnonzero(used)[-1]) + 1 if used.any() else 0
    place = place[:count]
    shape = np.asarray(run.state.shape, float)[np.asarray(run.problem.shape_of)[:count]]
    corners = np.asarray(run.problem.corners)[:count] - (run.spec.margin - run.spec.half)
    return np.concatenate([place[:, :1] * unit, corners + place[:, 1:], shape], axis=1)
