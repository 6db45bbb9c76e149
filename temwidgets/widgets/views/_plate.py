"""An image as a figure for print: axes with units round it, keys to its colours at its right."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.views import raster
from temwidgets.widgets.views._axes import round_ticks
from temwidgets.widgets.views._key_print import (
    INK,
    Slot,
    Style,
    draw_key,
    fitting,
    number,
    size_of_key,
)
from temwidgets.widgets.views._keys import Bar, Key
from temwidgets.widgets.views._paper import Paper, width_of
from temwidgets.widgets.views.raster import Scene

_TYPE = 8.0
_SCREEN, _SMALLEST, _LARGEST = 600, 11.0, 22.0
"""Type is 8 points, but as large as so many pixels of a picture that is 600 pixels wide."""
_GAP = 1.2
"""Between picture and keys, in sizes of the type."""
_RIM = 0.4
"""Right of the keys, in sizes of the type."""
_NARROWEST = 0.3
"""Share of the figure that the picture keeps, however wide the keys are."""


class Plate(NamedTuple):
    """Where the parts of a figure lie, in pixels; `pixel` is a pixel in points."""

    scene: Scene
    axes: bool
    columns: tuple[tuple[Key, ...], ...]
    style: Style
    left: int
    top: int
    width: int
    height: int
    size: tuple[int, int]
    pixel: float


def lay_out(scene: Scene, *, width: int, dpi: float, axes: bool, legend: bool) -> Plate:
    """Find room for picture, axes and keys in a figure `width` pixels wide.

    The keys stand in one column, or in as many as are no taller than the picture.
    """
    pixel, keys = 72 / dpi, scene.keys if legend else ()
    style = _style(scene, width * pixel)
    left, top, right, bottom = (
        int(np.ceil(margin / pixel)) for margin in (_margins(scene, style) if axes else (0.0,) * 4)
    )
    for count in range(1 if keys else 0, len(keys) + 1):
        columns = tuple(keys[i::count] for i in range(count))
        beside = sum(_GAP * style.type + _width(column, style) for column in columns)
        beside += _RIM * style.type if columns else 0.0
        inner = width - left - max(right, int(np.ceil(beside / pixel)))
        inner = max(inner, int(_NARROWEST * width))
        high = raster.size_of(scene, inner)[0]
        tallest = max((_least(column, style) for column in columns), default=0.0)
        if tallest <= high * pixel:
            break
    style = style._replace(scale=inner * pixel / float(np.ptp(scene.x_range)))
    size = width, top + max(high + bottom, int(np.ceil(tallest / pixel)))
    return Plate(scene, axes, columns, style, left, top, inner, high, size, pixel)


def furnish(plate: Plate, paper: Paper) -> None:
    """Draw axes and keys round the picture."""
    if plate.axes:
        _draw_axes(plate, paper)
    left, height = (plate.left + plate.width) * plate.pixel, plate.height * plate.pixel
    gap = _GAP * plate.style.type
    for column in plate.columns:
        left, top = left + gap, plate.top * plate.pixel
        width = _width(column, plate.style)
        for key, tall in zip(column, _heights(column, plate.style, height), strict=True):
            draw_key(key, paper, Slot(left, top, width, tall), plate.style)
            top += tall + gap
        left += width


def _style(scene: Scene, width: float) -> Style:
    type_ = float(np.clip(_TYPE, _SMALLEST * width / _SCREEN, _LARGEST * width / _SCREEN))
    return Style(type_, 7 / 8 * type_, 0.6 / 8 * type_, width / float(np.ptp(scene.x_range)))


def _width(column: tuple[Key, ...], style: Style) -> float:
    return max(size_of_key(key, style)[0] for key in column)


def _least(column: tuple[Key, ...], style: Style) -> float:
    heights = [size_of_key(key, style)[1] for key in column]
    return sum(heights) + _GAP * style.type * (len(heights) - 1)


def _heights(column: tuple[Key, ...], style: Style, height: float) -> list[float]:
    """Return the height of each key; colour bars share what is left of the picture's."""
    spare = max(0.0, height - _least(column, style))
    bars = max(1, sum(isinstance(key, Bar) for key in column))
    return [
        size_of_key(key, style)[1] + (spare / bars if isinstance(key, Bar) else 0.0)
        for key in column
    ]


def _ticks(scene: Scene) -> tuple[list[float], list[float]]:
    across, down = float(np.ptp(scene.x_range)), float(np.ptp(scene.y_range))
    about = 6 * down / across
    return round_ticks(*scene.x_range, 6), round_ticks(*scene.y_range, max(2, round(about)))


def _margins(scene: Scene, style: Style) -> tuple[float, float, float, float]:
    """Room for the words of the axes: left, top, right, bottom."""
    x_ticks, y_ticks = _ticks(scene)
    wide = [max(width_of(number(v), style.small) for v in ticks) for ticks in (x_ticks, y_ticks)]
    beside = 0.5 * max(wide[0], style.small)
    return (
        1.4 * style.type + wide[1] + 0.9 * style.small, 0.6 * style.small,
        beside, 1.5 * style.type + 1.7 * style.small,
    )  # fmt: skip


def _draw_axes(plate: Plate, paper: Paper) -> None:
    scene, style = plate.scene, plate.style
    left, top, right, bottom = (
        plate.pixel * v
        for v in (plate.left, plate.top, plate.left + plate.width, plate.top + plate.height)
    )
    frame = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top], [right, top]]
    paper.line(np.array(frame), INK, style.thin)
    tick, small = 0.4 * style.small, style.small
    x_ticks, y_ticks = _ticks(scene)
    for value in x_ticks:
        at = left + (value - scene.x_range[0]) * style.scale
        paper.line(np.array([[at, bottom], [at, bottom + tick]]), INK, style.thin)
        paper.words(at, bottom + tick + 1.05 * small, number(value), small, "middle")
    for value in y_ticks:
        at = top + (value - scene.y_range[0]) * style.scale
        paper.line(np.array([[left - tick, at], [left, at]]), INK, style.thin)
        paper.words(left - 1.5 * tick, at + 0.35 * small, number(value), small, "end")
    units = pixel_grid(scene.image).units
    across, upwards = (f"{letter} ({units})" for letter in scene.letters)
    below = bottom + tick + 1.05 * small + 1.4 * style.type
    paper.words((left + right) / 2, below, across, style.type, "middle")
    size = fitting(upwards, style.type, bottom - top)
    paper.words(1.05 * size, (top + bottom) / 2, upwards, size, "middle", upwards=True)
