"""The controls round a scatter plot; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.widgets.controls import button, dropdown, number, offer
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._variables import choices, numeric, readable, title

if TYPE_CHECKING:
    from temwidgets.widgets.views.scatter import ScatterPlot


class ScatterControls:
    """Dropdowns, fields and buttons of one scatter plot."""

    def __init__(self, view: ScatterPlot) -> None:
        self.view = view
        self._busy = False
        self.y = dropdown("", "Variable up the vertical axis")
        self.x = dropdown("against", "Variable along the horizontal axis")
        self.color_by = dropdown("Colour by", "Variable that colours the points")
        self.more = widgets.ToggleButton(
            description="Options", tooltip="Ranges, select by numbers", layout={"width": "auto"}
        )
        self.range = [
            number("Show x from", "Left end of the axis"),
            number("to", "Right end of the axis"),
            number("y from", "Lower end of the axis"),
            number("to", "Upper end of the axis"),
        ]
        self.brush = [
            number("Select x from", "Left side of the rectangle (or drag it in the plot)"),
            number("to", "Right side of the rectangle"),
            number("y from", "Lower side of the rectangle"),
            number("to", "Upper side of the rectangle"),
        ]
        self.reset = button("Reset", "Show the ranges that outliers cannot squash")
        self.clear = button("Clear", "Select nothing")
        self.label = FigureLabel()
        self._watch()

    def arrange(self, figure: Any, readout: Any, note: Any) -> list[widgets.Widget]:
        """Return the children of the view, top to bottom."""
        files = plot_buttons(self.view, lambda: "scatter")
        options = widgets.VBox(
            [row(*self.range, self.reset), row(*self.brush, self.clear)], layout={"display": "none"}
        )
        self.more.observe(
            lambda c: setattr(options.layout, "display", "" if c["new"] else "none"), "value"
        )
        top = row(self.y, self.x, self.color_by, together(self.more, *files))
        return [style_sheet(), top, options, figure, self.label, readout, note]

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view = self.view
        self._busy = True
        try:
            names = choices(view.columns, numeric(view.columns))
            offer(self.x, names, view.shown[0])
            offer(self.y, names, view.shown[1])
            offer(self.color_by, [("one colour", None), *names], view._coloured())
            shown = (*readable(*view._frame.x), *readable(*view._frame.y))
            for field, value in zip(self.range, shown, strict=True):
                field.value = value
            self.label.text = f"Scatter plot{self._axes()}. Options has fields to select by number."
        finally:
            self._busy = False
        self.refresh_brush()

    def _axes(self) -> str:
        columns, (x, y) = self.view.columns, self.view.shown
        if columns is None or x is None or y is None:
            return ""
        return f" of {title(columns, y)} against {title(columns, x)}"

    def refresh_brush(self) -> None:
        """Show the rectangle in its four fields."""
        frame = self.view._frame
        (left, low), (right, high) = self.view.brush or zip(frame.x, frame.y, strict=True)
        self._busy = True
        sides = (*readable(left, right), *readable(low, high))
        for field, value in zip(self.brush, sides, strict=True):
            field.value = value
        self._busy = False

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def _watch(self) -> None:
        for name in ("x", "y", "color_by"):
            getattr(self, name).observe(self._setter(name), "value")
        for field in self.range:
            field.observe(self._range_set, "value")
        for field in self.brush:
            field.observe(self._brush_set, "value")
        self.reset.on_click(self._reset)
        self.clear.on_click(lambda _: self.view.selection.clear())
        self.view.observe(lambda _: self.refresh_brush(), "brush")

    def _setter(self, name: str) -> Any:
        def set_trait(change: Any) -> None:
            if not self._busy and change["new"] is not None:
                setattr(self.view, name, None if change["new"] == "" else change["new"])

        return set_trait

    def _reset(self, _: Any) -> None:
        self.view.x_range = self.view.y_range = None

    @guarded
    def _range_set(self, change: Any) -> None:
        if not self._busy:
            left, right, low, high = (field.value for field in self.range)
            along = change["owner"] in self.range[:2]
            name, limits = ("x_range", (left, right)) if along else ("y_range", (low, high))
            setattr(self.view, name, limits)

    @guarded
    def _brush_set(self, _: Any) -> None:
        if not self._busy:
            left, right, low, high = (field.value for field in self.brush)
            self.view.brush = ((left, low), (right, high))
