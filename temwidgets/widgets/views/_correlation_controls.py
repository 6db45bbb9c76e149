"""The controls round a pair correlation; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.widgets.controls import dropdown, offer, whole_number
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._site_choice import chosen_site, site_options
from temwidgets.widgets.views._variables import categories, choices, numeric, title

if TYPE_CHECKING:
    from temwidgets.widgets.views.correlation import CorrelationView

_STYLES = [("as map of offsets", "map"), ("against distance", "distance")]
_CELLS = ("y", "x", "n_a", "n_b")


class CorrelationControls:
    """Dropdowns, fields and buttons of one pair correlation."""

    def __init__(self, view: CorrelationView) -> None:
        self.view = view
        self._busy = False
        self.variable = dropdown("Correlation of", "Variable that is correlated with itself")
        self.site = dropdown("on", "Motif site or sublattice that is looked at")
        self.style = dropdown("", "Over cell offsets, or against their length", _STYLES)
        self.reach = whole_number("up to", "Largest offset in cells", view.reach, 1, 200)
        self.trend = whole_number(
            "slow trend", "Degree of the polynomial taken off", view.trend, 0, 12
        )
        self.label = FigureLabel()
        for name in ("variable", "site", "style", "reach", "trend"):
            getattr(self, name).observe(self._setter(name), "value")

    def arrange(self, body: Any, words: list[Any], note: Any) -> list[widgets.Widget]:
        """Return the children of the view, top to bottom."""
        files = plot_buttons(self.view, lambda: f"correlation_{self.view.shown}")
        reach = together(self.reach, widgets.Label("cells"), self.trend)
        top = row(self.variable, self.site, self.style, reach, together(*files))
        side = widgets.VBox(words, layout={"flex": "1 1 260px", "min_width": "240px"})
        both = widgets.HBox([body, side], layout={"flex_flow": "row wrap", "align_items": "center"})
        return [style_sheet(), top, both, self.label, note]

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view, columns = self.view, self.view.columns
        self._busy = True
        try:
            classes = categories(columns)
            names = [n for n in numeric(columns) if n not in (*_CELLS, *classes)]
            offer(
                self.variable, choices(columns, names), view.shown if view.shown in names else None
            )
            sites, chosen = site_options(columns), chosen_site(columns, view.site, view.shown)
            self.site.layout.display = "" if sites else "none"
            offer(self.site, sites, chosen if chosen in dict(sites).values() else None)
            self.style.value = view.style
            self.reach.value, self.trend.value = view.reach, view.trend
            self.label.text = self._text()
        finally:
            self._busy = False

    def _text(self) -> str:
        view = self.view
        if view.shown is None or view.columns is None:
            return "Pair correlation"
        way = "over cell offsets" if view.style == "map" else "against distance"
        return f"Pair correlation of {title(view.columns, view.shown)} {way}"

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def _setter(self, name: str) -> Any:
        @guarded
        def set_trait(self: CorrelationControls, change: Any) -> None:
            if not self._busy and change["new"] is not None:
                setattr(self.view, name, None if change["new"] == "" else change["new"])

        return lambda change: set_trait(self, change)
