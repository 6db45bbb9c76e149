"""A small histogram of rows with labels; a brush chooses rows."""

from __future__ import annotations

from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
from ipywidgets import TypedTuple
from traitlets import Int

from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.traits import Interval
from temwidgets.widgets.views._axes import horizontal, plot_figure, set_range, vertical
from temwidgets.widgets.views._bins import bin_edges, counts, outline, robust_range


class RowHistogram(widgets.VBox):
    """Counts of a quantity of rows; the brush chooses the rows with low <= value < high.

    Attributes
    ----------
    brush : (float, float) or None
        The range that is brushed.
    chosen : tuple of int
        Labels of the rows that are chosen; drawn in pink.
    """

    brush = Interval()
    chosen = TypedTuple(Int())

    def __init__(self, counted: str, height: int = 220) -> None:
        self._labels, self._values = np.empty(0, np.int64), np.empty(0)
        self._edges = np.linspace(0, 1, 2)
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axis, self._count = horizontal(self._x), vertical(self._y, counted)
        scales = {"x": self._x, "y": self._y}
        self._whole, self._part = (
            bqplot.Lines(
                scales=scales, x=[0, 1], y=[0, 0], fill="bottom", colors=[colour],
                fill_opacities=[opacity],
            )
            for colour, opacity in ((palette.ALL, 0.35), (palette.SELECTED, 0.65))
        )  # fmt: skip
        self._brusher = bqplot.interacts.BrushIntervalSelector(
            scale=self._x, color=palette.SELECTED
        )
        self._brusher.observe(self._brushed, "selected")
        self.figure = plot_figure(
            self._brusher, height, marks=[self._whole, self._part], axes=[self._axis, self._count]
        )
        super().__init__([self.figure], layout={"width": "100%"})
        self.observe(self._choose, "brush")
        self.observe(self._mark, "chosen")

    def show(self, labels: np.ndarray, values: np.ndarray, title: str) -> None:
        """Count values, one for each label; the brush is dropped."""
        self.drop_brush()
        self._labels, self._values = labels, values
        self._edges = bin_edges(values, "auto", robust_range(values))
        heights = counts(values, self._edges)
        with self._whole.hold_sync():
            self._whole.x, self._whole.y = outline(self._edges, heights)
        set_range(self._x, self._axis, self._edges[0], self._edges[-1])
        top = max(1.0, 1.06 * float(heights.max(initial=0)))
        set_range(self._y, self._count, 0, top, whole=True)
        self._axis.label = title
        self._mark(None)

    def drop_brush(self) -> None:
        """Let go of the brush; what is chosen stays."""
        self.unobserve(self._choose, "brush")
        self.brush = None
        self.observe(self._choose, "brush")
        self._brusher.unobserve(self._brushed, "selected")
        self._brusher.selected = None
        self._brusher.observe(self._brushed, "selected")

    @guarded
    def _brushed(self, change: Any) -> None:
        selected = change["new"]
        whole = selected is not None and len(selected) == 2
        self.brush = tuple(float(v) for v in selected) if whole else None

    @guarded
    def _choose(self, _: Any) -> None:
        if self.brush is None:
            self.chosen = ()
            return
        low, high = self.brush
        inside = (self._values >= low) & (self._values < high)
        self.chosen = tuple(sorted(int(v) for v in self._labels[inside]))
        selected = self._brusher.selected
        if selected is None or not np.allclose(selected, self.brush):
            self._brusher.selected = np.array(self.brush)

    @guarded
    def _mark(self, _: Any) -> None:
        part = self._values[np.isin(self._labels, self.chosen)]
        with self._part.hold_sync():
            self._part.x, self._part.y = outline(self._edges, counts(part, self._edges))
            self._part.visible = bool(part.size)
