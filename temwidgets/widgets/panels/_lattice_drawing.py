"""A lattice drawn over an image view: its cells, its vectors, and handles to drag them."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.lattice_data import cell_indices, site_points, vectors_of
from temwidgets.widgets.errors import guarded

_COLOURS = {"origin": "#ffffff", "a": "#ffb000", "b": "#58e0a0"}
_CELLS = (255, 214, 64, 150)
_APART = 0.13  # of the view's width: a vector shorter than this is dragged by a multiple of it


class LatticeDrawing(traitlets.HasTraits):
    """Origin and vectors that are drawn on a view, by its handles or by these traits.

    Attributes
    ----------
    a, b, origin : (float, float)
        Vectors and corner (y, x) in the image's length unit.
    drawing : bool
        Whether the handles are shown.
    shown : bool
        Whether cells and vectors are drawn.
    """

    a = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.0, 1.0))
    b = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(1.0, 0.0))
    origin = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(0.0, 0.0))
    drawing = traitlets.Bool(False)
    shown = traitlets.Bool(True)

    def __init__(self, view: Any, tell: Any) -> None:
        super().__init__()
        self._view, self.show_error = view, tell
        self._busy = False
        self._lattice: xr.Dataset | None = None
        self._units = "px"
        self._multiples = {"a": 1, "b": 1}
        self._heard = [
            (self, self._redraw, ["a", "b", "origin", "shown"]),
            (self, self._switched, ["drawing"]),
        ]
        if view is not None:
            self._heard += [
                (view, self._dragged, ["handles"]),
                (view, self._zoomed, ["x_range", "dragged"]),
            ]
        for owner, act, names in self._heard:
            owner.observe(act, names)

    def close(self) -> None:
        """Let go of the view and take the drawing off it."""
        for owner, act, names in self._heard:
            owner.unobserve(act, names)
        self._heard = []
        self._wipe()

    @property
    def lattice(self) -> xr.Dataset:
        """The drawn vectors as a lattice."""
        return tw.make_lattice(self.a, self.b, origin=self.origin, units=self._units)

    def take(self, lattice: xr.Dataset | None) -> None:
        """Draw a lattice that was found; None while there is none."""
        self._lattice = lattice
        if lattice is not None:
            a, b = vectors_of(lattice)
            origin = lattice["origin"].values
            with self.hold_trait_notifications():
                self.a, self.b, self.origin = _pair(a), _pair(b), _pair(origin)
        self._redraw(None)

    def begin(self, units: str) -> None:
        """Show handles, on the vectors that are there or on a tenth of the view."""
        self._units = units
        if self._view is not None and self._lattice is None:
            (left, right), (top, bottom) = self._ranges()
            size = 0.1 * min(right - left, bottom - top)
            middle = ((top + bottom) / 2, (left + right) / 2)
            with self.hold_trait_notifications():
                self.a, self.b, self.origin = (0.0, size), (size, 0.0), middle
        elif self._view is not None:
            self.origin = self._corner_in_view()
        self.drawing = True

    def _ranges(self) -> Any:
        return self._view.stage.ranges

    def _corner_in_view(self) -> tuple[float, float]:
        """The corner of the cell in the middle of the view."""
        (left, right), (top, bottom) = self._ranges()
        drawn = self.lattice
        n_a, n_b = cell_indices(drawn, (top + bottom) / 2, (left + right) / 2)
        y, x = site_points(drawn, np.rint(n_a), np.rint(n_b), 0)
        return float(y), float(x)

    def _multiple(self, name: str) -> int:
        """By how much a vector is drawn longer, for handles that do not lie on each other."""
        vector = getattr(self, name)
        if self._view.dragged in _COLOURS:  # not under the mouse
            return self._multiples[name]
        (left, right), _ = self._ranges()
        length = float(np.hypot(*vector))
        return max(1, round(_APART * (right - left) / length)) if length > 0 else 1

    @guarded
    def _switched(self, _: Any) -> None:
        self._redraw(None)

    @guarded
    def _redraw(self, _: Any) -> None:
        view = self._view
        if view is None:
            return
        extent = view.stage.extent
        if extent is None or not (self.drawing or (self.shown and self._lattice is not None)):
            self._wipe()
            return
        drawn = self.lattice
        cells = tw.cell_lines(drawn, extent[1], extent[0])
        view.set_lines("lattice cells", cells, colours=_CELLS, width=1.0)
        self._multiples = {name: self._multiple(name) if self.drawing else 1 for name in "ab"}
        times = [self._multiples[name] for name in "ab"]
        tips = np.array([self.origin] * 2) + np.array([self.a, self.b]) * np.array(times)[:, None]
        segments = np.hstack([np.array([self.origin] * 2), tips])
        colours = [[*_rgb(_COLOURS[name]), 255] for name in "ab"]
        view.set_lines("lattice vectors", segments, colours=colours, width=2.5, heads=True)
        self._place_handles(tips, times)

    def _place_handles(self, tips: np.ndarray, times: list[int]) -> None:
        if not self.drawing:
            self._view.clear_handles(*_COLOURS)
            return
        self._busy = True
        try:
            self._view.set_handle("origin", *self.origin, _COLOURS["origin"])
            for name, tip, count in zip("ab", tips, times, strict=True):
                label = name if count == 1 else f"{count} {name}"
                self._view.set_handle(name, *_pair(tip), _COLOURS[name], label=label)
        finally:
            self._busy = False

    @guarded
    def _dragged(self, change: Any) -> None:
        if self._busy or not self.drawing:
            return
        old, new = change["old"] or {}, change["new"]
        if not set(_COLOURS) <= set(new) or not set(_COLOURS) <= set(old):
            return
        moved = next((name for name in _COLOURS if new[name] != old[name]), None)
        if moved == "origin":
            self.origin = new["origin"]
        elif moved is not None:
            reach = np.subtract(new[moved], self.origin) / self._multiples[moved]
            setattr(self, moved, _pair(reach))

    @guarded
    def _zoomed(self, change: Any) -> None:
        """Choose the multiples anew."""
        if self.drawing and not self._view.dragged:
            self._redraw(None)

    def _wipe(self) -> None:
        if self._view is None:
            return
        self._view.clear_lines("lattice cells")
        self._view.clear_lines("lattice vectors")
        if set(_COLOURS) & set(self._view.handles):
            self._view.clear_handles(*_COLOURS)


def _pair(values: Any) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
