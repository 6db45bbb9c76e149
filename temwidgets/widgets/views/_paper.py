"""White paper to draw figures on, as SVG or as PNG; places and sizes are points (1/72 inch)."""

from __future__ import annotations

import io
import re
from abc import ABC, abstractmethod
from html import escape
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_FINE = 2
"""Times finer than asked that a PNG is drawn, for smooth edges."""

_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Share of the words that lies before their anchor."""


_RAISED = str.maketrans("²³", "23")


def width_of(words: str, size: float) -> float:
    """Return about how long words are in a type of `size` points."""
    return sum(font.getlength(part) for part, font, _ in _runs(words, 40.0)) * size / 40.0


class Paper(ABC):
    """A sheet of `width` by `height` points; x to the right, y downwards."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height

    @abstractmethod
    def polygon(self, points: np.ndarray, colour: str, opacity: float = 1.0) -> None:
        """Fill a polygon, points (n, 2)."""

    @abstractmethod
    def line(self, points: np.ndarray, colour: str, thickness: float, opacity: float = 1.0) -> None:
        """Draw through points (n, 2)."""

    @abstractmethod
    def dot(self, centre: np.ndarray, radius: float, colour: str, opacity: float) -> None:
        """Fill a circle."""

    @abstractmethod
    def words(
        self, x: float, y: float, words: str, size: float, anchor: str, *, upwards: bool = False
    ) -> None:
        """Write on a base line; `anchor` (start, middle, end) of the words lies at x, y."""

    @abstractmethod
    def file(self) -> bytes:
        """Return the file."""


class SvgPaper(Paper):
    """Everything as shapes and text that a drawing program can change."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(width, height)
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.2f}pt" height="{height:.2f}pt"'
            f' viewBox="0 0 {width:.2f} {height:.2f}" font-family="Helvetica, Arial, sans-serif">',
            f'<rect width="{width:.2f}" height="{height:.2f}" fill="white"/>',
        ]

    def polygon(self, points: np.ndarray, colour: str, opacity: float = 1.0) -> None:
        self._parts.append(
            f'<polygon points="{_joined(points)}" fill="{colour}" fill-opacity="{opacity:.3g}"/>'
        )

    def line(self, points: np.ndarray, colour: str, thickness: float, opacity: float = 1.0) -> None:
        self._parts.append(
            f'<polyline points="{_joined(points)}" fill="none" stroke="{colour}"'
            f' stroke-width="{thickness:.3g}" stroke-opacity="{opacity:.3g}"/>'
        )

    def dot(self, centre: np.ndarray, radius: float, colour: str, opacity: float) -> None:
        self._parts.append(
            f'<circle cx="{centre[0]:.2f}" cy="{centre[1]:.2f}" r="{radius:.3g}" fill="{colour}"'
            f' fill-opacity="{opacity:.3g}"/>'
        )

    def words(
        self, x: float, y: float, words: str, size: float, anchor: str, *, upwards: bool = False
    ) -> None:
        turn = f' transform="rotate(-90 {x:.2f} {y:.2f})"' if upwards else ""
        self._parts.append(
            f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size:.3g}" text-anchor="{anchor}"{turn}>'
            f"{escape(words)}</text>"
        )

    def file(self) -> bytes:
        return "\n".join([*self._parts, "</svg>"]).encode()


class PngPaper(Paper):
    """Pixels that print at `dpi`."""

    def __init__(self, width: float, height: float, *, dpi: float) -> None:
        super().__init__(width, height)
        self._dpi, self._scale = dpi, _FINE * dpi / 72
        size = (round(width * dpi / 72) * _FINE, round(height * dpi / 72) * _FINE)
        self._sheet = Image.new("RGB", size, "white")
        self._pen = ImageDraw.Draw(self._sheet, "RGBA")

    def polygon(self, points: np.ndarray, colour: str, opacity: float = 1.0) -> None:
        self._pen.polygon(self._pixels(points), fill=_paint(colour, opacity))

    def line(self, points: np.ndarray, colour: str, thickness: float, opacity: float = 1.0) -> None:
        wide = max(1, round(thickness * self._scale))
        self._pen.line(self._pixels(points), _paint(colour, opacity), wide, joint="curve")

    def dot(self, centre: np.ndarray, radius: float, colour: str, opacity: float) -> None:
        corners = np.stack([centre - radius, centre + radius])
        self._pen.ellipse(self._pixels(corners), fill=_paint(colour, opacity))

    def words(
        self, x: float, y: float, words: str, size: float, anchor: str, *, upwards: bool = False
    ) -> None:
        runs = _runs(words, size * self._scale)
        long = sum(font.getlength(part) for part, font, _ in runs)
        high = 2 * size * self._scale
        stencil = Image.new("L", (int(long) + 2, int(2 * high)))
        pen, left = ImageDraw.Draw(stencil), 0.0
        for part, font, raised in runs:
            pen.text((left, int(high) - raised), part, 255, font, "ls")
            left += font.getlength(part)
        before, at = _BEFORE[anchor] * long, (x * self._scale, y * self._scale)
        place = (round(at[0] - before), round(at[1]) - int(high))
        if upwards:
            stencil = stencil.transpose(Image.Transpose.ROTATE_90)
            place = (round(at[0]) - int(high), round(at[1] + before) - stencil.height)
        self._sheet.paste("black", place, stencil)

    def file(self) -> bytes:
        out = io.BytesIO()
        self._sheet.reduce(_FINE).save(out, "PNG", dpi=(self._dpi, self._dpi), optimize=True)
        return out.getvalue()

    def _pixels(self, points: np.ndarray) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in np.asarray(points) * self._scale]


def _runs(words: str, size: float) -> list[tuple[str, Any, float]]:
    """Return text, font and lift of each run: Pillow's font has no raised figures and no minus."""
    found = []
    for part in re.split("([²³]+)", words):
        raised = part.translate(_RAISED) != part
        font = ImageFont.load_default(0.65 * size if raised else size)
        text = part.translate(_RAISED).replace("−", "-")
        found.append((text, font, 0.35 * size if raised else 0.0))
    return found


def _joined(points: np.ndarray) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _paint(colour: str, opacity: float) -> tuple[int, int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue, round(255 * opacity)
