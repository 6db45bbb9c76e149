"""What plots of a line that is dragged on the image share: the line, its width, the figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bqplot
import ipywidgets as widgets
import traitlets

from temwidgets.widgets.controls import number
from temwidgets.widgets.errors import sentence
from temwidgets.widgets.views._axes import MARGIN, horizontal, set_range, vertical
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._line_drawing import LineDrawing
from temwidgets.widgets.views._print import PlotAxis, Printed


class LinePlot(Printed, widgets.VBox):
    """A line on an image view and a figure with the distance along it; not for use by itself."""

    start = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.0, 0.0))
    end = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.0, 0.0))
    width = traitlets.Float(0.0, min=0.0)
    active = traitlets.Bool(True)

    def __init__(self, image_view: Any, name: str, **options: Any) -> None:
        self.drawing = LineDrawing(image_view, name, self.show_error)
        super().__init__(**options)
        for trait in ("start", "end", "width"):
            traitlets.link((self, trait), (self.drawing, trait))

    def csv(self) -> str:
        """Return what is shown as CSV."""
        raise NotImplementedError

    def save_csv(self, path: str | Path) -> None:
        """Write what is shown as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the plot."""
        self._note.value = note(sentence(error), "error")

    def _make_axes(self, up: str = "") -> None:
        """Make scales, axes, and the words and controls that go with them."""
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axes = horizontal(self._x), vertical(self._y, up)
        self._note = widgets.HTML()
        self._note.add_class("tem-note")
        self._width = number("Width", "Average across the line over this width; 0: one pixel")
        self._unit = widgets.Label()
        traitlets.link((self, "width"), (self._width, "value"))
        self.label = FigureLabel()

    def _make_figure(self, marks: list[Any], height: int) -> None:
        self.figure = bqplot.Figure(
            marks=marks, axes=list(self._axes), fig_margin=MARGIN, padding_x=0,
            padding_y=0, animation_duration=0, display_toolbar=False,
            layout={"width": "100%", "height": f"{height}px", "min_width": "260px"},
        )  # fmt: skip

    def _show_distance(self, length: float, units: str) -> None:
        set_range(self._x, self._axes[0], 0.0, length)
        self._unit.value = units
        self._axes[0].label = f"Distance from A ({units})"

    def _printed_axes(self) -> tuple[PlotAxis, PlotAxis]:
        x, y = (
            PlotAxis(axis.label, scale.min, scale.max, tuple(axis.tick_values))
            for axis, scale in zip(self._axes, (self._x, self._y), strict=True)
        )
        return x, y
