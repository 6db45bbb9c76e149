"""Passes over column windows, in chunks.

Columns are padded to a bucket so that a new number of them compiles nothing, and every pass loops
over the chunks that are really filled, so that padding costs no time. A chunk's pixels fit in the
processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array

CHUNK = 512


def bucket(count: int) -> int:
    """Smallest of 512, 2560, 10240, 40960, ... that holds `count` columns."""
    size = CHUNK
    while size < count:
        size *= 5 if size == CHUNK else 4
    return size


def pad_rows(array: np.ndarray, size: int, fill: float = 0) -> np.ndarray:
    """Lengthen the first axis of an array to `size` with `fill`."""
    padded = np.full((size, *array.shape[1:]), fill, array.dtype)
    padded[: len(array)] = array
    return padded


def gather(image: Array, corners: Array, width: int) -> Array:
    """Cut windows: (column, width * width) from an image and corners (column, 2)."""
    cut = jax.vmap(lambda c: jax.lax.dynamic_slice(image, (c[0], c[1]), (width, width)))
    return cut(corners).reshape(corners.shape[0], width * width)


def scatter_add(image: Array, windows: Array, corners: Array, width: int) -> Array:
    """Add windows (column, width * width) into an image at their corners.

    A loop of slice updates runs ten times faster on a processor than an indexed add.
    """
    tiles = windows.reshape(-1, width, width)

    def add(i: Array, total: Array) -> Array:
        at = (corners[i, 0], corners[i, 1])
        patch = jax.lax.dynamic_slice(total, at, (width, width)) + tiles[i]
        return jax.lax.dynamic_update_slice(total, patch, at)

    return jax.lax.fori_loop(0, tiles.shape[0], add, image)


def rows(array: Array, start: Array) -> Array:
    """The rows of one chunk."""
    return jax.lax.dynamic_slice_in_dim(array, start, CHUNK)


def add_chunks(
    chunks: Array, corners: Array, width: int, image: Array, pixels: Callable[[Array], Array]
) -> Array:
    """Add the windows ``pixels(start)`` of all filled chunks into `image`."""

    def body(k: Array, total: Array) -> Array:
        start = k * CHUNK
        return scatter_add(total, pixels(start), rows(corners, start), width)

    return jax.lax.fori_loop(0, chunks, body, image)


def map_chunks(chunks: Array, size: int, function: Callable[[Array], Array]) -> Array:
    """Collect ``function(start)`` of all filled chunks into one array of `size` rows."""
    form = jax.eval_shape(function, jax.ShapeDtypeStruct((), jnp.int32))
    result = jnp.zeros((size, *form.shape[1:]), form.dtype)

    def body(k: Array, total: Array) -> Array:
        start = k * CHUNK
        return jax.lax.dynamic_update_slice_in_dim(total, function(start), start, 0)

    return jax.lax.fori_loop(0, chunks, body, result)
