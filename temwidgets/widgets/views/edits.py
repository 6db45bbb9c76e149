"""What the mouse asks for in an `ImageView`: select columns, add, move and delete them."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from temwidgets.widgets.errors import guarded

_STEPS = ("add", "move", "delete", "undo", "redo")


class Edits:
    """Turns the messages of the image layer into selections and steps of the workspace."""

    def __init__(self, view: Any) -> None:
        self._view = view

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the image."""
        self._view.show_error(error)

    def add(self, y: float, x: float) -> None:
        """Add a column."""
        if self._view.workspace.columns is None:
            raise ValueError("There are no columns to add to yet. Find columns first.")
        self._run("add_columns", y=float(y), x=float(x))

    def move(self, label: int, y: float, x: float) -> None:
        """Move a column."""
        self._run("move_columns", labels=[int(label)], y=[float(y)], x=[float(x)])

    def delete(self, labels: Any) -> None:
        """Delete columns by label."""
        self._run("delete_columns", labels=[int(label) for label in labels])

    def delete_selected(self) -> None:
        """Delete the selected columns."""
        how = "click one, or draw a rectangle round several"
        self.delete(self._view.selection.some(how).tolist())

    def _run(self, function: str, **arguments: Any) -> None:
        workspace = self._view.workspace
        if workspace.tracks is not None and workspace.shown_columns is not workspace.columns:
            raise ValueError(
                "These columns are followed through all frames and are not edited in one. Take"
                " those of this frame (temwidgets.frame_columns), edit them, and fit all frames"
                " again."
            )
        editing = importlib.import_module("temwidgets.analysis.editing")
        workspace.run(getattr(editing, function), wait=True, **arguments)

    @guarded
    def hear(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """Do what the browser asks for; after a failure it gets the columns as they are."""
        if content.get("type") in ("shown", "handle"):  # for the stage, for the overlays
            return
        self._view.message = ""
        if content.get("type") in _STEPS and not self._view.editable:
            self._view.following.draw_columns()
            return
        if content.get("type") == "select":
            self._select(np.frombuffer(buffers[0], np.uint8).astype(bool), content)
            return
        try:
            self._obey(content)
        except Exception:
            self._view.following.draw_columns()
            raise

    def _obey(self, content: dict[str, Any]) -> None:
        kind, label = content.get("type"), content.get("label")
        if kind == "add":
            self.add(content["y"], content["x"])
        elif kind == "move":
            self.move(content["label"], content["y"], content["x"])
        elif kind == "delete" and label is not None:
            self.delete([label])
        elif kind == "delete":
            self.delete_selected()
        elif kind == "click":
            self._view.click(content["y"], content["x"])
        elif kind in ("undo", "redo"):
            getattr(self._view.workspace, kind)()

    def _select(self, mask: np.ndarray, content: dict[str, Any]) -> None:
        columns = self._view.columns
        if columns is None or mask.size != columns.sizes["column"]:
            return
        rule = _rule(content, self._view.stage.units) if mask.any() else ""
        labels = columns["column"].values[mask]
        self._view.selection.select(labels, rule=rule, source=self._view)


def _rule(content: dict[str, Any], units: str) -> str:
    tool, extent = content.get("tool"), content.get("extent")
    if tool != "rectangle" or not extent:
        words = {"lasso": "lasso in the image", "click": "clicked in the image", "all": "all"}
        return words.get(str(tool), "")
    (left, right), (top, bottom) = extent["x"], extent["y"]
    return f"{left:.4g} <= x < {right:.4g} and {top:.4g} <= y < {bottom:.4g} {units}"
