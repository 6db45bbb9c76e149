"""Measure a spot in the windowed Fourier transform round every pixel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from temwidgets.kernels.fourier.sliding_bins import Box, bin_power, blocks, plan
from temwidgets.kernels.fourier.spot_fit import fit_spots
from temwidgets.kernels.fourier.spot_peak import find_peak, start_of

CHUNK = 1024  # spots fitted at once: their bins stay in a core's cache

FLOOR = 0.01  # of the top: what is below counts for noise where logarithms are fitted

HIGHEST = 1.5  # amplitude of a fitted spot over that of the strongest bin

CLEAR = 4  # bins from the spot to those that tell the noise, if the box has them
RING = 1.5  # bins: half the thickness of the ring that they lie on


class Method(NamedTuple):
    """How the place of a spot is found."""

    gaussian: bool  # by a Gaussian fitted to all bins of the box, else by parabolas at its top
    logarithm: bool  # of the amplitudes is what the Gaussian is fitted to


class Bins(NamedTuple):
    """What the bins (ky, kx) of a box are for, each bool."""

    allowed: np.ndarray  # the strongest of them is where the spot is looked for
    beside: np.ndarray  # hold noise like that under the spot


class Spots(NamedTuple):
    """Spots of n pixels."""

    y: np.ndarray  # bins from the middle of the box; NaN where not found
    x: np.ndarray
    amplitude: np.ndarray  # |bin| at the top
    sharpness_y: np.ndarray  # curvature of the log amplitude downwards, 1/bin²
    sharpness_x: np.ndarray
    noise: np.ndarray  # root mean square |bin| beside the spot
    found: np.ndarray  # bool


def noise_bins(away: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Choose bins that hold noise like that under a spot.

    Parameters
    ----------
    away : ndarray, (ky, kx)
        Distance from the spot in bins, the greater of those along y and x.
    off : ndarray, (ky, kx)
        Difference in |k| from the spot, in bins: amorphous material makes rings.
    """
    reach = min(CLEAR, away.max())
    return (away >= reach) & (np.abs(off) <= RING)


def map_spots(
    image: np.ndarray,
    box: Box,
    bins: Bins,
    method: Method,
    *,
    stride: int = 1,
    report: Callable[[float], None] | None = None,
) -> Spots:
    """Measure the spot in `box` at every `stride`-th pixel; each result is (y, x).

    Parameters
    ----------
    image : ndarray, (y, x)
        Without NaN; beyond its edges it is taken for 0.
    box : Box
        Window and bins.
    bins : Bins
        What they are for.
    method : Method
        How it is measured.
    report : callable, optional
        Told the fraction done; may raise to cancel.
    """
    made = plan(image, box, stride)
    parts, number = [], made.rows * made.shape[1]
    for block in range(blocks(made)):
        parts.append(measure_spots(bin_power(made, block), bins, method)._asdict())
        if report is not None:
            report((block + 1) / blocks(made))
    joined = {name: np.concatenate([part[name][:number] for part in parts]) for name in parts[0]}
    rows, cols = made.shape
    return Spots(**{name: v[: rows * cols].reshape(rows, cols) for name, v in joined.items()})


def measure_spots(power: jax.Array, bins: Bins, method: Method) -> Spots:
    """Measure spots in n boxes, |bin|² (ky, kx, n), in chunks of the same size."""
    count = power.shape[2]
    power = _padded(power)
    chunks = [
        _measure(_chunk(power, start), *bins, method) for start in range(0, power.shape[2], CHUNK)
    ]
    return Spots(*(np.concatenate(parts)[:count] for parts in zip(*chunks, strict=True)))


@jax.jit
def _padded(power: jax.Array) -> jax.Array:
    return jnp.pad(power, ((0, 0), (0, 0), (0, -power.shape[2] % CHUNK)))


@jax.jit
def _chunk(power: jax.Array, start: int) -> jax.Array:
    return jax.lax.dynamic_slice_in_dim(power, start, CHUNK, 2)


@partial(jax.jit, static_argnames="method")
def _measure(
    power: jax.Array, allowed: jax.Array, beside: jax.Array, method: Method
) -> tuple[jax.Array, ...]:
    peak = find_peak(power, allowed, beside)
    if not method.gaussian:
        return _spots(
            peak.is_peak,
            (peak.y, peak.x, jnp.exp(peak.log_amplitude), peak.curvature_y, peak.curvature_x),
            peak.noise,
        )
    data = jnp.sqrt(power)
    if method.logarithm:
        floor = jnp.maximum(peak.noise, FLOOR * jnp.exp(peak.log_amplitude))
        data = jnp.log(jnp.hypot(data, floor) + 1e-30)
    fit = fit_spots(data, start_of(peak, data, logarithm=method.logarithm))
    spot, strongest = fit.spot, jnp.exp(peak.log_amplitude)
    # something as wide as the box is no spot
    found, top, steep = fit.settled & ~fit.widest, jnp.exp(spot.log_amplitude), jnp.ones(())
    if method.logarithm:
        # log amplitudes are flatter by their height over the offset, and tell the top badly
        top, steep = strongest, top
    found &= top < HIGHEST * strongest
    values = spot.y, spot.x, top, steep * spot.p_yy, steep * spot.p_xx
    return _spots(found, values, peak.noise)


def _spots(
    found: jax.Array, values: tuple[jax.Array, ...], noise: jax.Array
) -> tuple[jax.Array, ...]:
    return (*(jnp.where(found, v, jnp.nan) for v in values), noise, found)
