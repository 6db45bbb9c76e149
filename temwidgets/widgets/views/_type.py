"""Words on paper: raised and lowered figures, and signs that the plain font lacks."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

from PIL import ImageFont

_PARTS = re.compile(
    "(?P<raised>[²³]+)"
    r"|(?<=(?<!\w)\w)_(?P<lowered>\w{1,3})(?!\w)"  # n_a, but not displacement_y
    r"|(?P<spare>[^\x20-\x7e°±·…’²³]+)"
)
_PLAIN = str.maketrans("²³−–×εµ", "23--xeu")
_RICH_FONTS = ("Arial.ttf", "arial.ttf", "LiberationSans-Regular.ttf", "DejaVuSans.ttf")
"""Tried in this order for signs that Pillow's own font lacks; without any they are paraphrased."""
_LOW, _HIGH, _LITTLE = -0.18, 0.35, 0.65


class Run(NamedTuple):
    """Text in one font, lifted by so many pixels."""

    text: str
    font: Any
    lift: float
    length: float


def runs(words: str, size: float) -> list[Run]:
    """Return the runs of words in a type of `size` pixels."""
    made = []
    for kind, text in _parts(words):
        little = kind in ("raised", "lowered")
        height = _LITTLE * size if little else size
        font, written = _plain(height), text.translate(_PLAIN)
        if kind == "spare" and (rich := _rich(height)) is not None:
            font, written = rich, text
        lift = {"raised": _HIGH, "lowered": _LOW}.get(kind, 0.0) * size
        made.append(Run(written, font, lift, font.getlength(written)))
    return made


def svg_words(words: str, size: float) -> str:
    """Write words as the inside of an SVG text; subscripts are lowered."""
    text, back = "", 0.0
    for kind, part in _parts(words):
        down = -_LOW * size if kind == "lowered" else 0.0
        little = f' font-size="{_LITTLE * size:.3g}"' if kind == "lowered" else ""
        move = f' dy="{down - back:.3g}"' if down != back else ""
        back = down
        text += f"<tspan{move}{little}>{escape(part)}</tspan>" if move else escape(part)
    return text


def _parts(words: str) -> list[tuple[str, str]]:
    found, start = [], 0
    for match in _PARTS.finditer(words):
        found.append(("", words[start : match.start()]))
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        start = match.end()
    return [(kind, text) for kind, text in [*found, ("", words[start:])] if text]


@lru_cache(maxsize=64)
def _plain(size: float) -> Any:
    return ImageFont.load_default(size)


@lru_cache(maxsize=64)
def _rich(size: float) -> Any:
    for name in _RICH_FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return None
