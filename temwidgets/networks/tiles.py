"""Apply a network to an image of any size: overlapping tiles, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

Model = Any
Report = Callable[[float], None]

_TILE = 512  # px: images up to this are done at once
_MARGIN = 64  # px: what a network sees of the surroundings


@eqx.filter_jit
def _apply(model: Model, channels: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[0], model(channels[None]))


def apply(model: Model, channels: np.ndarray, *, report: Report | None = None) -> Any:
    """Apply a network to an image of any size.

    Parameters
    ----------
    model : equinox.Module
        Maps (1, y, x, channel) to arrays: maps (1, y / cell, x / cell, ...) or numbers (1,).
        ``model.cell`` is the side of a cell, px.
    channels : ndarray, (y, x, channel)
        Zeros are added at the end of each side, to one of few sizes; mirror the image to a multiple
        of 64 px first where zeros would mislead the network.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    The same structure as from the model, without the first dim: maps (ceil(y / cell),
    ceil(x / cell), ...), put together from the middles of the tiles, and the medians of numbers.
    """
    cell = model.cell
    ny, nx = channels.shape[:2]
    padded = _pad(channels, (_rounded(ny), _rounded(nx)))
    tiles = list(product(*(_spans(n) for n in padded.shape[:2])))
    wholes: list[Any] = []
    structure = None
    for number, (rows, cols) in enumerate(tiles):
        parts, structure = jax.tree.flatten(_apply(model, padded[rows.seen, cols.seen]))
        if not wholes:
            wholes = [_whole(part, padded.shape, cell) for part in parts]
        for whole, part in zip(wholes, parts, strict=True):
            if isinstance(whole, list):
                whole.append(float(part))
            else:
                inner = (_cells(rows.inner, cell), _cells(cols.inner, cell))
                whole[_cells(rows.core, cell), _cells(cols.core, cell)] = np.asarray(part)[inner]
        if report:
            report((number + 1) / len(tiles))
    keep = (slice(0, -(-ny // cell)), slice(0, -(-nx // cell)))
    done = [float(np.median(w)) if isinstance(w, list) else w[keep] for w in wholes]
    return jax.tree.unflatten(structure, done)


def _whole(part: Any, shape: tuple[int, ...], cell: int) -> Any:
    """Room for the whole of what a part is: a map, or a list of numbers."""
    if part.ndim < 2:
        return []
    return np.zeros((shape[0] // cell, shape[1] // cell, *part.shape[2:]), np.float32)


class _Span(NamedTuple):
    seen: slice  # of the image
    core: slice  # of the image: what this tile answers for
    inner: slice  # the same within the tile


def _spans(size: int) -> list[_Span]:
    if size <= _TILE:
        whole = slice(0, size)
        return [_Span(whole, whole, whole)]
    step = _TILE - 2 * _MARGIN
    count = -(-(size - 2 * _MARGIN) // step)
    spans = []
    for k in range(count):
        start = min(k * step, size - _TILE)
        low = 0 if k == 0 else start + _MARGIN
        high = size if k == count - 1 else start + _TILE - _MARGIN
        inner = slice(low - start, high - start)
        spans.append(_Span(slice(start, start + _TILE), slice(low, high), inner))
    return spans


def _cells(pixels: slice, cell: int) -> slice:
    return slice(pixels.start // cell, pixels.stop // cell)


def _rounded(size: int) -> int:
    """Round up to one of few sizes, lest each image compile anew."""
    step = 32 if size <= 256 else 64
    return -(-size // step) * step


def _pad(channels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pad with zeros: no signal, not known."""
    ny, nx = channels.shape[:2]
    return np.pad(channels, [(0, shape[0] - ny), (0, shape[1] - nx), (0, 0)])
