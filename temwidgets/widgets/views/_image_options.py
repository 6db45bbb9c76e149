"""What an `ImageView` shows and how, as traits."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

from temwidgets.widgets.traits import Interval
from temwidgets.widgets.views._variables import numeric
from temwidgets.widgets.views.colormaps import NAMES
from temwidgets.widgets.views.layer import SHOWS, TOOLS

LINKED = (
    "percentiles",
    "limits",
    "gamma",
    "smooth",
    "scale_bar",
    "tool",
    "show_markers",
    "ellipses",
    "marker_size",
    "marker_opacity",
    "marker_color",
)
"""Options that the layer in the browser has under the same name."""


class ImageOptions(widgets.VBox):
    """The options of an `ImageView`; it says what they mean."""

    show = traitlets.Enum(SHOWS, "image")
    x_range = Interval()
    y_range = Interval()
    frame = traitlets.Int(0, min=0)
    cmap = traitlets.Enum(NAMES, "grey")
    marker_cmap = traitlets.Enum(NAMES, "viridis")
    percentiles = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.5, 99.5))
    limits = Interval()
    gamma = traitlets.Float(1.0, min=0.01)
    smooth = traitlets.Bool(False)
    scale_bar = traitlets.Bool(True)
    ellipses = traitlets.Bool(True)
    show_markers = traitlets.Bool(True)
    color_by = traitlets.Unicode(None, allow_none=True)
    color_limits = Interval()
    marker_size = traitlets.Float(9.0, min=1.0)
    marker_opacity = traitlets.Float(1.0, min=0.0, max=1.0)
    marker_color = traitlets.Unicode("#3fc1f0")
    legend = traitlets.Bool(True)
    tool = traitlets.Enum(TOOLS, "pan")
    editable = traitlets.Bool(True)
    height = traitlets.Int(560, min=160)

    @classmethod
    def option_names(cls) -> list[str]:
        """Return what may be given as an option."""
        own = set(ImageOptions.class_trait_names()) - set(widgets.VBox.class_trait_names())
        return [*own, "layout"]

    @property
    def columns(self) -> xr.Dataset | None:
        """The columns drawn."""
        raise NotImplementedError

    @traitlets.validate("color_by")
    def _check_color_by(self, proposal: Any) -> str | None:
        name = proposal["value"]
        known = numeric(self.columns)
        if name is not None and name not in known:
            raise traitlets.TraitError(
                f"The columns have no numbers {name!r} to colour by; they have"
                f" {', '.join(known) or 'none'}."
            )
        return name
