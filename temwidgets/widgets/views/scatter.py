"""Scatter plot of one column variable against another, linked through the selection."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets

from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.traits import Interval
from temwidgets.widgets.views import markers
from temwidgets.widgets.views._axes import horizontal, plot_figure, set_range, vertical
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._bins import robust_range
from temwidgets.widgets.views._paper import Paper
from temwidgets.widgets.views._points import Frame, Points
from temwidgets.widgets.views._print import Plot, PlotAxis, Printed
from temwidgets.widgets.views._readout import shortcomings
from temwidgets.widgets.views._scatter_controls import ScatterControls
from temwidgets.widgets.views._table_rows import frame as table_frame
from temwidgets.widgets.views._variables import (
    check_variable,
    choose,
    column_variable,
    numeric,
    rule_unit,
    short_title,
    title,
)
from temwidgets.widgets.views.colormaps import rgb


class ScatterPlot(Printed, ColumnsView):
    """One column variable against another; drag a rectangle to select columns.

    Parameters
    ----------
    source : Workspace or Dataset
        A workspace to follow, or columns (dim column).
    x, y : str
        Variables along the axes.
    color_by : str, optional
        Variable that colours the points: by class if it takes few whole values.
    selection : Selection, optional
        Share one between views to link them; by default that of the workspace.
    x_range, y_range : (float, float), optional
        Ranges shown; by default ones that outliers cannot squash.

    Attributes
    ----------
    brush : ((x, y), (x, y)) or None
        Two corners of the rectangle selected; setting it selects as the mouse does.

    Raises
    ------
    ValueError
        If bare columns do not have a variable.
    TypeError
        If `source` is neither a Workspace nor a Dataset, or an option is unknown.
    """

    x = traitlets.Unicode("x")
    y = traitlets.Unicode("intensity")
    color_by = traitlets.Unicode(None, allow_none=True)
    x_range = Interval()
    y_range = Interval()
    brush = traitlets.Tuple(allow_none=True, default_value=None)

    def __init__(
        self,
        source: Any = None,
        x: str = "x",
        y: str = "intensity",
        *,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        check_variable(source, x, y)
        brush = options.pop("brush", None)
        super().__init__(source, selection=selection, x=x, y=y, **options)
        self.observe(self._on_option, ["x", "y", "color_by", "x_range", "y_range"])
        self.observe(self._on_brush, "brush")
        self.brush = brush

    @property
    def shown(self) -> tuple[str | None, str | None]:
        """The variables on the axes: x and y, or what stands in for them."""
        return choose(self.columns, self.x), choose(self.columns, self.y)

    def values(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the two coordinates of each point, in the order of the columns."""
        along, up = self.shown
        if self.columns is None or along is None or up is None:
            return np.empty(0), np.empty(0)
        x, y = (column_variable(self.columns, name).values for name in (along, up))
        return x.astype(float), y.astype(float)

    def csv(self) -> str:
        """Return label, x, y and colour variable of all columns as CSV."""
        if self.columns is None:
            return ""
        names = dict.fromkeys(name for name in (*self.shown, self._coloured()) if name)
        table = table_frame(self.columns, [str(name) for name in names], digits=None)
        return table.assign(selected=self._mask()).to_csv()

    def save_csv(self, path: str | Path) -> None:
        """Write the points as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        if self.columns is None or None in self.shown:
            raise ValueError("There are no columns to print yet: find columns first.")
        along, up = (
            PlotAxis(axis.label, *limits, tuple(axis.tick_values))
            for axis, limits in zip(self._axes, self._frame, strict=True)
        )
        legend = markers.colouring(self.columns, self._coloured(), "viridis").legend
        if not legend and self._mask().any():
            legend = {"entries": [{"label": "selected", "colour": palette.SELECTED}]}
        return Plot(along, up, legend, self._print, 0.75)

    def _print(self, paper: Paper, place: Any) -> None:
        along, up = self.values()
        chosen = self._mask()
        spots, radius = place(along, up), 1.3 if along.size <= 2000 else 0.8
        inside = np.flatnonzero(_within(along, up, self._frame))
        for i in inside[np.argsort(chosen[inside], kind="stable")]:
            colour = "#{:02x}{:02x}{:02x}".format(*self._points.colours[i])
            if chosen[i] and not self._coloured():
                colour = palette.SELECTED
            faded = chosen.any() and not chosen[i]
            paper.dot(spots[i], radius, colour, 0.3 if faded else 0.8)

    def _build(self) -> None:
        self._frame = Frame((0.0, 1.0), (0.0, 1.0))
        self._points = self._make_points()
        self._sx, self._sy = bqplot.LinearScale(), bqplot.LinearScale()
        self._axes = (horizontal(self._sx), vertical(self._sy))
        self._picture = bqplot.Image(
            image=self._image(),
            scales={"x": self._sx, "y": self._sy},
        )
        self._brusher = bqplot.interacts.BrushSelector(
            x_scale=self._sx, y_scale=self._sy, color=palette.SELECTED
        )
        self._brusher.observe(self._brushed, ["selected_x", "selected_y"])
        self.figure = plot_figure(self._brusher, 340, axes=list(self._axes), marks=[self._picture])
        self._readout = widgets.HTML()
        self._readout.add_class("tem-stats")
        self._controls = ScatterControls(self)
        self.children = self._controls.arrange(self.figure, self._readout, self._note)

    def _draw(self) -> None:
        along, up = self.values()
        self._frame = Frame(
            self.x_range or _padded(robust_range(along)), self.y_range or _padded(robust_range(up))
        )
        set_range(self._sx, self._axes[0], *self._frame.x)
        set_range(self._sy, self._axes[1], *self._frame.y)
        for axis, name in zip(self._axes, self.shown, strict=True):
            titled = title if axis is self._axes[0] else short_title
            axis.label = "" if self.columns is None or name is None else titled(self.columns, name)
        with self._picture.hold_sync():
            self._picture.x, self._picture.y = list(self._frame.x), list(self._frame.y)
        self._points = self._make_points()
        self._controls.refresh()
        self._explain(along, up)

    def _draw_selection(self) -> None:
        # bqplot draws a new picture, but not new bytes in the old one.
        old, self._picture.image = self._picture.image, self._image()
        old.close()
        count = int(self._mask().sum())
        dot = f'<i class="tem-swatch" style="background:{palette.SELECTED}"></i>'
        mark, how = ("", " in full colour") if self._coloured() else (dot, "")
        chosen = f"<div>{mark}<b>selected{how}</b> n = {count:,}</div>"
        self._readout.value = self._legend() + (chosen if self.columns is not None else "")

    def _image(self) -> widgets.Image:
        # Selected points keep the colours that a variable gives them.
        colour = None if self._coloured() else rgb(palette.SELECTED)
        png = self._points.png(self._mask(), colour)
        return widgets.Image(value=png, format="png")

    def _make_points(self) -> Points:
        how = markers.colouring(self.columns, self._coloured(), "viridis")
        along, up = self.values()
        return Points(along, up, markers.colours(how, along.size, palette.ALL), self._frame)

    def _coloured(self) -> str | None:
        return self.color_by if self.color_by in numeric(self.columns) else None

    def _legend(self) -> str:
        name = self._coloured()
        legend = markers.colouring(self.columns, name, "viridis").legend
        if not legend:
            return ""
        swatches = "".join(
            f'<span style="margin-right:10px"><i class="tem-swatch" style="background:'
            f'{entry["colour"]}"></i>{escape(entry["label"])}</span>'
            for entry in legend.get("entries", ())
        )
        if "gradient" in legend:
            ramp = ", ".join(legend["gradient"])
            swatches = (
                f'{legend["low"]} <i class="tem-ramp" style="background:linear-gradient(to right,'
                f' {ramp})"></i> {legend["high"]}'
            )
        return f"<div><b>{escape(legend['title'])}</b> {swatches}</div>"

    def _mask(self) -> np.ndarray:
        return np.zeros(0, bool) if self.columns is None else self.selection.mask(self.columns)

    def _explain(self, along: np.ndarray, up: np.ndarray) -> None:
        if self.columns is None:
            self.remark("No columns yet: find columns first.")
            return
        finite = np.isfinite(along) & np.isfinite(up)
        outside = finite & ~_within(along, up, self._frame)
        wanted = list(zip((self.x, self.y), self.shown, strict=True))
        self.remark(shortcomings(wanted, finite, outside))

    @guarded
    def _on_option(self, change: Any) -> None:
        if change["name"] in ("x", "y"):
            self._drop_brush()
        self._draw()
        self._draw_selection()

    @guarded
    def _brushed(self, _: Any) -> None:
        sides = self._brusher.selected_x, self._brusher.selected_y
        if any(side is None or len(side) != 2 for side in sides):
            self.brush = None
            return
        (left, right), (low, high) = (sorted(float(v) for v in side) for side in sides)
        self.brush = ((left, low), (right, high))

    @guarded
    def _on_brush(self, change: Any) -> None:
        if change["new"] is None:
            if self.selection.source is self:
                self.selection.select((), source=self)
            return
        if self.columns is None:
            return
        corners = np.asarray(change["new"], float)
        frame = Frame(*(tuple(sorted(side)) for side in corners.T.tolist()))
        chosen = self.columns["column"].values[_within(*self.values(), frame)]
        sides = zip(self.shown, frame, strict=True)
        rule = " and ".join(self._rule(str(name), side) for name, side in sides)
        self.selection.select(chosen, rule=rule, source=self)
        self._show_brush(frame)

    def _rule(self, name: str, side: tuple[float, float]) -> str:
        assert self.columns is not None
        return f"{side[0]:.6g} <= {name} <= {side[1]:.6g}{rule_unit(self.columns, name)}"

    def _show_brush(self, frame: Frame) -> None:
        for name, side in (("selected_x", frame.x), ("selected_y", frame.y)):
            old = getattr(self._brusher, name)
            if old is None or len(old) != 2 or not np.allclose(sorted(old), side, rtol=1e-9):
                self._brusher.unobserve(self._brushed, ["selected_x", "selected_y"])
                setattr(self._brusher, name, np.array(side))
                self._brusher.observe(self._brushed, ["selected_x", "selected_y"])

    def _drop_brush(self) -> None:
        """Let go of the brush without touching the selection that another view has made."""
        self.unobserve(self._on_brush, "brush")
        self.brush = None
        with self._brusher.hold_sync():
            self._brusher.selected_x = self._brusher.selected_y = None
        self.observe(self._on_brush, "brush")
        self._controls.refresh_brush()


def _padded(limits: tuple[float, float]) -> tuple[float, float]:
    margin = 0.03 * (limits[1] - limits[0])
    return limits[0] - margin, limits[1] + margin


def _within(along: np.ndarray, up: np.ndarray, frame: Frame) -> np.ndarray:
    (left, right), (low, high) = frame
    return (along >= left) & (along <= right) & (up >= low) & (up <= high)
