"""The ways to find columns in one place: by peaks, by a network, and labels to train one on."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets

from temwidgets.widgets.panels.find import FindPanel
from temwidgets.widgets.panels.label import LabelPanel
from temwidgets.widgets.panels.network import NetworkPanel
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace

_WAYS = [("Peaks", "peaks"), ("Network", "network"), ("Label for training", "label")]
_HINTS = [
    "Find the peaks of the filtered image: quick",
    "Find by a network: in noise, among missing pixels, beside contamination",
    "Correct columns by hand and collect pairs to train a network on",
]


class Finders(widgets.VBox):
    """One of `FindPanel`, `NetworkPanel` and `LabelPanel`, and what switches between them.

    Parameters
    ----------
    workspace : Workspace
        The workspace to act on.
    view : ImageView
        Where the map of probability is shown and columns are corrected.

    Attributes
    ----------
    by : {"peaks", "network", "label"}
        Which panel is shown.
    active : bool
        Whether it may draw over the image.
    peaks, network, label
        The panels.
    """

    by = traitlets.Enum([name for _, name in _WAYS], "peaks")
    active = traitlets.Bool(True)

    def __init__(self, workspace: Workspace, view: ImageView) -> None:
        super().__init__()
        self.peaks = FindPanel(workspace, status=False)
        self.network = NetworkPanel(workspace, view=view, status=False)
        self.label = LabelPanel(workspace, view=view, status=False)
        self._switch = widgets.ToggleButtons(
            options=_WAYS, tooltips=_HINTS, style={"button_width": "auto"},
            tooltip="How columns are found",
        )  # fmt: skip
        traitlets.link((self, "by"), (self._switch, "value"))
        self.observe(self._show, ["by", "active"])
        self._show(None)

    def close(self) -> None:
        """Close the panels."""
        for panel in (self.peaks, self.network, self.label):
            panel.close()
        super().close()

    def _show(self, _: Any) -> None:
        self.network.active = self.active and self.by == "network"
        self.children = [self._switch, getattr(self, self.by)]
