"""Sublattices: told apart by site or brightness, named, given elements and colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.conventions.elements import sublattice_elements, sublattice_names
from temwidgets.widgets.controls import button, dropdown, text, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._kinds import kind_colour

_WAYS = [
    ("motif sites", "sites"),
    ("brightness", "global"),
    ("brightness against neighbours", "local"),
    ("brightness and surroundings", "clusters"),
    ("brightness, shape and surroundings", "shapes"),
]
_MOST = 12
_ARGUMENTS = {"name": "names", "element": "elements", "colour": "colours"}


class SublatticePanel(Panel):
    """Tell sublattices apart, and give them names, elements and colours that travel everywhere.

    Attributes
    ----------
    by : Dropdown
        What tells sublattices apart.
    rows : tuple
        One line for each sublattice: ``rows[0].name``, ``.element``, ``.colour``, ``.select``.
    """

    def _build(self) -> list[widgets.Widget]:
        self.rows: tuple[_Line, ...] = ()
        self._state: Any = None
        self.by = dropdown("By", "What tells sublattices apart", _WAYS)
        self.n = whole_number("number", "How many; 0: as many as stand clearly apart", 0, 0, 9)
        self.sort = self.action("Sort", "Sort the columns into sublattices", self._sort)
        self.number = whole_number(
            "Put selected into", "Sublattice for the selected columns", 0, 0, _MOST
        )
        self.put = self.action("Put", "Put the selected columns into this sublattice", self._put)
        self.lines = widgets.VBox()
        self.remark = widgets.HTML()
        self.remark.add_class("tem-note")
        self.by.observe(self._chosen, "value")
        self.watch(self.workspace, self._shown, ["columns", "lattice"])
        self._chosen(None)
        self._shown(None)
        return [row(self.by, self.n, self.sort, self.number, self.put), self.lines, self.remark]

    @guarded
    def _sort(self, _: Any) -> None:
        if self.by.value == "sites":
            self.workspace.run(tw.sublattices_from_sites, into="columns")
            return
        options: dict[str, Any] = {"n": self.n.value} if self.n.value else {}
        if self.by.value in ("clusters", "shapes"):
            if self.by.value == "shapes":
                options["features"] = ("brightness", "shape", "neighbours")
            self.workspace.run(tw.cluster_columns, into="columns", **options)
            return
        self.workspace.run(tw.label_sublattices, into="columns", method=self.by.value, **options)

    @guarded
    def _put(self, _: Any) -> None:
        self.put_selected(self.number.value)

    @guarded
    def _chosen(self, _: Any) -> None:
        self.n.layout.display = "none" if self.by.value == "sites" else ""

    @guarded
    def _shown(self, _: Any) -> None:
        columns = self.workspace.columns
        known = columns is not None and "sublattice" in columns
        self.remark.value = note("" if known else _advice(columns), "info")
        lines = _lines(columns) if known else ()
        if lines == self._state:
            return
        self._state = lines
        self._fill(lines)

    def _fill(self, lines: Any) -> None:
        """Write the lines anew; fields that are there are used again, so that focus stays."""
        while len(self.rows) < len(lines):
            self.rows = (*self.rows, _Line(len(self.rows), self._edit, self._select))
        for line, values in zip(self.rows, lines, strict=False):
            line.show(values)
        self.lines.children = [line.box for line in self.rows[: len(lines)]]

    @guarded
    def _edit(self, number: int, what: str, entry: str) -> None:
        """Write a name, an element or a colour into the columns: a step."""
        try:
            function: Callable[..., Any] = tw.name_sublattices
            if what == "colour":
                function = tw.colour_sublattices
            arguments: dict[str, Any] = {_ARGUMENTS[what]: {number: entry}}
            self.workspace.run(function, into="columns", wait=True, **arguments)
        except Exception:
            self._fill(self._state)  # as it was before
            raise

    @guarded
    def _select(self, number: int) -> None:
        columns = self.workspace.columns
        if columns is None or "sublattice" not in columns:
            return
        chosen = columns["column"].values[columns["sublattice"].values == number]
        self.workspace.selection.select(chosen, rule=f"sublattice == {number}")


class _Values(NamedTuple):
    """What a line says."""

    number: int
    name: str
    element: str
    colour: str
    size: int


class _Line:
    """The fields of one sublattice."""

    def __init__(
        self, number: int, edit: Callable[[int, str, str], None], select: Callable[[int], None]
    ) -> None:
        self._number, self._edit, self._busy = number, edit, False
        self.colour = widgets.ColorPicker(
            concise=True, tooltip=f"Colour of sublattice {number}",
            layout={"width": "28px", "flex": "0 0 auto"},
        )  # fmt: skip
        self.name = text(
            "name", f"Name of sublattice {number}, such as A site", width="170px", flex="0 0 auto"
        )
        self.element = text(
            "element", f"Chemical symbol of sublattice {number}", width="110px", flex="0 0 auto"
        )
        self.count = widgets.Label(layout={"width": "auto"})
        self.select = button("Select", f"Select the columns of sublattice {number}")
        self.select.on_click(lambda _: select(self._number))
        for what in ("colour", "name", "element"):
            getattr(self, what).observe(self._changed(what), "value")
        self.box = row(self.colour, self.name, self.element, self.count, self.select)

    def _changed(self, what: str) -> Callable[[Any], None]:
        def changed(change: Any) -> None:
            if not self._busy:
                self._edit(self._number, what, change["new"].strip())

        return changed

    def show(self, values: _Values) -> None:
        """Write the values without taking that for an edit."""
        self._busy = True
        try:
            self._number = values.number
            self.colour.value = values.colour
            self.name.value, self.element.value = values.name, values.element
            self.name.placeholder = f"sublattice {values.number}"
            self.count.value = f"{values.size:,} columns"
        finally:
            self._busy = False


def _lines(columns: xr.Dataset) -> tuple[_Values, ...]:
    numbers, counts = np.unique(columns["sublattice"].values.astype(int), return_counts=True)
    names, elements = sublattice_names(columns), sublattice_elements(columns)
    return tuple(
        _Values(
            int(k),
            names[k] if k < len(names) else "",
            elements[k] if k < len(elements) else "",
            kind_colour(columns, "sublattice", int(k)),
            int(count),
        )
        for k, count in zip(numbers, counts, strict=True)
        if k >= 0
    )[:_MOST]


def _advice(columns: xr.Dataset | None) -> str:
    if columns is None:
        return "There are no columns yet: find columns first."
    if "site" in columns:
        return "There are no sublattices yet: press Sort to take them from the motif sites."
    return "There are no sublattices yet: find the lattice, or sort by brightness."
