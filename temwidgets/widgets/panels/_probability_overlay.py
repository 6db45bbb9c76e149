"""The map of probability that a network told, over the image that it saw."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets

from temwidgets.networks import looking
from temwidgets.widgets.views.image_view import ImageView

_NAME = "probability"
_LEAST = 0.1  # what is less likely hardly tints the image


class ProbabilityOverlay(widgets.HBox):
    """Switch and opacity of the map, and opacity of the columns over it.

    Parameters
    ----------
    view : ImageView or None
        Where it is drawn; without one there is nothing to see.

    Attributes
    ----------
    shown : ToggleButton
        Draw the map.
    alpha, markers : FloatSlider
        Opacity of the map and of the columns, 0 to 1.
    """

    def __init__(self, view: ImageView | None) -> None:
        self._view = view
        self._seen: looking.Seen | None = None
        self._map: Any = None
        self.shown = widgets.ToggleButton(
            value=True, description="Probability", icon="eye", layout={"width": "auto"},
            tooltip="Lay the probability that the network told over the image",
        )  # fmt: skip
        self.alpha = _opacity("Opacity: map", "0: not to be seen", 0.6)
        self.markers = _opacity("columns", "Opacity of the columns' markers", 1.0)
        super().__init__([self.shown, self.alpha, self.markers])
        self.add_class("tem-row")
        self.layout.display = "none" if view is None else ""
        self._link = None
        if view is not None:
            self.markers.value = view.marker_opacity
            self._link = traitlets.link((view, "marker_opacity"), (self.markers, "value"))
        self.shown.observe(self._draw, "value")
        self.alpha.observe(self._draw, "value")

    def show(self, seen: looking.Seen | None) -> None:
        """Draw what the network told of the image; None: nothing."""
        if seen is not self._seen:
            self._seen = seen
            self._map = None
            if seen is not None:
                self._map = looking.probability_map(seen)
        # hidden, it keeps its room, so that nothing below it moves
        self.layout.visibility = "hidden" if self._map is None else "visible"
        self._draw(None)

    def close(self) -> None:
        """Close the controls and take the map off the image."""
        self.show(None)
        if self._link is not None:
            self._link.unlink()
            self._link = None
        super().close()

    def _draw(self, _: Any) -> None:
        if self._view is None:
            return
        if self._map is None or not self.shown.value:
            if _NAME in self._view.maps:
                self._view.clear_map(_NAME)
            return
        self._view.set_map(
            _NAME, self._map, "magma", (0.0, 1.0), self.alpha.value, title="Probability",
            lit=(_LEAST, 2.0),
        )  # fmt: skip


def _opacity(description: str, tooltip: str, value: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        min=0, max=1, step=0.05, value=value, description=description, tooltip=tooltip,
        readout_format=".2f", layout={"width": "300px"}, style={"description_width": "auto"},
    )  # fmt: skip
