"""What views call the categories of columns, such as sublattices, and how they colour them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.conventions.elements import sublattice_elements, sublattice_names
from temwidgets.widgets import palette


def kind_name(columns: xr.Dataset, variable: str, kind: int) -> str:
    """Return name and element of a sublattice, such as "A site (Sr)"; else the number."""
    if kind < 0:
        return "none"
    if variable != "sublattice":
        return str(kind)
    name, element = (
        texts[kind] if kind < len(texts) else ""
        for texts in (sublattice_names(columns), sublattice_elements(columns))
    )
    if name and element not in ("", name):
        return f"{name} ({element})"
    return name or element or str(kind)


def kind_title(columns: xr.Dataset, variable: str, kind: int) -> str:
    """Return the name of a category that stands alone: "sublattice 0" where it has no name."""
    name, words = kind_name(columns, variable, kind), variable.replace("_", " ")
    if kind < 0:
        return f"no {words}"
    return f"{words} {kind}" if name == str(kind) else name


def kind_colour(columns: xr.Dataset, variable: str, kind: int) -> str:
    """Return the colour of a category: what the user chose for a sublattice, or the palette's."""
    if variable == "sublattice" and kind >= 0:
        chosen = np.atleast_1d(columns["sublattice"].attrs.get("colours", []))
        if kind < len(chosen) and str(chosen[kind]):
            return str(chosen[kind])
    return palette.category(kind)
