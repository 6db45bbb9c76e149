"""What explains the colours of a printed image: colour bars, names of kinds, a wheel of arrows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from temwidgets.widgets.views._lengths import readable_unit, written
from temwidgets.widgets.views._map_record import Map
from temwidgets.widgets.views.colormaps import colour_table
from temwidgets.widgets.views.markers import Colouring
from temwidgets.widgets.views.scale_bar import round_length


class Bar(NamedTuple):
    """A colour bar: table uint8 (256, 3), values of its ends, whether values lie beyond them."""

    title: str
    table: np.ndarray
    limits: tuple[float, float]
    below: bool
    above: bool


class Names(NamedTuple):
    """Colours that stand for kinds, as ("#rrggbb", name)."""

    title: str
    entries: tuple[tuple[str, str], ...]


class Wheel(NamedTuple):
    """Colours of directions; image lengths that a unit is drawn as, and a long arrow, in units."""

    scale: float
    unit: str
    long: float
    enlarged: str

    def reference(self, shortest: float) -> tuple[float, str]:
        """Return an arrow of a round length, not below `shortest`, in image lengths and words."""
        size = round_length(self.long)
        while size * self.scale < shortest:
            size = round_length(2.5 * size)
        return size * self.scale, f"{written(size)} {self.unit}"


Key = Bar | Names | Wheel


def map_key(made: Map) -> Bar | None:
    """Return the colour bar of a map; None for a map without a title."""
    if not made.title:
        return None
    return Bar(
        made.title, colour_table(made.colormap), made.limits,
        *beyond(np.asarray(made.values.values, float), made.limits),
    )  # fmt: skip


def marker_key(how: Colouring) -> Bar | Names | None:
    """Return what the colours of the markers mean; None where all have one."""
    if how.mode == "value":
        return Bar(how.legend["title"], how.table, how.limits, *beyond(how.values, how.limits))
    if how.mode == "category":
        entries = tuple((e["colour"], e["label"]) for e in how.legend["entries"])
        return Names(how.legend["title"], entries)
    return None


def wheel_key(info: dict[str, Any], units: str) -> Wheel:
    """Return the key of arrows with the attributes that ``analysis.arrows`` gives them."""
    long = float(info["long"]) if info["long"] > 0 else 1.0
    unit, factor = readable_unit(units, long)
    scale = float(info["scale"])
    return Wheel(scale / factor, unit, long * factor, f"{scale:g}× enlarged")


def beyond(values: np.ndarray, limits: tuple[float, float]) -> tuple[bool, bool]:
    """Tell whether values lie below and above the limits."""
    finite = values[np.isfinite(values)]
    slack = 1e-6 * (limits[1] - limits[0])
    return bool((finite < limits[0] - slack).any()), bool((finite > limits[1] + slack).any())
