"""A pair correlation for print."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.widgets import palette
from temwidgets.widgets.views._correlation_figure import (
    CMAP,
    DOT,
    DistanceFigure,
    map_colours,
    reach_of,
    significant,
    ticks_of,
)
from temwidgets.widgets.views._paper import Paper
from temwidgets.widgets.views._print import Plot, PlotAxis
from temwidgets.widgets.views.colormaps import colour_table, hex_colour

_SQUARE, _WIDE = 0.97, 0.62


def map_plot(table: xr.Dataset, title: str) -> Plot:
    """Return the map over offsets, to be printed."""
    axes = []
    for name in "ab":
        end = float(table[f"offset_{name}"].max()) + 0.5
        axes.append(PlotAxis(f"Cells apart along {name}", -end, end, ticks_of(table, name)))
    last = f"{reach_of(table):.2g}"
    legend = {
        "title": title,
        "gradient": [hex_colour(c) for c in colour_table(CMAP)[:: 255 // 16]],
        "low": f"\N{MINUS SIGN}{last}",
        "high": last,
    }
    return Plot(axes[0], axes[1], legend, lambda paper, place: _cells(table, paper, place), _SQUARE)


def _cells(table: xr.Dataset, paper: Paper, place: Any) -> None:
    colours, known = map_colours(table)
    a, b = (table[f"offset_{n}"].values for n in "ab")
    for i, j in np.argwhere(known):
        x, y = a[i] + np.array([-1, 1, 1, -1]) / 2, b[j] + np.array([-1, -1, 1, 1]) / 2
        paper.polygon(place(x, y), hex_colour(colours[i, j]))
    radius = min(1.6, 60 / len(a))
    for centre in place(*significant(table)):
        paper.dot(centre, radius, DOT, 1.0)


def distance_plot(figure: DistanceFigure, title: str) -> Plot:
    """Return the values against distance, to be printed."""
    x, y = (
        PlotAxis(axis.label, scale.min, scale.max, tuple(axis.tick_values))
        for axis, scale in zip(figure.lines, (figure.x, figure.y), strict=True)
    )
    entries = [("95 % of means by chance", figure.chance.colors[0])]
    if figure.part.line.visible:
        entries.append(("selected", palette.SELECTED))
    legend = {"title": title, "entries": [{"label": n, "colour": c} for n, c in entries]}
    return Plot(x, y, legend, lambda paper, place: _points(figure, paper, place), _WIDE)


def _points(figure: DistanceFigure, paper: Paper, place: Any) -> None:
    for line in figure.chance.y:
        paper.line(place(figure.chance.x, line), figure.chance.colors[0], 0.5)
    for spot in place(figure.each.x, figure.each.y):
        paper.dot(spot, 0.9, palette.ALL, 0.35)
    for shown in (figure.whole, figure.part):
        shown.print(paper, place)
