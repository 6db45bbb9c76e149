"""The controls round a spectrum of order; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.widgets.controls import button, dropdown, offer, whole_number
from temwidgets.widgets.download import DownloadButton
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._order_words import peak_names
from temwidgets.widgets.views._site_choice import chosen_site, site_options
from temwidgets.widgets.views._variables import categories, choices, numeric

if TYPE_CHECKING:
    from temwidgets.widgets.views.order import OrderView

_NOISES = [("noise round the peak", "smooth"), ("white noise", "white")]
_CELLS = ("y", "x", "n_a", "n_b")


class OrderControls:
    """Dropdowns, fields and buttons of one spectrum."""

    def __init__(self, view: OrderView) -> None:
        self.view = view
        self._busy = False
        self.variable = dropdown("Order of", "Variable whose order is looked for")
        self.site = dropdown("on", "Motif site or sublattice that is looked at")
        self.noise = dropdown(
            "against",
            "Fitted neighbours share noise, so that a peak has to stand out from what is round it;"
            " against white noise the noise itself may look like order",
            _NOISES,
        )
        self.trend = whole_number("slow trend", "Degree of the polynomial taken off", 4, 0, 12)
        self.find = button("Find order", "Measure the spectrum", button_style="primary")
        self.peak = dropdown("Wave of peak", "Peak whose wave is shown on the image")
        self.crests = button("Select crests", "Select the columns on the wave's upper half")
        self.alpha = widgets.FloatSlider(
            value=view.alpha, min=0, max=1, step=0.05, description="Opacity", readout=False,
            tooltip="Opacity of the wave over the image", layout={"width": "170px"},
            style={"description_width": "auto"},
        )  # fmt: skip
        self.save = DownloadButton(
            lambda: (f"order_{view.shown}.csv", view.csv()), description="CSV",
            tooltip="Save the peaks as CSV", mime="text/csv", on_error=view.show_error,
        )  # fmt: skip
        for name in ("variable", "site", "noise", "trend", "peak", "alpha"):
            getattr(self, name).observe(self._setter(name), "value")
        self.find.on_click(lambda _: view.measure())
        self.crests.on_click(lambda _: view.select_crests())

    def arrange(self, figure: Any, beside: list[Any], notes: list[Any]) -> list[widgets.Widget]:
        """Return the children of the view, top to bottom."""
        top = row(self.variable, self.site, self.noise, together(self.trend, self.find))
        over = [self.alpha] if self.view.image_view is not None else []
        wave = row(self.peak, *over, together(self.crests, self.save))
        side = widgets.VBox(beside, layout={"flex": "1 1 260px", "min_width": "240px"})
        body = widgets.HBox(
            [figure, side], layout={"flex_flow": "row wrap", "align_items": "center"}
        )
        return [style_sheet(), top, body, wave, *notes]

    def chosen_site(self) -> int | None:
        """Return the site to look at; None where there is only one."""
        return chosen_site(self.view.columns, self.view.site, self.view.shown)

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view = self.view
        self._busy = True
        try:
            classes = categories(view.columns)
            names = [n for n in numeric(view.columns) if n not in (*_CELLS, *classes)]
            wanted = view.shown if view.shown in names else None
            offer(self.variable, choices(view.columns, names), wanted)
            sites = site_options(view.columns)
            self.site.layout.display = "" if sites else "none"
            known = self.chosen_site() in dict(sites).values()
            offer(self.site, sites, self.chosen_site() if known else None)
            self.noise.value, self.trend.value = view.noise, view.trend
            self.alpha.value = view.alpha
        finally:
            self._busy = False

    def refresh_peak(self) -> None:
        """Show the chosen peak."""
        view = self.view
        self._busy = True
        offer(self.peak, [("none", None), *peak_names(view.order)], view.peak)
        self.crests.disabled = view.modulation is None
        self._busy = False

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def _setter(self, name: str) -> Any:
        @guarded
        def set_trait(self: OrderControls, change: Any) -> None:
            if not self._busy and change["new"] is not None:
                setattr(self.view, name, None if change["new"] == "" else change["new"])

        return lambda change: set_trait(self, change)
