"""Columns as the browser gets them: places, shapes, values and states, a few bytes each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import Flag
from temwidgets.widgets.views._kinds import kind_colour, kind_name
from temwidgets.widgets.views._variables import categories, column_variable, title
from temwidgets.widgets.views.colormaps import colour_table, hex_colour, rgb

SELECTED, FLAGGED = 1, 2
_SHAPE = ("sigma_major", "sigma_minor", "theta")
_HARMLESS = int(Flag.edited)
_MANY = 8


class Colouring(NamedTuple):
    """How the markers get their colours, and the legend that explains it."""

    mode: str
    values: np.ndarray
    limits: tuple[float, float]
    table: np.ndarray
    legend: dict[str, Any]


def places(columns: xr.Dataset | None, origin: tuple[float, float]) -> dict[str, Any]:
    """Return what says where the columns are and how they are shaped."""
    if columns is None or not columns.sizes["column"]:
        return {"places": b"", "labels": b"", "spacing": 0.0, "sigma": 0.0, "origin": origin}
    rows = np.zeros((columns.sizes["column"], 5), np.float32)
    rows[:, 0] = columns["x"].values - origin[1]
    rows[:, 1] = columns["y"].values - origin[0]
    if all(name in columns for name in _SHAPE):
        rows[:, 2:4] = np.stack([columns[name].values for name in _SHAPE[:2]], 1)
        rows[:, 4] = np.deg2rad(columns["theta"].values)
    # A column whose fit failed has no place; far outside it is drawn nowhere.
    rows[~np.isfinite(rows[:, :2]).all(axis=1), :2] = 1e9
    rows[~np.isfinite(rows[:, 2:]).all(axis=1), 2:] = 0.0
    return {
        "places": rows.tobytes(),
        "labels": columns["column"].values.astype(np.int32).tobytes(),
        "spacing": _spacing(rows[:, :2]),
        "sigma": float(np.median(rows[:, 2])),
        "origin": origin,
    }


def _spacing(xy: np.ndarray) -> float:
    """Typical distance of neighbours, from how many columns share the area."""
    inside = xy[xy[:, 0] < 1e8]
    if len(inside) < 4:
        return 0.0
    return float(np.sqrt(np.prod(np.ptp(inside.astype(float), axis=0)) / len(inside)))


def states(columns: xr.Dataset | None, selected: np.ndarray) -> bytes:
    """Return a byte per column: selected, flagged."""
    if columns is None:
        return b""
    bits = np.where(selected, SELECTED, 0).astype(np.uint8)
    if "flags" in columns:
        bits |= np.where(columns["flags"].values & ~_HARMLESS, FLAGGED, 0).astype(np.uint8)
    return bits.tobytes()


def colouring(
    columns: xr.Dataset | None,
    name: str | None,
    cmap: str,
    limits: tuple[float, float] | None = None,
) -> Colouring:
    """Colour markers by the variable `name`: by category if it takes few whole values."""
    if columns is None or name is None:
        table = np.zeros((256, 3), np.uint8)
        return Colouring("plain", np.empty(0, np.float32), (0.0, 1.0), table, {})
    values = column_variable(columns, name).values.astype(np.float32)
    if name in categories(columns):
        legend = {"title": title(columns, name), "name": name, "entries": _entries(columns, name)}
        table = _category_table(columns, name)
        return Colouring("category", values, (0.0, 1.0), table, legend)
    low, high = limits or _range(values)
    table = colour_table(cmap)
    gradient = [hex_colour(table[i]) for i in np.linspace(0, 255, 9).astype(int)]
    legend = {
        "title": title(columns, name),
        "name": name,
        "gradient": gradient,
        "low": short(low),
        "high": short(high),
    }
    return Colouring("value", values, (low, high), table, legend)


def colours(how: Colouring, count: int, plain: str) -> np.ndarray:
    """Return the colour of each marker, uint8 (column, 3); as the browser's, for export."""
    if how.mode == "plain":
        return np.tile(np.array(rgb(plain), np.uint8), (count, 1))
    if how.mode == "category":
        return how.table[how.values.astype(int) % 256]
    low, high = how.limits
    t = np.clip((how.values - low) / (high - low), 0, 1)
    toned = how.table[np.rint(np.nan_to_num(t) * 255).astype(int)]
    return np.where(np.isfinite(t)[:, None], toned, np.uint8(153))


def _category_table(columns: xr.Dataset, name: str) -> np.ndarray:
    """Return the colours of categories 0, 1, 2, ...; the last entry is that of category -1."""
    kinds = [*range(255), -1]
    return np.array([rgb(kind_colour(columns, name, kind)) for kind in kinds], np.uint8)


def _entries(columns: xr.Dataset, name: str) -> list[dict[str, str]]:
    kinds, counts = np.unique(columns[name].values.astype(int), return_counts=True)
    rows = [
        {
            "colour": kind_colour(columns, name, int(kind)),
            "label": f"{kind_name(columns, name, int(kind))} ({n:,})",
        }
        for kind, n in zip(kinds, counts, strict=True)
    ]
    more = [{"colour": "transparent", "label": f"and {len(rows) - _MANY} more"}]
    return rows if len(rows) <= _MANY else rows[:_MANY] + more


def _range(values: np.ndarray) -> tuple[float, float]:
    """Bulk of the values, so that a few runaway fits do not take all the colours."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(finite, (1, 99)))
    return low, (high if high > low else low + (abs(low) or 1.0))


def short(value: float) -> str:
    """Write three significant digits, without an exponent while that is short."""
    if value and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")
