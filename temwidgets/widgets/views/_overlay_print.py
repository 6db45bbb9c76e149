"""Lines, arrows and maps over an image, drawn without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.views._line_record import Lines
from temwidgets.widgets.views._map_record import Map
from temwidgets.widgets.views.colormaps import colour_table

_FINE = 2
_SPREAD = 0.45  # half the width of an arrow's head over its length
UNLIT = 0.12
"""Share of a map's opacity that values outside the lit range keep, as in the browser."""


class Stroke(NamedTuple):
    """A line in pixels of the picture, with an arrow head if it has one; alpha 0 to 1."""

    start: tuple[float, float]
    end: tuple[float, float]
    head: tuple[tuple[float, float], ...]
    colour: tuple[int, int, int]
    alpha: float
    width: float


def strokes(
    lines: Lines,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    width: int,
) -> Iterator[Stroke]:
    """Give the lines that are in the picture, `width` pixels wide (some 600 on screen)."""
    scale, unit = width / float(np.ptp(x_range)), width / 600
    ends = (lines.segments[:, [1, 0, 3, 2]] - np.array([x_range[0], y_range[0]] * 2)) * scale
    low, high = np.fmin(ends[:, :2], ends[:, 2:]), np.fmax(ends[:, :2], ends[:, 2:])
    size = np.array([width, float(np.ptp(y_range)) * scale])
    inside = np.isfinite(ends).all(axis=1) & (high >= 0).all(axis=1) & (low <= size).all(axis=1)
    longest = (4 + 3.2 * lines.width) * unit if lines.heads else 0.0
    for i in np.flatnonzero(inside):
        start, tip = ends[i, :2], ends[i, 2:]
        length = float(np.hypot(*(tip - start)))
        head = min(longest, length)
        along = (tip - start) / length if length > 0 else np.array([1.0, 0.0])
        base, side = tip - head * along, _SPREAD * head * np.array([-along[1], along[0]])
        corners = (tip, base + side, base - side) if head > 0 else ()
        red, green, blue, alpha = (int(v) for v in lines.colours[i % len(lines.colours)])
        yield Stroke(
            _pair(start), _pair(base), tuple(map(_pair, corners)), (red, green, blue),
            alpha / 255, lines.width * unit,
        )  # fmt: skip


def _pair(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def draw_strokes(picture: Image.Image, drawn: list[Stroke]) -> None:
    """Draw at twice the size on a transparent sheet and shrink it, for smooth lines."""
    if not drawn:
        return
    sheet = Image.new("RGBA", (picture.width * _FINE, picture.height * _FINE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(sheet)
    for stroke in drawn:
        colour = (*stroke.colour, round(255 * stroke.alpha))
        points = [(x * _FINE, y * _FINE) for x, y in (stroke.start, stroke.end)]
        pen.line(points, fill=colour, width=max(1, round(stroke.width * _FINE)))
        if stroke.head:
            pen.polygon([(x * _FINE, y * _FINE) for x, y in stroke.head], fill=colour)
    small = sheet.convert("RGBa").resize(picture.size, Image.Resampling.BOX).convert("RGBA")
    picture.paste(small, (0, 0), small)


def svg_stroke(stroke: Stroke) -> str:
    """Write a line, and its head, as SVG."""
    colour = "#{:02x}{:02x}{:02x}".format(*stroke.colour)
    (x0, y0), (x1, y1) = stroke.start, stroke.end
    line = f'<path d="M{x0:.2f} {y0:.2f}L{x1:.2f} {y1:.2f}" stroke="{colour}"'
    line += f' stroke-width="{stroke.width:.2f}" stroke-linecap="round"/>'
    corners = " ".join(f"{x:.2f},{y:.2f}" for x, y in stroke.head)
    head = f'<polygon points="{corners}" fill="{colour}"/>' if stroke.head else ""
    return f'<g opacity="{stroke.alpha:.2f}">{line}{head}</g>'


def lay_map(pixels: np.ndarray, made: Map, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Blend a map into a picture whose pixels lie at y and x; missing values leave it as it is."""
    rows, cols = pixel_grid(made.values).to_pixels(y, x)
    if not made.smooth:
        rows, cols = np.rint(rows), np.rint(cols)
    values = np.asarray(made.values.values, float)
    known = np.isfinite(values)
    share = _between(_between(known.astype(float), rows).T, cols).T
    total = _between(_between(np.where(known, values, 0.0), rows).T, cols).T
    shown = share >= 0.5
    shown &= ((rows >= -0.5) & (rows <= values.shape[0] - 0.5))[:, None]
    shown &= (cols >= -0.5) & (cols <= values.shape[1] - 0.5)
    low, high = made.limits
    level = np.divide(total, share, out=np.zeros_like(total), where=shown)
    t = np.clip((level - low) / ((high - low) or 1.0), 0, 1)
    toned = colour_table(made.colormap)[np.rint(t * 255).astype(int)]
    from_, until = made.lit or (-np.inf, np.inf)
    alpha = made.alpha * np.where((level >= from_) & (level < until), 1.0, UNLIT)[..., None]
    blended = np.rint(pixels * (1 - alpha) + toned * alpha).astype(np.uint8)
    return np.where(shown[..., None], blended, pixels)


def _between(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Linear interpolation along the first axis."""
    at = np.clip(index, 0, values.shape[0] - 1)
    first = np.minimum(at.astype(int), max(values.shape[0] - 2, 0))
    part = (at - first)[:, None]
    second = np.minimum(first + 1, values.shape[0] - 1)
    blended: np.ndarray = values[first] * (1 - part) + values[second] * part
    return blended
