"""A region drawn on an image view: an outline, and handles that move it or change its shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from temwidgets.widgets.errors import guarded
from temwidgets.widgets.traits import Region
from temwidgets.widgets.views._lengths import written
from temwidgets.widgets.views.colormaps import rgb

_HANDLES = 24
"""Corners of a polygon up to which each has a handle."""


class RegionDrawing(traitlets.HasTraits):
    """A rectangle or polygon over a view, moved by handles or by the trait.

    Attributes
    ----------
    region : None, (y0, y1, x0, x1) or tuple of (y, x)
        Lengths; None draws nothing.
    shown : bool
        Whether it is drawn.
    moving : bool
        Whether the mouse holds one of the handles.
    """

    region = Region()
    shown = traitlets.Bool(True)
    moving = traitlets.Bool(False)

    def __init__(self, view: Any, name: str, colour: str, tell: Any) -> None:
        super().__init__()
        self._view, self._name, self._colour, self.show_error = view, name, colour, tell
        self._busy = False
        self._anchor: np.ndarray | None = None
        self._heard = [
            (self, self._redraw, ["region", "shown"]),
            (view, self._dragged, ["handles"]),
            (view, self._held, ["dragged"]),
        ]
        for owner, act, names in self._heard:
            owner.observe(act, names)

    def close(self) -> None:
        """Let go of the view and take the drawing off it."""
        for owner, act, names in self._heard:
            owner.unobserve(act, names)
        self._heard = []
        self._wipe()

    @guarded
    def _redraw(self, _: Any) -> None:
        if self.region is None or not self.shown:
            self._wipe()
            return
        corners = corners_of(self.region)
        ends = np.hstack([corners, np.roll(corners, -1, axis=0)])
        colour = [*rgb(self._colour), 230]
        self._view.set_lines(self._name, ends, colours=colour, width=1.8)
        self._place_handles(corners)

    def _place_handles(self, corners: np.ndarray) -> None:
        places = {f"{self._name} centre": corners.mean(axis=0)}
        if len(corners) <= _HANDLES:
            places |= {f"{self._name} corner {n}": at for n, at in enumerate(corners)}
        self._busy = True
        try:
            known = self._mine()
            if known - set(places):
                self._view.clear_handles(*(known - set(places)))
            for name, (y, x) in places.items():
                if name not in known:
                    self._view.set_handle(name, y, x, self._colour, label="")
            moved = {name: (float(y), float(x)) for name, (y, x) in places.items()}
            self._view.handles = {**self._view.handles, **moved}
        finally:
            self._busy = False

    def _mine(self) -> set[str]:
        return {name for name in self._view.handles if name.startswith(f"{self._name} c")}

    @guarded
    def _dragged(self, change: Any) -> None:
        old, new = change["old"] or {}, change["new"]
        if self._busy or self.region is None:
            return
        moved = [name for name in self._mine() if name in old and old[name] != new[name]]
        if not moved:
            return
        name, at = moved[0], new[moved[0]]
        before = self.region
        if name.endswith("centre"):
            self.region = self._shifted(np.subtract(at, corners_of(self.region).mean(axis=0)))
        else:
            self.region = self._reshaped(int(name.rpartition(" ")[2]), at)
        if self.region == before:
            self._redraw(None)  # at the edge: the handle goes back

    @guarded
    def _held(self, _: Any) -> None:
        self._anchor = None
        self.moving = self._view.dragged in self._mine()

    def _extent(self) -> np.ndarray:
        """Return the edges of the image: least y and x, greatest y and x."""
        (left, right), (top, bottom) = self._view.stage.extent
        return np.array([[top, left], [bottom, right]])

    def _shifted(self, by: np.ndarray) -> Any:
        """Move the region, as far as it stays on the image."""
        corners, (low, high) = corners_of(self.region), self._extent()
        by = np.clip(by, low - corners.min(axis=0), np.maximum(high - corners.max(axis=0), 0))
        return self._like(corners + by)

    def _reshaped(self, corner: int, at: Any) -> Any:
        """Move one corner; of a rectangle the opposite corner stays."""
        corners = corners_of(self.region)
        at = np.clip(at, *self._extent())
        if _is_polygon(self.region):
            corners[corner] = at
            return self._like(corners)
        # kept while the mouse holds the corner, which may pass beyond the opposite one
        if self._anchor is None or not self._view.dragged:
            self._anchor = corners[(corner + 2) % 4]
        return self._like(np.array([at, self._anchor]))

    def _like(self, corners: np.ndarray) -> Any:
        if _is_polygon(self.region):
            return tuple((float(y), float(x)) for y, x in corners)
        (y0, x0), (y1, x1) = corners.min(axis=0), corners.max(axis=0)
        return float(y0), float(y1), float(x0), float(x1)

    def _wipe(self) -> None:
        self._view.clear_lines(self._name)
        mine = self._mine()
        if mine:
            self._view.clear_handles(*mine)


def corners_of(region: Any) -> np.ndarray:
    """Return the corners (y, x) of a rectangle or polygon, in order round it."""
    if _is_polygon(region):
        return np.array(region, float)
    y0, y1, x0, x1 = region
    return np.array([[y0, x0], [y0, x1], [y1, x1], [y1, x0]], float)


def describe_region(region: Any, units: str) -> str:
    """Say how large a region is, e.g. "5.12 x 5.12 nm"."""
    if region is None:
        return "whole image"
    height, width = np.ptp(corners_of(region), axis=0)
    kind = "polygon, " if _is_polygon(region) else ""
    return f"{kind}{written(height)} × {written(width)} {units}"


def _is_polygon(region: Any) -> bool:
    return isinstance(region[0], tuple)
