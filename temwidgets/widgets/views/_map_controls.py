"""The controls round a map; each has a trait of the view behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import traitlets

from temwidgets.widgets.controls import button, checkbox, dropdown, number, offer, whole_number
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._map_files import map_buttons
from temwidgets.widgets.views._map_words import NAMES, SOURCES, reflection_names, unit
from temwidgets.widgets.views._variables import readable
from temwidgets.widgets.views.colormaps import NAMES as COLORMAPS

if TYPE_CHECKING:
    from temwidgets.widgets.views.map_view import MapView


class MapControls:
    """Dropdowns, fields and buttons of one map."""

    def __init__(self, view: MapView) -> None:
        self.view = view
        self._busy = False
        self.quantity = dropdown("", "Quantity that is shown")
        self.quantity.layout.min_width = "120px"
        self.reflection = dropdown("of", "Reflection that is shown")
        self.product = dropdown("from", "How it was measured")
        self.error = checkbox("error", "Show the standard error of each pixel instead")
        self.low = number("Colours from", "Value of the first colour")
        self.high = number("to", "Value of the last colour")
        self.unit = widgets.Label()
        self.auto = button("Auto", "Round numbers about nearly all values")
        self.opacity = widgets.FloatSlider(
            min=0, max=1, step=0.05, description="Opacity", readout=False, tooltip="Of the map",
            layout={"width": "160px"}, style={"description_width": "auto"},
        )  # fmt: skip
        self.more = _switch("Options", "Colours, blocks, regions, select by numbers, files")
        self.profile = _switch("Profile", "Values along a line that is dragged on the image")
        self.colormap = dropdown("Colour map", "Colours of the map")
        self.blocks = whole_number(
            "Blocks of", "Average square blocks of so many pixels", 0, 0, 999
        )
        self.masked = checkbox("crystal only", "Leave out pixels that are no crystal", value=True)
        self.regions = checkbox("by domain", "Histogram and statistics of each domain")
        self.bins = whole_number("Bins", "Number of bins; 0 follows the values", 0, 0, 1000)
        self.from_ = number("Select from", "Choose from this value on (or drag over the histogram)")
        self.until = number("up to", "Choose values below this one")
        self.clear = button("Clear", "Choose nothing")
        self._watch()

    def head(self) -> list[widgets.Widget]:
        """Return what stands over the image."""
        limits = together(self.low, self.high, self.unit, self.auto)
        return [
            row(self.quantity, self.reflection, self.product, self.error),
            row(limits, self.opacity, together(self.more, self.profile)),
            self.sheet,
        ]

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def refresh(self) -> None:
        """Show in the controls what the view shows."""
        view = self.view
        self._busy = True
        try:
            named = [(_capital(NAMES[name]), name) for name in view.data.quantities]
            offer(self.quantity, named, view.data.quantity)
            of = reflection_names(view.data.maps) if view.data.labels else []
            offer(self.reflection, of, view.data.label)
            from_ = [(SOURCES[name], name) for name in view.data.sources]
            offer(self.product, from_, view.data.source)
            for control, there in ((self.reflection, of), (self.product, from_[1:])):
                control.layout.display = "" if there else "none"
            self.error.disabled = not view.data.has_error
            self.regions.layout.display = "none" if view.workspace.domains is None else ""
            offer(self.colormap, [("automatic", None), *((n, n) for n in COLORMAPS)], view.colormap)
            if view.data.values is not None:
                self.low.value, self.high.value = readable(*(view.limits or view.data.scale[1:]))
                self.unit.value = unit(view.data.values)
        finally:
            self._busy = False
        self.refresh_brush()

    def refresh_brush(self) -> None:
        """Show the brush in the two fields."""
        edges = self.view.histogram.edges
        self._busy = True
        self.from_.value, self.until.value = readable(*(self.view.brush or (edges[0], edges[-1])))
        self._busy = False

    def _watch(self) -> None:
        view = self.view
        for name in ("error", "masked", "blocks", "regions"):
            traitlets.link((view, name), (getattr(self, name), "value"))
        traitlets.link((view, "alpha"), (self.opacity, "value"))
        traitlets.link((view.histogram, "bins"), (self.bins, "value"))
        for name in ("quantity", "reflection", "product", "colormap"):
            getattr(self, name).observe(self._setter(name), "value")
        for field in (self.low, self.high):
            field.observe(self._limits_set, "value")
        for field in (self.from_, self.until):
            field.observe(self._brush_set, "value")
        self.auto.on_click(lambda _: setattr(view, "limits", None))
        self.clear.on_click(lambda _: setattr(view, "brush", None))
        view.histogram.observe(lambda _: self.refresh_brush(), "brush")
        self.sheet = widgets.VBox(self._options(), layout={"display": "none"})
        self.more.observe(
            lambda c: setattr(self.sheet.layout, "display", "" if c["new"] else "none"), "value"
        )

    def _options(self) -> list[widgets.Widget]:
        view = self.view
        files = map_buttons(view, lambda: str(view.data.quantity))
        counts = plot_buttons(view.histogram, lambda: f"histogram_{view.data.quantity}")
        blocks = together(self.blocks, widgets.Label("px"))
        return [
            row(self.colormap, blocks, self.masked, self.regions, self.bins),
            row(together(self.from_, self.until, self.clear)),
            row(
                together(widgets.Label("Map:"), *files),
                together(widgets.Label("Histogram:"), *counts),
            ),
        ]

    def _setter(self, name: str) -> Any:
        def set_trait(change: Any) -> None:
            if not self._busy and change["new"] is not None:
                setattr(self.view, name, None if change["new"] == "" else change["new"])

        return set_trait

    @guarded
    def _limits_set(self, _: Any) -> None:
        if not self._busy and self.low.value < self.high.value:
            self.view.limits = (self.low.value, self.high.value)

    @guarded
    def _brush_set(self, _: Any) -> None:
        if not self._busy:
            self.view.brush = (self.from_.value, self.until.value)


def _switch(description: str, tooltip: str) -> widgets.ToggleButton:
    return widgets.ToggleButton(
        description=description, tooltip=tooltip, layout={"width": "auto", "flex": "0 0 auto"}
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text[1:2] not in ("-", "_") else text
