"""The legend of arrows: the colour wheel of directions, and how much longer arrows are."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np

from temwidgets.analysis.colour_wheel import direction_colours
from temwidgets.widgets.views._keys import Wheel, wheel_key
from temwidgets.widgets.views._lengths import readable_unit, written

_STEPS = 37


class WheelLegend(widgets.HTML):
    """Lies in a corner of an image; put it into the stage of an `ImageView`.

    `key` is the same for print; None while there is nothing to explain.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layout.grid_area = "1 / 1"
        self.add_class("tem-wheel")
        self.key: Wheel | None = None

    def show(self, info: dict[str, Any] | None, units: str) -> None:
        """Explain arrows made with these attributes; hide without any."""
        self.layout.display = "none" if info is None else ""
        self.key = None if info is None else wheel_key(info, units)
        if info is None:
            return
        unit, factor = readable_unit(units, info["long"])
        lines = [
            f"{info['scale']:g}× enlarged",
            f"95 % < {written(info['long'] * factor, 2)} {unit}",
        ]
        words = "".join(f"<div>{escape(line)}</div>" for line in lines)
        self.value = f'<div class="tem-wheel-box">{_disc()}<div>{words}</div></div>'


def _disc() -> str:
    # CSS turns clockwise too, but begins at the top.
    turn = direction_colours(np.linspace(0, 360, _STEPS))
    colours = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in turn)
    return (
        '<i class="tem-wheel-disc" role="img" aria-label="Colours of directions"'
        f' style="background: conic-gradient(from 90deg, {colours})"></i>'
    )
