"""A column variable averaged row by row, linked through the selection."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.analysis.profile_parts import columns_between, profile_part, row_span
from temwidgets.analysis.profiles import profile
from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.products import Product
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.traits import Interval
from temwidgets.widgets.views._axes import horizontal, plot_figure, set_range, vertical
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._figure_clicks import FigureClicks
from temwidgets.widgets.views._paper import Paper
from temwidgets.widgets.views._print import Plot, PlotAxis, Printed
from temwidgets.widgets.views._profile_controls import ProfileControls
from temwidgets.widgets.views._row_marks import RowMarks, row_ends, rows_words, shown_rows
from temwidgets.widgets.views._variables import check_variable, choose, short_title

_RATIO = 0.62
_ECHO = 0.6
"""Seconds after a click in which bqplot's brush may still tell that the click emptied it."""


class ProfileView(Printed, ColumnsView):
    """The mean of a variable in each row of columns, with standard errors.

    Click a row to select its columns; drag over several. "Clear" in the options selects none.

    Parameters
    ----------
    source : Workspace or Dataset
        A workspace to follow, or columns (dim column).
    variable : str
        The variable averaged, e.g. "displacement_y" or "e_xx".
    lattice : Dataset, optional
        The lattice of bare columns, for profiles along its vectors.
    selection : Selection, optional
        Share one between views to link them; by default that of the workspace.
    along : {"a", "b"} or float
        Rows follow one another along this lattice vector, or along a direction in degrees from +x
        towards +y.
    width : float or None
        With a direction: average over strips so wide instead of rows.
    of : int or None
        Use this sublattice only.

    Attributes
    ----------
    brush : (float, float) or None
        The range of positions selected; setting it selects as the mouse does.

    Raises
    ------
    ValueError
        If bare columns do not have `variable`.
    TypeError
        If `source` is neither a Workspace nor a Dataset, or an option is unknown.
    """

    variable = traitlets.Unicode("intensity")
    lattice = Product()
    along = traitlets.Union([traitlets.Enum(("a", "b")), traitlets.Float()], default_value="b")
    width = traitlets.Float(None, allow_none=True)
    of = traitlets.Int(None, allow_none=True)
    brush = Interval()

    def __init__(
        self,
        source: Any = None,
        variable: str = "intensity",
        *,
        lattice: xr.Dataset | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        check_variable(source, variable)
        brush = options.pop("brush", None)
        if lattice is None and source is not None and not isinstance(source, xr.Dataset):
            lattice = getattr(source, "lattice", None)
        options |= {"variable": variable, "lattice": lattice}
        super().__init__(source, selection=selection, **options)
        self.observe(self._on_option, ["variable", "lattice", "along", "width", "of"])
        self.observe(self._on_brush, "brush")
        self.brush = brush
        if self._workspace is not None:
            self._workspace.observe(self._on_lattice, "lattice")

    def close(self) -> None:
        """Close the widget and let go of workspace and selection."""
        if self._following and self._workspace is not None:
            self._workspace.unobserve(self._on_lattice, "lattice")
        super().close()

    @property
    def shown(self) -> str | None:
        """The variable averaged: `variable`, or what stands in for it; None without columns."""
        return choose(self.columns, self.variable)

    @property
    def rows(self) -> xr.Dataset | None:
        """What is shown, as ``temwidgets.profile`` returns it."""
        return self._rows

    def csv(self) -> str:
        """Return position, mean, errors and count of each row as CSV."""
        if self._rows is None:
            return ""
        names, shown = ["position", "mean", "mean_std", "spread", "count"], shown_rows(self._rows)
        table = shown[names].to_dataframe()[names]
        text: str = table.to_csv(index=False)
        units = f"{shown['position'].attrs['units']}, {shown['mean'].attrs['units']}"
        return f"# {shown['mean'].attrs['long_name']} ({units})\n{text}"

    def save_csv(self, path: str | Path) -> None:
        """Write the rows as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        if self._rows is None:
            raise ValueError("There is no profile to print yet.")
        x, y = (
            PlotAxis(axis.label, scale.min, scale.max, tuple(axis.tick_values))
            for axis, scale in zip(self._axes, (self._x, self._y), strict=True)
        )
        entries = [{"label": "selected", "colour": palette.SELECTED}]
        legend = {"entries": entries} if self._part.line.visible else {}
        return Plot(x, y, legend, self._print, _RATIO)

    def _print(self, paper: Paper, place: Any) -> None:
        for shown in (self._whole, self._part):
            shown.print(paper, place)

    def _build(self) -> None:
        self._rows: xr.Dataset | None = None
        self._clicked_at = -_ECHO
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axes = (horizontal(self._x), vertical(self._y))
        self._whole = RowMarks(self._x, self._y, palette.ALL)
        self._part = RowMarks(self._x, self._y, palette.SELECTED)
        self._brusher = bqplot.interacts.BrushIntervalSelector(
            scale=self._x, color=palette.SELECTED
        )
        self._brusher.observe(self._brushed, "selected")
        marks = [*self._whole.marks, *self._part.marks]
        self.figure = plot_figure(self._brusher, 280, axes=list(self._axes), marks=marks)
        self._clicks = FigureClicks()
        self._clicks.on_msg(self._clicked)
        self._readout = widgets.HTML()
        self._readout.add_class("tem-stats")
        self._controls = ProfileControls(self)
        self.children = [
            *self._controls.arrange(self.figure, self._readout, self._note), self._clicks,
        ]  # fmt: skip

    def _draw(self) -> None:
        self._tone, text = "info", ""
        try:
            self._rows = self._measure()
        except ValueError as error:
            self._rows, self._tone, text = None, "warning", str(error)
        self._controls.refresh()
        self._whole.show(None if self._rows is None else shown_rows(self._rows))
        if self._rows is not None:
            self._draw_axes(self._rows)
        self.message = ""
        self.message = text or self._explain()

    def _measure(self) -> xr.Dataset | None:
        if self.columns is None or self.shown is None:
            return None
        found = profile(
            self.columns,
            self.shown,
            self.lattice,
            along=self.along,
            width=None if isinstance(self.along, str) else self.width,
            of=self.of,
        )
        return found if found.sizes["row"] else None

    def _draw_axes(self, rows: xr.Dataset) -> None:
        place = rows["position"].values
        set_range(self._x, self._axes[0], *_padded(place.min(), place.max()))
        way = self.along if isinstance(self.along, str) else f"{self.along:g}°"
        self._axes[0].label = f"Position along {way} ({rows['position'].attrs['units']})"
        assert self.columns is not None
        self._axes[1].label = short_title(self.columns, rows.attrs["variable"])

    def _draw_selection(self) -> None:
        labels, part = self.selection.labels, None
        if self._rows is not None and self.columns is not None and labels.size:
            part = profile_part(self._rows, self.columns, labels)
            part = shown_rows(part.assign_attrs(self._rows.attrs))
        self._part.show(part)
        self._fit_height(part)
        self._readout.value = rows_words(self._rows, part)

    def _fit_height(self, part: xr.Dataset | None) -> None:
        """Let the upright axis hold the whole and the part."""
        whole = None if self._rows is None else shown_rows(self._rows)
        ends = [row_ends(rows) for rows in (whole, part) if rows is not None]
        if ends:
            finite = np.concatenate(ends)
            finite = finite[np.isfinite(finite)]
            set_range(self._y, self._axes[1], *_padded(finite.min(), finite.max()))

    def _explain(self) -> str:
        if self.columns is None:
            return "No columns yet: find columns first."
        if self._rows is None:
            return f"No column has a value of {self.shown}."
        if self.shown != self.variable:
            return f"These columns have no {self.variable} yet; {self.shown} is shown."
        return ""

    @guarded
    def _on_lattice(self, change: Any) -> None:
        self.lattice = change["new"]

    @guarded
    def _on_option(self, change: Any) -> None:
        self._drop_brush()
        self._draw()
        self._draw_selection()

    @guarded
    def _clicked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("kind") == "click" and self._rows is not None:
            low, high = self._x.min, self._x.max
            self._clicked_at = time.monotonic()
            self.brush = row_span(self._rows, low + content["share"] * (high - low))

    @guarded
    def _brushed(self, change: Any) -> None:
        selected = change["new"]
        if selected is None or len(selected) != 2:
            if self.brush and time.monotonic() - self._clicked_at < _ECHO:
                self._set_brusher(np.array(self.brush))
            else:
                self.brush = None
        else:
            self.brush = tuple(float(v) for v in selected)

    @guarded
    def _on_brush(self, change: Any) -> None:
        self._controls.refresh_brush()
        if change["new"] is None:
            if self.selection.source is self:
                self.selection.select((), source=self)
            return
        if self.columns is None or self._rows is None:
            return
        low, high = change["new"]
        labels = columns_between(self._rows, self.columns, (low, high))
        way = self.along if isinstance(self.along, str) else f"{self.along:g} deg"
        rule = f"{low:.5g} <= position along {way} <= {high:.5g}"
        self.selection.select(labels, rule=rule, source=self)
        self._set_brusher(np.array([low, high]))

    def _set_brusher(self, value: np.ndarray | None) -> None:
        old = self._brusher.selected
        if value is not None and old is not None and len(old) == 2 and np.allclose(old, value):
            return
        self._brusher.unobserve(self._brushed, "selected")
        self._brusher.selected = value
        self._brusher.observe(self._brushed, "selected")

    def _drop_brush(self) -> None:
        """Let go of the brush without touching the selection that another view has made."""
        self.unobserve(self._on_brush, "brush")
        self.brush = None
        self.observe(self._on_brush, "brush")
        self._set_brusher(None)
        self._controls.refresh_brush()


def _padded(low: float, high: float) -> tuple[float, float]:
    margin = 0.04 * (high - low) or 0.5 * (abs(low) or 1.0)
    return float(low - margin), float(high + margin)
