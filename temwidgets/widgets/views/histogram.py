"""Histogram of a column variable, linked through the selection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets

from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.products import Product
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.traits import Interval
from temwidgets.widgets.views._axes import horizontal, plot_figure, set_range, vertical
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._bins import (
    bin_edges,
    counts,
    counts_csv,
    mixture_curves,
    outline,
    robust_range,
    same_range,
)
from temwidgets.widgets.views._histogram_controls import HistogramControls
from temwidgets.widgets.views._histogram_print import histogram_plot
from temwidgets.widgets.views._kinds import kind_colour, kind_title
from temwidgets.widgets.views._print import Plot, Printed
from temwidgets.widgets.views._readout import shortcomings, statistics
from temwidgets.widgets.views._variables import (
    check_variable,
    choose,
    column_variable,
    rule_unit,
    title,
    unit,
)

_LOWEST = 0.7
"""Bottom of a logarithmic count axis: one column is seen, none is not."""


class Histogram(Printed, ColumnsView):
    """A histogram of one column variable; brush it to select columns.

    Parameters
    ----------
    source : Workspace or Dataset
        A workspace to follow, or columns (dim column).
    variable : str
        The variable to count, e.g. "intensity". A workspace that has no such variable yet shows
        the next best one.
    selection : Selection, optional
        Share one between views to link them; by default that of the workspace.
    bins : int or "auto"
        Number of bins; "auto" follows the data.
    by : str, optional
        A variable of whole numbers, such as "sublattice": one outline and colour for each value.
    log_counts : bool
        Logarithmic counts.
    range : (float, float), optional
        Range shown, strains in %; by default one that outliers cannot squash.
    mixture : Dataset, optional
        Result of ``temwidgets.fit_mixture`` to draw over the counts.

    Attributes
    ----------
    brush : (float, float) or None
        The range selected, low <= value < high; setting it selects as the mouse does.

    Raises
    ------
    ValueError
        If bare columns do not have `variable`.
    TypeError
        If `source` is neither a Workspace nor a Dataset, or an option is unknown.
    """

    variable = traitlets.Unicode("intensity")
    bins = traitlets.Union(
        [traitlets.Int(min=1, max=1000), traitlets.Enum(["auto"])], default_value="auto"
    )
    by = traitlets.Unicode(None, allow_none=True)
    log_counts = traitlets.Bool(False)
    range = Interval()
    brush = Interval()
    mixture = Product()

    def __init__(
        self,
        source: Any = None,
        variable: str = "intensity",
        *,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        check_variable(source, variable)
        brush = options.pop("brush", None)
        super().__init__(source, selection=selection, variable=variable, **options)
        redraw = ["variable", "bins", "by", "log_counts", "range", "mixture"]
        self.observe(self._on_option, redraw)
        self.observe(self._on_brush, "brush")
        self.brush = brush
        if self._workspace is not None:
            self._workspace.observe(self._on_mixture, "mixture")
            self.mixture = self._workspace.mixture

    def close(self) -> None:
        """Close the widget and let go of workspace and selection."""
        if self._following and self._workspace is not None:
            self._workspace.unobserve(self._on_mixture, "mixture")
        super().close()

    @property
    def shown(self) -> str | None:
        """The variable on the axis: `variable`, or what stands in for it; None without columns."""
        return choose(self.columns, self.variable)

    def values(self) -> np.ndarray:
        """Return the numbers that are counted, in the order of the columns."""
        shown = self.shown
        if shown is None or self.columns is None:
            return np.empty(0)
        return column_variable(self.columns, shown).values

    def csv(self) -> str:
        """Return edges and counts as CSV: all, one column for each group, selected."""
        groups = [(name, values) for name, values, _ in self._groups()]
        groups.append(("selected", self.values()[self._mask()]))
        header = "" if self.columns is None else f"# {title(self.columns, self.shown or '')}\n"
        return header + counts_csv(groups, self._edges)

    def save_csv(self, path: str | Path) -> None:
        """Write the counts shown as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        return histogram_plot(self)

    def _build(self) -> None:
        self._edges = np.linspace(0, 1, 2)
        self._x = bqplot.LinearScale()
        self._axis = horizontal(self._x)
        self._brusher = bqplot.interacts.BrushIntervalSelector(
            scale=self._x, color=palette.SELECTED
        )
        self._brusher.observe(self._brushed, "selected")
        self.figure = plot_figure(self._brusher, 280)
        self._readout = widgets.HTML()
        self._readout.add_class("tem-stats")
        self._make_marks()
        self._controls = HistogramControls(self)
        self.children = self._controls.arrange(self.figure, self._readout, self._note)

    def _make_marks(self) -> None:
        """Make marks and the count axis anew: bqplot cannot change the scale of a mark."""
        low = _LOWEST if self.log_counts else 0.0
        kind = bqplot.LogScale if self.log_counts else bqplot.LinearScale
        self._y = kind(min=low, max=10.0)
        scales = {"x": self._x, "y": self._y}
        self._whole = bqplot.Lines(scales=scales, x=[0, 1], y=[low, low], fill="bottom")
        self._part = bqplot.Lines(
            scales=scales, x=[0, 1], y=[low, low], fill="bottom", colors=[palette.SELECTED]
        )
        self._part.fill_opacities = [0.65]
        self._curves = bqplot.Lines(scales=scales, x=[0, 1], y=[low, low], visible=False)
        self._count_axis = vertical(self._y, "Columns")
        with self.figure.hold_sync():
            self.figure.axes = [self._axis, self._count_axis]
            self.figure.marks = [self._whole, self._part, self._curves]

    def _draw(self) -> None:
        values = self.values()
        limits = self.range or robust_range(values)
        self._edges = bin_edges(values, self.bins, limits)
        groups = self._groups()
        heights = np.stack([counts(v, self._edges) for _, v, _ in groups])
        highest = max(1.0, float(heights.max(initial=0)), self._draw_mixture(values))
        top = highest * (2.0 if self.log_counts else 1.06)
        x, _ = outline(self._edges, heights[0])
        lines = np.stack([self._lift(outline(self._edges, h)[1]) for h in heights])
        set_range(self._x, self._axis, self._edges[0], self._edges[-1])
        set_range(self._y, self._count_axis, _LOWEST if self.log_counts else 0.0, top, whole=True)
        with self._whole.hold_sync():
            self._whole.x, self._whole.y = x, lines
            self._whole.colors = self._whole.fill_colors = [color for _, _, color in groups]
            self._whole.fill_opacities = [0.35 if len(groups) == 1 else 0.28] * len(groups)
        self._axis.label = "" if self.columns is None else title(self.columns, self.shown or "")
        self._controls.refresh()
        self._explain(values)

    def _draw_selection(self) -> None:
        part = self.values()[self._mask()]
        x, y = outline(self._edges, counts(part, self._edges))
        with self._part.hold_sync():
            self._part.x, self._part.y = x, self._lift(y)
            self._part.visible = bool(np.isfinite(part).any())
        self._read_out(part)

    def _draw_mixture(self, values: np.ndarray) -> float:
        """Draw the populations and return their greatest height."""
        self._curves.visible = False
        if self.mixture is None or self.mixture.attrs.get("variable", self.shown) != self.shown:
            return 0.0
        x, curves = mixture_curves(self.mixture, values, self._edges)
        with self._curves.hold_sync():
            self._curves.x, self._curves.y = x, self._lift(curves)
            self._curves.colors = [palette.CURVE]
            self._curves.opacities = [0.6] * (len(curves) - 1) + [1.0]
            self._curves.visible = True
        return float(curves.max(initial=0))

    def _lift(self, y: np.ndarray) -> np.ndarray:
        return np.maximum(y, _LOWEST) if self.log_counts else y

    def _mask(self) -> np.ndarray:
        if self.columns is None:
            return np.zeros(0, bool)
        return self.selection.mask(self.columns)

    def _groups(self) -> list[tuple[str, np.ndarray, str]]:
        """Name, values and colour of each outline."""
        values = self.values()
        if self.columns is None or self.by is None or self.by not in self.columns:
            return [("all", values, palette.ALL)]
        kinds = self.columns[self.by].values
        return [
            (kind_title(*known), values[kinds == known[2]], kind_colour(*known))
            for known in ((self.columns, self.by, int(kind)) for kind in np.unique(kinds)[:20])
        ] or [("all", values, palette.ALL)]

    def _explain(self, values: np.ndarray) -> None:
        if self.columns is None:
            self.remark("No columns yet: find columns first.")
            return
        outside = (values < self._edges[0]) | (values > self._edges[-1])
        self.remark(shortcomings([(self.variable, self.shown)], np.isfinite(values), outside))

    def _read_out(self, part: np.ndarray) -> None:
        if self.columns is None or self.shown is None:
            self._readout.value = ""
            return
        rows = self._groups()
        if len(rows) > 1:
            rows.insert(0, ("all", self.values(), "transparent"))
        rows.append(("selected", part, palette.SELECTED))
        self._readout.value = statistics(rows, unit(self.columns, self.shown))

    @guarded
    def _on_mixture(self, change: Any) -> None:
        self.mixture = change["new"]

    @guarded
    def _on_option(self, change: Any) -> None:
        if change["name"] == "log_counts":
            self._make_marks()
        if change["name"] == "variable":
            self._drop_brush()
        self._draw()
        self._draw_selection()

    @guarded
    def _brushed(self, change: Any) -> None:
        selected = change["new"]
        if selected is None or len(selected) != 2:
            self.brush = None
        else:
            self.brush = tuple(float(v) for v in selected)

    @guarded
    def _on_brush(self, change: Any) -> None:
        if change["new"] is None:
            if self.selection.source is self:
                self.selection.select((), source=self)
            return
        if self.columns is None or self.shown is None:
            return
        low, high = change["new"]
        values = self.values()
        chosen = self.columns["column"].values[(values >= low) & (values < high)]
        rule = f"{low:.6g} <= {self.shown} < {high:.6g}{rule_unit(self.columns, self.shown)}"
        self.selection.select(chosen, rule=rule, source=self)
        if not same_range(self._brusher.selected, change["new"]):
            self._brusher.selected = np.array([low, high])

    def _drop_brush(self) -> None:
        """Let go of the brush without touching the selection that another view has made."""
        self.unobserve(self._on_brush, "brush")
        self.brush = None
        self.observe(self._on_brush, "brush")
        self._brusher.unobserve(self._brushed, "selected")
        self._brusher.selected = None
        self._brusher.observe(self._brushed, "selected")
        self._controls.refresh_brush()
