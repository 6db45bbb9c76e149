"""The place of a reflection in numbers: what a click or a drag does, without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets.widgets.controls import button, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._variables import significant

if TYPE_CHECKING:
    from temwidgets.widgets.views.spectrum import SpectrumView


class SpotSheet(widgets.VBox):
    """Fields for k_x and k_y; they show the chosen reflection."""

    def __init__(self, view: SpectrumView) -> None:
        self._view = view
        self.kx, self.ky = number("k_x", "Along x"), number("k_y", "Along y, downwards")
        self.unit = widgets.Label("1/nm")
        self.add = button("Add", "Measure and add the peak near this place")
        self.move = button("Move here", "Move the chosen reflection, to the peak if it snaps")
        self.add.on_click(self._add)
        self.move.on_click(self._move)
        super().__init__([row(together(self.kx, self.ky, self.unit), self.add, self.move)])
        self.layout.overflow = "visible"

    def refresh(self) -> None:
        """Show the place of the chosen reflection."""
        view = self._view
        self.unit.value = view.stage.units
        self.move.disabled = len(view.chosen) != 1
        if len(view.chosen) == 1 and view.reflections is not None:
            ky, kx = view.reflections["g"].sel(reflection=view.chosen[0]).values
            self.ky.value, self.kx.value = significant(float(ky)), significant(float(kx))

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the spectrum."""
        self._view.show_error(error)

    @guarded
    def _add(self, _: Any) -> None:
        self._view.message = ""
        self._view.add_reflection(self.ky.value, self.kx.value)

    @guarded
    def _move(self, _: Any) -> None:
        self._view.message = ""
        self._view.move_reflection(self._view.chosen[0], self.ky.value, self.kx.value)
