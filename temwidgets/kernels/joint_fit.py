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

from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels import preconditioner
from temwidgets.kernels.normal_equations import Linear, Problem, Spec, Unknowns

Array = jax.Array

SOLVER_ITERATIONS = 60


class State(NamedTuple):
    """Where the fit stands."""

    place: Array  # (N, 3) h, dy, dx
    shape: Array  # (T, 3) m, e1, e2
    background: Array  # (a, b)
    unit: Array  # (N, pixels) unit Gaussians
    model: Array  # (Y, X)
    cost: Array
    damping: Array
    shift: Array  # (N,) largest move of the last step over h, dy, dx, in own standard errors
    decrement: Array  # fall of the cost that the last step predicted
    accepted: Array
    solved: Array  # iterations of the last linear solve
    moved: Array  # (N, 3) the last step over h, dy, dx, in own standard errors
    hold: Array  # (N,) extra damping of columns that swing from side to side


@partial(jax.jit, static_argnames="spec")
def begin(problem: Problem, spec: Spec, place: Array, shape: Array, background: Array) -> State:
    """Draw the start and take its cost."""
    unit, model = normal.draw(problem, spec, place, shape, background)
    one = jnp.ones((), jnp.float32)
    return State(
        place=place,
        shape=shape,
        background=background,
        unit=unit,
        model=model,
        cost=normal.cost(problem, spec, (place, shape, background), model),
        damping=one / 10_000,
        shift=jnp.full(place.shape[0], jnp.inf, jnp.float32),
        decrement=one,
        accepted=one > 0,
        solved=jnp.zeros((), jnp.int32),
        moved=jnp.zeros_like(place),
        hold=jnp.zeros(place.shape[0], jnp.float32),
    )


class Solved(NamedTuple):
    """The answer of the normal equations at a state, and what they were."""

    change: Unknowns
    gradient: Unknowns
    tangents: Array  # (N, 6, 6)
    blocks: Array  # (N, 6, 6)
    weight: Array  # (Y, X)
    coarse: Array  # inverse of the preconditioner's coarse system
    iterations: Array


def step(problem: Problem, spec: Spec, state: State, accuracy: Array) -> State:
    """One Fisher-scoring step; if the cost would rise, stay and raise the damping.

    `accuracy` is how far the linear solve goes: the ratio of its last to its first residual.
    """
    misfit = problem.data - state.model
    damping = state.damping + state.hold[:, None]
    solved = solve_at(problem, spec, state, misfit, jnp.float32(1), damping, accuracy)
    return _advance(problem, spec, state, solved)


@partial(jax.jit, static_argnames="spec")
def solve_at(
    problem: Problem,
    spec: Spec,
    state: State,
    image: Array,
    priors: Array,
    damping: Array,
    accuracy: Array,
) -> Solved:
    """Linearise at a state and solve for the change that explains `image`.

    The one large compilation of a fit: steps, errors and bias all go through it.
    """
    linear = linear_at(problem, spec, state, image, priors)
    levels = preconditioner.build(problem, spec, linear, state.place[:, 0], damping)
    change, iterations = _conjugate_gradients(
        problem, spec, linear, levels, linear.gradient, damping, accuracy
    )
    return Solved(
        change,
        linear.gradient,
        linear.tangents,
        linear.blocks,
        linear.weight,
        levels.coarse,
        iterations,
    )


@partial(jax.jit, static_argnames="spec")
def _advance(problem: Problem, spec: Spec, state: State, solved: Solved) -> State:
    decrement = _dot(solved.gradient, solved.change) / 2
    (place, shape, background), unit, model, cost = _search(
        problem, spec, state, solved.change, decrement
    )
    better = cost <= state.cost + 1e-6 * jnp.abs(state.cost)
    information = jnp.diagonal(solved.blocks[:, :3, :3], axis1=1, axis2=2)
    moved = (place - state.place) * jnp.sqrt(information)
    shift = jnp.max(jnp.abs(moved), axis=1)
    damping = jnp.where(better, jnp.maximum(state.damping / 10, 1e-5), state.damping * 10)
    trial = State(
        place,
        shape,
        background,
        unit,
        model,
        cost,
        damping,
        shift,
        decrement,
        better,
        solved.iterations,
        moved,
        hold_of(state, moved),
    )
    kept = state._replace(damping=damping, accepted=better, solved=solved.iterations)
    return jax.tree.map(lambda new, old: jnp.where(better, new, old), trial, kept)


def hold_of(state: State, moved: Array) -> Array:
    """Damping (N,) that the curvature along each column's last two steps asks for.

    A step r times the one before says that the cost bends 1 - r times as much as it was taken to
    (secant rule); Fisher scoring takes it too small where the model fits badly.
    """
    square = jnp.sum(state.moved**2, axis=1)
    ratio = jnp.sum(state.moved * moved, axis=1) / jnp.maximum(square, 1e-30)
    wanted = (1 - jnp.clip(ratio, -1.5, 0.9)) * (1 + state.hold) - 1
    return jnp.where(square > 0, jnp.clip(wanted, 0, 10.0), 0.0)


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


def _search(
    problem: Problem, spec: Spec, state: State, change: Unknowns, promised: Array
) -> tuple[Unknowns, Array, Array, Array]:
    """Go a whole step; where it gains little or nothing, go where a parabola has its least.

    The parabola has the cost and its slope here and the cost there. Large residuals bend the cost
    more than Fisher scoring knows, and whole steps then swing from side to side.
    """

    def bad(carry: tuple) -> Array:
        k, length, _, _, _, cost, least = carry
        return (k < 4) & (state.cost - cost < least * length * promised)

    def again(carry: tuple) -> tuple:
        k, length, _, _, _, cost, _ = carry
        bend = (cost - state.cost + 2 * promised * length) / length**2
        best = jnp.clip(promised / bend / length, 0.1, 0.7) * length
        length = jnp.where(k == 0, 1.0, jnp.where(jnp.isfinite(best), best, length / 10))
        there = move(problem, state, jax.tree.map(lambda v: length * v, change))
        unit, model = normal.draw(problem, spec, *there)
        cost = normal.cost(problem, spec, there, model)
        least = jnp.where(k == 0, 0.5, 0.0)
        return k + 1, length, there, unit, model, cost, least

    # begun before the whole step, so that trying is compiled once
    here = (state.place, state.shape, state.background)
    nowhere = jnp.full((), jnp.inf, jnp.float32)
    one = jnp.ones((), jnp.float32)
    begun = (jnp.zeros((), jnp.int32), one, here, state.unit, state.model, nowhere, one)
    return jax.lax.while_loop(bad, again, begun)[2:6]


@partial(jax.jit, static_argnames="spec")
def with_tails(problem: Problem, spec: Spec, state: State, fixed: Array) -> tuple[Problem, State]:
    """Put what lies beyond the windows into the fixed part of the model, as of this state.

    Windows of three sigma keep a step quick, but the tails they cut off would bias widths and
    intensities by some tenths of a percent.
    """
    tails = normal.draw_tails(problem, spec, state.place, state.shape)
    model = state.model + (fixed + tails - problem.offset)
    problem = problem._replace(offset=fixed + tails)
    cost = normal.cost(problem, spec, (state.place, state.shape, state.background), model)
    return problem, state._replace(model=model, cost=cost)


@partial(jax.jit, static_argnames="spec")
def with_noise(problem: Problem, spec: Spec, state: State, noise: Array) -> tuple[Problem, State]:
    """Weigh the priors by what is left of the misfit."""
    problem = problem._replace(prior=problem.prior._replace(noise=noise))
    at = (state.place, state.shape, state.background)
    cost = normal.cost(problem, spec, at, state.model)
    return problem, state._replace(cost=cost)


@partial(jax.jit, static_argnames="poisson")
def pearson(problem: Problem, state: State, poisson: bool, wanted: Array) -> Array:
    """Pearson's chi-square over the degrees of freedom (`wanted` parameters were fitted)."""
    squares = problem.valid * (problem.data - state.model) ** 2
    if poisson:
        squares /= jnp.maximum(state.model, problem.floor)
    pixels = jnp.sum(problem.valid)
    return jnp.sum(squares) / jnp.maximum(pixels - wanted, 0.1 * pixels)


def solve(
    problem: Problem,
    spec: Spec,
    linear: Linear,
    right: Unknowns,
    heights: Array,
    damping: Array,
    accuracy: Array,
) -> tuple[Unknowns, Array]:
    """Solve the damped normal equations by preconditioned conjugate gradients.

    Returns the answer to the right-hand side and how many iterations it took.
    """
    levels = preconditioner.build(problem, spec, linear, heights, damping)
    return _conjugate_gradients(problem, spec, linear, levels, right, damping, accuracy)


def _conjugate_gradients(
    problem: Problem,
    spec: Spec,
    linear: Linear,
    levels: preconditioner.Preconditioner,
    right: Unknowns,
    damping: Array,
    accuracy: Array,
) -> tuple[Unknowns, Array]:
    diagonal = jnp.diagonal(linear.blocks, axis1=1, axis2=2)
    ridge = normal.fold(problem, spec, damping * diagonal, jnp.zeros_like(problem.data))

    def matrix(v: Unknowns) -> Unknowns:
        return _axpy(1.0, normal.multiply(problem, spec, linear, v), _times(ridge, v))

    def body(carry: tuple) -> tuple:
        k, x, r, p, rz = carry
        ap = matrix(p)
        alpha = rz / jnp.maximum(_dot(p, ap), 1e-30)
        x, r = _axpy(alpha, p, x), _axpy(-alpha, ap, r)
        z = preconditioner.apply(problem, spec, levels, r)
        new = _dot(r, z)
        return k + 1, x, r, _axpy(new / rz, p, z), new

    def unfinished(carry: tuple) -> Array:
        return (carry[0] < SOLVER_ITERATIONS) & (carry[4] > accuracy**2 * first)

    z = preconditioner.apply(problem, spec, levels, right)
    first = jnp.maximum(_dot(right, z), 1e-30)
    zero = jax.tree.map(jnp.zeros_like, right)
    done = jax.lax.while_loop(unfinished, body, (jnp.zeros((), jnp.int32), zero, right, z, first))
    return done[1], done[0]


def move(problem: Problem, state: State, change: Unknowns) -> Unknowns:
    """Take a step, cut to what the linearisation can carry and to the bounds."""
    place_step, shape_step, background_step = change
    place_step = jnp.concatenate([place_step[:, :1], _cut(place_step[:, 1:], 1.0)], axis=1)
    moved = state.place + place_step
    away = _cut(moved[:, 1:] - problem.start, problem.max_shift[:, None])
    place = jnp.concatenate([moved[:, :1], problem.start + away], axis=1)
    place = jnp.where(problem.free > 0, jnp.clip(place, problem.low, problem.high), state.place)
    frames = normal.local_frames(problem, state.shape)
    turned = jnp.einsum("nij,nj->ni", frames, _cut(shape_step, 0.4))
    touched = jnp.any(problem.free_shape > 0, axis=1, keepdims=True)
    shape = jnp.where(touched, _clip_shape(problem, state.shape + turned), state.shape)
    background = state.background + background_step * problem.free_background
    return place, shape, background


def _cut(vectors: Array, longest: Array | float) -> Array:
    """Shorten vectors (n, k) that are longer than `longest`."""
    length = jnp.sqrt(jnp.sum(vectors**2, axis=1, keepdims=True))
    return vectors * jnp.minimum(1.0, longest / jnp.maximum(length, 1e-30))


def _clip_shape(problem: Problem, shape: Array) -> Array:
    """Keep sigma_major and sigma_minor within their bounds; the axes keep their direction."""
    eta = jnp.sqrt(jnp.sum(shape[:, 1:] ** 2, axis=1))
    major_range, minor_range = problem.log_sigma_range
    major = jnp.clip(shape[:, 0] + eta, *major_range)
    minor = jnp.minimum(jnp.clip(shape[:, 0] - eta, *minor_range), major)
    ratio = jnp.where(eta > 1e-12, (major - minor) / 2 / jnp.maximum(eta, 1e-12), 0.0)
    return jnp.concatenate([((major + minor) / 2)[:, None], shape[:, 1:] * ratio[:, None]], axis=1)


def _dot(a: Unknowns, b: Unknowns) -> Array:
    return jnp.vdot(a[0], b[0]) + jnp.vdot(a[1], b[1]) + jnp.vdot(a[2], b[2])


def _axpy(a: Array | float, x: Unknowns, y: Unknowns) -> Unknowns:
    return jax.tree.map(lambda i, j: a * i + j, x, y)


def _times(x: Unknowns, y: Unknowns) -> Unknowns:
    return jax.tree.map(jnp.multiply, x, y)
