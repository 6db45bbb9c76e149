"""Apply a network to an image of any size: overlapping tiles, blended, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

Model = Any
Report = Callable[[float], None]

_TILE = 512  # px: images up to this are done at once
_MARGIN = 64  # px: what the network sees of the surroundings


class Answer(NamedTuple):
    """Maps on the cells of an image."""

    probability: np.ndarray  # (y, x)
    offset: np.ndarray  # (y, x, 2), cells
    spacing: float  # px; mean over the image


@eqx.filter_jit
def _apply(model: Model, channels: Any) -> tuple[Any, Any, Any]:
    maps = model(channels[None])
    return jax.nn.sigmoid(maps.heat[0]), maps.offset[0], maps.log_spacing[0]


def apply(model: Model, channels: np.ndarray, *, report: Report | None = None) -> Answer:
    """Apply `model` to the channels (y, x, channel) of an image of any size."""
    cell = model.cell
    ny, nx = channels.shape[:2]
    # sides are padded to one of few sizes, so that not each image compiles anew
    padded = _pad(channels, (_rounded(ny), _rounded(nx)))
    cells = (padded.shape[0] // cell, padded.shape[1] // cell)
    probability = np.zeros(cells, np.float32)
    offset = np.zeros((*cells, 2), np.float32)
    spacings = []
    spans = [_spans(n) for n in padded.shape[:2]]
    total = len(spans[0]) * len(spans[1])
    for number, (rows, cols) in enumerate((r, c) for r in spans[0] for c in spans[1]):
        seen, core_y, core_x = padded[rows.seen, cols.seen], rows.core, cols.core
        yes, away, log_spacing = _apply(model, seen)
        inner = (_cells(rows.inner, cell), _cells(cols.inner, cell))
        at = (_cells(core_y, cell), _cells(core_x, cell))
        probability[at], offset[at] = np.asarray(yes)[inner], np.asarray(away)[inner]
        spacings.append(float(log_spacing))
        if report:
            report((number + 1) / total)
    keep = (slice(0, -(-ny // cell)), slice(0, -(-nx // cell)))
    return Answer(probability[keep], offset[keep], cell * float(np.exp(np.median(spacings))))


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
    """Round up: to 32 px while small, so that few sizes are compiled, and to whole tiles' grid."""
    step = 32 if size <= 256 else 64
    return -(-size // step) * step


def _pad(channels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pad with zeros: no signal, not known."""
    ny, nx = channels.shape[:2]
    return np.pad(channels, [(0, shape[0] - ny), (0, shape[1] - nx), (0, 0)])
