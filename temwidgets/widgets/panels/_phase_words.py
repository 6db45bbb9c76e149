"""Geometric phase in words: strain, and the Burgers vector of a loop."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.shown_maps import available, shown_map, summarise
from temwidgets.analysis.variables import STRAINS
from temwidgets.widgets.views._map_words import NAMES, unit
from temwidgets.widgets.views._variables import measured

_LARGE_STEP = 2.2
"""Radians: a phase that jumps by as much may as well have jumped the other way round."""
_LARGEST = 512
"""Pixels along one side that are enough for means in a table."""


def direction(vector: Any) -> float:
    """Return the direction of a vector (y, x), degrees from +x towards +y."""
    y, x = (float(v) for v in vector)
    return float(np.rad2deg(np.arctan2(y, x)))


def strain_table(maps: xr.Dataset) -> str:
    """Write mean, spread and error of a pixel of each component as a table."""
    step = max(1, -(-max(maps.sizes["y"], maps.sizes["x"]) // _LARGEST))
    some = maps.isel(y=slice(None, None, step), x=slice(None, None, step))
    rows = [_cells(some, name) for name in available(some) if name in STRAINS]
    heads = "".join(f"<th>{h}</th>" for h in ("Strain", "mean ± spread", "error of a pixel"))
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f'<table class="tem-table"><tr>{heads}</tr>{body}</table>' if rows else ""


def _cells(maps: xr.Dataset, name: str) -> list[str]:
    values = shown_map(maps, name)
    found, error = summarise(values), ""
    if not found.pixels:
        return [NAMES[name], "no pixel has a value", ""]
    if f"{name}_std" in maps:
        std = shown_map(maps, name, error=True).values
        error = (
            f"± {float(np.nanmedian(std)):#.2g} {unit(values)}" if np.isfinite(std).any() else ""
        )
    text = f"{measured(found.mean, found.deviation)} {unit(values)}"
    return [NAMES[name], _signed(text), _signed(error)]


def _degrees(angle: float) -> str:
    return f"{round(angle, 1) + 0.0:.1f}°"  # no -0.0


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}").replace(" °", "°")


def burgers_words(found: xr.Dataset) -> str:
    """Write the Burgers vector from `burgers_vector` as HTML: length, direction, lattice units."""
    units = str(found["burgers"].attrs["units"])
    length, error = float(found["length"]), float(found["length_std"])
    if not length:
        text = "b = 0: the loop encloses no dislocation, or such as cancel."
    else:
        size = f"{measured(length, error)} {units}" if error > 0 else f"{length:.4g} {units}"
        angle = direction(found["burgers"].sel(component=["y", "x"]).values)
        text = f"b = {size} at {_degrees(angle)}, {_in_lattice_units(found)}"
    warning, step = "", float(found["largest_step"].max())
    if step > _LARGE_STEP:
        warning = (
            f'<div class="tem-warning">The phase jumps by up to {step:.2g} rad along the loop (the'
            " count goes wrong at 3.14): draw it farther from the core.</div>"
        )
    return f"<b>Loop</b>{escape(_signed(text))}{warning}"


def _in_lattice_units(found: xr.Dataset) -> str:
    """Write "a₁ − 2 a₂, where a₁ = 0.2863 nm at 45.0° and a₂ = ..."."""
    names = ("a₁", "a₂")
    counts = [int(n) for n in found["indices"].values]
    parts = [
        f"{'-' if n < 0 else '+'} {f'{abs(n)} ' if abs(n) > 1 else ''}{name}"
        for n, name in zip(counts, names, strict=True)
        if n
    ]
    vectors = found["vectors"].sel(component=["y", "x"]).values
    units = str(found["vectors"].attrs["units"])
    told = [
        f"{name} = {np.hypot(*v):.4g} {units} at {_degrees(direction(v))}"
        for name, v in zip(names, vectors, strict=True)
    ]
    text = " ".join(parts).removeprefix("+ ")
    return f"that is {text}, where {told[0]} and {told[1]}"
