"""The words under a plot: statistics of what is shown, and what could not be shown."""

from __future__ import annotations

from html import escape

import numpy as np
import xarray as xr

from temwidgets.widgets.views._lengths import readable_unit
from temwidgets.widgets.views._variables import measured, spread


def statistics(rows: list[tuple[str, np.ndarray, str]], units: str) -> str:
    """Write a line with swatch, name, count, mean and deviation for each (name, values, colour)."""
    return "".join(
        f'<div><i class="tem-swatch" style="background:{colour}"></i><b>{escape(name)}</b>'
        f" {escape(spread(values, units) if values.size else 'none')}</div>"
        for name, values, colour in rows
    )


def shortcomings(
    variables: list[tuple[str, str | None]], finite: np.ndarray, outside: np.ndarray
) -> str:
    """Say which variables (wanted, shown) stand in for others, and how many are not seen."""
    parts = [
        f"These columns have no {wanted} yet; {shown} is shown."
        for wanted, shown in variables
        if wanted != shown
    ]
    bad = int((~finite).sum())
    if bad:
        parts.append(f"Without a value (NaN): {bad:,} of {finite.size:,} columns.")
    if outside.any():
        parts.append(f"Outside the range shown: {int(outside.sum()):,}.")
    return " ".join(parts)


def vectors_line(name: str, found: xr.Dataset, colour: str) -> str:
    """Write a line with swatch, count, mean vector and alignment of `vector_statistics`."""
    text = f"n = {int(found['count']):,}"
    size = float(found["magnitude"])
    if np.isfinite(size):
        units, factor = readable_unit(str(found["magnitude"].attrs["units"]), size)
        parts = [
            f"{part} {measured(factor * float(found[f'mean_{part}']), _error(found, part, factor))}"
            for part in ("x", "y")
        ]
        text += f", mean {', '.join(parts)} {units} ({float(found['direction']):.0f}°)"
        text += f", aligned {float(found['alignment']):.2f}"
        text = text.replace("-", "\N{MINUS SIGN}")
    swatch = f'<i class="tem-swatch" style="background:{colour}"></i>'
    return f"<div>{swatch}<b>{escape(name)}</b> {escape(text)}</div>"


def _error(found: xr.Dataset, part: str, factor: float) -> float:
    return factor * float(found[f"mean_{part}_std"])
