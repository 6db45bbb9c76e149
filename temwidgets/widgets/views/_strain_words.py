"""Strains in words: mean and deviation of each component."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.shown_units import shown_unit
from temwidgets.analysis.variables import STRAINS
from temwidgets.widgets.views._variables import spread

NAMES = {
    "e_xx": "ε_xx",
    "e_yy": "ε_yy",
    "e_xy": "ε_xy",
    "rotation": "rotation",
    "dilatation": "dilatation",
}


def component_line(columns: xr.Dataset, name: str, used: Any, label: str, colour: str) -> str:
    """Write mean ± deviation of one component over the columns `used` (boolean)."""
    units, _, factor = shown_unit(columns, name)
    text = spread(factor * columns[name].values[used].astype(float), units)
    swatch = f'<i class="tem-swatch" style="background:{colour}"></i>'
    return f"<div>{swatch}<b>{escape(label)}</b> {escape(text)}</div>"


def strain_lines(columns: xr.Dataset, colour: str) -> str:
    """Write a line for each component that the columns have."""
    every = np.ones(columns.sizes["column"], bool)
    return "".join(
        component_line(columns, name, every, NAMES[name], colour)
        for name in STRAINS
        if name in columns
    )
