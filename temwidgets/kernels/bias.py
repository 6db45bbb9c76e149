"""Take away the bias that noise and curvature give to a maximum-likelihood fit.

A fit of a curved model to noisy data is biased in second order: a column that follows the noise in
place and shape comes out too high, the more so the lower the dose, and where columns crowd the
collective modes of heights, widths and background amplify it. To that order the bias is what a fit
would make of the image -tr(H C) / 2, with H the model's second derivatives at a pixel and C the
covariance of the parameters (Cox & Snell, J. R. Stat. Soc. B 30, 248 (1968); Cook, Tsai & Wei,
Biometrika 73, 615 (1986), eq. 6; identity link). A sum of columns has second derivatives only
within one column, so each column's own covariance is enough.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from temwidgets.kernels import gaussians, joint_fit, windows
from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels.joint_fit import State
from temwidgets.kernels.normal_equations import Problem, Spec, Unknowns

Array = jax.Array


def corrected(
    problem: Problem, spec: Spec, state: State, covariance: Array, accuracy: Array
) -> State:
    """Return the state less its second-order bias.

    Columns too ill determined for second order to mean anything neither add to the correction nor
    receive it; where it would exceed a standard error for many, nothing is corrected.

    Parameters
    ----------
    covariance : Array, (N, 6, 6)
        Of (h, dy, dx, m, e1, e2) in the units of the normalised image, noise included.
    accuracy : Array
        How far the linear solve goes.
    """
    trusted, curved = _curvature(problem, spec, state, covariance)
    solved = joint_fit.solve_at(
        problem, spec, state, curved, jnp.float32(0), jnp.float32(1e-5), accuracy
    )
    return _less(problem, spec, state, solved.change, covariance, trusted)


@partial(jax.jit, static_argnames="spec")
def _less(
    problem: Problem, spec: Spec, state: State, bias: Unknowns, covariance: Array, trusted: Array
) -> State:
    spread = jnp.sqrt(jnp.maximum(jnp.diagonal(covariance, axis1=1, axis2=2), 0.0))
    within = jnp.all(jnp.abs(bias[0]) <= spread[:, :3], axis=1)
    lost = jnp.sum(trusted * ~within) > 0.05 * jnp.sum(trusted)
    bound = jnp.any((state.place <= problem.low) | (state.place >= problem.high), axis=1)
    limit = (trusted * within * ~bound)[:, None]
    shape = bias[1] if spec.tied else bias[1] * limit
    back = jax.tree.map(lambda v: jnp.where(lost, 0.0, -v), (bias[0] * limit, shape, bias[2]))
    place, shape, background = joint_fit.move(problem, state, back)
    unit, model = normal.draw(problem, spec, place, shape, background)
    cost = normal.cost(problem, spec, (place, shape, background), model)
    return state._replace(
        place=place, shape=shape, background=background, unit=unit, model=model, cost=cost
    )


@partial(jax.jit, static_argnames="spec")
def _curvature(
    problem: Problem, spec: Spec, state: State, covariance: Array
) -> tuple[Array, Array]:
    trusted = _trusted(state, covariance, problem)
    spread = covariance * trusted[:, None, None]
    return trusted, _curvature_image(problem, spec, state, spread)


def _trusted(state: State, covariance: Array, problem: Problem) -> Array:
    """(N,), 1 for columns so well determined that second order describes them."""
    variance = jnp.diagonal(covariance, axis1=1, axis2=2)
    area = jnp.exp(2 * state.shape[problem.shape_of, 0])
    good = (variance[:, 1] + variance[:, 2] < 0.3 * area) & (variance[:, 3] < 0.06)
    good &= variance[:, 0] < state.place[:, 0] ** 2 / 9
    return (good & (problem.free[:, 0] > 0)).astype(jnp.float32)


def _curvature_image(problem: Problem, spec: Spec, state: State, covariance: Array) -> Array:
    """-tr(H C) / 2 at every pixel."""
    table2 = normal.table(spec)
    table4 = normal.table(spec, gaussians.DEGREE_4)
    columns = normal.column_parameters(problem, state.place, state.shape)

    def pixels(start: Array) -> Array:
        chosen, spread = windows.rows(columns, start), windows.rows(covariance, start)
        quartic, quadratic = jax.vmap(lambda p, c: _column_curvature(p, c, spec.scale))(
            chosen, spread
        )
        polynomial = quartic @ table4 + quadratic @ table2
        return -windows.rows(state.unit, start) * polynomial / 2

    empty = jnp.zeros_like(problem.data)
    return windows.add_chunks(problem.chunks, problem.corners, spec.width, empty, pixels)


def _column_curvature(column: Array, covariance: Array, scale: float) -> tuple[Array, Array]:
    """tr(H C) / E of one column, as coefficients over DEGREE_4 and DEGREE_2."""
    height, rest = column[0], column[1:]

    def exponent(p: Array) -> Array:
        return gaussians.exponent(p, scale)

    first = jax.jacfwd(exponent)(rest).T  # (5, 6)
    second = jax.jacfwd(jax.jacfwd(exponent))(rest)  # (6, 5, 5)
    inner = covariance[1:, 1:]
    pairs = first.T @ inner @ first  # (6, 6)
    quartic = jnp.zeros(len(gaussians.DEGREE_4)).at[gaussians.PRODUCTS.ravel()].add(pairs.ravel())
    quadratic = height * jnp.einsum("kab,ab->k", second, inner) + 2 * covariance[0, 1:] @ first
    return height * quartic, quadratic
