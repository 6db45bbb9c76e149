"""What stands beside a map: its histogram, its statistics, and the values along a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.views._map_histogram import Group, MapHistogram
from temwidgets.widgets.views._map_words import map_title, selected_line, statistics_lines
from temwidgets.widgets.views.map_profile import MapProfile

if TYPE_CHECKING:
    from temwidgets.widgets.views.map_view import MapView

_MOST_REGIONS = 7


class MapPlots(widgets.VBox):
    """Plots and words of one `MapView`.

    Attributes
    ----------
    histogram : MapHistogram
        Counts of the pixels.
    profile : MapProfile or None
        The values along a line, once they have been asked for.
    words : HTML
        Statistics.
    """

    children: Any

    def __init__(self, view: MapView, note: widgets.HTML) -> None:
        self._view, self._note = view, note
        self.show_error = view.show_error
        self.histogram = MapHistogram(view.show_error)
        self.profile: MapProfile | None = None
        self._whole = ""
        self.words = widgets.HTML()
        self.words.add_class("tem-stats")
        super().__init__()

    def close(self) -> None:
        """Close the plots and take the line off the image."""
        if self.profile is not None:
            self.profile.close()
        super().close()

    def show(self) -> None:
        """Show the map that the view shows."""
        self._seat()
        view, values = self._view, self._view.data.values
        self._whole = ""
        if values is not None:
            self.histogram.show(self._groups(values), map_title(values))
            label = view.data.domains() if view.regions else None
            self._whole = statistics_lines(values, self.histogram.groups, label)
        self.read_out()

    def read_out(self) -> None:
        """Write the statistics of the map, of each region, and of what is brushed."""
        values, brush = self._view.data.values, self._view.brush
        chosen = ""
        if values is not None and brush is not None:
            chosen = selected_line(values, inside(values.values, brush))
        self.words.value = self._whole + chosen

    @guarded
    def switch_profile(self, change: Any) -> None:
        """Show or hide the values along a line."""
        if self.profile is None:
            self.profile = MapProfile(self._view)
        self.profile.active = change["new"]
        self._seat()

    def _seat(self) -> None:
        """Put in only plots that have something to show: bqplot cannot draw where it is hidden."""
        some, profile = self._view.data.values is not None, self.profile
        along = profile is not None and profile.active
        seats = [*[self.histogram] * some, self.words, self._note, *[profile] * (some and along)]
        if list(self.children) != seats:
            self.children = seats

    def _groups(self, values: xr.DataArray) -> list[Group]:
        """Name, values and colour of each region."""
        label = self._view.data.domains() if self._view.regions else None
        if label is None:
            return [("all", values.values.reshape(-1), palette.ALL)]
        found, counts = np.unique(label[label >= 0], return_counts=True)
        largest = np.sort(found[np.argsort(-counts)[:_MOST_REGIONS]])
        return [
            (f"domain {n}", values.values[label == n], palette.category(int(n))) for n in largest
        ]


def inside(values: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """Tell which values lie in a range, the upper end excluded."""
    within: np.ndarray = (values >= span[0]) & (values < span[1])
    return within
