"""Histogram of a map's pixels; a brush chooses a range of values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets

from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.traits import Interval
from temwidgets.widgets.views._axes import horizontal, plot_figure, set_range, vertical
from temwidgets.widgets.views._bins import bin_edges, outline, robust_range
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._print import Plot, PlotAxis, Printed

_RATIO = 0.62
_SAMPLED = 1 << 18
"""So many pixels are enough to choose range and bins."""

Group = tuple[str, np.ndarray, str]
"""Name, values and colour of a region."""


class MapHistogram(Printed, widgets.VBox):
    """Counts of pixels, an outline for each region; brush it to choose values.

    Attributes
    ----------
    groups : list of (str, ndarray, str)
        Name, values and colour of each region.
    bins : int
        Number of bins; 0 follows the values.
    brush : (float, float) or None
        The range chosen, low <= value < high.
    """

    bins = traitlets.Int(0, min=0, max=1000)
    brush = Interval()

    def __init__(self, tell: Callable[[BaseException], None], height: int = 240) -> None:
        self.show_error = tell
        self.groups: list[Group] = []
        self._heights = np.zeros((1, 1))
        self.edges = np.linspace(0, 1, 2)
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axes = horizontal(self._x), vertical(self._y, "Pixels")
        self._axes[1].tick_format = "~s"
        scales = {"x": self._x, "y": self._y}
        flat: dict[str, Any] = {"scales": scales, "x": [0, 1], "y": [0, 0], "fill": "bottom"}
        self._whole = bqplot.Lines(**flat)
        self._part = bqplot.Lines(
            **flat, colors=[palette.SELECTED], fill_opacities=[0.65], visible=False
        )
        self._brusher = bqplot.interacts.BrushIntervalSelector(
            scale=self._x, color=palette.SELECTED
        )
        self._brusher.observe(self._brushed, "selected")
        self.figure = plot_figure(
            self._brusher, height, marks=[self._whole, self._part], axes=list(self._axes)
        )
        self.label = FigureLabel()
        super().__init__([self.figure, self.label], layout={"width": "100%"})
        self.add_class("temwidgets-view")
        self.observe(self._on_brush, "brush")
        self.observe(lambda _: self._count(), "bins")

    def show(self, groups: list[Group], label: str) -> None:
        """Count the values of each region."""
        self.groups = groups
        self._axes[0].label = label
        self.label.text = f"Histogram of {label}. Options has fields to select by number."
        self._count()

    def csv(self) -> str:
        """Return edges and counts of each region as CSV."""
        names = ["low", "high", *(name for name, _, _ in self.groups)]
        lines = [f"# {self._axes[0].label}", ",".join(f'"{name}"' for name in names)]
        for low, high, *heights in zip(
            self.edges[:-1], self.edges[1:], *self._heights, strict=True
        ):
            numbers = [repr(float(low)), repr(float(high)), *(str(int(h)) for h in heights)]
            lines.append(",".join(numbers))
        return "\n".join(lines) + "\n"

    def save_csv(self, path: str | Path) -> None:
        """Write edges and counts as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        if not self.groups:
            raise ValueError("There is no map to print yet.")
        x, y = (
            PlotAxis(axis.label, scale.min, scale.max, tuple(axis.tick_values))
            for axis, scale in zip(self._axes, (self._x, self._y), strict=True)
        )
        entries = [{"label": n, "colour": c} for n, _, c in self.groups if len(self.groups) > 1]
        if self.brush is not None:
            entries.append({"label": "selected", "colour": palette.SELECTED})
        return Plot(x, y, {"entries": entries} if entries else {}, self._print, _RATIO)

    def _print(self, paper: Any, place: Any) -> None:
        for y, (_, _, colour) in zip(np.atleast_2d(self._whole.y), self.groups, strict=True):
            paper.polygon(place(self._whole.x, y), colour, self._whole.fill_opacities[0])
            paper.line(place(self._whole.x, y), colour, 0.8)
        if self._part.visible:
            paper.polygon(place(self._part.x, self._part.y), palette.SELECTED, 0.65)

    def _count(self) -> None:
        every = [v for _, v, _ in self.groups] or [np.empty(0, np.float32)]
        stride = max(1, sum(v.size for v in every) // _SAMPLED)
        sample = np.concatenate([v[::stride] for v in every])
        self.edges = bin_edges(sample, self.bins or "auto", robust_range(sample))
        self._heights = np.stack([_counts(v, self.edges) for v in every])
        top = 1.06 * max(1.0, float(self._heights.max(initial=0)))
        set_range(self._x, self._axes[0], self.edges[0], self.edges[-1])
        set_range(self._y, self._axes[1], 0.0, top, whole=True)
        x, _ = outline(self.edges, self._heights[0])
        colours = [colour for _, _, colour in self.groups] or [palette.ALL]
        with self._whole.hold_sync():
            self._whole.x = x
            self._whole.y = np.stack([outline(self.edges, h)[1] for h in self._heights])
            self._whole.colors = self._whole.fill_colors = colours
            self._whole.fill_opacities = [0.35 if len(colours) == 1 else 0.22] * len(colours)
        self._draw_part()

    def _draw_part(self) -> None:
        """Fill what lies under the brush."""
        if self.brush is None:
            self._part.visible = False
            return
        low, high = np.clip(self.brush, self.edges[0], self.edges[-1])
        inner = self.edges[(self.edges > low) & (self.edges < high)]
        x = np.concatenate([[low], inner, [high]])
        bins = np.clip(np.searchsorted(self.edges, x[:-1], "right") - 1, 0, len(self.edges) - 2)
        with self._part.hold_sync():
            self._part.x, self._part.y = outline(x, self._heights.max(axis=0)[bins])
            self._part.visible = bool(high > low)

    @guarded
    def _brushed(self, change: Any) -> None:
        selected = change["new"]
        whole = selected is not None and len(selected) == 2
        self.brush = tuple(float(v) for v in selected) if whole else None

    @guarded
    def _on_brush(self, change: Any) -> None:
        value = change["new"]
        self._set_brusher(None if value is None else np.array(value))
        self._draw_part()

    def _set_brusher(self, value: np.ndarray | None) -> None:
        old = self._brusher.selected
        if value is not None and old is not None and len(old) == 2 and np.allclose(old, value):
            return
        if value is None and old is None:
            return
        self._brusher.unobserve(self._brushed, "selected")
        self._brusher.selected = value
        self._brusher.observe(self._brushed, "selected")


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count the values in bins of equal width; values that are missing are in none."""
    return np.histogram(values, len(edges) - 1, (edges[0], edges[-1]))[0]
