"""Joint fit of all columns of an image: Fisher scoring with matrix-free conjugate gradients.

The model is a smooth background (values on a coarse grid times two bases) plus one elliptical
Gaussian a column, each seen through its window. One `step` linearises the model, solves the damped
normal equations and accepts the trial if the cost falls. Poisson noise: Fisher weights 1 / model
(maximum likelihood by scoring, McCullagh & Nelder, Generalized Linear Models, 1989, section 2.5);
Gaussian noise: weights 1. Damping after Marquardt, J. SIAM 11, 431 (1963).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels import preconditioner
from temwidgets.kernels.conjugate_gradients import dot, solve
from temwidgets.kernels.moves import move
from temwidgets.kernels.normal_equations import Leaf, Linear, Problem, Spec, Unknowns

Array = jax.Array


class State(NamedTuple):
    """Where the fit stands."""

    place: Array  # (N, 3) h, dy, dx
    shape: Array  # (T, 3) m, e1, e2
    background: Array  # (a, b)
    unit: Array  # (N, pixels) unit Gaussians
    model: Array  # (Y, X)
    cost: Array
    damping: np.float32
    shift: np.ndarray  # (N,) largest move of the last step over h, dy, dx, in own standard errors
    decrement: np.float32  # fall of the cost that the last step predicted
    accepted: bool
    solved: int  # iterations of the last linear solve
    moved: np.ndarray  # (N, 3) the last step over h, dy, dx, in own standard errors
    hold: np.ndarray  # (N,) extra damping of columns that swing from side to side


class Drawn(NamedTuple):
    """A model drawn, and what it costs."""

    place: Array
    shape: Array
    background: Array
    unit: Array
    model: Array
    cost: Array


@partial(jax.jit, static_argnames="spec")
def draw_moved(
    problem: Problem, spec: Spec, here: Unknowns, change: Unknowns, length: Array
) -> Drawn:
    """Draw the model after a change times a length, within bounds.

    The start, the trials of a step and the correction of bias all go through this compilation.
    """
    there = move(problem, here, jax.tree.map(lambda v: length * v, change))
    unit, model = normal.draw(problem, spec, *there)
    cost = normal.cost(problem, spec, there, model)
    return Drawn(*there, unit, model, cost)


def begin(problem: Problem, spec: Spec, place: Leaf, shape: Leaf, background: Leaf) -> State:
    """Draw the start and take its cost."""
    here = (place, shape, background)
    nothing = jax.tree.map(lambda v: np.zeros(v.shape, np.float32), here)
    return State(
        **draw_moved(problem, spec, here, nothing, np.float32(0))._asdict(),
        damping=np.float32(1e-4),
        shift=np.full(len(place), np.inf, np.float32),
        decrement=np.float32(1),
        accepted=True,
        solved=0,
        moved=np.zeros(place.shape, np.float32),
        hold=np.zeros(len(place), np.float32),
    )


class Solved(NamedTuple):
    """The answer of the normal equations at a state, and what they were."""

    change: Unknowns
    gradient: Unknowns
    tangents: Array  # (N, 6, 6)
    frames: Array  # (T, 3, 3) from local shape coordinates
    blocks: Array  # (N, 6, 6)
    weight: Array  # (Y, X)
    coarse: Array  # inverse of the preconditioner's coarse system
    iterations: Array


def step(problem: Problem, spec: Spec, state: State, accuracy: float) -> State:
    """One Fisher-scoring step; if the cost would rise, stay and raise the damping.

    `accuracy` is how far the linear solve goes: the ratio of its last to its first residual.
    """
    misfit = problem.data - state.model
    damping = state.damping + state.hold[:, None]
    solved = solve_at(problem, spec, state, misfit, priors=True, damping=damping, accuracy=accuracy)
    decrement = float(dot(solved.gradient, solved.change, np)) / 2
    tried = _search(problem, spec, state, solved.change, decrement)
    iterations = int(solved.iterations)
    if not float(tried.cost) <= float(state.cost) + 1e-6 * abs(float(state.cost)):
        return state._replace(damping=state.damping * 10, accepted=False, solved=iterations)
    information = np.asarray(solved.blocks).diagonal(axis1=1, axis2=2)[:, :3]
    moved = (np.asarray(tried.place) - np.asarray(state.place)) * np.sqrt(information)
    return State(
        **tried._asdict(),
        damping=max(state.damping / 10, np.float32(1e-5)),
        shift=np.max(np.abs(moved), axis=1),
        decrement=np.float32(decrement),
        accepted=True,
        solved=iterations,
        moved=moved,
        hold=hold_of(state, moved),
    )


def hold_of(state: State, moved: np.ndarray) -> np.ndarray:
    """Damping (N,) that the curvature along each column's last two steps asks for.

    A step r times the one before says that the cost bends 1 - r times as much as it was taken to
    (secant rule); Fisher scoring takes it too small where the model fits badly.
    """
    square = np.sum(state.moved**2, axis=1)
    ratio = np.sum(state.moved * moved, axis=1) / np.maximum(square, 1e-30)
    wanted = (1 - np.clip(ratio, -1.5, 0.9)) * (1 + state.hold) - 1
    return np.where(square > 0, np.clip(wanted, 0, 10), 0).astype(np.float32)


def _search(problem: Problem, spec: Spec, state: State, change: Unknowns, promised: float) -> Drawn:
    """Go a whole step; where it gains little or nothing, go where a parabola has its least.

    The parabola has the cost and its slope here and the cost there. Large residuals bend the cost
    more than Fisher scoring knows, and whole steps then swing from side to side.
    """
    here, before = (state.place, state.shape, state.background), float(state.cost)
    length, least = 1.0, 0.5
    tried = draw_moved(problem, spec, here, change, np.float32(length))
    for _ in range(3):
        gain = before - float(tried.cost)
        if not gain < least * length * promised:
            break
        bend = (2 * promised * length - gain) / length**2
        best = np.clip(promised / bend / length, 0.1, 0.7) if bend else 0.7
        length, least = float(best if np.isfinite(best) else 0.1) * length, 0.0
        tried = draw_moved(problem, spec, here, change, np.float32(length))
    return tried


def solve_at(
    problem: Problem,
    spec: Spec,
    state: State,
    image: Array,
    *,
    priors: bool,
    damping: Leaf,
    accuracy: float,
) -> Solved:
    """Linearise at a state and solve for the change that explains `image`.

    `priors` tells whether they count, `damping` is one or (N, 1), and `accuracy` how far the
    linear solve goes: the ratio of its last to its first residual.
    """
    each = np.broadcast_to(np.asarray(damping, np.float32), (len(problem.corners), 1))
    return _solve_at(problem, spec, state, image, np.float32(priors), each, np.float32(accuracy))


@partial(jax.jit, static_argnames="spec")
def _solve_at(
    problem: Problem,
    spec: Spec,
    state: State,
    image: Array,
    priors: Array,
    damping: Array,
    accuracy: Array,
) -> Solved:
    """The one large compilation of a fit: steps, errors and bias all go through it."""
    linear = linear_at(problem, spec, state, image, priors)
    levels = preconditioner.build(problem, spec, linear, state.place[:, 0], damping)
    change, iterations = solve(problem, spec, linear, levels, linear.gradient, damping, accuracy)
    return Solved(
        change,
        linear.gradient,
        linear.tangents,
        normal.local_frames(problem, state.shape),
        linear.blocks,
        linear.weight,
        levels.coarse,
        iterations,
    )


def linear_at(
    problem: Problem,
    spec: Spec,
    state: State,
    image: Array | None = None,
    priors: Array | float = 1.0,
) -> Linear:
    """Normal equations at a state; what would leave its bounds is held."""
    linear = normal.linearise(
        problem,
        spec,
        state.place,
        state.shape,
        state.background,
        state.unit,
        state.model,
        image,
        priors,
    )
    place_gradient, shape_gradient, background_gradient = linear.gradient
    keep = 1.0 - _leaving(problem, state, place_gradient)
    both = jnp.concatenate([keep, jnp.ones_like(keep)], axis=1)
    return linear._replace(
        tangents=linear.tangents * both[:, :, None],
        gradient=(place_gradient * keep, shape_gradient, background_gradient),
        blocks=linear.blocks * both[:, :, None] * both[:, None, :],
    )


def _leaving(problem: Problem, state: State, gradient: Array) -> Array:
    """(N, 3), 1 where h, dy or dx sits on a bound and the gradient points out of it."""
    low = (state.place <= problem.low) & (gradient < 0)
    high = (state.place >= problem.high) & (gradient > 0)
    away = state.place[:, 1:] - problem.start
    far = jnp.sum(away**2, axis=1) >= (0.999 * problem.max_shift) ** 2
    outward = jnp.sum(away * gradient[:, 1:], axis=1) > 0
    gone = jnp.stack([jnp.zeros_like(far), far & outward, far & outward], axis=1)
    return (low | high | gone).astype(jnp.float32)


def with_tails(problem: Problem, spec: Spec, state: State, fixed: Leaf) -> tuple[Problem, State]:
    """Put what lies beyond the windows into the fixed part of the model, as of this state.

    Windows of three sigma keep a step quick, but the tails they cut off would bias widths and
    intensities by some tenths of a percent.
    """
    offset, model, cost = _draw_tails(problem, spec, tuple(state[:3]), state.model, fixed)
    return problem._replace(offset=offset), state._replace(model=model, cost=cost)


@partial(jax.jit, static_argnames="spec")
def _draw_tails(
    problem: Problem, spec: Spec, here: Unknowns, model: Array, fixed: Array
) -> tuple[Array, Array, Array]:
    offset = fixed + normal.draw_tails(problem, spec, *here[:2])
    model = model + (offset - problem.offset)
    return offset, model, normal.cost(problem, spec, here, model)


def with_noise(problem: Problem, spec: Spec, state: State, noise: Leaf) -> tuple[Problem, State]:
    """Weigh the priors by what is left of the misfit."""
    problem = problem._replace(prior=problem.prior._replace(noise=noise))
    return problem, state._replace(cost=_cost(problem, spec, tuple(state[:3]), state.model))


@partial(jax.jit, static_argnames="spec")
def _cost(problem: Problem, spec: Spec, here: Unknowns, model: Array) -> Array:
    return normal.cost(problem, spec, here, model)


@partial(jax.jit, static_argnames="poisson")
def pearson(problem: Problem, state: State, poisson: bool, wanted: Array) -> Array:
    """Pearson's chi-square over the degrees of freedom (`wanted` parameters were fitted)."""
    squares = problem.valid * (problem.data - state.model) ** 2
    if poisson:
        squares /= jnp.maximum(state.model, problem.floor)
    pixels = jnp.sum(problem.valid)
    return jnp.sum(squares) / jnp.maximum(pixels - wanted, 0.1 * pixels)
