"""The part of a `SpectrumView` that is drawn: power, rings round reflections, words beside them."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np
import traitlets
import xarray as xr

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.views._spectrum_marks import as_columns, colouring
from temwidgets.widgets.views._words import Words, with_room
from temwidgets.widgets.views.picture import encode
from temwidgets.widgets.views.stage import MARGIN, Stage, extent_of

_ANOTHER = 0.02
"""Share by which the greatest frequency differs when it is another image's, and a zoom."""


class SpectrumStage(Stage):
    """A stage whose lengths are frequencies (1/nm) and whose markers are reflections."""

    def __init__(self, height: int) -> None:
        super().__init__(height)
        self.layer.reciprocal = True
        self.layer.ellipses = False
        self.add_class("tem-fft")
        scales = {"x": self.x_scale, "y": self.y_scale}
        self._words = {
            name: bqplot.Label(
                x=[], y=[], text=[], scales=scales, colors=["#ffffff"], enable_move=False,
                default_size=12, font_weight="bold", x_offset=offset, y_offset=4, align=align,
            )
            for name, offset, align in (("reflections", 12, "start"), ("rings", -5, "end"))
        }  # fmt: skip
        self.words: dict[str, list[Words]] = {}
        self._zoom = 0.0
        self.figure.marks = list(self._words.values())

    def put_spectrum(self, spectrum: xr.DataArray, largest: int) -> None:
        """Draw a power spectrum (ky, kx), averaged to at most so many bins along a side."""
        image = spectrum.rename(ky="y", kx="x")
        record = encode(_fewer(image, largest))
        with self.layer.hold_sync():
            self.layer.shown, self.layer.image = "image", record
            self.units = self.layer.units = pixel_grid(image).units
            rows, cols = image.shape
            self.layer.label = f"Power spectrum, {rows} by {cols} bins"
        for axis, letter in zip(self._axes, "xy", strict=True):
            axis.label = f"k_{letter} ({self.units})"

    def reaches(self, spectrum: xr.DataArray) -> bool:
        """Take note of how far a spectrum reaches; tell whether that is further, or less far."""
        before, self._extent = self._extent, extent_of(spectrum.rename(ky="y", kx="x"))
        if before is None:
            return True
        old, new = np.ptp(before[0]), np.ptp(self._extent[0])
        return bool(abs(new - old) > _ANOTHER * new)

    def put_reflections(
        self, reflections: xr.Dataset | None, color_by: str | None, cmap: str
    ) -> None:
        """Draw a ring round each reflection g, and round -g."""
        columns = as_columns(reflections)
        how = colouring(reflections, columns, color_by, cmap)
        with self.layer.hold_sync():
            self.put_columns(columns)
            # else rings would shrink where reflections are close
            self.layer.spacing = 0.0
            labels = np.empty(0) if columns is None else columns["reflection"].values
            self.layer.labels = labels.astype(np.int32).tobytes()
            self.layer.values = how.values.tobytes()
            self.layer.marker_mode, self.layer.marker_limits = how.mode, how.limits
            self.layer.marker_lut, self.layer.legend = how.table.tobytes(), how.legend

    def choose(self, reflections: xr.Dataset | None, labels: Any) -> None:
        """Highlight the chosen reflections."""
        columns = as_columns(reflections)
        chosen = np.zeros(0, bool) if columns is None else np.isin(columns["reflection"], labels)
        self.mark(columns, chosen)

    def write(self, name: str, words: list[Words]) -> None:
        """Write words beside places, those that have room; "reflections" or "rings"."""
        self.words[name] = words
        shown = with_room(words, self.pixels)
        mark = self._words[name]
        with mark.hold_sync():
            mark.x, mark.y = np.array([w.x for w in shown]), np.array([w.y for w in shown])
            mark.text = np.array([w.text for w in shown])
            mark.colors = [w.colour for w in shown] or ["#ffffff"]

    @property
    def pixels(self) -> float:
        """Screen px that 1/nm takes."""
        low, high = self.ranges[1]
        height = int(str(self.layout.height).removesuffix("px"))
        return (height - MARGIN["top"] - MARGIN["bottom"]) / (high - low)

    @traitlets.observe("ranges")
    def _zoomed(self, _: Any) -> None:
        """Write the words again where there is more room, or less."""
        if abs(self.pixels - self._zoom) > _ANOTHER * self._zoom:
            self._zoom = self.pixels
            for name, words in self.words.items():
                self.write(name, words)


def _fewer(image: xr.DataArray, largest: int) -> xr.DataArray:
    """Average blocks until no side is above `largest`: as `shrink`, but sure of finite values."""
    factor = -(-max(image.shape) // largest)
    if factor == 1:
        return image
    rows, cols = (size // factor for size in image.shape)
    whole = image[: rows * factor, : cols * factor]
    values = whole.values.reshape(rows, factor, cols, factor).mean(axis=(1, 3))
    coords = {
        name: (name, whole[name].values.reshape(-1, factor).mean(axis=1), whole[name].attrs)
        for name in ("y", "x")
    }
    return xr.DataArray(values, coords, ("y", "x"), attrs=image.attrs)
