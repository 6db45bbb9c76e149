"""Local spacing in words: how it was measured, and a line for each reflection."""

from __future__ import annotations

from html import escape

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.shown_maps import shown_map, summarise
from temwidgets.conventions import length_unit
from temwidgets.widgets.views._map_words import reflection_names
from temwidgets.widgets.views._variables import measured

_LARGEST = 512
"""Pixels along one side that are enough for means in a table."""


def spacing_words(maps: xr.Dataset) -> str:
    """Say how maps were measured, and how much of the image is crystal."""
    made, units = maps.attrs, length_unit(maps)
    parts = []
    if made.get("engine") == "windowed":
        sides = " × ".join(f"{v:.3g}" for v in np.atleast_1d(made["window"]))
        parts.append(f"Rolling window of {sides} {units}, spots by {made.get('fit', 'fit')}")
    elif "sigma" in made:
        sigma = ", ".join(f"{v:.3g}" for v in np.unique(np.atleast_1d(made["sigma"])))
        parts.append(f"Phase gradient, Gaussian window of sigma {sigma} {units}")
    if int(made.get("stride", 1)) > 1:
        parts.append(f"every {int(made['stride'])} px")
    if "mask" in maps:
        parts.append(f"crystal on {float(maps['mask'].mean()):.0%} of the image")
    text = "; ".join(parts)
    return text + ("." if text else "")


def spacing_table(maps: xr.Dataset) -> str:
    """Write a line for each reflection: mean d and direction over the crystal, and their errors."""
    names = reflection_names(maps)
    if not names:
        return ""
    step = max(1, -(-max(maps.sizes["y"], maps.sizes["x"]) // _LARGEST))
    some = maps.isel(y=slice(None, None, step), x=slice(None, None, step))
    units = length_unit(maps)
    heads = ["Reflection", f"d ({units})", "error of a pixel", "direction", "of the crystal"]
    rows = [_cells(some, name, label) for name, label in names]
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f'<table class="tem-table"><tr>{head}</tr>{body}</table>'


def _cells(maps: xr.Dataset, name: str, label: int) -> list[str]:
    d = shown_map(maps, "d_spacing", reflection=label)
    angle = summarise(shown_map(maps, "angle", reflection=label))
    found = summarise(d)
    if not found.pixels:
        return [name, "not found", "", "", "0 %"]
    error = ""
    if "d_spacing_std" in maps:
        std = shown_map(maps, "d_spacing", reflection=label, error=True).values
        error = f"± {float(np.nanmedian(std)):#.2g}" if np.isfinite(std).any() else ""
    whole = int(maps["mask"].sum()) if "mask" in maps else d.size
    turned = measured(angle.mean, angle.deviation).replace("-", "\N{MINUS SIGN}") + "°"
    share = f"{found.pixels / max(whole, 1):.0%}".replace("%", " %")
    return [name, measured(found.mean, found.deviation), error, turned, share]
