"""Fit a two-dimensional Gaussian to the bins of many spots at once (Levenberg-Marquardt).

The model is ``s + b``, ``log s = log a - (P_yy dy² + 2 P_yx dy dx + P_xx dx²) / 2`` with (dy, dx)
from the centre: amplitude a, centre, precision matrix P (two widths and a rotation), offset b. A
step is taken in the coefficients of log s, a polynomial; all that it needs are moments of s², s and
s times the residual, and moments are products with one fixed matrix (the normal equations of Moré,
in Numerical Analysis, Lecture Notes in Mathematics 630 (1978) 105, for this model).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from temwidgets.kernels.fourier.small_solve import solve_small

PARAMETERS = 7
ITERATIONS = 40
NARROWEST, WIDEST = 0.3, 1.0  # bounds of the widths: in bins, and in half sides of the box
SETTLED = 1e-4  # fall of the cost still promised, over the variance of the residuals
STILL = 2e-5  # or a step below this, in bins and as a part of the amplitude
_FIRST, _LEAST, _MOST = 1e-3, 1e-7, 1e7  # damping
_FREE = 0.1  # damping above which a short step says nothing
_POWERS = np.array([(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)])  # of dy, dx in log s

Array = jax.Array
Axes = tuple[np.ndarray, np.ndarray]


class Gaussian(NamedTuple):
    """Parameters of spots (each (n,)); bins from the middle of the box."""

    log_amplitude: Array
    y: Array
    x: Array
    p_yy: Array
    p_yx: Array
    p_xx: Array
    offset: Array


class SpotFit(NamedTuple):
    """What the fit of spots found; each (n,)."""

    spot: Gaussian
    y_std: Array
    x_std: Array
    log_amplitude_std: Array
    cost: Array  # sum of squared residuals
    settled: Array  # bool
    widest: Array  # bool: a width is at its upper bound


class _Sums(NamedTuple):
    """Moments (power of y, power of x, n) about the middle of the box, in half sides of it."""

    square: Array  # of s², to the fourth powers
    plain: Array  # of s, to the second
    residual: Array  # of s times residual, to the second
    left: Array  # (n,) sum of residuals
    cost: Array


class _State(NamedTuple):
    spot: Gaussian
    sums: _Sums
    damping: Array
    active: Array
    settled: Array
    number: Array


@jax.jit
def fit_spots(bins: Array, start: Gaussian) -> SpotFit:
    """Fit spots by least squares, every bin of the box with the same weight.

    Parameters
    ----------
    bins : Array, (ky, kx, n)
        Amplitudes (or their logarithms) of n boxes.
    start : Gaussian
        Where to begin; inside the bounds.

    Returns
    -------
    SpotFit
        Standard errors are those of independent bins with the variance of the residuals, as
        `scipy.optimize.curve_fit` gives them. Widths stop at their bounds; a centre that would
        leave the box does not settle.
    """
    axes = _axis(bins.shape[0]), _axis(bins.shape[1])
    flat = bins.reshape(-1, bins.shape[2])
    scale = jnp.maximum(jnp.abs(flat).max(0), 1e-30)
    flat = flat / scale
    start = _scaled(start, 1 / scale)
    none = jnp.zeros(scale.shape, bool)
    state = _State(
        start,
        _sums(start, flat, axes),
        jnp.full_like(scale, _FIRST),
        jnp.isfinite(flat).all(0),
        none,
        jnp.array(0),
    )
    state = jax.lax.while_loop(
        lambda now: now.active.any() & (now.number < ITERATIONS),
        partial(_step, flat=flat, axes=axes),
        state,
    )
    return _finished(state, scale, axes)


def _axis(size: int) -> np.ndarray:
    return np.arange(size, dtype=np.float32) - (size - 1) / 2


def _scaled(spot: Gaussian, scale: Array) -> Gaussian:
    return spot._replace(
        log_amplitude=spot.log_amplitude + jnp.log(scale), offset=spot.offset * scale
    )


def _sums(spot: Gaussian, flat: Array, axes: Axes) -> _Sums:
    dy, dx = axes[0][:, None] - spot.y, axes[1][:, None] - spot.x
    lines = spot.log_amplitude - 0.5 * spot.p_yy * dy**2
    power = lines[:, None] - ((spot.p_yx * dy)[:, None] + 0.5 * spot.p_xx * dx) * dx
    s = jnp.exp(power).reshape(flat.shape)
    residual = flat - s - spot.offset
    return _Sums(
        _moments(s * s, axes, 4),
        _moments(s, axes, 2),
        _moments(s * residual, axes, 2),
        residual.sum(0),
        (residual**2).sum(0),
    )


def _moments(values: Array, axes: Axes, degree: int) -> Array:
    powers = np.arange(degree + 1)[:, None]
    # in half sides, so that sums stay alike in size
    y, x = ((axis / axis[-1]) ** powers for axis in axes)
    rows = np.einsum("jy,kx->jkyx", y, x).reshape((degree + 1) ** 2, -1)
    sums = jnp.matmul(rows.astype(np.float32), values, precision="highest")
    return sums.reshape(degree + 1, degree + 1, -1)


def _about(table: Array, spot: Gaussian, axes: Axes) -> Array:
    """Moments about the centre, in bins, from those about the middle in half sides."""
    half_y, half_x = axes[0][-1], axes[1][-1]
    table = _shift(table, spot.y / half_y)
    table = jnp.swapaxes(_shift(jnp.swapaxes(table, 0, 1), spot.x / half_x), 0, 1)
    powers = np.arange(len(table))
    return table * np.outer(half_y**powers, half_x**powers)[..., None]


def _shift(table: Array, by: Array) -> Array:
    """Moments of (t - by)^j from those of t^j."""
    for low in range(1, len(table)):
        table = jnp.concatenate([table[:low], table[low:] - by * table[low - 1 : -1]])
    return table


def _normal(state: _State, axes: Axes) -> tuple[Array, Array]:
    """Normal matrix (7, 7, n) and right side (7, n).

    Unknowns are the coefficients of log s about the centre, and b.
    """
    sums = state.sums
    square, plain, residual = (
        _about(table, state.spot, axes) for table in (sums.square, sums.plain, sums.residual)
    )
    both = _POWERS[:, None] + _POWERS
    border = plain[_POWERS[:, 0], _POWERS[:, 1]]
    number = jnp.full_like(sums.cost, axes[0].size * axes[1].size)[None]
    matrix = jnp.concatenate([square[both[..., 0], both[..., 1]], border[:, None]], axis=1)
    matrix = jnp.concatenate([matrix, jnp.concatenate([border, number])[None]])
    right = jnp.concatenate([residual[_POWERS[:, 0], _POWERS[:, 1]], sums.left[None]])
    return matrix, right


def _step(state: _State, flat: Array, axes: Axes) -> _State:
    matrix, right = _normal(state, axes)
    change = solve_small(matrix, right[:, None], state.damping)[:, 0]
    spot = _bounded(_moved(state.spot, change), axes)
    allowed = _inside(spot, axes)
    spot = jax.tree.map(partial(jnp.where, allowed), spot, state.spot)
    sums = _sums(spot, flat, axes)
    better = state.active & allowed & (sums.cost <= state.sums.cost)
    variance = state.sums.cost / (flat.shape[0] - PARAMETERS)
    step = jnp.maximum(jnp.abs(spot.y - state.spot.y), jnp.abs(spot.x - state.spot.x))
    done = (change * right).sum(0) <= SETTLED * variance
    done |= jnp.maximum(step, jnp.abs(change[0])) < STILL
    done &= state.active & allowed & (state.damping < _FREE)
    damping = jnp.where(better, state.damping / 10, state.damping * 10)
    spot, sums = jax.tree.map(partial(jnp.where, better), (spot, sums), (state.spot, state.sums))
    return _State(
        spot,
        sums,
        jnp.maximum(damping, _LEAST),
        state.active & ~done & (damping < _MOST),
        state.settled | done,
        state.number + 1,
    )


def _moved(spot: Gaussian, change: Array) -> Gaussian:
    """Parameters after a change of the coefficients of log s, and of b."""
    up, y, x, yy, yx, xx, offset = change
    p_yy, p_yx, p_xx = spot.p_yy - 2 * yy, spot.p_yx - yx, spot.p_xx - 2 * xx
    determinant = p_yy * p_xx - p_yx**2
    dy, dx = (p_xx * y - p_yx * x) / determinant, (p_yy * x - p_yx * y) / determinant
    height = spot.log_amplitude + up + 0.5 * (y * dy + x * dx)
    return Gaussian(height, spot.y + dy, spot.x + dx, p_yy, p_yx, p_xx, spot.offset + offset)


def _bounded(spot: Gaussian, axes: Axes) -> Gaussian:
    """Bring both widths to the bounds, where they are beyond."""
    mean, spread = _eigenvalues(spot)
    low, high = (
        jnp.clip(v, _least_precision(axes), NARROWEST**-2) for v in (mean - spread, mean + spread)
    )
    part = (high - low) / 2 / jnp.maximum(spread, 1e-30)
    level = (high + low) / 2
    return spot._replace(
        p_yy=level + part * (spot.p_yy - mean),
        p_xx=level + part * (spot.p_xx - mean),
        p_yx=part * spot.p_yx,
    )


def _eigenvalues(spot: Gaussian) -> tuple[Array, Array]:
    """Mean of the eigenvalues of P, and half their difference."""
    mean = (spot.p_yy + spot.p_xx) / 2
    return mean, jnp.hypot((spot.p_yy - spot.p_xx) / 2, spot.p_yx)


def _least_precision(axes: Axes) -> float:
    return (WIDEST * max(len(axis) for axis in axes) / 2) ** -2


def _inside(spot: Gaussian, axes: Axes) -> Array:
    """Tell whether the centre is in the box; NaN is not."""
    reach_y, reach_x = (len(axis) / 2 for axis in axes)
    return (jnp.abs(spot.y) < reach_y) & (jnp.abs(spot.x) < reach_x)


def _finished(state: _State, scale: Array, axes: Axes) -> SpotFit:
    matrix, _ = _normal(state, axes)
    unit = jnp.eye(PARAMETERS, 3, dtype=scale.dtype)[..., None] * jnp.ones_like(scale)
    # of log a and of the linear coefficients of log s, which move the centre by P^-1
    spread = solve_small(matrix, unit)[:3]
    spot = state.spot
    inverse = jnp.array([[spot.p_xx, -spot.p_yx], [-spot.p_yx, spot.p_yy]])
    inverse = inverse / (spot.p_yy * spot.p_xx - spot.p_yx**2)
    centre = jnp.einsum("ijn,jkn,ikn->in", inverse, spread[1:, 1:], inverse)
    variance = state.sums.cost / (axes[0].size * axes[1].size - PARAMETERS)
    y_std, x_std, size_std = jnp.sqrt(variance * jnp.stack([*centre, spread[0, 0]]))
    mean, apart = _eigenvalues(spot)
    widest = mean - apart < 1.01 * _least_precision(axes)
    cost = state.sums.cost * scale**2
    spot = _scaled(spot, scale)
    return SpotFit(spot, y_std, x_std, size_std, cost, state.settled, widest)
