"""The strongest bin of a box, its place between bins, and the noise round it."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from temwidgets.kernels.fourier.spot_fit import NARROWEST, Gaussian

FRAME = 2  # outermost bins of a box, from which the offset is guessed
_HALF = 0.5001  # of a bin, and rounding
_TINY = 1e-30

Array = jax.Array


class Peak(NamedTuple):
    """Strongest bins of n boxes, places in bins from the middle of the box."""

    y: Array
    x: Array
    log_amplitude: Array
    curvature_y: Array  # of the log amplitude, downwards
    curvature_x: Array
    is_peak: Array  # bool: no neighbour is higher
    noise: Array  # root mean square amplitude of the bins beside the spot


def find_peak(power: Array, allowed: Array, beside: Array) -> Peak:
    """Find the strongest bin among those allowed and refine it by parabolas of the log amplitude.

    Parameters
    ----------
    power : Array, (ky, kx, n)
        |bin|² of n boxes.
    allowed : Array of bool, (ky, kx)
        Where to look; the bins of the rim are never looked at, for they lack a neighbour.
    beside : Array of bool, (ky, kx)
        Bins that hold noise like that under the spot.

    Notes
    -----
    The vertex of the parabola through three log amplitudes is exact for a Gaussian window
    (Gasior & Gonzalez, AIP Conf. Proc. 732 (2004) 276). Noise is the geometric mean of the bins
    beside: power of noise is distributed exponentially, its mean is exp(Euler's constant) of that,
    and the tail of a spot does not spoil it.
    """
    height, width, _ = power.shape
    inner = jnp.where(allowed[1:-1, 1:-1, None], power[1:-1, 1:-1], -1.0)
    chosen = jnp.argmax(inner.reshape((height - 2) * (width - 2), -1), axis=0)
    row, col = chosen // (width - 2) + 1, chosen % (width - 2) + 1
    log = 0.5 * jnp.log(jnp.maximum(power, _TINY))
    flat = log.reshape(height * width, -1)

    def at(down: int, right: int) -> Array:
        return jnp.take_along_axis(flat, ((row + down) * width + col + right)[None], 0)[0]

    top = at(0, 0)
    y, up_y, curved_y = _vertex(at(-1, 0), top, at(1, 0))
    x, up_x, curved_x = _vertex(at(0, -1), top, at(0, 1))
    is_peak = (jnp.abs(y) < _HALF) & (jnp.abs(x) < _HALF)
    noise = jnp.where(beside[..., None], log, 0.0).sum((0, 1)) / beside.sum()
    return Peak(
        row + y - (height - 1) / 2,
        col + x - (width - 1) / 2,
        top + up_y + up_x,
        curved_y,
        curved_x,
        is_peak,
        jnp.exp(noise + np.euler_gamma / 2),
    )


def _vertex(before: Array, top: Array, after: Array) -> tuple[Array, Array, Array]:
    """Offset of the vertex, its height over the middle, and the curvature downwards."""
    curvature = 2 * top - before - after
    slope = (after - before) / 2
    offset = jnp.where(curvature > 0, slope / jnp.maximum(curvature, _TINY), jnp.inf)
    return offset, 0.5 * jnp.where(jnp.abs(offset) < 1, slope * offset, 0.0), curvature


def _frame_mean(values: Array) -> Array:
    height, width, _ = values.shape
    frame = np.ones((height, width), bool)
    frame[FRAME:-FRAME, FRAME:-FRAME] = False
    return values[np.nonzero(frame)].mean(0)


def start_of(peak: Peak, data: Array, *, logarithm: bool) -> Gaussian:
    """Where to begin a fit of `data` (ky, kx, n), amplitudes or their logarithms.

    The offset is the mean of the frame, and the precision makes the curvature at the top right.
    """
    offset = _frame_mean(data)
    size = jnp.exp(peak.log_amplitude)
    top, slope = (peak.log_amplitude, 1.0) if logarithm else (size, size)
    height = jnp.maximum(top - offset, 1e-3 * jnp.abs(top) + _TINY)
    half_y, half_x = ((size - 1) / 2 for size in data.shape[:2])
    least, most = 1.1 / max(half_y, half_x) ** 2, 0.9 / NARROWEST**2
    p_yy, p_xx = (
        jnp.clip(curvature * slope / height, least, most)
        for curvature in (peak.curvature_y, peak.curvature_x)
    )
    return Gaussian(
        jnp.log(height),
        jnp.clip(peak.y, -half_y, half_y),
        jnp.clip(peak.x, -half_x, half_x),
        p_yy,
        jnp.zeros_like(p_yy),
        p_xx,
        offset,
    )
