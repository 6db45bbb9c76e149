"""Measure the strain of each column, against the lattice or a region drawn by mouse."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

import temwidgets as tw
from temwidgets.conventions import length_unit
from temwidgets.widgets import palette
from temwidgets.widgets.controls import button, dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._strain_words import strain_lines

_AGAINST = [("the fitted lattice", "lattice"), ("a region", "region")]


class StrainPanel(Panel):
    """Reference and reach of `temwidgets.column_strain`.

    The reference region is drawn in any view: select columns with the rectangle or the lasso, and
    press "Use selected".

    Attributes
    ----------
    against : Dropdown
        "lattice" or "region".
    region : ndarray of int or None
        Labels of the columns whose mean lattice is unstrained.
    radius : FloatText
        How far neighbours count, in the length unit; 0 takes the next ones.
    """

    def _build(self) -> list[widgets.Widget]:
        self.region: Any = None
        self._rule = ""
        self.against = dropdown("Strain against", "What is unstrained", _AGAINST)
        self.use = button("Use selected", "The selected columns are the unstrained region")
        self.look = button("Show region", "Select the columns of the region again")
        self.radius = number("Neighbours within", "A longer reach is less noisy; 0: the next ones")
        self.unit = widgets.Label("nm")
        measure = self.action("Measure", "Strain of each column, with its error", self._run)
        self.words = widgets.HTML()
        self.words.add_class("tem-note")
        self.table = widgets.HTML()
        self.table.add_class("tem-stats")
        self.use.on_click(self._take)
        self.look.on_click(self._show_region)
        self.against.observe(self._explain, "value")
        self.watch(self.workspace, self._shown, ["columns", "image"])
        self._shown(None)
        near = together(self.radius, self.unit)
        return [row(self.against, self.use, self.look, near, measure), self.words, self.table]

    @guarded
    def _take(self, _: Any) -> None:
        selection = self.workspace.selection
        how = "draw a rectangle or lasso round the unstrained region"
        self.region, self._rule = selection.some(how), selection.rule
        self.against.value = "region"
        self._explain(None)

    @guarded
    def _show_region(self, _: Any) -> None:
        if self.region is not None:
            self.workspace.selection.select(self.region, rule="reference region of the strain")

    @guarded
    def _run(self, _: Any) -> None:
        options: dict[str, Any] = {"radius": self.radius.value} if self.radius.value else {}
        if self.against.value == "region":
            if self.region is None:
                raise ValueError(
                    "There is no region yet: select columns in a view and press Use selected."
                )
            options["reference"] = self.region
        self.workspace.run(tw.column_strain, into="columns", **options)

    @guarded
    def _explain(self, _: Any) -> None:
        region, text = self.against.value == "region", ""
        self.look.layout.display = "" if region and self.region is not None else "none"
        if region and self.region is None:
            text = "Select the unstrained region with rectangle or lasso, then press Use selected."
        elif region:
            rule = f": {self._rule}" if self._rule else ""
            text = f"Unstrained region of {self.region.size:,} columns{rule}."
        self.words.value = f'<div class="tem-info">{escape(text)}</div>' if text else ""

    @guarded
    def _shown(self, _: Any) -> None:
        columns, image = self.workspace.columns, self.workspace.image
        self.unit.value = "nm" if image is None else length_unit(image)
        self.table.value = "" if columns is None else strain_lines(columns, palette.ALL)
        self._explain(None)
