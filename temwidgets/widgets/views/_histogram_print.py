"""A histogram for print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from temwidgets.widgets import palette
from temwidgets.widgets.views._paper import Paper
from temwidgets.widgets.views._print import Plot, PlotAxis

if TYPE_CHECKING:
    from temwidgets.widgets.views.histogram import Histogram

_RATIO = 0.62


def histogram_plot(view: Histogram) -> Plot:
    """Return what a histogram shows, to be printed."""
    if view.columns is None or view.shown is None:
        raise ValueError("There are no columns to print yet: find columns first.")
    x, y, count_axis = view._x, view._y, view._count_axis
    return Plot(
        PlotAxis(view._axis.label, x.min, x.max, tuple(view._axis.tick_values)),
        PlotAxis("Columns", y.min, y.max, tuple(count_axis.tick_values), view.log_counts),
        _legend(view),
        lambda paper, place: _draw(view, paper, place),
        _RATIO,
    )


def _legend(view: Histogram) -> dict[str, Any]:
    groups = view._groups()
    keys = [(name, colour) for name, _, colour in groups if len(groups) > 1]
    if view._part.visible:
        keys.append(("selected", palette.SELECTED))
    return {"entries": [{"label": name, "colour": colour} for name, colour in keys]} if keys else {}


def _draw(view: Histogram, paper: Paper, place: Any) -> None:
    whole, part, curves = view._whole, view._part, view._curves
    for y, colour in zip(np.atleast_2d(whole.y), whole.colors, strict=True):
        paper.polygon(place(whole.x, y), colour, whole.fill_opacities[0])
        paper.line(place(whole.x, y), colour, 0.8)
    if part.visible:
        paper.polygon(place(part.x, part.y), palette.SELECTED, part.fill_opacities[0])
    if curves.visible:
        for y, opacity in zip(np.atleast_2d(curves.y), curves.opacities, strict=True):
            paper.line(place(curves.x, y), palette.CURVE, 0.8, opacity)
