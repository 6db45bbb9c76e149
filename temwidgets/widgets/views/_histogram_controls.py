"""The controls round a histogram; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.widgets.controls import button, checkbox, dropdown, number, offer, whole_number
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._variables import (
    categories,
    choices,
    numeric,
    readable,
    title,
    unit,
)

if TYPE_CHECKING:
    from temwidgets.widgets.views.histogram import Histogram


class HistogramControls:
    """Dropdowns, fields and buttons of one histogram."""

    def __init__(self, view: Histogram) -> None:
        self.view = view
        self._busy = False
        self.variable = dropdown("", "Variable to count")
        self.variable.layout.min_width = "120px"  # also while there is nothing to choose
        self.by = dropdown("Colour by", "One outline for each value of this variable")
        self.bins = whole_number("Bins", "Number of bins; 0 follows the data", 0, 0, 1000)
        self.log = checkbox("log counts", "Logarithmic count axis")
        self.low = number("Show from", "Left end of the axis")
        self.high = number("to", "Right end of the axis")
        self.reset = button("Reset", "Show the range that outliers cannot squash")
        self.from_ = number("Select from", "Select from this value on (or drag over the histogram)")
        self.until = number("up to", "Select columns below this value")
        self.clear = button("Clear", "Select nothing")
        self.label = FigureLabel()
        self.more = widgets.ToggleButton(
            description="Options", tooltip="Bins, range, colours, select by numbers",
            layout={"width": "auto"},
        )  # fmt: skip
        self.unit = widgets.Label()
        self._watch()

    def arrange(self, figure: Any, readout: Any, note: Any) -> list[widgets.Widget]:
        """Return the children of the view, top to bottom."""
        files = plot_buttons(self.view, lambda: f"histogram_{self.view.shown}")
        options = widgets.VBox(
            [
                row(self.by, self.bins, self.log),
                row(self.low, self.high, self.reset),
                row(self.from_, self.until, together(self.unit, self.clear)),
            ],
            layout={"display": "none"},
        )
        self.more.observe(
            lambda c: setattr(options.layout, "display", "" if c["new"] else "none"), "value"
        )
        top = row(self.variable, together(self.more, *files))
        return [style_sheet(), top, options, figure, self.label, readout, note]

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view = self.view
        self._busy = True
        try:
            offer(self.variable, choices(view.columns, numeric(view.columns)), view.shown)
            groups = [("one colour", None), *choices(view.columns, categories(view.columns))]
            by = view.by if view.by in [value for _, value in groups] else None
            offer(self.by, groups, by)
            self.bins.value = 0 if view.bins == "auto" else int(view.bins)
            self.log.value = view.log_counts
            self.low.value, self.high.value = readable(view._edges[0], view._edges[-1])
            shown = view.shown
            of = self.unit.value = ""
            if shown is not None and view.columns is not None:
                self.unit.value = unit(view.columns, shown)
                of = f" of {title(view.columns, shown)}"
            self.label.text = f"Histogram{of}. Options has fields to select by number."
        finally:
            self._busy = False
        self.refresh_brush()

    def refresh_brush(self) -> None:
        """Show the brush in the two fields."""
        self._busy = True
        low, high = self.view.brush or (self.view._edges[0], self.view._edges[-1])
        self.from_.value, self.until.value = readable(low, high)
        self._busy = False

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def _watch(self) -> None:
        view = self.view
        for control, name in (
            (self.variable, "variable"),
            (self.by, "by"),
            (self.log, "log_counts"),
        ):
            control.observe(self._setter(name), "value")
        self.bins.observe(self._bins_set, "value")
        for field in (self.low, self.high):
            field.observe(self._range_set, "value")
        for field in (self.from_, self.until):
            field.observe(self._brush_set, "value")
        self.reset.on_click(lambda _: setattr(view, "range", None))
        self.clear.on_click(lambda _: view.selection.clear())
        view.observe(lambda _: self.refresh_brush(), "brush")

    def _setter(self, name: str) -> Any:
        def set_trait(change: Any) -> None:
            if not self._busy and change["new"] is not None:
                setattr(self.view, name, None if change["new"] == "" else change["new"])

        return set_trait

    @guarded
    def _bins_set(self, change: Any) -> None:
        if not self._busy:
            self.view.bins = change["new"] or "auto"

    @guarded
    def _range_set(self, _: Any) -> None:
        if not self._busy:
            self.view.range = (self.low.value, self.high.value)

    @guarded
    def _brush_set(self, _: Any) -> None:
        if not self._busy:
            self.view.brush = (self.from_.value, self.until.value)
