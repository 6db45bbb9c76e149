"""The anywidget layer that draws image and markers under a bqplot figure, and takes the mouse."""

from __future__ import annotations

from pathlib import Path

import anywidget
import bqplot
import traitlets
from ipywidgets import widget_serialization

from temwidgets.widgets.palette import SELECTED
from temwidgets.widgets.traits import Interval

TOOLS = ("pan", "zoom", "rectangle", "lasso", "add", "move", "delete")
SHOWS = ("image", "model", "residual", "filtered")
_JS = Path(__file__).with_name("js")
_PARTS = (
    *("geometry", "data", "shaders", "gl", "lines", "maps", "raster", "overlay"),
    *("handles", "gestures", "viewport", "pace", "choices", "surface", "stage", "layer"),
)


def _module() -> str:
    """One ES module of all parts: there is no build step, and a module has one file."""
    return "\n".join((_JS / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS)


class ImageLayer(anywidget.AnyWidget):
    """Canvas of an `ImageView`; all it knows travels in these traits.

    Where it is `reciprocal`, the image is a spectrum: markers are rings round reflections, first
    all g, then all -g, and the mouse drags them.

    Messages from the browser: ``select`` (with a byte mask), ``add``, ``move``, ``moving``,
    ``delete``, ``click``, ``undo``, ``redo``, ``handle``, ``shown``. Messages to it: ``ask`` (for
    ranges), ``download`` (with the bytes of a file).
    """

    _esm = _module()
    _css = (_JS / "layer.css").read_text(encoding="utf-8")

    x_scale = traitlets.Instance(bqplot.LinearScale).tag(sync=True, **widget_serialization)
    y_scale = traitlets.Instance(bqplot.LinearScale).tag(sync=True, **widget_serialization)
    margin = traitlets.Dict().tag(sync=True)
    label = traitlets.Unicode("Image").tag(sync=True)
    units = traitlets.Unicode("px").tag(sync=True)
    renderer = traitlets.Enum(("auto", "raster"), "auto").tag(sync=True)

    shown = traitlets.Enum(SHOWS, "image").tag(sync=True)
    image = traitlets.Dict().tag(sync=True)
    model = traitlets.Dict().tag(sync=True)
    residual = traitlets.Dict().tag(sync=True)
    filtered = traitlets.Dict().tag(sync=True)
    lut = traitlets.Bytes(bytes(768)).tag(sync=True)
    percentiles = traitlets.Tuple(
        traitlets.Float(), traitlets.Float(), default_value=(0.5, 99.5)
    ).tag(sync=True)
    limits = Interval().tag(sync=True)
    gamma = traitlets.Float(1.0).tag(sync=True)
    smooth = traitlets.Bool(False).tag(sync=True)
    scale_bar = traitlets.Bool(True).tag(sync=True)

    origin = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.0, 0.0)).tag(
        sync=True
    )
    places = traitlets.Bytes(b"").tag(sync=True)
    labels = traitlets.Bytes(b"").tag(sync=True)
    values = traitlets.Bytes(b"").tag(sync=True)
    states = traitlets.Bytes(b"").tag(sync=True)
    spacing = traitlets.Float(0.0).tag(sync=True)
    sigma = traitlets.Float(0.0).tag(sync=True)

    show_markers = traitlets.Bool(True).tag(sync=True)
    ellipses = traitlets.Bool(True).tag(sync=True)
    marker_size = traitlets.Float(9.0).tag(sync=True)
    marker_opacity = traitlets.Float(1.0).tag(sync=True)
    marker_color = traitlets.Unicode("#3fc1f0").tag(sync=True)
    chosen_color = traitlets.Unicode(SELECTED).tag(sync=True)
    marker_mode = traitlets.Enum(("plain", "value", "category"), "plain").tag(sync=True)
    marker_limits = traitlets.Tuple(
        traitlets.Float(), traitlets.Float(), default_value=(0.0, 1.0)
    ).tag(sync=True)
    marker_lut = traitlets.Bytes(bytes(768)).tag(sync=True)
    legend = traitlets.Dict().tag(sync=True)
    picture_legend = traitlets.Dict().tag(sync=True)
    show_legend = traitlets.Bool(True).tag(sync=True)

    lines = traitlets.Dict().tag(sync=True)
    maps = traitlets.Dict().tag(sync=True)
    map_looks = traitlets.Dict().tag(sync=True)
    handles = traitlets.Dict().tag(sync=True)

    tool = traitlets.Enum(TOOLS, "pan").tag(sync=True)
    reciprocal = traitlets.Bool(False).tag(sync=True)
