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
import numpy as np

from temwidgets.kernels import gaussians, joint_fit, windows
from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels.joint_fit import State
from temwidgets.kernels.normal_equations import Problem, Spec, Unknowns

Array = jax.Array

# (36, 15), which product of two monomials of DEGREE_2 is which monomial of DEGREE_4
_TO_DEGREE_4 = np.eye(len(gaussians.DEGREE_4), dtype=np.float32)[gaussians.PRODUCTS.ravel()]


def corrected(
    problem: Problem, spec: Spec, state: State, covariance: np.ndarray, accuracy: float
) -> State:
    """Return the state less its second-order bias.

    Columns too ill determined for second order to mean anything neither add to the correction nor
    receive it; where it would exceed a standard error for many, nothing is corrected.

    Parameters
    ----------
    covariance : ndarray, (N, 6, 6)
        Of (h, dy, dx, m, e1, e2) in the units of the normalised image, noise included.
    accuracy : float
        How far the linear solve goes.
    """
    trusted = _trusted(problem, state, covariance)
    known = (covariance * trusted[:, None, None]).astype(np.float32)
    curved = _curvature_image(problem, spec, state, known)
    solved = joint_fit.solve_at(
        problem, spec, state, curved, priors=False, damping=1e-5, accuracy=accuracy
    )
    back = _back(problem, spec, state, solved.change, covariance, trusted)
    here = (state.place, state.shape, state.background)
    return state._replace(
        **joint_fit.draw_moved(problem, spec, here, back, np.float32(1))._asdict()
    )


def _trusted(problem: Problem, state: State, covariance: np.ndarray) -> np.ndarray:
    """(N,) bool, columns so well determined that second order describes them."""
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    shape, place = np.asarray(state.shape), np.asarray(state.place)
    area = np.exp(2 * shape[np.asarray(problem.shape_of), 0])
    good = (variance[:, 1] + variance[:, 2] < 0.3 * area) & (variance[:, 3] < 0.06)
    good &= variance[:, 0] < place[:, 0] ** 2 / 9
    return good & (np.asarray(problem.free)[:, 0] > 0)


def _back(
    problem: Problem,
    spec: Spec,
    state: State,
    bias: Unknowns,
    covariance: np.ndarray,
    trusted: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The change that takes the bias away where it can be believed."""
    place, shape, background = (-np.asarray(v) for v in bias)
    spread = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0))
    within = (np.abs(place) <= spread[:, :3]).all(axis=1)
    if np.sum(trusted & ~within) > 0.05 * np.sum(trusted):
        return np.zeros_like(place), np.zeros_like(shape), np.zeros_like(background)
    here = np.asarray(state.place)
    bound = ((here <= np.asarray(problem.low)) | (here >= np.asarray(problem.high))).any(axis=1)
    limit = (trusted & within & ~bound)[:, None]
    return place * limit, shape if spec.tied else shape * limit, background


@partial(jax.jit, static_argnames="spec")
def _curvature_image(problem: Problem, spec: Spec, state: State, covariance: Array) -> Array:
    """-tr(H C) / 2 at every pixel."""
    table2 = normal.table(spec)
    table4 = normal.table(spec, gaussians.DEGREE_4)
    columns = normal.column_parameters(problem, state.place, state.shape)

    def pixels(start: Array) -> Array:
        chosen, spread = windows.rows(columns, start), windows.rows(covariance, start)
        quartic, quadratic = _column_curvature(chosen, spread, spec.scale)
        polynomial = quartic @ table4 + quadratic @ table2
        return -windows.rows(state.unit, start) * polynomial / 2

    empty = jnp.zeros_like(problem.data)
    return windows.add_chunks(problem.chunks, problem.corners, spec.width, empty, pixels)


def _column_curvature(columns: Array, covariance: Array, scale: float) -> tuple[Array, Array]:
    """tr(H C) / E of columns (n, 6), as coefficients over DEGREE_4 (n, 15) and DEGREE_2 (n, 6)."""
    height, place, shape = columns[:, 0], columns[:, 1:3], columns[:, 3:]
    first = gaussians.slopes(columns[:, 1:], scale)  # (n, 5, 6)
    inner = covariance[:, 1:, 1:]
    pairs = jnp.einsum("nai,nab,nbj->nij", first, inner, first)
    quartic = pairs.reshape(-1, 36) @ _TO_DEGREE_4
    by_shape, by_shape_twice = gaussians.precision_slopes(shape)
    inverse = gaussians.precision(shape)
    twice = gaussians.exponent_of(
        place, jnp.einsum("nab,nabk->nk", inner[:, 2:, 2:], by_shape_twice), scale
    )
    mixed = jnp.einsum("nas,nsk->nak", inner[:, :2, 2:], by_shape)
    across = gaussians.by_place(place[:, None], mixed, scale)  # (n, 2, 2, 6)
    twice += 2 * (across[:, 0, 0] + across[:, 1, 1])
    placed = inner[:, 0, 0] * inverse[:, 0] + inner[:, 1, 1] * inverse[:, 2]
    twice = twice.at[:, 0].add(-placed - 2 * inner[:, 0, 1] * inverse[:, 1])
    with_height = 2 * jnp.einsum("na,nak->nk", covariance[:, 0, 1:], first)
    return height[:, None] * quartic, height[:, None] * twice + with_height
