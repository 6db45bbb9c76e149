"""Colour tables of 256 colours, without a plotting library.

viridis, magma and inferno: Smith and van der Walt, CC0 (2015). cividis: Nunez, Anderton and
Renslow, PLoS ONE 13, e0199239 (2018).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from temwidgets.analysis.colour_wheel import direction_colours
from temwidgets.widgets.palette import category

_LISTED = ("viridis", "magma", "inferno", "cividis")
_DIVERGING = ("#0b3c7d", "#3f8fd0", "#f4f4f2", "#e8843c", "#7f2704")
CATEGORICAL = "categories"
"""The table of `palette.category`, entry by entry; for maps of labels, not in menus."""
NAMES = ("grey", "inverted grey", *_LISTED, "diverging", "cyclic")


def rgb(colour: str) -> tuple[int, int, int]:
    """Turn "#rrggbb" into three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hex_colour(colour: np.ndarray) -> str:
    """Turn three numbers from 0 to 255 into "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def colour_table(name: str) -> np.ndarray:
    """Return the colour table `name`, uint8 (256, 3).

    Raises
    ------
    ValueError
        If there is no table of that name.
    """
    if name == CATEGORICAL:
        return np.array([rgb(category(i)) for i in range(256)], np.uint8)
    if name not in NAMES:
        raise ValueError(f"There is no colour map {name!r}; choose one of {', '.join(NAMES)}.")
    if name in _LISTED:
        return np.load(Path(__file__).with_name("colormaps.npy"))[_LISTED.index(name)]
    if name == "diverging":
        anchors = np.array([rgb(colour) for colour in _DIVERGING], float)
        at = np.linspace(0, len(anchors) - 1, 256)
        channels = [np.interp(at, np.arange(len(anchors)), anchors[:, i]) for i in range(3)]
        return np.round(np.stack(channels, 1)).astype(np.uint8)
    if name == "cyclic":
        return direction_colours(np.linspace(-180, 180, 256))
    ramp = np.arange(256, dtype=np.uint8)
    ramp = ramp[::-1] if name == "inverted grey" else ramp
    return np.repeat(ramp[:, None], 3, axis=1)
