"""The controls round a profile; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.widgets.controls import button, dropdown, number, offer
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._variables import choices, numeric, readable, sublattices, title

if TYPE_CHECKING:
    from temwidgets.widgets.views.profile import ProfileView

_WAYS = [("along a", "a"), ("along b", "b"), ("along a direction", "angle")]


class ProfileControls:
    """Dropdowns, fields and buttons of one profile."""

    def __init__(self, view: ProfileView) -> None:
        self.view = view
        self._busy = False
        self.variable = dropdown("", "Variable that is averaged")
        self.along = dropdown("", "Where the rows follow one another to", _WAYS)
        self.of = dropdown("of", "Sublattice that is averaged")
        self.angle = number("Direction (deg)", "From right towards down", 90.0)
        self.width = number("Strips of", "Width of the strips; 0: rows as they are seen")
        self.from_ = number("Select from", "First position (or drag over the profile)")
        self.until = number("to", "Last position")
        self.clear = button("Clear", "Select nothing")
        self.units = [widgets.Label(), widgets.Label()]
        self.label = FigureLabel()
        self.more = widgets.ToggleButton(
            description="Options", tooltip="Direction, select by number", layout={"width": "auto"}
        )
        self._watch()

    def arrange(self, figure: Any, readout: Any, note: Any) -> list[widgets.Widget]:
        """Return the children of the view, top to bottom."""
        files = plot_buttons(self.view, lambda: f"profile_{self.view.shown}")
        strips = together(self.width, self.units[0])
        options = widgets.VBox(
            [
                row(self.angle, strips),
                row(self.from_, self.until, together(self.units[1], self.clear)),
            ],
            layout={"display": "none"},
        )
        self.more.observe(
            lambda c: setattr(options.layout, "display", "" if c["new"] else "none"), "value"
        )
        top = row(self.variable, self.along, self.of, together(self.more, *files))
        return [style_sheet(), top, options, figure, self.label, readout, note]

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view, columns = self.view, self.view.columns
        self._busy = True
        try:
            offer(self.variable, choices(columns, numeric(columns)), view.shown)
            kinds = [("all columns", None), *sublattices(columns)]
            offer(self.of, kinds, view.of if view.of in dict(kinds).values() else None)
            turned = not isinstance(view.along, str)
            self.along.value = "angle" if turned else view.along
            if turned:
                self.angle.value = float(view.along)
            self.width.value = view.width or 0.0
            if columns is not None:
                for label in self.units:
                    label.value = str(columns["y"].attrs.get("units", ""))
                what = "" if view.shown is None else f" of {title(columns, view.shown)}"
                self.label.text = f"Profile{what}. Options has fields to select by number."
        finally:
            self._busy = False
        self.refresh_brush()

    def refresh_brush(self) -> None:
        """Show the brush in the two fields."""
        scale = self.view._x
        ends = (scale.min or 0.0, scale.max or 0.0)
        self._busy = True
        self.from_.value, self.until.value = readable(*(self.view.brush or ends))
        self._busy = False

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def _watch(self) -> None:
        for name in ("variable", "along", "of", "angle", "width"):
            getattr(self, name).observe(self._set, "value")
        for field in (self.from_, self.until):
            field.observe(self._brush_set, "value")
        self.clear.on_click(lambda _: self.view.selection.clear())

    @guarded
    def _set(self, change: Any) -> None:
        value, owner, view = change["new"], change["owner"], self.view
        if self._busy or value is None:
            return
        if owner is self.variable:
            view.variable = value
        elif owner is self.of:
            view.of = None if value == "" else value
        elif owner is self.width:
            view.width = value or None
        else:
            if self.along.value == "angle":
                self.more.value = True
            view.along = self.angle.value if self.along.value == "angle" else self.along.value

    @guarded
    def _brush_set(self, _: Any) -> None:
        if not self._busy:
            self.view.brush = (self.from_.value, self.until.value)
