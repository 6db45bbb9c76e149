"""Solve the normal equations of the joint fit without ever forming their matrix."""

from __future__ import annotations

from types import ModuleType

import jax
import jax.numpy as jnp

from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels import preconditioner
from temwidgets.kernels.normal_equations import Linear, Problem, Spec, Unknowns

Array = jax.Array

SOLVER_ITERATIONS = 60


def solve(
    problem: Problem,
    spec: Spec,
    linear: Linear,
    levels: preconditioner.Preconditioner,
    right: Unknowns,
    damping: Array,
    accuracy: Array,
) -> tuple[Unknowns, Array]:
    """Solve the damped normal equations by preconditioned conjugate gradients.

    Stops when the residual, in the preconditioner's norm, is `accuracy` of the first one. Returns
    the answer to the right-hand side and how many iterations it took.
    """
    ridge = _ridge(problem, spec, linear, damping)

    def matrix(v: Unknowns) -> Unknowns:
        return _axpy(1.0, normal.multiply(problem, spec, linear, v), _times(ridge, v))

    def forward(carry: tuple) -> tuple:
        k, x, r, p, rz, first, _ = carry
        ap = matrix(p)
        alpha = rz / jnp.maximum(dot(p, ap), 1e-30)
        return k + 1, _axpy(alpha, p, x), _axpy(-alpha, ap, r), p, rz, first, True

    def body(carry: tuple) -> tuple:
        k, x, r, p, rz, first, _ = carry
        z = preconditioner.apply(problem, spec, levels, r)
        new = dot(r, z)
        first = jnp.where(k == 0, jnp.maximum(new, 1e-30), first)
        carry = (k, x, r, _axpy(new / rz, p, z), new, first, False)
        return jax.lax.cond(new > accuracy**2 * first, forward, lambda c: c, carry)

    def unfinished(carry: tuple) -> Array:
        return (carry[0] < SOLVER_ITERATIONS) & carry[-1]

    # the preconditioner's first answer comes from within the loop, so that it is compiled once
    zero, endless = jax.tree.map(jnp.zeros_like, right), jnp.full((), jnp.inf, jnp.float32)
    begun = (jnp.zeros((), jnp.int32), zero, right, zero, endless, endless, True)
    done = jax.lax.while_loop(unfinished, body, begun)
    return done[1], done[0]


def _ridge(problem: Problem, spec: Spec, linear: Linear, damping: Array) -> Unknowns:
    """What damping adds to the diagonal."""
    diagonal = damping * jnp.diagonal(linear.blocks, axis1=1, axis2=2)
    shape = diagonal[:, 3:]
    if spec.tied:
        shape = jax.ops.segment_sum(shape, problem.shape_of, problem.free_shape.shape[0])
    return diagonal[:, :3], shape, jnp.zeros_like(problem.free_background)


def dot(a: Unknowns, b: Unknowns, on: ModuleType = jnp) -> Array:
    """Inner product of unknowns."""
    return on.vdot(a[0], b[0]) + on.vdot(a[1], b[1]) + on.vdot(a[2], b[2])


def _axpy(a: Array | float, x: Unknowns, y: Unknowns) -> Unknowns:
    return jax.tree.map(lambda i, j: a * i + j, x, y)


def _times(x: Unknowns, y: Unknowns) -> Unknowns:
    return jax.tree.map(jnp.multiply, x, y)
