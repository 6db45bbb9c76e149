"""White paper to draw figures on, as SVG or as PNG; places and sizes are points (1/72 inch)."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from temwidgets.widgets.views._type import runs, svg_words

_FINE = 2
"""Times finer than asked that a PNG is drawn, for smooth edges."""

_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Share of the words that lies before their anchor."""


def width_of(words: str, size: float) -> float:
    """Return about how long words are in a type of `size` points."""
    return sum(run.length for run in runs(words, 40.0)) * size / 40.0


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
            f"{svg_words(words, size)}</text>"
        )

    def nest(self, place: Sequence[float], pixels: tuple[int, int], parts: list[str]) -> None:
        """Put in shapes that are drawn in pixels; `place` is left, top, width, height in points."""
        x, y, width, height = (f"{v:.2f}" for v in place)
        self._parts += [
            f'<svg x="{x}" y="{y}" width="{width}" height="{height}"'
            f' viewBox="0 0 {pixels[0]} {pixels[1]}">',
            *parts,
            "</svg>",
        ]

    def file(self) -> bytes:
        return "\n".join([*self._parts, "</svg>"]).encode()


class PngPaper(Paper):
    """Pixels that print at `dpi`."""

    def __init__(self, width: float, height: float, *, dpi: float, fine: int = _FINE) -> None:
        super().__init__(width, height)
        self._dpi, self._fine, self._scale = dpi, fine, fine * dpi / 72
        self._pictured = False
        size = (round(width * dpi / 72) * fine, round(height * dpi / 72) * fine)
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
        drawn = runs(words, size * self._scale)
        long = sum(run.length for run in drawn)
        high = 2 * size * self._scale
        stencil = Image.new("L", (int(long) + 2, int(2 * high)))
        pen, left = ImageDraw.Draw(stencil), 0.0
        for run in drawn:
            pen.text((left, int(high) - run.lift), run.text, 255, run.font, "ls")
            left += run.length
        before, at = _BEFORE[anchor] * long, (x * self._scale, y * self._scale)
        place = (round(at[0] - before), round(at[1]) - int(high))
        if upwards:
            stencil = stencil.transpose(Image.Transpose.ROTATE_90)
            place = (round(at[0]) - int(high), round(at[1] + before) - stencil.height)
        self._sheet.paste("black", place, stencil)

    def paste(self, left: int, top: int, pixels: np.ndarray) -> None:
        """Put a picture, uint8 (y, x, 3), at a pixel of the file; its pixels stay as they are."""
        fine = np.repeat(np.repeat(pixels, self._fine, axis=0), self._fine, axis=1)
        self._sheet.paste(Image.fromarray(fine), (left * self._fine, top * self._fine))
        self._pictured = True

    def file(self) -> bytes:
        out = io.BytesIO()
        whole = self._sheet.reduce(self._fine) if self._fine > 1 else self._sheet
        # the search for the smallest file takes seconds where there is a picture, and gains little
        whole.save(out, "PNG", dpi=(self._dpi, self._dpi), optimize=not self._pictured)
        return out.getvalue()

    def _pixels(self, points: np.ndarray) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in np.asarray(points) * self._scale]


def _joined(points: np.ndarray) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _paint(colour: str, opacity: float) -> tuple[int, int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue, round(255 * opacity)
