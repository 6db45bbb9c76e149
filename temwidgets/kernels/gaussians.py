"""Elliptical Gaussians in natural parameters.

A column is ``h exp(-d' S^-1 d / 2)`` with d the offset from its centre. Its logarithm is a
polynomial of second degree in the pixel offsets, so values, derivatives and Fisher blocks are all
products of the unit Gaussian E with one fixed matrix of monomials: every pass over the pixels is a
matrix product, and only E is kept.

A column has six parameters: height h, centre (dy, dx) relative to the middle of its window, and
the shape (m, e1, e2), the matrix logarithm of the covariance (log-Euclidean parameters):
``log S = 2 (m + E)``, ``E = [[e1, e2], [e2, -e1]]`` in (x, y) order. With eta = |e|,
sigma_major = exp(m + eta), sigma_minor = exp(m - eta), theta = atan2(e2, e1) / 2. They are smooth
at a round shape, where theta itself is undefined.
"""

from __future__ import annotations

from math import factorial

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array

# exponents of (v, u) = offsets along (y, x)
DEGREE_2 = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
DEGREE_4 = tuple((i, j) for i in range(5) for j in range(5 - i))
# PRODUCTS[a, b] is the place in DEGREE_4 of the product of monomials a and b of DEGREE_2
PRODUCTS = np.array(
    [[DEGREE_4.index((a[0] + b[0], a[1] + b[1])) for b in DEGREE_2] for a in DEGREE_2]
)

# sinh(t) / t by powers of t^2
_SINHC = [1 / factorial(2 * k + 1) for k in range(15)]


def monomials(half: int, exponents: tuple[tuple[int, int], ...], scale: float) -> np.ndarray:
    """Tabulate v^i u^j over a window of 2 half + 1 pixels; shape (exponents, pixels), float32.

    Offsets are divided by `scale`, which keeps single precision well conditioned.
    """
    axis = np.arange(-half, half + 1) / scale
    v, u = np.meshgrid(axis, axis, indexing="ij")
    return np.stack([(v**i * u**j).ravel() for i, j in exponents]).astype(np.float32)


def _cosh_sinhc(square: Array) -> tuple[Array, Array, Array, Array]:
    """cosh(t), sinh(t) / t and the latter's first two derivatives, all by t^2, from its square.

    Power series: no cancellation near a round shape and no branches. Exact in single precision up
    to t = 7.7, a column two thousand times longer than wide.
    """
    sinhc = first = second = jnp.zeros_like(square)
    for coefficient in _SINHC[::-1]:
        second = second * square + 2 * first
        first = first * square + sinhc
        sinhc = sinhc * square + coefficient
    return sinhc + 2 * square * first, sinhc, first, second


def precision(shape: Array) -> Array:
    """Inverse covariances (yy, yx, xx) from shape parameters (m, e1, e2); (..., 3) to (..., 3)."""
    m, e1, e2 = jnp.moveaxis(shape, -1, 0)
    cosh, sinhc, _, _ = _cosh_sinhc(4 * (e1**2 + e2**2))
    upright, across = 2 * e1 * sinhc, -2 * e2 * sinhc
    size = jnp.exp(-2 * m)[..., None]
    return size * jnp.stack([cosh + upright, across, cosh - upright], axis=-1)


def precision_slopes(shape: Array) -> tuple[Array, Array]:
    """First (..., 3, 3) and second (..., 3, 3, 3) derivatives of `precision`, shapes first."""
    m, e1, e2 = jnp.moveaxis(shape, -1, 0)
    cosh, sinhc, first, second = _cosh_sinhc(4 * (e1**2 + e2**2))
    size = jnp.exp(-2 * m)[..., None]

    def row(mean: Array, upright: Array, across: Array) -> Array:
        return size * jnp.stack([mean + upright, across, mean - upright], axis=-1)

    value = row(cosh, 2 * e1 * sinhc, -2 * e2 * sinhc)
    both = 16 * e1 * e2 * first
    by_1 = row(4 * e1 * sinhc, 2 * sinhc + 16 * e1**2 * first, -both)
    by_2 = row(4 * e2 * sinhc, both, -2 * sinhc - 16 * e2**2 * first)
    third = 128 * second
    along_1 = 4 * sinhc + 32 * e1**2 * first
    along_2 = 4 * sinhc + 32 * e2**2 * first
    by_11 = row(along_1, 48 * e1 * first + third * e1**3, -16 * e2 * first - third * e1**2 * e2)
    by_22 = row(along_2, 16 * e1 * first + third * e1 * e2**2, -48 * e2 * first - third * e2**3)
    by_12 = row(
        32 * e1 * e2 * first,
        16 * e2 * first + third * e1**2 * e2,
        -16 * e1 * first - third * e1 * e2**2,
    )
    firsts = jnp.stack([-2 * value, by_1, by_2], axis=-2)
    rows = [[4 * value, -2 * by_1, -2 * by_2], [-2 * by_1, by_11, by_12], [-2 * by_2, by_12, by_22]]
    return firsts, jnp.stack([jnp.stack(r, axis=-2) for r in rows], axis=-3)


def exponent(place_and_shape: Array, scale: float) -> Array:
    """Coefficients (..., 6) over DEGREE_2 of log E, from (dy, dx, m, e1, e2) in the last axis."""
    return exponent_of(place_and_shape[..., :2], precision(place_and_shape[..., 2:]), scale)


def exponent_of(place: Array, inverse: Array, scale: float) -> Array:
    """Coefficients (..., 6) of -d' P d / 2 from centres (..., 2) and any matrices P (yy, yx, xx).

    Linear in P, so that derivatives by the shape are those of P put in its place.
    """
    dy, dx = jnp.moveaxis(place, -1, 0)
    yy, yx, xx = jnp.moveaxis(inverse, -1, 0)
    linear_y = yy * dy + yx * dx
    linear_x = yx * dy + xx * dx
    constant = -(dy * linear_y + dx * linear_x) / 2
    return jnp.stack(
        [
            constant,
            scale * linear_y,
            scale * linear_x,
            -(scale**2) * yy / 2,
            -(scale**2) * yx,
            -(scale**2) * xx / 2,
        ],
        axis=-1,
    )


def by_place(place: Array, inverse: Array, scale: float) -> Array:
    """Derivatives (..., 2, 6) of `exponent_of` by dy and dx."""
    dy, dx = jnp.moveaxis(place, -1, 0)
    yy, yx, xx = jnp.moveaxis(inverse, -1, 0)
    zero = jnp.zeros_like(dy * yy)
    return jnp.stack(
        [
            jnp.stack([-(yy * dy + yx * dx), scale * yy, scale * yx, zero, zero, zero], axis=-1),
            jnp.stack([-(yx * dy + xx * dx), scale * yx, scale * xx, zero, zero, zero], axis=-1),
        ],
        axis=-2,
    )


def slopes(place_and_shape: Array, scale: float) -> Array:
    """Derivatives (..., 5, 6) of `exponent` by dy, dx, m, e1, e2."""
    place, shape = place_and_shape[..., :2], place_and_shape[..., 2:]
    first, _ = precision_slopes(shape)
    by_shape = exponent_of(place[..., None, :], first, scale)
    return jnp.concatenate([by_place(place, precision(shape), scale), by_shape], axis=-2)


def tangents(columns: Array, scale: float) -> Array:
    """Derivatives of many columns over the monomials.

    Parameters
    ----------
    columns : Array, (column, 6)
        h, dy, dx, m, e1, e2; lengths in px.
    scale : float
        The `scale` of `monomials`.

    Returns
    -------
    Array, (column, 6, 6)
        ``d(h E) / d(parameter) = E * (tangents @ monomials)``.
    """
    rest = columns[:, :1, None] * slopes(columns[:, 1:], scale)
    by_height = jnp.zeros_like(rest[:, :1]).at[:, 0, 0].set(1.0)
    return jnp.concatenate([by_height, rest], axis=1)
