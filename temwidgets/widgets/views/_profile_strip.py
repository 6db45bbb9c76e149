"""The mean along a line with a band round it: as marks of a figure, for print, and in words."""

from __future__ import annotations

from html import escape
from typing import Any

import bqplot
import numpy as np
import xarray as xr

from temwidgets.widgets import palette
from temwidgets.widgets.views._map_words import unit
from temwidgets.widgets.views._paper import Paper
from temwidgets.widgets.views._variables import measured

_OPACITY = 0.25


class ProfileStrip:
    """Line and band in a bqplot figure."""

    def __init__(self, x: bqplot.Scale, y: bqplot.Scale) -> None:
        scales, nothing = {"x": x, "y": y}, [0.0, 1.0]
        self.band = bqplot.Lines(
            x=nothing, y=[nothing, nothing], scales=scales, colors=[palette.ALL] * 2,
            opacities=[0.0, 0.0], fill="between", fill_colors=[palette.ALL],
            fill_opacities=[_OPACITY, _OPACITY], visible=False,
        )  # fmt: skip
        self.line = bqplot.Lines(
            x=nothing, y=nothing, scales=scales, colors=[palette.ALL], stroke_width=1.8,
            visible=False,
        )  # fmt: skip

    @property
    def marks(self) -> list[bqplot.Lines]:
        """The band, and the line over it."""
        return [self.band, self.line]

    def show(self, profile: xr.Dataset | None, band: np.ndarray | None) -> tuple[float, float]:
        """Draw mean and band; return the lowest and highest value that is drawn."""
        if profile is None or not np.isfinite(profile["mean"].values).any():
            self.line.visible = self.band.visible = False
            return 0.0, 1.0
        mean = profile["mean"].values
        known = np.flatnonzero(np.isfinite(mean))
        # bqplot puts a hidden label at the last point, so that cannot be a gap
        some = slice(known[0], known[-1] + 1)
        place, mean = profile["distance"].values[some], mean[some]
        half = np.zeros_like(mean) if band is None else np.nan_to_num(band[some])
        with self.line.hold_sync(), self.band.hold_sync():
            self.line.x, self.line.y = place, mean
            self.band.x, self.band.y = place, np.stack([mean - half, mean + half])
            self.line.visible, self.band.visible = True, band is not None
        return float(np.nanmin(mean - half)), float(np.nanmax(mean + half))

    def print(self, paper: Paper, place: Any) -> None:
        """Draw on paper what is shown, piece by piece between gaps."""
        if not self.line.visible:
            return
        x, y = np.asarray(self.line.x), np.asarray(self.line.y)
        low, high = np.asarray(self.band.y)
        known = np.isfinite(y)
        for piece in np.split(np.arange(x.size), np.flatnonzero(np.diff(known)) + 1):
            if not known[piece[0]]:
                continue
            if self.band.visible:
                outline = np.concatenate([piece, piece[::-1]])
                edge = np.concatenate([low[piece], high[piece[::-1]]])
                paper.polygon(place(x[outline], edge), palette.ALL, _OPACITY)
            paper.line(place(x[piece], y[piece]), palette.ALL, 0.9)


def profile_words(profile: xr.Dataset | None, values: xr.DataArray, band: str) -> str:
    """Write length and direction of the line, mean and spread along it, and what the band is."""
    if profile is None:
        return ""
    mean = profile["mean"].values
    mean = mean[np.isfinite(mean)]
    y, x = (float(profile[name][-1] - profile[name][0]) for name in ("y", "x"))
    angle = round(float(np.rad2deg(np.arctan2(y, x))), 1) + 0.0
    units = str(profile["distance"].attrs["units"])
    parts = [f"{float(profile['distance'][-1]):.4g} {units} long, {angle:.1f}° from +x to +y"]
    if mean.size:
        alone = mean.size == 1
        text = f"{mean[0]:.5g}" if alone else measured(float(mean.mean()), float(mean.std()))
        parts.append(f"mean {text} {unit(values)}".rstrip())
    meaning = {"error": "standard error of a pixel", "spread": "spread across the line"}
    if band in meaning:
        parts.append(f"band: {meaning[band]}")
    text = "; ".join(parts).replace("-", "\N{MINUS SIGN}").replace(" °", "°")
    return f"<div><b>A to B</b>{escape(text)}</div>"
