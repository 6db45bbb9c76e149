"""Colour bars, names and the wheel of directions, drawn on paper beside a printed image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from temwidgets.analysis.colour_wheel import direction_colours
from temwidgets.widgets.views._axes import round_ticks
from temwidgets.widgets.views._keys import Bar, Key, Names, Wheel
from temwidgets.widgets.views._paper import Paper, width_of
from temwidgets.widgets.views.colormaps import hex_colour

INK = "#000000"
_SECTORS = 90
_LEVELS = 128
_SPARE = 1.12
"""Other fonts, such as a browser puts into an SVG, may be so much wider."""


class Style(NamedTuple):
    """Sizes in points: type, small type, thin lines; `scale` is points per image length."""

    type: float
    small: float
    thin: float
    scale: float


class Slot(NamedTuple):
    """Room for one key, in points."""

    left: float
    top: float
    width: float
    height: float


def number(value: float) -> str:
    """Write a tick."""
    return f"{value + 0.0:.10g}".replace("-", "\N{MINUS SIGN}")


def fitting(words: str, size: float, room: float) -> float:
    """Return the size of type, at most `size`, in which words fit into the room."""
    return min(size, size * room / max(width_of(words, size), 1e-9))


def size_of_key(key: Key, style: Style) -> tuple[float, float]:
    """Return the width a key takes and the least height, in points."""
    if isinstance(key, Bar):
        ticks = round_ticks(*key.limits, 5)
        widest = max(width_of(number(v), style.small) for v in ticks)
        return style.type + 0.8 * style.small + widest + 1.7 * style.type, 9 * style.type
    if isinstance(key, Names):
        long = max(width_of(name, style.small) for _, name in key.entries) + 1.3 * style.small
        width = _SPARE * max(long, width_of(key.title, style.small))
        return min(width, 16 * style.type), (len(key.entries) + 1.5) * 1.4 * style.small
    length, label = _arrow(key, style)
    words = max(width_of(w, style.small) for w in (label, key.enlarged))
    return max(length, words, 4.4 * style.type), 4.4 * style.type + 4.6 * style.small


def draw_key(key: Key, paper: Paper, slot: Slot, style: Style) -> None:
    """Draw a key into its room."""
    if isinstance(key, Bar):
        _draw_bar(key, paper, slot, style)
    elif isinstance(key, Names):
        _draw_names(key, paper, slot, style)
    else:
        _draw_wheel(key, paper, slot, style)


def _draw_bar(key: Bar, paper: Paper, slot: Slot, style: Style) -> None:
    left, right = slot.left, slot.left + style.type
    tip = 0.7 * style.type
    top = slot.top + (tip if key.above else style.thin)
    bottom = slot.top + slot.height - (tip if key.below else style.thin)
    colours = key.table[np.linspace(0, 255, _LEVELS).round().astype(int)]
    # each covers the rest of the bar: neighbours that only touch leave seams on some screens
    for at, colour in zip(np.linspace(bottom, top, _LEVELS + 1), colours, strict=False):
        corners = [[left, at], [right, at], [right, top], [left, top]]
        paper.polygon(np.array(corners), hex_colour(colour))
    middle = (left + right) / 2
    outline = [[left, bottom], [left, top], [right, top], [right, bottom], [left, bottom]]
    if key.above:
        ends = np.array([[left, top], [middle, slot.top], [right, top]])
        paper.polygon(ends, hex_colour(colours[-1]))
        outline[2:2] = [[middle, slot.top]]
    if key.below:
        low = slot.top + slot.height
        ends = np.array([[left, bottom], [middle, low], [right, bottom]])
        paper.polygon(ends, hex_colour(colours[0]))
        outline[-1:-1] = [[middle, low]]
    paper.line(np.array(outline), INK, style.thin)
    widest = _draw_ticks(key, paper, right, (bottom, top), style)
    room = fitting(key.title, style.type, slot.height)
    across = right + 0.8 * style.small + widest + 1.25 * style.type
    paper.words(across, slot.top + slot.height / 2, key.title, room, "middle", upwards=True)


def _draw_ticks(
    key: Bar, paper: Paper, right: float, ends: tuple[float, float], style: Style
) -> float:
    """Draw the ticks of a bar; return how wide the widest number is."""
    low, high = key.limits
    ticks = round_ticks(low, high, 5)
    for value in ticks:
        at = ends[0] + (value - low) / ((high - low) or 1.0) * (ends[1] - ends[0])
        tick = np.array([[right, at], [right + 0.4 * style.small, at]])
        paper.line(tick, INK, style.thin)
        left = right + 0.65 * style.small
        paper.words(left, at + 0.35 * style.small, number(value), style.small, "start")
    return max(width_of(number(v), style.small) for v in ticks)


def _draw_names(key: Names, paper: Paper, slot: Slot, style: Style) -> None:
    line, size = 1.4 * style.small, style.small
    base = slot.top + size
    paper.words(slot.left, base, key.title, fitting(key.title, size, slot.width), "start")
    for colour, name in key.entries:
        base += line
        radius = 0.4 * size
        if colour.startswith("#"):
            centre = np.array([slot.left + radius, base - 0.35 * size])
            paper.dot(centre, radius, colour, 1.0)
        room = fitting(name, size, slot.width - 1.3 * size)
        paper.words(slot.left + 1.3 * size, base, name, room, "start")


def _draw_wheel(key: Wheel, paper: Paper, slot: Slot, style: Style) -> None:
    radius, middle = 2.2 * style.type, slot.left + slot.width / 2
    centre = np.array([middle, slot.top + radius])
    step = 360 / _SECTORS
    for n, colour in enumerate(direction_colours(np.arange(_SECTORS) * step)):
        turn = np.deg2rad(np.linspace((n - 0.5) * step, (n + 0.7) * step, 4))
        rim = centre + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        paper.polygon(np.vstack([centre, rim]), hex_colour(colour))
    length, label = _arrow(key, style)
    head = 0.9 * style.small
    base = slot.top + 2 * radius + 1.2 * style.small
    tip, wide = middle + length / 2, 0.45 * head
    shaft = np.array([[middle - length / 2, base], [tip - head, base]])
    paper.line(shaft, INK, 2 * style.thin)
    corners = [[tip, base], [tip - head, base - wide], [tip - head, base + wide]]
    paper.polygon(np.array(corners), INK)
    for row, words in enumerate((label, key.enlarged), 1):
        size = fitting(words, style.small, slot.width)
        paper.words(middle, base + (0.3 + 1.3 * row) * style.small, words, size, "middle")


def _arrow(key: Wheel, style: Style) -> tuple[float, str]:
    """Return length and label of the arrow that shows the scale."""
    length, label = key.reference(2 * style.type / style.scale)
    return length * style.scale, label
