"""A loop on the image whose Burgers vector is told while it is dragged."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

import temwidgets as tw
from temwidgets.widgets.controls import checkbox
from temwidgets.widgets.errors import guarded, sentence
from temwidgets.widgets.panels._phase_words import burgers_words
from temwidgets.widgets.views._region_drawing import RegionDrawing, corners_of

_COLOUR = "#3fe0d0"


class BurgersLoop:
    """The loop of a panel, its switch and its words.

    Attributes
    ----------
    switch : Checkbox
        Whether the loop is drawn.
    drawing : RegionDrawing or None
        The loop; None without a view.
    words : HTML
        The Burgers vector.
    """

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self.show_error = panel.show_error
        self.switch = checkbox("Burgers loop", "Draw a loop; its Burgers vector is told below")
        self.words = widgets.HTML()
        self.words.add_class("tem-stats")
        self.drawing = None
        if panel.view is None:
            self.switch.layout.display = "none"
        else:
            self.drawing = RegionDrawing(panel.view, "loop", _COLOUR, panel.show_error)
            self.drawing.observe(self._measure, ["region", "shown"])
        self.switch.observe(self.arrange, "value")
        panel.observe(self.arrange, "active")
        panel.watch(panel.workspace, self._measure, ["strain"])
        panel.watch(panel.workspace.preview, self._measure, ["maps"])

    def close(self) -> None:
        """Take the loop off the image."""
        if self.drawing is not None:
            self.drawing.close()

    @guarded
    def arrange(self, _: Any) -> None:
        """Draw the loop while it is wanted and the panel is active."""
        if self.drawing is None:
            return
        wanted = self.switch.value and self._panel.active
        if wanted and self.drawing.region is None:
            self.drawing.region = self._panel.part_of_view()
        self.drawing.shown = wanted
        self._measure(None)

    @guarded
    def _measure(self, _: Any) -> None:
        strain, drawing = self._panel.workspace.strain, self.drawing
        if drawing is None or drawing.region is None or not drawing.shown:
            self.words.value = ""
            return
        if strain is None:
            self.words.value = '<div class="tem-info">Measure the geometric phase first.</div>'
            return
        try:
            text = burgers_words(tw.burgers_vector(strain, corners_of(drawing.region)))
        except ValueError as error:
            text = f'<span class="tem-warning">{escape(sentence(error))}</span>'
        self.words.value = f"<div>{text}</div>"
