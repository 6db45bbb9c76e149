"""Lines and arrows over an image, and how the browser gets them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from temwidgets.widgets.views.colormaps import rgb


class Lines(NamedTuple):
    """A set of segments (n, 4) as y0, x0, y1, x1; colours uint8 (n or 1, 4); width in screen px."""

    segments: np.ndarray
    colours: np.ndarray
    width: float
    heads: bool
    shown: bool


def rgba(colours: Any, count: int) -> np.ndarray:
    """Return a colour, or one for each of `count` segments, (1 or count, 4) uint8."""
    if isinstance(colours, str):
        return np.array([[*rgb(colours), 255]], np.uint8)
    table = np.asarray(colours, np.uint8)
    table = table[None] if table.ndim == 1 else table
    if table.ndim != 2 or table.shape[1] != 4 or len(table) not in (1, count):
        raise ValueError(
            'Colours are "#rrggbb", or red, green, blue, alpha from 0 to 255, once or for each of'
            f" the {count} segments, but shape {np.shape(colours)} came."
        )
    return table


def line_ends(made: Lines) -> dict[str, Any]:
    """Make a record of those that have ends, relative to one of them: float32 is enough then."""
    finite = np.isfinite(made.segments).all(axis=1)
    ends = made.segments[finite]
    origin = ends[0, :2] if len(ends) else np.zeros(2)
    colours = made.colours if len(made.colours) == 1 else made.colours[finite]
    return {
        "ends": (ends - np.tile(origin, 2))[:, [1, 0, 3, 2]].astype(np.float32).tobytes(),
        "colours": np.ascontiguousarray(colours).tobytes(),
        "origin": origin.tolist(),
    }
