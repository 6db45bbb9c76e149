"""A pair correlation in words: whether there is one, and the offsets where it is strongest."""

from __future__ import annotations

from html import escape

import numpy as np
import xarray as xr

from temwidgets.widgets.orders import probability
from temwidgets.widgets.views._correlation_figure import LEVEL
from temwidgets.widgets.views._variables import measured

_LISTED = 6
_MINUS = "\N{MINUS SIGN}"


def strongest(table: xr.Dataset) -> list[dict[str, float]]:
    """Return the offsets that are surest to correlate, one of each pair d and -d."""
    flat = table.stack(offset=("offset_a", "offset_b"))
    half = (flat["offset_a"] > 0) | ((flat["offset_a"] == 0) & (flat["offset_b"] > 0))
    used = flat.isel(offset=np.flatnonzero(half.values & np.isfinite(flat["p_value"].values)))
    weight = np.abs(used["correlation"].values) * np.sqrt(used["count"].values)
    names = ["offset_a", "offset_b", "distance", "correlation", "correlation_std", "p_adjusted"]
    names = [name for name in names if name in used or name in used.coords]
    return [
        {name: float(used[name].values[k]) for name in names}
        for k in np.argsort(-weight, kind="stable")[:_LISTED]
    ]


def finding(table: xr.Dataset) -> str:
    """Say how many offsets correlate beyond chance."""
    adjusted = table["p_adjusted"].values
    tested, found = (int((n).sum()) // 2 for n in (np.isfinite(adjusted), adjusted <= LEVEL))
    number = int(table.attrs["n_columns"])
    if not tested:
        return f"No two of the {number:,} columns are that close."
    if not found:
        return (
            f"No correlation beyond chance between {number:,} columns at any of {tested} offsets."
        )
    first = strongest(table)[0]
    kind = "alike" if first["correlation"] > 0 else "opposite"
    return (
        f"{number:,} columns correlate at {found} of {tested} offsets; of these at most"
        f" {100 * LEVEL:g} % do so by chance. Surest: columns {offset_text(first)} cells apart are"
        f" {kind}."
    )


def offset_text(row: dict[str, float]) -> str:
    """Write an offset, e.g. "(1, −2)"."""
    a, b = (f"{int(row[f'offset_{n}'])}".replace("-", _MINUS) for n in "ab")
    return f"({a}, {b})"


def offset_table(table: xr.Dataset) -> str:
    """Write the surest offsets as an HTML table."""
    away = "distance" in table
    heads = ["Cells apart", *([f"Distance ({table['distance'].attrs['units']})"] if away else [])]
    heads += ["Correlation", "p, corrected"]
    rows = []
    for row in strongest(table):
        cells = [offset_text(row), *([f"{row['distance']:.4g}"] if away else [])]
        value = measured(row["correlation"], row["correlation_std"]).replace("-", _MINUS)
        cells += [value, probability(np.log10(max(row["p_adjusted"], 1e-300)))]
        rows.append(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in cells)}</tr>")
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<table class="tem-table"><tr>{head}</tr>{"".join(rows)}</table>'
