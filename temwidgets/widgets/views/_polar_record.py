"""A polar histogram as the browser and the printer get it: bins, colours, words."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.colour_wheel import direction_colours
from temwidgets.widgets import palette
from temwidgets.widgets.views._lengths import readable_unit, written

_RIM = 72


def record(whole: xr.Dataset, kind: str) -> dict[str, Any]:
    """Describe the bins of `temwidgets.polar_histogram`, of both kinds."""
    rose = kind == "rose"
    counts = whole["rose" if rose else "count"].values
    limit = float(whole["magnitude_edges"][-1])
    units, factor = readable_unit(whole["magnitude"].attrs["units"], limit)
    most = max(1, int(counts.max(initial=0)))
    if rose:
        marks = [[np.sqrt(share), f"n = {round(share * most):,}"] for share in (0.25, 1.0)]
    else:
        marks = [[share, f"{written(share * limit * factor)} {units}"] for share in (0.5, 1.0)]
    colours = direction_colours(whole["direction"].values) if rose else None
    words = f"petals up to {most:,} columns" if rose else f"rim at {marks[-1][1]}"
    return {
        "kind": kind,
        "sectors": whole.sizes["direction"],
        "rings": whole.sizes["magnitude"],
        "whole": counts.ravel().tolist(),
        "most": most,
        "marks": marks,
        "colours": [palette.ALL] if colours is None else [_hex(colour) for colour in colours],
        "rim": [_hex(c) for c in direction_colours(np.arange(_RIM) * 360 / _RIM)],
        "titles": _titles(whole, rose, factor, units),
        "label": f"Polar histogram, {words}. Options has fields to select by number.",
    }


def _titles(whole: xr.Dataset, rose: bool, factor: float, units: str) -> list[str]:
    ends = [f"{written(v, 4)}°" for v in whole["direction_edges"].values]
    around = [f"{low} to {high}" for low, high in pairwise(ends)]
    if rose:
        counts = whole["rose"].values
        return [f"{text}: {n:,} columns" for text, n in zip(around, counts, strict=True)]
    rings = [written(v * factor, 4) for v in whole["magnitude_edges"].values]
    along = [f"{low} to {high} {units}" for low, high in pairwise(rings)]
    counts = whole["count"].values
    return [
        f"{around[i]}, {along[j]}: {counts[i, j]:,} columns" for i, j in np.ndindex(*counts.shape)
    ]


def _hex(colour: np.ndarray) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(int(v) for v in colour))
