"""Pictures of a pair correlation: a map over cell offsets, and values against distance."""

from __future__ import annotations

import io
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import xarray as xr
from PIL import Image

from temwidgets.widgets import palette
from temwidgets.widgets.views._axes import horizontal, round_ticks, set_range, vertical
from temwidgets.widgets.views._row_marks import RowMarks
from temwidgets.widgets.views.colormaps import colour_table, hex_colour

LEVEL = 0.01
"""Of the offsets told as correlated at most this share is so by chance."""
CMAP = "diverging"
CHANCE = 1.96
"""95 % of independent values lie within so many standard errors of zero."""
DOT = "#111111"
_MARGIN = {"top": 10, "bottom": 46, "left": 62, "right": 14}
_SIDE = 360
_GREY = "#888888"


def reach_of(table: xr.Dataset) -> float:
    """Return the correlation that gets the last colour: the largest beside the zero offset."""
    size = np.abs(beside_zero(table, "correlation"))
    return float(np.nanmax(size)) if np.isfinite(size).any() else 1.0


def beside_zero(table: xr.Dataset, name: str) -> np.ndarray:
    """Return a variable (offset_a, offset_b), NaN at the zero offset."""
    values = table[name].values.astype(float)
    values[tuple(n // 2 for n in values.shape)] = np.nan
    return values


def significant(table: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the offsets along a and b of all correlations that are not chance."""
    at = np.nonzero(table["p_adjusted"].values <= LEVEL)
    return tuple(table[f"offset_{n}"].values[k] for n, k in zip("ab", at, strict=True))  # type: ignore[return-value]


class CorrelationMap(bqplot.Figure):
    """A bqplot figure of the correlation over the offsets; a dot marks what is not chance."""

    def __init__(self) -> None:
        self._scales = bqplot.LinearScale(), bqplot.LinearScale()
        self._lines = horizontal(self._scales[0]), vertical(self._scales[1])
        for axis, name in zip(self._lines, "ab", strict=True):
            axis.grid_lines, axis.label = "none", f"Cells apart along {name}"
        scales = dict(zip("xy", self._scales, strict=True))
        self.picture = bqplot.Image(image=_image(None), scales=scales, x=[-0.5, 0.5], y=[-0.5, 0.5])
        self.dots = bqplot.Scatter(
            x=[], y=[], scales=scales, colors=[DOT], stroke="#ffffff", stroke_width=0.8,
            default_size=14,
        )  # fmt: skip
        super().__init__(
            axes=list(self._lines), marks=[self.picture, self.dots], fig_margin=_MARGIN,
            padding_x=0, padding_y=0, animation_duration=0, display_toolbar=False,
            layout={"width": f"{_SIDE + 18}px", "height": f"{_SIDE}px", "flex": "0 0 auto"},
        )  # fmt: skip

    def show(self, table: xr.Dataset | None) -> None:
        """Draw the correlations; nothing without."""
        old, self.picture.image = self.picture.image, _image(table)
        old.close()
        self.dots.x = self.dots.y = []
        if table is None:
            return
        ends = [float(table[f"offset_{n}"].max()) + 0.5 for n in "ab"]
        with self.picture.hold_sync():
            self.picture.x, self.picture.y = ([-end, end] for end in ends)
        for scale, axis, end in zip(self._scales, self._lines, ends, strict=True):
            set_range(scale, axis, -end, end)
        with self.dots.hold_sync():
            self.dots.x, self.dots.y = significant(table)


class DistanceFigure(bqplot.Figure):
    """A bqplot figure of correlation against distance: each offset, means of equal lengths."""

    def __init__(self) -> None:
        self.x, self.y = bqplot.LinearScale(), bqplot.LinearScale()
        scales = {"x": self.x, "y": self.y}
        self.lines = horizontal(self.x), vertical(self.y, "Correlation")
        self.each = bqplot.Scatter(
            x=[], y=[], scales=scales, colors=[palette.ALL], default_size=10,
            opacities=[0.35],
        )  # fmt: skip
        self.chance = bqplot.Lines(
            x=[0.0, 1.0], y=[[0.0, 0.0]], scales=scales, colors=[_GREY], stroke_width=1.2,
            line_style="dashed", visible=False,
        )  # fmt: skip
        self.whole = RowMarks(self.x, self.y, palette.ALL)
        self.part = RowMarks(self.x, self.y, palette.SELECTED)
        marks = [self.chance, self.each, *self.whole.marks, *self.part.marks]
        super().__init__(
            axes=list(self.lines), marks=marks, fig_margin=_MARGIN, padding_x=0, padding_y=0,
            animation_duration=0, display_toolbar=False,
            layout={"width": "100%", "height": f"{_SIDE - 60}px", "min_width": "300px"},
        )  # fmt: skip

    def show(
        self, table: xr.Dataset | None, shells: xr.Dataset | None, part: xr.Dataset | None
    ) -> None:
        """Draw each offset, means with errors, those of the selection, and the reach of chance."""
        self.whole.show(_rows(shells))
        self.part.show(_rows(part))
        self.chance.visible = shells is not None
        self.each.x = self.each.y = []
        if table is None or shells is None:
            return
        away, value = table["distance"].values.ravel(), beside_zero(table, "correlation").ravel()
        end = 1.03 * float(shells["distance"].max())
        good = np.isfinite(value) & (away <= end)
        with self.each.hold_sync():
            self.each.x, self.each.y = away[good], value[good]
        limit = CHANCE / np.sqrt(shells["count"].values)
        with self.chance.hold_sync():
            self.chance.x = shells["distance"].values
            self.chance.y = np.stack([limit, np.zeros(limit.size), -limit])
        self._fit(end, shells, part, np.concatenate([value[good], limit, -limit]))

    def _fit(
        self, end: float, shells: xr.Dataset, part: xr.Dataset | None, values: np.ndarray
    ) -> None:
        if part is not None:
            values = np.concatenate([values, part["correlation"].values])
        margin = 0.06 * float(np.ptp(values)) or 0.1
        set_range(self.y, self.lines[1], values.min() - margin, values.max() + margin)
        set_range(self.x, self.lines[0], 0.0, end)
        self.lines[0].label = f"Distance ({shells['distance'].attrs['units']})"


def ramp(table: xr.Dataset) -> str:
    """Write the colour bar of the map as HTML."""
    colours = ", ".join(hex_colour(c) for c in colour_table(CMAP)[:: 255 // 8])
    end = f"{reach_of(table):.2g}"
    return (
        f"<div>Correlation \N{MINUS SIGN}{end} "
        f'<i class="tem-ramp" style="background:linear-gradient(to right, {colours})"></i>'
        f" {end}; a dot: not by chance</div>"
    )


def map_colours(table: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return colours uint8 (offset_a, offset_b, 3), and which offsets have one."""
    value, reach = beside_zero(table, "correlation"), reach_of(table)
    index = np.rint(np.clip((np.nan_to_num(value) / reach + 1) / 2, 0, 1) * 255).astype(int)
    return colour_table(CMAP)[index], np.isfinite(value)


def ticks_of(table: xr.Dataset, name: str) -> tuple[float, ...]:
    """Return the ticks of an axis of offsets."""
    end = float(table[f"offset_{name}"].max())
    return tuple(round_ticks(-end, end, 6))


def _rows(shells: xr.Dataset | None) -> xr.Dataset | None:
    """Name shells as `RowMarks` reads rows."""
    if shells is None:
        return None
    names: dict[str, Any] = {"distance": "position", "correlation": "mean"}
    return shells.rename({**names, "correlation_std": "mean_std"})


def _image(table: xr.Dataset | None) -> widgets.Image:
    pixels = np.zeros((2, 2, 4), np.uint8)
    if table is not None:
        colours, known = map_colours(table)
        pixels = np.dstack([colours, np.where(known, 255, 0).astype(np.uint8)])
        pixels = pixels.transpose(1, 0, 2)[::-1]
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "png", compress_level=1)
    return widgets.Image(value=buffer.getvalue(), format="png")
