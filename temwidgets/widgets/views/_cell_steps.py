"""Buttons for the steps from an image to a mean cell, its motif, and the columns it predicts."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

import temwidgets as tw
from temwidgets.widgets.controls import button, checkbox
from temwidgets.widgets.errors import guarded, sentence
from temwidgets.widgets.messages import Message
from temwidgets.widgets.workspace import Workspace


class CellSteps:
    """Average, fit the motif, place missing columns: a step of the workspace each."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.average = self._action(
            "Average", "Average all cells of the image, registered by their columns", self._average
        )
        self.selected = checkbox("selected only", "Average the cells of the selected columns")
        self.fit = self._action("Fit motif", "Find the columns of the cell and fit them", self._fit)
        self.complete = self._action(
            "Place missing columns", "Add the columns that the motif predicts", self._complete
        )

    @property
    def children(self) -> tuple[widgets.Widget, ...]:
        """The controls, in order."""
        return self.average, self.selected, self.fit, self.complete

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception in the status line."""
        self.workspace.message = Message("error", sentence(error))

    def offer(self) -> None:
        """Show the steps that can be done now."""
        workspace = self.workspace
        averaged = workspace.cell is not None
        known = averaged and workspace.lattice is not None and workspace.columns is not None
        self.fit.layout.display = "" if averaged else "none"
        self.complete.layout.display = "" if known else "none"

    @guarded
    def rest(self, _: Any) -> None:
        """Take no orders while something runs."""
        for made in (self.average, self.fit, self.complete):
            made.disabled = self.workspace.job.running

    def _action(self, description: str, tooltip: str, act: Any) -> widgets.Button:
        made = button(description, tooltip, button_style="primary")
        made.on_click(act)
        return made

    @guarded
    def _average(self, _: Any) -> None:
        workspace, columns = self.workspace, self.workspace.columns
        options: dict[str, Any] = {}
        if columns is None or "n_a" not in columns:
            options["columns"] = None
        if self.selected.value:
            options["labels"] = workspace.selection.some()
        workspace.run(tw.mean_cell, into="cell", **options)

    @guarded
    def _fit(self, _: Any) -> None:
        self.workspace.run(tw.fit_motif, into="lattice")

    @guarded
    def _complete(self, _: Any) -> None:
        self.workspace.run(tw.complete_columns, into="columns")
