"""The picture of a spectrum over the reduced reciprocal cell, its peaks ringed and numbered."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import xarray as xr
from PIL import Image

from temwidgets.widgets import palette
from temwidgets.widgets.views._axes import horizontal, set_range, vertical
from temwidgets.widgets.views.colormaps import colour_table, hex_colour
from temwidgets.widgets.views.markers import short

FAINTEST = 0.1
"""Power, over that of white noise, that gets the first colour."""

_CMAP = "viridis"
_MARGIN = {"top": 10, "bottom": 46, "left": 58, "right": 14}
_SIDE = 360
_TICKS = np.array([-0.5, -0.25, 0.0, 0.25, 0.5])
_RING = "#ffffff"
_BESIDE = 0.045


class SpectrumFigure(bqplot.Figure):
    """A bqplot figure of power over (q_a, q_b); a click on a ring calls `picked` with its peak."""

    def __init__(self, picked: Callable[[int], None]) -> None:
        self._owners: list[int] = []
        self._picked = picked
        scale_x, scale_y = bqplot.LinearScale(), bqplot.LinearScale()
        axes = horizontal(scale_x), vertical(scale_y)
        for scale, axis, name in zip((scale_x, scale_y), axes, "ab", strict=True):
            set_range(scale, axis, -0.5, 0.5)
            axis.grid_lines, axis.tick_values = "none", _TICKS
            axis.label = f"q_{name} (cycles per cell)"
        scales = {"x": scale_x, "y": scale_y}
        self._picture = bqplot.Image(image=_blank(), scales=scales, x=[-0.5, 0.5], y=[-0.5, 0.5])
        self._rings = bqplot.Scatter(
            x=[], y=[], scales=scales, fill=False, stroke_width=2.0, default_size=190,
            interactions={"click": "select"},
        )  # fmt: skip
        self._rings.observe(self._clicked, "selected")
        self._numbers = bqplot.Label(
            x=[], y=[], text=[], scales=scales, align="middle", default_size=13,
            font_weight="bold", colors=[_RING], enable_move=False,
        )  # fmt: skip
        super().__init__(
            axes=list(axes), marks=[self._picture, self._rings, self._numbers],
            fig_margin=_MARGIN, padding_x=0, padding_y=0, animation_duration=0,
            min_aspect_ratio=1, max_aspect_ratio=1, display_toolbar=False,
            layout={"width": f"{_SIDE + 18}px", "height": f"{_SIDE}px", "flex": "0 0 auto"},
        )  # fmt: skip
        self.add_class("tem-spectrum")

    def show(self, spectrum: xr.Dataset | None) -> None:
        """Draw the power; nothing without a spectrum."""
        old, self._picture.image = self._picture.image, _png(spectrum)
        old.close()
        if spectrum is not None:
            with self._picture.hold_sync():
                self._picture.x, self._picture.y = (
                    _span(spectrum[name].values) for name in ("q_a", "q_b")
                )

    def ring(self, spectrum: xr.Dataset | None, chosen: int | None) -> None:
        """Ring the peaks where they are and at minus that; the chosen one in pink."""
        places = [] if spectrum is None else _places(spectrum)
        self._owners = [peak for peak, _, _ in places]
        x, y = (np.array([place[i] for place in places], float) for i in (1, 2))
        colours = [palette.SELECTED if peak == chosen else _RING for peak in self._owners]
        with self._rings.hold_sync():
            self._rings.x, self._rings.y = x, y
            self._rings.colors = colours or [_RING]
        # beside the ring, towards the middle
        inwards = np.where(x > 0, -_BESIDE, _BESIDE), np.where(y > 0, -_BESIDE, _BESIDE)
        with self._numbers.hold_sync():
            self._numbers.x, self._numbers.y = x + inwards[0], y + inwards[1]
            self._numbers.text = [str(peak) for peak in self._owners]
            self._numbers.colors = colours or [_RING]

    def _clicked(self, change: Any) -> None:
        chosen = change["new"]
        if chosen is None or not len(chosen):
            return
        self._rings.selected = None  # so that the same ring can be clicked again
        if int(chosen[-1]) < len(self._owners):
            self._picked(self._owners[int(chosen[-1])])


def ramp(spectrum: xr.Dataset) -> str:
    """Write the colour bar as HTML, with a tick at the power of a significant peak."""
    table = colour_table(_CMAP)[:: 255 // 8]
    colours = ", ".join(hex_colour(colour) for colour in table)
    low, high = _limits(spectrum)
    bar = (
        '<span style="position:relative;display:inline-block;height:12px">'
        f'<i class="tem-ramp" style="background:linear-gradient(to right, {colours})"></i>'
    )
    words = ""
    if spectrum.attrs.get("noise") == "white":
        threshold = float(spectrum.attrs["power_threshold"])
        place = 120 * (np.log10(threshold) - low) / (high - low)
        bar += (
            f'<i style="position:absolute;left:{place:.0f}px;top:-2px;width:2px;height:16px;'
            f'background:{palette.SELECTED}"></i>'
        )
        words = (
            f'<div><i class="tem-swatch" style="background:{palette.SELECTED};width:2px"></i>'
            f"p = {spectrum.attrs['level']:g} at a power of {threshold:.3g}</div>"
        )
    ends = short(10**low), short(float(f"{10**high:.3g}"))
    return (
        f"<div>Power over that of white noise (logarithmic)<br>{ends[0]} {bar}</span> {ends[1]}"
        f"; blank: taken off as slow trend</div>{words}"
    )


def _limits(spectrum: xr.Dataset) -> tuple[float, float]:
    """Return the decimal logarithms of the powers with the first and the last colour."""
    highest = max(float(spectrum["power"].max()), 2 * float(spectrum.attrs["power_threshold"]))
    return float(np.log10(FAINTEST)), float(np.log10(highest))


def _png(spectrum: xr.Dataset | None) -> widgets.Image:
    if spectrum is None:
        return _blank()
    low, high = _limits(spectrum)
    power = spectrum["power"].transpose("q_b", "q_a").values[::-1]
    share = (np.log10(np.maximum(power, FAINTEST)) - low) / (high - low)
    index = np.clip(np.nan_to_num(share) * 255, 0, 255).astype(np.uint8)
    opacity = np.where(np.isfinite(power), 255, 0).astype(np.uint8)
    return _as_image(np.dstack([colour_table(_CMAP)[index], opacity]))


def _blank() -> widgets.Image:
    return _as_image(np.zeros((2, 2, 4), np.uint8))


def _as_image(pixels: np.ndarray) -> widgets.Image:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png", compress_level=1)
    return widgets.Image(value=buffer.getvalue(), format="png")


def _span(q: np.ndarray) -> list[float]:
    """Return the outer edges of the first and the last pixel."""
    half = 0.5 * float(q[1] - q[0])
    return [float(q[0]) - half, float(q[-1]) + half]


def _places(spectrum: xr.Dataset) -> list[tuple[int, float, float]]:
    """Return peak, q_a and q_b of every ring: q, -q, and both edges of the cell for q = 1/2."""
    found: dict[tuple[int, float, float], None] = {}
    step = [float(spectrum[name][1] - spectrum[name][0]) for name in ("q_a", "q_b")]
    for peak, *q in zip(
        spectrum["peak"].values, spectrum["peak_q_a"].values, spectrum["peak_q_b"].values,
        strict=True,
    ):  # fmt: skip
        sides = [
            sorted({0.5, -0.5}) if abs(abs(v) - 0.5) < 0.5 * h else [float(v)]
            for v, h in zip(q, step, strict=True)
        ]
        for a in sides[0]:
            for b in sides[1]:
                for sign in (1, -1):
                    found[(int(peak), sign * a + 0.0, sign * b + 0.0)] = None
    return list(found)
