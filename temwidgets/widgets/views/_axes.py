"""Axes with round numbers, for bqplot chooses odd ones when the range is given."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np

MARGIN = {"top": 8, "bottom": 44, "left": 62, "right": 28}
_GRID = "rgba(128, 128, 128, 0.25)"


def round_ticks(low: float, high: float, about: int = 6, *, whole: bool = False) -> list[float]:
    """Return about so many round numbers (1, 2 or 5 times a power of ten) between two values.

    `whole` leaves out what lies between whole numbers, for counts.
    """
    if not (np.isfinite(low) and np.isfinite(high)) or high <= low:
        return [float(low)]
    raw = (high - low) / about
    power = 10.0 ** np.floor(np.log10(raw))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= 0.8 * raw)
    step = max(step, 1.0) if whole else step
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return [float(f"{n * step:.12g}") for n in np.arange(first, last + 1)]


def decade_ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten between two positive values, thinned to at most six."""
    powers = np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
    return [float(10.0**p) for p in powers[:: max(1, -(-powers.size // 6))]]


def set_range(
    scale: bqplot.Scale, axis: bqplot.Axis, low: float, high: float, *, whole: bool = False
) -> None:
    """Set the ends of a scale and round ticks on its axis; `whole`: at whole numbers only."""
    with scale.hold_sync():
        scale.min, scale.max = float(low), float(high)
    logarithmic = isinstance(scale, bqplot.LogScale)
    ticks = (
        decade_ticks(low, high)
        if logarithmic
        else round_ticks(low, high, 6 if axis.side == "left" else 7, whole=whole)
    )
    axis.tick_values = np.array(ticks)


def horizontal(scale: bqplot.Scale) -> bqplot.Axis:
    """Make an x axis."""
    return bqplot.Axis(
        scale=scale,
        grid_lines="none",
        label_offset="34px",
        tick_format="~g",
        tick_values=[1.0],
    )


def vertical(scale: bqplot.Scale, label: str = "") -> bqplot.Axis:
    """Make a y axis with faint grid lines."""
    return bqplot.Axis(
        scale=scale,
        side="left",
        label=label,
        label_offset="46px",
        grid_lines="solid",
        grid_color=_GRID,
        tick_format="~g",
        tick_values=[1.0],
    )


def plot_figure(brush: bqplot.interacts.Selector, height: int, **content: Any) -> bqplot.Figure:
    """Make the figure of a plot that is brushed; its axes lie at the very ends of the scales."""
    return bqplot.Figure(
        interaction=brush,
        fig_margin=MARGIN,
        padding_x=0,
        padding_y=0,
        layout={"width": "100%", "height": f"{height}px", "min_width": "260px"},
        animation_duration=0,
        display_toolbar=False,
        **content,
    )
