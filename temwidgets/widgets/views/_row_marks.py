"""Means of rows with their error bars: as marks of a figure, for print, and in words."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np
import xarray as xr

from temwidgets.analysis.shown_units import in_shown_unit
from temwidgets.widgets import palette
from temwidgets.widgets.views._paper import Paper


class RowMarks:
    """A line through the rows of a profile, with points and error bars, in one colour."""

    def __init__(self, x: bqplot.Scale, y: bqplot.Scale, colour: str) -> None:
        scales, nothing = {"x": x, "y": y}, [0.0, 1.0]
        self.line = bqplot.Lines(
            x=nothing, y=nothing, scales=scales, colors=[colour], marker="circle", marker_size=28,
            stroke_width=1.5, visible=False,
        )  # fmt: skip
        self.bars = bqplot.Lines(
            x=nothing, y=nothing, scales=scales, colors=[colour], stroke_width=1.2, visible=False
        )

    @property
    def marks(self) -> tuple[bqplot.Lines, bqplot.Lines]:
        """Bars, and the line over them."""
        return self.bars, self.line

    def show(self, rows: xr.Dataset | None) -> None:
        """Show the rows that have a mean; hide without any."""
        if rows is None or not np.isfinite(rows["mean"].values).any():
            self.line.visible = self.bars.visible = False
            return
        place, mean, error = (rows[n].values for n in ("position", "mean", "mean_std"))
        good = np.isfinite(mean)
        place, mean, error = place[good], mean[good], np.nan_to_num(error[good])
        gap = np.full(place.size, np.nan)
        with self.line.hold_sync(), self.bars.hold_sync():
            self.line.x, self.line.y = place, mean
            # bqplot puts a hidden label at the last point, so that cannot be a gap
            self.bars.x = np.column_stack([place, place, place]).ravel()[:-1]
            self.bars.y = np.column_stack([mean - error, mean + error, gap]).ravel()[:-1]
            self.line.visible = self.bars.visible = True

    def print(self, paper: Paper, place: Any) -> None:
        """Draw on paper what is shown."""
        if not self.line.visible:
            return
        colour = self.line.colors[0]
        for start in range(0, len(self.bars.x), 3):
            piece = slice(start, start + 2)
            paper.line(place(self.bars.x[piece], self.bars.y[piece]), colour, 0.6)
        spots = place(self.line.x, self.line.y)
        paper.line(spots, colour, 0.8)
        for spot in spots:
            paper.dot(spot, 1.4, colour, 1.0)


def shown_rows(rows: xr.Dataset) -> xr.Dataset:
    """Return the rows of a profile in the unit that is shown."""
    return in_shown_unit(rows, rows.attrs["variable"], "mean", "mean_std", "spread")


def row_ends(rows: xr.Dataset) -> np.ndarray:
    """Return the ends of all error bars."""
    mean, error = rows["mean"].values, np.nan_to_num(rows["mean_std"].values)
    return np.concatenate([mean - error, mean + error])


def rows_words(whole: xr.Dataset | None, part: xr.Dataset | None) -> str:
    """Say how many rows and columns there are, and how many of them are selected."""
    if whole is None:
        return ""
    kinds = (("all", whole, palette.ALL), ("selected", part, palette.SELECTED))
    return "".join(_line(name, rows, colour) for name, rows, colour in kinds if rows is not None)


def _line(name: str, rows: xr.Dataset, colour: str) -> str:
    count = rows["count"].values
    swatch = f'<i class="tem-swatch" style="background:{colour}"></i>'
    text = f"{int((count > 0).sum()):,} rows, {int(count.sum()):,} columns"
    return f"<div>{swatch}<b>{name}</b> {text}</div>"
