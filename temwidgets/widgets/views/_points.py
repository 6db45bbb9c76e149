"""Draw many points into one picture: 30,000 marks of a vector figure would take seconds."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

SIZE = (1000, 640)
"""Width and height of the picture in pixels, about twice what it takes on the screen."""

_MOST = 2000
"""Above so many points they are drawn smaller."""


class Frame(NamedTuple):
    """Ranges shown."""

    x: tuple[float, float]
    y: tuple[float, float]


def draw_points(
    x: np.ndarray, y: np.ndarray, colours: np.ndarray, selected: np.ndarray, frame: Frame
) -> bytes:
    """Return a transparent PNG with a disc at each point; selected points lie on top.

    Parameters
    ----------
    x, y : ndarray, (point,)
        NaN and what lies outside the frame is not drawn.
    colours : ndarray of uint8, (point, 3)
        Colour of each point.
    selected : ndarray of bool, (point,)
        These are drawn last; when there are any, the others fade.
    frame : Frame
        Ranges shown.
    """
    width, height = SIZE
    picture = np.zeros((height, width, 4), np.uint8)
    radius = 5.0 if x.size <= _MOST else 3.0
    inside = np.isfinite(x) & np.isfinite(y)
    col, row = _pixels(x, *frame.x, width), _pixels(-y, -frame.y[1], -frame.y[0], height)
    for group, opacity in ((~selected, 90 if selected.any() else 210), (selected, 255)):
        chosen = np.flatnonzero(group & inside)
        _stamp(picture, row[chosen], col[chosen], colours[chosen], opacity, radius)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def _pixels(values: np.ndarray, low: float, high: float, count: int) -> np.ndarray:
    places = (values - low) / (high - low) * count
    return np.where(np.abs(places) < 10 * count, places, -count)


def _stamp(
    picture: np.ndarray,
    row: np.ndarray,
    col: np.ndarray,
    colours: np.ndarray,
    opacity: int,
    radius: float,
) -> None:
    """Put a disc at each place, one offset of the disc at a time for all points together."""
    height, width = picture.shape[:2]
    reach = int(radius) + 1
    row, col = np.floor(row).astype(int), np.floor(col).astype(int)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            cover = np.clip(radius + 0.5 - np.hypot(dy, dx), 0, 1)
            if not cover:
                continue
            r, c = row + dy, col + dx
            ok = (r >= 0) & (r < height) & (c >= 0) & (c < width)
            r, c = r[ok], c[ok]
            alpha = np.uint8(opacity * cover)
            stronger = alpha >= picture[r, c, 3]
            picture[r[stronger], c[stronger], :3] = colours[ok][stronger]
            picture[r[stronger], c[stronger], 3] = alpha
