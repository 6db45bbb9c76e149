"""The controls of a displacement map; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.analysis.polar_histogram import vector_names
from temwidgets.widgets.controls import button, checkbox, dropdown, number, offer
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._map_files import map_buttons
from temwidgets.widgets.views._variables import choices, significant, sublattices

if TYPE_CHECKING:
    from temwidgets.widgets.views.displacement_map import DisplacementMap


class DisplacementControls:
    """Dropdowns, fields and boxes of one displacement map."""

    def __init__(self, view: DisplacementMap) -> None:
        self.view = view
        self._busy = False
        self.vector = dropdown("", "Vector that is drawn")
        self.of = dropdown("of", "Sublattice whose arrows are drawn")
        self.scale = number("Enlarged", "Times the arrows are longer than the vectors")
        self.automatic = button("Auto", "Let long arrows reach the next column")
        self.mean = checkbox("subtract mean", "Draw the difference from the mean of all arrows")
        self.legend = checkbox("colour wheel", "Show what colours and lengths mean", True)
        for control in (self.vector, self.of, self.scale, self.mean, self.legend):
            control.observe(self._set, "value")
        self.automatic.on_click(lambda _: setattr(view, "scale", None))
        view.observe(lambda change: setattr(self.legend, "value", change["new"]), "legend")

    def arrange(self) -> list[widgets.Widget]:
        """Return what stands over the image."""
        times = together(self.scale, widgets.Label("times"), self.automatic)
        files = map_buttons(self.view, lambda: f"{self.view.vector}_map")
        return [row(self.vector, self.of, times, self.mean, self.legend, together(*files))]

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view, columns = self.view, self.view.columns
        self._busy = True
        try:
            names = [] if columns is None else vector_names(columns)
            offer(self.vector, choices(columns, names), view.vector if names else None)
            kinds = [("all columns", None), *sublattices(columns)]
            offer(self.of, kinds, view.of if view.of in dict(kinds).values() else None)
            self.mean.value, self.legend.value = view.subtract_mean, view.legend
        finally:
            self._busy = False

    def refresh_scale(self) -> None:
        """Show the scale that is drawn."""
        drawn = self.view.arrows
        if drawn is not None:
            self._busy = True
            self.scale.value = significant(float(drawn.attrs["scale"]))
            self._busy = False

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    @guarded
    def _set(self, change: Any) -> None:
        value = change["new"]
        if self._busy or value is None:
            return
        names = {"vector": self.vector, "of": self.of, "scale": self.scale, "legend": self.legend}
        names["subtract_mean"] = self.mean
        for name, control in names.items():
            if control is change["owner"]:
                setattr(self.view, name, None if value == "" else value)
