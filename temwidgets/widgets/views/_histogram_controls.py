"""The controls round a histogram; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.widgets.download import DownloadButton
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, style_sheet
from temwidgets.widgets.views._variables import categories, choices, numeric, significant, unit

if TYPE_CHECKING:
    from temwidgets.widgets.views.histogram import Histogram


class HistogramControls:
    """Dropdowns, fields and buttons of one histogram."""

    def __init__(self, view: Histogram) -> None:
        self.view = view
        self._busy = False
        self.variable = widgets.Dropdown(
            tooltip="Variable to count", layout={"width": "auto", "max_width": "300px"}
        )
        self.by = widgets.Dropdown(
            description="Colour by", tooltip="One outline for each value of this variable",
            layout={"width": "auto"}, style={"description_width": "auto"},
        )  # fmt: skip
        self.bins = widgets.BoundedIntText(
            min=0, max=1000, description="Bins", tooltip="Number of bins; 0 follows the data",
            continuous_update=False, layout={"width": "104px"}, style={"description_width": "auto"},
        )  # fmt: skip
        self.log = widgets.Checkbox(
            description="log counts", tooltip="Logarithmic count axis", indent=False,
            layout={"width": "auto"},
        )  # fmt: skip
        self.low, self.high = _field("Show from", "Left end of the axis"), _field("to", "Right end")
        self.reset = _button("Reset", "Show the range that outliers cannot squash")
        self.from_, self.until = (
            _field("Select from", "Select columns from this value on (or drag over the histogram)"),
            _field("up to", "Select columns below this value"),
        )
        self.clear = _button("Clear", "Select nothing")
        self.more = widgets.ToggleButton(
            description="Options", tooltip="Bins, range, colours, select by numbers",
            layout={"width": "auto"},
        )  # fmt: skip
        self.unit = widgets.Label()
        self._watch()

    def arrange(self, figure: Any, readout: Any, note: Any) -> list[widgets.Widget]:
        """Return the children of the view, top to bottom."""
        csv = DownloadButton(
            lambda: (f"histogram_{self.view.shown}.csv", self.view.csv()),
            tooltip="Save edges and counts as CSV", on_error=self.view.show_error,
        )  # fmt: skip
        png = _button("PNG", "Save the figure as PNG")
        svg = _button("SVG", "Save the figure as SVG")
        png.on_click(lambda _: figure.save_png(f"histogram_{self.view.shown}.png", scale=2))
        svg.on_click(lambda _: figure.save_svg(f"histogram_{self.view.shown}.svg"))
        options = widgets.VBox(
            [
                row(self.by, self.bins, self.log),
                row(self.low, self.high, self.reset),
                row(self.from_, self.until, self.unit, self.clear),
            ],
            layout={"display": "none"},
        )
        self.more.observe(
            lambda c: setattr(options.layout, "display", "" if c["new"] else "none"), "value"
        )
        top = row(self.variable, self.more, csv, png, svg)
        return [style_sheet(), top, options, figure, readout, note]

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view = self.view
        self._busy = True
        try:
            _offer(self.variable, choices(view.columns, numeric(view.columns)), view.shown)
            groups = [("one colour", None), *choices(view.columns, categories(view.columns))]
            by = view.by if view.by in [value for _, value in groups] else None
            _offer(self.by, groups, by)
            self.bins.value = 0 if view.bins == "auto" else int(view.bins)
            self.log.value = view.log_counts
            self.low.value = significant(view._edges[0])
            self.high.value = significant(view._edges[-1])
            shown = view.shown
            self.unit.value = (
                "" if shown is None or view.columns is None else unit(view.columns, shown)
            )
        finally:
            self._busy = False
        self.refresh_brush()

    def refresh_brush(self) -> None:
        """Show the brush in the two fields."""
        self._busy = True
        low, high = self.view.brush or (self.view._edges[0], self.view._edges[-1])
        self.from_.value, self.until.value = significant(low), significant(high)
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
            if not self._busy and (change["new"] is not None or name == "by"):
                setattr(self.view, name, change["new"])

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


def _offer(control: widgets.Dropdown, options: list, value: Any) -> None:
    if tuple(control.options) != tuple(options):
        control.options = options
    control.value = value


def _field(description: str, tooltip: str) -> widgets.FloatText:
    return widgets.FloatText(
        description=description, tooltip=tooltip, continuous_update=False,
        layout={"width": "auto", "max_width": "150px"}, style={"description_width": "auto"},
    )  # fmt: skip


def _button(description: str, tooltip: str) -> widgets.Button:
    return widgets.Button(description=description, tooltip=tooltip, layout={"width": "auto"})
