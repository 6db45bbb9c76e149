"""A map over an image as the browser gets it: its values once, what they look like apart."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.views.colormaps import colour_table, hex_colour
from temwidgets.widgets.views.markers import short
from temwidgets.widgets.views.picture import shrink

_LARGEST = 2048  # px a side that are drawn
_LEVELS = 65534
_TALL = 16.0
_SAMPLED = 1 << 18


class Map(NamedTuple):
    """Values over the image with their colours; NaN is not drawn, what is not `lit` is faint."""

    values: xr.DataArray
    colormap: str
    limits: tuple[float, float]
    alpha: float
    title: str
    smooth: bool = True
    lit: tuple[float, float] | None = None

    def __eq__(self, other: object) -> bool:
        """Compare by identity: == of the values has no truth value, and takes its time."""
        return self is other

    def __hash__(self) -> int:
        return id(self)


def make_map(
    values: xr.DataArray,
    colormap: str,
    limits: tuple[float, float] | None,
    alpha: float,
    *,
    title: str | None,
    smooth: bool,
    lit: tuple[float, float] | None,
) -> Map:
    """Make a map of no more pixels than are drawn; see `Overlays.set_map`."""
    colour_table(colormap)
    small = shrink(values, _LARGEST) if smooth else _thin(values, _LARGEST)
    span = limits or _bulk(values.values, symmetric=colormap == "diverging")
    low, high = sorted(float(v) for v in span)
    opacity = float(np.clip(alpha, 0, 1))
    return Map(small, colormap, (low, high), opacity, _title(values, title), smooth, lit)


def map_values(values: xr.DataArray, *, smooth: bool) -> dict[str, Any]:
    """Make the record of the values: value = offset + step * raw, and raw = 0 has none.

    A few values far from all others would leave too few of the 65,534 levels to the rest; then
    they are sent as floats. ``bulk`` is middle and width of nearly all, for the half floats of a
    texture are finest near zero.
    """
    grid = pixel_grid(values)
    plain = np.asarray(values.values, np.float32)
    low, high = _ends(plain)
    first, last = bulk_of(plain)
    record: dict[str, Any] = {
        "shape": list(grid.shape),
        "origin": list(grid.origin),
        "sampling": list(grid.sampling),
        "bulk": [(first + last) / 2, last - first],
        "smooth": smooth,
    }
    if high - low > _TALL * (last - first):
        return {
            **record, "data": plain.tobytes(), "dtype": "float32", "offset": 0.0, "step": 1.0,
            "missing": False,
        }  # fmt: skip
    step = (high - low) / (_LEVELS - 1) or 1.0
    raw = np.where(np.isfinite(plain), 1 + (plain - np.float32(low)) / np.float32(step), 0)
    data = np.rint(raw).clip(0, _LEVELS).astype(np.uint16).tobytes()
    return {
        **record, "data": data, "dtype": "uint16", "offset": low - step, "step": step,
        "missing": True,
    }  # fmt: skip


def map_look(made: Map) -> dict[str, Any]:
    """Make the record of what may change while the mouse moves: colours, limits, opacity."""
    table = colour_table(made.colormap)
    low, high = written_ends(*made.limits)
    return {
        "lut": table.tobytes(),
        "limits": list(made.limits),
        "alpha": made.alpha,
        "lit": None if made.lit is None else list(made.lit),
        "legend": {
            "title": made.title,
            "gradient": [hex_colour(table[i]) for i in np.linspace(0, 255, 9).astype(int)],
            "low": low,
            "high": high,
        },
    }


def bulk_of(values: np.ndarray) -> tuple[float, float]:
    """Return the 1st and 99th percentile of the finite values, never the same number."""
    flat = values.reshape(-1)
    # An odd stride walks over rows and columns alike, so that no pattern is sampled in step.
    flat = flat[:: max(1, flat.size // _SAMPLED) | 1]
    flat = flat[np.isfinite(flat)]
    low, high = np.percentile(flat, (1, 99)) if flat.size else (0.0, 1.0)
    return float(low), float(high if high > low else low + 1.0)


def written_ends(low: float, high: float) -> tuple[str, str]:
    """Write both ends to a hundredth of what lies between them, or better."""
    if not 1e-4 < high - low < 1e5:
        return short(low), short(high)
    digits = max(0, 2 - int(np.floor(np.log10(high - low))))
    first, last = (round(v, digits) + 0.0 for v in (low, high))
    return f"{first:.10g}", f"{last:.10g}"


def _ends(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _thin(values: xr.DataArray, largest: int) -> xr.DataArray:
    """Take every nth pixel where there are more than can be drawn: labels have no mean."""
    step = -(-max(values.shape) // largest)
    return values.isel(y=slice(step // 2, None, step), x=slice(step // 2, None, step))


def _bulk(values: np.ndarray, *, symmetric: bool) -> tuple[float, float]:
    low, high = bulk_of(values)
    reach = max(abs(low), abs(high)) or 1.0
    return (-reach, reach) if symmetric else (low, high)


def _title(values: xr.DataArray, given: str | None) -> str:
    if given is not None:
        return given
    name = str(values.attrs.get("long_name") or values.name or "Map")
    units = str(values.attrs.get("units", "1"))
    return name if units in ("", "1") else f"{name} ({units})"
