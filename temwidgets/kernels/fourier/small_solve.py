"""Solve many small positive definite systems at once."""

from __future__ import annotations

import jax
import jax.numpy as jnp

_LEAST_PIVOT = 1e-6  # of a matrix with ones on its diagonal: float32 tells no less from 0


def solve_small(matrix: jax.Array, right: jax.Array, damping: jax.Array | float = 0.0) -> jax.Array:
    """Solve ``(M + damping diag M) X = R`` for n systems, those side by side in memory.

    Parameters
    ----------
    matrix : Array, (size, size, n)
        Symmetric and positive definite, so that elimination needs no pivoting.
    right : Array, (size, column, n)
        Right sides.
    damping : Array, (n,), or float
        As Levenberg and Marquardt have it.
    """
    size = matrix.shape[0]
    diagonal = jnp.arange(size)
    scale = jax.lax.rsqrt(jnp.maximum(matrix[diagonal, diagonal], 1e-30))
    scaled = matrix * scale * scale[:, None]
    scaled = scaled.at[diagonal, diagonal].add(damping)
    rows = jnp.concatenate([scaled, right * scale[:, None]], axis=1)

    def eliminate(k: jax.Array, rows: jax.Array) -> jax.Array:
        pivot = rows[k] / jnp.maximum(rows[k, k], _LEAST_PIVOT)
        return (rows - rows[:, k, None] * pivot).at[k].set(pivot)

    rows = jax.lax.fori_loop(0, size, eliminate, rows)
    return rows[:, size:] * scale[:, None]
