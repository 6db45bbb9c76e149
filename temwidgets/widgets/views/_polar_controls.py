"""The controls round a polar histogram; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from temwidgets.analysis.polar_histogram import vector_names
from temwidgets.widgets.controls import button, dropdown, number, offer, whole_number
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._variables import choices, significant

if TYPE_CHECKING:
    from temwidgets.widgets.views.polar import PolarHistogram

_KINDS = [("direction and magnitude", "magnitude"), ("directions (rose)", "rose")]


class PolarControls:
    """Dropdowns, fields and buttons of one polar histogram."""

    def __init__(self, view: PolarHistogram) -> None:
        self.view = view
        self._busy = False
        self.vector = dropdown("", "Vector to count")
        self.kind = dropdown("by", "What the bins are", _KINDS)
        self.threshold = number("Longer than", "Shorter vectors are left out")
        self.sectors = whole_number("Sectors", "Number of directions", 24, 2, 180)
        self.rings = whole_number("Rings", "Number of magnitudes", 8, 1, 50)
        self.limit = number("Rim at", "Magnitude at the rim; 0: a round number")
        self.brush = [
            number("Select from (deg)", "First direction (or drag over the plot)"),
            number("to", "Last direction, clockwise: from right to down"),
            number("longer than", "Smallest magnitude selected"),
            number("up to", "Largest magnitude selected; 0: any"),
        ]
        self.clear = button("Clear", "Select nothing")
        self.units = [widgets.Label() for _ in range(3)]
        self.more = widgets.ToggleButton(
            description="Options", tooltip="Bins, select by numbers", layout={"width": "auto"}
        )
        self._watch()

    def arrange(self, figure: Any, readout: Any, note: Any) -> list[widgets.Widget]:
        """Return the children of the view, top to bottom."""
        files = plot_buttons(self.view, lambda: f"polar_{self.view.shown}")
        shorter = together(self.threshold, self.units[0])
        options = widgets.VBox(
            [
                row(shorter, self.sectors, self.rings, together(self.limit, self.units[1])),
                row(*self.brush[:2], *self.brush[2:], together(self.units[2], self.clear)),
            ],
            layout={"display": "none"},
        )
        self.more.observe(
            lambda c: setattr(options.layout, "display", "" if c["new"] else "none"), "value"
        )
        top = row(self.vector, self.kind, together(self.more, *files))
        return [style_sheet(), top, options, figure, readout, note]

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view = self.view
        self._busy = True
        try:
            names = [] if view.columns is None else vector_names(view.columns)
            titles = [] if view.columns is None else choices(view.columns, names)
            offer(self.vector, titles, view.shown)
            self.kind.value, self.threshold.value = view.kind, view.threshold
            self.sectors.value, self.rings.value = view.sectors, view.rings
            self.limit.value = view.limit or 0.0
            whole = view.counts
            units = "" if whole is None else str(whole["magnitude"].attrs["units"])
            for label in self.units:
                label.value = units
        finally:
            self._busy = False
        self.refresh_brush()

    def refresh_brush(self) -> None:
        """Show the sector in its four fields."""
        directions, (low, high) = self.view.brush or ((-180.0, 180.0), (0.0, np.inf))
        numbers = (*directions, low, high if np.isfinite(high) else 0.0)
        self._busy = True
        for field, value in zip(self.brush, numbers, strict=True):
            field.value = significant(value)
        self._busy = False

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def _watch(self) -> None:
        for name in ("vector", "kind", "threshold", "sectors", "rings", "limit"):
            getattr(self, name).observe(self._set, "value")
        for field in self.brush:
            field.observe(self._brush_set, "value")
        self.clear.on_click(lambda _: self.view.selection.clear())

    @guarded
    def _set(self, change: Any) -> None:
        if self._busy or change["new"] is None:
            return
        for name in ("vector", "kind", "threshold", "sectors", "rings"):
            if getattr(self, name) is change["owner"]:
                setattr(self.view, name, change["new"])
        if change["owner"] is self.limit:
            self.view.limit = change["new"] or None

    @guarded
    def _brush_set(self, _: Any) -> None:
        if not self._busy:
            start, end, low, high = (field.value for field in self.brush)
            self.view.brush = ((start, end), (low, high or np.inf))
