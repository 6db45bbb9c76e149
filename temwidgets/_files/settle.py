"""Bring what was found to (y, x) or (frame, y, x): lone frames, equal channels, reversed axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from temwidgets._files.found import Axis, Found
from temwidgets._files.lazy import is_lazy

# channels of a grey picture differ by a count or two after JPEG compression
_COLOUR_DIFFERENCE = 0.02
_ANNOTATION_SHARE = 0.01


def settle(found: Found) -> Found:
    """Return the dataset in a shape that an image can have, where it has one."""
    if found.image is not None:
        return found
    found = _grow_right(_without_lone_dims(found))
    return _grey(found) if found.kind == "colour" and not is_lazy(found.values) else found


def _without_lone_dims(found: Found) -> Found:
    values, axes = found.values, list(found.axes)
    for position in reversed(range(values.ndim)):
        if values.ndim > 2 and values.shape[position] == 1:
            values = values.squeeze(position)
            axes.pop(position)
    return replace(found, values=values, axes=tuple(axes))


def _grow_right(found: Found) -> Found:
    """Turn axes that count downwards, and take the machine's byte order."""
    values, axes = found.values, list(found.axes)
    for position, axis in enumerate(axes):
        if axis.scale < 0:
            values = np.flip(values, position)
            last = axis.offset + axis.scale * (values.shape[position] - 1)
            axes[position] = Axis(axis.name, -axis.scale, last, axis.units)
    if values.dtype.names is None and not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    values = values if is_lazy(values) else np.ascontiguousarray(values)
    return replace(found, values=values, axes=tuple(axes))


def _grey(found: Found) -> Found:
    """Take one channel when all are equal, but for a scale bar; leave true colour as it is."""
    values = found.values
    channels = values[..., :3] if values.shape[-1] >= 3 else values[..., :1]
    first = np.ascontiguousarray(channels[..., 0])
    span = float(np.ptp(first)) if first.size else 0.0
    difference = np.ptp(channels.astype(float), axis=-1)
    coloured = int((difference > _COLOUR_DIFFERENCE * span).sum())
    if coloured > _ANNOTATION_SHARE * first.size:
        return found
    doubt = f"{coloured} of {first.size} pixels are coloured (a scale bar or a label?)."
    return replace(found, values=first, axes=found.axes[:-1], doubt=doubt if coloured else "")
