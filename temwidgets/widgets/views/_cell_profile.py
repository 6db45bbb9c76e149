"""The plot of a profile through the mean cell."""

from __future__ import annotations

from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import xarray as xr

from temwidgets.widgets.views._axes import horizontal, set_range, vertical

_COLOUR = "#d6337f"
_MARGIN = {"top": 10, "bottom": 44, "left": 66, "right": 16}


class CellProfile(widgets.VBox):
    """Intensity against distance; hidden while there is no profile.

    Attributes
    ----------
    values : DataArray, (distance,) or None
        What is shown.
    """

    children: Any

    def __init__(self) -> None:
        self.values: xr.DataArray | None = None
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axes = (horizontal(self._x), vertical(self._y))
        self._curve = bqplot.Lines(
            x=[0.0, 1.0], y=[0.0, 0.0], scales={"x": self._x, "y": self._y}, colors=[_COLOUR],
            stroke_width=2,
        )  # fmt: skip
        self.figure = bqplot.Figure(
            marks=[self._curve], axes=list(self._axes), fig_margin=_MARGIN, padding_x=0,
            padding_y=0, animation_duration=0, display_toolbar=False,
            layout={"width": "100%", "height": "250px", "min_width": "260px"},
        )  # fmt: skip
        super().__init__()

    def show(self, values: xr.DataArray | None) -> None:
        """Plot a profile; None takes the plot away (bqplot cannot draw where it is hidden)."""
        self.values = values
        if values is None:
            self.children = []
            return
        distance, height = values["distance"].values, values.values
        low, high = float(height.min()), float(height.max())
        room = 0.06 * (high - low) or 1.0
        set_range(self._x, self._axes[0], 0.0, float(distance[-1]))
        set_range(self._y, self._axes[1], low - room, high + room)
        self._axes[0].label = f"Distance ({values['distance'].attrs['units']})"
        self._axes[1].label = f"Mean intensity ({values.attrs['units']})"
        with self._curve.hold_sync():
            self._curve.x, self._curve.y = np.asarray(distance), np.asarray(height)
        if not self.children:
            self.children = [self.figure]
