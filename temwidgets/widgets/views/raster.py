"""A view as an array of colours: for export, for documents, and to test the browser against."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from PIL import Image, ImageDraw, ImageFont

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.views._keys import Key
from temwidgets.widgets.views._line_record import Lines
from temwidgets.widgets.views._map_record import Map
from temwidgets.widgets.views._overlay_print import Stroke, draw_strokes, lay_map, strokes
from temwidgets.widgets.views._words import Words, draw_words
from temwidgets.widgets.views.scale_bar import length_label, round_length

_HALF_HEIGHT = float(np.sqrt(2 * np.log(2)))
_FINE = 2
_DIM = 0.45
_OUTSIDE = 255


class Spots(NamedTuple):
    """Markers: lengths, shapes (theta in radians), colours uint8 (n, 3), and which are selected."""

    x: np.ndarray
    y: np.ndarray
    shape: np.ndarray
    colours: np.ndarray
    filled: bool
    selected: np.ndarray
    chosen: tuple[int, int, int]
    diameter: float
    opacity: float
    spacing: float
    ellipses: bool


class Scene(NamedTuple):
    """All that is needed to draw a view without a browser."""

    image: xr.DataArray
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    limits: tuple[float, float]
    gamma: float
    table: np.ndarray
    smooth: bool
    scale_bar: bool
    spots: Spots | None
    lines: tuple[Lines, ...] = ()
    maps: tuple[Map, ...] = ()
    keys: tuple[Key, ...] = ()
    words: tuple[Words, ...] = ()
    letters: tuple[str, str] = ("x", "y")


class Outline(NamedTuple):
    """A marker in pixels of the picture."""

    x: float
    y: float
    major: float
    minor: float
    theta: float
    colour: tuple[int, int, int]
    filled: bool
    rim: bool
    alpha: float


def size_of(scene: Scene, width: int) -> tuple[int, int]:
    """Return height and width in pixels at equal scale along x and y."""
    across, down = np.ptp(scene.x_range), np.ptp(scene.y_range)
    return max(1, round(width * float(down / across))), width


def draw(scene: Scene, width: int) -> np.ndarray:
    """Draw image, markers and scale bar; uint8 (height, width, 3)."""
    picture = Image.fromarray(draw_image(scene, width))
    draw_strokes(picture, strokes_of(scene, width, heads=False))
    if scene.spots is not None:
        _draw_spots(picture, outlines(scene, width), width / 600)
    draw_strokes(picture, strokes_of(scene, width, heads=True))
    draw_words(picture, scene.words, scene.x_range, scene.y_range)
    if scene.scale_bar:
        _draw_bar(picture, scene)
    return np.asarray(picture)


def draw_image(scene: Scene, width: int) -> np.ndarray:
    """Draw image and maps alone, white outside its edges; uint8 (height, width, 3)."""
    height, width = size_of(scene, width)
    grid = pixel_grid(scene.image)
    x = _centres(scene.x_range, width)
    y = _centres(scene.y_range, height)
    rows, cols = grid.to_pixels(y, x)
    values = _sample(np.asarray(scene.image.values, np.float32), rows, cols, scene.smooth)
    low, high = scene.limits
    t = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0, 1) ** scene.gamma
    colours = scene.table[np.rint(t * 255).astype(int)]
    inside_y = (rows >= -0.5) & (rows <= grid.shape[0] - 0.5)
    inside_x = (cols >= -0.5) & (cols <= grid.shape[1] - 0.5)
    drawn = np.where((inside_y[:, None] & inside_x)[..., None], colours, np.uint8(_OUTSIDE))
    for made in scene.maps:
        drawn = lay_map(drawn, made, y, x)
    return drawn


def strokes_of(scene: Scene, width: int, *, heads: bool) -> list[Stroke]:
    """Return the arrows of a scene, or its lines without heads, in pixels of the picture."""
    chosen = [lines for lines in scene.lines if lines.shown and lines.heads == heads]
    return [s for lines in chosen for s in strokes(lines, scene.x_range, scene.y_range, width)]


def outlines(scene: Scene, width: int) -> list[Outline]:
    """Return the markers inside the picture, in its pixels (drawn on screen about 600 wide)."""
    spots = scene.spots
    if spots is None:
        return []
    scale = width / float(np.ptp(scene.x_range))
    px, py = (spots.x - scene.x_range[0]) * scale, (spots.y - scene.y_range[0]) * scale
    most = 0.3 * spots.spacing * scale if spots.spacing > 0 else np.inf
    radius = max(min(spots.diameter / 2 * width / 600, most), 0.8)
    sigma = float(np.median(spots.shape[:, 0])) if len(px) else 0.0
    large = spots.ellipses and sigma * _HALF_HEIGHT * scale > max(radius, 7 * width / 600)
    inside = (px > -radius) & (px < width + radius)
    inside &= (py > -radius) & (py < size_of(scene, width)[0] + radius)
    dimming = bool(spots.selected.any())
    found = []
    for i in np.flatnonzero(inside):
        major, minor, theta = spots.shape[i]
        ellipse = large and major > 0 and minor > 0
        axes = (major * _HALF_HEIGHT * scale, minor * _HALF_HEIGHT * scale, theta)
        chosen = bool(spots.selected[i])
        red, green, blue = (int(value) for value in spots.colours[i])
        colour = spots.chosen if chosen and not spots.filled else (red, green, blue)
        alpha = spots.opacity * (_DIM if dimming and not chosen else 1.0)
        filled = (spots.filled or chosen) and not ellipse
        a, b, turn = axes if ellipse else (radius, radius, 0.0)
        rim = chosen and spots.filled
        found.append(Outline(float(px[i]), float(py[i]), a, b, turn, colour, filled, rim, alpha))
    return found


def bar_of(scene: Scene, width: int) -> tuple[float, str]:
    """Return the scale bar's length in pixels and its label."""
    span = float(np.ptp(scene.x_range))
    length = round_length(0.25 * span)
    return length / span * width, length_label(length, pixel_grid(scene.image).units)


def _centres(span: tuple[float, float], count: int) -> np.ndarray:
    return span[0] + (np.arange(count) + 0.5) * (span[1] - span[0]) / count


def _sample(values: np.ndarray, rows: np.ndarray, cols: np.ndarray, smooth: bool) -> np.ndarray:
    """Pixels at fractional indices; several image pixels under one are averaged."""
    step = max(1, int(abs(rows[-1] - rows[0]) / max(len(rows) - 1, 1)))
    if step > 1:
        trimmed = values[: values.shape[0] // step * step, : values.shape[1] // step * step]
        blocks = trimmed.reshape(trimmed.shape[0] // step, step, trimmed.shape[1] // step, step)
        values = blocks.mean(axis=(1, 3))
        rows, cols = (rows + 0.5) / step - 0.5, (cols + 0.5) / step - 0.5
    if not (smooth or step > 1):
        return values[np.ix_(_nearest(rows, values.shape[0]), _nearest(cols, values.shape[1]))]
    return _between(_between(values, rows).T, cols).T


def _nearest(index: np.ndarray, size: int) -> np.ndarray:
    return np.clip(np.floor(index + 0.5).astype(int), 0, size - 1)


def _between(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Linear interpolation along the first axis."""
    at = np.clip(rows, 0, values.shape[0] - 1)
    first = np.minimum(at.astype(int), max(values.shape[0] - 2, 0))
    part = (at - first).astype(np.float32)[:, None]
    second = np.minimum(first + 1, values.shape[0] - 1)
    return values[first] * (1 - part) + values[second] * part


def _draw_spots(picture: Image.Image, spots: list[Outline], unit: float) -> None:
    """Draw at twice the size on a transparent sheet and shrink it, for smooth lines."""
    sheet = Image.new("RGBA", (picture.width * _FINE, picture.height * _FINE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(sheet)
    wide = max(1, round(1.5 * unit * _FINE))
    for spot in spots:
        colour = (*spot.colour, round(255 * spot.alpha))
        points = [(x * _FINE, y * _FINE) for x, y in contour(spot)]
        if spot.filled:
            pen.polygon(points, fill=colour)
        if spot.rim or not spot.filled:
            tone = (255, 255, 255, colour[3]) if spot.rim else colour
            pen.line([*points, points[0]], fill=tone, width=wide, joint="curve")
    small = sheet.convert("RGBa").resize(picture.size, Image.Resampling.BOX).convert("RGBA")
    picture.paste(small, (0, 0), small)


def contour(spot: Outline, corners: int = 32) -> list[tuple[float, float]]:
    """Return points along the marker's outline."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    u, v = spot.major * np.cos(angle), spot.minor * np.sin(angle)
    x = spot.x + u * np.cos(spot.theta) - v * np.sin(spot.theta)
    y = spot.y + u * np.sin(spot.theta) + v * np.cos(spot.theta)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _draw_bar(picture: Image.Image, scene: Scene) -> None:
    unit = picture.width / 600
    length, label = bar_of(scene, picture.width)
    label = label.replace("µ", "u")  # Pillow's font has no µ
    font = ImageFont.load_default(max(8.0, 16 * unit))
    pen = ImageDraw.Draw(picture, "RGBA")
    left, bottom = 12 * unit, picture.height - 12 * unit
    text = pen.textbbox((0, 0), label, font=font)
    inner = max(length, text[2])
    top = bottom - text[3] - 20 * unit
    box = (left, top, left + inner + 16 * unit, bottom)
    pen.rounded_rectangle(box, radius=4 * unit, fill=(0, 0, 0, 160))
    middle = left + 8 * unit + inner / 2
    pen.text((middle, top + 4 * unit), label, font=font, fill="white", anchor="ma")
    bar = (middle - length / 2, bottom - 11 * unit, middle + length / 2, bottom - 6 * unit)
    pen.rectangle(bar, fill="white")
