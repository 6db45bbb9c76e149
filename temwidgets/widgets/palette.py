"""Colours shared by all views, legible on light and on dark ground."""

from __future__ import annotations

# Okabe and Ito (2008), told apart by colour-blind eyes; black and yellow are left out, for one of
# them vanishes in each theme.
CATEGORIES = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8c6bb1",
    "#7f7f7f",
)
ALL = "#5b8db8"
SELECTED = "#e8467c"
CURVE = "#d55e00"


def category(index: int) -> str:
    """Return the colour of sublattice (or class) number `index`; grey below zero."""
    return CATEGORIES[index % (len(CATEGORIES) - 1)] if index >= 0 else CATEGORIES[-1]
