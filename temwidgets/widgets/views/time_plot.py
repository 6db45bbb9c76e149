"""A quantity of columns against time: the selected ones singly, the rest as mean and spread."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.analysis.stacks.series import time_series, time_variables
from temwidgets.widgets import palette
from temwidgets.widgets.controls import dropdown, offer
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._axes import MARGIN, horizontal, set_range, vertical
from temwidgets.widgets.views._figure_clicks import FigureClicks
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._paper import Paper
from temwidgets.widgets.views._print import Plot, PlotAxis, Printed
from temwidgets.widgets.views._profile_strip import ProfileStrip
from temwidgets.widgets.views._tracks_view import TracksView

_RATIO = 0.62
_ROOM = 30
"""Letters that the upright axis has room for."""

_MOST = 12
"""Columns that are drawn singly."""


class TimePlot(Printed, TracksView):
    """A quantity of columns in each frame; a click shows the frame.

    The selected columns are drawn one by one, the rest as their mean with a band of one standard
    deviation. The upright line is the frame that is shown.

    Parameters
    ----------
    source : Workspace or Dataset, (frame, column)
        A workspace whose tracks are followed, or tracks as of `temwidgets.fit_frames`.
    variable : str
        The quantity, e.g. "intensity" or "displacement_y".
    selection : Selection, optional
        Share one between views to link them; that of the workspace when not given.

    Attributes
    ----------
    frame : int
        Place of the frame that is shown.
    series : Dataset or None
        What is drawn, as ``temwidgets.time_series`` returns it.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    variable = traitlets.Unicode("intensity")

    def __init__(
        self,
        source: Any = None,
        variable: str = "intensity",
        *,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        super().__init__(source, selection=selection, variable=variable, **options)
        self.observe(self._on_variable, "variable")
        if self._workspace is not None:
            self._workspace.observe(self._on_events, "events")

    def close(self) -> None:
        """Close the widget and let go of workspace and selection."""
        if self._following and self._workspace is not None:
            self._workspace.unobserve(self._on_events, "events")
        super().close()

    @property
    def shown(self) -> str | None:
        """The quantity drawn: `variable`, or the first there is; None without tracks."""
        known = [] if self.columns is None else time_variables(self.columns)
        return self.variable if self.variable in known else next(iter(known), None)

    @property
    def series(self) -> xr.Dataset | None:
        """What is drawn, or None."""
        return self._series

    def csv(self) -> str:
        """Return mean, spread and number of the rest, and each selected column, as CSV."""
        if self._series is None:
            return ""
        table = self._series[["mean", "spread", "n"]].to_dataframe()
        for label in self._series["chosen"].values:
            for name in ("value", "value_std"):
                table[f"{name}_{label}"] = self._series[name].sel(chosen=label).values
        return f"# {self._axes[1].label}\n{table.to_csv()}"

    def save_csv(self, path: str | Path) -> None:
        """Write mean, spread and number of the rest, and each selected column, as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        if self._series is None:
            raise ValueError("There is nothing to print yet: fit the columns in all frames.")
        x, y = (
            PlotAxis(axis.label, scale.min, scale.max, tuple(axis.tick_values))
            for axis, scale in zip(self._axes, (self._x, self._y), strict=True)
        )
        entries = [{"label": "rest, mean and spread", "colour": palette.ALL}]
        if self._series.sizes["chosen"]:
            entries.append({"label": "selected", "colour": palette.SELECTED})
        return Plot(x, y, {"entries": entries}, self._print, _RATIO)

    def _print(self, paper: Paper, place: Any) -> None:
        self._strip.print(paper, place)
        for line in self._lines:
            if line.visible:
                paper.line(place(line.x, line.y), palette.SELECTED, 0.9)

    def _build(self) -> None:
        self._series: xr.Dataset | None = None
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axes = horizontal(self._x), vertical(self._y)
        self._axes[0].label = "Frame"
        scales = {"x": self._x, "y": self._y}
        self._strip = ProfileStrip(self._x, self._y)
        self._cursor = bqplot.Lines(
            x=[0.0, 0.0], y=[0.0, 1.0], scales=scales, colors=["#808080"], stroke_width=1.2
        )
        self._lines = [
            bqplot.Lines(
                x=[0.0, 1.0], y=[0.0, 1.0], scales=scales, colors=[palette.SELECTED],
                stroke_width=1.5, visible=False,
            )
            for _ in range(_MOST)
        ]  # fmt: skip
        self.figure = bqplot.Figure(
            marks=[*self._strip.marks, self._cursor, *self._lines], axes=list(self._axes),
            fig_margin=MARGIN, padding_x=0, padding_y=0, animation_duration=0,
            display_toolbar=False,
            layout={"width": "100%", "height": "260px", "min_width": "260px"},
        )  # fmt: skip
        self._clicks = FigureClicks()
        self._clicks.on_msg(self._clicked)
        self._words = widgets.HTML()
        self._words.add_class("tem-stats")
        self._choice = dropdown("", "Quantity that is drawn against time")
        self._choice.observe(self._chosen, "value")
        self.label = FigureLabel()
        files = plot_buttons(self, lambda: f"time_{self.shown}")
        head = row(self._choice, together(*files))
        self.children = [
            style_sheet(), head, self.figure, self.label, self._words, self._note, self._clicks,
        ]  # fmt: skip

    def _draw(self) -> None:
        names = [] if self.columns is None else time_variables(self.columns)
        offer(self._choice, [(name.replace("_", " "), name) for name in names], self.shown)
        if self.columns is None:
            self.remark("No columns in all frames yet: fit them first.")
        elif self.shown != self.variable:
            self.remark(f"There is no {self.variable}; {self.shown} is shown.")
        else:
            self.remark("")

    def _draw_selection(self) -> None:
        name = self.shown
        self._series = None
        if self.columns is None or name is None:
            self._strip.show(None, None)
            self._draw_lines(None)
            self._words.value = ""
            return
        found = time_series(self.columns, name, labels=self.selection.labels)
        self._series = found
        rest = xr.Dataset({"mean": found["mean"], "distance": found["frame"]})
        low, high = self._strip.show(rest, found["spread"].values)
        ends = self._draw_lines(found)
        if not np.isfinite(found["mean"].values).any():
            low, high = ends if ends else (low, high)
        elif ends:
            low, high = min(low, ends[0]), max(high, ends[1])
        margin = 0.06 * (high - low) or 0.02 * abs(high) or 1.0
        numbers = found["frame"].values
        set_range(self._x, self._axes[0], numbers[0], numbers[-1], whole=True)
        set_range(self._y, self._axes[1], low - margin, high + margin)
        text, unit = str(found["value"].attrs["long_name"]), str(found["value"].attrs["units"])
        full = _title(text, unit)
        self._axes[1].label = full if len(full) <= _ROOM else _title(name, unit)
        self.label.text = f"{_title(text, unit)} of columns in each frame. Click to show a frame."
        self._words.value = self._explain(found)

    def _draw_lines(self, found: xr.Dataset | None) -> tuple[float, float] | None:
        """Draw the selected columns singly; return the lowest and highest value."""
        count = 0 if found is None else min(found.sizes["chosen"], _MOST)
        ends = []
        for k, line in enumerate(self._lines):
            values = found["value"].values[:, k] if found is not None and k < count else None
            known = np.empty(0, int) if values is None else np.flatnonzero(np.isfinite(values))
            if found is None or values is None or known.size < 2:
                line.visible = False
                continue
            some = slice(known[0], known[-1] + 1)
            with line.hold_sync():
                line.x, line.y = found["frame"].values[some].astype(float), values[some]
                line.visible = True
            ends.append((float(np.nanmin(values)), float(np.nanmax(values))))
        return (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else None

    def _draw_frame(self) -> None:
        number = self.number
        self._cursor.visible = number is not None and self._series is not None
        if number is not None:
            low, high = self._y.min or 0.0, self._y.max or 1.0
            with self._cursor.hold_sync():
                self._cursor.x, self._cursor.y = [float(number)] * 2, [low, high]

    def _explain(self, found: xr.Dataset) -> str:
        chosen = found["chosen"].values
        parts = [f"{chosen.size} columns"]
        if chosen.size == 1:
            parts = [f"column {chosen[0]}"]
        elif not chosen.size:
            parts = ["none; select columns to see them singly"]
        if chosen.size > _MOST:
            parts.append(f"the first {_MOST} are drawn")
        parts += self._happened(chosen)
        return f"<div><b>Selected</b>{escape('; '.join(parts))}</div>"

    def _happened(self, chosen: np.ndarray) -> list[str]:
        """Say what happened to the chosen columns."""
        events = None if self._workspace is None else self._workspace.events
        if events is None:
            return []
        rows = np.flatnonzero(np.isin(events["label"].values, chosen))
        kinds, frames, labels = (events[n].values for n in ("kind", "event_frame", "label"))
        return [f"{kinds[k]} of {labels[k]} at frame {frames[k]}" for k in rows[:_MOST]]

    @guarded
    def _on_events(self, _: Any) -> None:
        if self._series is not None:
            self._words.value = self._explain(self._series)

    @guarded
    def _on_variable(self, _: Any) -> None:
        self._stale |= {"columns", "selection"}
        self._catch_up()

    @guarded
    def _chosen(self, change: Any) -> None:
        if change["new"] and change["new"] != self.shown:
            self.variable = change["new"]

    @guarded
    def _clicked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("kind") == "click" and self._series is not None:
            low, high = self._x.min, self._x.max
            self.show_number(low + content["share"] * (high - low))


def _title(text: str, unit: str) -> str:
    words = text.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}" + (f" ({unit})" if unit not in ("", "1") else "")
