"""Which reflections a panel measures: all, the strongest, a lattice, a family, or chosen ones."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import xarray as xr

from temwidgets.analysis.fourier.reflection_choice import main, members, strongest
from temwidgets.widgets.controls import dropdown, offer, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row
from temwidgets.widgets.views._map_words import reflection_names
from temwidgets.widgets.workspace import Workspace


class ReflectionChoice:
    """Controls that choose among the reflections of a workspace.

    Attributes
    ----------
    which : Dropdown
        "main" (up to three of the first lattice, no two in line), "all", "strongest", "chosen" (in
        the spectrum, the table or the list), "lattice 0", "family 0", ...
    count : BoundedIntText
        How many of the strongest.
    list : SelectMultiple
        The chosen ones: ``workspace.chosen_reflections``.
    """

    def __init__(self, panel: Any, *, least: int = 1) -> None:
        self.workspace: Workspace = panel.workspace
        self.show_error = panel.show_error
        self._least, self._busy = least, False
        self.which = dropdown("Reflections", "Which reflections are measured")
        self.count = whole_number("how many", "How many of the strongest", max(2, least), 1, 99)
        self.list = widgets.SelectMultiple(
            rows=4, tooltip="Choose here (Ctrl or Shift for several), in the spectrum or its table",
            layout={"width": "auto", "min_width": "190px"},
        )  # fmt: skip
        self.which.observe(self._arrange, "value")
        self.list.observe(self._listed, "value")
        panel.watch(self.workspace, self._offer, ["reflections"])
        panel.watch(self.workspace, self._chosen, ["chosen_reflections"])
        self._offer(None)

    def box(self) -> widgets.Widget:
        """Return the controls side by side."""
        return row(self.which, self.count, self.list)

    def taken(self, reflections: xr.Dataset) -> list[int]:
        """Return the labels of the reflections that are measured.

        Raises
        ------
        ValueError
            If none or too few are chosen.
        """
        which, every = self.which.value, [int(v) for v in reflections["reflection"].values]
        if which == "main":
            found = main(reflections)
        elif which == "strongest":
            found = strongest(reflections, self.count.value)
        elif which == "chosen":
            found = [label for label in self.workspace.chosen_reflections if label in every]
        elif which == "all":
            found = every
        else:
            by, _, number = which.partition(" ")
            found = members(reflections, by).get(int(number), [])
        if len(found) < self._least:
            raise ValueError(
                f"{self._least} or more reflections are needed, but {len(found)}"
                f" {'is' if len(found) == 1 else 'are'} chosen. Choose more of them in the spectrum"
                " or in the list, or take the strongest."
            )
        return found

    def arguments(self, reflections: xr.Dataset | None) -> dict[str, Any]:
        """Return the argument that hands on a choice; nothing where all are measured."""
        if reflections is None:
            return {}
        labels = self.taken(reflections)
        if len(labels) == reflections.sizes["reflection"]:
            return {}
        return {"reflections": reflections.sel(reflection=labels)}

    @guarded
    def _offer(self, _: Any) -> None:
        found = self.workspace.reflections
        options = [
            ("automatic", "main"), ("all", "all"), ("the strongest", "strongest"),
            ("chosen ones", "chosen"),
        ]  # fmt: skip
        if found is not None:
            for by, word in (("lattice", "lattice"), ("family", "family")):
                groups = members(found, by)
                options += [(_name(found, word, n, g), f"{by} {n}") for n, g in groups.items()]
        kept = self.which.value if self.which.value in dict(options).values() else "main"
        offer(self.which, options, kept)
        self._busy = True
        try:
            self.list.options = reflection_names(found)
        finally:
            self._busy = False
        self._chosen(None)
        self._arrange(None)

    @guarded
    def _arrange(self, _: Any) -> None:
        which = self.which.value
        self.count.layout.display = "" if which == "strongest" else "none"
        self.list.layout.display = "" if which == "chosen" else "none"

    @guarded
    def _listed(self, change: Any) -> None:
        if not self._busy:
            self.workspace.chosen_reflections = tuple(change["new"])

    @guarded
    def _chosen(self, _: Any) -> None:
        known = [label for _, label in self.list.options]
        self._busy = True
        try:
            chosen = self.workspace.chosen_reflections
            self.list.value = tuple(label for label in chosen if label in known)
        finally:
            self._busy = False


def _name(found: xr.Dataset, word: str, number: int, labels: list[int]) -> str:
    """Write "family 1: d = 0.2027 nm (3)"."""
    text = f"{word} {number}"
    if word == "family":
        d = float(found["d_spacing"].sel(reflection=labels).mean())
        text += f": d = {d:#.4g} {found['d_spacing'].attrs['units']}"
    return f"{text} ({len(labels)})"
