"""The anywidget that draws a polar histogram and hears the mouse."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_JS = Path(__file__).with_name("js")


class PolarFigure(anywidget.AnyWidget):
    """SVG of a polar plot; all it knows travels in these traits.

    Messages from the browser: ``brush`` (direction in degrees, share of the limit), ``clear``.
    """

    _esm = (_JS / "polar.js").read_text(encoding="utf-8")
    _css = (_JS / "polar.css").read_text(encoding="utf-8")

    bins = traitlets.Dict().tag(sync=True)
    part = traitlets.List().tag(sync=True)
    brush = traitlets.List(None, allow_none=True).tag(sync=True)
    height = traitlets.Int(320).tag(sync=True)
