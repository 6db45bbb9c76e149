"""A map along a line that is dragged on the image."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.controls import dropdown
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded, reject_unknown
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._axes import set_range
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._line_plot import LinePlot
from temwidgets.widgets.views._map_words import map_title
from temwidgets.widgets.views._print import Plot
from temwidgets.widgets.views._profile_strip import ProfileStrip, profile_words

_RATIO = 0.62
_OPTIONS = ("start", "end", "width", "band", "active")
_BANDS = [("standard error", "error"), ("spread across", "spread"), ("none", "none")]


class MapProfile(LinePlot):
    """The map of a `MapView` along a line; drag its ends on the image.

    Parameters
    ----------
    view : MapView
        The map, and the image that the line is drawn on.
    start, end : (float, float), optional
        Ends (y, x) of the line in lengths; across the middle of the view when not given.
    width : float
        Over which the map is averaged across the line, in lengths; 0: one pixel.
    band : {"error", "spread", "none"}
        What is drawn round the mean: the standard error of a pixel (neighbours share their noise,
        so that averaging few of them gains little), or the standard deviation across the line. The
        spread stands in for an error that is not known.

    Attributes
    ----------
    active : bool
        While False nothing is drawn on the image.
    profile : Dataset or None
        What is shown, as ``temwidgets.line_profile`` returns it.

    Raises
    ------
    TypeError
        If `view` is no MapView.
    """

    band = traitlets.Enum(("error", "spread", "none"), "error")
    _following = False

    def __init__(self, view: Any, **options: Any) -> None:
        from temwidgets.widgets.views.map_view import MapView

        if not isinstance(view, MapView):
            raise TypeError(f"MapProfile follows a MapView, but a {type(view).__name__} came.")
        reject_unknown("MapProfile", options, [*_OPTIONS, "layout"])
        self.view = view
        self.profile: xr.Dataset | None = None
        self._band: str = "none"
        super().__init__(view.image_view, "profile", layout=options.pop("layout", {}))
        self._build()
        for name, value in options.items():
            setattr(self, name, value)
        self.observe(self._changed, ["start", "end", "width", "band", "active"])
        view.observe(self._changed, ["drawn", "active"])
        self._following = True
        self._changed(None)

    def close(self) -> None:
        """Close the widget and take the line off the image."""
        if self._following:
            self._following = False
            self.view.unobserve(self._changed, ["drawn", "active"])
            self.drawing.close()
        super().close()

    def csv(self) -> str:
        """Return distance, place, mean, error, spread and number of samples as CSV."""
        if self.profile is None:
            return ""
        table = self.profile.to_dataframe().reset_index()
        units = {n: str(self.profile[n].attrs["units"]) for n in table.columns}
        table.columns = [n if units[n] == "1" else f"{n} ({units[n]})" for n in table.columns]
        return f"# {self._axes[1].label} along a line\n{table.to_csv(index=False)}"

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        if self.profile is None:
            raise ValueError("There is no profile to print yet.")
        return Plot(*self._printed_axes(), {}, self._strip.print, _RATIO)

    def _build(self) -> None:
        self._make_axes()
        self._strip = ProfileStrip(self._x, self._y)
        self._make_figure(self._strip.marks, 220)
        self._words = widgets.HTML()
        self._words.add_class("tem-stats")
        self._choice = dropdown("Band", "What is drawn round the mean", _BANDS)
        traitlets.link((self, "band"), (self._choice, "value"))
        files = plot_buttons(self, lambda: f"profile_{self.view.data.quantity}")
        head = row(together(self._width, self._unit), self._choice, together(*files))
        self.children = [style_sheet(), head, self.figure, self.label, self._words, self._note]
        self.add_class("temwidgets-view")

    @guarded
    def _changed(self, _: Any) -> None:
        """Measure the map along the line anew."""
        values, active = self.view.data.values, self.active and self.view.active
        if values is not None and active:
            self.drawing.lay()
        self.drawing.shown = values is not None and active
        if not active:
            return
        self._note.value = ""
        self.profile, self._band = None, "none"
        if values is not None and self.start != self.end:
            self._measure(values)
        self._draw(values)

    def _measure(self, values: xr.DataArray) -> None:
        width = self.width or None
        found = tw.line_profile(values, self.start, self.end, width=width)
        errors = self.view.data.errors
        if errors is not None:
            along = tw.line_profile(errors, self.start, self.end, width=width)
            found["error"] = along["mean"].assign_attrs(long_name=errors.attrs["long_name"])
        self.profile = found
        known = {"error": "error" in found, "spread": bool(np.isfinite(found["std"]).any())}
        wanted = self.band if known.get(self.band) else "spread"
        self._band = wanted if self.band != "none" and known[wanted] else "none"

    def _draw(self, values: xr.DataArray | None) -> None:
        found = self.profile
        named = {"error": "error", "spread": "std"}.get(self._band)
        band = None if found is None or named is None else found[named].values
        low, high = self._strip.show(found, band)
        if found is None or values is None:
            self._words.value = ""
            return
        margin = 0.06 * (high - low) or 0.02 * abs(high) or 1.0
        set_range(self._y, self._axes[1], low - margin, high + margin)
        self._show_distance(float(found["distance"][-1]), str(found["distance"].attrs["units"]))
        self._axes[1].label = map_title(values)
        self.label.text = f"{map_title(values)} along the line from A to B on the image."
        self._words.value = profile_words(found, values, self._band)
        if not np.isfinite(found["mean"].values).any():
            self._note.value = note("The line runs where the map has no value.", "warning")
