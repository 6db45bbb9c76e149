"""Weak priors of the joint fit, for what an image may not tell.

Where columns crowd, heights, widths and background trade against each other almost freely, and
where the model misfits (columns are not quite Gaussian) the trade would be made for the misfit's
sake. Shapes and background are therefore drawn weakly to their starts, and the background to
bending little. Weights are in units of the noise; what is left of the misfit beyond counting noise
is alike over a column, so that there a column counts as one datum, not each of its pixels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Leaf = Any  # NumPy until a jit takes it, JAX inside
Unknowns = tuple[Array, Array, Array]

BENDING = 0.5  # standard deviation of the background's second differences, of an image of order one
LEVEL = 0.5  # of the background round its start
SHAPE = 0.3  # of log sigma round its start
HIDDEN_HEIGHT = 1.0  # of heights seen by their tails alone, over a typical height
EXCESS = 1.2  # misfit over counting noise from where it is taken for real


class Prior(NamedTuple):
    """What the unknowns are drawn to; weights are inverse variances times `noise`."""

    noise: Leaf
    height: Leaf  # (N,)
    height_weight: Leaf  # (N,)
    shape: Leaf  # (T, 3)
    shape_weight: Leaf
    background: Leaf  # (a, b)
    background_weight: Leaf
    stiff_y: Leaf  # (a, a) penalty on second differences
    stiff_x: Leaf  # (b, b)


def bending(count: int, kind: str) -> np.ndarray:
    """Penalty matrix of second differences (Eilers & Marx, Statistical Science 11, 89 (1996))."""
    if kind != "smooth":
        return np.zeros((count, count), np.float32)
    second = np.diff(np.eye(count), 2, axis=0)
    return (second.T @ second / BENDING**2).astype(np.float32)


def noise_of(misfit: float, counting: float, area: float) -> float:
    """Noise that the priors are weighed by: all beyond counting noise is alike over `area` px."""
    return counting + max(misfit - EXCESS * counting, 0) * area


def value(prior: Prior, place: Array, shape: Array, background: Array) -> Array:
    """What the priors add to half the deviance."""
    _, _, bend = stiffness(prior, place, shape, background)
    away = background - prior.background
    bend -= prior.noise * prior.background_weight * background
    total = jnp.sum(prior.height_weight * (place[:, 0] - prior.height) ** 2)
    total += prior.shape_weight * jnp.sum((shape - prior.shape) ** 2)
    total += prior.background_weight * jnp.sum(away**2)
    return prior.noise * total / 2 + jnp.vdot(background, bend) / 2


def pull(prior: Prior, place: Array, shape: Array, background: Array) -> Unknowns:
    """Minus the gradient of `value`; shapes in (m, e1, e2)."""
    zero = jnp.zeros_like(place)
    here = stiffness(prior, place, shape, background)
    start = zero.at[:, 0].set(prior.height_weight * prior.height)
    return (
        prior.noise * start - here[0],
        prior.noise * prior.shape_weight * prior.shape - here[1],
        prior.noise * prior.background_weight * prior.background - here[2],
    )


def stiffness(prior: Prior, place: Array, shape: Array, background: Array) -> Unknowns:
    """Second derivatives of `value` times a step."""
    bend = prior.stiff_y @ background + background @ prior.stiff_x
    return (
        jnp.zeros_like(place).at[:, 0].set(prior.noise * prior.height_weight * place[:, 0]),
        prior.noise * prior.shape_weight * shape,
        prior.noise * (bend + prior.background_weight * background),
    )


def own_diagonal(prior: Prior, count: int) -> Array:
    """Second derivatives (N, 6) over each column's own height, place and shape."""
    height = (prior.noise * prior.height_weight)[:, None]
    return jnp.concatenate(
        [height, jnp.zeros((count, 2)), jnp.full((count, 3), prior.noise * prior.shape_weight)],
        axis=1,
    )


def background_matrix(prior: Prior) -> Array:
    """Second derivatives over the background's (a b) coefficients."""
    a, b = prior.background.shape
    bend = jnp.kron(prior.stiff_y, jnp.eye(b)) + jnp.kron(jnp.eye(a), prior.stiff_x)
    return prior.noise * (bend + prior.background_weight * jnp.eye(a * b))
