"""Shows what a step has made: the view of a new result, columns in the colours of their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.widgets.errors import guarded


class Result(NamedTuple):
    """A product, the view that is opened for it, and those in which it is seen as well."""

    product: str
    view: str
    also: tuple[str, ...] = ()


class Results:
    """Opens the view of a result when it comes, and when its step is entered.

    A result that takes the place of one opens nothing, so that a view chosen since then stays.

    Parameters
    ----------
    explorer : ExplorerFrame
        With the traits `step` and `plot`.
    results : mapping
        Step to its `Result`.
    """

    def __init__(self, explorer: Any, results: Mapping[str, Result]) -> None:
        self._explorer, self._results = explorer, results
        explorer.observe(self._entered, "step")
        workspace = explorer.workspace
        workspace.observe(self._columns_came, "columns")
        for result in results.values():
            workspace.observe(self._came, result.product)

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception in the status line."""
        self._explorer.show_error(error)

    def show(self, *, plot: bool) -> None:
        """Show what is there already; with `plot` also the view of the step's result."""
        workspace = self._explorer.workspace
        self._colour(None, workspace.columns)
        if plot:
            self._entered(None)

    def close(self) -> None:
        """Let go of the workspace."""
        workspace = self._explorer.workspace
        workspace.unobserve(self._columns_came, "columns")
        for result in self._results.values():
            workspace.unobserve(self._came, result.product)

    @guarded
    def _entered(self, _: Any) -> None:
        result = self._results.get(self._explorer.step)
        if result is not None and getattr(self._explorer.workspace, result.product) is not None:
            self._open(result)

    @guarded
    def _came(self, change: Any) -> None:
        history = self._explorer.workspace.history
        made = bool(history) and history[-1].into == change["name"]  # and not found again by undo
        if change["old"] is None and change["new"] is not None and made:
            self._open(next(r for r in self._results.values() if r.product == change["name"]))

    def _open(self, result: Result) -> None:
        if self._explorer.plot not in (result.view, *result.also):
            self._explorer.plot = result.view

    @guarded
    def _columns_came(self, change: Any) -> None:
        self._colour(change["old"], change["new"])

    def _colour(self, old: xr.Dataset | None, new: xr.Dataset | None) -> None:
        """Colour columns that are told apart into sublattices since this step."""
        view = self._explorer.image_view
        if view.color_by is None and _kinds(new) > 1 and _kinds(old) < 2:
            view.color_by = "sublattice"


def _kinds(columns: xr.Dataset | None) -> int:
    if columns is None or "sublattice" not in columns:
        return 0
    return int(np.unique(columns["sublattice"].values).size)
