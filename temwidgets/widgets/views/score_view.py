"""How ways to find columns compare: a score against noise or spacing, one curve each."""

from __future__ import annotations

from html import escape
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.widgets import palette
from temwidgets.widgets.controls import dropdown
from temwidgets.widgets.style import row, style_sheet
from temwidgets.widgets.views._axes import MARGIN, horizontal, set_range, vertical
from temwidgets.widgets.views._figure_label import FigureLabel

_SHARES = ("f1", "precision", "recall", "jaccard")
_LENGTHS = ("rmse", "chamfer")


class ScoreView(widgets.VBox):
    """Plots the table that `temwidgets.networks.evaluate` returns.

    Parameters
    ----------
    table : Dataset, (finder, level, spacing)
    height : int
        px.

    Attributes
    ----------
    score : str
        "f1", "precision", "recall", "jaccard", "rmse" or "chamfer".
    against : str
        "level" or "spacing"; what is drawn is the mean over the other one.
    """

    score = traitlets.Enum((*_SHARES, *_LENGTHS), "f1")
    against = traitlets.Enum(("level", "spacing"), "level")

    def __init__(self, table: xr.Dataset, *, height: int = 280) -> None:
        _check(table)
        self.table = table
        self._x, self._y = bqplot.LogScale(), bqplot.LinearScale()
        self._axes = [horizontal(self._x), vertical(self._y)]
        self.lines = [_line(k, self._x, self._y) for k in range(table.sizes["finder"])]
        self.figure = _figure(self.lines, self._axes, height)
        self.label = FigureLabel()
        choices = [_choice(self, name, words) for name, words in _CHOICES.items()]
        key = widgets.HTML(_key(table["finder"].values.tolist()))
        super().__init__([style_sheet(), row(*choices), self.figure, key, self.label])
        self.add_class("temwidgets-view")
        self._show()

    @traitlets.observe("score", "against")
    def _show(self, _: Any = None) -> None:
        other = "spacing" if self.against == "level" else "level"
        values = self.table[self.score].mean(other)
        x = values[self.against].values
        for line, finder in zip(self.lines, values["finder"].values, strict=True):
            with line.hold_sync():
                line.x, line.y = x, values.sel({"finder": finder}).values
        self._set_axes(x, values)
        best = {str(v): float(values.sel(finder=v).mean()) for v in values["finder"].values}
        told = ", ".join(f"{name} {value:.3g}" for name, value in best.items())
        self.label.text = f"{self._axes[1].label} against {self._axes[0].label}. Means: {told}"

    def _set_axes(self, x: np.ndarray, values: xr.DataArray) -> None:
        set_range(self._x, self._axes[0], x.min() / 1.1, x.max() * 1.1)
        self._axes[0].tick_values = np.unique(x)
        self._axes[0].label = _named(self.table[self.against])
        self._axes[1].label = _named(self.table[self.score])
        top = 1.0 if self.score in _SHARES else 1.1 * float(values.max())
        set_range(self._y, self._axes[1], 0.0, top if top > 0 else 1.0)


_CHOICES = {
    "score": ("Score", "What is drawn", {"F1": "f1", "Precision": "precision", "Recall": "recall",
              "Jaccard index": "jaccard", "Position RMSE": "rmse", "Chamfer distance": "chamfer"}),
    "against": ("Against", "What it is drawn against; the mean over the other is taken",
                {"Height over noise": "level", "Spacing": "spacing"}),
}  # fmt: skip


def _choice(view: ScoreView, name: str, words: tuple[str, str, dict[str, str]]) -> widgets.Dropdown:
    made = dropdown(words[0], words[1], list(words[2].items()))
    traitlets.link((view, name), (made, "value"))
    return made


def _check(table: Any) -> None:
    dims = getattr(table, "sizes", {})
    if not isinstance(table, xr.Dataset) or not {"finder", "level", "spacing"} <= set(dims):
        raise TypeError(
            "ScoreView shows the Dataset (finder, level, spacing) that temwidgets.networks.evaluate"
            f" returns, but a {type(table).__name__} with dims {tuple(dims)} came."
        )


def _named(values: xr.DataArray) -> str:
    units = str(values.attrs.get("units", "1"))
    name = str(values.attrs.get("long_name", values.name))
    name = name[0].upper() + name[1:]
    return name if units == "1" else f"{name} ({units})"


def _line(number: int, x: bqplot.Scale, y: bqplot.Scale) -> bqplot.Lines:
    return bqplot.Lines(
        x=np.empty(0), y=np.empty(0), scales={"x": x, "y": y}, marker="circle", marker_size=40,
        colors=[palette.category(number)], stroke_width=2,
    )  # fmt: skip


def _figure(lines: list[Any], axes: list[Any], height: int) -> bqplot.Figure:
    return bqplot.Figure(
        marks=lines, axes=axes, fig_margin=MARGIN, padding_x=0, padding_y=0,
        layout={"width": "100%", "height": f"{height}px", "min_width": "260px"},
        animation_duration=0, display_toolbar=False,
    )  # fmt: skip


def _key(finders: list[str]) -> str:
    words = "&emsp;".join(
        f'<span class="tem-swatch" style="background:{palette.category(k)}"></span>{escape(name)}'
        for k, name in enumerate(finders)
    )
    return f'<div class="tem-info">{words}</div>'
