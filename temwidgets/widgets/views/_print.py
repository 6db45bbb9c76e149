"""Figures of plots for print: white ground, axes with ticks, labels and units, a legend above."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from temwidgets.widgets.views._paper import Paper, PngPaper, SvgPaper, width_of

WIDTH = 86.0
"""Width of a column of a journal, in mm."""

_POINTS_PER_MM = 72 / 25.4
_TYPE, _SMALL = 8.0, 7.0
_TICK, _THIN = 3.0, 0.6
_INK = "#000000"


class PlotAxis(NamedTuple):
    """Label with unit, range and ticks of an axis."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def share(self, values: Any) -> np.ndarray:
        """Return how far along the axis values lie, 0 to 1."""
        scale = np.log10 if self.logarithmic else np.asarray
        low, high = float(scale(self.low)), float(scale(self.high))
        return (scale(np.asarray(values, float)) - low) / (high - low)


class Plot(NamedTuple):
    """What is printed; `draw` puts the data on the paper, given a function from data to points."""

    x: PlotAxis
    y: PlotAxis
    legend: dict[str, Any]
    draw: Callable[[Paper, Callable[[Any, Any], np.ndarray]], None]
    ratio: float


class Printed:
    """A view that can be printed; a subclass tells what in `plot`."""

    def plot(self) -> Plot:
        """Return what is shown, to be printed.

        Raises
        ------
        ValueError
            If there is nothing to print.
        """
        raise NotImplementedError

    def save_png(self, path: str | Path, *, width: float = WIDTH, dpi: float = 600) -> None:
        """Write a figure for print as PNG, `width` mm wide."""
        Path(path).write_bytes(self.png(width=width, dpi=dpi))

    def save_svg(self, path: str | Path, *, width: float = WIDTH) -> None:
        """Write a figure for print as SVG, `width` mm wide."""
        Path(path).write_bytes(self.svg(width=width))

    def png(self, *, width: float = WIDTH, dpi: float = 600) -> bytes:
        """Return the figure as PNG."""
        plot = self.plot()
        return _drawn(plot, PngPaper(*_size(plot, width), dpi=dpi))

    def svg(self, *, width: float = WIDTH) -> bytes:
        """Return the figure as SVG."""
        plot = self.plot()
        return _drawn(plot, SvgPaper(*_size(plot, width)))


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def _size(plot: Plot, width: float) -> tuple[float, float]:
    across = width * _POINTS_PER_MM
    return across, plot.ratio * across + _LINE * len(_rows(plot.legend, across))


_LINE = 1.4 * _SMALL


def _drawn(plot: Plot, paper: Paper) -> bytes:
    rows = _rows(plot.legend, paper.width)
    widest = max((width_of(_number(v), _SMALL) for v in plot.y.ticks), default=0.0)
    last = max((width_of(_number(v), _SMALL) for v in plot.x.ticks), default=0.0)
    box = _Box(
        left=_TYPE * 1.6 + widest + _TICK + 4,
        top=6 + _LINE * len(rows),
        right=paper.width - max(4.0, 0.5 * last),
        bottom=paper.height - (_TYPE * 1.6 + _SMALL + _TICK + 4),
    )

    def place(x: Any, y: Any) -> np.ndarray:
        across = box.left + plot.x.share(x) * (box.right - box.left)
        down = box.bottom - plot.y.share(y) * (box.bottom - box.top)
        return np.stack(np.broadcast_arrays(across, down), axis=-1)

    plot.draw(paper, place)
    _draw_axes(plot, paper, box)
    for number, entries in enumerate(rows):
        _draw_row(paper, entries, box.left, 4 + _SMALL + number * _LINE)
    return paper.file()


def _draw_axes(plot: Plot, paper: Paper, box: _Box) -> None:
    corner = [[box.left, box.top], [box.left, box.bottom], [box.right, box.bottom]]
    paper.line(np.array(corner), _INK, _THIN)
    for value in plot.x.ticks:
        at = box.left + float(plot.x.share(value)) * (box.right - box.left)
        paper.line(np.array([[at, box.bottom], [at, box.bottom + _TICK]]), _INK, _THIN)
        paper.words(at, box.bottom + _TICK + _SMALL + 1, _number(value), _SMALL, "middle")
    for value in plot.y.ticks:
        at = box.bottom - float(plot.y.share(value)) * (box.bottom - box.top)
        paper.line(np.array([[box.left - _TICK, at], [box.left, at]]), _INK, _THIN)
        paper.words(box.left - _TICK - 2, at + 0.35 * _SMALL, _number(value), _SMALL, "end")
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    wide = _fitting(plot.x.label, box.right - box.left)
    paper.words(across, paper.height - 4, plot.x.label, wide, "middle")
    tall = _fitting(plot.y.label, paper.height - 4)
    down = min(max(down, width_of(plot.y.label, tall) / 2 + 2), paper.height)
    paper.words(_TYPE + 2, down, plot.y.label, tall, "middle", upwards=True)


def _fitting(words: str, room: float) -> float:
    """Return the size of type in which words fit into the room."""
    return min(_TYPE, _TYPE * room / max(width_of(words, _TYPE), 1e-9))


def _rows(legend: dict[str, Any], width: float) -> list[list[tuple[str, str]]]:
    """Return the lines of a legend: (colour, words) each; a colour "" has no swatch."""
    if not legend:
        return []
    blocks = [[("", legend["title"])]] if legend.get("title") else []
    if "gradient" in legend:  # from its low to its high end in one line
        ramp = [(colour, "") for colour in legend["gradient"]]
        blocks.append([("", legend["low"]), *ramp, ("", f" {legend['high']}")])
    blocks += [[(e["colour"], e["label"])] for e in legend.get("entries", ())]
    rows: list[list[tuple[str, str]]] = [[]]
    for block in blocks:
        length = sum(_length(*entry) for entry in [*rows[-1], *block])
        if rows[-1] and length > 0.8 * width:
            rows.append([])
        rows[-1] += block
    return rows


def _length(colour: str, words: str) -> float:
    return (_SMALL if colour.startswith("#") else 0) + (width_of(words, _SMALL) + 8 if words else 0)


def _draw_row(paper: Paper, entries: list[tuple[str, str]], left: float, base: float) -> None:
    for colour, words in entries:
        if colour.startswith("#"):
            (x0, x1), (y0, y1) = (left, left + _SMALL), (base - 0.75 * _SMALL, base)
            paper.polygon(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), colour)
        if words:
            start = left + (_SMALL + 2 if colour.startswith("#") else 0)
            paper.words(start, base, words, _SMALL, "start")
        left += _length(colour, words)


def _number(value: float) -> str:
    return f"{value + 0.0:.10g}".replace("-", "\N{MINUS SIGN}")
