"""Bins of the windowed Fourier transform round every pixel of an image.

A bin is the correlation of the image with window times carrier. Both are products of a factor along
y and one along x: down the columns it is a product with a banded matrix, along the rows one Fourier
transform each way.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.fft

_BLOCK = 2**20  # complex numbers of a block: 8 MB, what a core's cache holds
GAUSSIAN_SIGMAS = 6.0  # sides of a "gaussian" window in its sigmas


class Box(NamedTuple):
    """Bins round a spot of a windowed transform."""

    weights: tuple[np.ndarray, np.ndarray]  # window along y and x
    first: tuple[int, int]  # bin (y, x) of the box's first corner, in cycles per window
    shape: tuple[int, int]  # bins along y and x


class Plan(NamedTuple):
    """Arrays that the bins of any rows are made with."""

    padded: jax.Array  # (y, x) the image between rows and columns of zeros
    down: jax.Array  # (2, ky * row, y) real and imaginary part, band of one block of rows
    along: jax.Array  # (kx, x) transfer along the rows
    shape: tuple[int, int]  # pixels that bins are made for
    box: tuple[int, int]
    stride: int
    rows: int  # of a block


def window_weights(size: int, shape: str) -> np.ndarray:
    """Weights of a window of `size` pixels; pixel ``size // 2`` is the one it stands for.

    The von Hann window is cos²(pi u / size), u pixels from there: for even sizes its first weight
    is 0 and it is even about its pixel, as are all windows of odd sizes.
    """
    u = np.arange(size) - size // 2
    if shape == "hann":
        return np.cos(np.pi * u / size) ** 2
    if shape == "gaussian":
        return np.exp(-0.5 * (GAUSSIAN_SIGMAS * u / size) ** 2)
    return np.ones(size)


def carriers(weights: np.ndarray, first: int, count: int) -> np.ndarray:
    """Window times carrier (bin, size) of `count` bins from `first`, complex."""
    size = weights.size
    turns = np.outer(first + np.arange(count), np.arange(size) - size // 2) / size
    return weights * np.exp(-2j * np.pi * turns)


def plan(image: np.ndarray, box: Box, stride: int = 1) -> Plan:
    """Prepare the bins of `box` at every `stride`-th pixel of an image (y, x) without NaN.

    Beyond its edges the image is taken for 0.
    """
    height, width = image.shape
    size, wide = (w.size for w in box.weights)
    length = scipy.fft.next_fast_len(width + wide // 2)
    rows = max(1, _BLOCK // (box.shape[0] * box.shape[1] * length))
    shape = -(-height // stride), -(-width // stride)
    rows = min(rows, shape[0])
    last = -(-shape[0] // rows) * rows
    padded = np.zeros(((last - 1) * stride + size, length), np.float32)
    padded[size // 2 : size // 2 + height, :width] = image
    vertical = carriers(box.weights[0], box.first[0], box.shape[0])
    band = np.zeros((box.shape[0], rows, (rows - 1) * stride + size), complex)
    for row in range(rows):
        band[:, row, row * stride : row * stride + size] = vertical
    band = band.reshape(-1, band.shape[2])
    horizontal = np.zeros((box.shape[1], length), complex)
    place = (np.arange(wide) - wide // 2) % length
    horizontal[:, place] = carriers(box.weights[1], box.first[1], box.shape[1])
    return Plan(
        jnp.asarray(padded),
        jnp.asarray(np.stack([band.real, band.imag]), jnp.float32),
        jnp.asarray(length * scipy.fft.ifft(horizontal), jnp.complex64),
        shape,
        box.shape,
        stride,
        rows,
    )


def bin_power(plan: Plan, block: int) -> jax.Array:
    """|bin|² (ky, kx, pixel) of the pixels of one block of rows, row by row.

    The last block may reach beyond the image.
    """
    start = block * plan.rows * plan.stride
    cols = (plan.shape[1], plan.stride)
    return _power(plan.padded, plan.down, plan.along, start, plan.box, cols)


def blocks(plan: Plan) -> int:
    """Number of blocks of rows."""
    return -(-plan.shape[0] // plan.rows)


@partial(jax.jit, static_argnames=("box", "cols"))
def _power(
    padded: jax.Array,
    down: jax.Array,
    along: jax.Array,
    start: jax.Array | int,
    box: tuple[int, int],
    cols: tuple[int, int],
) -> jax.Array:
    count, stride = cols
    piece = jax.lax.dynamic_slice_in_dim(padded, start, down.shape[2])
    real, imag = (jnp.matmul(part, piece, precision="highest") for part in down)
    lines = jax.lax.complex(real, imag).reshape(box[0], -1, padded.shape[1])
    spectrum = jnp.fft.fft(lines)
    # (ky, kx, row, x)
    bins = jnp.fft.ifft(spectrum[:, None] * along[None, :, None])
    bins = bins[..., : (count - 1) * stride + 1 : stride]
    return (bins.real**2 + bins.imag**2).reshape(*box, -1)
