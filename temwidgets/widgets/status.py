"""The line that tells what runs, how far it is, and what happened."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from temwidgets.widgets.controls import button
from temwidgets.widgets.style import style_sheet
from temwidgets.widgets.views._base import note
from temwidgets.widgets.workspace import Workspace

_HIGH = "36px"
"""Room for the bar and its button, or for two lines of words, so that nothing below moves."""
_WATCHED = ("running", "name", "fraction", "seconds_left", "note")


class StatusLine(widgets.VBox):
    """Message, progress, time left and cancel of a workspace."""

    _following = False

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.text = widgets.HTML()
        self.text.add_class("tem-note")
        self.bar = widgets.FloatProgress(
            min=0, max=1, layout={"width": "auto", "flex": "1 1 120px", "max_width": "360px"}
        )
        self.bar.tooltip = "How far the computation is"
        self.label = widgets.Label(layout={"width": "auto"})
        self.cancel = button("Cancel", "Stop the computation; nothing is changed")
        self.cancel.on_click(lambda _: workspace.job.cancel())
        self.progress = widgets.HBox([self.bar, self.label, self.cancel])
        super().__init__([style_sheet(), self.progress, self.text])
        self.add_class("temwidgets-view")
        self.layout.min_height = _HIGH
        workspace.observe(self._told, "message")
        workspace.job.observe(self._moved, list(_WATCHED))
        self._following = True
        self._told(None)
        self._moved(None)

    def close(self) -> None:
        """Close the widget and let go of the workspace."""
        if self._following:
            self._following = False
            self.workspace.unobserve(self._told, "message")
            self.workspace.job.unobserve(self._moved, list(_WATCHED))
        super().close()

    def _told(self, _: Any) -> None:
        message = self.workspace.message
        self.text.value = note(message.text, message.level)

    def _moved(self, _: Any) -> None:
        job = self.workspace.job
        # One takes the place of the other, so that nothing below them moves.
        self.progress.layout.display = "" if job.running else "none"
        self.text.layout.display = "none" if job.running else ""
        self.bar.value = job.fraction
        label = f"{job.name}{_share(job.fraction)}{_left(job.seconds_left)}"
        self.label.value = f"{label} ({job.note})" if job.note else label


def _share(fraction: float) -> str:
    return f" {fraction:.0%}" if fraction > 0 else ""


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f", {seconds:.0f} s left" if seconds < 90 else f", {seconds / 60:.0f} min left"
