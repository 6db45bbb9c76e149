"""What the panels share: a workspace, its status line, buttons that rest while something runs."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.controls import button
from temwidgets.widgets.errors import sentence
from temwidgets.widgets.messages import Message
from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.style import style_sheet
from temwidgets.widgets.workspace import Workspace


class Watching(widgets.VBox):
    """A box that lets go of what it watches when it is closed."""

    _watched: tuple[tuple[Any, Any, Any], ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.add_class("temwidgets-view")

    def watch(self, owner: Any, act: Any, names: Any) -> None:
        """Observe until the panel is closed."""
        owner.observe(act, names)
        self._watched = (*self._watched, (owner, act, names))

    def close(self) -> None:
        """Close the widget and let go of what it watches."""
        for owner, act, names in self._watched:
            owner.unobserve(act, names)
        self._watched = ()
        super().close()


class Panel(Watching):
    """Controls of one kind of step; it computes nothing and calls ``workspace.run``.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on; an image gets a workspace of its own, ``panel.workspace``.
    view : ImageView, optional
        The view on which the panel shows something, if it does.
    status : bool
        Show messages and progress in the panel itself.
    """

    def __init__(self, workspace: Any = None, *, view: Any = None, status: bool = True) -> None:
        self._actions: list[widgets.Button] = []
        self.workspace, self.view = _workspace(type(self).__name__, workspace), view
        super().__init__()
        lines = [StatusLine(self.workspace)] if status else []
        self.children = [style_sheet(), *self._build(), *lines]
        self.watch(self.workspace.job, self._rest, "running")
        self._rest(None)

    def action(
        self, description: str, tooltip: str, act: Any, *, leads: bool = True
    ) -> widgets.Button:
        """Return a button that starts a step; where there are several, one leads."""
        made = button(description, tooltip, button_style="primary" if leads else "")
        made.on_click(act)
        self._actions.append(made)
        return made

    def selected(self) -> np.ndarray:
        """Return the labels of the selected columns; raise ValueError when there are none."""
        return self.workspace.selection.some()

    def put_selected(self, sublattice: int) -> None:
        """Put the selected columns into a sublattice, a step of the workspace; -1 takes it back."""
        self.workspace.run(
            tw.set_sublattice, into="columns", labels=self.selected(), sublattice=sublattice
        )

    def same_frame(self) -> None:
        """Raise ValueError when the columns are those of another frame than is shown."""
        if self.workspace.astray:
            raise ValueError(self.workspace.astray)

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception in the status line."""
        self.workspace.message = Message("error", sentence(error))

    def close(self) -> None:
        """Close the widget and let go of the workspace."""
        super().close()
        for child in self.children:
            child.close()

    def _build(self) -> list[widgets.Widget]:
        raise NotImplementedError

    def _rest(self, _: Any) -> None:
        for made in self._actions:
            made.disabled = self.workspace.job.running


def _workspace(owner: str, given: Any) -> Workspace:
    if isinstance(given, Workspace):
        return given
    if given is None or isinstance(given, xr.DataArray):
        return Workspace(given)
    raise TypeError(
        f"{owner} acts on a Workspace: give it one, or an image, not a {type(given).__name__}."
    )
