"""The sheets an `ImageView` opens under its toolbar: display settings and export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from temwidgets.widgets.errors import guarded
from temwidgets.widgets.views import export
from temwidgets.widgets.views.colormaps import NAMES
from temwidgets.widgets.views.raster import Scene
from temwidgets.widgets.views.scene import make_scene

_WIDE = {"description_width": "112px"}


class Settings(widgets.GridBox):
    """Contrast, colours and markers."""

    def __init__(self, view: Any, layer: Any) -> None:
        self.cmap = _choice("Colour map", NAMES)
        self.percentiles = widgets.FloatRangeSlider(
            value=layer.percentiles, min=0, max=100, step=0.1, description="Percentiles",
            readout_format=".1f", style=_WIDE,
            tooltip="Share of the pixels (%) below black and below white",
        )  # fmt: skip
        self.low = _number("Black level", "Value that gets the first colour; sets fixed levels")
        self.high = _number("White level", "Value that gets the last colour; sets fixed levels")
        self.gamma = _slider("Gamma", layer.gamma, 0.2, 3.0, 0.05, "Below 1 lifts the dark parts")
        self.color_by = _choice("Colour by", [("one colour", None)])
        self.marker_cmap = _choice("Marker colours", NAMES)
        self.marker_size = _slider(
            "Marker size", layer.marker_size, 2, 30, 1, "Diameter of a marker (screen px)"
        )
        self.opacity = _slider(
            "Opacity", layer.marker_opacity, 0.1, 1.0, 0.05, "Opacity of the markers"
        )
        self.ellipses = widgets.Checkbox(description="Ellipses at high zoom", indent=False)
        self.smooth = widgets.Checkbox(description="Smooth pixels", indent=False)
        self.scale_bar = widgets.Checkbox(description="Scale bar", indent=False)
        switches = widgets.HBox([self.ellipses, self.smooth, self.scale_bar])
        switches.add_class("tem-switches")
        controls = [self.cmap, self.percentiles, self.gamma, self.low, self.high]
        controls += [self.color_by, self.marker_cmap, self.marker_size, self.opacity, switches]
        super().__init__(controls)
        self.add_class("tem-settings")
        self._view, self._writing = view, False
        for field in (self.low, self.high):
            field.observe(self._levelled, "value")
        for name in ("cmap", "color_by", "marker_cmap", "ellipses", "smooth", "scale_bar"):
            traitlets.link((view, name), (getattr(self, name), "value"))
        # These act in the browser, without a trip to Python for each step of the slider.
        for name, trait in (
            ("percentiles", "percentiles"), ("gamma", "gamma"),
            ("marker_size", "marker_size"), ("opacity", "marker_opacity"),
        ):  # fmt: skip
            widgets.jslink((getattr(self, name), "value"), (layer, trait))

    def show_levels(self, levels: tuple[float, float]) -> None:
        """Write the values of the first and last colour into the fields."""
        self._writing = True
        self.low.value, self.high.value = (float(f"{value:.5g}") for value in levels)
        self._writing = False

    def _levelled(self, _: Any) -> None:
        if not self._writing and self.low.value < self.high.value:
            self._view.limits = self.low.value, self.high.value


def _choice(description: str, options: Any) -> widgets.Dropdown:
    return widgets.Dropdown(options=options, description=description, style=_WIDE)


def _number(description: str, tooltip: str) -> widgets.FloatText:
    return widgets.FloatText(description=description, tooltip=tooltip, style=_WIDE)


def _slider(
    description: str, value: float, low: float, high: float, step: float, tooltip: str
) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value=value, min=low, max=high, step=step, description=description, tooltip=tooltip,
        style=_WIDE,
    )  # fmt: skip


class ExportSheet(widgets.HBox):
    """File, size and parts of an exported figure; save beside the notebook or on this computer."""

    def __init__(self, view: Any, scene: Callable[[Any], Scene] = make_scene) -> None:
        self._view, self._scene = view, scene
        self.name = widgets.Text(
            "view.png", description="File", tooltip="Name that ends in .png or .svg"
        )
        self.width = widgets.BoundedIntText(
            1600, min=100, max=8192, description="Width (px)", tooltip="Pixels along x"
        )
        self.dpi = widgets.BoundedIntText(
            300, min=36, max=2400, description="Dots per inch", tooltip="Resolution in print"
        )
        self.save = widgets.Button(
            description="Save", icon="save", tooltip="Save where the notebook runs"
        )
        self.download = widgets.Button(
            description="Download", icon="download", tooltip="Save on this computer"
        )
        self.save.on_click(self._save)
        self.download.on_click(self._download)
        self.axes = widgets.Checkbox(
            value=True, description="Axes", indent=False, tooltip="Axes with ticks and units"
        )
        self.legend = widgets.Checkbox(
            value=True, description="Legend", indent=False, tooltip="What the colours mean"
        )
        for box in (self.axes, self.legend):
            box.layout.width = "auto"
        for control in (self.width, self.dpi):
            control.style.description_width = "auto"
            control.layout.width = "180px"
        self.name.style.description_width = "auto"
        super().__init__(
            [self.name, self.width, self.dpi, self.axes, self.legend, self.save, self.download]
        )
        self.add_class("tem-export")

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the image."""
        self._view.show_error(error)

    def picture(self) -> bytes:
        """Return the file as the sheet describes it; the ending of the name is the format.

        Raises
        ------
        ValueError
            If the name ends in neither .png nor .svg.
        """
        make = {".png": export.png, ".svg": export.svg}.get(self._ending)
        if make is None:
            raise ValueError(
                f"The file name must end in .png or .svg, but {self.name.value!r} came."
            )
        return make(
            self._scene(self._view), width=self.width.value, dpi=self.dpi.value,
            axes=self.axes.value, legend=self.legend.value,
        )  # fmt: skip

    @property
    def _ending(self) -> str:
        return Path(self.name.value).suffix.lower()

    @guarded
    def _save(self, _: Any) -> None:
        path = Path(self.name.value)
        path.write_bytes(self.picture())
        self._view.message = f"Saved {path.resolve()}."

    @guarded
    def _download(self, _: Any) -> None:
        mime = "image/png" if self._ending == ".png" else "image/svg+xml"
        message = {"type": "download", "name": Path(self.name.value).name, "mime": mime}
        self._view.stage.layer.send(message, buffers=[self.picture()])
