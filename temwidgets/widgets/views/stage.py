"""Figure and image layer in one grid cell: the part of an `ImageView` that is drawn."""

from __future__ import annotations

from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.views import markers
from temwidgets.widgets.views.colormaps import colour_table
from temwidgets.widgets.views.layer import ImageLayer
from temwidgets.widgets.views.picture import LARGEST, contrast_limits, encode, shrink

MARGIN = {"top": 24, "bottom": 46, "left": 64, "right": 14}

Ranges = tuple[tuple[float, float], tuple[float, float]]


class Stage(widgets.GridBox):
    """A bqplot Figure (axes) over an `ImageLayer` (image and markers), moving together."""

    ranges = traitlets.Tuple(default_value=((0.0, 1.0), (0.0, 1.0)))

    def __init__(self, height: int) -> None:
        self.x_scale = bqplot.LinearScale(min=0.0, max=1.0)
        self.y_scale = bqplot.LinearScale(min=0.0, max=1.0, reverse=True)
        self.figure = self._figure()
        self.layer = ImageLayer(x_scale=self.x_scale, y_scale=self.y_scale, margin=MARGIN)
        for child in (self.layer, self.figure):
            child.layout.grid_area = "1 / 1"
            child.layout.width, child.layout.height, child.layout.margin = "100%", "100%", "0"
        layout = widgets.Layout(width="100%", height=f"{height}px", grid_template_columns="100%")
        super().__init__([self.layer, self.figure], layout=layout)
        self.layout.grid_template_rows = "100%"
        self.add_class("tem-stack")
        self.units = "px"
        self._sent: dict[str, tuple[xr.DataArray, int]] = {}
        self._extent: Ranges | None = None
        self._placing = False
        for scale in (self.x_scale, self.y_scale):
            scale.observe(self._scaled, ["min", "max"])
        self.layer.on_msg(self._hear)

    def _figure(self) -> bqplot.Figure:
        self._axes = [
            bqplot.Axis(
                scale=self.x_scale, label="x / px", grid_lines="none", label_offset="34px"
            ),
            bqplot.Axis(
                scale=self.y_scale, label="y / px", grid_lines="none", label_offset="46px",
                side="left",
            ),
        ]  # fmt: skip
        figure = bqplot.Figure(
            axes=self._axes, scale_x=self.x_scale, scale_y=self.y_scale, fig_margin=MARGIN,
            padding_x=0.0, padding_y=0.0, display_toolbar=False,
            background_style={"fill-opacity": "0"},
        )  # fmt: skip
        figure.layout = widgets.Layout(min_width="0", min_height="0")
        figure.add_class("tem-figure")
        return figure

    def put(self, name: str, product: xr.DataArray, frame: int) -> str:
        """Draw a product, sent once; return what there is to tell the user, or ""."""
        self.layer.shown = name
        known, at = self._sent.get(name, (None, 0))
        if known is product and (at == frame or product.ndim == 2):
            return ""
        self._sent[name] = (product, frame)
        image = product.isel(frame=frame) if product.ndim == 3 else product
        small = shrink(image)
        setattr(self.layer, name, encode(small, symmetric=name == "residual"))
        self._calibrate(image)
        if small is image:
            return ""
        factor = -(-max(image.shape) // LARGEST)
        return (
            f"The image is larger than {LARGEST} pixels, so the view shows averages of"
            f" {factor} x {factor} pixels; the analysis uses every pixel."
        )

    def _calibrate(self, image: xr.DataArray) -> None:
        self.units = pixel_grid(image).units
        self.layer.units = self.units
        name = str(image.attrs.get("long_name") or image.name or "image")
        self.layer.label = f"{name.capitalize()}, {image.sizes['y']} by {image.sizes['x']} pixels"
        for axis, letter in zip(self._axes, "xy", strict=True):
            axis.label = f"{letter} / {self.units}"
        extent = extent_of(image)
        if extent != self._extent:
            self._extent = extent
            self.home()

    def home(self) -> None:
        """Show the whole image."""
        if self._extent is not None:
            self.ask(*self._extent)

    @property
    def extent(self) -> Ranges | None:
        """Outer edges of the image: (x, x), (y, y); None while there is none."""
        return self._extent

    def ask(
        self,
        x_range: tuple[float, float] | None = None,
        y_range: tuple[float, float] | None = None,
    ) -> None:
        """Ask for ranges; the browser widens them so that lengths are equal along x and y.

        With one range given the other follows; with both at least these are shown.
        """
        self.layer.send({"type": "ask", "x": x_range, "y": y_range})
        self._place(x_range or self.ranges[0], y_range or self.ranges[1])

    def _place(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        self._placing = True
        try:
            for scale, span in ((self.x_scale, x_range), (self.y_scale, y_range)):
                with scale.hold_sync(), scale.hold_trait_notifications():
                    scale.min, scale.max = (float(v) for v in span)
        finally:
            self._placing = False
        self.ranges = (
            (self.x_scale.min, self.x_scale.max),
            (self.y_scale.min, self.y_scale.max),
        )

    def _hear(self, _: Any, content: dict[str, Any], __: Any) -> None:
        """Take over what the browser shows."""
        if content.get("type") == "shown":
            self._place(content["x"], content["y"])

    def _scaled(self, change: Any) -> None:
        """Ask for what somebody set on a scale itself."""
        if self._placing:
            return
        scale = change["owner"]
        self.ask(**{"x_range" if scale is self.x_scale else "y_range": (scale.min, scale.max)})

    def colour(self, cmap: str) -> None:
        """Colour the image."""
        self.layer.lut = colour_table(cmap).tobytes()

    def levels(self, name: str) -> tuple[float, float]:
        """Return the values that get the first and the last colour."""
        record = getattr(self.layer, name)
        if self.layer.limits is not None or not record:
            return self.layer.limits or (0.0, 1.0)
        return contrast_limits(record, self.layer.percentiles)

    def put_columns(self, columns: xr.Dataset | None) -> None:
        """Place a marker on each column."""
        record = self.layer.image
        origin = tuple(record["origin"]) if record else (0.0, 0.0)
        for name, value in markers.places(columns, origin).items():
            setattr(self.layer, name, value)

    def paint(
        self,
        columns: xr.Dataset | None,
        name: str | None,
        cmap: str,
        limits: tuple[float, float] | None,
    ) -> None:
        """Colour the markers by a variable."""
        how = markers.colouring(columns, name, cmap, limits)
        with self.layer.hold_sync():
            self.layer.values = how.values.tobytes()
            self.layer.marker_mode, self.layer.marker_limits = how.mode, how.limits
            self.layer.marker_lut, self.layer.legend = how.table.tobytes(), how.legend

    def mark(self, columns: xr.Dataset | None, selected: np.ndarray) -> None:
        """Highlight the selected markers."""
        self.layer.states = markers.states(columns, selected)


def extent_of(image: xr.DataArray) -> Ranges:
    """Return the outer edges of an image: (x, x), (y, y)."""
    grid = pixel_grid(image)
    y, x = grid.to_lengths(
        np.array([-0.5, grid.shape[0] - 0.5]), np.array([-0.5, grid.shape[1] - 0.5])
    )
    return (float(x[0]), float(x[1])), (float(y[0]), float(y[1]))
