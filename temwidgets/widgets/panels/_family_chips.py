"""A coloured button for each family of reflections; it chooses them."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np

from temwidgets.widgets.style import row
from temwidgets.widgets.views._lengths import written
from temwidgets.widgets.views._spectrum_marks import colour_of
from temwidgets.widgets.workspace import Workspace

_MOST = 12


class FamilyChips(widgets.VBox):
    """Buttons in the colours of the rings: a click chooses the family, another lets it go."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(layout={"overflow": "visible"})
        self.workspace = workspace
        self._following = True
        workspace.observe(self._shown, "reflections")
        workspace.observe(self._marked, "chosen_reflections")
        self.members: dict[int, tuple[int, ...]] = {}
        self.buttons: dict[int, widgets.Button] = {}
        self._shown(None)

    def stop(self) -> None:
        """Let go of the workspace."""
        if not self._following:
            return
        self._following = False
        self.workspace.unobserve(self._shown, "reflections")
        self.workspace.unobserve(self._marked, "chosen_reflections")

    def choose(self, family: int) -> None:
        """Choose the reflections of a family, or none if they are chosen."""
        labels = self.members[family]
        chosen = self.workspace.chosen_reflections
        self.workspace.chosen_reflections = () if set(chosen) == set(labels) else labels

    def _shown(self, _: Any) -> None:
        found = self.workspace.reflections
        self.members, self.buttons = {}, {}
        if found is None or "family" not in found:
            self.children = []
            return
        labels, units = found["reflection"].values, str(found["d_spacing"].attrs["units"])
        for family in np.unique(found["family"].values).astype(int):
            if family < 0 or len(self.buttons) == _MOST:
                continue
            there = found["family"].values == family
            d = float(np.median(found["d_spacing"].values[there]))
            self.members[int(family)] = tuple(int(n) for n in labels[there])
            self.buttons[int(family)] = self._button(int(family), f"{written(d, 4)} {units}")
        self.children = [row(*self.buttons.values())] if self.buttons else []
        self._marked(None)

    def _button(self, family: int, d: str) -> widgets.Button:
        count = len(self.members[family])
        made = widgets.Button(
            description=f"{d} ({count})", tooltip=f"Choose the reflections of d = {d}",
            layout={"width": "auto"},
            style={"button_color": colour_of(family), "text_color": "#111111"},
        )  # fmt: skip
        made.add_class("tem-chip")
        made.on_click(lambda _: self.choose(family))
        return made

    def _marked(self, _: Any) -> None:
        chosen = set(self.workspace.chosen_reflections)
        for family, made in self.buttons.items():
            whole = set(self.members[family]) <= chosen
            made.layout.border = f"2px solid {'#e8467c' if whole else 'transparent'}"
