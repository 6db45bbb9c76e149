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


def monomials(half: int, exponents: tuple[tuple[int, int], ...], scale: float) -> np.ndarray:
    """Tabulate v^i u^j over a window of 2 half + 1 pixels; shape (exponents, pixels), float32.

    Offsets are divided by `scale`, which keeps single precision well conditioned.
    """
    axis = np.arange(-half, half + 1) / scale
    v, u = np.meshgrid(axis, axis, indexing="ij")
    return np.stack([(v**i * u**j).ravel() for i, j in exponents]).astype(np.float32)


def _cosh_sinhc(square: Array) -> tuple[Array, Array]:
    """cosh(t) and sinh(t) / t as smooth functions of t^2, derivatives included."""
    small = square < 1e-2
    t = jnp.sqrt(jnp.where(small, 1.0, square))
    cosh = jnp.where(small, 1 + square / 2 + square**2 / 24, jnp.cosh(t))
    sinhc = jnp.where(small, 1 + square / 6 + square**2 / 120, jnp.sinh(t) / t)
    return cosh, sinhc


def precision(shape: Array) -> tuple[Array, Array, Array]:
    """Inverse covariance (yy, yx, xx) from the shape parameters (m, e1, e2) of one column."""
    m, e1, e2 = shape
    cosh, sinhc = _cosh_sinhc(4 * (e1**2 + e2**2))
    size = jnp.exp(-2 * m)
    return size * (cosh + 2 * e1 * sinhc), -2 * size * e2 * sinhc, size * (cosh - 2 * e1 * sinhc)


def exponent(place_and_shape: Array, scale: float) -> Array:
    """Coefficients (6,) over DEGREE_2 of log E, from (dy, dx, m, e1, e2) of one column."""
    dy, dx = place_and_shape[:2]
    yy, yx, xx = precision(place_and_shape[2:])
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
        ]
    )


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
    slopes = jax.vmap(jax.jacfwd(lambda p: exponent(p, scale)))(columns[:, 1:])
    by_place = columns[:, :1, None] * jnp.swapaxes(slopes, 1, 2)
    by_height = jnp.zeros_like(by_place[:, :1]).at[:, 0, 0].set(1.0)
    return jnp.concatenate([by_height, by_place], axis=1)
