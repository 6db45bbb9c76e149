"""A polar histogram for print."""

from __future__ import annotations

from typing import Any

import numpy as np

from temwidgets.widgets import palette
from temwidgets.widgets.views._paper import Paper, PngPaper, SvgPaper
from temwidgets.widgets.views._polar_figure import PolarFigure

_POINTS_PER_MM = 72 / 25.4
_RATIO = 0.95
_SHARE = 0.36  # of the width that the radius takes
_TYPE = 7.0
_GRID = "#999999"
_WORDS = ((1.13, 0.02, "start", "0°"), (0, 1.2, "middle", "90°"), (-1.13, 0.02, "end", "180°"))


def polar_png(figure: PolarFigure, width: float, dpi: float) -> bytes:
    """Draw what a figure shows as PNG, `width` mm wide."""
    return _drawn(figure.bins, figure.part, PngPaper(*_size(figure.bins, width), dpi=dpi))


def polar_svg(figure: PolarFigure, width: float) -> bytes:
    """Draw what a figure shows as SVG, `width` mm wide."""
    return _drawn(figure.bins, figure.part, SvgPaper(*_size(figure.bins, width)))


def _size(bins: dict[str, Any], width: float) -> tuple[float, float]:
    if not bins:
        raise ValueError("There is no vector to print yet: measure displacements first.")
    return width * _POINTS_PER_MM, _RATIO * width * _POINTS_PER_MM


def _drawn(bins: dict[str, Any], part: list[int], paper: Paper) -> bytes:
    centre, radius = np.array([paper.width, paper.height]) / 2, _SHARE * paper.width

    def place(points: np.ndarray) -> np.ndarray:
        return centre + radius * points

    for share, _ in [*bins["marks"], [1.0, ""]]:
        paper.line(place(_arc(share, 0, 360)), _GRID, 0.4)
    for angle in range(0, 360, 45):
        paper.line(place(np.vstack([np.zeros((1, 2)), _arc(1, angle, angle)[:1]])), _GRID, 0.3)
    partly = any(part)
    for colour, opacity, outline in _bins(bins, bins["whole"], bins["whole"]):
        paper.polygon(place(outline), colour, opacity * (0.55 if partly else 1.0))
    for _, opacity, outline in _bins(bins, part, bins["whole"]) if partly else ():
        paper.polygon(place(outline), palette.SELECTED, 0.25 + 0.75 * opacity)
    width = 360 / len(bins["rim"])
    for n, colour in enumerate(bins["rim"]):
        paper.polygon(place(_sector(1.04, 1.1, (n - 0.5) * width, (n + 0.5) * width)), colour)
    for x, y, anchor, text in (*_WORDS, (0, -1.14, "middle", "\N{MINUS SIGN}90°")):
        across, down = place(np.array([x, y]))
        paper.words(across, down, text, _TYPE, anchor)
    for share, text in bins["marks"]:
        spot = place(_arc(share, -67.5, -67.5)[0])
        paper.words(spot[0], spot[1] - 1.5, text, _TYPE, "middle")
    return paper.file()


def _bins(bins: dict[str, Any], counts: list[int], whole: list[int]) -> Any:
    """Give colour, opacity and outline of each bin that is not empty; as the browser's."""
    width, rings, most = 360 / bins["sectors"], bins["rings"], bins["most"]
    for n, count in enumerate(counts):
        if not count:
            continue
        colour = bins["colours"][n % len(bins["colours"])]
        if bins["kind"] == "rose":
            start = (n - 0.5) * width
            yield colour, 1.0, _sector(0, np.sqrt(count / most), start, start + width)
            continue
        i, j = divmod(n, rings)
        start, turn = (i - 0.5) * width, width * count / whole[n]
        opacity = 0.15 + 0.85 * np.sqrt(whole[n] / most)
        yield colour, opacity, _sector(j / rings, (j + 1) / rings, start, start + turn)


def _arc(radius: float, start: float, end: float) -> np.ndarray:
    turn = np.deg2rad(np.linspace(start, end, max(2, int(abs(end - start) / 2) + 1)))
    return radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def _sector(inner: float, outer: float, start: float, end: float) -> np.ndarray:
    return np.vstack([_arc(outer, start, end), _arc(inner, end, start)])
