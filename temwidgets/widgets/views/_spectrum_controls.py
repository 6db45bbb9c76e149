"""Toolbar, settings and the row of controls of a spectrum; each has a trait of the view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
import traitlets

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.controls import checkbox, dropdown, number, offer, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._region_drawing import corners_of, describe_region
from temwidgets.widgets.views._spectrum_marks import colour_choices
from temwidgets.widgets.views._spectrum_options import WINDOWS
from temwidgets.widgets.views._variables import significant
from temwidgets.widgets.views.colormaps import NAMES
from temwidgets.widgets.views.toolbar import Tool, ToolRow, button

if TYPE_CHECKING:
    from temwidgets.widgets.views.spectrum import SpectrumView

_TOOLS = (
    Tool(
        "pan",
        "arrows",
        "Click a spot to measure and add it, drag a ring to move it, drag elsewhere to pan",
    ),
    Tool("zoom", "search-plus", "Zoom: drag a box"),
    Tool("rectangle", "object-group", "Choose reflections in a rectangle (Shift adds)"),
    Tool("lasso", "pencil", "Choose reflections with a lasso (Shift adds)"),
    Tool("delete", "minus", "Exclude a reflection: click it"),
)
_NAMES = {
    "family": "family of equal |g|",
    "lattice": "lattice",
    "harmonic": "order",
    "d_spacing": "d-spacing",
    "snr": "signal to noise",
}
_WIDE = {"description_width": "96px"}
_SQUARES = (64, 128, 256, 512, 1024)


class SpectrumToolbar(ToolRow):
    """Tools, home, undo, exclude, and what opens sheets."""

    def __init__(self, view: SpectrumView) -> None:
        super().__init__(view, _TOOLS)
        self.home = button("home", "Show the whole spectrum (0)", view.home)
        self.near = button("crosshairs", "Show as far as there are reflections", view.zoom_in)
        self.trash = button("trash", "Exclude the chosen reflections (Delete)", view.exclude)
        self.undo = button("undo", "Undo (Ctrl+Z)", view.undo)
        self.redo = button("repeat", "Redo (Ctrl+Shift+Z)", view.redo)
        self.rings = self.switch("circle-o", "Show rings round the reflections")
        self.labels = self.switch("tag", "Write d-spacings beside the reflections")
        self.type = self.switch("keyboard-o", "Add or move a reflection by numbers")
        self.profile = self.switch("area-chart", "Power against k, averaged over rings")
        self.settings = self.switch("sliders", "Display settings")
        self.export = self.switch("download", "Export the picture as PNG or SVG")
        for name, switch in (
            ("show_markers", self.rings), ("labels", self.labels), ("profile", self.profile),
        ):  # fmt: skip
            traitlets.link((view, name), (switch, "value"))
        self.arrange(
            [self.tools["pan"], self.tools["zoom"], self.home, self.near],
            [self.tools["rectangle"], self.tools["lasso"], self.tools["delete"], self.trash],
            [self.type, self.undo, self.redo],
            [self.rings, self.labels, self.profile, self.settings, self.export],
        )


class SpectrumSettings(widgets.GridBox):
    """Contrast, colours of the rings, transform."""

    def __init__(self, view: SpectrumView) -> None:
        layer = view.stage.layer
        self.cmap = widgets.Dropdown(options=NAMES, description="Colour map", style=_WIDE)
        self.percentiles = widgets.FloatRangeSlider(
            value=layer.percentiles, min=0, max=100, step=0.01, description="Percentiles",
            readout_format=".2f", style=_WIDE,
            tooltip="Share of the bins (%) below black and below white",
        )  # fmt: skip
        self.gamma = widgets.FloatSlider(
            value=layer.gamma, min=0.2, max=3.0, step=0.05, description="Gamma", style=_WIDE,
            tooltip="Below 1 lifts the faint parts",
        )  # fmt: skip
        self.color_by = widgets.Dropdown(description="Rings show", style=_WIDE)
        self.size = widgets.FloatSlider(
            value=layer.marker_size, min=6, max=60, step=1, description="Ring size", style=_WIDE,
            tooltip="Diameter of a ring (screen px)", readout_format=".0f",
        )  # fmt: skip
        self.smooth = checkbox("Smooth bins", "Interpolate between bins")
        self.snap = checkbox("Snap to the peak", "A ring that is let go jumps to the nearest peak")
        self.scale_bar = checkbox("Scale bar", "Draw a bar of a round length")
        switches = widgets.HBox([self.snap, self.smooth, self.scale_bar])
        switches.add_class("tem-switches")
        super().__init__(
            [self.cmap, self.percentiles, self.gamma, self.color_by, self.size, switches]
        )
        self.add_class("tem-settings")
        self._view, self._busy = view, False
        for name in ("cmap", "smooth", "snap", "scale_bar"):
            traitlets.link((view, name), (getattr(self, name), "value"))
        for control, trait in (
            (self.percentiles, "percentiles"), (self.gamma, "gamma"), (self.size, "marker_size"),
        ):  # fmt: skip
            widgets.jslink((control, "value"), (layer, trait))
        self.color_by.observe(self._coloured, "value")

    def refresh(self) -> None:
        """Offer the variables that the reflections have."""
        names = colour_choices(self._view.reflections)
        self._busy = True
        wanted = self._view.color_by if self._view.color_by in names else None
        options = [("one colour", None), *((_NAMES.get(name, name), name) for name in names)]
        offer(self.color_by, options, wanted)
        self._busy = False

    def _coloured(self, change: Any) -> None:
        if not self._busy and change["new"] is not None:
            self._view.color_by = change["new"] or None


class SpectrumControls:
    """The region and the window of the transform."""

    def __init__(self, view: SpectrumView) -> None:
        self.view, self._busy = view, False
        self.size = dropdown("Region", "Part of the image whose spectrum is shown")
        self.window = dropdown("Window", "Apodisation against streaks from the edges", WINDOWS)
        self.average = whole_number(
            "Average", "Pieces along each axis whose power is averaged: less noise, wider spots",
            1, 1, 16,
        )  # fmt: skip
        self.edges = [
            number(text, f"{word} edge of the region")
            for text, word in (("y", "Upper"), ("to", "Lower"), ("x", "Left"), ("to", "Right"))
        ]
        self.unit = widgets.Label("nm")
        self.fields = together(*self.edges, self.unit)
        self.fields.layout.flex_flow = "row wrap"
        self.size.observe(self._sized, "value")
        for field in self.edges:
            field.observe(self._typed, "value")
        traitlets.link((view, "window"), (self.window, "value"))
        traitlets.link((view, "average"), (self.average, "value"))

    @property
    def rows(self) -> widgets.HBox:
        """The controls side by side."""
        return row(self.size, self.window, self.average, self.fields)

    def show_error(self, error: BaseException) -> None:
        """Show the sentence under the view."""
        self.view.show_error(error)

    def refresh(self) -> None:
        """Show the region in the fields."""
        image, region = self.view.workspace.plane, self.view.region
        if image is None:
            return
        grid = pixel_grid(image)
        fitting = [n for n in _SQUARES if n <= min(grid.shape)]
        options = [("whole image", "all"), *((f"{n} × {n} px", n) for n in fitting)]
        if region is not None:
            options.append((describe_region(region, grid.units), "drawn"))
        self._busy = True
        try:
            offer(self.size, options, "all" if region is None else "drawn")
            self.fields.layout.display = "none" if region is None else ""
            self.unit.value = grid.units
            if region is not None:
                corners = corners_of(region)
                ends = np.stack([corners.min(axis=0), corners.max(axis=0)]).T.ravel()
                for field, end in zip(self.edges, ends, strict=True):
                    field.value = significant(float(end), 5)
                    field.disabled = isinstance(region[0], tuple)
        finally:
            self._busy = False

    @guarded
    def _sized(self, change: Any) -> None:
        size = change["new"]
        if self._busy or size in (None, "drawn"):
            return
        self.view.region = None if size == "all" else self._square(int(size))

    def _square(self, size: int) -> tuple[float, float, float, float]:
        """Put a square of so many pixels where the region is, or in the middle."""
        image = self.view.workspace.plane
        assert image is not None
        grid = pixel_grid(image)
        if self.view.region is None:
            middle = np.array([(n - 1) / 2 for n in grid.shape])
        else:
            centre = corners_of(self.view.region).mean(axis=0)
            middle = np.array(grid.to_pixels(*centre))
        first = np.clip(np.rint(middle - size / 2), 0, np.array(grid.shape) - size)
        y, x = grid.to_lengths(first[0] + [0, size - 1], first[1] + [0, size - 1])
        return float(y[0]), float(y[1]), float(x[0]), float(x[1])

    @guarded
    def _typed(self, _: Any) -> None:
        if not self._busy:
            self.view.region = tuple(field.value for field in self.edges)
