"""Two-level preconditioner of the joint fit.

First level: every column's own Fisher block, inverted. Alone it leaves slow modes: a background
that rises while all heights fall and all widths grow hardly changes the image. Second level: those
modes, spanned by the background's own basis functions times (background, heights, widths), solved
together in a small dense system (additive two-level method; Smith, Bjorstad & Gropp, Domain
Decomposition, 1996, chapter 2). Shared shapes are unknowns of the second level. The joint system
then needs some ten conjugate-gradient iterations instead of fifty.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels import priors
from temwidgets.kernels.normal_equations import Linear, Problem, Spec, Unknowns

Array = jax.Array


class Preconditioner(NamedTuple):
    """Inverted blocks and the inverted coarse system."""

    inverse: Array  # (N, p, p), p = 3 with shared shapes, else 6
    modes: Array  # (k, N, 6) collective changes of the columns
    basis_y: Array  # (N, a) background basis at the columns
    basis_x: Array  # (N, b)
    coarse: Array  # ((1 + k) a b + shared, ...) inverse


def damped_inverse(blocks: Array, damping: Array | float) -> Array:
    """Inverses of symmetric blocks; a fixed parameter (zero diagonal) keeps a zero row."""
    diagonal = jnp.diagonal(blocks, axis1=1, axis2=2)
    free = diagonal > 0
    scale = jnp.where(free, jax.lax.rsqrt(jnp.where(free, diagonal, 1.0)), 0.0)
    unit = blocks * scale[:, :, None] * scale[:, None, :]
    unit += jnp.eye(blocks.shape[-1]) * jnp.where(free, damping, 1.0)[:, :, None]
    return invert_symmetric(unit) * scale[:, :, None] * scale[:, None, :]


def invert_symmetric(blocks: Array) -> Array:
    """Inverses of many small positive matrices (n, k, k), by Gauss-Jordan sweeps.

    Sweeps run over all matrices at once, which LAPACK's one-by-one calls do not.
    """
    work = jnp.moveaxis(blocks, 0, -1)
    for k in range(blocks.shape[-1]):
        pivot = jnp.maximum(work[k, k], 1e-6)
        row, column = work[k] / pivot, work[:, k] / pivot
        work = work - work[:, k][:, None] * row[None]
        work = work.at[k].set(row).at[:, k].set(column).at[k, k].set(-1 / pivot)
    return -jnp.moveaxis(work, -1, 0)


def build(
    problem: Problem, spec: Spec, linear: Linear, heights: Array, damping: Array
) -> Preconditioner:
    """Invert the blocks and the coarse system at one state."""
    own = 3 if spec.tied else 6
    modes = _modes(spec, heights)
    return Preconditioner(
        damped_inverse(linear.blocks[:, :own, :own], damping),
        modes,
        *basis_at_columns(problem, spec),
        _coarse_inverse(problem, spec, linear, modes),
    )


def basis_at_columns(problem: Problem, spec: Spec) -> tuple[Array, Array]:
    """Background basis functions along y (N, a) and x (N, b) at the middle of each window."""
    middle = problem.corners + spec.half
    return problem.basis_y[middle[:, 0]], problem.basis_x[middle[:, 1]]


def _modes(spec: Spec, heights: Array) -> Array:
    """Collective changes (k, N, 6): heights and, where shapes are free, widths.

    Each comes in two kinds, one equal for all columns and one that goes with the height, so that
    strong and weak sublattices can answer differently.
    """
    size = heights.shape[0]
    typical = jnp.sum(heights) / jnp.maximum(jnp.sum(heights > 0), 1)
    relative = jnp.clip(heights / jnp.maximum(typical, 1e-12), 0.2, 5.0)
    kinds = [(0, jnp.ones(size)), (0, relative)]
    if not spec.tied:
        kinds += [(3, jnp.ones(size)), (3, 1 / relative)]
    return jnp.stack([jnp.zeros((size, 6)).at[:, k].set(values) for k, values in kinds])


def _coarse_inverse(problem: Problem, spec: Spec, linear: Linear, modes: Array) -> Array:
    empty = jnp.zeros_like(linear.weight)
    images = [empty + 1.0]
    images += [normal.draw_columns(problem, spec, linear, mode, empty) for mode in modes]

    def gram(first: Array, second: Array) -> Array:
        return normal.background_gram(problem, linear.weight * first * second)

    matrix = jnp.block([[gram(i, j) for j in images] for i in images])
    a, b = problem.free_background.shape
    matrix = matrix.at[: a * b, : a * b].add(priors.background_matrix(problem.prior))
    if spec.tied:
        matrix = _with_shared(problem, spec, linear, images, matrix)
    diagonal = jnp.diag(matrix)
    modes_free = jnp.ones(a * b * len(modes))
    shared_free = problem.free_shape.ravel() if spec.tied else jnp.zeros(0)
    free = jnp.concatenate([problem.free_background.ravel(), modes_free, shared_free])
    used = (diagonal > 1e-12 * jnp.max(diagonal)) & (free > 0)
    scale = jnp.where(used, jax.lax.rsqrt(jnp.where(used, diagonal, 1.0)), 0.0)
    unit = matrix * scale[:, None] * scale[None] + jnp.diag(jnp.where(used, 1e-4, 1.0))
    return jnp.linalg.inv(unit) * scale[:, None] * scale[None]


def _with_shared(
    problem: Problem, spec: Spec, linear: Linear, images: list[Array], matrix: Array
) -> Array:
    """Border the coarse matrix with the shared shapes, each drawn as one image."""
    kinds = problem.free_shape.shape[0]
    empty = jnp.zeros_like(linear.weight)

    def image_of(index: Array) -> Array:
        member = (problem.shape_of == index // 3).astype(jnp.float32)
        change = member[:, None] * (jnp.arange(6) == 3 + index % 3)
        return normal.draw_columns(problem, spec, linear, change, empty)

    shared = jax.lax.map(image_of, jnp.arange(3 * kinds))
    weighted = shared * linear.weight
    corner = jnp.einsum("iyx,jyx->ij", weighted, shared)
    side = [
        jnp.einsum("ya,iyx,xb->abi", problem.basis_y, weighted * image, problem.basis_x)
        for image in images
    ]
    side_matrix = jnp.concatenate([s.reshape(-1, 3 * kinds) for s in side])
    return jnp.block([[matrix, side_matrix], [side_matrix.T, corner]])


def apply(problem: Problem, spec: Spec, levels: Preconditioner, step: Unknowns) -> Unknowns:
    """Add the answers of both levels."""
    place, shape, background = step
    own = place if spec.tied else jnp.concatenate([place, shape], axis=1)
    fine = jnp.einsum("nij,nj->ni", levels.inverse, own)
    padded = jnp.pad(place, ((0, 0), (0, 3))) if spec.tied else own
    pulls = jnp.sum(levels.modes * padded, axis=2)
    raised = [background.ravel()]
    raised += [(levels.basis_y.T @ (p[:, None] * levels.basis_x)).ravel() for p in pulls]
    if spec.tied:
        raised.append(shape.ravel())
    answer = levels.coarse @ jnp.concatenate(raised)
    nodes = background.size
    grids = answer[: nodes * (1 + len(pulls))].reshape(-1, *background.shape)
    at_columns = jnp.einsum("na,kab,nb->kn", levels.basis_y, grids[1:], levels.basis_x)
    collective = jnp.einsum("kn,kni->ni", at_columns, levels.modes)
    free = problem.free_background
    if spec.tied:
        shared = answer[nodes * (1 + len(pulls)) :].reshape(shape.shape)
        return fine + collective[:, :3] * problem.free, shared, grids[0] * free
    both = fine + collective * jnp.concatenate([problem.free, problem.free_shape], axis=1)
    return both[:, :3], both[:, 3:], grids[0] * free
