"""Take a step of the joint fit within the bounds."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels.normal_equations import Problem, Unknowns

Array = jax.Array


def move(problem: Problem, here: Unknowns, change: Unknowns) -> Unknowns:
    """Take a step, cut to what the linearisation can carry and to the bounds."""
    place_step, shape_step, background_step = change
    place_step = jnp.concatenate([place_step[:, :1], _cut(place_step[:, 1:], 1.0)], axis=1)
    moved = here[0] + place_step
    away = _cut(moved[:, 1:] - problem.start, problem.max_shift[:, None])
    place = jnp.concatenate([moved[:, :1], problem.start + away], axis=1)
    place = jnp.where(problem.free > 0, jnp.clip(place, problem.low, problem.high), here[0])
    frames = normal.local_frames(problem, here[1])
    turned = jnp.einsum("nij,nj->ni", frames, _cut(shape_step, 0.4))
    touched = jnp.any(problem.free_shape > 0, axis=1, keepdims=True)
    shape = jnp.where(touched, _clip_shape(problem, here[1] + turned), here[1])
    background = here[2] + background_step * problem.free_background
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
