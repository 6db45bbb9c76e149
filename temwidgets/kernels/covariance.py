"""Standard errors of the joint fit: marginal covariances from the joint Fisher matrix.

The inverse of the whole Fisher matrix is never formed. A column's covariance is that of the system
of the column and its overlapping neighbours, plus what is lost because the neighbours' own next
neighbours are unknown too (to first order), plus what the uncertainty of the background and of
shared shapes adds (block inversion of the bordered matrix).
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial import cKDTree

from temwidgets.kernels import gaussians, joint_fit, local_systems, starts, windows
from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels.joint_fit import Solved, State
from temwidgets.kernels.normal_equations import Linear, Problem, Spec

Array = jax.Array

NEAREST = (4, 8)  # the smaller where no column has more: a local system costs the cube
NEAREST_CROWDED = 20  # when columns crowd, errors come from further away too


def neighbours(y: np.ndarray, x: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """The nearest columns that overlap, (size, K); -1 where there is none."""
    if len(y) < 2:
        return np.full((size, NEAREST[-1]), -1, np.int32)
    crowded = np.median(starts.nearest_distance(y, x, np.inf)) < starts.CROWDED * sigma
    most = NEAREST_CROWDED if crowded else NEAREST[-1]
    table = np.full((size, most), -1, np.int32)
    count, reach = min(most, len(y) - 1), (6.0 if crowded else 4.5) * sigma
    points = np.stack([y, x], axis=1)
    _, near = cKDTree(points).query(points, k=count + 1, distance_upper_bound=reach)
    near = np.where(near == len(y), -1, near)[:, 1:]
    near[near == np.arange(len(y))[:, None]] = -1
    table[: len(y), :count] = near
    # small fits, such as refits of neighbourhoods, always share a compilation
    few = size > windows.CHUNK and not crowded and (table[:, NEAREST[0] :] < 0).all()
    return table[:, : NEAREST[0]] if few else table


def places_among(table: np.ndarray) -> np.ndarray:
    """Where neighbour b stands in the list of neighbour a; (N, K, K), -1 when it does not."""
    lists = table[np.maximum(table, 0)]
    found = (lists[:, :, :, None] == table[:, None, None, :]) & (table >= 0)[:, None, None, :]
    found &= (table >= 0)[:, :, None, None]
    return np.where(found.any(2), found.argmax(2), -1).astype(np.int32)


def covariances(
    problem: Problem, spec: Spec, state: State, near: np.ndarray, among: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marginal covariances, in units of the noise scale.

    Parameters
    ----------
    problem, spec, state
        A fit, settled.
    near, among : ndarray
        From `neighbours` and `places_among`.

    Returns
    -------
    ndarray, (N, 6, 6)
        Covariance of (h, dy, dx, m, e1, e2); zero for fixed parameters.
    ndarray, (N,)
        Variance of the background under each column.
    ndarray, (N,)
        Variance of the centre over what it would be if the neighbours were known.
    """
    misfit = problem.data - state.model
    # an accuracy of 1 solves nothing: only the equations themselves are wanted
    solved = joint_fit.solve_at(problem, spec, state, misfit, priors=True, damping=1e-6, accuracy=1)
    response = np.asarray(_responses(problem, spec, state, solved, near, among))
    broken = ~np.isfinite(response).all(axis=(1, 2))
    if broken.any():
        # columns on one another's place leave no definite matrix: take such a column by itself
        near = np.where(broken[:, None], -1, near)
        alone = _responses(problem, spec, state, solved, near, places_among(near))
        response = np.where(broken[:, None, None], np.nan_to_num(alone), response)
    return _marginal(problem, spec, solved, response)


@partial(jax.jit, static_argnames="spec")
def _responses(
    problem: Problem, spec: Spec, state: State, solved: Solved, near: Array, among: Array
) -> Array:
    """Inverse of each column's local system (N, own, own), and that times the border."""
    linear = Linear(state.unit, solved.weight, solved.tangents, solved.gradient, solved.blocks)
    blocks = linear.blocks
    own, size = (3 if spec.tied else 6), problem.corners.shape[0]
    pairs = _pair_blocks(problem, spec, state, linear, near)
    border = _border(problem, spec, linear, pairs, near)
    told = local_systems.told_by(blocks[:, :own, :own], pairs[..., :own, :own], near)
    width = own + border.shape[2]

    def respond(start: Array) -> Array:
        group = jnp.concatenate(
            [start + jnp.arange(windows.CHUNK)[:, None], windows.rows(near, start)], axis=1
        )
        matrix = local_systems.local_matrix(blocks, pairs, group, windows.rows(among, start), own)
        lost = local_systems.lost_beyond(told, near, group)
        return local_systems.response(matrix, border, group, own, lost).reshape(
            windows.CHUNK, own * width
        )

    return windows.map_chunks(problem.chunks, size, respond).reshape(size, own, width)


def _marginal(
    problem: Problem, spec: Spec, solved: Solved, response: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Covariances, variances under columns and inflations; plain NumPy, which compiles nothing."""
    own, used = (3 if spec.tied else 6), int(problem.chunks) * windows.CHUNK
    shape_of = np.asarray(problem.shape_of)[:used]
    spread = _border_inverse(problem, spec, np.asarray(solved.coarse))
    under = _background_and_shared(problem, spec, spread, used)
    local = _assemble(response[:used], under, shape_of, own)
    alone = _inverse(np.asarray(solved.blocks)[:used], own)
    joint = local[:, 1, 1] + local[:, 2, 2]
    inflation = joint / np.maximum(alone[:, 1, 1] + alone[:, 2, 2], 1e-30)
    turn = np.zeros_like(local)
    turn[:, :3, :3] = np.eye(3)
    turn[:, 3:, 3:] = np.asarray(solved.frames)[shape_of]
    found = turn @ local @ np.swapaxes(turn, 1, 2)
    size = len(response)
    return (
        windows.pad_rows(found, size),
        windows.pad_rows(under[:, 0, 0], size),
        windows.pad_rows(inflation, size),
    )


def _inverse(blocks: np.ndarray, own: int) -> np.ndarray:
    """Inverses (n, own, own) of symmetric blocks; a fixed parameter keeps a zero row."""
    blocks = blocks[:, :own, :own]
    diagonal = np.diagonal(blocks, axis1=1, axis2=2)
    scale = np.where(diagonal > 0, 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1)), 0)
    unit = blocks * scale[:, :, None] * scale[:, None, :]
    unit += np.eye(own) * np.where(diagonal > 0, 1e-6, 1)[:, :, None]
    return np.linalg.inv(unit) * scale[:, :, None] * scale[:, None, :]


def _pair_blocks(problem: Problem, spec: Spec, state: State, linear: Linear, near: Array) -> Array:
    """(N, K, 6, 6) Fisher blocks between columns and their neighbours."""
    table2 = normal.table(spec)
    table4 = normal.table(spec, gaussians.DEGREE_4)
    columns = normal.column_parameters(problem, state.place, state.shape)
    frames = normal.local_frames(problem, state.shape)
    free = jnp.concatenate([problem.free, problem.free_shape[problem.shape_of]], axis=1)

    def of(start: Array, other: Array) -> Array:
        corners = windows.rows(problem.corners, start)
        apart = (problem.corners[other] - corners).astype(jnp.float32)
        moved = columns[other].at[:, 1:3].add(apart)
        log_unit = jax.vmap(lambda p: gaussians.exponent(p, spec.scale))(moved[:, 1:])
        both = windows.rows(state.unit, start) * jnp.exp(log_unit @ table2)
        weight = windows.gather(linear.weight, corners, spec.width)
        products = ((both * weight) @ table4.T)[:, gaussians.PRODUCTS]
        slopes = gaussians.tangents(moved, spec.scale)
        turned = jnp.einsum("nji,njk->nik", frames[problem.shape_of[other]], slopes[:, 3:])
        slopes = jnp.concatenate([slopes[:, :3], turned], axis=1) * free[other][..., None]
        mine = windows.rows(linear.tangents, start)
        return jnp.einsum("nij,njk,nlk->nil", mine, products, slopes)

    def chunk(start: Array) -> Array:
        here = windows.rows(near, start)
        blocks = jax.lax.map(lambda other: of(start, jnp.maximum(other, 0)), here.T)
        return jnp.where((here >= 0)[:, :, None, None], jnp.swapaxes(blocks, 0, 1), 0.0)

    return windows.map_chunks(problem.chunks, near.shape[0], chunk)


def _border(problem: Problem, spec: Spec, linear: Linear, pairs: Array, near: Array) -> Array:
    """(N, 6, 1 + 3 T) coupling to the background under a column and to the shared shapes."""
    monomials = normal.table(spec)

    def of(start: Array) -> Array:
        corners = windows.rows(problem.corners, start)
        weighted = windows.rows(linear.unit, start) * windows.gather(
            linear.weight, corners, spec.width
        )
        return weighted @ monomials.T

    moments = windows.map_chunks(problem.chunks, near.shape[0], of)
    background = jnp.einsum("nij,nj->ni", linear.tangents, moments)[:, :, None]
    if not spec.tied:
        return background
    kinds = problem.free_shape.shape[0]
    mine = jax.nn.one_hot(problem.shape_of, kinds)
    theirs = jax.nn.one_hot(jnp.where(near >= 0, problem.shape_of[near], -1), kinds)
    shared = jnp.einsum("nt,nij->nitj", mine, linear.blocks[:, :, 3:])
    shared += jnp.einsum("nkt,nkij->nitj", theirs, pairs[..., 3:])
    return jnp.concatenate([background, shared.reshape(*shared.shape[:2], -1)], axis=2)


def _border_inverse(problem: Problem, spec: Spec, coarse: np.ndarray) -> np.ndarray:
    """Covariance of the background's coefficients and of the shared shapes.

    From the coarse system of the preconditioner, in which columns answer to them collectively.
    """
    nodes = problem.free_background.size
    kinds = problem.free_shape.size if spec.tied else 0
    keep = np.r_[0:nodes, coarse.shape[0] - kinds : coarse.shape[0]]
    return coarse[keep][:, keep]


def _background_and_shared(
    problem: Problem, spec: Spec, spread: np.ndarray, count: int
) -> np.ndarray:
    """(count, b, b) covariance of the background under columns and of the shared shapes."""
    middle = np.asarray(problem.corners)[:count] + spec.half
    basis_y = np.asarray(problem.basis_y)[middle[:, 0]]
    basis_x = np.asarray(problem.basis_x)[middle[:, 1]]
    under = (basis_y[:, :, None] * basis_x[:, None, :]).reshape(count, -1)
    nodes = under.shape[1]
    drawn = under @ spread[:nodes]
    background = np.sum(drawn[:, :nodes] * under, axis=1)
    both = np.empty((count, 1 + len(spread) - nodes, 1 + len(spread) - nodes), np.float32)
    both[:, 0, 0] = background
    both[:, 0, 1:] = both[:, 1:, 0] = drawn[:, nodes:]
    both[:, 1:, 1:] = spread[nodes:, nodes:]
    return both


def _assemble(
    response: np.ndarray, spread: np.ndarray, shape_of: np.ndarray, own: int
) -> np.ndarray:
    """(n, 6, 6) covariances from the local inverse and what the border adds."""
    inverse, to_border = response[..., :own], response[..., own:]
    drawn = to_border @ spread
    covariance = np.empty((len(response), 6, 6), np.float32)
    covariance[:, :own, :own] = inverse + drawn @ np.swapaxes(to_border, 1, 2)
    if own == 6:
        return covariance
    place = 1 + 3 * shape_of[:, None] + np.arange(3)
    side = -np.take_along_axis(drawn, place[:, None, :], axis=2)
    covariance[:, :3, 3:], covariance[:, 3:, :3] = side, np.swapaxes(side, 1, 2)
    rows = np.take_along_axis(spread, place[:, :, None], axis=1)
    covariance[:, 3:, 3:] = np.take_along_axis(rows, place[:, None, :], axis=2)
    return covariance
