"""Words beside places of a picture: which of them have room, and how they are printed."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_HIGH, _WIDE = 15.0, 8.3
"""Height of a line and width of a letter, in screen px."""
_PRINTED = 14.0
"""Size of the type in a picture that is 600 px wide."""


class Words(NamedTuple):
    """Words that begin `right` screen px beside a place in lengths, or end there when negative."""

    x: float
    y: float
    text: str
    colour: str = "#ffffff"
    right: float = 12.0


def with_room(words: list[Words], pixels: float) -> list[Words]:
    """Return the words that do not cover earlier ones, at so many screen px a length."""
    kept: list[Words] = []
    boxes = np.empty((0, 4))
    for one in words:
        long = _WIDE * len(one.text)
        left = one.x * pixels + one.right - (long if one.right < 0 else 0)
        box = np.array([left, one.y * pixels - _HIGH / 2, left + long, one.y * pixels + _HIGH / 2])
        apart = (box[2:] <= boxes[:, :2]) | (box[:2] >= boxes[:, 2:])
        if apart.any(axis=1).all():
            kept.append(one)
            boxes = np.vstack([boxes, box])
    return kept


def _places(
    words: tuple[Words, ...],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    width: int,
) -> list[tuple[float, float, Words]]:
    """Return those in the picture with their places in its pixels; 600 are as many on screen."""
    scale, unit = width / float(np.ptp(x_range)), width / 600
    high = float(np.ptp(y_range)) * scale
    found = []
    for one in words:
        x, y = (one.x - x_range[0]) * scale + one.right * unit, (one.y - y_range[0]) * scale
        long = _WIDE * len(one.text) * unit
        first = x - long if one.right < 0 else x
        if first >= 0 and first + long <= width and 0 <= y <= high:
            found.append((x, y, one))
    return found


def draw_words(
    picture: Image.Image,
    words: tuple[Words, ...],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> None:
    """Draw words with a dark rim into a picture."""
    unit = picture.width / 600
    font = ImageFont.load_default(max(8.0, _PRINTED * unit))
    pen = ImageDraw.Draw(picture)
    for x, y, one in _places(words, x_range, y_range, picture.width):
        anchor = "rm" if one.right < 0 else "lm"
        pen.text(
            (x, y), one.text, font=font, fill=one.colour, anchor=anchor,
            stroke_width=max(1, round(1.5 * unit)), stroke_fill="black",
        )  # fmt: skip


def svg_words(
    words: tuple[Words, ...],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    width: int,
) -> list[str]:
    """Write words with a dark rim as SVG."""
    unit = width / 600
    style = (
        f'font-family="sans-serif" font-weight="bold" font-size="{_PRINTED * unit:.2f}"'
        f' paint-order="stroke" stroke="black" stroke-opacity="0.7" stroke-width="{3 * unit:.2f}"'
        ' dominant-baseline="central"'
    )
    return [
        f'<text x="{x:.2f}" y="{y:.2f}" fill="{one.colour}" {style}'
        f' text-anchor="{"end" if one.right < 0 else "start"}">{escape(one.text)}</text>'
        for x, y, one in _places(words, x_range, y_range, width)
    ]
