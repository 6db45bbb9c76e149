"""A line on an image view whose ends are dragged, and the strip that is averaged along it."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from temwidgets.widgets.errors import guarded
from temwidgets.widgets.views.colormaps import rgb

_COLOUR = "#ffffff"
_ENDS = {"start": "A", "end": "B"}
_SHARE = 0.6
"""Of the width of the view: a line that is drawn for the first time."""


class LineDrawing(traitlets.HasTraits):
    """A line over a view, moved by handles or by the traits.

    Attributes
    ----------
    start, end : (float, float)
        Ends (y, x) in lengths; equal while there is no line.
    width : float
        Width of the strip, in lengths.
    shown : bool
        Whether it is drawn.
    """

    start = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.0, 0.0))
    end = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.0, 0.0))
    width = traitlets.Float(0.0)
    shown = traitlets.Bool(False)

    def __init__(self, view: Any, name: str, tell: Any) -> None:
        super().__init__()
        self._view, self._name, self.show_error = view, name, tell
        self._busy = self._laid = False
        self._heard = [
            (self, self._redraw, ["start", "end", "width", "shown"]),
            (view, self._dragged, ["handles"]),
        ]
        for owner, act, names in self._heard:
            owner.observe(act, names)

    def close(self) -> None:
        """Let go of the view and take the line off it."""
        for owner, act, names in self._heard:
            owner.unobserve(act, names)
        self._heard = []
        self._wipe()

    def lay(self) -> None:
        """Lay the line across the middle of the view, where there is none yet."""
        if self._laid or self.start != self.end:
            return
        self._laid = True
        (left, right), (top, bottom) = self._view.stage.ranges
        middle, half = (left + right) / 2, 0.5 * _SHARE * (right - left)
        y = (top + bottom) / 2
        with self.hold_trait_notifications():
            self.start, self.end = (y, middle - half), (y, middle + half)

    @guarded
    def _redraw(self, _: Any) -> None:
        if not self.shown:
            self._wipe()
            return
        self._laid |= self.start != self.end
        self._draw_lines()
        self._busy = True
        try:
            for end, label in _ENDS.items():
                place = getattr(self, end)
                self._view.set_handle(f"{self._name} {end}", *place, _COLOUR, label=label)
        finally:
            self._busy = False

    def _draw_lines(self) -> None:
        ends = np.array([self.start, self.end])
        length = float(np.hypot(*(ends[1] - ends[0]))) or 1.0
        along = (ends[1] - ends[0]) / length
        aside = 0.5 * self.width * np.array([along[1], -along[0]])
        sides = np.array([(ends + s * aside).ravel() for s in (-1, 1)])
        self._view.set_lines(f"{self._name} line", [ends.ravel()], colours=_COLOUR, width=2.0)
        edges = [*rgb(_COLOUR), 150 if self.width > 0 else 0]
        self._view.set_lines(f"{self._name} strip", sides, colours=edges, width=1.0)

    @guarded
    def _dragged(self, change: Any) -> None:
        if self._busy or not self.shown:
            return
        with self.hold_trait_notifications():
            for end in _ENDS:
                place = change["new"].get(f"{self._name} {end}")
                if place is not None:
                    setattr(self, end, place)

    def _wipe(self) -> None:
        self._view.clear_lines(f"{self._name} line")
        self._view.clear_lines(f"{self._name} strip")
        mine = {f"{self._name} {end}" for end in _ENDS} & set(self._view.handles)
        if mine:
            self._view.clear_handles(*mine)
