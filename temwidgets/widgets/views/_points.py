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

_OPAQUE, _FADED = 210, 0.4
"""Opacity of a point (of 255), and what is left of it beside selected ones."""


class Frame(NamedTuple):
    """Ranges shown."""

    x: tuple[float, float]
    y: tuple[float, float]


class Points:
    """Points of one frame in one colouring; selections are drawn over them without a new start.

    Parameters
    ----------
    x, y : ndarray, (point,)
        NaN and what lies outside the frame is not drawn.
    colours : ndarray of uint8, (point, 3)
        Colour of each point.
    frame : Frame
        Ranges shown.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, colours: np.ndarray, frame: Frame) -> None:
        width, height = SIZE
        self.inside = np.isfinite(x) & np.isfinite(y)
        self.radius = 5.0 if x.size <= _MOST else 3.0
        self.colours = colours
        self.col = _pixels(x, *frame.x, width)
        self.row = _pixels(-y, -frame.y[1], -frame.y[0], height)
        self.whole = np.zeros((height, width, 4), np.uint8)
        self._stamp(self.whole, self.inside, colours, _OPAQUE)

    def png(self, selected: np.ndarray, colour: tuple[int, int, int] | None = None) -> bytes:
        """Return a transparent PNG; the selected points lie on top and the others fade.

        Parameters
        ----------
        selected : ndarray of bool, (point,)
            These stand out, if there are any.
        colour : (red, green, blue), optional
            Colour of the selected points; their own when not given.
        """
        picture = self.whole.copy()
        if selected.any():
            picture[..., 3] = picture[..., 3] * np.float32(_FADED)
            colours = self.colours if colour is None else np.empty_like(self.colours)
            if colour is not None:
                colours[:] = colour
            self._stamp(picture, self.inside & selected, colours, 255)
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def _stamp(
        self, picture: np.ndarray, chosen: np.ndarray, colours: np.ndarray, opacity: int
    ) -> None:
        row, col = self.row[chosen], self.col[chosen]
        _stamp(picture, row, col, colours[chosen], opacity, self.radius)


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
