"""Measure how far columns are displaced, and from what."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

import temwidgets as tw
from temwidgets.analysis.polar_histogram import vector_names
from temwidgets.widgets import palette
from temwidgets.widgets.controls import dropdown, offer, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row
from temwidgets.widgets.views._readout import vectors_line
from temwidgets.widgets.views._variables import sublattices

_REFERENCES = [
    ("the centroid of their neighbours", "neighbours"),
    ("their ideal lattice sites", "lattice"),
    ("the mean place of their site", "site"),
]


class DisplacementPanel(Panel):
    """Reference, sublattices and neighbours of `temwidgets.displacements`.

    Attributes
    ----------
    reference, of, neighbours : Dropdown
        What columns are displaced from; which sublattice is measured; whose neighbours count.
    count : BoundedIntText
        Number of neighbours; 0 takes those before the first gap in the distances.
    """

    def _build(self) -> list[widgets.Widget]:
        self.of = dropdown("Displacement of", "Sublattice that is measured")
        self.reference = dropdown("from", "What they are displaced from", _REFERENCES)
        self.neighbours = dropdown("which are", "Sublattice of the neighbours")
        self.count = whole_number(
            "nearest", "How many neighbours; 0: those before the first gap in distance", 0, 0, 24
        )
        measure = self.action("Measure", "Displacement of each column, with its error", self._run)
        self.table = widgets.HTML()
        self.table.add_class("tem-stats")
        self.reference.observe(self._chosen, "value")
        self.watch(self.workspace, self._shown, ["columns", "lattice"])
        self._shown(None)
        return [
            row(self.of, self.reference, self.neighbours, self.count, measure),
            self.table,
        ]

    @guarded
    def _run(self, _: Any) -> None:
        reference = self.reference.value
        options: dict[str, Any] = {"reference": reference}
        if self.of.value != "":
            options["of"] = self.of.value
        if reference == "neighbours":
            options |= self._neighbours()
        self.workspace.run(tw.displacements, into="columns", **options)

    def _neighbours(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.neighbours.value != "":
            options["neighbours"] = self.neighbours.value
        if self.count.value:
            options["count"] = self.count.value
        columns = self.workspace.columns
        if columns is not None and "n_a" not in columns:
            options["lattice"] = None  # one that does not number these columns
        return options

    @guarded
    def _chosen(self, _: Any) -> None:
        shown = None if self.reference.value == "neighbours" else "none"
        for control in (self.neighbours, self.count):
            control.layout.display = shown

    @guarded
    def _shown(self, _: Any) -> None:
        columns = self.workspace.columns
        kinds = sublattices(columns)
        for control, first in ((self.of, "all columns"), (self.neighbours, "the brightest")):
            known = control.value if control.value in dict(kinds).values() else None
            offer(control, [(first, None), *kinds], known)
        self.table.value = "" if columns is None else _statistics(columns, kinds)


def _statistics(columns: Any, kinds: list[tuple[str, int]]) -> str:
    """Write the mean displacement of each sublattice that has one."""
    if "displacement" not in vector_names(columns):
        return ""
    groups = [("all", None, palette.ALL)]
    if len(kinds) > 1:
        label = columns["column"].values
        number = columns["sublattice"].values
        groups = [(name, label[number == k], palette.category(k)) for name, k in kinds]
    found = [
        (name, tw.vector_statistics(columns, labels=labels), colour)
        for name, labels, colour in groups
    ]
    text = columns["displacement"].attrs.get("long_name", "")
    lines = [vectors_line(name, one, colour) for name, one, colour in found if int(one["count"])]
    return "".join([f"<div>{text.capitalize()}</div>", *lines]) if lines else ""
